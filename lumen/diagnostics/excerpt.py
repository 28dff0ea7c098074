"""A source line with a caret below it, for terminals of fixed width.

Used for findings and for failures at run time, so it belongs to both columns: plain strings in, plain strings out.
"""

from __future__ import annotations

_TAB = 4
_MAX_WIDTH = 150
"""Longer lines are cut around the place; a program may well be one line of a megabyte."""

_STYLES = {"error": "31;1", "warning": "33;1", "hint": "36;1", "note": "34;1", "bold": "1", "frame": "34"}


def paint(text: str, style: str, colour: bool) -> str:
    """The text in a style, or as it is when `colour` is off."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if colour else text


def excerpt(
    line_text: str,
    line: int,
    column: int,
    width: int,
    *,
    gutter: int,
    style: str = "error",
    label: str = "",
    colour: bool = False,
) -> list[str]:
    """The numbered line, and a line of carets.

    Args:
        line_text: the line without its break.
        line: its 1-based number.
        column: 1-based column of the first caret, in code points.
        width: how many code points to underline (at least one caret is drawn; it ends with the line).
        gutter: width of the widest line number shown together.
    """
    start = min(max(column - 1, 0), len(line_text))
    stop = min(max(start + width, start + 1), max(len(line_text), start + 1))
    if len(line_text) > _MAX_WIDTH:
        line_text, start, stop = _cut(line_text, start, stop)
    shown, columns = _cells(line_text)
    left = columns[start] if start < len(columns) else columns[-1]
    right = columns[stop] if stop < len(columns) else columns[-1] + (1 if stop > len(line_text) else 0)
    number = paint(f"{line:>{gutter}} |", "frame", colour)
    empty = paint(" " * gutter + " |", "frame", colour)
    carets = paint("^" * max(right - left, 1) + (f" {label}" if label else ""), style, colour)
    return [f"{number} {shown}".rstrip(), f"{empty} {' ' * left}{carets}"]


def _cut(text: str, start: int, stop: int) -> tuple[str, int, int]:
    first = max(0, start - _MAX_WIDTH // 3)
    last = min(len(text), first + _MAX_WIDTH)
    head = "…" if first else ""
    tail = "…" if last < len(text) else ""
    moved = first - len(head)
    return f"{head}{text[first:last]}{tail}", start - moved, min(stop, last) - moved


def _cells(text: str) -> tuple[str, list[int]]:
    """The text as it is printed, and the terminal cell at which each code point (and the end) begins."""
    if text.isascii() and "\t" not in text and text.isprintable():
        return text, list(range(len(text) + 1))
    # Only lines that need it pay for the tables.
    from unicodedata import combining, east_asian_width

    out: list[str] = []
    columns: list[int] = []
    at = 0
    for char in text:
        columns.append(at)
        if char == "\t":
            step = _TAB - at % _TAB
            out.append(" " * step)
        elif not char.isprintable():
            # Control characters could move the cursor or recolour the terminal.
            step = 1
            out.append("\N{REPLACEMENT CHARACTER}")
        else:
            step = 0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1
            out.append(char)
        at += step
    columns.append(at)
    return "".join(out), columns
