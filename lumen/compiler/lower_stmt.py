"""Statements and control flow: `if`, loops with labels, `return`, `defer`, comprehensions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from lumen.analysis.scopes import Kind
from lumen.analysis.types import ANY, INT, SCALARS, Type
from lumen.compiler.emit_function import count
from lumen.compiler.function import (
    DISCARD,
    RETURN,
    Dest,
    FunctionBuilder,
    LoopFrame,
    lowers_construct,
    lowers_expr,
    lowers_stmt,
)
from lumen.compiler.lower_assign import set_owned
from lumen.compiler.lower_expr import condition, is_non_negative, is_plain_scalar, iterable, key, string
from lumen.compiler.lower_pattern import destructure, pattern_test
from lumen.syntax import nodes as n

# --- Simple statements ------------------------------------------------------------------------


@lowers_stmt(n.ExprStmt)
def expression(b: FunctionBuilder, node: n.ExprStmt) -> None:
    """An expression for its effects."""
    b.into(node.value, DISCARD)


@lowers_stmt(n.ReturnStmt)
def return_(b: FunctionBuilder, node: n.ReturnStmt) -> None:
    """`return e`; a generator only ends."""
    if node.value is None or b.function.is_generator:
        b.emit(b.py.give(node, None))
    else:
        b.into(node.value, RETURN)


@lowers_stmt(n.YieldStmt)
def yield_(b: FunctionBuilder, node: n.YieldStmt) -> None:
    """`yield e`."""
    b.emit(b.py.do(node, ast.Yield(b.expr(node.value), **b.py.at(node))))


@lowers_stmt(n.EmitStmt)
def emit(b: FunctionBuilder, node: n.EmitStmt) -> None:
    """`emit e`."""
    b.emit(b.py.do(node, b.py.call(node, "$emit", b.expr(node.value))))


@lowers_stmt(n.AssertStmt)
def assert_(b: FunctionBuilder, node: n.AssertStmt) -> None:
    """`assert c, m`: the message is made only when it is needed."""
    py = b.py
    test = py.negate(node, condition(b, node.condition))
    with b.block() as fail:
        if node.message is not None:
            message = b.py.call(node.message, "$show", b.expr(node.message))
        else:
            message = py.const(node, f"assertion failed: {py.file.slice(node.condition.span)}")
        b.emit(py.do(node, py.call(node.condition, "$assert_fail", message)))
    b.emit(py.when(node, test, fail))


@lowers_stmt(n.RoleStmt)
def role(b: FunctionBuilder, node: n.RoleStmt) -> None:
    """`role r: text`: kept for the next tool call of the cell."""
    py = b.py
    assert b.roles is not None
    line = py.tuple_of(node, [py.const(node, node.role), string(b, node.text)])
    b.emit(py.do(node, py.method(node, py.name(node, b.roles), "append", line)))


@lowers_stmt(n.DeferStmt)
def defer(b: FunctionBuilder, node: n.DeferStmt) -> None:
    """`defer … end`: a function on the cell's list."""
    function = b.module.defer_closure(b, node)
    b.emit(b.py.do(node, b.py.method(node, b.py.name(node, "$defers"), "append", function)))


# --- if, when ---------------------------------------------------------------------------------


@lowers_construct(n.If)
def if_(b: FunctionBuilder, node: n.If, dest: Dest) -> None:
    """A block `if` into a destination."""
    test = condition(b, node.condition)
    then = b.nested(node.then, dest)
    with b.block() as otherwise:
        if node.otherwise is not None:
            b.body(node.otherwise, dest)
        elif dest.kind == "store":
            b.put_null(node, dest)
    b.emit(b.py.when(node, test, then, otherwise))


def inline_if(b: FunctionBuilder, node: n.If) -> ast.expr:
    """An `if` as a value: a Python conditional where both sides are one expression."""
    simple = node.otherwise is not None and _one(node.then) is not None and _one(node.otherwise) is not None
    if simple:
        test = condition(b, node.condition)
        first, then = b.conditional(node.then, lambda x: b.expr(_one(x)))
        second, otherwise = b.conditional(node.otherwise, lambda x: b.expr(_one(x)))  # type: ignore[arg-type]
        if not first and not second:
            return b.py.choose(node, test, then, otherwise)
    name = b.temp()
    if simple:
        b.emit(b.py.when(node, test, [*first, b.py.assign(node, name, then)],
                         [*second, b.py.assign(node, name, otherwise)]))  # fmt: skip
    else:
        if_(b, node, Dest("store", name))
    return b.py.name(node, name)


def _one(block: n.Block) -> n.Expr:
    body = block.body
    return body[0].value if len(body) == 1 and isinstance(body[0], n.ExprStmt) else None  # type: ignore[return-value]


lowers_expr(n.If)(inline_if)


@lowers_construct(n.When)
def when(b: FunctionBuilder, node: n.When, dest: Dest) -> None:
    """`when … end`: a chain of conditions."""
    _when_arms(b, node, node.arms, dest)


def _when_arms(b: FunctionBuilder, node: n.When, arms: Sequence[n.WhenArm], dest: Dest) -> None:
    if not arms:
        if dest.kind == "store":
            b.put_null(node, dest)
        return
    arm = arms[0]
    if arm.condition is None:
        b.body(arm.body, dest)
        return
    test = condition(b, arm.condition)
    then = b.nested(arm.body, dest)
    with b.block() as otherwise:
        _when_arms(b, node, arms[1:], dest)
    b.emit(b.py.when(arm, test, then, otherwise))


# --- Loops ------------------------------------------------------------------------------------


def _loop_dest(b: FunctionBuilder, node: n.Node, dest: Dest) -> Dest:
    """Where `break value` puts its value: a variable, if anybody wants it."""
    if dest.kind == "discard":
        return DISCARD
    if dest.kind == "return":
        dest = Dest("store", b.temp())
    b.emit(b.py.assign(node, dest.name, b.py.const(node, None)))
    return dest


def _forget(b: FunctionBuilder, frame: LoopFrame) -> None:
    """Let go of what variables of a loop body hold.

    Out of scope, they would still count as holders of values inside others, and an update in place
    (`bodies[i].x += …`) would copy for their sake.
    """
    if not b.updates_inside:
        return
    block: n.Block = frame.node.body  # type: ignore[attr-defined]
    for statement in block.body:
        if isinstance(statement, n.LetStmt) and isinstance(statement.pattern, n.NamePattern):
            binding = b.analysis.bindings.get(statement.pattern)
            if binding is not None and binding.kind is Kind.LOCAL and b.type_of(statement.value) not in SCALARS:
                b.emit(b.py.assign(statement, b.name_of(binding), b.py.const(statement, None)))


def _finish_loop(b: FunctionBuilder, node: n.Node, frame: LoopFrame, dest: Dest) -> None:
    """After a loop: pass on exits meant for outer loops, then deliver the value."""
    py = b.py
    _forget(b, frame)
    outer = b.loops[-1] if b.loops else None
    for flag, target, how in frame.exits:
        test = py.name(node, flag)
        if target is outer:
            leave = py.leave(node) if how == "break" else py.again(node)
            b.emit(py.when(node, test, [py.assign(node, flag, py.const(node, False)), leave]))
        else:
            b.emit(py.when(node, test, [py.leave(node)]))
            if outer is not None:
                outer.exits.append((flag, target, how))
    if dest.kind == "return":
        b.emit(py.give(node, None if b.function.is_generator else py.name(node, frame.dest.name)))


def _body(
    b: FunctionBuilder, frame: LoopFrame, block: n.Block, before: Callable[[], None] | None = None
) -> list[ast.stmt]:
    """The statements of a loop body, with the scheduler's turn at its start if the function can suspend."""
    b.loops.append(frame)
    with b.block() as inner:
        b.enter_loop()
        turn(b, frame.node)
        if before is not None:
            before()
        b.body(block, DISCARD)
    b.loops.pop()
    flags = list(dict.fromkeys(flag for flag, _, _ in frame.exits))
    for flag in flags:
        b.emit(b.py.assign(frame.node, flag, b.py.const(frame.node, False)))
    return inner


def turn(b: FunctionBuilder, node: n.Node) -> None:
    """At a loop's back-edge: in suspending code let others run when the kernel says so; else count, if need be."""
    py = b.py
    if not b.suspends:
        if b.module.is_counting:
            b.emit(count(b, node))
        return
    clock = py.name(node, "$turn")
    due = py.both(node, [py.attr(node, clock, "due"), py.method(node, clock, "tick")])
    b.emit(py.when(node, due, [py.do(node, py.wait(node, py.call(node, "$yield_turn")))]))


@lowers_construct(n.While)
def while_(b: FunctionBuilder, node: n.While, dest: Dest) -> None:
    """`while c`: a Python `while`, or an endless one that leaves, if the condition needs statements."""
    frame = LoopFrame(node, node.label, _loop_dest(b, node, dest))

    def loop_condition(c: n.Node) -> ast.expr:
        b.enter_loop()
        return condition(b, c)

    statements, test = b.conditional(node.condition, loop_condition)
    if statements:
        out = b.py.when(node, b.py.negate(node, test), [b.py.leave(node)])
        inner = _body(b, frame, node.body)
        b.emit(b.py.forever(node, b.py.const(node, True), [*statements, out, *inner]))
    else:
        inner = _body(b, frame, node.body)
        b.emit(b.py.forever(node, test, inner))
    _finish_loop(b, node, frame, dest)


@lowers_construct(n.Loop)
def loop(b: FunctionBuilder, node: n.Loop, dest: Dest) -> None:
    """`loop … end`."""
    frame = LoopFrame(node, node.label, _loop_dest(b, node, dest))
    inner = _body(b, frame, node.body)
    b.emit(b.py.forever(node, b.py.const(node, True), inner))
    _finish_loop(b, node, frame, dest)


@lowers_construct(n.WhileLet)
def while_let(b: FunctionBuilder, node: n.WhileLet, dest: Dest) -> None:
    """`while let p = e`: leaves at the first value that does not match."""
    frame = LoopFrame(node, node.label, _loop_dest(b, node, dest))
    py = b.py

    def head() -> None:
        value = b.simple(node.value, b.expr(node.value))
        test = pattern_test(b, node.pattern, lambda: value, b.type_of(node.value))
        if test.conditions:
            b.emit(py.when(node, py.negate(node, py.both(node, test.conditions)), [py.leave(node)]))
        test.emit_binds(b)

    inner = _body(b, frame, node.body, head)
    b.emit(py.forever(node, py.const(node, True), inner))
    _finish_loop(b, node, frame, dest)


@lowers_construct(n.For)
def for_(b: FunctionBuilder, node: n.For, dest: Dest) -> None:
    """`for p in xs if c`: a Python `for`, which a channel or suspending generator makes wait by giving `$PARK`."""
    py = b.py
    frame = LoopFrame(node, node.label, _loop_dest(b, node, dest))
    source, parks = loop_source(b, node, node.pattern, node.iterable)
    item_type = element_type(b, node.iterable, node.pattern)
    _note_counter(b, node)
    target, head = loop_target(b, node, node.pattern, item_type)
    name = ""
    if parks:
        name = b.temp()
        b.emit(py.assign(node, name, source))
        source = py.name(node, name)

    def before() -> None:
        if parks:
            pull(b, node, target, name)
        head()
        if node.condition is not None:
            test = condition(b, node.condition)
            b.emit(py.when(node, py.negate(node, test), [py.again(node)]))

    inner = _body(b, frame, node.body, before)
    loop = py.each(node.iterable, target, source, inner)
    b.emit(*(left(b, node, node.iterable, loop, name) if parks else [loop]))
    _finish_loop(b, node, frame, dest)


def left(b: FunctionBuilder, node: n.Node, items: n.Expr, loop: ast.stmt, iterator: str) -> list[ast.stmt]:
    """A loop over what may be a suspending generator: one that is left early runs its `defer`s.

    At once if it was made for the loop; if it came from elsewhere, when the last one lets go of it.
    """
    py = b.py
    if isinstance(items, n.Call | n.Pipe):
        leave = py.call(node, "$leave", py.name(node, iterator))
        return [py.guarded(node, [loop], [py.do(node, py.wait(node, leave))])]
    return [loop, py.assign(node, iterator, py.const(node, None))]


def pull(b: FunctionBuilder, node: n.Node, target: ast.expr, iterator: str) -> None:
    """Emit: when a channel or suspending generator has nothing at hand, wait for it."""
    py = b.py
    assert isinstance(target, ast.Name)
    got = target.id
    with b.block() as wait:
        b.emit(py.assign(node, got, py.wait(node, py.call(node, "$pull", py.name(node, iterator)))))
        b.emit(py.when(node, py.compare(node, py.name(node, got), ("is", py.name(node, "$END"))), [py.leave(node)]))
    b.emit(py.when(node, py.compare(node, py.name(node, got), ("is", py.name(node, "$PARK"))), wait))


def loop_source(b: FunctionBuilder, node: n.Node, pattern: n.Pattern, items: n.Expr) -> tuple[ast.expr, bool]:
    """What a loop iterates, and whether it may be a channel or a suspending generator."""
    py = b.py
    t = b.type_of(items)
    if isinstance(pattern, n.TuplePattern) and len(pattern.items) == 2:
        if t.name == "map" and t.args and is_plain_scalar(t.args[0]):
            return py.method(items, b.expr(items), "items"), False
        if t.name in ("map", "Any"):
            return py.call(items, "$pairs", b.expr(items)), node in b.analysis.suspends
    if node in b.analysis.suspends:
        return py.call(items, "$iter", b.expr(items)), True
    return iterable(b, items), False


def element_type(b: FunctionBuilder, items: n.Expr, pattern: n.Pattern) -> Type:
    """What is known of the values a loop gives out."""
    if isinstance(items, n.RangeExpr):
        return INT if all(b.type_of(p) == INT for p in (items.start, items.end)) else ANY
    t = b.type_of(items)
    if t.name == "map" and len(t.args) == 2:
        if isinstance(pattern, n.TuplePattern):
            return Type("tuple", t.args)
        return t.args[0]
    return t.args[0] if t.name in ("list", "set", "Channel") and t.args else ANY


def loop_target(b: FunctionBuilder, node: n.Node, pattern: n.Pattern, t: Type) -> tuple[ast.expr, Callable[[], None]]:
    """The Python target of a loop, and what to emit at the start of its body to bind the pattern."""
    py = b.py
    binding = b.analysis.bindings.get(pattern)
    if isinstance(pattern, n.NamePattern) and binding is not None and binding.kind in (Kind.LOCAL, Kind.GLOBAL):
        b.note_global(binding)

        def own() -> None:
            set_owned(b, node, binding, False)

        return py.name(pattern, b.name_of(binding)), own
    if isinstance(pattern, n.WildcardPattern):
        return py.name(pattern, "$_"), lambda: None
    direct = t.name == "tuple" and isinstance(pattern, n.TuplePattern) and len(t.args) == len(pattern.items)
    if direct and isinstance(pattern, n.TuplePattern) and node not in b.analysis.suspends:
        names = [b.analysis.bindings.get(p) for p in pattern.items if isinstance(p, n.NamePattern)]
        if len(names) == len(pattern.items) and all(x is not None and x.kind is Kind.LOCAL for x in names):
            found = [x for x in names if x is not None]

            def own_all() -> None:
                for x in found:
                    set_owned(b, node, x, False)

            return py.tuple_of(pattern, [py.name(pattern, b.name_of(x)) for x in found]), own_all
    name = b.temp()

    def take_apart() -> None:
        destructure(b, node, pattern, py.name(pattern, name), t)

    return py.name(pattern, name), take_apart


def _note_counter(b: FunctionBuilder, node: n.For) -> None:
    """`for i in 0..n`: i is never negative, so `i % 3` needs no test."""
    items = node.iterable
    binding = b.analysis.bindings.get(node.pattern)
    if not isinstance(items, n.RangeExpr) or binding is None or not is_non_negative(b, items.start):
        return
    if items.step is None or (isinstance(items.step, n.IntLit) and items.step.value > 0):
        b.module.counters.add(binding)


@lowers_stmt(n.BreakStmt)
def break_(b: FunctionBuilder, node: n.BreakStmt) -> None:
    """`break`, `break @outer`, `break value`."""
    target = _target(b, node.label)
    if node.value is not None:
        if target.dest.kind == "store":
            b.into(node.value, target.dest)
        else:
            b.into(node.value, DISCARD)
    _leave(b, node, target, "break")


@lowers_stmt(n.ContinueStmt)
def continue_(b: FunctionBuilder, node: n.ContinueStmt) -> None:
    """`continue`, `continue @outer`."""
    _leave(b, node, _target(b, node.label), "continue")


def _target(b: FunctionBuilder, label: str | None) -> LoopFrame:
    if label is None:
        return b.loops[-1]
    return next(frame for frame in reversed(b.loops) if frame.label == label)


def _leave(b: FunctionBuilder, node: n.Stmt, target: LoopFrame, how: str) -> None:
    """`break`/`continue`, or, for an outer loop, a flag and a `break` of the inner one."""
    py = b.py
    if target is b.loops[-1]:
        b.emit(py.leave(node) if how == "break" else py.again(node))
        return
    flag = b.temp()
    b.loops[-1].exits.append((flag, target, how))
    b.emit(py.assign(node, flag, py.const(node, True)), py.leave(node))


# --- Comprehensions ---------------------------------------------------------------------------


@lowers_expr(n.Comprehension)
def comprehension(b: FunctionBuilder, node: n.Comprehension) -> ast.expr:
    """A Python comprehension if it can be one, else loops."""
    made = _as_python(b, node)
    return made if made is not None else _as_loops(b, node)


def _as_python(b: FunctionBuilder, node: n.Comprehension) -> ast.expr | None:
    """A Python comprehension, where every part is one Python expression and every pattern a name or a pair of them."""
    py = b.py
    if b.suspends and any(c in b.analysis.suspends for c in node.clauses):
        return None
    first = node.clauses[0]
    outer, source = b.conditional(first.iterable, lambda x: loop_source(b, first, first.pattern, x)[0])
    generators: list[ast.comprehension] = []
    with b.block() as inner:
        for i, clause in enumerate(node.clauses):
            if i:
                source = loop_source(b, clause, clause.pattern, clause.iterable)[0]
            if b.module.is_counting:
                source = py.call(clause, "$measured", source)
            with b.block() as heads:
                target, head = loop_target(b, clause, clause.pattern, element_type(b, clause.iterable, clause.pattern))
                head()
            if heads or _has_walrus(source):
                return None
            py.each(node, target, source, [])  # turns the target into a store
            tests = [condition(b, c) for c in clause.conditions]
            generators.append(ast.comprehension(target, source, tests, 0))
        if node.kind == "map":
            assert node.value is not None
            k, v = b.in_order([(node.element, lambda x: key(b, x)), (node.value, b.expr)])
        else:
            element = b.expr(node.element)
    if inner:
        return None
    b.emit(*outer)
    if node.kind == "map":
        return ast.DictComp(k, v, generators, **py.at(node))
    made = ast.ListComp(element, generators, **py.at(node))
    return py.call(node, "$set", made) if node.kind == "set" else made


def _has_walrus(value: ast.expr) -> bool:
    return any(isinstance(x, ast.NamedExpr) for x in ast.walk(value))


def _as_loops(b: FunctionBuilder, node: n.Comprehension) -> ast.expr:
    """The same as nested loops that fill a collection."""
    py = b.py
    name = b.temp()
    empty: ast.expr = py.dict_of(node, []) if node.kind == "map" else py.list_of(node, [])
    b.emit(py.assign(node, name, empty))

    def fill(clauses: Sequence[n.ForClause]) -> None:
        if not clauses:
            if node.kind == "map":
                assert node.value is not None
                k, v = b.in_order([(node.element, lambda x: key(b, x)), (node.value, b.expr)])
                b.emit(py.assign_to(node, py.index(node, py.name(node, name), k), v))
            else:
                b.emit(py.do(node, py.method(node, py.name(node, name), "append", b.expr(node.element))))
            return
        clause = clauses[0]
        source, parks = loop_source(b, clause, clause.pattern, clause.iterable)
        iterator = ""
        if parks:
            iterator = b.temp()
            b.emit(py.assign(clause, iterator, source))
            source = py.name(clause, iterator)
        target, head = loop_target(b, clause, clause.pattern, element_type(b, clause.iterable, clause.pattern))
        with b.block() as inner:
            b.enter_loop()
            turn(b, clause)
            if parks:
                pull(b, clause, target, iterator)
            head()
            for c in clause.conditions:
                b.emit(py.when(c, py.negate(c, condition(b, c)), [py.again(c)]))
            fill(clauses[1:])
        loop = py.each(clause.iterable, target, source, inner)
        b.emit(*(left(b, clause, clause.iterable, loop, iterator) if parks else [loop]))

    fill(node.clauses)
    made = py.name(node, name)
    return py.call(node, "$set", made) if node.kind == "set" else made


# --- Declarations inside functions ------------------------------------------------------------


@lowers_stmt(n.CellDecl)
def nested_cell(b: FunctionBuilder, node: n.CellDecl) -> None:
    """A cell inside a function."""
    b.emit(*b.module.cell(node, b))


@lowers_stmt(
    n.RecordDecl,
    n.EnumDecl,
    n.ConstDecl,
    n.TraitDecl,
    n.ImplDecl,
    n.TypeAliasDecl,
    n.ImportDecl,
    n.UseToolDecl,
    n.LaterDecl,
)
def nested_declaration(b: FunctionBuilder, node: Any) -> None:
    """Any other declaration inside a function."""
    b.emit(*b.module.declaration(node, b))
