"""What all parts of the builder share: the tokens, and the diagnostics found while building."""

from __future__ import annotations

from typing import NamedTuple

from lumen.source.span import Span
from lumen.syntax import nodes as n
from lumen.syntax.tokens import Tokens


class Signature(NamedTuple):
    """The head of a cell."""

    name: n.Ident
    type_params: tuple[n.Ident, ...]
    params: tuple[n.Param, ...]
    result: n.TypeExpr | None
    effects: n.EffectRow | None


class BuilderBase:
    """Callbacks get the span of the rule and then its children: nodes, the index of a token, None for an absent part.

    Children are `Any` where a rule has several forms: the grammar, not the type checker, says what they are.
    """

    def __init__(self, tokens: Tokens, docs: dict[int, str]) -> None:
        self.tokens = tokens
        self.texts = tokens.texts
        self.docs = docs
        """Doc comments, by the offset of the token behind them."""
        self.calls_in_parentheses: set[n.Expr] = set()
        """`(f(1))`: no node keeps the parentheses, but behind `|>` they matter."""

    def error(self, code: str, message: str, span: Span) -> None:
        """An error that does not stop the parser."""
        self.tokens.findings.append(("error", code, span[0], span[1], message))

    def token_span(self, index: int) -> Span:
        """The place of a token."""
        return Span(self.tokens.starts[index], self.tokens.ends[index])

    def ident(self, index: int) -> n.Ident:
        """A NAME token as the name it introduces."""
        return n.Ident(Span(self.tokens.starts[index], self.tokens.ends[index]), self.texts[index])

    def one(self, stmt: n.Stmt) -> n.Block:
        """A block of one statement."""
        return n.Block(stmt.span, (stmt,))

    def expr_block(self, expr: n.Expr) -> n.Block:
        """A block of one expression."""
        return n.Block(expr.span, (n.ExprStmt(expr.span, expr),))
