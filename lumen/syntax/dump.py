"""A stable text form of trees, for golden files: one node a line, fields by name, places left out."""

from __future__ import annotations

from typing import Any

from lumen.syntax import nodes as n
from lumen.syntax.visit import field_names


def dump(node: n.Node, spans: bool = False) -> str:
    """The tree as indented lines; fields that are None or empty, and flags that are False, are left out.

    With `spans`, each node is followed by its offsets, `Name@4:7`.
    """
    lines: list[str] = []
    # A stack instead of recursion: trees may be as deep as the parser allows.
    stack: list[tuple[int, str, Any]] = [(0, "", node)]
    while stack:
        depth, label, value = stack.pop()
        prefix = "  " * depth + (f"{label}: " if label else "")
        if isinstance(value, n.Node):
            place = f"@{value.span[0]}:{value.span[1]}" if spans else ""
            simple, parts = _split(value)
            lines.append(f"{prefix}{type(value).__name__}{place}{simple}")
            stack.extend((depth + 1, name, part) for name, part in reversed(parts))
        elif isinstance(value, tuple):
            lines.append(f"{prefix}[")
            stack.append((depth, "", _Close()))
            stack.extend((depth + 1, "", part) for part in reversed(value))
        elif isinstance(value, _Close):
            lines.append("  " * depth + "]")
        else:
            lines.append(f"{prefix}{value!r}")
    return "\n".join(lines) + "\n"


class _Close:
    """Marks the end of a list on the stack."""


def _split(node: n.Node) -> tuple[str, list[tuple[str, Any]]]:
    """Plain fields as text on the node's own line, the others as parts below it."""
    simple: list[str] = []
    parts: list[tuple[str, Any]] = []
    for name in field_names(type(node)):
        value = getattr(node, name)
        is_flag = name.startswith(("is_", "has_"))
        if value is None or value == () or (value is False and is_flag):
            continue
        if isinstance(value, n.Ident):
            simple.append(f" {name}={value.name}")
        elif isinstance(value, n.Node):
            parts.append((name, value))
        elif isinstance(value, tuple):
            if all(isinstance(item, n.Ident) for item in value):
                simple.append(f" {name}={','.join(item.name for item in value)}")
            elif any(isinstance(item, (n.Node, tuple)) for item in value):
                parts.append((name, value))
            else:
                simple.append(f" {name}={value!r}")
        elif value is True and is_flag:
            simple.append(f" {name}")
        else:
            simple.append(f" {name}={value!r}")
    return "".join(simple), parts
