"""What each function needs from the functions around it.

Closures capture by value when they are made. So a function that assigns to a captured variable (or to a variable
of the script) changes a variable of its own, which starts with the captured value: `copies` in the tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.findings import report
from lumen.analysis.scopes import Binding, Kind
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.scopes import Function
    from lumen.analysis.tables import Analysis

Use = tuple["n.Node", "Function", Binding]
"""A node, the function it stands in, and what its name means."""

_VARIABLES = frozenset({Kind.LOCAL, Kind.GLOBAL})


def link_uses(analysis: Analysis, uses: list[Use], copied: dict[tuple[Function, Binding], n.AssignStmt]) -> None:
    """Settle which variable each use means, and fill `captures`, `free`, `copies` and `is_shared`.

    `copied` has the first assignment, by each function, to each variable that isn't its own.
    """
    root = analysis.functions[analysis.module]
    _hide_script_variables(root, uses, copied)
    # Outer functions first: the copy of an inner one starts with the copy of the outer one.
    for (function, binding), statement in sorted(copied.items(), key=lambda item: _depth(item[0][0])):
        outer = _own(analysis, function.parent, binding)
        own = Binding(binding.name, Kind.LOCAL, statement, function, is_mut=True, is_assigned=True)
        function.locals.append(own)
        analysis.copies.setdefault(function, {})[outer] = own
        _note(function, outer, root)
        if outer.kind is Kind.LOCAL:
            _capture(function, outer)
        if isinstance(function.node, n.DeferStmt):
            outer.is_assigned = True
            continue  # runs as part of its cell, at the end, and shares the cell's variables
        report(
            analysis, "assigned-copy", f"this changes a copy of `{binding.name}`: the variable outside keeps its value",
            statement, severity="warning", hint="closures capture values; give the new value back instead",
        )  # fmt: skip
    for node, function, binding in uses:
        if binding.kind not in _VARIABLES:
            if binding.kind is not Kind.BUILTIN and binding.owner is not None and binding.owner is not root:
                _free(function, binding)
            continue
        own_binding = _own(analysis, function, binding)
        analysis.bindings[node] = own_binding
        if own_binding.kind is Kind.LOCAL:
            _capture(function, own_binding)
        _note(function, own_binding, root)


def _hide_script_variables(
    root: Function, uses: list[Use], copied: dict[tuple[Function, Binding], n.AssignStmt]
) -> None:
    """Make those variables of the script local to it that closures of the script capture while they still change.

    A GLOBAL is read from the module when a closure *runs*, which is right only if it is never assigned again.
    One that cells use too has to stay where the cells can find it.
    """
    in_closures: dict[Binding, None] = {}
    in_cells: set[Binding] = set()
    for _, function, binding in uses:
        if binding.kind is Kind.GLOBAL and function is not root:
            if _is_in_cell(function, root):
                in_cells.add(binding)
            else:
                in_closures[binding] = None
    assigned_in = {binding for _, binding in copied}
    for binding in in_closures:
        if binding not in in_cells and (binding.is_assigned or binding.in_loop or binding in assigned_in):
            binding.kind = Kind.LOCAL
            root.locals.append(binding)


def _is_in_cell(function: Function, root: Function) -> bool:
    """Whether a function is a top-level cell or method, or stands inside one."""
    at: Function | None = function
    while at is not None and at is not root:
        if at.parent is root and isinstance(at.node, n.CellDecl | n.RecordDecl | n.Attribute):
            return True
        at = at.parent
    return False


def _depth(function: Function) -> int:
    depth = 0
    at = function.parent
    while at is not None:
        depth += 1
        at = at.parent
    return depth


def _own(analysis: Analysis, function: Function | None, binding: Binding) -> Binding:
    """The variable that `binding` means inside a function: the nearest copy on the way out, or itself."""
    way: list[Function] = []
    while function is not None and function is not binding.owner:
        way.append(function)
        function = function.parent
    found = binding
    for step in reversed(way):
        found = analysis.copies.get(step, {}).get(found, found)
    return found


def _capture(function: Function, binding: Binding) -> None:
    """Hand a variable down from its owner to a function inside it."""
    at: Function | None = function
    while at is not None and at is not binding.owner:
        at.captures[binding] = None
        at = at.parent


def _free(function: Function, binding: Binding) -> None:
    at: Function | None = function
    while at is not None and at is not binding.owner:
        at.free[binding] = None
        at = at.parent


def _note(function: Function | None, binding: Binding, root: Function) -> None:
    if binding.kind is Kind.GLOBAL and function is not None and function is not root:
        binding.is_shared = True
