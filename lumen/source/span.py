"""Half-open ranges of a source text."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """A half-open range `start <= offset < end` of code-point offsets into one SourceFile's text.

    A NamedTuple rather than an attrs class: a parse makes one for each node, and this is the
    cheapest immutable pair CPython can build.
    """

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The range from the start of this span to the end of `other`."""
        return Span(self.start, other.end)
