"""Calls, pipes, lambdas, `await`, `?`: everything that goes through a function.

A call of a known plain cell is a bare Python call, of a known suspending one `await f(…)`; of an async cell a
task of its body. A call of an unknown function value looks at what came back and awaits it only if it is a coroutine.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from lumen.analysis.scopes import Binding, Kind
from lumen.analysis.tables import CallTarget
from lumen.analysis.types import FLOAT, INT, SCALARS, STRING
from lumen.compiler.function import FunctionBuilder, lowers_expr
from lumen.compiler.lower_expr import field
from lumen.syntax import nodes as n

READ_ONLY = frozenset(
    [
        "length",
        "len",
        "count",
        "size",
        "contains",
        "has_key",
        "is_empty",
        "sum",
        "min",
        "max",
        "join",
        "index_of",
        "starts_with",
        "ends_with",
        "print",
        "debug",
        "keys",
        "sort",
        "sort_by",
        "reverse",
        "slice",
        "take",
        "drop",
        "chunk",
        "window",
        "unique",
        "enumerate",
        "to_string",
        "string",
        "type_of",
        "upper",
        "lower",
        "trim",
        "split",
        "abs",
        "sqrt",
        "floor",
        "ceil",
        "round",
        "json_stringify",
        "to_json",
        "hash",
        "sha256",
        "assert_eq",
        "assert_ne",
    ]
)
"""Built-ins that keep nothing of an argument and give nothing that is one: an owned collection stays owned."""

CallLowerer = Callable[[FunctionBuilder, n.Node, CallTarget, n.Expr, Sequence[n.Arg], Sequence[n.Expr]], ast.expr]
"""Lowers one kind of call: (builder, node, target, callee, arguments in parentheses, arguments before them)."""
Arguments = tuple[list[ast.expr], list[tuple[str | None, ast.expr]]]


def arguments(b: FunctionBuilder, args: Sequence[n.Arg], first: Sequence[n.Node] = (), read: bool = False) -> Arguments:
    """Lower arguments in order: positional ones (after `first`), then named ones."""

    def lower(arg: Any) -> ast.expr:
        if isinstance(arg, n.Arg):
            return b.read(arg.value) if read and not arg.is_spread else b.expr(arg.value)
        return b.read(arg) if read else b.expr(arg)

    return _sort(b, first, args, b.in_order([(part, lower) for part in [*first, *args]]))


def awaited(b: FunctionBuilder, node: n.Node, value: ast.expr) -> ast.expr:
    """The result of a call at a place where analysis says the function may suspend (or maybe)."""
    if node in b.analysis.maybe:
        return maybe_awaited(b, node, value)
    if node in b.analysis.suspends:
        return b.py.wait(node, value)
    return value


def maybe_awaited(b: FunctionBuilder, node: n.Node, value: ast.expr) -> ast.expr:
    """`value`, awaited if it turns out to be a coroutine; in a plain function such a one is run to its end."""
    py = b.py
    if not b.suspends:
        return py.call(node, "$settled", value)
    temp = b.temp()
    test = py.compare(node, py.class_of(node, py.walrus(node, temp, value)), ("is", py.name(node, "$coroutine")))
    return py.choose(node, test, py.wait(node, py.name(node, temp)), py.name(node, temp))


# --- Calls ------------------------------------------------------------------------------------


@lowers_expr(n.Call)
def call(b: FunctionBuilder, node: n.Call) -> ast.expr:
    """`f(a, b)`."""
    return invoke(b, node, node.callee, node.args, ())


@lowers_expr(n.Pipe)
def pipe(b: FunctionBuilder, node: n.Pipe) -> ast.expr:
    """`x |> f(a)`: a call with `x` before the other arguments."""
    right = node.right
    if isinstance(right, n.Call):
        return invoke(b, node, right.callee, right.args, (node.left,))
    return invoke(b, node, right, (), (node.left,))


def invoke(
    b: FunctionBuilder, node: n.Node, callee: n.Expr, args: Sequence[n.Arg], first: Sequence[n.Expr]
) -> ast.expr:
    """A call, awaited if it may suspend. `first` are arguments from outside the parentheses (a pipe's left side)."""
    value = started(b, node, callee, args, first)
    return awaited(b, node, value)


def started(
    b: FunctionBuilder, node: n.Node, callee: n.Expr, args: Sequence[n.Arg], first: Sequence[n.Expr]
) -> ast.expr:
    """A call whose result, if the callee suspends, is a coroutine that has not begun: what `spawn` takes."""
    target = b.analysis.calls.get(node) or CallTarget("value")
    lower: CallLowerer = _BY_KIND.get(target.kind, call_value)
    return lower(b, node, target, callee, args, first)


def call_value(
    b: FunctionBuilder, node: n.Node, target: CallTarget, callee: n.Expr, args: Sequence[n.Arg], first: Sequence[n.Expr]
) -> ast.expr:
    """A call of a function value, or of a method found when the program runs."""
    if isinstance(callee, n.Attr) and b.analysis.bindings.get(callee) is None and not _is_module(b, callee.value):
        return call_method(b, node, target, callee, args, first)
    values = b.in_order([(callee, b.read), *_parts(b, first, args)])
    function = values.pop(0)
    positional, named = _sort(b, first, args, values)
    return b.py.call(node, function, *positional, keywords=named)


def _parts(b: FunctionBuilder, first: Sequence[n.Expr], args: Sequence[n.Arg]) -> list[tuple[n.Node, Any]]:
    def lower(arg: n.Arg) -> ast.expr:
        return b.expr(arg.value)

    return [*((f, b.expr) for f in first), *((a, lower) for a in args)]


def _sort(b: FunctionBuilder, first: Sequence[n.Node], args: Sequence[n.Arg], values: list[ast.expr]) -> Arguments:
    """Positional and named arguments; a spread value is a list of the first or a map of the second."""
    positional = values[: len(first)]
    named: list[tuple[str | None, ast.expr]] = []
    for arg, value in zip(args, values[len(first) :], strict=True):
        if arg.name is not None:
            named.append((arg.name, value))
        elif not arg.is_spread:
            positional.append(value)
        elif b.type_of(arg.value).name in ("list", "tuple"):
            positional.append(b.py.starred(arg, value))
        else:
            once = b.temp()
            listed = b.py.call(arg, "$spread_list", b.py.walrus(arg, once, value))
            positional.append(b.py.starred(arg, listed))
            named.append((None, b.py.call(arg, "$spread_named", b.py.name(arg, once))))
    return positional, named


def _is_module(b: FunctionBuilder, node: n.Expr) -> bool:
    if not isinstance(node, n.Name):
        return False
    binding = b.analysis.bindings.get(node)
    return binding is not None and binding.kind is Kind.MODULE


def call_method(
    b: FunctionBuilder, node: n.Node, target: CallTarget, callee: n.Expr, args: Sequence[n.Arg], first: Sequence[n.Expr]
) -> ast.expr:
    """`x.m(…)`, found when the program runs; `target.binding` (a cell or built-in called m) is the fallback."""
    assert isinstance(callee, n.Attr)
    py = b.py
    values = b.in_order([(callee.value, b.expr), *_parts(b, first, args)])
    receiver = values.pop(0)
    positional, named = _sort(b, first, args, values)
    fallback = py.const(node, None)
    if target.binding is not None:
        fallback = function_value(b, node, target)
    if callee.is_optional:
        return py.call(node, "$method_opt", receiver, py.const(callee.name, callee.name.name), fallback,
                       py.tuple_of(node, positional), _keywords(b, node, named))  # fmt: skip
    return py.call(node, "$method", receiver, py.const(callee.name, callee.name.name), fallback,
                   py.tuple_of(node, positional), _keywords(b, node, named))  # fmt: skip


def _keywords(b: FunctionBuilder, node: n.Node, named: list[tuple[str | None, ast.expr]]) -> ast.expr:
    if not named:
        return b.py.const(node, None)
    return b.py.dict_of(node, [(None if k is None else b.py.const(node, k), v) for k, v in named])


def function_value(b: FunctionBuilder, node: n.Node, target: CallTarget) -> ast.expr:
    """The cell or built-in that a call names, in the form the call needs."""
    assert target.binding is not None
    if target.binding.kind is Kind.BUILTIN:
        suffix = "~" if target.higher_order_async else ""
        return b.py.name(node, f"${target.binding.name}{suffix}")
    return b.load_binding(node, target.binding)


def call_cell(
    b: FunctionBuilder, node: n.Node, target: CallTarget, callee: n.Expr, args: Sequence[n.Arg], first: Sequence[n.Expr]
) -> ast.expr:
    """A cell or constructor of known name: a bare call."""
    positional, named = arguments(b, args, first)
    function = b.expr(callee)
    return b.py.call(node, function, *positional, keywords=named)


def call_async(
    b: FunctionBuilder, node: n.Node, target: CallTarget, callee: n.Expr, args: Sequence[n.Arg], first: Sequence[n.Expr]
) -> ast.expr:
    """An async cell: a task of its body; called through its spawning wrapper where it comes from elsewhere."""
    positional, named = arguments(b, args, first)
    function = b.expr(callee)
    if isinstance(function, ast.Name) and target.binding is not None and target.binding.origin is None:
        body = b.py.call(node, b.py.name(node, function.id + "$body"), *positional, keywords=named)
        return b.py.call(node, "$spawn", body, b.module.site(node))
    return b.py.call(node, function, *positional, keywords=named)


def async_body(b: FunctionBuilder, node: n.Call, target: CallTarget) -> ast.expr | None:
    """For `spawn(f())` of an async cell of this module: the coroutine of its body, else None."""
    if target.kind != "async" or target.binding is None or target.binding.origin is not None:
        return None
    positional, named = arguments(b, node.args)
    function = b.expr(node.callee)
    if not isinstance(function, ast.Name):
        return None
    return b.py.call(node, b.py.name(node, function.id + "$body"), *positional, keywords=named)


def call_builtin(
    b: FunctionBuilder, node: n.Node, target: CallTarget, callee: n.Expr, args: Sequence[n.Arg], first: Sequence[n.Expr]
) -> ast.expr:
    """A built-in: one Python operation where the types allow it, else its body."""
    assert target.binding is not None
    name = target.binding.name
    is_plain = all(a.name is None and not a.is_spread for a in args)
    if is_plain:
        inlined = inline_builtin(b, node, name, [*first, *(a.value for a in args)])
        if inlined is not None:
            return inlined
    positional, named = arguments(b, args, first, read=name in READ_ONLY)
    return b.py.call(node, function_value(b, node, target), *positional, keywords=named)


def inline_builtin(b: FunctionBuilder, node: n.Node, name: str, parts: list[Any]) -> ast.expr | None:
    """Built-ins that are one Python operation when the argument's type is known."""
    if not parts:
        return None
    t = b.type_of(parts[0])
    py = b.py
    if len(parts) == 1:
        if name in ("length", "len", "size", "count") and t.name in ("list", "String", "map", "tuple"):
            return py.call(node, "$pylen", b.read(parts[0]))
        if name in ("to_float", "float") and t in (INT, FLOAT):
            return py.call(node, "$floatclass", b.read(parts[0]))
        if name in ("sqrt", "sin", "cos", "tan", "abs") and t in (INT, FLOAT):
            return py.call(node, f"$direct.{name}", b.read(parts[0]))
        if name in ("to_string", "string") and t == INT:
            return py.call(node, "$strclass", b.read(parts[0]))
    if len(parts) == 2 and name in ("min", "max") and t == b.type_of(parts[1]) and t in (INT, STRING):
        return py.call(node, f"$direct.{name}", *b.operands(parts, read=True))
    if len(parts) == 2 and name in ("contains", "has_key"):
        s = b.type_of(parts[1])
        if (t.name == "map" and s in (INT, STRING, FLOAT)) or (t == STRING and s == STRING and name == "contains"):
            container, item = b.operands(parts, read=True)
            return py.compare(node, item, ("in", container))
    return None


def call_record(
    b: FunctionBuilder, node: n.Node, target: CallTarget, callee: n.Expr, args: Sequence[n.Arg], first: Sequence[n.Expr]
) -> ast.expr:
    """`P(1, y: 2)`, and `P(...p, x: 3)`: the fields of p but for those that are given."""
    if not any(a.is_spread for a in args):
        return call_cell(b, node, target, callee, args, first)
    py = b.py
    cls = b.expr(callee)
    fields = b.module.fields_of(target.binding) if target.binding is not None else ()
    base = args[0] if args and args[0].is_spread else None
    known = base is not None and b.type_of(base.value).decl is target.binding and all(a.name for a in args[1:])
    if known and fields and base is not None:
        source = b.simple(base, b.read(base.value))
        given = dict(zip((a.name for a in args[1:]), b.operands([a.value for a in args[1:]]), strict=True))
        if given.keys() <= set(fields):
            return py.call(
                node, cls, *(given.get(f) or field(b, base, source, b.type_of(base.value), f) for f in fields)
            )
    parts = b.in_order([(a, lambda x: b.expr(x.value)) for a in args])
    items = [
        py.tuple_of(a, [py.const(a, None if a.is_spread else a.name), value])
        for a, value in zip(args, parts, strict=True)
    ]
    return py.call(node, "$with", cls, *items)


def call_known_method(
    b: FunctionBuilder, node: n.Node, target: CallTarget, callee: n.Expr, args: Sequence[n.Arg], first: Sequence[n.Expr]
) -> ast.expr:
    """A method of a record or enum whose type is known: a bare call of its function."""
    assert isinstance(callee, n.Attr)
    assert target.method is not None
    owner = target.binding
    function = b.module.method_name(owner, target.method) if owner is not None else None
    if function is None or callee.is_optional:
        return call_method(b, node, CallTarget("value"), callee, args, first)
    positional, named = arguments(b, args, [callee.value, *first])
    return b.py.call(node, b.py.name(node, function), *positional, keywords=named)


def call_ufcs(
    b: FunctionBuilder, node: n.Node, target: CallTarget, callee: n.Expr, args: Sequence[n.Arg], first: Sequence[n.Expr]
) -> ast.expr:
    """`x.f(a)` as `f(x, a)`, if the type of `x` is known to have no `f` of its own."""
    assert isinstance(callee, n.Attr)
    assert target.binding is not None
    if not target.is_certain or callee.is_optional:
        return call_method(b, node, target, callee, args, first)
    if target.binding.kind is Kind.BUILTIN:
        return call_builtin(b, node, target, callee, args, [callee.value, *first])
    positional, named = arguments(b, args, [callee.value, *first])
    return b.py.call(node, b.load_binding(node, target.binding), *positional, keywords=named)


def call_tool(
    b: FunctionBuilder, node: n.Node, target: CallTarget, callee: n.Expr, args: Sequence[n.Arg], first: Sequence[n.Expr]
) -> ast.expr:
    """A tool call: `role` lines collected so far go along, and are used up if the tool takes messages."""
    roles = [a for a in args if a.name is not None and a.name.startswith("role ")]
    positional, named = arguments(b, [a for a in args if a not in roles], first)
    py = b.py
    messages: ast.expr = py.name(node, b.roles) if b.roles is not None else py.const(node, None)
    if roles:
        extra = b.operands([a.value for a in roles])
        own = [py.tuple_of(a, [py.const(a, str(a.name)[5:]), v]) for a, v in zip(roles, extra, strict=True)]
        messages = py.call(node, "$with_roles", messages, *own)
    tool = b.expr(callee)
    return py.call(
        node,
        "$call_tool",
        tool,
        py.tuple_of(node, positional),
        _keywords(b, node, named),
        messages,
        b.module.site(node),
    )


_BY_KIND: dict[str, CallLowerer] = {
    "cell": call_cell,
    "module-cell": call_cell,
    "variant": call_cell,
    "record": call_record,
    "async": call_async,
    "builtin": call_builtin,
    "tool": call_tool,
    "method": call_known_method,
    "ufcs": call_ufcs,
    "value": call_value,
}


# --- Lambdas ----------------------------------------------------------------------------------


@lowers_expr(n.Lambda)
def lambda_(b: FunctionBuilder, node: n.Lambda) -> ast.expr:
    """`fn(x) => e`, `fn(x) … end`."""
    return b.module.closure(b, node, node.params, node.body, "fn")


# --- Await, propagation -----------------------------------------------------------------------


@lowers_expr(n.Await)
def await_(b: FunctionBuilder, node: n.Await) -> ast.expr:
    """`await e`: the value itself if its type can hold no future, else what the kernel gives."""
    py = b.py
    value = b.expr(node.value)
    t = b.type_of(node.value)
    if t in SCALARS:
        return value
    if t.name == "Future" or (
        isinstance(node.value, (n.Concurrent, n.Timeout, n.Spawn, n.AsyncBlock))
        and not (isinstance(node.value, n.Spawn) and isinstance(node.value.value, n.ListExpr))
    ):
        return names_bound(b, node, py.wait(node, py.call(node, "$wait", value)))
    temp = b.temp()
    test = py.compare(node, py.class_of(node, py.walrus(node, temp, value)), ("in", py.name(node, "$scalars")))
    return py.choose(node, test, py.name(node, temp), py.wait(node, py.call(node, "$await", py.name(node, temp))))


def names_bound(b: FunctionBuilder, node: n.Await, value: ast.expr) -> ast.expr:
    """`await parallel`/`await select` with `name = expr` branches: the names become variables here."""
    construct = node.value
    if not isinstance(construct, n.Concurrent) or isinstance(construct.branches, n.BranchFor):
        return value
    bound: list[tuple[int, n.Branch, Binding]] = [
        (i, branch, binding)
        for i, branch in enumerate(construct.branches)
        if (binding := b.analysis.bindings.get(branch)) is not None
    ]
    if not bound:
        return value
    py = b.py
    result = b.spill(node, value)
    if construct.kind == "select":
        winner = py.index(node, result, py.const(node, 0))
        chosen = py.index(node, result, py.const(node, 1))
        for i, branch, binding in bound:
            test = py.compare(branch, winner, ("==", py.const(branch, i)))
            set_variable(b, branch, binding, py.choose(branch, test, chosen, py.const(branch, None)))
        return chosen
    for _, branch, binding in bound:
        set_variable(b, branch, binding, py.attr(branch, result, binding.name))
    return result


def set_variable(b: FunctionBuilder, node: n.Node, binding: Binding, value: ast.expr) -> None:
    """Emit the assignment of a value that others may hold to a variable."""
    b.note_global(binding)
    b.emit(b.py.assign(node, b.name_of(binding), value))
    if b.is_owned(binding):
        b.emit(b.py.assign(node, b.own_flag(binding), b.py.const(node, False)))
        b.no_longer_owned(binding)


@lowers_expr(n.Propagate)
def propagate(b: FunctionBuilder, node: n.Propagate) -> ast.expr:
    """`e?`: the value of ok(v), the value itself; err(…) and null leave the function."""
    py = b.py
    temp = b.temp()
    b.emit(py.assign(node, temp, b.expr(node.value)))
    loaded = py.name(node, temp)
    cls = py.class_of(node, loaded)
    failed = py.either(
        node,
        [py.compare(node, loaded, ("is", py.const(node, None))), py.compare(node, cls, ("is", py.name(node, "$Err")))],
    )
    if b.function.is_generator:
        leave = [py.give(node, None)]
    else:
        leave = [py.give(node, loaded)]
    b.emit(py.when(node, failed, leave))
    return py.choose(node, py.compare(node, cls, ("is", py.name(node, "$Ok"))), py.attr(node, loaded, "value"), loaded)
