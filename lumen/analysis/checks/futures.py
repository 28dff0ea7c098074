"""Futures used as if they were the values they will give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.findings import report
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.declared import Declared
    from lumen.analysis.tables import Analysis

_ATTRIBUTES = frozenset(
    {
        "state", "status", "id", "operation", "is_done", "is_success", "is_failed", "cancel", "wait", "result",
        "get_error",
    }
)  # fmt: skip
"""What a future has of its own."""

_OPERATORS = frozenset({"+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "&", "|", "^", "<<", ">>"})
"""Operators that no future can stand beside; `==` compares futures by identity, `++` shows them."""


def check_futures(declared: Declared) -> None:
    """Code: missing-await (a warning: the program fails only if it comes to this place)."""
    analysis = declared.analysis
    for node in declared.tree:
        if isinstance(node, n.Binary) and node.op in _OPERATORS:
            _operand(analysis, node.left, f"`{node.op}`")
            _operand(analysis, node.right, f"`{node.op}`")
        elif isinstance(node, n.AssignStmt) and node.op in _OPERATORS:
            _operand(analysis, node.value, f"`{node.op}=`")
        elif isinstance(node, n.Unary) and node.op != "not":
            _operand(analysis, node.operand, f"`{node.op}`")
        elif isinstance(node, n.If | n.While):
            _operand(analysis, node.condition, "a condition: it is always true")
        elif isinstance(node, n.For):
            _operand(analysis, node.iterable, "`for`")
        elif isinstance(node, n.Index):
            _operand(analysis, node.value, "`[…]`")
        elif isinstance(node, n.Attr) and node.name.name not in _ATTRIBUTES and node.name not in analysis.bindings:
            _operand(analysis, node.value, f"`.{node.name.name}`")


def _operand(analysis: Analysis, node: n.Expr, where: str) -> None:
    type_ = analysis.types.get(node)
    if type_ is None or type_.name != "Future":
        return
    text = analysis.file.slice(node.span)
    what, hint = f"`{text}`", f"wait for its value: `await {text}`"
    if len(text) > _SHORT or "\n" in text:
        what, hint = "this", "wait for its value with `await`"
    report(
        analysis, "missing-await", f"{what} is a Future, used with {where}", node, severity="warning", hint=hint
    )  # fmt: skip


_SHORT = 30
"""Longer expressions are pointed at, not repeated."""
