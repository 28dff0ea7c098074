"""Walking a tree without knowing its nodes, cut at the borders of functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.syntax import nodes as n
from lumen.syntax.nodes import Node
from lumen.syntax.visit import children

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lumen.analysis.scopes import Function


def walk(root: Node, stop: Collection[Node] = ()) -> Iterator[Node]:
    """The node and everything inside, parents first, in source order; nodes in `stop` are not entered or given.

    Iterative: a program may be nested as deeply as the parser lets it. The root itself is always entered.
    """
    stack = [root]
    while stack:
        node = stack.pop()
        if node is not root and node in stop:
            continue
        yield node
        inner = children(node)
        inner.reverse()
        stack.extend(inner)


def inside(function: Function) -> list[Node]:
    """The parts of a function's node that run as its body (a parameter's default does, a spawn's options do not)."""
    node = function.node
    if isinstance(node, n.CellDecl | n.Lambda):
        defaults = [param.default for param in node.params if param.default is not None]
        return [*defaults, *(() if node.body is None else (node.body,))]
    if isinstance(node, n.BranchFor):
        condition = () if node.condition is None else (node.condition,)
        return [node.pattern, *condition, node.body]
    if isinstance(node, n.Branch | n.Spawn):
        return [node.value]
    if isinstance(node, n.RecordDecl):
        return [part for item in node.fields for part in (item.default, item.where) if part is not None]
    if isinstance(node, n.Attribute):
        return [arg.value for arg in node.args if arg.name == "cases"]
    if isinstance(node, n.Module):
        return [item for item in node.body if not isinstance(item, n.ConstDecl)]
    assert isinstance(node, n.AsyncBlock | n.DeferStmt | n.Comptime | n.Timeout | n.WithTools)
    return [node.body]


def outside(node: Node) -> list[Node]:
    """The parts of a function's node that the function *around* it evaluates."""
    if isinstance(node, n.BranchFor):
        return [node.iterable]
    if isinstance(node, n.Timeout):
        return [node.duration_ms]
    if isinstance(node, n.WithTools):
        return [node.answers]
    if isinstance(node, n.Spawn):
        return list(node.options)
    if isinstance(node, n.RecordDecl):
        return list(node.methods)
    return []


def own_nodes(function: Function, functions: dict[Node, Function]) -> Iterator[Node]:
    """Every node that runs as part of a function, and the nodes of the functions directly inside it (not entered)."""
    return nodes_of(inside(function), functions)


def nodes_of(parts: list[Node], functions: Collection[Node]) -> Iterator[Node]:
    """The same for parts that no function of their own computes, such as the value of a constant."""
    stack = parts[::-1]
    while stack:
        node = stack.pop()
        yield node
        inner = outside(node) if node in functions else children(node)
        inner.reverse()
        stack.extend(inner)
