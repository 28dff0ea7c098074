"""The tree of a Lumen program: frozen nodes, each opening with the source form it stands for.

Invariants every later stage relies on:

* every node has a `span`; the span of a parent covers the spans of its children;
* nodes are never changed after the parse. Facts about them (bindings, types, colour) live in side
  tables of the analysis, keyed by the node object itself, so nodes compare and hash by identity;
* constructs that may stand both as statement and as expression (`if`, `match`, loops, `parallel`, …)
  are expressions; as a statement they are wrapped in `ExprStmt`;
* sequences are tuples, in source order.
"""

from __future__ import annotations

from typing import Any, Literal

from attrs import field, frozen

from lumen.source.span import Span


@frozen(eq=False)
class Node:
    """Anything that stands in the source text."""

    span: Span


@frozen(eq=False)
class Expr(Node):
    """A node that has a value."""


@frozen(eq=False)
class Stmt(Node):
    """A node that stands on its own line(s) of a block."""


@frozen(eq=False)
class Decl(Stmt):
    """A statement that introduces a named thing for the whole block it stands in."""


@frozen(eq=False)
class Pattern(Node):
    """What may stand left of `->` in a `match`, after `let`, and after `for`."""


@frozen(eq=False)
class TypeExpr(Node):
    """A type as written; it names, it is never evaluated."""


# --- Parts shared by several constructs -------------------------------------------------------


@frozen(eq=False)
class Ident(Node):
    """A name where it is introduced (`let x`, `cell f`, a parameter, a field): carries its place."""

    name: str


@frozen(eq=False)
class Block(Node):
    """Statements up to `end` (or the one statement/expression of a one-line form)."""

    body: tuple[Stmt, ...]


@frozen(eq=False)
class Attribute(Node):
    """`@test`, `@retry(max: 3)` before a declaration."""

    name: str
    args: tuple[Arg, ...]


@frozen(eq=False)
class Directive(Node):
    """`@deterministic true` at the top of a file."""

    name: str
    value: Expr | None


@frozen(eq=False)
class EffectRow(Node):
    """`/ {llm, http}` after a result type."""

    names: tuple[str, ...]


@frozen(eq=False)
class Param(Node):
    """`a: A`, `b: B = default`, `...rest: C`; `self` is a Param without type."""

    name: Ident
    type: TypeExpr | None
    default: Expr | None
    is_rest: bool = False


@frozen(eq=False)
class Arg(Node):
    """`value`, `name: value`, or `...value` in a call.  `role user: text` gives `name="role user"`."""

    name: str | None
    value: Expr
    is_spread: bool = False


# --- The module -------------------------------------------------------------------------------


@frozen(eq=False)
class Module(Node):
    """One file: directives, then declarations and statements in source order."""

    directives: tuple[Directive, ...]
    body: tuple[Stmt, ...]


# --- Declarations -----------------------------------------------------------------------------


@frozen(eq=False)
class CellDecl(Decl):
    """`cell f[T](a: A) -> R / {eff} … end`, `cell f(a) = expr`, `async cell …`, `extern cell …`."""

    name: Ident
    type_params: tuple[Ident, ...]
    params: tuple[Param, ...]
    result: TypeExpr | None
    effects: EffectRow | None
    body: Block | None
    """None for `extern cell` and for signatures in a trait."""
    is_expr_body: bool = False
    is_async: bool = False
    is_extern: bool = False
    is_pub: bool = False
    attributes: tuple[Attribute, ...] = ()
    doc: str | None = None


@frozen(eq=False)
class FieldDecl(Node):
    """`x: T = default where cond` in a record.  In `cond` the fields are in scope by name."""

    name: Ident
    type: TypeExpr | None
    default: Expr | None
    where: Expr | None
    doc: str | None = None
    attributes: tuple[Attribute, ...] = ()
    """`@secret` before a field."""


@frozen(eq=False)
class RecordDecl(Decl):
    """`record P[T] … end`, `record P(x: Int, y: Int) end`."""

    name: Ident
    type_params: tuple[Ident, ...]
    fields: tuple[FieldDecl, ...]
    methods: tuple[CellDecl, ...]
    is_pub: bool = False
    attributes: tuple[Attribute, ...] = ()
    doc: str | None = None


@frozen(eq=False)
class VariantDecl(Node):
    """`Pending`, `Some(value: T)`, `Pair(A, B)` in an enum; unnamed payloads are named `_0`, `_1`, …"""

    name: Ident
    fields: tuple[Param, ...]


@frozen(eq=False)
class EnumDecl(Decl):
    """`enum E[T] … end` with variants and methods."""

    name: Ident
    type_params: tuple[Ident, ...]
    variants: tuple[VariantDecl, ...]
    methods: tuple[CellDecl, ...]
    is_pub: bool = False
    attributes: tuple[Attribute, ...] = ()
    doc: str | None = None


@frozen(eq=False)
class TypeAliasDecl(Decl):
    """`type A[T] = T | Null`."""

    name: Ident
    type_params: tuple[Ident, ...]
    value: TypeExpr
    is_pub: bool = False
    doc: str | None = None


@frozen(eq=False)
class ConstDecl(Decl):
    """`const N: Int = 3`."""

    name: Ident
    type: TypeExpr | None
    value: Expr
    is_pub: bool = False
    doc: str | None = None


@frozen(eq=False)
class TraitDecl(Decl):
    """`trait Show … end`; a method without body must be given by each `impl`."""

    name: Ident
    type_params: tuple[Ident, ...]
    methods: tuple[CellDecl, ...]
    is_pub: bool = False
    doc: str | None = None


@frozen(eq=False)
class ImplDecl(Decl):
    """`impl Show for Point … end`, `impl Point … end`."""

    trait: TypeExpr | None
    target: TypeExpr
    methods: tuple[CellDecl, ...]


@frozen(eq=False)
class ImportName(Node):
    """`a` or `b as c` in an import."""

    name: Ident
    alias: Ident | None


@frozen(eq=False)
class ImportDecl(Decl):
    """`import a.b: x, y as z`, `import a.b: *`, `import a.b` (binds `b`, members by `b.x`)."""

    module: tuple[str, ...]
    names: tuple[ImportName, ...] | Literal["*"] | None
    is_pub: bool = False


@frozen(eq=False)
class UseToolDecl(Decl):
    """`use tool llm.chat as Chat from "provider"`; without `as` the alias is the last part."""

    tool: str
    alias: Ident
    provider: str | None


@frozen(eq=False)
class LaterDecl(Decl):
    """A declaration whose meaning comes in a later step: parsed whole, kept by keyword, refused by name.

    `keyword` is `grant`, `agent`, `effect`, `handler`, `bind`, `pipeline`, `memory`, `machine`, `orchestration`,
    `guardrail`, `eval`, `pattern`, `macro`.
    """

    keyword: str
    name: Ident | None
    parts: tuple[Any, ...] = ()
    """Child nodes (cells, states, stages, constraints, expressions) in source order."""
    attributes: tuple[Attribute, ...] = ()


# --- Statements -------------------------------------------------------------------------------


@frozen(eq=False)
class LetStmt(Stmt):
    """`let p: T = e`, `let mut p = e`."""

    pattern: Pattern
    type: TypeExpr | None
    value: Expr
    is_mut: bool = False


@frozen(eq=False)
class AssignStmt(Stmt):
    """`x = e`, `x += e`, `xs[i] = e`, `p.a.b = e`; target is a Name, Attr, or Index chain rooted in a Name."""

    target: Expr
    op: str | None
    """The binary operator of a compound assignment (`+` for `+=`), else None."""
    value: Expr


@frozen(eq=False)
class ExprStmt(Stmt):
    """An expression on its own."""

    value: Expr


@frozen(eq=False)
class ReturnStmt(Stmt):
    """`return`, `return e`."""

    value: Expr | None


@frozen(eq=False)
class BreakStmt(Stmt):
    """`break`, `break @outer`, `break value`."""

    label: str | None
    value: Expr | None


@frozen(eq=False)
class ContinueStmt(Stmt):
    """`continue`, `continue @outer`."""

    label: str | None


@frozen(eq=False)
class YieldStmt(Stmt):
    """`yield e`."""

    value: Expr


@frozen(eq=False)
class DeferStmt(Stmt):
    """`defer … end`."""

    body: Block


@frozen(eq=False)
class EmitStmt(Stmt):
    """`emit x`."""

    value: Expr


@frozen(eq=False)
class AssertStmt(Stmt):
    """`assert cond, msg`."""

    condition: Expr
    message: Expr | None


@frozen(eq=False)
class RoleStmt(Stmt):
    """`role system: text {expr}` up to the end of the line, or a block of lines closed by `end`."""

    role: str
    text: StringLit


# --- Expressions: names and literals -----------------------------------------------------------


@frozen(eq=False)
class Name(Expr):
    """`x`."""

    name: str


@frozen(eq=False)
class IntLit(Expr):
    """`42`, `1_000`, `0xFF`, `0b10`."""

    value: int


@frozen(eq=False)
class FloatLit(Expr):
    """`3.14`, `1e10`."""

    value: float


@frozen(eq=False)
class BoolLit(Expr):
    """`true`, `false`."""

    value: bool


@frozen(eq=False)
class NullLit(Expr):
    """`null`."""


@frozen(eq=False)
class BytesLit(Expr):
    """`b"cafe"`."""

    value: bytes


@frozen(eq=False)
class Interpolation(Node):
    """`{expr}` or `{expr:.2f}` inside a string."""

    value: Expr
    format_spec: str | None


@frozen(eq=False)
class StringLit(Expr):
    """`"a {b} c"`, `\"\"\"…\"\"\"`, `r"…"`; no empty text parts, escapes already decoded."""

    parts: tuple[str | Interpolation, ...]


# --- Expressions: collections -----------------------------------------------------------------


@frozen(eq=False)
class Spread(Node):
    """`...xs` in a list, set, or map."""

    value: Expr


@frozen(eq=False)
class ListExpr(Expr):
    """`[1, ...xs]`."""

    items: tuple[Expr | Spread, ...]


@frozen(eq=False)
class TupleExpr(Expr):
    """`(1, "a")`, `(x,)`, `()`."""

    items: tuple[Expr, ...]


@frozen(eq=False)
class SetExpr(Expr):
    """`{1, 2}`, `set[1, 2]`, `set[]`."""

    items: tuple[Expr | Spread, ...]


@frozen(eq=False)
class MapEntry(Node):
    """`"k": v`; a bare-name key `{k: v}` is the expression `k`."""

    key: Expr
    value: Expr


@frozen(eq=False)
class MapExpr(Expr):
    """`{"a": 1, ...m}`, `{}`."""

    entries: tuple[MapEntry | Spread, ...]


@frozen(eq=False)
class ForClause(Node):
    """`for p in xs if c1 if c2` inside a comprehension."""

    pattern: Pattern
    iterable: Expr
    conditions: tuple[Expr, ...]


@frozen(eq=False)
class Comprehension(Expr):
    """`[e for x in xs if c]`, `{e for …}`, `set[e for …]`, `{k: v for …}`."""

    kind: Literal["list", "set", "map"]
    element: Expr
    """The element, or the key of a map."""
    value: Expr | None
    """The value of a map entry."""
    clauses: tuple[ForClause, ...]


# --- Expressions: operators -------------------------------------------------------------------


@frozen(eq=False)
class Unary(Expr):
    """`-e`, `not e`, `~e`; op is the word as listed here."""

    op: str
    operand: Expr


@frozen(eq=False)
class Binary(Expr):
    """`a + b`; op is one of `?? or and == != < <= > >= in | ^ & ++ << >> + - * / // % **` (and `not in`)."""

    op: str
    left: Expr
    right: Expr


@frozen(eq=False)
class IsExpr(Expr):
    """`e is T`, `e is not T`."""

    value: Expr
    type: TypeExpr
    is_negated: bool = False


@frozen(eq=False)
class AsExpr(Expr):
    """`e as T`: a conversion, a failure where there is none."""

    value: Expr
    type: TypeExpr


@frozen(eq=False)
class RangeExpr(Expr):
    """`a..b`, `a..=b`, `a..b step n`."""

    start: Expr
    end: Expr
    is_inclusive: bool
    step: Expr | None


@frozen(eq=False)
class Pipe(Expr):
    """`x |> f(a)`, `x |> f`."""

    left: Expr
    right: Expr


@frozen(eq=False)
class Compose(Expr):
    """`f ~> g`: a function that calls f, then g with its result."""

    left: Expr
    right: Expr


# --- Expressions: postfix ---------------------------------------------------------------------


@frozen(eq=False)
class Attr(Expr):
    """`e.f`, `e?.f`; `e.0` on tuples has the name "0"."""

    value: Expr
    name: Ident
    is_optional: bool = False


@frozen(eq=False)
class Index(Expr):
    """`e[i]`, `e?[i]`."""

    value: Expr
    index: Expr
    is_optional: bool = False


@frozen(eq=False)
class Slice(Expr):
    """`e[a..b]`, `e[..b]`, `e[a..]`, `e[a..=b]`."""

    value: Expr
    start: Expr | None
    end: Expr | None
    is_inclusive: bool = False


@frozen(eq=False)
class Call(Expr):
    """`f(a, name: b, ...rest)`; a method call is a Call whose callee is an Attr."""

    callee: Expr
    args: tuple[Arg, ...]


@frozen(eq=False)
class Unwrap(Expr):
    """`e!`."""

    value: Expr


@frozen(eq=False)
class Propagate(Expr):
    """`e?`, `try e`."""

    value: Expr


# --- Expressions: functions and control -------------------------------------------------------


@frozen(eq=False)
class Lambda(Expr):
    """`fn(x) => e`, `fn(x: Int) -> Int … end`, `x -> e` in argument position."""

    params: tuple[Param, ...]
    result: TypeExpr | None
    effects: EffectRow | None
    body: Block
    is_expr_body: bool


@frozen(eq=False)
class If(Expr):
    """`if c … else if d … else … end`, `if c then a else b`; `else if` is a Block of one ExprStmt(If)."""

    condition: Expr
    then: Block
    otherwise: Block | None
    is_inline: bool = False


@frozen(eq=False)
class IfLet(Expr):
    """`if let p = e … else … end`."""

    pattern: Pattern
    value: Expr
    then: Block
    otherwise: Block | None


@frozen(eq=False)
class MatchArm(Node):
    """`p if guard -> body`."""

    pattern: Pattern
    guard: Expr | None
    body: Block


@frozen(eq=False)
class Match(Expr):
    """`match e … end`."""

    subject: Expr
    arms: tuple[MatchArm, ...]


@frozen(eq=False)
class WhenArm(Node):
    """`cond -> body`; condition None for `_ ->` and `else ->`."""

    condition: Expr | None
    body: Block


@frozen(eq=False)
class When(Expr):
    """`when … end`: the first arm whose condition holds."""

    arms: tuple[WhenArm, ...]


@frozen(eq=False)
class While(Expr):
    """`while @label c … end`."""

    condition: Expr
    body: Block
    label: str | None = None


@frozen(eq=False)
class WhileLet(Expr):
    """`while let p = e … end`."""

    pattern: Pattern
    value: Expr
    body: Block
    label: str | None = None


@frozen(eq=False)
class Loop(Expr):
    """`loop @label … end`; its value is that of the `break` that left it."""

    body: Block
    label: str | None = None


@frozen(eq=False)
class For(Expr):
    """`for @label p in xs if c … end`."""

    pattern: Pattern
    iterable: Expr
    condition: Expr | None
    body: Block
    label: str | None = None


@frozen(eq=False)
class Comptime(Expr):
    """`comptime e end`."""

    body: Block


# --- Expressions: concurrency -----------------------------------------------------------------


@frozen(eq=False)
class Await(Expr):
    """`await e`."""

    value: Expr


@frozen(eq=False)
class Spawn(Expr):
    """`spawn(e)`, `spawn(e, name: "…", on: "thread")`."""

    value: Expr
    options: tuple[Arg, ...] = ()


@frozen(eq=False)
class AsyncBlock(Expr):
    """`async … end`: a future of its last value, run as a task of its own (as a branch: the branch)."""

    body: Block


@frozen(eq=False)
class Branch(Node):
    """One line of a construct: `e`, or `name = e`."""

    name: Ident | None
    value: Expr


@frozen(eq=False)
class BranchFor(Node):
    """`for p in xs if c … end` as the branches of a construct: one branch for each item."""

    pattern: Pattern
    iterable: Expr
    condition: Expr | None
    body: Block


@frozen(eq=False)
class Concurrent(Expr):
    """`parallel`, `race`, `vote`, `select`: block, `for`, and call form; all give a Future.

    Call form (`race(f(), g())`, `parallel(futures)`): `is_call` is true and the branches are unnamed.
    """

    kind: Literal["parallel", "race", "vote", "select"]
    options: tuple[Arg, ...]
    branches: tuple[Branch, ...] | BranchFor
    is_call: bool = False


@frozen(eq=False)
class Timeout(Expr):
    """`timeout(ms, e)`, or `timeout(ms)` + block + `end`; gives a Future."""

    duration_ms: Expr
    body: Block
    """For the call form a Block of one ExprStmt."""


@frozen(eq=False)
class WithTools(Expr):
    """`with_tools(answers)` + block + `end`; gives the value of its body."""

    answers: Expr
    body: Block


@frozen(eq=False)
class LaterExpr(Expr):
    """An expression whose meaning comes in a later step.

    `perform E.op(…)`, `handle … with … end`, `e expect schema R`, and the lines of machines and pipelines
    (`initial`, `guard`, `terminal`, `transition`, `stages`). `resume(v)` is an ordinary Call.
    """

    keyword: str
    parts: tuple[Any, ...] = ()


# --- Patterns ---------------------------------------------------------------------------------


@frozen(eq=False)
class WildcardPattern(Pattern):
    """`_`."""


@frozen(eq=False)
class NamePattern(Pattern):
    """`x`: binds, unless the name is a known variant (then analysis says so)."""

    name: str


@frozen(eq=False)
class LiteralPattern(Pattern):
    """`1`, `-1`, `"text"`, `true`, `null`: an IntLit, FloatLit, BoolLit, NullLit, BytesLit, or plain StringLit."""

    value: Expr
    """A literal; negative numbers are folded into the literal."""


@frozen(eq=False)
class RangePattern(Pattern):
    """`1..5`, `1..=5`, `"a"..="z"`."""

    start: Expr
    end: Expr
    is_inclusive: bool


@frozen(eq=False)
class PatternArg(Node):
    """`p`, `field: p`, or `field:` (binds the field's name) inside a constructor pattern."""

    name: str | None
    pattern: Pattern


@frozen(eq=False)
class ConstructorPattern(Pattern):
    """`Some(p)`, `Color.Red`, `Point(x:, y: b, ..)`, `ok(p)`, `err(p)`, `Error(p)`.

    A bare `Red` without parentheses is a NamePattern; `Color.Red` is a ConstructorPattern without args.
    """

    path: tuple[str, ...]
    args: tuple[PatternArg, ...]
    has_parens: bool
    is_open: bool = False
    """True when `..` stands among the arguments."""


@frozen(eq=False)
class TuplePattern(Pattern):
    """`(a, b)`; also `for k, v in m`."""

    items: tuple[Pattern, ...]


@frozen(eq=False)
class RestPattern(Pattern):
    """`...rest`, `..._`, `...` in a list pattern."""

    name: Ident | None


@frozen(eq=False)
class ListPattern(Pattern):
    """`[a, ...rest, z]`: at most one RestPattern among the items."""

    items: tuple[Pattern, ...]


@frozen(eq=False)
class TypePattern(Pattern):
    """`n: Int`, `_: Int` (name None)."""

    name: Ident | None
    type: TypeExpr


@frozen(eq=False)
class OrPattern(Pattern):
    """`p | q`."""

    alternatives: tuple[Pattern, ...]


# --- Types ------------------------------------------------------------------------------------


@frozen(eq=False)
class NamedType(TypeExpr):
    """`Int`, `list[T]`, `mod.Point`, `yield T` (name "yield", one arg)."""

    name: str
    args: tuple[TypeExpr, ...] = ()


@frozen(eq=False)
class UnionType(TypeExpr):
    """`A | B`, `T?` (as `T | Null`)."""

    members: tuple[TypeExpr, ...]


@frozen(eq=False)
class TupleType(TypeExpr):
    """`(A, B)`; `tuple[A, B]` is a NamedType."""

    items: tuple[TypeExpr, ...]


@frozen(eq=False)
class FnType(TypeExpr):
    """`fn(A, B) -> C / {eff}`."""

    params: tuple[TypeExpr, ...]
    result: TypeExpr | None
    effects: EffectRow | None = field(default=None)
