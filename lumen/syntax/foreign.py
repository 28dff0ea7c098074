"""Spellings of other languages that Lumen does not accept: each is named once, and read as what was meant.

Reading on as if it had been written in Lumen keeps one habit from making errors in all the lines behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.syntax.layout_state import STATEMENT_START
from lumen.syntax.tokens import OPERAND_END, OPERAND_START

if TYPE_CHECKING:
    from lumen.syntax.layout import Layout
    from lumen.syntax.layout_state import LayoutState

HANDLES = frozenset({"catch", "except", "rescue", "finally"})
"""What follows the block of a `try` elsewhere."""


def is_in_header(layout: LayoutState) -> bool:
    """True when the line opens a block and has not ended yet."""
    top = layout.stack[-1]
    if top.kind in ("head", "fn?", "if?"):
        return True
    return len(layout.stack) > 1 and top.in_header and top.kind in ("block", "match", "when")


def colon(layout: Layout) -> None:
    """`if x > 5:`."""
    if layout.next_kind() == "NL" and is_in_header(layout) and layout.stack[-1].word != "stages":
        layout.finding("syntax-error", "blocks begin without `:`")
        return
    layout.emit(":")


def do(layout: Layout, word: str, following: str) -> bool:
    """`for x in xs do`."""
    if following != "NL" or layout.previous not in OPERAND_END or not is_in_header(layout):
        return False
    layout.finding("syntax-error", "blocks begin without `do`")
    return True


def else_if(layout: Layout, word: str, following: str) -> bool:
    """`elsif c`, `elseif c`."""
    top = layout.stack[-1]
    if not layout.at_statement_start() or following not in OPERAND_START or (top.kind, top.word) != ("block", "if"):
        return False
    layout.finding("syntax-error", f"`{word}` is written `else if`")
    layout.statement_end()
    layout.emit("elif")
    layout.elif_header()
    return True


def variable(layout: Layout, word: str, following: str) -> bool:
    """`var x = 3`."""
    if not layout.at_statement_start() or following not in ("NAME", "WORD"):
        return False
    if layout.next_kind(2) not in ("=", ":"):
        return False
    layout.finding("syntax-error", f"write `let mut {layout.next_text()}`, or `let` if it never changes")
    layout.emit("let")
    layout.emit("mut")
    return True


def handler(layout: Layout, word: str, following: str) -> bool:
    """`catch e` behind a `try` that has been reported: its body belongs to the same block."""
    if not layout.at_statement_start() or layout.stack[-1].word != "try":
        return False
    while layout.next_kind() not in ("NL", "{"):
        layout.i += 1
    if layout.next_kind() == "{":
        layout.i += 1
        closer = layout.raw.closers.get(layout.i, -1)
        if closer >= 0:
            layout.block_braces.add(closer)
    return True


def triple_equals(layout: LayoutState) -> bool:
    """`===`, `!==`; the current token is the `==`. True when it has been read."""
    raw, at = layout.raw, layout.i
    if layout.next_kind() != "=" or raw.starts[at + 1] != raw.ends[at]:
        return False
    text = raw.texts[at]
    layout.finding("syntax-error", f"`{text}=` is written `{text}`")
    layout.emit("OP")
    layout.i += 1
    return True


def increment(layout: LayoutState) -> bool:
    """`x++` alone on its line; the current token is the `++`. True when it has been read."""
    raw, at, kinds = layout.raw, layout.i, layout.out.kinds
    if layout.previous != "NAME" or layout.next_kind() not in ("NL", ";") or raw.starts[at] != raw.ends[at - 1]:
        return False
    if len(kinds) > 1 and kinds[-2] not in STATEMENT_START:
        return False
    if layout.next_kind() == "NL" and layout.next_is_deeper():
        return False  # an expression that goes on
    name = raw.texts[at - 1]
    layout.finding("syntax-error", f"write `{name} += 1`")
    return True


def braced_record(layout: LayoutState) -> bool:
    """`Point { x: 1 }`; the current token is the `{`. When True, it and its partner have become parentheses."""
    raw, at = layout.raw, layout.i
    name = raw.texts[at - 1]
    if layout.previous != "NAME" or not name[:1].isupper() or at not in raw.closers:
        return False
    if layout.next_kind() not in ("NAME", "WORD") or layout.next_kind(2) != ":":
        return False
    layout.finding("syntax-error", f"a record is made by a call: write `{name}({layout.next_text()}: …)`")
    for place, kind in ((at, "("), (raw.closers[at], ")")):
        raw.kinds[place] = raw.texts[place] = kind
    return True
