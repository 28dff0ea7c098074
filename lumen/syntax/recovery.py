"""Where to go on after a parse has stopped, so that one fault gives one diagnostic.

The layout pass has recorded the block level behind each line break, arm arrow and `end`. A fault belongs to the
statement that began after the last boundary at its level:

* if the fault is in the header of a block (`if x y` …), the header is replaced by one that surely parses, so the
  statements inside are still read and the `end` still matches;
* else the whole statement is dropped, with the blocks inside it.

Then the file is parsed again without those tokens. (Cutting the stacks of the stopped parser back is not enough: an
LALR parser may have closed the surrounding block before it saw that the token does not fit.) What follows the `end`
of a replaced header may
not fit any more (`f(fn(x y) … end, 3)`); faults there are kept quiet.
"""

from __future__ import annotations

from typing import NamedTuple

from lumen.syntax.tokens import Tokens

_CONCURRENT = ("parallel", "race", "vote", "select")
_HEADERS: dict[str, tuple[str, ...]] = {
    "if": ("if", "true"),
    "match": ("match", "null"),
    "when": ("when",),
    "record": ("record", "NAME"),
    "enum": ("enum", "NAME"),
    "trait": ("trait", "NAME"),
    "impl": ("trait", "NAME"),
    "agent": ("trait", "NAME"),
} | dict.fromkeys(_CONCURRENT, ("CONCURRENT",))
_PLAIN_HEADER = ("loop",)
_WITHOUT_STATEMENTS = frozenset("with handle handler effect machine state pipeline memory stages grant file".split())
_STARTS = ("_NL", "ARM", "_ARM_END")


def recover(index: int, tokens: Tokens) -> Recovery | None:
    """What to leave out because of the fault at a token; None at the very end. May overwrite tokens of a header."""
    if index >= len(tokens.kinds):
        return None
    begin, level = _statement_start(tokens, index)
    stop = statement_end(tokens, index, level)
    header = _first_boundary(tokens, index)
    if header < stop and tokens.boundaries[header][0] == level + 1:
        replaced = _replace_header(tokens, begin, header)
        if replaced >= 0:
            inner = [at for at in range(header, stop) if tokens.boundaries.get(at, (level, ""))[0] > level]
            return Recovery(begin, replaced, inner[-1] + 1 if inner else header, stop)
    return Recovery(begin, stop + 1, stop, stop)


class Recovery(NamedTuple):
    """The tokens `begin <= index < resume` are left out; faults at `quiet_first <= index <= quiet_last` follow from
    this one."""

    begin: int
    resume: int
    quiet_first: int
    quiet_last: int


def add_skip(skips: list[tuple[int, int]], recovery: Recovery) -> None:
    """Add a range to the sorted ranges, swallowing those inside it."""
    begin, resume = recovery.begin, recovery.resume
    skips[:] = [skip for skip in skips if skip[1] <= begin or skip[0] >= resume]
    skips.append((begin, resume))
    skips.sort()


def statement_end(tokens: Tokens, index: int, level: int | None = None) -> int:
    """Index of the `_NL` that ends the statement around a token."""
    if level is None:
        level = _statement_start(tokens, min(index, len(tokens.kinds) - 1))[1]
    boundaries, kinds = tokens.boundaries, tokens.kinds
    for at in range(index, len(kinds)):
        if kinds[at] == "_NL" and boundaries[at][0] <= level:
            return at
    return len(kinds) - 1


def _statement_start(tokens: Tokens, index: int) -> tuple[int, int]:
    """(index of its first token, block level) of the statement that a token belongs to."""
    boundaries, kinds = tokens.boundaries, tokens.kinds
    level: int | None = None
    for at in range(index - 1, -1, -1):
        if at not in boundaries:
            continue
        here = boundaries[at][0]
        if level is not None and here > level:
            continue
        if kinds[at] in _STARTS:
            return at + 1, here
        level = here
    return 0, 0


def _first_boundary(tokens: Tokens, index: int) -> int:
    """Index of the first line break or arm arrow at or behind a token."""
    for at in range(index, len(tokens.kinds)):
        if at in tokens.boundaries and tokens.kinds[at] != "end":
            return at
    return len(tokens.kinds) - 1


def _replace_header(tokens: Tokens, begin: int, header: int) -> int:
    """Overwrite the tokens before a header's line break by a header that parses; where it begins, or -1."""
    kinds, word = tokens.kinds, tokens.boundaries[header][1]
    if kinds[header] == "ARM":
        if word == "with":
            return -1
        synthetic: tuple[str, ...] = ("_",)
    elif word in _WITHOUT_STATEMENTS:
        return -1
    else:
        synthetic = _HEADERS.get(word, _PLAIN_HEADER)
        if word in _CONCURRENT and "for" in kinds[begin:header]:
            synthetic = _PLAIN_HEADER
    first = header - len(synthetic)
    if first < begin:
        return -1
    kinds[first:header] = synthetic
    for at in range(first, header):
        tokens.errors.pop(at, None)
    return first
