"""The order in which constants are computed: each after those that its value needs, wherever they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.findings import report
from lumen.analysis.scopes import Kind
from lumen.analysis.walk import walk
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.scopes import Binding
    from lumen.analysis.tables import Analysis


def order_constants(analysis: Analysis) -> None:
    """Fill `constants`. A constant may need others directly or through cells that it calls.

    Code: constant-cycle, for a constant whose value is written with itself. One that comes back to itself through a
    cell may be meant, if the cell does not get that far: it fails when the module is loaded, or does not.
    """
    needs = _Needs(analysis)
    done: dict[n.ConstDecl, None] = {}
    for item in analysis.module.body:
        if isinstance(item, n.ConstDecl):
            needs.visit(item, done, [])
    analysis.constants = list(done)


class _Needs:
    """What constants and cells refer to."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self._direct: dict[n.Node, list[Binding]] = {}
        self._through_cells: dict[Binding, list[n.ConstDecl]] = {}

    def visit(self, item: n.ConstDecl, done: dict[n.ConstDecl, None], path: list[n.ConstDecl]) -> None:
        """Put a constant behind all that it needs; `path` leads to it."""
        if item in done:
            return
        path.append(item)
        for binding in self.direct(item.value):
            for needed in self.constants_of(binding):
                if needed not in path:
                    self.visit(needed, done, path)
                elif binding.kind is Kind.CONST:
                    chain = " → ".join(f"`{step.name.name}`" for step in (*path[path.index(needed) :], needed))
                    notes = () if needed is item else (f"along {chain}",)
                    message = f"the value of `{needed.name.name}` needs itself"
                    report(self.analysis, "constant-cycle", message, needed.name, notes=notes)
        path.pop()
        done[item] = None

    def direct(self, node: n.Node) -> list[Binding]:
        """The constants and cells of this module that a tree refers to."""
        known = self._direct.get(node)
        if known is None:
            bindings = self.analysis.bindings
            used = dict.fromkeys(
                bindings[part] for part in walk(node) if isinstance(part, n.Name | n.Ident) and part in bindings
            )
            known = [b for b in used if b.kind in (Kind.CONST, Kind.CELL) and b.origin is None]
            self._direct[node] = known
        return known

    def constants_of(self, binding: Binding) -> list[n.ConstDecl]:
        """The constant itself, or those that a cell (and what it calls) refers to."""
        if isinstance(binding.node, n.ConstDecl):
            return [binding.node]
        known = self._through_cells.get(binding)
        if known is None:
            seen: dict[Binding, None] = {binding: None}
            pending = [binding]
            found: list[n.ConstDecl] = []
            while pending:
                at = pending.pop()
                if isinstance(at.node, n.ConstDecl):
                    found.append(at.node)
                elif isinstance(at.node, n.CellDecl) and at.node.body is not None:
                    fresh = [b for b in self.direct(at.node.body) if b not in seen]
                    seen.update(dict.fromkeys(fresh))
                    pending.extend(fresh)
            known = self._through_cells[binding] = found
        return known
