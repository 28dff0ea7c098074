"""What `@deterministic true` forbids: chance and time without a seed, tool calls that no effect row declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.findings import report
from lumen.analysis.scopes import Kind
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.declared import Declared
    from lumen.analysis.scopes import Binding, Function
    from lumen.analysis.tables import Analysis

UNSEEDED = frozenset({"uuid", "random", "random_int", "timestamp", "timestamp_ms"})

EFFECT_KINDS = frozenset({"llm", "http", "fs", "db", "process", "mcp"})


def effect_of(tool: str) -> str:
    """The effect kind of a tool by its dotted name: the first part if that is a kind, else `external`."""
    first = tool.partition(".")[0]
    return first if first in EFFECT_KINDS else "external"


def check_determinism(declared: Declared, *, seeded: bool) -> None:
    """Codes: not-repeatable, undeclared-effect. Only in deterministic mode."""
    analysis = declared.analysis
    if not analysis.deterministic:
        return
    for function in analysis.functions.values():
        for node in declared.own[function]:
            target = analysis.calls.get(node)
            if target is not None and target.kind == "ufcs":
                binding = target.binding
            elif isinstance(node, n.Name | n.Attr):
                binding = analysis.bindings.get(node)
            else:
                continue
            if binding is None:
                continue
            if binding.kind is Kind.BUILTIN and binding.name in UNSEEDED and not seeded:
                report(
                    analysis, "not-repeatable", f"`{binding.name}` gives another value in each run", node,
                    hint="run with `--seed N`, which makes it repeatable",
                )  # fmt: skip
            elif binding.kind is Kind.TOOL:
                _tool(analysis, node, binding, function)


def _tool(analysis: Analysis, node: n.Node, binding: Binding, function: Function) -> None:
    if isinstance(binding.node, n.UseToolDecl):
        tool = binding.node.tool
    else:
        tool = analysis.imported.get(binding, {}).get("tool", "")
    kind = effect_of(tool)
    at: Function | None = function
    while at is not None and not isinstance(at.node, n.CellDecl):
        at = at.parent
    cell = None if at is None else at.node
    if not isinstance(cell, n.CellDecl):
        report(
            analysis, "undeclared-effect", f"`{binding.name}` has the effect `{kind}`, which a script can't declare",
            node,
            hint=f"call it in a cell that ends its signature with `/ {{{kind}}}`",
        )  # fmt: skip
    elif cell.effects is None or not {kind, tool, binding.name} & set(cell.effects.names):
        names = [] if cell.effects is None else list(cell.effects.names)
        report(
            analysis, "undeclared-effect",
            f"`{cell.name.name}` does not declare the effect `{kind}` of `{binding.name}`",
            node, hint=f"end its signature with `/ {{{', '.join([*names, kind])}}}`",
        )  # fmt: skip
