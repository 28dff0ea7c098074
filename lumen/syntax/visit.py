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


def children(node: n.Node) -> Iterator[n.Node]:
    """The nodes directly below a node, in source order."""
    for name in field_names(type(node)):
        value: Any = getattr(node, name)
        if isinstance(value, n.Node):
            yield value
        elif type(value) is tuple:
            for item in value:
                if isinstance(item, n.Node):
                    yield item


def walk(node: n.Node) -> Iterator[n.Node]:
    """A node and all nodes below it, parents first, in source order, without recursion."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(list(children(current))))
