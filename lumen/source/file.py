"""The text of one program file, and where its lines begin."""

from __future__ import annotations

from bisect import bisect_right

from lumen.source.span import Span


class SourceFile:
    """A program's text with its line table.

    Invariant: `text` is what the lexer sees and `original` is what the user wrote; both have the same
    length and the same line breaks, so every offset is a place in either. They differ for Markdown
    only, where the prose of `text` is blanked out.
    """

    __slots__ = ("_line_starts", "original", "path", "text")

    def __init__(self, path: str, text: str, original: str | None = None) -> None:
        self.path = path
        self.text = text
        self.original = text if original is None else original
        starts = [0]
        find = text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        self._line_starts = starts

    def line_of(self, offset: int) -> int:
        """1-based line of a code-point offset; past the end is the last line."""
        return bisect_right(self._line_starts, offset)

    def line_start(self, line: int) -> int:
        """Offset of the first code point of a 1-based line."""
        return self._line_starts[line - 1]

    def line_text(self, line: int) -> str:
        """The 1-based line as the user wrote it, without its line break."""
        start = self._line_starts[line - 1]
        end = self._line_starts[line] if line < len(self._line_starts) else len(self.original)
        return self.original[start:end].rstrip("\r\n")

    def position(self, offset: int) -> tuple[int, int]:
        """(line, column), both 1-based, the column in code points."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def slice(self, span: Span) -> str:
        """The source text that a span covers."""
        return self.original[span.start : span.end]
