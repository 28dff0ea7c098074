"""Python AST nodes that cannot be made without a place.

Every method takes the Lumen node a Python node stands for and copies its line, UTF-8 column, and end from it,
so that tracebacks, pdb, coverage, and profilers speak of `.lumen` lines. Identifiers are plain strings:
Python's compiler accepts any text there, so names of ours start with `$` (no Lumen name can) and
Lumen names that are Python keywords need no mangling.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from lumen.source.file import SourceFile
from lumen.source.positions import utf8_position
from lumen.syntax.nodes import Node

LOAD = ast.Load()
STORE = ast.Store()

BINARY_OPERATORS: dict[str, ast.operator] = {
    "+": ast.Add(),
    "-": ast.Sub(),
    "*": ast.Mult(),
    "/": ast.Div(),
    "//": ast.FloorDiv(),
    "%": ast.Mod(),
    "**": ast.Pow(),
    "<<": ast.LShift(),
    ">>": ast.RShift(),
    "&": ast.BitAnd(),
    "|": ast.BitOr(),
    "^": ast.BitXor(),
    "++": ast.Add(),
}

COMPARE_OPERATORS: dict[str, ast.cmpop] = {
    "==": ast.Eq(),
    "!=": ast.NotEq(),
    "<": ast.Lt(),
    "<=": ast.LtE(),
    ">": ast.Gt(),
    ">=": ast.GtE(),
    "in": ast.In(),
    "not in": ast.NotIn(),
    "is": ast.Is(),
    "is not": ast.IsNot(),
}


class Py:
    """Makes Python nodes for one source file."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self._places: dict[tuple[int, int], dict[str, Any]] = {}

    def at(self, node: Node) -> dict[str, Any]:
        """The place of a Lumen node as the keyword arguments of a Python one."""
        span = node.span
        place = self._places.get(span)
        if place is None:
            line, column = utf8_position(self.file, span.start)
            end_line, end_column = utf8_position(self.file, max(span.end, span.start))
            place = {"lineno": line, "col_offset": column, "end_lineno": end_line, "end_col_offset": end_column}
            self._places[span] = place
        return place

    # Expressions ------------------------------------------------------------------------------

    def name(self, node: Node, identifier: str) -> ast.expr:
        """The value of a Python variable."""
        return ast.Name(identifier, LOAD, **self.at(node))

    def store(self, node: Node, identifier: str) -> ast.expr:
        """A Python variable as the target of an assignment."""
        return ast.Name(identifier, STORE, **self.at(node))

    def const(self, node: Node, value: Any) -> ast.expr:
        """A constant: a number, text, bytes, None, a bool, or a tuple of constants."""
        return ast.Constant(value, **self.at(node))

    def call(
        self,
        node: Node,
        function: ast.expr | str,
        *args: ast.expr,
        keywords: Sequence[tuple[str | None, ast.expr]] = (),
    ) -> ast.expr:
        """A call; `function` given as text is a name of ours."""
        place = self.at(node)
        callee = ast.Name(function, LOAD, **place) if isinstance(function, str) else function
        return ast.Call(callee, list(args), [ast.keyword(k, v, **place) for k, v in keywords], **place)

    def method(self, node: Node, value: ast.expr, name: str, *args: ast.expr) -> ast.expr:
        """`value.name(args)`."""
        return ast.Call(self.attr(node, value, name), list(args), [], **self.at(node))

    def attr(self, node: Node, value: ast.expr, name: str) -> ast.expr:
        """`value.name`."""
        return ast.Attribute(value, name, LOAD, **self.at(node))

    def index(self, node: Node, value: ast.expr, index: ast.expr) -> ast.expr:
        """`value[index]`."""
        return ast.Subscript(value, index, LOAD, **self.at(node))

    def slice(self, node: Node, start: ast.expr | None, stop: ast.expr | None) -> ast.expr:
        """`start:stop`, for `index`."""
        return ast.Slice(start, stop, None, **self.at(node))

    def tuple_of(self, node: Node, items: Sequence[ast.expr]) -> ast.expr:
        """`(a, b)`."""
        return ast.Tuple(list(items), LOAD, **self.at(node))

    def list_of(self, node: Node, items: Sequence[ast.expr]) -> ast.expr:
        """`[a, b]`."""
        return ast.List(list(items), LOAD, **self.at(node))

    def dict_of(self, node: Node, items: Sequence[tuple[ast.expr | None, ast.expr]]) -> ast.expr:
        """`{k: v}`; a key None spreads its value, `{**v}`."""
        return ast.Dict([k for k, _ in items], [v for _, v in items], **self.at(node))

    def starred(self, node: Node, value: ast.expr) -> ast.expr:
        """`*value`."""
        return ast.Starred(value, LOAD, **self.at(node))

    def binary(self, node: Node, op: str, left: ast.expr, right: ast.expr) -> ast.expr:
        """`left op right`, op spelt as in Lumen."""
        return ast.BinOp(left, BINARY_OPERATORS[op], right, **self.at(node))

    def compare(self, node: Node, left: ast.expr, *rest: tuple[str, ast.expr]) -> ast.expr:
        """`left op a op b …`, chained as Python chains."""
        return ast.Compare(left, [COMPARE_OPERATORS[op] for op, _ in rest], [e for _, e in rest], **self.at(node))

    def negate(self, node: Node, value: ast.expr) -> ast.expr:
        """`not value`."""
        return ast.UnaryOp(ast.Not(), value, **self.at(node))

    def minus(self, node: Node, value: ast.expr) -> ast.expr:
        """`-value`."""
        return ast.UnaryOp(ast.USub(), value, **self.at(node))

    def both(self, node: Node, parts: Sequence[ast.expr]) -> ast.expr:
        """`a and b and …`; of nothing, True."""
        if not parts:
            return self.const(node, True)
        return parts[0] if len(parts) == 1 else ast.BoolOp(ast.And(), list(parts), **self.at(node))

    def either(self, node: Node, parts: Sequence[ast.expr]) -> ast.expr:
        """`a or b or …`."""
        return parts[0] if len(parts) == 1 else ast.BoolOp(ast.Or(), list(parts), **self.at(node))

    def choose(self, node: Node, condition: ast.expr, then: ast.expr, otherwise: ast.expr) -> ast.expr:
        """`then if condition else otherwise`."""
        return ast.IfExp(condition, then, otherwise, **self.at(node))

    def walrus(self, node: Node, identifier: str, value: ast.expr) -> ast.expr:
        """`(identifier := value)`."""
        return ast.NamedExpr(self.store(node, identifier), value, **self.at(node))  # type: ignore[arg-type]

    def wait(self, node: Node, value: ast.expr) -> ast.expr:
        """`await value`."""
        return ast.Await(value, **self.at(node))

    def class_of(self, node: Node, value: ast.expr) -> ast.expr:
        """`value.__class__`: 10 ns cheaper than `type(value)`, which looks up a name."""
        return self.attr(node, value, "__class__")

    # Statements -------------------------------------------------------------------------------

    def assign(self, node: Node, identifier: str, value: ast.expr) -> ast.stmt:
        """`identifier = value`."""
        return ast.Assign([self.store(node, identifier)], value, **self.at(node))

    def assign_to(self, node: Node, target: ast.expr, value: ast.expr) -> ast.stmt:
        """`target` is an Attribute, Subscript, or Tuple built for loading; it is turned into a store."""
        _make_store(target)
        return ast.Assign([target], value, **self.at(node))

    def do(self, node: Node, value: ast.expr) -> ast.stmt:
        """An expression as a statement."""
        return ast.Expr(value, **self.at(node))

    def give(self, node: Node, value: ast.expr | None) -> ast.stmt:
        """`return value`."""
        return ast.Return(value, **self.at(node))

    def when(
        self, node: Node, condition: ast.expr, then: Sequence[ast.stmt], otherwise: Sequence[ast.stmt] = ()
    ) -> ast.stmt:
        """`if condition: then else: otherwise`."""
        return ast.If(condition, list(then) or [self.nothing(node)], list(otherwise), **self.at(node))

    def nothing(self, node: Node) -> ast.stmt:
        """`pass`."""
        return ast.Pass(**self.at(node))

    def leave(self, node: Node) -> ast.stmt:
        """`break`."""
        return ast.Break(**self.at(node))

    def again(self, node: Node) -> ast.stmt:
        """`continue`."""
        return ast.Continue(**self.at(node))

    def forever(self, node: Node, condition: ast.expr, body: Sequence[ast.stmt]) -> ast.stmt:
        """`while condition: body`."""
        return ast.While(condition, list(body) or [self.nothing(node)], [], **self.at(node))

    def each(self, node: Node, target: ast.expr, iterable: ast.expr, body: Sequence[ast.stmt]) -> ast.stmt:
        """`for target in iterable: body`."""
        _make_store(target)
        return ast.For(target, iterable, list(body) or [self.nothing(node)], [], None, **self.at(node))

    def raising(self, node: Node, value: ast.expr | None) -> ast.stmt:
        """`raise value`; without one, what is being handled."""
        return ast.Raise(value, None, **self.at(node))

    def guarded(self, node: Node, body: Sequence[ast.stmt], final: Sequence[ast.stmt]) -> ast.stmt:
        """`try: body finally: final`."""
        return ast.Try(list(body) or [self.nothing(node)], [], [], list(final), **self.at(node))

    def caught(
        self,
        node: Node,
        body: Sequence[ast.stmt],
        exception: ast.expr,
        name: str,
        handler: Sequence[ast.stmt],
        otherwise: Sequence[ast.stmt] = (),
    ) -> ast.stmt:
        """`try: body except exception as name: handler else: otherwise`."""
        clause = ast.ExceptHandler(exception, name, list(handler), **self.at(node))
        return ast.Try(list(body), [clause], list(otherwise), [], **self.at(node))

    def scope(self, node: Node, kind: str, names: Sequence[str]) -> ast.stmt:
        """`global …` or `nonlocal …`."""
        maker = ast.Global if kind == "global" else ast.Nonlocal
        return maker(list(names), **self.at(node))

    def function(
        self, node: Node, name: str, arguments: ast.arguments, body: Sequence[ast.stmt], is_async: bool
    ) -> ast.stmt:
        """`def name(arguments): body`, or `async def`."""
        maker = ast.AsyncFunctionDef if is_async else ast.FunctionDef
        made: ast.stmt = maker(name, arguments, list(body) or [self.nothing(node)], [], None, None, **self.at(node))
        made.type_params = []  # type: ignore[attr-defined]  # required from Python 3.12 on, ignored before
        return made

    def arg(self, node: Node, name: str) -> ast.arg:
        """One parameter."""
        return ast.arg(name, None, None, **self.at(node))


def _make_store(target: ast.expr) -> None:
    """Turn a tree of targets built for loading into one for storing (the outermost nodes only)."""
    if isinstance(target, (ast.Tuple, ast.List)):
        for item in target.elts:
            _make_store(item)
    if isinstance(target, ast.Starred):
        _make_store(target.value)
    target.ctx = STORE  # type: ignore[attr-defined]
