"""The three column units, converted here and nowhere else.

Spans and Lark count code points; Python's AST counts UTF-8 bytes (0-based); editors count UTF-16.
"""

from __future__ import annotations

from lumen.source.file import SourceFile


def utf8_position(file: SourceFile, offset: int) -> tuple[int, int]:
    """(1-based line, 0-based column in UTF-8 bytes) of an offset, as Python's AST wants it."""
    line = file.line_of(offset)
    start = file.line_start(line)
    text = file.text[start:offset]
    return line, len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def codepoint_column(line_text: str, col_utf8: int) -> int:
    """0-based code-point column of a 0-based UTF-8 column in a line."""
    if line_text.isascii():
        return col_utf8
    return len(line_text.encode("utf-8", "surrogatepass")[:col_utf8].decode("utf-8", "replace"))


def utf16_column(line_text: str, column: int) -> int:
    """0-based UTF-16 column of a 0-based code-point column in a line."""
    return len(line_text[:column].encode("utf-16-le", "surrogatepass")) // 2
