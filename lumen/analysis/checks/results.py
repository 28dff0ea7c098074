"""Values that get lost: an updated copy that nobody takes, a branch whose result has no name among named ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.findings import report
from lumen.analysis.scopes import Kind
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen.analysis.declared import Declared

_COPIES = frozenset(
    """append push insert remove merge add union intersection difference reverse sort sort_by unique flatten take drop
    slice chunk window enumerate zip upper lower trim trim_start trim_end replace pad_left pad_right clone""".split()
)
"""Built-ins that do nothing but give a value. (`map` and its like are called for what their functions do, too.)"""

_LOOPS = n.For | n.While | n.WhileLet | n.Loop


def check_results(declared: Declared) -> None:
    """Codes: unused-result, mixed-branches (warnings)."""
    for statement in _lost(declared):
        _copy(declared, statement)
    for node in declared.tree:
        if isinstance(node, n.Concurrent) and node.kind == "parallel" and isinstance(node.branches, tuple):
            _mixed(declared, node)


def _lost(declared: Declared) -> Iterator[n.Expr]:
    """The expressions that stand as statements and whose values are not those of the blocks around them."""
    without_value: set[n.Node] = set()
    for node in declared.tree:  # parents first
        if isinstance(node, _LOOPS | n.DeferStmt):
            without_value.add(node.body)
        if not isinstance(node, n.Block | n.Module):
            continue
        for at, statement in enumerate(node.body):
            is_last = at == len(node.body) - 1
            if not isinstance(statement, n.ExprStmt) or (is_last and node not in without_value):
                continue
            value = statement.value
            if isinstance(value, n.If | n.IfLet):
                without_value.add(value.then)
                if value.otherwise is not None:
                    without_value.add(value.otherwise)
            elif isinstance(value, n.Match | n.When):
                without_value.update(arm.body for arm in value.arms)
            else:
                yield value


def _copy(declared: Declared, node: n.Expr) -> None:
    analysis = declared.analysis
    target = analysis.calls.get(node)
    if not isinstance(node, n.Call | n.Pipe) or target is None or target.kind not in ("builtin", "ufcs"):
        return
    binding = target.binding
    if binding is None or binding.kind is not Kind.BUILTIN or binding.name not in _COPIES:
        return
    name = binding.name
    if not target.is_certain and (
        name in declared.methods or name in declared.imported_methods or name in declared.field_names
    ):
        return  # the value may have a method of that name
    if any(
        found.severity == "error" and found.span.start >= node.span.start and found.span.end <= node.span.end
        for found in analysis.diagnostics
    ):
        return  # a wrong call has been reported already
    subject = _subject(node)
    shown = "xs" if subject is None else analysis.file.slice(subject.span)
    is_variable = isinstance(subject, n.Name | n.Attr | n.Index) and len(shown) <= _SHORT and "\n" not in shown
    shown = shown if is_variable else "xs"
    call = node.right if isinstance(node, n.Pipe) else node
    count = len(call.args) if isinstance(call, n.Call) else 0
    more = ", …" if count > (target.kind == "builtin" and call is node) else ""
    report(
        analysis, "unused-result", f"`{name}` gives a new value, and nothing takes it", node, severity="warning",
        hint=f"write `{shown} = {name}({shown}{more})`",
    )  # fmt: skip


def _subject(node: n.Call | n.Pipe) -> n.Expr | None:
    """What is to be changed: the receiver, or the first argument."""
    if isinstance(node, n.Pipe):
        return node.left
    if isinstance(node.callee, n.Attr):
        return node.callee.value
    return node.args[0].value if node.args else None


def _mixed(declared: Declared, node: n.Concurrent) -> None:
    assert isinstance(node.branches, tuple)
    unnamed = [branch for branch in node.branches if branch.name is None]
    named = next((branch for branch in node.branches if branch.name is not None), None)
    if node.is_call or named is None or named.name is None or not unnamed:
        return
    file = declared.analysis.file
    if any(file.slice(branch.span).startswith("let") for branch in node.branches if branch.name is not None):
        hint = "each line is a branch of its own; statements that belong together stand in `async … end`"
    elif node in _discarded(declared):
        return  # its names become variables, and the other branches run for what they do
    else:
        hint = "give each branch a name, or none"
    report(
        declared.analysis, "mixed-branches", f"this branch has no name, but `{named.name.name}` has", unnamed[0],
        severity="warning", hint=hint,
    )  # fmt: skip


def _discarded(declared: Declared) -> set[n.Node]:
    """Constructs awaited as statements."""
    return {value.value for value in _lost(declared) if isinstance(value, n.Await)}


_SHORT = 30
"""Longer expressions are not repeated in a hint."""
