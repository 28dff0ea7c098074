"""`-k EXPR`: which tests are run, by words of their names joined with `and`, `or`, `not` and parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable

Chooses = Callable[[str], bool]
"""Whether a test is run, by its id."""


class ExpressionError(Exception):
    """The expression makes no sense; the message is for the user."""


def parse_expression(text: str) -> Chooses:
    """The test of ids that an expression stands for. A word fits an id that contains it, whatever the case.

    Raises:
        ExpressionError: it is empty, or not well formed.
    """
    tokens = re.findall(r"[()]|[^\s()]+", text)
    if not tokens:
        raise ExpressionError("the expression of `-k` is empty")
    parser = _Parser(tokens, text)
    chooses = parser.alternatives()
    if parser.tokens:
        raise ExpressionError(f"`-k {text}`: `{parser.tokens[0]}` is not expected there")
    return chooses


class _Parser:
    def __init__(self, tokens: list[str], text: str) -> None:
        self.tokens = tokens
        self._text = text
        self._depth = 0

    def alternatives(self) -> Chooses:
        """`a or b`."""
        parts = [self._conjunction()]
        while self._take("or"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else lambda name: any(part(name) for part in parts)

    def _conjunction(self) -> Chooses:
        parts = [self._factor()]
        while self._take("and"):
            parts.append(self._factor())
        return parts[0] if len(parts) == 1 else lambda name: all(part(name) for part in parts)

    def _factor(self) -> Chooses:
        negated = False
        while self._take("not"):
            negated = not negated
        chooses = self._primary()
        return (lambda name: not chooses(name)) if negated else chooses

    def _primary(self) -> Chooses:
        if self._take("("):
            self._depth += 1
            if self._depth > 100:
                raise ExpressionError("the expression of `-k` is nested too deep")
            inner = self.alternatives()
            if not self._take(")"):
                raise ExpressionError(f"`-k {self._text}`: a `)` is missing")
            self._depth -= 1
            return inner
        if not self.tokens or self.tokens[0] in ("and", "or", ")"):
            where = f"before `{self.tokens[0]}`" if self.tokens else "at the end"
            raise ExpressionError(f"`-k {self._text}`: a word of a name is missing {where}")
        word = self.tokens.pop(0).casefold()
        return lambda name: word in name.casefold()

    def _take(self, token: str) -> bool:
        if self.tokens and self.tokens[0] == token:
            del self.tokens[0]
            return True
        return False
