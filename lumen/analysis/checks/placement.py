"""Things that stand where they mean nothing: `break` outside a loop, `return` outside a cell, and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.findings import report
from lumen.analysis.walk import inside, nodes_of, outside
from lumen.diagnostics.spelling import nearest
from lumen.syntax import nodes as n
from lumen.syntax.visit import children

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lumen.analysis.declared import Declared
    from lumen.analysis.scopes import Function
    from lumen.analysis.tables import Analysis

_LOOPS = n.While | n.WhileLet | n.Loop | n.For


def check_placement(declared: Declared) -> None:
    """Codes: break-outside-loop, unknown-label, return-outside-cell, yield-outside-cell, propagate-outside-cell,
    await-not-possible, bad-directive."""
    analysis = declared.analysis
    for function, nodes in declared.own.items():
        _leaving(analysis, function, nodes)
        _directives(analysis, nodes)
        # Walking with the loops around each node is dear, and most functions leave no loop.
        if any(isinstance(node, n.BreakStmt | n.ContinueStmt) for node in nodes):
            _loops(analysis, function)
        if isinstance(function.node, n.RecordDecl | n.Comptime):
            what = (
                "defaults and `where` conditions of a record"
                if isinstance(function.node, n.RecordDecl)
                else "`comptime`"
            )
            _waits(analysis, nodes, what)
    for item in analysis.module.body:
        if isinstance(item, n.ConstDecl):
            _waits(analysis, nodes_of([item.value], analysis.functions), "the value of a constant")


def _directives(analysis: Analysis, nodes: list[n.Node]) -> None:
    """Directives are about the whole file."""
    for node in nodes:
        if isinstance(node, n.Directive) and node not in analysis.module.directives:
            report(analysis, "bad-directive", f"`@{node.name}` must stand at the top of the file", node)


def _waits(analysis: Analysis, nodes: Iterable[n.Node], what: str) -> None:
    """Report what certainly waits in a place that can't."""
    for node in nodes:
        if node in analysis.suspends and node not in analysis.maybe:
            report(
                analysis, "await-not-possible", f"{what} can't wait, but this does", node,
                hint="compute it in a cell, and pass the value in",
            )  # fmt: skip
            return


def _leaving(analysis: Analysis, function: Function, nodes: list[n.Node]) -> None:
    """`return`, `?`, and `yield` belong to a function that someone calls."""
    owner = function.node
    if isinstance(owner, n.CellDecl | n.Lambda):
        return
    for node in nodes:
        if isinstance(node, n.YieldStmt):
            report(
                analysis, "yield-outside-cell", "`yield` must stand in a cell", node,
                hint="a branch, a `defer`, or a script gives its values to nobody",
            )  # fmt: skip
        elif isinstance(node, n.ReturnStmt) and isinstance(owner, n.Module | n.DeferStmt | n.Comptime):
            if isinstance(owner, n.Module) and analysis.doc_mode:
                continue  # A snippet may have been cut out of a cell.
            where = (
                "a `defer`"
                if isinstance(owner, n.DeferStmt)
                else "a cell"
                if isinstance(owner, n.Module)
                else "`comptime`"
            )
            message = (
                "`return` must stand in a cell" if isinstance(owner, n.Module) else f"`return` can't leave {where}"
            )
            report(analysis, "return-outside-cell", message, node)
        elif isinstance(node, n.Propagate) and isinstance(owner, n.Module | n.DeferStmt | n.Comptime | n.RecordDecl):
            report(
                analysis, "propagate-outside-cell", "there is no cell here that `?` could return from", node,
                hint="use `unwrap(…)`, or `match` on the result",
            )  # fmt: skip


def _loops(analysis: Analysis, function: Function) -> None:
    """`break` and `continue` against the loops around them, within one function."""
    functions = analysis.functions
    stack: list[tuple[n.Node, tuple[str | None, ...]]] = [(part, ()) for part in inside(function)]
    while stack:
        node, labels = stack.pop()
        if isinstance(node, n.BreakStmt | n.ContinueStmt):
            _leaves_loop(analysis, node, labels, function)
        if node in functions:
            stack.extend((part, labels) for part in outside(node))
        elif isinstance(node, _LOOPS):
            # Only the body is inside the loop: a `break` in its condition leaves the one around.
            for part in children(node):
                stack.append((part, (*labels, node.label) if part is node.body else labels))
        else:
            stack.extend((part, labels) for part in children(node))


def _leaves_loop(
    analysis: Analysis, node: n.BreakStmt | n.ContinueStmt, labels: tuple[str | None, ...], function: Function
) -> None:
    word = "break" if isinstance(node, n.BreakStmt) else "continue"
    if not labels:
        is_cell = isinstance(function.node, n.CellDecl | n.Module)
        hint = None if is_cell else "closures and branches run on their own: they can't leave a loop around them"
        report(analysis, "break-outside-loop", f"`{word}` must stand in a loop", node, hint=hint)
    elif node.label is not None and node.label not in labels:
        suggestion = nearest(node.label, [label for label in labels if label is not None])
        hint = f"did you mean `@{suggestion}`?" if suggestion else f"write `for @{node.label} …` at the loop it means"
        report(analysis, "unknown-label", f"no loop around this is labelled `@{node.label}`", node, hint=hint)
