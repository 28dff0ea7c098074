"""Contextual words: keywords where their construct can stand, names everywhere else.

Each decision looks at the kind before and a few tokens ahead, never at what names mean; so `timeout = sleep(1000)`,
a parameter `race`, a field `.state` and an argument `max: 3` are names, and `timeout(500, f())` is the construct.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.syntax import foreign
from lumen.syntax.layout_state import indentation
from lumen.syntax.tokens import HABITS, OPERAND_END, OPERAND_START

if TYPE_CHECKING:
    from lumen.syntax.layout import Layout

_CONCURRENT = frozenset("parallel race vote select".split())
_DECLARES_BLOCK = frozenset(
    "record enum trait impl agent effect memory machine orchestration guardrail eval pattern pipeline".split()
)
_LATER = frozenset("agent memory orchestration guardrail eval pattern macro".split())


def classify_word(layout: Layout) -> None:
    """Emit the contextual word at the current raw token as a keyword or as a name."""
    word = layout.next_text(0)
    previous = layout.previous
    following = layout.next_kind()
    if previous in (".", "?.") or (previous in ("let", "mut", "COMP_FOR", "cell", "CELL_HEAD") and word != "set"):
        layout.emit("NAME")
        return
    if word == "set":
        layout.emit("SET" if following == "[" else "NAME")
        return
    if following == ":" and word not in ("initial", "terminal", "guard", "stages"):
        layout.emit("NAME")
        return
    decide = _DECISIONS.get(word)
    if decide is None or not decide(layout, word, following):
        layout.emit("NAME")


def _is_bound(layout: Layout, word: str) -> bool:
    """Whether the word is introduced as a variable or parameter somewhere in the file."""
    kinds, texts = layout.raw.kinds, layout.raw.texts
    return any(
        text == word and (kinds[i - 1] in ("let", "mut", "for", "(", ",") or kinds[i + 1] in ("=", ":", ",", ")"))
        for i, text in enumerate(texts[:-1])
        if i
    )


def _name_ahead(following: str) -> bool:
    return following in ("NAME", "WORD")


def _concurrent(layout: Layout, word: str, following: str) -> bool:
    """`parallel`/`race`/`vote`/`select`: block, `for`, or call form."""
    if following == "for":
        _open_concurrent(layout, word)
        return True
    if following == "NL":
        if layout.previous in OPERAND_END:
            return False
        # A body that is not indented: the word opens a block unless the file uses it as a name.
        is_marked = layout.next_is_deeper() or _is_empty_block(layout) or layout.previous == "await"
        if not is_marked and _is_bound(layout, word):
            return False
        _open_concurrent(layout, word)
        return True
    if following != "(" or word in declared_cells(layout):
        return False
    closer = layout.raw.closers.get(layout.i + 1, -1)
    after = layout.kind_at(closer + 1) if closer >= 0 else "NL"
    has_only_options = layout.kind_at(layout.i + 2) == ")" or layout.kind_at(layout.i + 3) == ":"
    if closer >= 0 and has_only_options and (after == "for" or after == "NL"):
        _open_concurrent(layout, word)
        if after == "for":
            layout.concurrent_for = closer + 1
        return True
    layout.emit("CONCURRENT_CALL")
    return True


def _open_concurrent(layout: Layout, word: str) -> None:
    layout.push("block", word)
    layout.emit("CONCURRENT")
    if layout.next_kind() == "for":
        layout.concurrent_for = layout.i + 1


def _is_empty_block(layout: Layout) -> bool:
    """`parallel` and an `end` below it that closes nothing else: the line stands deeper than the block around."""
    if layout.next_kind(2) != "end" or indentation(layout.raw.texts[layout.i + 1]) != layout.indent:
        return False
    return layout.stack[-1].indent < layout.indent


def declared_cells(layout: Layout) -> frozenset[str]:
    """Contextual words that the file declares as cells: calls of them are calls."""
    if layout.declared is None:
        kinds, texts = layout.raw.kinds, layout.raw.texts
        layout.declared = frozenset(
            texts[at + 1] for at, kind in enumerate(kinds[:-1]) if kind == "cell" and kinds[at + 1] == "WORD"
        )
    return layout.declared


def _timeout(layout: Layout, word: str, following: str) -> bool:
    """`timeout(ms)` with a block, or `timeout(ms, e)`."""
    if following != "(" or word in declared_cells(layout):
        return False
    closer = layout.raw.closers.get(layout.i + 1, -1)
    if closer >= 0 and layout.kind_at(closer + 1) == "NL":
        at, kinds = layout.i + 2, layout.raw.kinds
        while at < closer and kinds[at] != ",":
            at = layout.raw.closers.get(at, at) + 1
        if at >= closer:
            layout.push("block", "timeout")
            layout.emit("TIMEOUT")
            return True
    layout.emit("TIMEOUT_CALL")
    return True


def _with_tools(layout: Layout, word: str, following: str) -> bool:
    """`with_tools(answers)` with a block."""
    if following != "(" or layout.previous in OPERAND_END or word in declared_cells(layout):
        return False
    closer = layout.raw.closers.get(layout.i + 1, -1)
    if closer < 0 or layout.kind_at(closer + 1) != "NL" or closer == layout.i + 2:
        return False
    if not layout.next_is_deeper(closer + 1) and _is_bound(layout, word):
        return False
    layout.push("block", word)
    layout.emit("WITH_TOOLS")
    return True


def _spawn(layout: Layout, word: str, following: str) -> bool:
    if following == "NL" and layout.previous not in OPERAND_END and layout.next_is_deeper():
        layout.push("block", "spawn")
        layout.emit("spawn")
        return True
    if following != "(" or word in declared_cells(layout):
        return False
    layout.emit("spawn")
    return True


def _prefix_statement(layout: Layout, word: str, following: str) -> bool:
    """`emit x`, `assert c, m`: at the start of a statement, before an operand."""
    if not layout.at_statement_start() or following not in OPERAND_START:
        return False
    if following in ("[", "-", "!") and not layout.raw.starts[layout.i + 1] > layout.raw.ends[layout.i]:
        return False
    if following == "(":
        # `assert(c, m)` is a call of the builtin; `assert (a + b) > 3` is the statement.
        closer = layout.raw.closers.get(layout.i + 1, -1)
        if word == "assert" and closer >= 0 and layout.kind_at(closer + 1) in ("NL", ";", "end"):
            return False
        if word in declared_cells(layout):
            return False
    layout.emit(word)
    return True


def _declaration(layout: Layout, word: str, following: str) -> bool:
    """`record R`, `machine M`, …: at the start of a statement, before a name."""
    if not layout.at_statement_start() or not _name_ahead(following):
        return False
    kind = word
    if word in _LATER:
        kind = "LATER"
    if word in _DECLARES_BLOCK or word == "macro":
        layout.push("block", word)
    layout.emit(kind)
    if layout.next_kind() == "WORD" and layout.next_kind(2) != "(":
        layout.i += 1
        layout.emit("NAME")
    return True


def _type(layout: Layout, word: str, following: str) -> bool:
    if not layout.at_statement_start() or not _name_ahead(following):
        return False
    layout.is_type_line = True
    layout.emit("type")
    return True


def _const(layout: Layout, word: str, following: str) -> bool:
    if not layout.at_statement_start() or not _name_ahead(following):
        return False
    layout.emit("const")
    return True


def _habit_cell(layout: Layout, word: str, following: str) -> bool:
    """`func f(…)`, `def f(…)`."""
    if not layout.at_statement_start() or not _name_ahead(following) or layout.next_kind(2) not in ("(", "["):
        return False
    layout.hint(f"`{word}` is written `{HABITS[word]}`")
    layout.open_cell(word)
    return True


def _use(layout: Layout, word: str, following: str) -> bool:
    if not layout.at_statement_start() or layout.next_text() != "tool":
        return False
    layout.emit("use")
    layout.i += 1
    layout.emit("tool")
    return True


def _infix(layout: Layout, word: str, following: str) -> bool:
    """`step`, `where`, `from`, `to`: after a complete operand, before another."""
    if layout.previous not in OPERAND_END or following not in OPERAND_START:
        return False
    layout.emit(word)
    return True


def _expect(layout: Layout, word: str, following: str) -> bool:
    if layout.previous not in OPERAND_END or layout.next_text() != "schema":
        return False
    layout.emit("EXPECT")
    layout.i += 1
    return True


def _repair(layout: Layout, word: str, following: str) -> bool:
    if layout.previous not in OPERAND_END or following not in OPERAND_START or "EXPECT" not in layout.out.kinds[-12:]:
        return False
    layout.emit("REPAIR")
    return True


def _persist(layout: Layout, word: str, following: str) -> bool:
    if layout.previous not in OPERAND_END or following not in OPERAND_START:
        return False
    layout.emit("PERSIST")
    return True


def _perform(layout: Layout, word: str, following: str) -> bool:
    if not _name_ahead(following) or layout.previous in OPERAND_END:
        return False
    layout.emit("perform")
    return True


def _handle(layout: Layout, word: str, following: str) -> bool:
    if following != "NL" or layout.previous in OPERAND_END or not layout.next_is_deeper():
        return False
    layout.push("block", "handle")
    layout.emit("handle")
    return True


def _with(layout: Layout, word: str, following: str) -> bool:
    top = layout.stack[-1]
    if top.word != "handle" or following != "NL":
        return False
    layout.statement_end()
    top.kind = "with"
    top.in_header = True
    layout.emit("with")
    return True


def _handler(layout: Layout, word: str, following: str) -> bool:
    """`handler E NL E.op(x) => … end`, or `handler E.op(x) … end`."""
    if not layout.at_statement_start() or not _name_ahead(following):
        return False
    at = layout.i + 1
    while layout.kind_at(at) in ("NAME", "WORD", "."):
        at += 1
    layout.push("head" if layout.kind_at(at) == "(" else "with", "handler")
    layout.emit("handler")
    return True


def _bind(layout: Layout, word: str, following: str) -> bool:
    if not layout.at_statement_start() or layout.next_text() != "effect":
        return False
    layout.emit("bind")
    layout.i += 1
    layout.emit("EFFECT_WORD")
    return True


def _grant(layout: Layout, word: str, following: str) -> bool:
    if not layout.at_statement_start() or not _name_ahead(following):
        return False
    layout.push("grant", "grant")
    layout.emit("grant")
    return True


def _in_machine(layout: Layout) -> bool:
    return layout.stack[-1].word in ("machine", "state") and layout.at_statement_start()


def _state(layout: Layout, word: str, following: str) -> bool:
    """`state S … end`, or `state S` alone on its line in a machine."""
    if not _in_machine(layout) or layout.stack[-1].word != "machine" or not _name_ahead(following):
        return False
    _emit_state(layout, "state", "STATE_LINE")
    return True


def _emit_state(layout: Layout, block: str, line: str) -> None:
    at = layout.i + 2
    if layout.kind_at(at) == "(":
        at = layout.raw.closers.get(at, at) + 1
    has_body = layout.kind_at(at) == "NL" and layout.next_is_deeper(at)
    if has_body or layout.kind_at(at) == "end" or _same_line_end(layout, at):
        layout.push("block", "state")
        layout.emit(block)
    else:
        layout.emit(line)


def _same_line_end(layout: Layout, at: int) -> bool:
    return layout.kind_at(at) == "NL" and layout.kind_at(at + 1) == "end" and not _shallower(layout, at)


def _shallower(layout: Layout, newline: int) -> bool:
    text = layout.raw.texts[newline]
    blanks = text[text.rfind("\n") + 1 :]
    return len(blanks) + 3 * blanks.count("\t") < layout.indent


def _terminal(layout: Layout, word: str, following: str) -> bool:
    if not _in_machine(layout):
        return False
    if layout.next_text() == "state":
        layout.i += 1
        _emit_state(layout, "TERMINAL_STATE", "TERMINAL_STATE_LINE")
        return True
    if following in ("NL", ":") or following in OPERAND_START:
        layout.emit("terminal")
        return True
    return False


def _in_machine_word(layout: Layout, word: str, following: str) -> bool:
    """`initial: S`, `guard: c`."""
    if not _in_machine(layout) or not (following == ":" or following in OPERAND_START):
        return False
    layout.emit(word)
    return True


def _transition(layout: Layout, word: str, following: str) -> bool:
    if not layout.at_statement_start() or not _name_ahead(following):
        return False
    layout.emit("transition")
    if layout.next_text() == "to" and layout.next_kind(2) in ("NAME", "WORD"):
        layout.i += 1
    return True


def _hook(layout: Layout, word: str, following: str) -> bool:
    if layout.stack[-1].word != "state" or not layout.at_statement_start() or following not in ("(", "NL", "->", "/"):
        return False
    layout.push("head", word)
    layout.emit("HOOK")
    layout.emit("NAME")
    return True


def _stages(layout: Layout, word: str, following: str) -> bool:
    if following != ":" or layout.stack[-1].word != "pipeline" or not layout.at_statement_start():
        return False
    entry = layout.push("stages", "stages")
    entry.in_header = False
    layout.emit("STAGES")
    layout.i += 1
    return True


_DECISIONS = (
    {
        "timeout": _timeout,
        "with_tools": _with_tools,
        "spawn": _spawn,
        "emit": _prefix_statement,
        "assert": _prefix_statement,
        "type": _type,
        "const": _const,
        "func": _habit_cell,
        "def": _habit_cell,
        "do": foreign.do,
        "elsif": foreign.else_if,
        "elseif": foreign.else_if,
        "var": foreign.variable,
        "use": _use,
        "step": _infix,
        "where": _infix,
        "from": _infix,
        "to": _infix,
        "expect": _expect,
        "repair": _repair,
        "perform": _perform,
        "handle": _handle,
        "with": _with,
        "handler": _handler,
        "bind": _bind,
        "grant": _grant,
        "state": _state,
        "terminal": _terminal,
        "initial": _in_machine_word,
        "guard": _in_machine_word,
        "transition": _transition,
        "stages": _stages,
        "on_enter": _hook,
        "on_exit": _hook,
        "on_event": _hook,
        "macro": _declaration,
        "persist": _persist,
    }
    | dict.fromkeys(_CONCURRENT, _concurrent)
    | dict.fromkeys(foreign.HANDLES, foreign.handler)
    | dict.fromkeys(_DECLARES_BLOCK, _declaration)
)
