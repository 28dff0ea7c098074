"""What a run does, as lines for a journal. It listens at the kernel's one door.

Each line is built by hand: its keys in sorted order, so that two runs that do the same write the same bytes. The log
of what tasks do (`kernel/ops.py`) is cut into a `tasks` line before every other line; so the order of the file is the
order of events, and a run that is killed has lost nothing but steps that will be taken again.
"""

from __future__ import annotations

import sys

from lumen.journal.errors import JournalError, JournalStopped
from lumen.journal.frames import lumen_frame
from lumen.journal.values import BLOB_CHARS, encode_text, encode_value
from lumen.kernel.ops import ASIDE
from lumen.kernel.trace import Journal
from lumen.values.display import kind_name
from lumen.values.errors import Failure, cell_name, failure_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CodeType, FrameType
    from typing import Any, Protocol

    from lumen.journal.blobs import BlobStore
    from lumen.journal.secrets import Scrubber
    from lumen.kernel.future import Future
    from lumen.kernel.kernel import Kernel
    from lumen.kernel.messages import Arrival, Ask, Site

    SiteTexts = tuple[dict[tuple[CodeType, int], str], dict[int, tuple[Site, str]]]
    """Places by code and instruction, sites by their `id` (and the site, which keeps that id from being used again)."""

    class Sink(Protocol):
        """Where lines go: a JournalWriter, or a MemoryJournal."""

        blobs: BlobStore | None

        @property
        def seq(self) -> int:
            """The number of the next line."""

        def write(self, body: str) -> None:
            """Add a line."""

        def flush(self) -> None:
            """Hand all lines to the system."""

        def close(self) -> None:
            """The run is over."""


class Recorder(Journal):
    """Writes the history of one run. The runtime makes it, `bind`s the kernel, and calls `begin` and `end`."""

    needs_header = True
    """Whether `place_of` and the header are still to be given."""

    def __init__(self, sink: Sink, *, is_minimal: bool = False, scrubber: Scrubber | None = None) -> None:
        """
        Args:
            is_minimal: leave out what tasks do. The journal replays all the same, but what it shows and compares is
                less: asks, answers, prints, decisions.
        """
        self.log: list[int] = []
        self.logs_tasks = not is_minimal
        self.sink = sink
        self.is_minimal = is_minimal
        self.place_of: Callable[[str], str] = str
        """The path of a module as the journal names it, by the path that is compiled into its code."""
        self.scrubber = scrubber
        self._blobs = sink.blobs
        self._sites: dict[int, int] = {}
        self._kept: list[Any] = []
        """The sites by number; what is kept here can't give its `id` to another."""
        self._new_sites: list[str] = []
        self._places: dict[tuple[CodeType, int], str] = {}
        self._site_texts: dict[int, tuple[Site, str]] = {}
        self._asked_at: dict[int, int] = {}
        self._is_virtual = True
        self._kernel: Kernel

    def bind(self, kernel: Kernel) -> None:
        """The kernel whose run this is."""
        self._kernel = kernel
        self._is_virtual = kernel.policy.is_virtual

    # --- lines -------------------------------------------------------------------------------------------------------

    def begin(self, header: Mapping[str, str]) -> None:
        """Write the first line. `header`: the members of `run_start` but `journal`, as JSON texts."""
        kept = "minimal" if self.is_minimal else "full"
        members = {**header, "journal": f'"{kept}"', "seq": str(self.sink.seq)}
        self._line('"event":"run_start"' + "".join(f',"{name}":{members[name]}' for name in sorted(members)) + "}")

    def end(self, value: Any, failure: Mapping[str, Any] | None) -> None:
        """Write the last line. `failure`: code, message, and file, line and column of its place."""
        self.cut()
        if failure is None:
            text = self._text_of(value)
            self._line(f'"event":"run_end","outcome":"value","seq":{self.sink.seq},"value":{text}}}')
        else:
            place = failure.get("file")
            shown = {name: failure.get(name) for name in ("code", "message", "line", "column")}
            shown["file"] = None if place is None else self.place_of(place)
            text = encode_value(shown, scrubber=self.scrubber, canonical=True)
            self._line(f'"event":"run_end","failure":{text},"outcome":"failure","seq":{self.sink.seq}}}')

    def flush(self) -> None:
        """Everything so far is on its way to the disk when this returns.

        Raises:
            JournalStopped: it can't be written, so the run must not go on: nobody could repeat what it does next.
        """
        try:
            self.sink.flush()
        except JournalError as error:
            raise JournalStopped(error) from None

    def close(self) -> None:
        """Nothing more will come."""
        try:
            self.sink.close()
        except JournalError as error:
            raise JournalStopped(error) from None

    def _line(self, body: str) -> None:
        try:
            self.sink.write(body)
        except JournalError as error:
            raise JournalStopped(error) from None

    # --- the log -----------------------------------------------------------------------------------------------------

    def cut(self) -> None:
        """See Journal.cut."""
        self.rounds = 0
        log = self.log
        if not log:
            return
        body = self._log_body(self._new_sites)
        self._new_sites.clear()
        log.clear()
        self._line(body)

    def _log_body(self, sites: list[str]) -> str:
        ops = repr(self.log).replace(" ", "")
        return f'"event":"tasks","ops":{ops},"seq":{self.sink.seq},"sites":[{",".join(sites)}]}}'

    def site_index(self, site: Any) -> int:
        """See Journal.site_index."""
        index = self._sites.get(id(site))
        if index is None:
            index = self._sites[id(site)] = len(self._kept)
            self._kept.append(site)
            self._new_sites.append(self._site_text(site))
        return index

    def share_texts(self, texts: SiteTexts) -> None:
        """Use the texts of places that another run of the same loaded program has found, and give it ours."""
        self._places, self._site_texts = texts

    def _site_text(self, site: Site) -> str:
        known = self._site_texts.get(id(site))
        if known is None:
            path, line, column, text = site
            shown = f"[{encode_text(self.place_of(path))},{line},{column},{encode_text(text)}]"
            known = self._site_texts[id(site)] = site, shown
        return known[1]

    def steps_aside(self, is_due: bool) -> bool:
        """See Journal.steps_aside."""
        if is_due:
            self.log += (ASIDE, len(self.log), self.rounds)
        return is_due

    # --- what the kernel tells ---------------------------------------------------------------------------------------

    def asked(self, ask: Ask) -> None:
        """See Observer.asked."""
        self.cut()
        self._ask_line(ask, self._input_text(ask))

    def _input_text(self, ask: Ask) -> str:
        payload = ask.payload
        return self._text_of(list(payload) if type(payload) is tuple else payload, canonical=True, is_input=True)

    def _ask_line(self, ask: Ask, given: str) -> None:
        if not self._is_virtual:
            self._asked_at[ask.seq] = self._kernel.now
        site = self._place() if ask.site is None else self._site_text(ask.site)
        self._line(
            f'"event":"ask","id":{ask.seq},"input":{given},"kind":"{ask.kind}","name":{encode_text(ask.name)},'
            f'"seq":{self.sink.seq},"site":{site},"task":{ask.task_number}}}'
        )

    def answered(self, arrival: Arrival) -> None:
        """See Observer.answered."""
        self.cut()
        seq = arrival.seq
        took = ""
        if not self._is_virtual:
            took = f',"took":{self._kernel.now - self._asked_at.pop(seq, self._kernel.now)}'
        if arrival.error is None:
            value = self._text_of(arrival.value)
            self._line(f'"event":"answer","id":{seq},"outcome":"value","seq":{self.sink.seq}{took},"value":{value}}}')
        else:
            failure = self._failure_text(failure_of(arrival.error))
            self._line(
                f'"event":"answer","failure":{failure},"id":{seq},"outcome":"failure","seq":{self.sink.seq}{took}}}'
            )

    def forgotten(self, seq: int) -> None:
        """See Observer.forgotten."""
        self.cut()
        self._asked_at.pop(seq, None)
        self._line(f'"event":"answer","id":{seq},"outcome":"cancelled","seq":{self.sink.seq}}}')

    def asked_now(self, kind: str, name: str, payload: Any, answer: Callable[[str, str, Any], Any]) -> Any:
        """See Observer.asked_now."""
        self.cut()
        try:
            value = answer(kind, name, payload)
        except Exception as error:
            self._now_line(kind, name, payload, f'"failure":{self._failure_text(failure_of(error))},', "")
            raise
        if self.scrubber is not None and kind == "env" and self.scrubber.is_secret_variable(payload[0]):
            self.scrubber.remember(value)
            text = "null" if value is None else '{"$secret":true}'
        else:
            text = self._text_of(value)
        self._now_line(kind, name, payload, "", f',"value":{text}')
        return value

    def _now_line(self, kind: str, name: str, payload: Any, before: str, after: str) -> None:
        given = self._text_of(list(payload), canonical=True, is_input=True)
        self._line(
            f'"event":"now",{before}"input":{given},"kind":"{kind}","name":"{name}","seq":{self.sink.seq},'
            f'"site":{self._place()},"task":{self._task()}{after}}}'
        )

    def decided(self, construct: Future, decision: object) -> None:
        """See Observer.decided."""
        self.cut()
        result = self._text_of(list(decision) if type(decision) is tuple else decision)
        word = getattr(construct, "word", "construct")
        self._line(
            f'"event":"decision","future":{construct.number},"kind":"{word}","result":{result},"seq":{self.sink.seq}}}'
        )

    def printed(self, text: str) -> None:
        """See Observer.printed."""
        self.cut()
        scrubber = self.scrubber
        if len(text) < BLOB_CHARS and (scrubber is None or scrubber.knows_nothing):
            shown = encode_text(text)
        else:
            shown = self._text_of(text)
        self._line(
            f'"event":"print","seq":{self.sink.seq},"site":{self._place()},"task":{self._task()},"text":{shown}}}'
        )

    def learned_secret(self, value: Any) -> None:
        """See Observer.learned_secret."""
        if self.scrubber is not None:
            self.scrubber.remember(value)

    def emitted(self, value: object) -> None:
        """See Observer.emitted."""
        self.cut()
        shown = self._text_of(value)
        self._line(
            f'"event":"emit","seq":{self.sink.seq},"site":{self._place()},"task":{self._task()},"value":{shown}}}'
        )

    def warned(self, message: str, future: Future | None) -> None:
        """See Observer.warned."""
        self.cut()
        self._line(f'"event":"warn","seq":{self.sink.seq},"text":{self._text_of(message)}}}')

    def warned_at_end(self, messages: list[str]) -> list[str]:
        """The run is over; what the host has to say about what it left behind. Gives what was said when recorded."""
        for message in messages:
            self.warned(message, None)
        return messages

    def signalled(self, what: str) -> None:
        """See Observer.signalled."""
        self.cut()
        self._line(f'"event":"signal","seq":{self.sink.seq},"turn":{self._kernel.turns},"what":"{what}"}}')

    # --- parts of lines ----------------------------------------------------------------------------------------------

    def _text_of(self, value: Any, *, canonical: bool = False, is_input: bool = False) -> str:
        try:
            return encode_value(
                value, canonical=canonical, scrubber=self.scrubber, is_input=is_input, blobs=self._blobs
            )
        except JournalError as error:
            raise JournalStopped(error) from None
        except Failure as failure:
            # A run must not fail because it is recorded. No answer can be nested so deep.
            return f'{{"$opaque":{encode_text(f"<{kind_name(value)}: {failure.message}>")}}}'

    def _failure_text(self, failure: Failure) -> str:
        # Only the data may be so large that it is kept beside the journal: every reader wants the others.
        data = self._text_of(failure.data, canonical=True)
        message = encode_value(failure.message, scrubber=self.scrubber)
        return f'{{"code":{encode_text(failure.code)},"data":{data},"message":{message}}}'

    def _task(self) -> int:
        task = self._kernel.current
        return 0 if task is None else task.number

    def _place(self) -> str:
        """Where the Lumen code on the stack is, as JSON: [path, line, column, name of the cell]."""
        frame = lumen_frame(sys._getframe(2))
        if frame is None:
            return "null"
        key = (frame.f_code, frame.f_lasti)
        known = self._places.get(key)
        if known is None:
            known = self._places[key] = self._place_text(frame)
        return known

    def _place_text(self, frame: FrameType) -> str:
        code = frame.f_code
        line, column = frame.f_lineno, 1
        for index, (start, _, offset, _) in enumerate(code.co_positions()):
            if index * 2 == frame.f_lasti:
                line, column = start or line, (offset or 0) + 1
                break
        path = self.place_of(code.co_filename)
        return f"[{encode_text(path)},{line},{column},{encode_text(cell_name(code.co_name))}]"
