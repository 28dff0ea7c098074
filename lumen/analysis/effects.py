"""Which tools each cell may call, itself or by way of other cells.

A cell that names another one (calls it, spawns it, passes it on) is taken to call it; what a value of unknown origin
calls is not known. Lambdas and branches belong to the cell that they stand in. What a `with_tools({"name": …})` answers
does not go outside, so it does not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lumen.analysis.scopes import Kind
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen.analysis.declared import CellFact, Declared
    from lumen.analysis.scopes import Binding, Function

EFFECT_KINDS = frozenset({"llm", "http", "fs", "db", "process", "mcp"})


def effect_of(tool: str) -> str:
    """The effect kind of a tool by its dotted name: the first part if that is a kind, else `external`."""
    first = tool.partition(".")[0]
    return first if first in EFFECT_KINDS else "external"


@frozen
class ToolUse:
    """A tool that a cell may call."""

    tool: str
    """Its dotted name."""
    chain: tuple[str, ...]
    """The cells on the way to the call, then the tool's alias."""
    node: n.Node | None = None
    """Where the cell calls it, or the first of the chain; None for cells of other modules."""


Uses = dict[str, ToolUse]
"""Tools by dotted name, the nearest use of each."""


def find_tools(declared: Declared) -> dict[n.CellDecl, Uses]:
    """The tools of every cell and method of a module."""
    analysis = declared.analysis
    if not analysis.interfaces and not any(isinstance(item, n.UseToolDecl) for item in analysis.module.body):
        return {}
    return _Search(declared).run()


class _Search:
    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        self.analysis = declared.analysis
        self.found: dict[n.CellDecl, Uses] = {}
        self.callers: dict[n.CellDecl, list[tuple[n.CellDecl, n.Node, frozenset[str]]]] = {}
        self.answered: frozenset[str] = frozenset()
        """Tools that `with_tools` answers around what is looked at."""

    def run(self) -> dict[n.CellDecl, Uses]:
        for function, nodes in self.declared.own.items():
            cell = cell_around(function)
            if cell is None:
                continue
            uses = self.found.setdefault(cell, {})
            self.answered = answered_around(function)
            for node in nodes:
                self.look(cell, uses, node)
        # Breadth first, so that the chain which is told is the shortest.
        pending = [cell for cell, uses in self.found.items() if uses]
        while pending:
            changed: dict[n.CellDecl, None] = {}
            for callee in pending:
                for caller, node, answered in self.callers.get(callee, ()):
                    uses = self.found[caller]
                    for use in self.found[callee].values():
                        if use.tool not in uses and use.tool not in answered:
                            uses[use.tool] = ToolUse(use.tool, (callee.name.name, *use.chain), node)
                            changed[caller] = None
            pending = list(changed)
        return self.found

    def look(self, cell: n.CellDecl, uses: Uses, node: n.Node) -> None:
        """What one node of a cell says about tools."""
        for binding in self.named(node):
            if binding.kind is Kind.TOOL:
                tool = self.tool_name(binding)
                if tool not in self.answered and (tool not in uses or len(uses[tool].chain) > 1):
                    alias = node.name if isinstance(node, n.Name) else binding.name
                    uses[tool] = ToolUse(tool, (alias,), node)
            elif binding.kind is Kind.CELL:
                self.calls(cell, uses, self.declared.cell(binding), node)
        target = self.analysis.calls.get(node)
        if target is not None and target.kind == "method" and target.binding is not None:
            record = self.declared.records.get(target.binding)
            self.calls(cell, uses, None if record is None else record.methods.get(target.method or ""), node)

    def named(self, node: n.Node) -> Iterator[Binding]:
        """The cells and tools that a node speaks of."""
        if isinstance(node, n.Name | n.Attr):
            binding = self.analysis.bindings.get(node)
            if binding is not None:
                yield binding
        target = self.analysis.calls.get(node)
        if target is not None and target.kind == "ufcs" and target.binding is not None:
            yield target.binding

    def calls(self, cell: n.CellDecl, uses: Uses, fact: CellFact | None, node: n.Node) -> None:
        """A cell calls another one, of this module or an imported one."""
        if fact is None:
            return
        if fact.node is not None:
            self.callers.setdefault(fact.node, []).append((cell, node, self.answered))
        for tool, chain in fact.imported_tools:
            if tool in self.answered:
                continue
            uses.setdefault(tool, ToolUse(tool, (fact.name, *chain), node))

    def tool_name(self, binding: Binding) -> str:
        """The dotted name of the tool that an alias stands for."""
        if isinstance(binding.node, n.UseToolDecl):
            return binding.node.tool
        tool: str = self.analysis.imported.get(binding, {}).get("tool", "")
        return tool


def answered_around(function: Function) -> frozenset[str]:
    """The tools that the `with_tools` blocks around the code of a function certainly answer."""
    tools: set[str] = set()
    at: Function | None = function
    while at is not None and not isinstance(at.node, n.CellDecl):
        if isinstance(at.node, n.WithTools) and isinstance(at.node.answers, n.MapExpr):
            for entry in at.node.answers.entries:
                key = getattr(entry, "key", None)
                if isinstance(key, n.StringLit):
                    tools.add("".join(map(str, key.parts)))
        at = at.parent
    return frozenset(tools)


def cell_around(function: Function) -> n.CellDecl | None:
    """The cell or method that a function is, or stands in; None for those of the script."""
    at: Function | None = function
    while at is not None and not isinstance(at.node, n.CellDecl):
        at = at.parent
    return at.node if at is not None and isinstance(at.node, n.CellDecl) else None
