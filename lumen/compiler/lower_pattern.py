"""Patterns, and the constructs that take them: `match`, `if let`, `let`, the failure boundary.

A pattern becomes a Python condition over a simple subject (a name, an attribute of one, …) and a list of variables to
bind once the condition holds. Where a variable is needed inside the condition (a guard, an alternative), it is bound
there by a one-tuple around an assignment expression, `(x := v,)`, which is always true and costs a few nanoseconds.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from attrs import Factory, define

from lumen.analysis.scopes import Binding, Kind
from lumen.analysis.types import ANY, FLOAT, INT, STRING, Type
from lumen.compiler.function import BOUNDARY, Dest, FunctionBuilder, lowers_construct
from lumen.compiler.lower_expr import condition, type_test
from lumen.syntax import nodes as n

Subject = Callable[[], ast.expr]
"""Makes a fresh load of the value a pattern is held against."""


@define(eq=False)
class Test:
    """What a pattern demands and what it binds."""

    conditions: list[ast.expr] = Factory(list)
    binds: list[tuple[n.Node, str, ast.expr]] = Factory(list)
    bound: list[tuple[n.Node, Binding]] = Factory(list)
    """All variables bound, early or not."""

    def emit_binds(self, b: FunctionBuilder) -> None:
        """Emit the bindings; the values may be held by others."""
        for node, name, value in self.binds:
            b.emit(b.py.assign(node, name, value))
        for node, binding in self.bound:
            if b.is_owned(binding):
                b.emit(b.py.assign(node, b.own_flag(binding), b.py.const(node, False)))
                b.no_longer_owned(binding)

    def bind(self, b: FunctionBuilder, node: n.Node, binding: Binding, value: ast.expr) -> None:
        """Bind a variable of the pattern to a part of the subject."""
        b.note_global(binding)
        self.binds.append((node, b.name_of(binding), value))
        self.bound.append((node, binding))

    def bind_early(self, b: FunctionBuilder) -> None:
        """Move the bindings into the condition."""
        for node, name, value in self.binds:
            self.conditions.append(b.py.tuple_of(node, [b.py.walrus(node, name, value)]))
        self.binds = []


def pattern_test(b: FunctionBuilder, pattern: n.Pattern, subject: Subject, t: Type = ANY) -> Test:
    """What it takes for `subject` (of type `t`, as far as known) to match."""
    test = Test()
    _fill(b, pattern, subject, t, test)
    return test


def _fill(b: FunctionBuilder, pattern: n.Pattern, subject: Subject, t: Type, test: Test) -> None:
    py = b.py
    if isinstance(pattern, n.WildcardPattern):
        return
    if isinstance(pattern, n.NamePattern):
        binding = b.analysis.bindings.get(pattern)
        if binding is not None and binding.kind in (Kind.VARIANT, Kind.BUILTIN, Kind.CONST, Kind.RECORD):
            _named(b, pattern, binding, subject, test)
        elif binding is not None:
            test.bind(b, pattern, binding, subject())
    elif isinstance(pattern, n.LiteralPattern):
        _literal(b, pattern, subject, t, test)
    elif isinstance(pattern, n.RangePattern):
        end = "<=" if pattern.is_inclusive else "<"
        start, stop = b.expr(pattern.start), b.expr(pattern.end)
        if t not in (INT, FLOAT, STRING):
            test.conditions.append(py.call(pattern, "$same_kind", subject(), start))
        test.conditions.append(py.compare(pattern, start, ("<=", subject()), (end, stop)))
    elif isinstance(pattern, n.ConstructorPattern):
        _constructor(b, pattern, subject, test)
    elif isinstance(pattern, n.TuplePattern):
        _sequence(b, pattern, pattern.items, "$tupleclass", subject, t, test)
    elif isinstance(pattern, n.ListPattern):
        _sequence(b, pattern, pattern.items, "$listclass", subject, t, test)
    elif isinstance(pattern, n.TypePattern):
        written = pattern.type
        if not (isinstance(written, n.NamedType) and t != ANY and t.name == written.name and not written.args):
            test.conditions.append(type_test(b, pattern, written, subject()))
        binding = b.analysis.bindings.get(pattern)
        if pattern.name is not None and binding is not None:
            test.bind(b, pattern, binding, subject())
    elif isinstance(pattern, n.OrPattern):
        _alternatives(b, pattern, subject, t, test)


def _named(b: FunctionBuilder, pattern: n.NamePattern, binding: Binding, subject: Subject, test: Test) -> None:
    """A bare name that stands for a variant (or a constant)."""
    py = b.py
    value = b.load_binding(pattern, binding)
    if binding.kind is Kind.CONST:
        test.conditions.append(py.call(pattern, "$eq", subject(), value))
    else:
        test.conditions.append(py.call(pattern, "$is_variant", subject(), value))


def _literal(b: FunctionBuilder, pattern: n.LiteralPattern, subject: Subject, t: Type, test: Test) -> None:
    py = b.py
    value = b.expr(pattern.value)
    if isinstance(pattern.value, (n.NullLit, n.BoolLit)):
        test.conditions.append(py.compare(pattern, subject(), ("is", value)))
    elif isinstance(pattern.value, (n.StringLit, n.BytesLit)) or t in (INT, FLOAT):
        test.conditions.append(py.compare(pattern, subject(), ("==", value)))
    else:
        test.conditions.append(py.call(pattern, "$eq", subject(), value))


def _constructor(b: FunctionBuilder, pattern: n.ConstructorPattern, subject: Subject, test: Test) -> None:
    py = b.py
    binding = b.analysis.bindings.get(pattern)
    if binding is None:
        test.conditions.append(py.call(pattern, "$unresolved", py.const(pattern, ".".join(pattern.path))))
        return
    if not pattern.has_parens or not _has_fields(b, binding):
        test.conditions.append(py.call(pattern, "$is_variant", subject(), b.load_binding(pattern, binding)))
        return
    if binding.kind is Kind.BUILTIN:
        cls = py.name(pattern, {"ok": "$Ok", "err": "$Err"}.get(binding.name, f"${binding.name}"))
    else:
        cls = py.name(pattern, b.module.class_name(binding))
    if binding.kind is Kind.BUILTIN and binding.name == "Error":
        # Two things are written `Error(x)`: the state of a failed future and a failure as a value.
        test.conditions.append(
            py.compare(pattern, py.class_of(pattern, subject()), ("in", py.name(pattern, "$errors")))
        )
    else:
        test.conditions.append(py.compare(pattern, py.class_of(pattern, subject()), ("is", cls)))
    fields = b.module.fields_of(binding)
    for i, arg in enumerate(pattern.args):
        # In `Some(n: Int)` the name is no field: the part is tested, and bound to it.
        is_field = arg.name is not None and (arg.name in fields or not fields)
        field = arg.name if is_field else (fields[i] if i < len(fields) else None)
        if field is None:
            test.conditions.append(py.const(arg, False))
            continue
        _fill(b, arg.pattern, _part(b, arg, subject, field), ANY, test)


def _has_fields(b: FunctionBuilder, binding: Binding) -> bool:
    return bool(b.module.fields_of(binding)) or binding.kind is Kind.RECORD


def _part(b: FunctionBuilder, node: n.Node, subject: Subject, field: str) -> Subject:
    return lambda: b.py.attr(node, subject(), field)


def _sequence(
    b: FunctionBuilder,
    pattern: n.Pattern,
    items: Sequence[n.Pattern],
    cls: str,
    subject: Subject,
    t: Type,
    test: Test,
) -> None:
    py = b.py
    rest = next((i for i, item in enumerate(items) if isinstance(item, n.RestPattern)), None)
    wanted = len(items) - (rest is not None)
    kinds = {"$listclass": ("list",), "$tupleclass": ("tuple",), "$sequences": ("tuple", "list")}[cls]
    if t.name not in kinds:
        how = "is" if len(kinds) == 1 else "in"
        test.conditions.append(py.compare(pattern, py.class_of(pattern, subject()), (how, py.name(pattern, cls))))
    if t.name != "tuple" or len(t.args) != wanted or rest is not None:
        size = py.call(pattern, "$pylen", subject())
        test.conditions.append(py.compare(pattern, size, ("==" if rest is None else ">=", py.const(pattern, wanted))))
    for i, item in enumerate(items):
        if isinstance(item, n.RestPattern):
            binding = b.analysis.bindings.get(item.name) if item.name is not None else None
            if binding is not None:
                after = len(items) - i - 1
                stop = py.const(item, -after) if after else None
                part = py.index(item, subject(), py.slice(item, py.const(item, i), stop))
                test.bind(b, item, binding, part)
            continue
        position = i if rest is None or i < rest else i - len(items)
        item_type = (
            t.args[i]
            if t.name == "tuple" and i < len(t.args) and rest is None
            else (t.args[0] if t.name == "list" and t.args else ANY)
        )
        _fill(b, item, _element(b, item, subject, position), item_type, test)


def _element(b: FunctionBuilder, node: n.Node, subject: Subject, position: int) -> Subject:
    return lambda: b.py.index(node, subject(), b.py.const(node, position))


def _alternatives(b: FunctionBuilder, pattern: n.OrPattern, subject: Subject, t: Type, test: Test) -> None:
    parts: list[ast.expr] = []
    for alternative in pattern.alternatives:
        one = pattern_test(b, alternative, subject, t)
        one.bind_early(b)
        test.bound += one.bound
        parts.append(b.py.both(alternative, one.conditions))
    test.conditions.append(b.py.either(pattern, parts))


# --- match ------------------------------------------------------------------------------------


@lowers_construct(n.Match)
def match(b: FunctionBuilder, node: n.Match, dest: Dest) -> None:
    """`match e`; of an `await`, the failure boundary."""
    if isinstance(node.subject, n.Await):
        boundary(b, node, dest, None)
        return
    value = b.simple(node.subject, b.expr(node.subject))
    arms(b, node, node.arms, value, b.type_of(node.subject), dest)


def arms(
    b: FunctionBuilder, node: n.Match, choices: Sequence[n.MatchArm], value: ast.expr, t: Type, dest: Dest
) -> None:
    """A chain of `if`/`else`, one for each arm; what no arm takes is a failure."""
    if not choices:
        b.emit(b.py.do(node, b.py.call(node, "$no_match", value)))
        return
    arm = choices[0]
    test = arm_test(b, arm, value, t)
    with b.block() as then:
        test.emit_binds(b)
        b.body(arm.body, dest)
    if not test.conditions:
        b.emit(*then)
        return
    with b.block() as otherwise:
        arms(b, node, choices[1:], value, t, dest)
    b.emit(b.py.when(arm, b.py.both(arm, test.conditions), then, otherwise))


def arm_test(b: FunctionBuilder, arm: n.MatchArm, value: ast.expr, t: Type) -> Test:
    """What an arm demands: its pattern and its guard."""
    test = pattern_test(b, arm.pattern, lambda: value, t)
    if arm.guard is not None:
        test.bind_early(b)
        statements, guard = b.conditional(arm.guard, lambda g: condition(b, g))
        if statements:  # a guard that Python can't write as an expression becomes a function of its own
            guard = b.module.thunk(b, arm.guard, statements, guard)
        test.conditions.append(guard)
    return test


def boundary(b: FunctionBuilder, node: n.Match, dest: Dest, let: n.LetStmt | None) -> None:
    """`match await e`: a failure of the awaited thing is matched by the arms meant for it (spec §5).

    First the arm is chosen, inside the `try` for a failure and in its `else` for a value; then its body runs,
    outside, so that a failure of its own is not caught.
    """
    py = b.py
    subject = let.value if let is not None else node.subject
    takes = [i for i, arm in enumerate(node.arms) if takes_failure(b, arm.pattern)]
    if not takes:
        last = [i for i, arm in enumerate(node.arms) if _is_string_arm(arm.pattern)]
        takes = last[-1:]
    if not takes:
        if let is not None:
            b.stmt(let)
            rest = n.Match(node.span, node.subject, node.arms)
            value = b.simple(node.subject, b.expr(node.subject))
            arms(b, rest, node.arms, value, b.type_of(node.subject), dest)
            return
        value = b.simple(subject, b.expr(subject))
        arms(b, node, node.arms, value, b.type_of(subject), dest)
        return
    chosen, value_name, caught = b.temp(), b.temp(), b.temp()
    with b.block() as attempt:
        b.emit(py.assign(subject, value_name, b.expr(subject)))
    with b.block() as on_value:
        _choose(b, node, list(enumerate(node.arms)), py.name(subject, value_name), b.type_of(subject), chosen)
    with b.block() as on_failure:
        b.emit(py.assign(node, value_name, py.call(node, "$caught", py.name(node, caught))))
        _choose_failure(b, node, takes, value_name, chosen)
    b.emit(py.caught(subject, attempt, py.name(subject, "$Exception"), caught, on_failure, on_value))
    if let is not None and isinstance(let.pattern, n.NamePattern):
        binding = b.analysis.bindings.get(let.pattern)
        if binding is not None:
            b.emit(py.assign(let, b.name_of(binding), py.name(let, value_name)))
    _bodies(b, node, chosen, dest)


def takes_failure(b: FunctionBuilder, pattern: n.Pattern) -> bool:
    """`err(x)`, `Error(x)`, `x: Error`."""
    if isinstance(pattern, n.ConstructorPattern):
        return pattern.path in (("err",), ("Error",))
    if isinstance(pattern, n.OrPattern):
        return any(takes_failure(b, p) for p in pattern.alternatives)
    return isinstance(pattern, n.TypePattern) and isinstance(pattern.type, n.NamedType) and pattern.type.name == "Error"


def _is_string_arm(pattern: n.Pattern) -> bool:
    return (
        isinstance(pattern, n.TypePattern) and isinstance(pattern.type, n.NamedType) and pattern.type.name == "String"
    )


def _choose(
    b: FunctionBuilder, node: n.Match, choices: list[tuple[int, n.MatchArm]], value: ast.expr, t: Type, chosen: str
) -> None:
    if not choices:
        b.emit(b.py.do(node, b.py.call(node, "$no_match", value)))
        return
    i, arm = choices[0]
    test = arm_test(b, arm, value, t)
    with b.block() as then:
        test.emit_binds(b)
        b.emit(b.py.assign(arm, chosen, b.py.const(arm, i)))
    if not test.conditions:
        b.emit(*then)
        return
    with b.block() as otherwise:
        _choose(b, node, choices[1:], value, t, chosen)
    b.emit(b.py.when(arm, b.py.both(arm, test.conditions), then, otherwise))


def _choose_failure(b: FunctionBuilder, node: n.Match, takes: list[int], value_name: str, chosen: str) -> None:
    """Bind and choose among the arms that take a failure; if none does, it goes on unwinding."""
    py = b.py
    if not takes:
        b.emit(py.raising(node, None))
        return
    i = takes[0]
    arm = node.arms[i]
    failure = py.name(arm, value_name)
    test = Test()
    _fill_failure(b, arm.pattern, failure, test)
    if arm.guard is not None:
        test.bind_early(b)
        test.conditions.append(condition(b, arm.guard))
    with b.block() as then:
        test.emit_binds(b)
        b.emit(py.assign(arm, chosen, py.const(arm, i)))
    if not test.conditions:
        b.emit(*then)
        return
    with b.block() as otherwise:
        _choose_failure(b, node, takes[1:], value_name, chosen)
    b.emit(py.when(arm, py.both(arm, test.conditions), then, otherwise))


def _fill_failure(b: FunctionBuilder, pattern: n.Pattern, failure: ast.expr, test: Test) -> None:
    """Hold a pattern against a failure: `err(x)` and `name: String` see its message, `Error(m, c)` its fields."""
    py = b.py

    def message() -> ast.expr:
        return py.attr(pattern, failure, "message")

    if isinstance(pattern, n.OrPattern):
        pattern = next(p for p in pattern.alternatives if takes_failure(b, p))
    if isinstance(pattern, n.TypePattern):
        binding = b.analysis.bindings.get(pattern)
        whole = isinstance(pattern.type, n.NamedType) and pattern.type.name == "Error"
        if pattern.name is not None and binding is not None:
            test.bind(b, pattern, binding, failure if whole else message())
    elif isinstance(pattern, n.ConstructorPattern):
        fields = ("message",) if pattern.path == ("err",) else ("message", "code", "cell", "line")
        for i, arg in enumerate(pattern.args):
            field = arg.name or (fields[i] if i < len(fields) else "message")
            _fill(b, arg.pattern, _part(b, arg, lambda: failure, field), ANY, test)


def _bodies(b: FunctionBuilder, node: n.Match, chosen: str, dest: Dest) -> None:
    """The body of the arm that was chosen."""
    py = b.py
    chain: list[ast.stmt] = []
    for i in reversed(range(len(node.arms))):
        body = b.nested(node.arms[i].body, dest)
        if chain or i < len(node.arms) - 1:
            test = py.compare(node.arms[i], py.name(node.arms[i], chosen), ("==", py.const(node.arms[i], i)))
            chain = [py.when(node.arms[i], test, body, chain)]
        else:
            chain = body
    b.emit(*chain)


BOUNDARY.append(boundary)


# --- if let, while let, let -------------------------------------------------------------------


@lowers_construct(n.IfLet)
def if_let(b: FunctionBuilder, node: n.IfLet, dest: Dest) -> None:
    """`if let p = e`."""
    value = b.simple(node.value, b.expr(node.value))
    test = pattern_test(b, node.pattern, lambda: value, b.type_of(node.value))
    with b.block() as then:
        test.emit_binds(b)
        b.body(node.then, dest)
    with b.block() as otherwise:
        if node.otherwise is not None:
            b.body(node.otherwise, dest)
        else:
            b.put_null(node, dest)
    b.emit(b.py.when(node, b.py.both(node, test.conditions), then, otherwise))


def destructure(b: FunctionBuilder, node: n.Node, pattern: n.Pattern, value: ast.expr, t: Type) -> None:
    """Bind a pattern that must match (`let`, `for`): a failure `no-match` where it doesn't."""
    test = Test()
    if isinstance(pattern, n.TuplePattern):
        # Here a list does as well: `let (a, b) = await parallel(f(), g())`.
        _sequence(b, pattern, pattern.items, "$sequences", lambda: value, t, test)
    else:
        _fill(b, pattern, lambda: value, t, test)
    if test.conditions:
        written = b.py.const(pattern, b.py.file.slice(pattern.span))
        fail = b.py.do(pattern, b.py.call(pattern, "$no_fit", value, written))
        b.emit(b.py.when(pattern, b.py.negate(pattern, b.py.both(pattern, test.conditions)), [fail]))
    test.emit_binds(b)
