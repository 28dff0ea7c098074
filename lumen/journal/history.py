"""A journal, read whole: its events in order, and what they say about each task and each question to the outside.

Everything that shows a run is a function of a `History`. Reading does not run anything and needs no program: values
stay in the form they have in the file until somebody asks for them.
"""

from __future__ import annotations

import gc

from lumen.journal.blobs import BlobStore
from lumen.journal.errors import JournalError
from lumen.journal.reading import read_lines
from lumen.journal.values import decode_value
from lumen.values.display import represent, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from typing import Any

    SiteForm = list[Any]
    """`[path, line, column, text]`, as in the file."""


class Event:
    """One thing that happened.

    A line of the journal is one event, whose kind is the line's `event` and whose data is the line. A `tasks` line is
    none itself; it holds many, of the kinds spawn, start, suspend, resume, finish, cancel, sleep, timer, advance,
    preempt and aside.
    """

    __slots__ = ("_data", "index", "kind", "line", "task", "time_ns")

    def __init__(self, line: int, index: int, kind: str, task: int, data: dict[str, Any] | None, time_ns: int) -> None:
        self.line = line
        """`seq` of the line."""
        self.index = index
        """Which op of a `tasks` line, from 0; -1 for other lines."""
        self.kind = kind
        self.task = task
        """The task that it is about or that does it; 0 for none."""
        self._data = data
        self.time_ns = time_ns
        """When, as far as the journal knows: since the start of the run; virtual in deterministic mode."""

    @property
    def seq(self) -> str:
        """The event's address: `"12"`, or `"12.3"` for the fourth op of line 12."""
        return str(self.line) if self.index < 0 else f"{self.line}.{self.index}"

    @property
    def data(self) -> dict[str, Any]:
        """What is known of it; the keys by kind are in FORMAT.md."""
        return {"task": self.task} if self._data is None else self._data

    def __repr__(self) -> str:
        return f"Event({self.seq!r}, {self.kind!r}, {self.data!r}, {self.time_ns})"


class AskSpan:
    """One question to the outside, with its answer if that has come."""

    __slots__ = ("answer", "ask", "number", "task", "took_ns")

    def __init__(self, number: int, task: int, ask: Event) -> None:
        self.number = number
        """The ask's `id`."""
        self.task = task
        self.ask = ask
        self.answer: Event | None = None
        self.took_ns: int | None = None

    @property
    def kind(self) -> str:
        """What sort of outside: "tool", "fs", …"""
        return str(self.ask.data.get("kind"))

    @property
    def name(self) -> str:
        """What was asked: the name of the tool, for example."""
        return str(self.ask.data.get("name"))

    @property
    def input(self) -> Any:
        """The arguments, in the form they have in the file."""
        return self.ask.data.get("input")

    @property
    def site(self) -> SiteForm | None:
        """Where in the program."""
        return self.ask.data.get("site")

    @property
    def outcome(self) -> str | None:
        """ "value", "failure" or "cancelled"; None while there is no answer."""
        return None if self.answer is None else str(self.answer.data.get("outcome"))

    @property
    def start_ns(self) -> int:
        """When it was asked."""
        return self.ask.time_ns

    @property
    def end_ns(self) -> int | None:
        """When the answer reached the program."""
        return None if self.answer is None else self.answer.time_ns


class TaskSpan:
    """The life of one task or construct."""

    __slots__ = (
        "asks",
        "cancelled_at",
        "children",
        "decision",
        "end",
        "is_winner",
        "kind",
        "number",
        "outcome",
        "parent",
        "site",
        "spawn",
        "start",
        "steps",
    )

    def __init__(self, number: int, parent: int, kind: str, site: SiteForm | None, spawn: Event | None) -> None:
        self.number = number
        self.parent = parent
        """The task or construct around it; 0: the run itself."""
        self.kind = kind
        """ "task", or a construct: "parallel", "race", "vote", "select", "timeout"."""
        self.site = site
        self.spawn = spawn
        """None in a minimal journal, which does not say when tasks began."""
        self.start: Event | None = None
        """Its first step; None for constructs, which run no code."""
        self.end: Event | None = None
        """None if it had not ended when the journal did."""
        self.steps: list[tuple[Event, Event | None]] = []
        """First and last event of each step it ran."""
        self.children: list[int] = []
        self.asks: list[int] = []
        """Numbers of its questions to the outside."""
        self.outcome: str | None = None
        """ "value", "failure", "cancelled"; None if it had not ended."""
        self.cancelled_at: Event | None = None
        """When cancellation was asked of it."""
        self.decision: Event | None = None
        """What a construct decided."""
        self.is_winner: bool | None = None
        """Of a branch whose race, select, vote or timeout has decided: whether its value is the result."""

    @property
    def operation(self) -> str:
        """What it does, in the words of the source; "main" for the first task."""
        if self.site is not None and len(self.site) > 3:
            return str(self.site[3])
        return "main" if self.number == 1 else self.kind

    @property
    def start_ns(self) -> int | None:
        """When it was made."""
        first = self.spawn or self.start
        return None if first is None else first.time_ns

    @property
    def end_ns(self) -> int | None:
        """When it ended; None if it had not."""
        return None if self.end is None else self.end.time_ns


class History:
    """All of a journal."""

    __slots__ = ("asks", "blobs", "events", "header", "lines", "sites", "tasks", "torn")

    def __init__(self, header: dict[str, Any], blobs: BlobStore | None = None) -> None:
        self.header = header
        """The line `run_start`."""
        self.events: list[Event] = []
        """In order; the first is `run_start`, and `run_end` is the last of a run that came to its end."""
        self.torn = False
        """A last line was cut off, and left out."""
        self.lines = 0
        """Whole lines in the file."""
        self.tasks: dict[int, TaskSpan] = {}
        """By number, in order of creation."""
        self.asks: dict[int, AskSpan] = {}
        """By `id`, in order."""
        self.sites: list[SiteForm] = []
        self.blobs = blobs

    @property
    def is_virtual(self) -> bool:
        """Whether time was virtual: the run was deterministic."""
        return self.header.get("mode") != "eager"

    @property
    def end(self) -> Event | None:
        """The `run_end`, or None if the run was cut off."""
        last = self.events[-1] if self.events else None
        return last if last is not None and last.kind == "run_end" else None

    @property
    def duration_ns(self) -> int:
        """Time of the last event."""
        return self.events[-1].time_ns if self.events else 0

    def source(self, path: str) -> str | None:
        """The text of a module as it was when the run was recorded; None for the standard library."""
        text = self.header.get("sources", {}).get(path)
        return text if isinstance(text, str) else None

    def value(self, form: Any) -> Any:
        """The Lumen value of a form, with classes made up for records and enums.

        Raises:
            JournalError: `missing-blob`, `journal-value`.
        """
        return decode_value(form, None, self.blobs)

    def show(self, form: Any, pieces: int = 0, *, quoted: bool = True) -> str:
        """A form as Lumen shows the value; never fails. With `pieces`, about so many parts of it, then "…"."""
        try:
            value = self.value(form)
        except JournalError:
            if type(form) is dict and "$blob" in form:
                return f"<{form.get('size')} bytes, missing: {str(form['$blob'])[:12]}…>"
            return "<not a value>"
        return represent(value, pieces) if quoted else show(value)


def load_history(path: str | os.PathLike[str]) -> History:
    """Read a journal.

    Raises:
        JournalError: as `read_lines` does.
    """
    lines = read_lines(path)
    try:
        history = history_of((line for _, line in lines), BlobStore(path))
    finally:
        lines.close()
    history.torn = lines.torn
    return history


def history_of(lines: Iterable[dict[str, Any]], blobs: BlobStore | None = None) -> History:
    """The history that parsed lines tell, those of a MemoryJournal for example.

    Raises:
        JournalError: `journal-broken` for lines that make no sense, `journal-empty` for none.
    """
    from lumen.journal.expand import Expander

    # 1,000,000 events are 5,000,000 objects, none of them garbage.
    collects = gc.isenabled()
    gc.disable()
    try:
        expander: Expander | None = None
        for line in lines:
            if expander is None:
                expander = Expander(History(line, blobs))
            expander.add(line)
    finally:
        if collects:
            gc.enable()
    if expander is None:
        raise JournalError("journal-empty", "nothing was recorded")
    return expander.history
