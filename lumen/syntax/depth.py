"""How deep a tree is: later stages and Python's compiler recurse, so there is a limit."""

from __future__ import annotations

from lumen.syntax import nodes as n
from lumen.syntax.visit import children

MAX_DEPTH = 500
"""Levels of nodes. CPython 3.11 compiles expression trees some three thousand levels deep; each of our levels becomes
up to four of its."""


def deepest(root: n.Node) -> n.Node | None:
    """A node that lies deeper than MAX_DEPTH, or None.  Walks level by level, without recursion."""
    level: list[n.Node] = [root]
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            return level[0]
        level = [child for node in level for child in children(node)]
    return None
