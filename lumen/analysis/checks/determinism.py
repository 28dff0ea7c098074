"""What `@deterministic true` forbids: chance and time without a seed, tools that no effect row declares.

What a program reads (`read_line`, `read_file`, `get_env`) is one of its inputs, and may differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.effects import Uses, answered_around, cell_around, effect_of
from lumen.analysis.findings import report
from lumen.analysis.scopes import Kind
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.declared import Declared
    from lumen.analysis.effects import ToolUse
    from lumen.analysis.tables import Analysis

UNSEEDED = frozenset({"uuid", "random", "random_int", "timestamp", "timestamp_ms"})


def check_determinism(declared: Declared, *, seeded: bool) -> None:
    """Codes: not-repeatable, undeclared-effect. Only in deterministic mode."""
    analysis = declared.analysis
    if not analysis.deterministic:
        return
    if not seeded:
        _chance(declared)
    for cell, uses in declared.tools.items():
        _row(analysis, cell, uses)
    _script(declared)


def _chance(declared: Declared) -> None:
    analysis = declared.analysis
    for node in declared.tree:
        target = analysis.calls.get(node)
        if target is not None and target.kind == "ufcs":
            binding = target.binding
        elif isinstance(node, n.Name):
            binding = analysis.bindings.get(node)
        else:
            continue
        if binding is not None and binding.kind is Kind.BUILTIN and binding.name in UNSEEDED:
            report(
                analysis, "not-repeatable", f"`{binding.name}` gives another value in each run", node,
                hint="run with `--seed N`, which makes it repeatable",
            )  # fmt: skip


def _row(analysis: Analysis, cell: n.CellDecl, uses: Uses) -> None:
    """Report the effects that a cell has and does not declare, each once."""
    names = () if cell.effects is None else cell.effects.names
    missing: dict[str, ToolUse] = {}
    for use in uses.values():
        kind = effect_of(use.tool)
        if not {kind, use.tool, use.chain[-1]} & set(names):
            first = missing.get(kind)
            if first is None or (len(use.chain), _start(use)) < (len(first.chain), _start(first)):
                missing[kind] = use
    row = ", ".join([*names, *missing])
    for kind, use in missing.items():
        *cells, alias = use.chain
        what = f"the effect `{kind}` of `{use.chain[0]}`"
        way = [cell.name.name, *cells, alias]
        notes = (f"`{kind}` comes along " + " → ".join(f"`{name}`" for name in way),) if cells else ()
        report(
            analysis, "undeclared-effect", f"`{cell.name.name}` does not declare {what}", use.node or cell,
            hint=f"end its signature with `/ {{{row}}}`", notes=notes,
        )  # fmt: skip


def _start(use: ToolUse) -> int:
    return 0 if use.node is None else use.node.span.start


def _script(declared: Declared) -> None:
    analysis = declared.analysis
    for function, nodes in declared.own.items():
        if cell_around(function) is not None:
            continue
        answered = answered_around(function)
        for node in nodes:
            binding = analysis.bindings.get(node) if isinstance(node, n.Name | n.Attr) else None
            if binding is not None and binding.kind is Kind.TOOL:
                tool = analysis.imported.get(binding, {}).get("tool", "")
                if isinstance(binding.node, n.UseToolDecl):
                    tool = binding.node.tool
                if tool in answered:
                    continue
                kind = effect_of(tool)
                report(
                    analysis, "undeclared-effect",
                    f"`{binding.name}` has the effect `{kind}`, which a script can't declare", node,
                    hint=f"call it in a cell that ends its signature with `/ {{{kind}}}`",
                )  # fmt: skip
