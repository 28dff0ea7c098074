"""`scripted`: answers written down beforehand, in `[providers.scripted]` of `lumen.toml` or in a file it names.

    [providers.scripted]
    "llm.chat" = [
      { when = { prompt = "hi" }, answer = "hello" },
      { error = "rate-limit", message = "slow down", times = 2 },
      { answer = "anything else" },
    ]
    "llm.embed" = "answers/embed.jsonl"      # such entries, one to a line, as JSON
    "shop.price" = "answers.lumen:price"     # a cell of one argument: the map of the call's arguments by name

The first entry that fits answers: one whose `when` names only arguments that the call has with equal values, and whose
`times` are not used up. In a `when`, a string for `messages` is compared with the text of the last message. A call that
no entry fits fails with `unscripted-call`.
"""

from __future__ import annotations

import os

from lumen.tools.provider import Provider
from lumen.tools.schema import Schema
from lumen.tools.scripted import ANY_ARGUMENTS
from lumen.values.convert import from_python
from lumen.values.display import represent
from lumen.values.equality import equal
from lumen.values.errors import Failure
from lumen.values.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    CallCell = Callable[[str, str], Callable[[dict[str, Any]], Any]]
    """(path of a program, cell) → a function that runs the cell on its own."""

_KEYS = ("when", "answer", "error", "message", "data", "times")


class Entry:
    """One answer, and when it is given."""

    __slots__ = ("answer", "data", "error", "left", "message", "when")

    def __init__(self, tool: str, number: int, table: Any, where: str) -> None:
        who = f"answer {number} of `{tool}` in {where}"
        if not isinstance(table, dict):
            raise _wrong(f"{who} must be a table such as {{ when = {{ … }}, answer = … }}, not {table!r}")
        for key in table:
            if key not in _KEYS:
                raise _wrong(f"{who} has the unknown key `{key}`; known are {', '.join(_KEYS)}")
        if ("answer" in table) == ("error" in table):
            raise _wrong(f"{who} needs either `answer` or `error`")
        self.when: dict[str, Any] | None = None
        if "when" in table:
            when = from_python(table["when"], who)
            if type(when) is not dict:
                raise _wrong(f"`when` of {who} must be a table of arguments")
            self.when = when
        self.answer = from_python(table.get("answer"), who)
        self.error = table.get("error")
        if self.error is not None and not isinstance(self.error, str):
            raise _wrong(f'`error` of {who} must be the code of a failure, such as "rate-limit"')
        self.message = str(table.get("message", f"scripted failure of `{tool}`"))
        self.data = table.get("data")
        self.left: int | None = table.get("times")
        if self.left is not None and (type(self.left) is not int or self.left < 1):
            raise _wrong(f"`times` of {who} must be a whole number of at least 1")

    def fits(self, args: dict[str, Any]) -> bool:
        """Whether it answers a call with these arguments."""
        if self.left == 0:
            return False
        for name, wanted in (self.when or {}).items():
            if name not in args:
                return False
            given = args[name]
            if name == "messages" and type(wanted) is str:
                given = _last_text(given)
            if not equal(given, wanted):
                return False
        return True

    def give(self) -> Any:
        """The answer; or its failure raised."""
        if self.left is not None:
            self.left -= 1
        if self.error is not None:
            raise Failure(self.error, self.message, data=self.data)
        return self.answer


def _last_text(messages: Any) -> Any:
    last = messages[-1] if type(messages) is list and messages else None
    if isinstance(last, Record):
        return getattr(last, "content", None)
    return last.get("content") if type(last) is dict else last


class Script:
    """The entries of one tool."""

    def __init__(self, tool: str, entries: Any, where: str) -> None:
        if not isinstance(entries, list):
            raise _wrong(f"the answers to `{tool}` in {where} must be a list of tables, or the name of a file")
        self.tool = tool
        self.where = where
        self.entries = [Entry(tool, number, table, where) for number, table in enumerate(entries, 1)]

    def answer(self, args: dict[str, Any]) -> Any:
        """What the first entry that fits says.

        Raises:
            Failure: `unscripted-call` if none fits; what the entry says, if that is a failure.
        """
        for entry in self.entries:
            if entry.fits(args):
                return entry.give()
        shown = ", ".join(f"{name}: {represent(value, 40)}" for name, value in args.items())
        raise Failure("unscripted-call", f"no scripted answer of {self.where} fits `{self.tool}({shown})`")


def provider_of(
    tool: str,
    written: Any,
    *,
    where: str,
    directory: str,
    schema: Schema | None = None,
    call_cell: CallCell | None = None,
) -> Provider:
    """The provider made of the value of `tool` in `[providers.scripted]`.

    Args:
        where: the file, for messages.
        directory: what file names are relative to.
        schema: that of the provider it stands in for.
    Raises:
        Failure: `tool-not-found`: it is not written as it should be.
    """
    call = None
    is_instant = True
    if isinstance(written, str):
        path, colon, cell = written.rpartition(":")
        if colon and path.endswith((".lumen", ".lm", ".md")):
            if call_cell is None:
                raise _wrong(f"`{written}` can't be run here")
            call = call_cell(os.path.join(directory, path), cell)
            is_instant = False
        else:
            call = Script(tool, _lines(tool, os.path.join(directory, written)), f"`{written}`").answer
    else:
        call = Script(tool, written, where).answer
    provider = Provider(tool, schema or ANY_ARGUMENTS, call)
    provider.takes_messages = True if schema is None else schema.takes("messages")
    provider.is_scripted = True
    provider.is_instant = is_instant
    return provider


def _lines(tool: str, path: str) -> list[Any]:
    import json

    try:
        with open(path, encoding="utf-8") as file:
            lines = [(number, line) for number, line in enumerate(file, 1) if line.strip()]
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise _wrong(f"the answers to `{tool}` in `{path}` can't be read: {reason}") from None
    entries = []
    for number, line in lines:
        try:
            entries.append(json.loads(line))
        except (ValueError, RecursionError):
            raise _wrong(f"line {number} of `{path}` is not JSON") from None
    return entries


def scripted_table(configured: Mapping[str, Any], where: str) -> dict[str, Any]:
    """`[providers.scripted]` of `lumen.toml`; empty if there is none."""
    found = configured.get("scripted", {})
    if not isinstance(found, dict):
        raise _wrong(f"`scripted` in {where} must be a table, [providers.scripted]")
    return found


def _wrong(message: str) -> Failure:
    return Failure("tool-not-found", message)
