"""The LALR tables of `grammar/lumen.lark` as plain data: built by Lark once, then loaded without it.

Building takes Lark about a second and importing Lark alone a tenth; loading the saved tables takes some milliseconds.
A wheel ships them (`python -m lumen.syntax.tables`, run by the build hook). In a checkout, or when the grammar has
been edited, they are built once and kept in the user's cache directory. The name of the file holds a digest of the
grammar and of the format, so stale tables are never read.

File: `marshal` (version 4, which every supported Python reads) of
`(digest, actions, gotos, rules, start_states)`:

* `actions[state]`: dict of token kind to `s >= 0` (shift, go to state s) or `-r - 1` (reduce by rule r);
* `gotos[state]`: dict of nonterminal number to state;
* `start_states[rule]`: (first state, state in which the whole text has been accepted)
* `rules[r]`: `(lhs, size, callback name, mode, plan)`; see `driver.py` for the modes.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
import tempfile
from typing import Any

from lumen.resources import grammar_path

FORMAT = 4
"""Bump when the meaning of the saved data changes."""

STARTS = ("module",)

MODE_SAME, MODE_LIST, MODE_PLAIN, MODE_FILTER = range(4)

_Data = tuple[Any, ...]


class Tables:
    """The automaton, ready for the driver."""

    __slots__ = ("actions", "gotos", "rules", "starts")

    def __init__(self, data: _Data) -> None:
        self.actions: list[dict[str, int]] = data[1]
        self.gotos: list[dict[int, int]] = data[2]
        self.rules: list[tuple[int, int, str, int, tuple[int, ...]]] = data[3]
        self.starts: dict[str, tuple[int, int]] = data[4]


_loaded: Tables | None = None


def load_tables() -> Tables:
    """The tables of the current grammar: shipped, cached, or built now.  Kept for the life of the process."""
    global _loaded
    if _loaded is None:
        with open(grammar_path(), "rb") as file:
            grammar = file.read()
        digest = _digest(grammar)
        data = _read(_shipped_path(), digest)
        cached = _cache_path(digest)
        if data is None and cached is not None:
            data = _read(cached, digest)
        if data is None:
            data = build_tables(grammar.decode("utf-8"), digest)
            if cached is not None:
                _write(cached, data)
        _loaded = Tables(data)
    return _loaded


def _digest(grammar: bytes) -> str:
    # Lark's version is not part of the key: the tables of a grammar without conflicts are the same for each, and
    # asking for the version would cost the import that the tables are there to save.
    return hashlib.sha256(b"%d\n%s" % (FORMAT, grammar)).hexdigest()


def _shipped_path() -> str:
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "_tables.bin")


def _cache_path(digest: str) -> str | None:
    """Beside the compiled programs (see `compiler/cache.py`); None when `LUMEN_CACHE_DIR` is empty: no cache wanted."""
    base = os.environ.get("LUMEN_CACHE_DIR")
    if base == "":
        return None
    if base is None:
        base = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "lumen")
    return os.path.join(base, f"grammar-{digest[:16]}.tables")


def _read(path: str, digest: str) -> _Data | None:
    try:
        with open(path, "rb") as file:
            data = marshal.loads(file.read())
    except (OSError, ValueError, EOFError, TypeError):
        return None  # missing, torn, or written by something else: build again
    if isinstance(data, tuple) and len(data) == 5 and data[0] == digest:
        return data
    return None


def _write(path: str, data: _Data) -> None:
    """Write aside, then replace: readers and racing writers see whole files only. Failing to write is not an error."""
    try:
        folder = os.path.dirname(path)
        os.makedirs(folder, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=folder, prefix=".tables-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(marshal.dumps(data, 4))
            os.chmod(aside, 0o644)  # mkstemp makes private files; a wheel's are for everyone
            os.replace(aside, path)
        except OSError:
            os.unlink(aside)
    except OSError:
        return


def build_tables(grammar: str, digest: str) -> _Data:
    """Have Lark compute the automaton, and translate it to plain data."""
    from lark import Lark
    from lark.lexer import Lexer
    from lark.parsers.lalr_analysis import Reduce

    class NoLexer(Lexer):
        """Our tokens come from lexer.py; Lark only computes tables."""

        def __init__(self, lexer_conf: object) -> None:
            pass

        def lex(self, *args: Any) -> Any:
            return iter(())

    lark = Lark(grammar, parser="lalr", lexer=NoLexer, start=list(STARTS), maybe_placeholders=True)
    table = lark.parser.parser._parse_table
    spelling = {t.name: t.pattern.value for t in lark.terminals if t.pattern is not None and t.pattern.value}
    nonterminals = {str(rule.origin.name) for rule in lark.rules}
    numbers: dict[str, int] = {}
    rules: dict[Any, int] = {}
    rule_data: list[tuple[int, int, str, int, tuple[int, ...]]] = []
    actions: list[dict[str, int]] = []
    gotos: list[dict[int, int]] = []
    shared: dict[tuple[tuple[str, int], ...], dict[str, int]] = {}
    for state in range(len(table.states)):
        row: dict[str, int] = {}
        goto: dict[int, int] = {}
        for name, (action, arg) in table.states[state].items():
            if action is Reduce:
                if arg not in rules:
                    rules[arg] = len(rule_data)
                    rule_data.append(_translate(arg, numbers))
                row[sys.intern(spelling.get(name, name))] = -rules[arg] - 1
            elif name in nonterminals:
                goto[numbers.setdefault(name, len(numbers))] = arg
            else:
                row[sys.intern(spelling.get(name, name))] = arg
        # Many states have equal rows; sharing them makes the file and the memory smaller.
        actions.append(shared.setdefault(tuple(sorted(row.items())), row))
        gotos.append(goto)
    return (
        digest,
        actions,
        gotos,
        rule_data,
        {start: (table.start_states[start], table.end_states[start]) for start in STARTS},
    )


def _translate(rule: Any, numbers: dict[str, int]) -> tuple[int, int, str, int, tuple[int, ...]]:
    """One Lark rule as (lhs, size, callback, mode, plan).

    `plan` has an entry for each child: `p >= 0` the value at p, `-1` None for an absent optional part,
    `-2 - p` the values spliced from the list at p.
    """
    name = str(rule.origin.name)
    lhs = numbers.setdefault(name, len(numbers))
    plan: list[int] = []
    holes = list(rule.options.empty_indices or ())
    at = 0
    keep_all = rule.options.keep_all_tokens
    for hole in holes or [False] * len(rule.expansion):
        if hole:
            plan.append(-1)
            continue
        symbol = rule.expansion[at]
        if symbol.is_term:
            if keep_all or not (symbol.filter_out or symbol.name.startswith("_")):
                plan.append(at)
        elif symbol.name.startswith("_"):
            plan.append(-2 - at)
        else:
            plan.append(at)
        at += 1
    size = len(rule.expansion)
    callback = str(rule.alias or name)
    if name.startswith("_"):
        mode = MODE_LIST
    elif rule.options.expand1 and not rule.alias and len(plan) == 1 and plan[0] >= 0:
        mode = MODE_SAME
    elif all(p >= 0 for p in plan) and len(plan) == size:
        mode = MODE_PLAIN
    else:
        mode = MODE_FILTER
    if rule.options.expand1 and not rule.alias and mode == MODE_FILTER:
        callback = "?" + callback
    return (lhs, size, callback, mode, tuple(plan))


def main() -> None:
    """Write the tables that a wheel ships, beside this file."""
    with open(grammar_path(), "rb") as file:
        grammar = file.read()
    digest = _digest(grammar)
    _write(_shipped_path(), build_tables(grammar.decode("utf-8"), digest))


if __name__ == "__main__":
    main()
