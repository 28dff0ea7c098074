"""`spawn`, `parallel`, `race`, `vote`, `select`, `timeout`, `async … end`, and `with_tools`.

All but the last give a Future. Each branch becomes a function of its own that takes what it uses as defaults (closures
capture by value); the run-time support calls it in a task of its own. A plain branch is told apart, since it needs no
coroutine.
"""

from __future__ import annotations

import ast
from typing import Any

from lumen.analysis.scopes import Colour
from lumen.analysis.tables import CallTarget
from lumen.compiler.function import FunctionBuilder, lowers_expr
from lumen.compiler.lower_call import async_body, started
from lumen.compiler.lower_expr import iterable
from lumen.compiler.lower_pattern import destructure
from lumen.compiler.lower_stmt import element_type
from lumen.syntax import nodes as n

OPTIONS: dict[str, tuple[str, ...]] = {
    "parallel": ("max", "settle"),
    "race": ("settle",),
    "vote": ("quorum", "by"),
    "select": (),
}
"""Options of each construct in the order the support functions take them."""


# --- spawn ------------------------------------------------------------------------------------


@lowers_expr(n.Spawn)
def spawn(b: FunctionBuilder, node: n.Spawn) -> ast.expr:
    """`spawn(e)`."""
    return spawned(b, node, node.value)


def spawned(b: FunctionBuilder, node: n.Node, value: n.Expr) -> ast.expr:
    """The future of one spawned expression."""
    py = b.py
    site = b.module.site(node)
    if isinstance(value, n.ListExpr) and not any(isinstance(i, n.Spread) for i in value.items):
        return py.list_of(value, b.in_order([(i, lambda x: spawned(b, x, x)) for i in value.items]))
    if isinstance(value, n.AsyncBlock):
        return async_block(b, value)
    if isinstance(value, n.Lambda):
        function = b.expr(value)
        return py.call(node, "$spawn_call", function, py.tuple_of(node, []), py.const(node, None), site)
    if isinstance(value, (n.Call, n.Pipe)):
        made = _spawned_call(b, node, value, site)
        if made is not None:
            return made
    if isinstance(value, (n.Name, n.Attr, n.Index)) or node not in b.analysis.functions:
        # A function is called in the new task; anything else is its result.
        args = py.tuple_of(node, [b.expr(value)])
        return py.call(node, "$spawn_call", py.name(node, "$called"), args, py.const(node, None), site)
    function = b.module.task_body(b, node, value)
    return py.call(node, "$spawn_call", function, py.tuple_of(node, []), py.const(node, None), site)


def _spawned_call(b: FunctionBuilder, node: n.Node, value: n.Call | n.Pipe, site: ast.expr) -> ast.expr | None:
    py = b.py
    target = b.analysis.calls.get(value) or CallTarget("value")
    if isinstance(value, n.Call):
        body = async_body(b, value, target)
        if body is not None:
            return py.call(node, "$spawn", body, site)
    callee = (
        value.callee
        if isinstance(value, n.Call)
        else (value.right.callee if isinstance(value.right, n.Call) else value.right)
    )
    args = value.args if isinstance(value, n.Call) else (value.right.args if isinstance(value.right, n.Call) else ())
    first = () if isinstance(value, n.Call) else (value.left,)
    call = started(b, value, callee, args, first)
    suspends = value in b.analysis.suspends and value not in b.analysis.maybe
    if suspends:
        return py.call(node, "$spawn", call, site)
    if not isinstance(call, ast.Call):
        return py.call(
            node, "$spawn_call", py.name(node, "$itself"), py.tuple_of(node, [call]), py.const(node, None), site
        )
    positional = py.tuple_of(node, call.args)
    named = (
        py.dict_of(node, [(None if k.arg is None else py.const(node, k.arg), k.value) for k in call.keywords])
        if call.keywords
        else py.const(node, None)
    )
    return py.call(node, "$spawn_call", call.func, positional, named, site)


@lowers_expr(n.AsyncBlock)
def async_block(b: FunctionBuilder, node: n.AsyncBlock) -> ast.expr:
    """`async … end` that is no branch: a task of its own."""
    py = b.py
    function = b.module.closure(b, node, (), node.body, "async")
    return py.call(node, "$spawn_call", function, py.tuple_of(node, []), py.const(node, None), b.module.site(node))


# --- parallel, race, vote, select -------------------------------------------------------------


@lowers_expr(n.Concurrent)
def concurrent(b: FunctionBuilder, node: n.Concurrent) -> ast.expr:
    """`parallel`, `race`, `vote`, `select` in block, `for` and call form."""
    py = b.py
    options = {a.name: a.value for a in node.options}
    wanted = OPTIONS[node.kind]
    defaults: dict[str, Any] = {"max": None, "settle": False, "quorum": None, "by": None}
    # Options first: they stand first in the source.
    present = [(name, options[name]) for name in wanted if name in options]
    values = dict(zip([name for name, _ in present], b.operands([v for _, v in present]), strict=True))
    if values and not node.is_call:
        values = {name: b.simple(node, value) for name, value in values.items()}
    trailing = [values.get(name, py.const(node, defaults[name])) for name in wanted]
    site = b.module.site(node)
    if isinstance(node.branches, n.BranchFor):
        return _for_form(b, node, node.branches, trailing, site)
    if node.is_call:
        return _call_form(b, node, node.branches, trailing, site)
    branches = [_branch(b, branch) for branch in node.branches]
    listed = py.tuple_of(node, branches)
    if node.kind == "parallel":
        named = any(branch.name is not None for branch in node.branches)
        names: ast.expr = py.const(node, None)
        if named:
            names = py.const(
                node, tuple(br.name.name if br.name is not None else f"_{i}" for i, br in enumerate(node.branches))
            )
        return py.call(node, "$parallel", listed, names, *trailing, site)
    if node.kind == "select":
        return py.call(node, "$select", listed, site, py.const(node, binds_names(b, node)))
    return py.call(node, f"${node.kind}", listed, *trailing, site)


def binds_names(b: FunctionBuilder, node: n.Concurrent) -> bool:
    """Whether the construct is awaited where it stands, so that its names become variables."""
    return not isinstance(node.branches, n.BranchFor) and any(br in b.analysis.bindings for br in node.branches)


def _branch(b: FunctionBuilder, branch: n.Branch) -> ast.expr:
    """`(function, is_plain)` of one branch."""
    function = b.module.task_body(b, branch, branch.value)
    plain = b.analysis.functions[branch].colour is Colour.PLAIN
    return b.py.tuple_of(branch, [function, b.py.const(branch, plain)])


def _call_form(
    b: FunctionBuilder, node: n.Concurrent, branches: tuple[n.Branch, ...], trailing: list[ast.expr], site: ast.expr
) -> ast.expr:
    """`race(f(), g())`: calls run in branches of their own; `race(futures)` takes what is in the list."""
    py = b.py
    if len(branches) == 1 and _gives_list(b, branches[0]):
        listed = py.list_of(node, [py.call(node, b.module.task_body(b, branches[0], branches[0].value))])
        if node.kind == "select":
            return py.call(node, "$select_values", listed, site, py.const(node, False))
        return py.call(node, f"${node.kind}_values", listed, *trailing, site)
    if all(isinstance(br.value, (n.Name, n.Attr, n.ListExpr, n.Comprehension, n.Index, n.IntLit, n.NullLit, n.StringLit,
                                 n.BoolLit, n.FloatLit, n.Spawn)) for br in branches):  # fmt: skip
        values = py.list_of(node, b.operands([br.value for br in branches]))
        if node.kind == "select":
            return py.call(node, "$select_values", values, site, py.const(node, False))
        return py.call(node, f"${node.kind}_values", values, *trailing, site)
    listed = py.tuple_of(node, [_branch(b, branch) for branch in branches])
    if node.kind == "parallel":
        return py.call(node, "$parallel", listed, py.const(node, None), *trailing, site)
    if node.kind == "select":
        return py.call(node, "$select", listed, site, py.const(node, False))
    return py.call(node, f"${node.kind}", listed, *trailing, site)


def _gives_list(b: FunctionBuilder, branch: n.Branch) -> bool:
    """Whether a lone argument makes the list of branches: `parallel(append(futures, f))`."""
    is_plain = b.analysis.functions[branch].colour is Colour.PLAIN
    return is_plain and b.type_of(branch.value).name in ("list", "tuple")


def _for_form(
    b: FunctionBuilder, node: n.Concurrent, form: n.BranchFor, trailing: list[ast.expr], site: ast.expr
) -> ast.expr:
    py = b.py
    items = iterable(b, form.iterable)
    function_node = b.analysis.functions[form]
    item_type = element_type(b, form.iterable, form.pattern)
    is_pair = isinstance(form.pattern, n.TuplePattern) and b.type_of(form.iterable).name in ("map", "Any")
    if is_pair and isinstance(form.pattern, n.TuplePattern) and len(form.pattern.items) == 2:
        items = py.call(form, "$pairs", b.expr(form.iterable))

    def head(inner: FunctionBuilder, parameter: str) -> None:
        destructure(inner, form, form.pattern, inner.py.name(form, parameter), item_type)

    if form.condition is not None:
        keep = b.module.item_function(
            b, form, head, n.Block(form.span, (n.ExprStmt(form.span, form.condition),)), Colour.PLAIN
        )
        items = py.call(form, "$kept", items, keep)
    function = _item_call(b, form) or b.module.item_function(b, form, head, form.body, function_node.colour)
    plain = py.const(form, function_node.colour is Colour.PLAIN and not function_node.can_spawn)
    return py.call(node, f"${node.kind}_for", items, function, plain, *trailing, site)


def _item_call(b: FunctionBuilder, form: n.BranchFor) -> ast.expr | None:
    """The cell itself, where the body is nothing but `f(item)`: saves a call for each item."""
    body = form.body.body
    if len(body) != 1 or not isinstance(body[0], n.ExprStmt) or not isinstance(body[0].value, n.Call):
        return None
    call = body[0].value
    target = b.analysis.calls.get(call)
    if target is None or target.kind != "cell" or not isinstance(call.callee, n.Name) or len(call.args) != 1:
        return None
    arg = call.args[0]
    item = b.analysis.bindings.get(form.pattern)
    takes_item = isinstance(arg.value, n.Name) and b.analysis.bindings.get(arg.value) is item is not None
    return b.expr(call.callee) if takes_item and arg.name is None and not arg.is_spread else None


# --- timeout ----------------------------------------------------------------------------------


@lowers_expr(n.Timeout)
def timeout(b: FunctionBuilder, node: n.Timeout) -> ast.expr:
    """`timeout(ms, e)` and `timeout(ms) … end`."""
    py = b.py
    duration = b.simple(node, b.expr(node.duration_ms))
    function = b.module.closure(b, node, (), node.body, "timeout")
    plain = b.analysis.functions[node].colour is Colour.PLAIN
    return py.call(node, "$timeout", duration, function, py.const(node, plain), b.module.site(node))


# --- with_tools -------------------------------------------------------------------------------


@lowers_expr(n.WithTools)
def with_tools(b: FunctionBuilder, node: n.WithTools) -> ast.expr:
    """`with_tools(answers) … end`: the body is a function, which runs in the same task."""
    py = b.py
    answers = b.simple(node, b.expr(node.answers))
    function = b.module.closure(b, node, (), node.body, "with_tools")
    return py.wait(node, py.call(node, "$with_tools", answers, function, b.module.site(node)))
