"""Text to tree: the entry points of this room.

`parse_module` always gives a tree of the parts that parsed, and every diagnostic; it never raises for any text.
"""

from __future__ import annotations

import gc
from typing import Any, Literal

from attrs import frozen

from lumen.diagnostics.diagnostic import Diagnostic
from lumen.source.file import SourceFile
from lumen.source.span import Span
from lumen.syntax import nodes as n
from lumen.syntax.build import Builder
from lumen.syntax.comments import doc_comments
from lumen.syntax.depth import MAX_DEPTH, deepest
from lumen.syntax.driver import Machine, SyntaxFault
from lumen.syntax.errors import explain
from lumen.syntax.layout import lay_out
from lumen.syntax.lexer import tokenize
from lumen.syntax.recovery import add_skip, recover
from lumen.syntax.tables import load_tables
from lumen.syntax.tokens import Tokens

MAX_DIAGNOSTICS = 20
"""Errors shown for one file; the rest are likely to follow from these."""


@frozen
class ParseResult:
    """A tree, and what was found on the way. The tree is there also when there were errors."""

    module: n.Module | None
    diagnostics: tuple[Diagnostic, ...]
    comments: tuple[tuple[Span, str], ...] = ()

    @property
    def has_errors(self) -> bool:
        """True when a diagnostic is an error."""
        return any(item.severity == "error" for item in self.diagnostics)


def parse_module(file: SourceFile) -> ParseResult:
    """Parse one file.

    Diagnostics come sorted by place: severity `error` (at most MAX_DIAGNOSTICS), and `hint` with code `habit` for
    spellings that are accepted but not Lumen's own.
    """
    return _parse(file)[0]


def parse_fragment(text: str, path: str = "<input>") -> tuple[Literal["complete", "incomplete", "errors"], ParseResult]:
    """Parse REPL input: is it whole, could more lines complete it, or is it wrong whatever follows?

    The text is incomplete when a bracket, block or triple-quoted string is open at its end, or its last line ends
    with an operator, and nothing before that is wrong.
    """
    result, tokens = _parse(SourceFile(path, text))
    if not result.has_errors:
        return "complete", result
    return ("incomplete" if tokens.is_open and not tokens.is_broken else "errors"), result


_OPEN_CODES = frozenset({"missing-end", "unclosed-bracket", "unterminated-string"})


def _parse(file: SourceFile) -> tuple[ParseResult, Tokens]:
    # A parse makes many objects and no garbage cycles; the collector would walk the growing tree again and again
    # (measured: a quarter of the time of a 10,000-line file).
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        raw = tokenize(file.text)
        tokens, depth_bound = lay_out(raw)
        module: n.Module | None = None
        if not any(code == "too-deep" for _, code, *_ in tokens.findings):
            module = _run(file, tokens)
            if module is not None and depth_bound > MAX_DEPTH and (found := deepest(module)) is not None:
                message = f"this is nested deeper than {MAX_DEPTH} levels"
                tokens.findings.append(("error", "too-deep", found.span[0], found.span[1], message))
                module = None
    finally:
        if was_enabled:
            gc.enable()
    comments = tuple((Span(start, end), file.text[start:end]) for start, end in tokens.comments)
    return ParseResult(module, _diagnostics(file, tokens), comments), tokens


def _run(file: SourceFile, tokens: Tokens) -> n.Module | None:
    """Drive the parser over the tokens, recovering from each fault."""
    tables = load_tables()
    builder = Builder(tokens, doc_comments(file.text, tokens))
    callbacks = builder.callbacks(tables)
    skips: list[tuple[int, int]] = []
    quiet: list[tuple[int, int]] = []
    faults = 0
    while True:
        machine = Machine(tables, callbacks, tokens, "module")
        try:
            module: Any = machine.run(skips)
            break
        except SyntaxFault as fault:
            index = fault.index
            tokens.is_broken |= not _is_at_end(index, tokens)
            if not any(first <= index <= last for first, last in quiet):
                faults += 1
                tokens.findings.append(explain(index, machine))
            recovery = recover(index, tokens)
            if faults > MAX_DIAGNOSTICS or recovery is None or len(quiet) > 3 * MAX_DIAGNOSTICS:
                return None
            quiet.append((recovery.quiet_first, recovery.quiet_last))
            add_skip(skips, recovery)
    assert isinstance(module, n.Module)
    return module


def _is_at_end(index: int, tokens: Tokens) -> bool:
    """True when the fault is that the text ends: more of it might still be right."""
    if tokens.errors.get(index, ("", ""))[0] in _OPEN_CODES:
        return True
    return all(kind in ("_NL", "_ARM_END", "end") for kind in tokens.kinds[index:])


def _diagnostics(file: SourceFile, tokens: Tokens) -> tuple[Diagnostic, ...]:
    """The findings as diagnostics, sorted, without repetitions."""
    faulty = {file.line_of(item[2]) for item in tokens.findings if item[0] == "error" and item[1] != "missing-end"}
    seen: set[tuple[int, str]] = set()
    result: list[Diagnostic] = []
    errors = 0
    for severity, code, start, end, message in sorted(tokens.findings, key=lambda item: (item[2], item[0], item[1])):
        if (start, code) in seen:
            continue
        seen.add((start, code))
        if code == "missing-end" and file.line_of(start) in faulty:
            continue  # the header was not understood; that its block has no `end` follows from it
        if severity == "error":
            errors += 1
            if errors > MAX_DIAGNOSTICS:
                continue
        while "@" in message:
            # A place mentioned in a message is written @offset@ until the file can say which line it is.
            before, _, rest = message.partition("@")
            number, mark, after = rest.partition("@")
            if not mark or not number.isdigit():
                break
            message = f"{before}{file.line_of(int(number))}{after}"
        result.append(Diagnostic(code, message, file, Span(start, max(end, start)), severity))  # type: ignore[arg-type]
    return tuple(result)
