"""The kinds of tokens, and the words of the language.

A token's kind is a string. Punctuation and keywords are their own spelling; classes are CAPITALS and listed at the
end of `grammar/lumen.lark`. Kinds that only the lexer and the layout pass exchange are `NL` (a line break, before
layout has decided whether it counts), `WORD` (a contextual keyword, before layout has decided whether it is one) and
`ERROR` (no rule accepts it, so the parser stops exactly there; its message is in `Tokens.errors`).
"""

from __future__ import annotations

from attrs import Factory, define

RESERVED = frozenset(
    """let mut return break continue yield if else then end match while loop for in cell fn and or not true false null
    await async try is as import pub extern comptime when defer""".split()
)
"""Words that are never names, except after `.` and before `:`."""

CONTEXTUAL = frozenset(
    """parallel race vote select timeout spawn emit assert record enum type const trait impl use macro grant agent
    effect handler bind pipeline memory machine orchestration guardrail eval pattern perform handle with expect state
    initial terminal guard transition stages step from to where set on_enter on_exit on_event repair persist
    with_tools func def do elsif elseif var catch except rescue finally""".split()
)
"""Words that are keywords only where their construct can stand."""

HABITS = {
    "True": "true",
    "False": "false",
    "None": "null",
    "elif": "elif",
    "func": "cell",
    "def": "cell",
    "&&": "and",
    "||": "or",
}
"""What people write from habit, and the Lumen spelling."""

OPERAND_END = frozenset(
    """NAME INT FLOAT STRING BYTES STR_END ) ] } true false null end ! ? _ LABEL SLICE_END""".split()
)
"""Kinds after which an operand is complete: a following `if` is a filter, a following `for` a comprehension."""

LITERALS = frozenset({"INT", "FLOAT", "STRING", "BYTES", "STR_START", "true", "false", "null"})

OPERAND_START = LITERALS | frozenset(
    """NAME WORD ( [ { - not ! ~ await try fn if match when while loop for async comptime SET spawn CONCURRENT
    CONCURRENT_CALL TIMEOUT TIMEOUT_CALL WITH_TOOLS""".split()
)
"""Kinds that can begin an expression."""

CONTINUES = frozenset(
    """OP - | / in * .. ..= , = ASSIGN_OP => -> LAMBDA_ARROW TYPE_TEST and or not await . ?. ( [ { INTERP_START |> then
    : ... ELSE_INLINE""".split()
)
"""Kinds after which a line break never ends a statement (exceptions are in the layout pass)."""

CONTINUED_BY = frozenset("OP | / * ?. TYPE_TEST then in = ASSIGN_OP =>".split())
"""Kinds that cannot begin a statement, so a line that begins with one continues the line before."""


@define
class Tokens:
    """Parallel lists, one entry for each token, in source order.

    Lists rather than a list of objects: the parser reads kinds only, and making an object for each token
    costs as much as lexing it does.
    """

    kinds: list[str] = Factory(list)
    texts: list[str] = Factory(list)
    """The spelling; of strings the decoded text; of `NL` the width of the next line's indentation."""
    starts: list[int] = Factory(list)
    ends: list[int] = Factory(list)
    errors: dict[int, tuple[str, str]] = Factory(dict)
    """(code, message) of the `ERROR` tokens, by index."""
    closers: dict[int, int] = Factory(dict)
    """Index of the closing bracket, by the index of the opening one; unbalanced ones are missing."""
    comments: list[tuple[int, int]] = Factory(list)
    findings: list[tuple[str, str, int, int, str]] = Factory(list)
    """(severity, code, start, end, message) of what does not stop the parser."""
    boundaries: dict[int, tuple[int, str]] = Factory(dict)
    """Of `_NL`, `ARM`, `_ARM_END` and `end` by index: the block level behind it, and the word of the innermost block.
    Recovery from errors steers by these."""
    is_open: bool = False
    """True when the text ends inside a bracket, block, or triple-quoted string: more lines could complete it."""
    is_broken: bool = False
    """True when the parser has met a fault that more lines could not mend."""
