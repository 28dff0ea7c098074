"""Column units: spans count code points, Python's AST UTF-8 bytes from 0."""

from __future__ import annotations

from lumen.source.file import SourceFile


def utf8_position(file: SourceFile, offset: int) -> tuple[int, int]:
    """(1-based line, 0-based column in UTF-8 bytes) of an offset, as Python's AST wants it."""
    line = file.line_of(offset)
    start = file.line_start(line)
    text = file.text[start:offset]
    return line, len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
