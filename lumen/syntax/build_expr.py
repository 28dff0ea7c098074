"""Builder callbacks for expressions."""

from __future__ import annotations

import sys
from typing import Any

from lumen.source.span import Span
from lumen.syntax import nodes as n
from lumen.syntax.build_types import TypeBuilder
from lumen.syntax.operators import fold

_MAX_DIGITS = 200_000
"""Python turns decimal digits to a number in quadratic time; this many take about a second."""

_TYPE_WORDS = frozenset("Int Float String Bool Bytes Any Json Null list map tuple result Future".split())


class ExprBuilder(TypeBuilder):
    """Literals, operators, calls, functions, control, concurrency."""

    # --- Literals -----------------------------------------------------------------------------------------------

    def name(self, span: Span, name: int) -> n.Expr:
        return n.Name(span, self.texts[name])

    def int_lit(self, span: Span, token: int) -> n.Expr:
        return n.IntLit(span, self.int_value(span, self.texts[token]))

    def int_value(self, span: Span, text: str) -> int:
        """The number; 0 after reporting one that is none."""
        try:
            return int(text) if text.isdigit() and len(text) < 4000 else self.odd_int(span, text)
        except ValueError:
            self.error("bad-number", f"`{_clip(text)}` is not a number", span)
            return 0

    def odd_int(self, span: Span, text: str) -> int:
        """Other bases, underscores, and numbers of more digits than Python converts by default."""
        base = {"0x": 16, "0b": 2, "0o": 8}.get(text[:2].lower())
        if base is not None:
            return int(text[2:], base)
        if len(text) > _MAX_DIGITS:
            self.error("bad-number", f"this number has more than {_MAX_DIGITS} digits", span)
            return 0
        limit = sys.get_int_max_str_digits()
        sys.set_int_max_str_digits(0)
        try:
            return int(text)
        finally:
            sys.set_int_max_str_digits(limit)

    def float_lit(self, span: Span, token: int) -> n.Expr:
        return n.FloatLit(span, self.float_value(span, self.texts[token]))

    def float_value(self, span: Span, text: str) -> float:
        try:
            return float(text)
        except ValueError:
            self.error("bad-number", f"`{_clip(text)}` is not a number", span)
            return 0.0

    def int_negative(self, span: Span, token: int) -> n.Expr:
        return n.IntLit(span, -self.int_value(span, self.texts[token]))

    def float_negative(self, span: Span, token: int) -> n.Expr:
        return n.FloatLit(span, -self.float_value(span, self.texts[token]))

    def bytes_lit(self, span: Span, token: int) -> n.Expr:
        text = self.texts[token]
        try:
            return n.BytesLit(span, bytes.fromhex(text))
        except ValueError:
            self.error("bad-bytes", f'b"{_clip(text)}" needs pairs of hexadecimal digits', span)
            return n.BytesLit(span, b"")

    def true_lit(self, span: Span) -> n.Expr:
        return n.BoolLit(span, True)

    def false_lit(self, span: Span) -> n.Expr:
        return n.BoolLit(span, False)

    def null_lit(self, span: Span) -> n.Expr:
        return n.NullLit(span)

    def string_plain(self, span: Span, token: int) -> n.Expr:
        text = self.texts[token]
        return n.StringLit(span, (text,) if text else ())

    def string_parts(self, span: Span, start: int, *parts: Any) -> n.Expr:
        texts = self.texts
        return n.StringLit(span, tuple([texts[p] if type(p) is int else p for p in parts[:-1]]))

    def interpolation(self, span: Span, start: int, value: n.Expr, spec: int | None, end: int) -> n.Interpolation:
        return n.Interpolation(span, value, None if spec is None else self.texts[spec])

    # --- Collections --------------------------------------------------------------------------------------------

    def unit(self, span: Span) -> n.Expr:
        return n.TupleExpr(span, ())

    def paren(self, span: Span, inner: n.Expr) -> n.Expr:
        if type(inner) is n.Call:
            self.calls_in_parentheses.add(inner)
        return inner

    def tuple_expr(self, span: Span, *items: n.Expr) -> n.Expr:
        return n.TupleExpr(span, items)

    def list_expr(self, span: Span, *items: Any) -> n.Expr:
        return n.ListExpr(span, () if items == (None,) else items)

    def set_expr(self, span: Span, word: int, *items: Any) -> n.Expr:
        return n.SetExpr(span, () if items == (None,) else items)

    def spread(self, span: Span, value: n.Expr) -> n.Spread:
        return n.Spread(span, value)

    def map_entry(self, span: Span, key: n.Expr, value: n.Expr) -> n.MapEntry:
        return n.MapEntry(span, key, value)

    def brace_items(self, span: Span, *items: Any) -> tuple[Any, ...]:
        return items

    def brace_expr(self, span: Span, items: tuple[Any, ...] | None) -> n.Expr:
        """`{…}`: a map when it has entries, or nothing but spreads; else a set."""
        items = items or ()
        if all(isinstance(item, (n.MapEntry, n.Spread)) for item in items):
            return n.MapExpr(span, items)
        for item in items:
            if isinstance(item, n.MapEntry):
                self.error("syntax-error", "a map entry among the elements of a set", item.span)
                return n.MapExpr(span, tuple(i for i in items if not isinstance(i, n.Expr)))
        return n.SetExpr(span, items)

    def comp_for(self, span: Span, word: int, pattern: n.Pattern, iterable: n.Expr, *filters: Any) -> n.ForClause:
        return n.ForClause(span, pattern, iterable, tuple([f for f in filters if type(f) is not int]))

    def list_comp(self, span: Span, element: n.Expr, *clauses: n.ForClause) -> n.Expr:
        return n.Comprehension(span, "list", element, None, clauses)

    def set_comp(self, span: Span, *parts: Any) -> n.Expr:
        if type(parts[0]) is int:
            parts = parts[1:]
        return n.Comprehension(span, "set", parts[0], None, parts[1:])

    def map_comp(self, span: Span, key: n.Expr, value: n.Expr, *clauses: n.ForClause) -> n.Expr:
        return n.Comprehension(span, "map", key, value, clauses)

    # --- Operators ----------------------------------------------------------------------------------------------

    def tail(self, span: Span, op: int, right: n.Node) -> tuple[str, n.Node]:
        return (self.texts[op], right)

    def expect(self, span: Span, word: int, schema: n.TypeExpr, *repair: Any) -> tuple[str, n.Node]:
        tries = tuple([part for part in repair if part is not None and type(part) is not int])
        return ("expect", n.LaterExpr(span, "expect", (schema, *tries)))

    def chain(self, span: Span, first: n.Expr, *rest: Any) -> n.Expr:
        items = list(rest)
        if type(items[-1]) is not tuple:
            # `… op open`: the last two children are an operator and an open form.
            last = items.pop()
            items.append((self.texts[items.pop()], last))
        if self.calls_in_parentheses:
            items = [
                ("|> ()" if op == "|>" and right in self.calls_in_parentheses else op, right) for op, right in items
            ]
        return fold(items, first)

    def neg(self, span: Span, operand: n.Expr) -> n.Expr:
        return n.Unary(span, "-", operand)

    def not_(self, span: Span, operand: n.Expr) -> n.Expr:
        return n.Unary(span, "not", operand)

    def invert(self, span: Span, operand: n.Expr) -> n.Expr:
        return n.Unary(span, "~", operand)

    def await_(self, span: Span, operand: n.Expr) -> n.Expr:
        return n.Await(span, operand)

    def try_(self, span: Span, operand: n.Expr) -> n.Expr:
        return n.Propagate(span, operand)

    def perform(self, span: Span, operand: n.Expr) -> n.Expr:
        return n.LaterExpr(span, "perform", (operand,))

    # --- Postfix ------------------------------------------------------------------------------------------------

    def attr(self, span: Span, value: n.Expr, name: int) -> n.Expr:
        return n.Attr(span, value, self.ident(name))

    attr_number = attr

    def attr_optional(self, span: Span, value: n.Expr, name: int) -> n.Expr:
        return n.Attr(span, value, self.ident(name), True)

    def index_expr(self, span: Span, value: n.Expr, index: Any) -> n.Expr:
        if type(index) is tuple:
            return n.Slice(span, value, *index)
        if isinstance(index, n.RangeExpr) and index.step is None:
            return n.Slice(span, value, index.start, index.end, index.is_inclusive)
        return n.Index(span, value, index)

    def index_optional(self, span: Span, value: n.Expr, index: Any) -> n.Expr:
        if type(index) is tuple:
            self.error("syntax-error", "a slice can't follow `?`", span)
            return n.Slice(span, value, *index)
        return n.Index(span, value, index, True)

    def index_tuple(self, span: Span, *items: n.Expr) -> n.Expr:
        return n.TupleExpr(span, items)

    def slice_to(self, span: Span, end: n.Expr) -> Any:
        return (None, end, False)

    def slice_to_inclusive(self, span: Span, end: n.Expr) -> Any:
        return (None, end, True)

    def slice_from(self, span: Span, start: n.Expr, dots: int) -> Any:
        return (start, None, False)

    def slice_all(self, span: Span, dots: int) -> Any:
        return (None, None, False)

    def call(self, span: Span, callee: n.Expr, args: tuple[n.Arg, ...] | None) -> n.Expr:
        if isinstance(callee, n.Index) and _is_type_argument(callee):
            # `channel[Int](capacity: 3)`, `parse[String](x)`: the types are for the reader.
            callee = callee.value
        return n.Call(span, callee, args or ())

    def args(self, span: Span, *args: n.Arg) -> tuple[n.Arg, ...]:
        return args

    def arg(self, span: Span, value: n.Expr) -> n.Arg:
        return n.Arg(span, None, value)

    def arg_named(self, span: Span, name: int, value: n.Expr) -> n.Arg:
        return n.Arg(span, self.texts[name], value)

    def arg_short(self, span: Span, name: int) -> n.Arg:
        return n.Arg(span, self.texts[name], n.Name(self.token_span(name), self.texts[name]))

    def arg_spread(self, span: Span, value: n.Expr) -> n.Arg:
        return n.Arg(span, None, value, True)

    def arg_role(self, span: Span, role: int, value: n.Expr) -> n.Arg:
        return n.Arg(span, f"role {self.texts[role]}", value)

    def unwrap(self, span: Span, value: n.Expr) -> n.Expr:
        return n.Unwrap(span, value)

    def propagate(self, span: Span, value: n.Expr) -> n.Expr:
        return n.Propagate(span, value)

    # --- Functions ----------------------------------------------------------------------------------------------

    def params(self, span: Span, *params: n.Param) -> tuple[n.Param, ...]:
        return params

    def param(self, span: Span, name: int, kind: n.TypeExpr | None, default: n.Expr | None) -> n.Param:
        return n.Param(span, self.ident(name), kind, default)

    def param_ignored(self, span: Span, kind: n.TypeExpr | None, default: n.Expr | None) -> n.Param:
        return n.Param(span, n.Ident(Span(span[0], span[0] + 1), "_"), kind, default)

    def param_rest(self, span: Span, name: int, kind: n.TypeExpr | None) -> n.Param:
        return n.Param(span, self.ident(name), kind, None, True)

    def lambda_expr(self, span: Span, params: Any, result: Any, body: n.Expr) -> n.Expr:
        kind, effects = result or (None, None)
        return n.Lambda(span, params or (), kind, effects, self.expr_block(body), True)

    def lambda_block(self, span: Span, params: Any, result: Any, body: n.Block) -> n.Expr:
        kind, effects = result or (None, None)
        return n.Lambda(span, params or (), kind, effects, body, False)

    def arrow_lambda(self, span: Span, name: int, arrow: int, body: n.Expr) -> n.Expr:
        param = n.Param(self.token_span(name), self.ident(name), None, None)
        return n.Lambda(span, (param,), None, None, self.expr_block(body), True)

    def arrow_lambda_params(self, span: Span, paren: int, params: Any, arrow: int, body: n.Expr) -> n.Expr:
        return n.Lambda(span, params or (), None, None, self.expr_block(body), True)

    # --- Control ------------------------------------------------------------------------------------------------

    def if_then(self, span: Span, word: int, condition: n.Expr, then: n.Stmt) -> n.Expr:
        return n.If(span, condition, self.one(then), None, True)

    def if_then_else(
        self, span: Span, word: int, condition: n.Expr, then: n.Stmt, else_word: int, otherwise: n.Stmt
    ) -> n.Expr:
        return n.If(span, condition, self.one(then), self.one(otherwise), True)

    def if_let_then(self, span: Span, word: int, pattern: n.Pattern, value: n.Expr, then: n.Stmt) -> n.Expr:
        return n.IfLet(span, pattern, value, self.one(then), None)

    def if_let_then_else(
        self,
        span: Span,
        word: int,
        pattern: n.Pattern,
        value: n.Expr,
        then: n.Stmt,
        else_word: int,
        otherwise: n.Stmt,
    ) -> n.Expr:
        return n.IfLet(span, pattern, value, self.one(then), self.one(otherwise))

    def if_block(self, span: Span, condition: n.Expr, then: n.Block, otherwise: n.Block | None) -> n.Expr:
        return n.If(span, condition, then, otherwise)

    def if_let_block(
        self, span: Span, pattern: n.Pattern, value: n.Expr, then: n.Block, otherwise: n.Block | None
    ) -> n.Expr:
        return n.IfLet(span, pattern, value, then, otherwise)

    def else_part(self, span: Span, body: n.Block) -> n.Block:
        return body

    def elif_part(self, span: Span, condition: n.Expr, then: n.Block, otherwise: n.Block | None) -> n.Block:
        return self.expr_block(n.If(span, condition, then, otherwise))

    def elif_let_part(
        self, span: Span, pattern: n.Pattern, value: n.Expr, then: n.Block, otherwise: n.Block | None
    ) -> n.Block:
        return self.expr_block(n.IfLet(span, pattern, value, then, otherwise))

    def match(self, span: Span, subject: n.Expr, *arms: n.MatchArm) -> n.Expr:
        return n.Match(span, subject, arms)

    def match_arm(self, span: Span, pattern: n.Pattern, *rest: Any) -> n.MatchArm:
        # pattern, then FILTER and guard (or two Nones), ARM, body
        guard = rest[1] if rest[0] is not None else None
        return n.MatchArm(span, pattern, guard, rest[-1])

    def arm_body(self, span: Span, *body: n.Stmt) -> n.Block:
        return n.Block(span, body)

    def when(self, span: Span, *arms: n.WhenArm) -> n.Expr:
        return n.When(span, arms)

    def when_arm(self, span: Span, condition: n.Expr, arrow: int, body: n.Block) -> n.WhenArm:
        return n.WhenArm(span, condition, body)

    def when_else(self, span: Span, arrow: int, body: n.Block) -> n.WhenArm:
        return n.WhenArm(span, None, body)

    def label_of(self, label: int | None) -> str | None:
        """The text of an optional LABEL."""
        return None if label is None else self.texts[label]

    def while_(self, span: Span, label: int | None, condition: n.Expr, body: n.Block) -> n.Expr:
        return n.While(span, condition, body, self.label_of(label))

    def while_let(self, span: Span, label: int | None, pattern: n.Pattern, value: n.Expr, body: n.Block) -> n.Expr:
        return n.WhileLet(span, pattern, value, body, self.label_of(label))

    def loop(self, span: Span, label: int | None, body: n.Block) -> n.Expr:
        return n.Loop(span, body, self.label_of(label))

    def for_(self, span: Span, label: int | None, pattern: n.Pattern, iterable: n.Expr, *rest: Any) -> n.Expr:
        condition = rest[1] if rest[0] is not None else None
        return n.For(span, pattern, iterable, condition, rest[-1], self.label_of(label))

    def comptime(self, span: Span, body: n.Block) -> n.Expr:
        return n.Comptime(span, body)

    # --- Concurrency --------------------------------------------------------------------------------------------

    def async_block(self, span: Span, body: n.Block) -> n.Expr:
        return n.AsyncBlock(span, body)

    def spawn(self, span: Span, args: tuple[n.Arg, ...] | None) -> n.Expr:
        args = args or ()
        values = [arg for arg in args if arg.name is None]
        if len(values) != 1 or values[0].is_spread:
            self.error("syntax-error", "`spawn` takes one expression, and options by name", span)
            return n.Spawn(span, values[0].value if values else n.NullLit(span), ())
        return n.Spawn(span, values[0].value, tuple([arg for arg in args if arg.name is not None]))

    def spawn_block(self, span: Span, body: n.Block) -> n.Expr:
        return n.Spawn(span, n.Lambda(span, (), None, None, body, False))

    def concurrent_block(self, span: Span, kind: int, options: Any, *branches: n.Branch) -> n.Expr:
        return n.Concurrent(span, self.kind_of(kind), options or (), branches)

    def concurrent_for(
        self, span: Span, kind: int, options: Any, pattern: n.Pattern, iterable: n.Expr, *rest: Any
    ) -> n.Expr:
        condition = rest[1] if rest[0] is not None else None
        branches = n.BranchFor(Span(pattern.span[0], span[1]), pattern, iterable, condition, rest[-1])
        return n.Concurrent(span, self.kind_of(kind), options or (), branches)

    def concurrent_call(self, span: Span, kind: int, args: tuple[n.Arg, ...] | None) -> n.Expr:
        args = args or ()
        for arg in args:
            if arg.is_spread:
                self.error("syntax-error", "give the list itself: one list argument stands for its elements", arg.span)
        options = tuple([arg for arg in args if arg.name is not None])
        branches = tuple([n.Branch(arg.span, None, arg.value) for arg in args if arg.name is None])
        return n.Concurrent(span, self.kind_of(kind), options, branches, True)

    def kind_of(self, token: int) -> Any:
        """`parallel`, `race`, `vote` or `select`."""
        return self.texts[token]

    def branch(self, span: Span, value: n.Expr) -> n.Branch:
        return n.Branch(span, None, value)

    def branch_named(self, span: Span, target: n.Expr, value: n.Expr) -> n.Branch:
        if isinstance(target, n.Name):
            return n.Branch(span, n.Ident(target.span, target.name), value)
        self.error("syntax-error", "a branch is `name = expression`, or an expression", target.span)
        return n.Branch(span, None, value)

    def branch_let(self, span: Span, name: int, value: n.Expr) -> n.Branch:
        return n.Branch(span, self.ident(name), value)

    def timeout_block(self, span: Span, word: int, duration: n.Expr, body: n.Block) -> n.Expr:
        return n.Timeout(span, duration, body)

    def with_tools(self, span: Span, word: int, answers: n.Expr, body: n.Block) -> n.Expr:
        return n.WithTools(span, answers, body)

    def timeout_call(self, span: Span, word: int, args: tuple[n.Arg, ...]) -> n.Expr:
        by_name = {arg.name: arg.value for arg in args if arg.name}
        values = [arg.value for arg in args if arg.name is None]
        duration = by_name.get("ms") or by_name.get("after")
        if duration is None and values:
            duration = values.pop(0)
        if duration is None or len(values) != 1:
            self.error("syntax-error", "`timeout` takes the milliseconds and one expression", span)
            null = n.NullLit(span)
            return n.Timeout(span, duration or null, self.expr_block(values[0] if values else null))
        return n.Timeout(span, duration, self.expr_block(values[0]))


def _is_type_argument(callee: n.Index) -> bool:
    """True when `f[T](…)` gives type arguments rather than an index."""
    if callee.is_optional or not isinstance(callee.value, n.Name):
        return False
    if callee.value.name == "channel":
        return True
    index = callee.index
    items = index.items if isinstance(index, n.TupleExpr) else (index,)
    return all(isinstance(_type_head(item), n.Name) and _type_head(item).name in _TYPE_WORDS for item in items)


def _type_head(expr: Any) -> Any:
    """`list` of `list[Int]`."""
    while isinstance(expr, n.Index):
        expr = expr.value
    return expr


def _clip(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "…"
