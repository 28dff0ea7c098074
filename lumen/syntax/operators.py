"""How tightly operators bind, and how a flat sequence of them becomes a tree."""

from __future__ import annotations

from lumen.source.span import Span
from lumen.syntax import nodes as n

BINDING = {
    "~>": 1,
    "|>": 2,
    "|> ()": 2,  # a call in parentheses behind: it gives the function, and takes no further argument
    "??": 3,
    "or": 4,
    "and": 5,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not", "as", "expect"), 6),
    "|": 7,
    "^": 8,
    "&": 9,
    "++": 10,
    "..": 11,
    "..=": 11,
    "step": 11,
    "<<": 12,
    ">>": 12,
    "+": 13,
    "-": 13,
    "*": 14,
    "/": 14,
    "//": 14,
    "%": 14,
    "**": 15,
}
"""Loosest first. All group to the left but `**`; prefix operators bind tighter than all of these."""


def fold(items: list[tuple[str, n.Node]], first: n.Expr) -> n.Expr:
    """`first op1 e1 op2 e2 …` as a tree.

    Operator precedence with an explicit stack, so that a sequence of any length needs no recursion.
    """
    if len(items) == 1:
        op, right = items[0]
        return combine(op, first, right)
    operands: list[n.Node] = [first]
    operators: list[str] = []
    for op, right in items:
        level = BINDING[op]
        while operators and (BINDING[operators[-1]] >= level if level != 15 else BINDING[operators[-1]] > level):
            _reduce(operands, operators)
        if op in _TYPE_OPERATORS:
            # What follows is a type, so the operator is complete: `x as Float + 1` is `(x as Float) + 1`.
            left = operands.pop()
            assert isinstance(left, n.Expr)
            operands.append(combine(op, left, right))
            continue
        operators.append(op)
        operands.append(right)
    while operators:
        _reduce(operands, operators)
    result = operands[0]
    assert isinstance(result, n.Expr)
    return result


def _reduce(operands: list[n.Node], operators: list[str]) -> None:
    right = operands.pop()
    left = operands.pop()
    assert isinstance(left, n.Expr)
    operands.append(combine(operators.pop(), left, right))


def combine(op: str, left: n.Expr, right: n.Node) -> n.Expr:
    """The node of one binary operator."""
    span = Span(left.span[0], right.span[1])
    if op in _SPECIAL:
        return _special(op, span, left, right)
    assert isinstance(right, n.Expr)
    return n.Binary(span, op, left, right)


_TYPE_OPERATORS = frozenset({"is", "is not", "as", "expect"})
_SPECIAL = frozenset({"|> ()", "..", "..=", "step", "|>", "~>", "is", "is not", "as", "expect"})


def _special(op: str, span: Span, left: n.Expr, right: n.Node) -> n.Expr:
    if op == "expect":
        assert isinstance(right, n.LaterExpr)
        return n.LaterExpr(span, "expect", (left, *right.parts))
    if isinstance(right, n.TypeExpr):
        if op == "as":
            return n.AsExpr(span, left, right)
        return n.IsExpr(span, left, right, op == "is not")
    assert isinstance(right, n.Expr)
    if op == "|> ()" and isinstance(right, n.Call):
        return n.Call(span, right, (n.Arg(left.span, None, left),))
    if op.startswith("|>"):
        return n.Pipe(span, left, right)
    if op == "~>":
        return n.Compose(span, left, right)
    if op == "step":
        if isinstance(left, n.RangeExpr) and left.step is None:
            return n.RangeExpr(span, left.start, left.end, left.is_inclusive, right)
        return n.RangeExpr(span, left, left, False, right)
    return n.RangeExpr(span, left, right, op == "..=", None)
