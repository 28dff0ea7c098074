"""`let` and assignment: rebinding a variable to an updated value, in place where nobody can tell.

`function.py` explains the ownership flag. An update of a path (`p.a.b = v`, `m["k"] = append(m["k"], v)`)
owns the root by its flag and each value on the way by its reference count, copying what is shared.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from attrs import define, evolve

from lumen.analysis.scopes import Binding, Kind
from lumen.analysis.tables import CallTarget
from lumen.analysis.types import ANY, INT, SCALARS, Type
from lumen.analysis.walk import walk
from lumen.compiler.function import DISCARD, OWN, FunctionBuilder, lowers_stmt
from lumen.compiler.lower_expr import arithmetic, is_plain_scalar
from lumen.compiler.lower_pattern import destructure
from lumen.syntax import nodes as n

GROWING = {"append": "append", "push": "append", "insert": "insert", "remove": "remove", "merge": "merge"}
"""Built-ins that give an updated collection → what the in-place form does."""
FRESH = frozenset(
    [
        "append",
        "push",
        "insert",
        "remove",
        "keys",
        "values",
        "entries",
        "merge",
        "enumerate",
        "zip",
        "range",
        "take",
        "drop",
        "slice",
        "chunk",
        "window",
        "reverse",
        "sort",
        "sort_by",
        "unique",
        "flatten",
        "flat_map",
        "map",
        "filter",
        "group_by",
        "partition",
        "to_list",
        "to_set",
        "add",
        "union",
        "intersection",
        "difference",
        "clone",
        "split",
        "chars",
        "lines",
    ]
)
"""Built-ins whose result nobody else holds."""


# --- Which variables have a flag --------------------------------------------------------------


def updated_variables(b: FunctionBuilder, root: n.Node) -> set[Binding]:
    """The variables that the statements of a function update in place somewhere; `root` is its body."""
    found: set[Binding] = set()
    for node in b.module.own_nodes(b.function, root):
        if not isinstance(node, n.AssignStmt):
            continue
        target = _root(node.target)
        binding = b.analysis.bindings.get(target) if target is not None else None
        if binding is None or binding.kind not in (Kind.LOCAL, Kind.GLOBAL):
            continue
        grows = growth(b, node) is not None
        if isinstance(node.target, (n.Attr, n.Index)) and (grows or not isinstance(node.target.value, n.Name)):
            b.updates_inside = True
        if not isinstance(node.target, n.Name) or grows:
            found.add(b.copies.get(binding, binding))
    return found


def _root(target: n.Expr) -> n.Name | None:
    while isinstance(target, (n.Attr, n.Index)):
        target = target.value
    return target if isinstance(target, n.Name) else None


@define
class Growth:
    """An assignment of the form `x = append(x, …)`: what is done and with which other arguments."""

    action: str
    args: tuple[n.Expr, ...]
    type: Type
    """Of what is grown."""


def growth(b: FunctionBuilder, node: n.AssignStmt) -> Growth | None:
    """Whether an assignment only grows (or shrinks) what its target holds already."""
    value = node.value
    if node.op == "++" and b.type_of(node.target).name == "list":
        return Growth("extend", (value,), b.type_of(node.target))
    if node.op is not None:
        return None
    if isinstance(value, n.Binary) and value.op == "++" and same_place(b, node.target, value.left):
        left = b.type_of(value.left)
        return Growth("extend", (value.right,), left) if left.name == "list" else None
    target = b.analysis.calls.get(value) if isinstance(value, (n.Call, n.Pipe)) else None
    if target is None or target.binding is None or target.binding.kind is not Kind.BUILTIN:
        return None
    action = GROWING.get(target.binding.name)
    args = _arguments(value, target)
    if action is None or not args or not same_place(b, node.target, args[0]):
        return None
    if len(args) != {"append": 2, "insert": 3, "remove": 2, "merge": 2}[action]:
        return None
    return Growth(action, tuple(args[1:]), b.type_of(args[0]))


def _arguments(value: n.Expr, target: CallTarget) -> list[n.Expr]:
    """All arguments of a built-in's call in order, or nothing if some are named or spread."""
    first: list[n.Expr] = []
    if isinstance(value, n.Pipe):
        first = [value.left]
        if not isinstance(value.right, n.Call):
            return first
        value = value.right
    assert isinstance(value, n.Call)
    if target.kind == "ufcs" and isinstance(value.callee, n.Attr):
        if not target.is_certain or value.callee.is_optional:
            return []
        first = [value.callee.value, *first]
    if any(a.name is not None or a.is_spread for a in value.args):
        return []
    return [*first, *(a.value for a in value.args)]


def same_place(b: FunctionBuilder, left: n.Expr, right: n.Expr) -> bool:
    """Whether two expressions read the same variable or path, and nothing in it can differ between the two."""
    if isinstance(left, n.Name) and isinstance(right, n.Name):
        return b.analysis.bindings.get(left) is b.analysis.bindings.get(right) is not None
    if isinstance(left, n.Attr) and isinstance(right, n.Attr):
        return left.name.name == right.name.name and not right.is_optional and same_place(b, left.value, right.value)
    if isinstance(left, n.Index) and isinstance(right, n.Index) and not right.is_optional:
        return same_place(b, left.value, right.value) and _same_index(b, left.index, right.index)
    return False


def _same_index(b: FunctionBuilder, left: n.Expr, right: n.Expr) -> bool:
    if isinstance(left, n.IntLit) and isinstance(right, n.IntLit):
        return left.value == right.value
    if isinstance(left, n.StringLit) and isinstance(right, n.StringLit):
        return left.parts == right.parts and all(isinstance(p, str) for p in left.parts)
    return isinstance(left, n.Name) and same_place(b, left, right)


def is_fresh(b: FunctionBuilder, node: n.Expr) -> bool:
    """Whether an expression makes a collection or record that nobody else holds."""
    if isinstance(node, (n.ListExpr, n.MapExpr, n.SetExpr, n.Comprehension, n.RangeExpr, n.Slice)):
        return True
    if isinstance(node, n.Binary):
        return node.op == "++"
    if isinstance(node, n.Call):
        target = b.analysis.calls.get(node)
        if target is not None and target.kind == "record":
            return True
        return (
            target is not None
            and target.kind in ("builtin", "ufcs")
            and target.is_certain
            and (target.binding is not None and target.binding.kind is Kind.BUILTIN and target.binding.name in FRESH)
        )
    return False


def set_owned(b: FunctionBuilder, node: n.Node, binding: Binding, owned: bool) -> None:
    """Emit what records whether a variable's new value is ours alone."""
    if b.is_owned(binding):
        b.emit(b.py.assign(node, b.own_flag(binding), b.py.const(node, owned)))
        b.no_longer_owned(binding)
        if owned:
            b.now_owned(binding)


# --- let --------------------------------------------------------------------------------------


@lowers_stmt(n.LetStmt)
def let(b: FunctionBuilder, node: n.LetStmt) -> None:
    """`let p = e`: a plain variable may come to own what was just made; other patterns are taken apart."""
    pattern = node.pattern
    binding = b.analysis.bindings.get(pattern)
    if (
        isinstance(pattern, (n.NamePattern, n.TypePattern))
        and binding is not None
        and (binding.kind in (Kind.LOCAL, Kind.GLOBAL))
    ):
        with b.block() as inner:
            value = b.expr(node.value)
        b.emit(*inner)
        b.emit(b.py.assign(pattern, b.name_of(binding), value))
        b.note_global(binding)
        set_owned(b, node, binding, is_fresh(b, node.value))
        return
    t = b.type_of(node.value)
    if isinstance(pattern, n.WildcardPattern):
        b.into(node.value, DISCARD)
        return
    value = b.simple(node.value, b.expr(node.value))
    destructure(b, node, pattern, value, t)


# --- Assignment -------------------------------------------------------------------------------


def assign_several(b: FunctionBuilder, node: n.AssignStmt, target: n.TupleExpr) -> None:
    """`(a, b) = (b, a)`: like the pattern that it looks like, with variables that there are already."""
    patterns = []
    for item in target.items:
        pattern = n.NamePattern(item.span, item.name if isinstance(item, n.Name) else "_")
        b.analysis.bindings[pattern] = b.analysis.bindings[item]
        patterns.append(pattern)
    value = b.simple(node.value, b.expr(node.value))
    destructure(b, node, n.TuplePattern(target.span, tuple(patterns)), value, b.type_of(node.value))


@lowers_stmt(n.AssignStmt)
def assign(b: FunctionBuilder, node: n.AssignStmt) -> None:
    """`x = e`, `x += e`, and updates of a part of `x`."""
    target = node.target
    last_path, b.last_path = b.last_path, None
    if isinstance(target, n.TupleExpr):
        assign_several(b, node, target)
        return
    if node.op == "??":
        node = _fill_null(node)
    grows = growth(b, node)
    if isinstance(target, n.Name):
        binding = b.analysis.bindings.get(target)
        if binding is None:
            b.emit(b.py.do(node, b.expr(target)))
            return
        b.note_global(binding)
        if grows is not None and b.is_owned(binding):
            grow_variable(b, node, binding, grows)
            return
        value = b.expr(node.value)
        if node.op is not None:
            left = b.load(target, escapes=False)
            value = arithmetic(
                b, node, node.op, (target, left, b.type_of(target)), (node.value, value, b.type_of(node.value))
            )
        b.emit(b.py.assign(node, b.name_of(binding), value))
        set_owned(b, node, binding, node.op is None and is_fresh(b, node.value))
        return
    root = _root(target)
    binding = b.analysis.bindings.get(root) if root is not None else None
    if root is None or binding is None or not b.is_owned(binding):
        b.emit(b.py.do(node, b.expr(target)))
        return
    b.note_global(binding)
    update_path(b, node, binding, grows, last_path)


def _fill_null(node: n.AssignStmt) -> n.AssignStmt:
    """`x ??= e` is `x = x ?? e`; a missing field or entry counts as null."""
    old = node.target
    if isinstance(old, (n.Attr, n.Index)):
        old = evolve(old, is_optional=True)
    return n.AssignStmt(node.span, node.target, None, n.Binary(node.value.span, "??", old, node.value))


def own_root(b: FunctionBuilder, node: n.Node, binding: Binding) -> None:
    """Emit: make the variable's value ours, copying it if somebody else may hold it."""
    if b.is_surely_owned(binding):
        return
    py, name = b.py, b.name_of(binding)
    copy = py.assign(node, name, copied(b, node, py.name(node, name), binding.type or ANY))
    owned = py.assign(node, name + OWN, py.const(node, True))
    b.emit(py.when(node, py.negate(node, py.name(node, name + OWN)), [copy, owned]))
    b.now_owned(binding)


def copied(b: FunctionBuilder, node: n.Node, value: ast.expr, t: Type) -> ast.expr:
    """A shallow copy; records of this module have a function for it."""
    decl = t.decl
    is_record_here = decl is not None and decl.kind is Kind.RECORD and decl.origin is None
    if decl is not None and is_record_here and decl.owner is not None and decl.owner.parent is None:
        return b.py.call(node, b.py.name(node, f"{decl.name}.$copy"), value)
    return b.py.call(node, "$copy", value)


def grow_variable(b: FunctionBuilder, node: n.AssignStmt, binding: Binding, grows: Growth) -> None:
    """Emit `x = append(x, v)` and the like, in place."""
    values = guarded_values(b, node, grows.args, binding)
    own_root(b, node, binding)
    name = b.name_of(binding)
    value, in_place = grown(b, node, b.py.name(node, name), grows, values)
    b.emit(b.py.do(node, value) if in_place else b.py.assign(node, name, value))


def guarded_values(b: FunctionBuilder, node: n.Node, parts: Sequence[n.Expr], binding: Binding) -> list[ast.expr]:
    """Lower values that go into an updated variable; kept apart if they let that very variable escape.

    `xs = append(xs, f(xs))` hands the old value to f: its evaluation must come before the question who owns xs.
    """
    before = b.escapes
    values = b.operands(parts)
    if b.escapes != before:
        values = [b.simple(node, value) for value in values]
    return values


def grown(
    b: FunctionBuilder, node: n.Node, place: ast.expr, grows: Growth, values: list[ast.expr]
) -> tuple[ast.expr, bool]:
    """The in-place form of a growing built-in on a value that is ours, and whether it leaves the value where it is.

    Values of unknown type may turn out to be ones that can't change (a String): their new value must be stored.
    """
    py = b.py
    if grows.type.name == "list":
        if grows.action == "append":
            return py.method(node, place, "append", values[0]), True
        if grows.action == "extend" and b.type_of(grows.args[0]).name == "list":
            return py.method(node, place, "extend", values[0]), True
    word = "concat" if grows.action == "extend" else grows.action
    return py.call(node, f"${word}_own", place, *values), False


def update_path(
    b: FunctionBuilder, node: n.AssignStmt, binding: Binding, grows: Growth | None, last_path: n.Expr | None
) -> None:
    """`x.a[i].b = v`: own each value on the way down, then store into the last.

    `last_path` is the `xs[i]` of an `xs[i].f = v` just before this: `xs[i].g = w` finds it in `$path0`, still ours.
    """
    py = b.py
    steps: list[n.Attr | n.Index] = []
    at: n.Expr = node.target
    while isinstance(at, (n.Attr, n.Index)):
        steps.insert(0, at)
        at = at.value
    keys: list[ast.expr | None] = []
    for step in steps:
        if isinstance(step, n.Attr):
            keys.append(None)
        else:
            lowered = b.expr(step.index)
            keys.append(lowered if len(steps) == 1 and node.op is None else b.simple(step, lowered))
    parts = grows.args if grows is not None else (node.value,)
    values = guarded_values(b, node, parts, binding)
    if (node.op is not None and grows is None) or len(steps) > 1:
        values = [b.simple(node, value) for value in values]
    is_again = last_path is not None and is_same_part(b, node, values, last_path)
    if not is_again:
        own_root(b, node, binding)
    places: list[ast.Name] = [ast.Name(b.name_of(binding), ast.Load(), **py.at(node))]
    types = [b.type_of(at)]
    for depth, (step, index) in enumerate(zip(steps[:-1], keys[:-1], strict=True)):
        if is_again:
            places.append(ast.Name("$path0", ast.Load(), **py.at(step)))
        else:
            places.append(own_step(b, step, places[-1], types[-1], index, depth))
        types.append(b.type_of(step))
    last, place, t, index = steps[-1], places[-1], types[-1], keys[-1]
    value = values[0]
    in_place = False
    if grows is not None:
        inner = own_step(b, last, place, t, index, len(steps))
        value, in_place = grown(b, node, inner, grows, values)
        if in_place:
            b.emit(py.do(node, value))
            value, in_place = inner, is_bare_store(b, last, t)  # else a constraint has to look at it again
    elif node.op is not None:
        old = fetch(b, last, place, t, index)
        value = arithmetic(b, node, node.op, (last, old, b.type_of(last)), (node.value, value, b.type_of(node.value)))
    if not in_place:
        store(b, last, place, t, index, value)
    for part, kept in zip(parts, values, strict=True):
        if isinstance(kept, ast.Name) and kept.id[1:].isdigit() and b.type_of(part) not in SCALARS:
            b.emit(py.assign(node, kept.id, py.const(node, None)))  # a temporary must not count as a holder later
    for k in range(len(steps) - 1, 0, -1):
        if not is_bare_store(b, steps[k], types[k]):  # `places[k]` may be a new object: hand it up
            store(b, steps[k - 1], places[k - 1], types[k - 1], keys[k - 1], places[k])
    if len(steps) == 2 and grows is None and binding.kind is Kind.LOCAL:
        b.last_path = last.value


def is_same_part(b: FunctionBuilder, node: n.AssignStmt, values: Sequence[ast.expr], last_path: n.Expr) -> bool:
    """Whether an assignment updates the same `xs[i]` as the one before it, and nothing can have taken hold of it since.

    Only what is read may stand in its value: no call, and no field of uncertain class, whose test uses `$path0` too.
    """
    target = node.target
    return (
        isinstance(target, (n.Attr, n.Index))
        and same_place(b, target.value, last_path)
        and b.type_of(node.value) in SCALARS
        and all(isinstance(part, _READS) for part in walk(node.value))
        and not any(isinstance(part, ast.NamedExpr) for value in values for part in ast.walk(value))
    )


_READS = (n.Name, n.Ident, n.Attr, n.Index, n.Binary, n.Unary, n.IntLit, n.FloatLit, n.StringLit, n.BoolLit, n.NullLit)


def own_step(
    b: FunctionBuilder, step: n.Attr | n.Index, place: ast.Name, t: Type, index: ast.expr | None, depth: int
) -> ast.Name:
    """Emit: take the value at one step of a path, copying it first if others hold it too."""
    py = b.py
    # The same name for every update at this depth: one that lingers would hold a reference and make the next
    # update of the same value copy it.
    name = f"$path{depth}"
    b.emit(py.assign(step, name, fetch(b, step, place, t, index)))
    loaded = ast.Name(name, ast.Load(), **py.at(step))
    shared = py.compare(step, py.call(step, "$refcount", loaded), (">", py.name(step, "$unshared")))
    with b.block() as copy:
        b.emit(py.assign(step, name, copied(b, step, loaded, b.type_of(step))))
        store(b, step, place, t, index, loaded)
    b.emit(py.when(step, shared, copy))
    return loaded


def fetch(b: FunctionBuilder, step: n.Attr | n.Index, place: ast.Name, t: Type, index: ast.expr | None) -> ast.expr:
    """What stands at one step of a path."""
    py = b.py
    if isinstance(step, n.Attr):
        if _has_slot(b, t, step.name.name):
            return py.attr(step, place, step.name.name)
        return py.call(step, "$attr", place, py.const(step, step.name.name))
    assert index is not None
    if _is_direct(t, b.type_of(step.index)):
        return py.index(step, place, index)
    return py.call(step, "$index", place, index)


def is_bare_store(b: FunctionBuilder, step: n.Attr | n.Index, t: Type) -> bool:
    """Whether Python's own assignment does for a step into a value of type `t`."""
    if isinstance(step, n.Attr):
        return _has_slot(b, t, step.name.name) and not b.module.has_constraints(t.decl)
    return _is_direct(t, b.type_of(step.index))


def store(
    b: FunctionBuilder, step: n.Attr | n.Index, place: ast.Name, t: Type, index: ast.expr | None, value: ast.expr
) -> None:
    """Emit: put a value into a container that is ours.

    What can't be changed in place (a tuple, a record whose constraint must hold first) comes back new: the variable
    of the container is set to it.
    """
    py = b.py
    if isinstance(step, n.Attr):
        target, key, helper = py.attr(step, place, step.name.name), py.const(step, step.name.name), "$set_attr_own"
    else:
        assert index is not None
        target, key, helper = py.index(step, place, index), index, "$set_index_own"
    if is_bare_store(b, step, t):
        b.emit(py.assign_to(step, target, value))
    else:
        b.emit(py.assign(step, place.id, py.call(step, helper, place, key, value)))


def _has_slot(b: FunctionBuilder, t: Type, field: str) -> bool:
    return t.decl is not None and t.decl.kind is Kind.RECORD and field in b.module.fields_of(t.decl)


def _is_direct(container: Type, index: Type) -> bool:
    return (container.name == "list" and index == INT) or (container.name == "map" and is_plain_scalar(index))
