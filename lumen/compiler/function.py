"""One Python function in the making: its names, its statements so far, and what it knows of its variables.

Lowering an expression gives a Python expression and may append statements to the current block first
(`out`): whatever a Python expression can't hold (a `match`, a block `if`, a nested function) is put there.
Two rules keep evaluation in source order:

* `operands` evaluates several expressions in order; when a later one had to append statements, the
  results of the earlier ones are put into temporaries before them;
* a part that is evaluated only sometimes (the right of `and`, an arm) is lowered into a block of its own.

In-place updates. Values are immutable to the program, yet `xs = append(xs, v)` must not copy. A local that is updated
somewhere gets a boolean beside it, `x$own`, true while nobody else can hold its value: set when the value was just
made, cleared by every load that lets the value escape (`(x$own := False) or x`). Reads that keep nothing (`xs[i]`,
`length(xs)`) leave it alone. Values *inside* an owned one are told apart by CPython's reference count
(`$refcount(t) > $unshared`), which is exact for them: whoever took one out of the collection holds a counted reference.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import Factory, define

from lumen.analysis.scopes import Binding, Colour, Function, Kind
from lumen.analysis.types import ANY, Type
from lumen.compiler.pyast import Py
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.compiler.codegen import ModuleBuilder

OWN = "$own"
"""Suffix of the flag beside an owned variable."""


@define(eq=False)
class Dest:
    """Where the value of a construct goes: nowhere, out of the function, or into a variable."""

    kind: str
    """`discard`, `return`, or `store`."""
    name: str = ""


DISCARD = Dest("discard")
RETURN = Dest("return")


@define(eq=False)
class LoopFrame:
    """A loop being lowered."""

    node: n.Node
    label: str | None
    dest: Dest
    exits: list[tuple[str, LoopFrame, str]] = Factory(list)
    """Flags that code inside this loop sets to leave it for an outer one: (flag, outer loop, "break" or "continue")."""


ExprLowerer = Callable[["FunctionBuilder", Any], ast.expr]
IntoLowerer = Callable[["FunctionBuilder", Any, Dest], None]
StmtLowerer = Callable[["FunctionBuilder", Any], None]

EXPRESSIONS: dict[type[n.Node], ExprLowerer] = {}
"""How to lower each kind of expression to a Python expression."""
CONSTRUCTS: dict[type[n.Node], IntoLowerer] = {}
"""Expressions that are statements in Python: how to lower each into a destination."""
STATEMENTS: dict[type[n.Node], StmtLowerer] = {}

F = TypeVar("F", bound=Callable[..., Any])


def lowers_expr(*kinds: type[n.Node]) -> Callable[[F], F]:
    """Register a function of (builder, node) → Python expression for these node types."""

    def register(function: F) -> F:
        for kind in kinds:
            EXPRESSIONS[kind] = function
        return function

    return register


def lowers_construct(*kinds: type[n.Node]) -> Callable[[F], F]:
    """Register a function of (builder, node, destination) for these node types."""

    def register(function: F) -> F:
        for kind in kinds:
            CONSTRUCTS[kind] = function
        return function

    return register


def lowers_stmt(*kinds: type[n.Node]) -> Callable[[F], F]:
    """Register a function of (builder, node) for these statement types."""

    def register(function: F) -> F:
        for kind in kinds:
            STATEMENTS[kind] = function
        return function

    return register


class FunctionBuilder:
    """Lowers the body of one function. See the module docstring for the invariants."""

    def __init__(self, module: ModuleBuilder, function: Function, parent: FunctionBuilder | None) -> None:
        self.module = module
        self.analysis = module.analysis
        self.function = function
        self.parent = parent
        self.py: Py = module.py
        self.out: list[ast.stmt] = []
        self.loops: list[LoopFrame] = []
        self.owned: set[Binding] = set()
        """Variables with an ownership flag."""
        self.last_path: n.Expr | None = None
        """What the statement just lowered has updated a part of: `$path0` is that value, and ours alone."""
        self.updates_inside = False
        """Whether some assignment updates a value inside another: `x.a.b = v`, `xs[i].f = v`."""
        self.certain: set[Binding] = set()
        """Variables whose records are of the class that their type says."""
        self.escapes = 0
        """How many escaping loads of owned variables have been emitted."""
        self.global_names: set[str] = set()
        """Names to declare `global`."""
        self.nonlocal_names: set[str] = set()
        """Names to declare `nonlocal`: variables that a `defer` shares with its cell."""
        self._surely: list[set[Binding]] = [set()]
        """For each open block: variables that the statements so far in it have made ours. Not inherited by loops."""
        self.roles: str | None = None
        """Name of the list that collects `role` lines, if the function has any."""
        self._names: dict[Binding, str] = {}
        self._taken: set[str] = set()
        self._temps = 0
        self.copies: dict[Binding, Binding] = self.analysis.copies.get(function, {})

    # What the function is ---------------------------------------------------------------------

    @property
    def suspends(self) -> bool:
        """Whether it becomes an `async def`."""
        return self.function.colour is Colour.SUSPENDS

    def type_of(self, node: n.Node) -> Type:
        """What is known of an expression's type; ANY if nothing."""
        return self.analysis.types.get(node, ANY)  # type: ignore[call-overload, no-any-return]

    # Names ------------------------------------------------------------------------------------

    def temp(self) -> str:
        """A fresh name no Lumen program can use."""
        self._temps += 1
        return f"${self._temps}"

    def declare(self, binding: Binding, suffix: str = "") -> str:
        """Choose the Python name of a variable of this function."""
        name = binding.name + suffix
        if name in self._taken or name in self.module.global_names or name in _FORBIDDEN:
            number = 2
            while f"{name}${number}" in self._taken:
                number += 1
            name = f"{name}${number}"
        self._taken.add(name)
        self._names[binding] = name
        return name

    def adopt(self, binding: Binding, name: str) -> None:
        """Use a given Python name for a binding (a captured variable)."""
        self._taken.add(name)
        self._names[binding] = name

    def name_of(self, binding: Binding) -> str:
        """The Python name of a binding as seen from this function."""
        binding = self.copies.get(binding, binding)
        known = self._names.get(binding)
        if known is not None:
            return known
        is_nested = binding.owner is not None and binding.owner.parent is not None
        if binding.kind is Kind.GLOBAL:
            if self.parent is not None or self.module.is_namespaced(binding):
                return self.module.global_name(binding)
            return self.declare(binding)
        if binding.kind is Kind.LOCAL or (binding.kind is Kind.CELL and is_nested):
            if self.parent is None or binding.owner is self.function:
                return self.declare(binding)
            return self.parent.name_of(binding)  # a free variable of Python's
        return self.module.global_name(binding)

    def is_owned(self, binding: Binding) -> bool:
        """Whether a variable has an ownership flag."""
        binding = self.copies.get(binding, binding)
        return binding in self.owned or binding in self.module.owned_globals

    def note_global(self, binding: Binding) -> None:
        """The function assigns a variable of the module's namespace: Python wants that declared."""
        binding = self.copies.get(binding, binding)
        if binding.kind is Kind.GLOBAL and self.module.is_namespaced(binding):
            self.global_names.add(self.name_of(binding))
            if self.is_owned(binding):
                self.global_names.add(self.own_flag(binding))

    def own_flag(self, binding: Binding) -> str:
        """The Python name of a variable's ownership flag."""
        return self.name_of(binding) + OWN

    # Blocks -----------------------------------------------------------------------------------

    @contextmanager
    def block(self) -> Iterator[list[ast.stmt]]:
        """Collect what is emitted meanwhile in a block of its own."""
        outer = self.out
        inner: list[ast.stmt] = []
        self.out = inner
        self._surely.append(set(self._surely[-1]))
        try:
            yield inner
        finally:
            self.out = outer
            self._surely.pop()

    def enter_loop(self) -> None:
        """The current block is a loop's: what was ours before its first turn need not be at the next."""
        self._surely[-1].clear()

    def is_surely_owned(self, binding: Binding) -> bool:
        """Whether a test of the variable's flag would be for nothing here."""
        return self.copies.get(binding, binding) in self._surely[-1]

    def now_owned(self, binding: Binding) -> None:
        """Note that the variable's value is ours from here on, in this block."""
        if binding.kind is Kind.LOCAL:  # a cell that is called may let the value of a GLOBAL escape
            self._surely[-1].add(self.copies.get(binding, binding))

    def no_longer_owned(self, binding: Binding) -> None:
        """Note that from here on others may hold the variable's value, whatever the blocks around know."""
        binding = self.copies.get(binding, binding)
        for known in self._surely:
            known.discard(binding)

    def emit(self, *statements: ast.stmt) -> None:
        """Append statements to the current block."""
        self.out.extend(statements)

    # Expressions ------------------------------------------------------------------------------

    def expr(self, node: n.Node) -> ast.expr:
        """Lower an expression; its value may alias anything it came from."""
        value = self._expr(node)
        return self._collected(node, value) if node in self.analysis.collected else value

    def _collected(self, node: n.Node, value: ast.expr) -> ast.expr:
        return self.py.wait(node, self.py.call(node, "$collect", value))

    def _expr(self, node: n.Node) -> ast.expr:
        lower = EXPRESSIONS.get(type(node))
        if lower is not None:
            return lower(self, node)
        construct = CONSTRUCTS[type(node)]
        name = self.temp()
        construct(self, node, Dest("store", name))
        return self.py.name(node, name)

    def read(self, node: n.Node) -> ast.expr:
        """Lower an expression whose value is looked at and not kept: a variable stays owned."""
        if isinstance(node, n.Name) and node not in self.analysis.collected:
            return self.load(node, escapes=False)
        return self.expr(node)

    def load(self, node: n.Name, escapes: bool = True) -> ast.expr:
        """The value of a variable or of a named thing."""
        binding = self.analysis.bindings.get(node)
        if binding is None:
            return self.py.call(node, "$unresolved", self.py.const(node, node.name))
        return self.load_binding(node, binding, escapes)

    def load_binding(self, node: n.Node, binding: Binding, escapes: bool = True) -> ast.expr:
        """The value of a binding; if it escapes, an owned variable gives up its ownership."""
        if binding.kind is Kind.BUILTIN:
            return self.py.name(node, "$" + binding.name)
        name = self.name_of(binding)
        loaded = self.py.name(node, name)
        if escapes and self.is_owned(binding):
            self.escapes += 1
            self.no_longer_owned(binding)
            if binding.kind is Kind.GLOBAL and self.module.is_namespaced(binding):
                self.global_names.add(name + OWN)
            cleared = self.py.walrus(node, name + OWN, self.py.const(node, False))
            return self.py.either(node, [cleared, loaded])
        return loaded

    def spill(self, node: n.Node, value: ast.expr) -> ast.expr:
        """Put a value into a temporary now; gives its load."""
        name = self.temp()
        self.emit(self.py.assign(node, name, value))
        return self.py.name(node, name)

    def simple(self, node: n.Node, value: ast.expr) -> ast.expr:
        """A form of `value` that may be evaluated twice: itself if a plain name or constant, else a temporary."""
        if isinstance(value, (ast.Name, ast.Constant)):
            return value
        return self.spill(node, value)

    def operands(self, parts: Sequence[n.Node], read: bool = False) -> list[ast.expr]:
        """Lower expressions so that they are evaluated in order, whatever statements they need."""
        return self.in_order([(part, (self.read if read else self.expr)) for part in parts])

    def in_order(self, parts: Sequence[tuple[n.Node, Callable[[Any], ast.expr]]]) -> list[ast.expr]:
        """Lower each part with its own function, keeping evaluation in order."""
        results: list[ast.expr] = []
        for node, lower in parts:
            mark = len(self.out)
            value = lower(node)
            if len(self.out) > mark:
                saves: list[ast.stmt] = []
                for i, earlier in enumerate(results):
                    if not isinstance(earlier, ast.Constant):
                        name = self.temp()
                        place = {
                            k: getattr(earlier, k) for k in ("lineno", "col_offset", "end_lineno", "end_col_offset")
                        }
                        saves.append(ast.Assign([ast.Name(name, ast.Store(), **place)], _unstarred(earlier), **place))
                        loaded: ast.expr = ast.Name(name, ast.Load(), **place)
                        results[i] = (
                            ast.Starred(loaded, ast.Load(), **place) if isinstance(earlier, ast.Starred) else loaded
                        )
                self.out[mark:mark] = saves
            results.append(value)
        return results

    # Statements and constructs ----------------------------------------------------------------

    def into(self, node: n.Node, dest: Dest) -> None:
        """Lower an expression into a destination."""
        construct = CONSTRUCTS.get(type(node))
        if construct is not None:
            construct(self, node, dest)
        elif dest.kind == "discard":
            self.emit(self.py.do(node, self.expr(node)))
        else:
            self.put(node, self.returned(node) if dest.kind == "return" else self.expr(node), dest)

    def returned(self, node: n.Node) -> ast.expr:
        """An expression whose value leaves the function: a variable need not give up its ownership."""
        if self.function.has_defer:
            return self.expr(node)
        return self.read(node)

    def put(self, node: n.Node, value: ast.expr, dest: Dest) -> None:
        """Emit what brings a value to its destination."""
        if dest.kind == "return":
            if self.function.is_generator:
                self.emit(self.py.do(node, value), self.py.give(node, None))
            else:
                self.emit(self.py.give(node, value))
        elif dest.kind == "store":
            self.emit(self.py.assign(node, dest.name, value))
        else:
            self.emit(self.py.do(node, value))

    def put_null(self, node: n.Node, dest: Dest) -> None:
        """The construct had no value: null, except that falling off a function already gives it."""
        if dest.kind == "store":
            self.emit(self.py.assign(node, dest.name, self.py.const(node, None)))
        elif dest.kind == "return":
            self.emit(self.py.give(node, None))

    def stmt(self, node: n.Stmt) -> None:
        """Lower one statement."""
        if isinstance(node, n.AssignStmt):
            STATEMENTS[type(node)](self, node)
            return
        self.last_path = None
        STATEMENTS[type(node)](self, node)
        self.last_path = None

    def body(self, block: n.Block, dest: Dest) -> None:
        """Lower the statements of a block; the value of the last one goes to `dest`."""
        statements = block.body
        last = len(statements) - 1
        skip = False
        for i, statement in enumerate(statements):
            if skip:
                skip = False
                continue
            follower = statements[i + 1] if i < last else None
            boundary = _boundary(statement, follower)
            if boundary is not None:
                self.boundary(boundary[0], boundary[1], dest if i + 1 == last else DISCARD)
                skip = True
            elif i == last and isinstance(statement, n.ExprStmt):
                self.last_path = None
                self.into(statement.value, dest)
                self.last_path = None
                return
            else:
                self.stmt(statement)
        if not skip and dest.kind == "store":
            self.put_null(block, dest)

    def boundary(self, let: n.LetStmt, match: n.Match, dest: Dest) -> None:
        """`let r = await e` followed by `match r`: set by lower_pattern, the failure boundary of spec §5."""
        BOUNDARY[0](self, match, dest, let)

    def nested(self, block: n.Block, dest: Dest) -> list[ast.stmt]:
        """Lower a block apart and give its statements."""
        with self.block() as inner:
            self.body(block, dest)
        return inner

    def conditional(
        self, node: n.Node, lower: Callable[[Any], ast.expr] | None = None
    ) -> tuple[list[ast.stmt], ast.expr]:
        """Lower an expression that is evaluated only sometimes: its statements, then its value."""
        with self.block() as inner:
            value = (lower or self.expr)(node)
        return inner, value


BOUNDARY: list[Callable[[FunctionBuilder, n.Match, Dest, n.LetStmt | None], None]] = []
"""Filled by lower_pattern, which imports this module."""

_FORBIDDEN = frozenset({"None", "True", "False", "__debug__"})


def _unstarred(value: ast.expr) -> ast.expr:
    return value.value if isinstance(value, ast.Starred) else value


def _boundary(statement: n.Stmt, follower: n.Stmt | None) -> tuple[n.LetStmt, n.Match] | None:
    """`let r = await e` directly followed by `match r`."""
    if (
        isinstance(statement, n.LetStmt)
        and isinstance(statement.pattern, n.NamePattern)
        and isinstance(statement.value, n.Await)
        and isinstance(follower, n.ExprStmt)
        and isinstance(follower.value, n.Match)
        and isinstance(follower.value.subject, n.Name)
        and follower.value.subject.name == statement.pattern.name
    ):
        return statement, follower.value
    return None
