"""Which variables certainly hold what their type says.

An inferred type may rest on an annotation, and an annotation never changes what a program does: a cell declared
`-> Answer` may give a map that came from a tool. So `a.text` looks at the class of `a` before it takes the slot
(`lower_expr.field`), and `/` whether an Int is one, unless the value was made in sight: by a literal, an operator, a
constructor, or taken from a list that only ever held such values. The test costs up to 30 ns, twice the work of
reading a slot.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lumen.analysis.scopes import Binding, Kind
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.tables import Analysis

_GROWING = frozenset(("append", "push", "insert"))
_COUNTING = frozenset(("length", "len", "size"))
_LITERALS = (n.IntLit, n.FloatLit, n.StringLit, n.BoolLit, n.RangeExpr)
"""A range is one as well: Python makes none of anything but whole numbers."""


def certain_variables(analysis: Analysis, nodes: Iterable[n.Node]) -> set[Binding]:
    """The variables of a function, given by the nodes of its body, whose values are of the type they claim.

    Those that the function introduces are taken to be certain at first; one that is given a value which isn't drops
    out, until nothing changes. Parameters and captured variables never are.
    """
    given: list[tuple[Binding, n.Expr]] = []
    introduced: set[Binding] = set()
    for node in nodes:
        binding: Binding | None = None
        value: n.Expr | None = None
        if isinstance(node, n.LetStmt):
            binding, value = analysis.bindings.get(node.pattern), node.value
        elif isinstance(node, n.For | n.ForClause):
            binding, value = analysis.bindings.get(node.pattern), node.iterable
        elif isinstance(node, n.AssignStmt) and not isinstance(node.target, n.Attr):
            target = node.target
            while isinstance(target, n.Index):
                target = target.value
            binding, value = analysis.bindings.get(target), node.value
        if binding is not None and value is not None and binding.kind is Kind.LOCAL:
            given.append((binding, value))
            if not isinstance(node, n.AssignStmt):
                introduced.add(binding)
    certain = set(introduced)
    changed = True
    while changed:
        changed = False
        for binding, value in given:
            if binding in certain and not is_certain(analysis, value, certain):
                certain.discard(binding)
                changed = True
    return certain


def is_certain(analysis: Analysis, node: n.Node, certain: set[Binding]) -> bool:
    """Whether a value was made in sight: its inferred type, if any, does not rest on an annotation."""
    if isinstance(node, _LITERALS):
        return True
    if isinstance(node, n.Name):
        return analysis.bindings.get(node) in certain
    if isinstance(node, n.Binary):
        return is_certain(analysis, node.left, certain) and is_certain(analysis, node.right, certain)
    if isinstance(node, n.Unary):
        return is_certain(analysis, node.operand, certain)
    if isinstance(node, n.Index | n.Slice):
        return is_certain(analysis, node.value, certain)
    if isinstance(node, n.ListExpr):
        return all(not isinstance(item, n.Spread) and is_certain(analysis, item, certain) for item in node.items)
    if isinstance(node, n.Comprehension):
        return node.kind == "list" and is_certain(analysis, node.element, certain)
    if isinstance(node, n.Call):
        target = analysis.calls.get(node)
        if target is None:
            return False
        if target.kind == "record":
            return True
        is_builtin = target.kind == "builtin" and target.binding is not None
        if is_builtin and target.binding is not None and target.binding.name in _COUNTING:
            return True
        grows = target.kind == "builtin" and target.binding is not None and target.binding.name in _GROWING
        values = [node.args[i].value for i in (0, -1)] if grows and len(node.args) > 1 else []
        return bool(values) and all(is_certain(analysis, value, certain) for value in values)
    return False
