"""A run repeated from its journal: answers come from there, and everything the program does is compared with it.

A Replayer is a Recorder whose lines are not written but compared. Whatever came into the run from outside it gives
back at the same event: answers, times, chance, and the moments at which busy code was interrupted. The first event that
differs stops the run, before anything could be sent. `go_live` makes it an ordinary recorder, which is how a run that
was killed goes on.
"""

from __future__ import annotations

import sys

from lumen.journal.divergence import (
    Divergence,
    describe_op,
    hint_for,
    is_same,
    logs_part,
    op_at,
    same_sites,
)
from lumen.journal.errors import JournalError, JournalStopped
from lumen.journal.frames import frames_of, stack_of
from lumen.journal.jsonlines import parse
from lumen.journal.probe import ProbedLog
from lumen.journal.recorder import Recorder
from lumen.journal.values import decode_value
from lumen.kernel.kernel import DUE, FIRES, MAY_NEST, STOPS
from lumen.kernel.messages import Arrival
from lumen.kernel.ops import ADVANCE, ASIDE, PREEMPT, SLEEP, TIMER
from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Iterator
    from typing import Any

    from lumen.journal.blobs import BlobStore
    from lumen.journal.divergence import Event
    from lumen.journal.probe import Probe
    from lumen.journal.reading import RawLine
    from lumen.journal.recorder import Sink
    from lumen.journal.secrets import Scrubber
    from lumen.kernel.messages import Ask
else:
    from _collections import deque  # `collections` costs 2 ms at each start

_NO_OPS: list[int] = []
_LOOK_AHEAD = 50
"""Events that are searched for a call that comes too early."""
_AGREED = 3


class JournalEnded(BaseException):
    """The journal of a run that was cut off has nothing more. Not an Exception: no `try` of the program catches it."""


class Stopped(BaseException):
    """The replay has come to the event at which it was to stop."""


class _Compared:
    """The sink of a replay: counts, and writes nothing."""

    blobs: BlobStore | None

    def __init__(self, blobs: BlobStore | None) -> None:
        self.blobs = blobs
        self.seq = 1

    def write(self, body: str) -> None:
        """Lines are compared by the Replayer itself."""

    def flush(self) -> None:
        """There is nothing to do."""

    def close(self) -> None:
        """There is nothing to do."""


class Replayer(Recorder):
    """Repeats one run. The runtime makes it, `bind`s the kernel, and asks for what comes next with `feed`."""

    needs_header = False

    def __init__(
        self,
        lines: Iterator[tuple[int, Any]],
        *,
        blobs: BlobStore | None = None,
        scrubber: Scrubber | None = None,
        types: Callable[[str, str, tuple[str, ...]], Any] | None = None,
        stop_after: int | None = None,
        is_resuming: bool = False,
        probe: Probe | None = None,
    ) -> None:
        """
        Args:
            lines: the journal: its first line parsed, the others as RawLines.
            types: finds records and enums of the program, see `decode_value`.
            stop_after: raise Stopped when the event of this number has happened.
            is_resuming: at the end of the journal go on live, once `go_live_with` has been given.
            probe: stops the replay at some event, to see where in the source that is.
        """
        self._lines = lines
        header = next(lines)[1]
        self._compared = _Compared(blobs)
        super().__init__(self._compared, is_minimal=header["journal"] == "minimal", scrubber=scrubber)
        self.header = header
        self.types = types
        self.entry_place: list[Any] | None = None
        """Where the cell is that the run began with."""
        self._probe = probe
        if probe is not None:
            self.log = ProbedLog()
            self.log.passed = self._log_passed
        self.on_event: Callable[[], None] | None = None
        """Called after each line that has been compared."""
        self.before_live: Callable[[], None] | None = None
        """Called when the journal has ended and the run is to go on: must call `go_live_with`, or raise."""
        self.is_live = False
        """The journal has ended, and the run goes on by itself."""
        self.divergence: Divergence | None = None
        self.running_task = 0
        """When stopped: the task that was running."""
        self.running_frames: list[tuple[str, int, str, dict[str, Any]]] = []
        """When stopped at an event: (path, line, cell, variables) of its frames, innermost first."""
        self.in_flight: dict[int, Ask] = {}
        """Asked and not answered so far, by number."""
        self.stack: list[list[Any]] = []
        """At a divergence or stop: the cells that run, innermost first, as places."""
        self.signals: list[str] = []
        """Why the host cancelled the run, if it did."""
        self._stop_after = stop_after
        self._is_resuming = is_resuming
        self._live: tuple[Sink, Callable[[], int]] | None = None
        self._now: RawLine | None = None
        """The event that comes next in the journal; None when it has ended."""
        self._parsed_ops: list[int] | None = None
        self._ahead: deque[RawLine] = deque()
        """What has been read beyond it."""
        self._agreed: deque[RawLine] = deque(maxlen=_AGREED)
        self._own_sites: list[Any] = []
        self._recorded_sites: list[Any] = []
        self._equal = 0
        """How much of the next line's ops the program has done when it does something else."""
        self._pending_sites: list[Any] = []
        self._halted: BaseException | None = None
        self._is_silent = False
        self._take()

    # --- the journal, read ahead -------------------------------------------------------------------------------------

    @property
    def _ops(self) -> list[int]:
        """The ops of the event that comes next, if it is a `tasks` line."""
        ops = self._parsed_ops
        if ops is None:
            assert self._now is not None
            ops = self._parsed_ops = self._now["ops"]
        return ops

    def _event(self, ahead: int = 0) -> RawLine | None:
        """The event that comes next, or after `ahead` others; None when the journal has ended."""
        if not ahead:
            return self._now
        while len(self._ahead) < ahead:
            event = self._read()
            if event is None:
                return None
            self._ahead.append(event)
        return self._ahead[ahead - 1]

    def _read(self) -> RawLine | None:
        try:
            line: RawLine = next(self._lines)[1]
            return line
        except StopIteration:
            return None
        except JournalError as error:
            raise JournalStopped(error) from None

    def _take(self) -> None:
        """Go on to the next event."""
        self._now = event = self._ahead.popleft() if self._ahead else self._read()
        self._parsed_ops = None if event is not None and event.kind == "tasks" else _NO_OPS

    @property
    def is_used_up(self) -> bool:
        """Whether the run has come to the end of a journal that was cut off."""
        return len(self.log) >= len(self._ops) and self._event(1 if self._ops else 0) is None

    # --- comparing ---------------------------------------------------------------------------------------------------

    def _line(self, body: str) -> None:
        if self.is_live:
            super()._line(body)
            return
        if self._halted is not None:
            return
        probe = self._probe
        if probe is not None and probe.seq == self._compared.seq:
            probe.look(self)
            self._stop(Stopped())
        recorded = self._now
        if recorded is None:
            self._at_end()
            super()._line(body)
            return
        if body != recorded.body and not recorded.body.startswith(body[:-1] + ',"value":'):
            # (What is asked at once is compared without the answer.) It may be the same at another place in the source.
            actual = parse("{" + body)
            if not is_same(recorded.data, actual):
                self._diverge(recorded.data, actual)
        self._agree(recorded)

    def _agree(self, recorded: RawLine) -> None:
        """The event is what was recorded."""
        self._take()
        self._compared.seq += 1
        if recorded.kind != "tasks":
            self._agreed.append(recorded)
        if self.on_event is not None:
            self.on_event()
        if self._stop_after is not None and recorded.number >= self._stop_after:
            self._stop(Stopped())

    def _diverge(
        self, recorded: Event | None, actual: Event, *, at: int | None = None, own_at: int | None = None
    ) -> None:
        """Stop here.

        Args:
            at, own_at: where in the ops of the line the recorded and the actual side are, if they are ops.
        """
        if recorded is not None and recorded["event"] == "tasks":
            # The log was equal up to here; so the program does something where tasks went on.
            at = self._equal
            _, op = op_at(recorded["ops"], at, self._is_virtual)
            text, place = describe_op(op, [*self._recorded_sites, *recorded["sites"]])
            recorded = {"event": "task", "text": text, "site": place, "seq": recorded["seq"]}
        self.stack = stack_of(sys._getframe(1), self.place_of)
        seq = recorded["seq"] if recorded is not None else self._compared.seq
        ahead = [event.data for n in range(1, _LOOK_AHEAD) if (event := self._event(n)) is not None]
        self.divergence = Divergence(
            seq,
            recorded,
            actual,
            recorded_place=None if recorded is None else recorded.get("site"),
            actual_place=actual.get("site"),
            recorded_at=at,
            actual_at=own_at,
            stack=self.stack,
            agreed=[event.data for event in self._agreed],
            hint=hint_for(recorded, actual, ahead),
        )
        self._stop(self.divergence)

    def _stop(self, why: BaseException) -> None:
        self.stack = self.stack or stack_of(sys._getframe(1), self.place_of)
        self.running_task = self._task()
        if isinstance(why, Stopped):
            self.running_frames = frames_of(sys._getframe(1))
        self._halted = why
        raise why

    def _go_on(self) -> None:
        """Once stopped, every further step stops again: cleanup code must not get anywhere.

        What it only prints is just not listened to: Python may run that code from where it can't raise anything.
        """
        if self._halted is not None and not self._is_silent:
            raise self._halted

    def fall_silent(self) -> None:
        """The replay is over, and only Python's clean-up of what is left may still come by: it is not listened to."""
        self._is_silent = True

    def _at_end(self) -> None:
        """The journal has ended, and the program goes on."""
        if self.is_live:
            return
        if self._is_resuming:
            if self.before_live is not None:
                self.before_live()
            if self._live is not None:
                self._switch()
                return
        self._stop(JournalEnded())

    def go_live_with(self, sink: Sink, clock: Callable[[], int]) -> None:
        """Where lines go, and where the time comes from, when the journal has ended."""
        self._live = (sink, clock)

    def _switch(self) -> None:
        assert self._live is not None
        self.sink = self._live[0]
        self.is_live = True
        self._new_sites = [text for _, text in self._pending_sites]
        self._pending_sites.clear()
        self._blobs = self.sink.blobs

    def go_live(self) -> None:
        """The journal has ended between two steps of the kernel."""
        if not self.is_live:
            self._at_end()

    # --- the log -----------------------------------------------------------------------------------------------------

    def cut(self) -> None:
        """See Journal.cut."""
        if self.is_live:
            super().cut()
            return
        log = self.log
        if self._halted is not None:
            log.clear()
            return
        if not log:
            self.rounds = 0
            return
        probe = self._probe
        if probe is not None and probe.seq == self._compared.seq:
            probe.look(self)
            self._stop(Stopped())
        recorded = self._now
        if recorded is None:
            self._at_end()
            super().cut()
            return
        fresh = [site for site, _ in self._pending_sites]
        if recorded.body == self._log_body([text for _, text in self._pending_sites]):
            self._recorded_sites += fresh
        else:
            ops = self._ops
            if not ops or ops != log or not same_sites(recorded["sites"], fresh):
                if len(log) < len(ops) and ops[: len(log)] == log:
                    # The line for which the log is being cut will say what the program does instead.
                    self._equal = len(log)
                    log.clear()
                    return
                self._ops_differ(recorded.data, fresh)
            self._recorded_sites += recorded["sites"]
        self._own_sites += fresh
        self._pending_sites.clear()
        self._new_sites.clear()
        log.clear()
        self.rounds = 0
        self._agree(recorded)

    def _log_passed(self) -> None:
        probe = self._probe
        if probe is None or self._halted is not None or probe.seq != self._compared.seq:
            return
        if probe.at is not None and len(self.log) > probe.at:
            probe.look(self)
            self._stop(Stopped())

    def site_index(self, site: Any) -> int:
        """See Journal.site_index."""
        known = len(self._kept)
        index = super().site_index(site)
        if index == known and not self.is_live:
            text = self._new_sites.pop()
            path, line, column, operation = site
            self._pending_sites.append(((self.place_of(path), line, column, operation), text))
        return index

    def _ops_differ(self, recorded: Event, fresh: list[Any]) -> None:
        following = self._event(1)
        their_sites = [*self._recorded_sites, *recorded.get("sites", ())]
        shown, actual, at = logs_part(
            recorded,
            None if following is None else following.data,
            self.log,
            their_sites,
            [*self._own_sites, *fresh],
            is_virtual=self._is_virtual,
        )
        self.log.clear()
        self._diverge(shown, actual, at=at if shown["event"] == "task" else None, own_at=at)

    # --- what is given back ------------------------------------------------------------------------------------------

    def feed(self) -> tuple[int, list[Arrival], str | None] | None:
        """What the kernel is to be called with next: time, answers, and why the run is cancelled before that, if it is.

        None when the journal has ended.
        """
        self._go_on()
        if self.is_live:
            return None
        reason = self.stops_here()
        if reason is not None:
            return 0, [], reason
        if self._is_virtual:
            return self._feed_virtual()
        at = len(self.log)
        rest = self._ops
        if at >= len(rest):
            if self._event(1 if rest else 0) is None:
                return None
            self._expected("the program waits")
        if rest[at] != ADVANCE:
            self._expected("the program waits")
        arrivals: list[Arrival] = []
        if at + 2 == len(rest):
            arrivals = self._answers(1)
        return rest[at + 1], arrivals, None

    def stops_here(self) -> str | None:
        """See Journal.stops_here."""
        self._go_on()
        following = self._now
        if self.is_live or following is None:
            return None
        if following.kind == "tasks" and not self.log:
            return None  # a turn in most replays: something was done before a signal could come
        signal = self._event(1) if following.kind == "tasks" else following
        if signal is None or signal.kind != "signal" or signal["what"] == "deadlock":
            return None
        if len(self.log) != len(self._ops):
            return None
        return signal["what"] if signal["turn"] == self._kernel.turns else None

    def _feed_virtual(self) -> tuple[int, list[Arrival], str | None] | None:
        kernel = self._kernel
        if kernel.ready or kernel.undecided or not kernel.asks:
            return 0, [], None
        wanted = next(iter(kernel.asks))
        if wanted in kernel.held:
            return 0, [], None
        ahead = 0
        while (event := self._event(ahead)) is not None:
            if event.kind == "answer" and event["outcome"] != "cancelled":
                if event["id"] == wanted:
                    return 0, [self._arrival(event)], None
                self._expected(f"the program waits for the answer to ask {wanted}")
            if event.kind != "tasks":
                self._expected(f"the program waits for the answer to ask {wanted}")
            ahead += 1
        return None

    def _expected(self, what: str) -> None:
        """The program does nothing where the journal has something."""
        self.cut()
        recorded = None if self._now is None else self._now.data
        self._diverge(recorded, {"event": "task", "text": what, "hint": "something was removed"})

    def _answers(self, ahead: int) -> list[Arrival]:
        """The answers that stand in the journal from there on."""
        found: list[Arrival] = []
        while (event := self._event(ahead)) is not None and event.kind == "answer":
            if event["outcome"] == "cancelled":
                break
            if event["id"] not in self._kernel.asks:
                break  # a changed program; the comparison of what follows will say so
            found.append(self._arrival(event))
            ahead += 1
        return found

    def _arrival(self, event: RawLine) -> Arrival:
        try:
            if event["outcome"] == "value":
                return Arrival(event["id"], decode_value(event["value"], self.types, self._blobs))
            return Arrival(event["id"], None, self._failure(event["failure"]))
        except JournalError as error:
            raise JournalStopped(error) from None

    def _failure(self, form: dict[str, Any]) -> Failure:
        data = decode_value(form.get("data"), self.types, self._blobs)
        return Failure(form["code"], form["message"], data=data)

    def answered(self, arrival: Arrival) -> None:
        """See Observer.answered."""
        if self.is_live:
            super().answered(arrival)
            return
        self._go_on()
        self.cut()
        probe = self._probe
        if probe is not None and probe.seq == self._compared.seq:
            probe.look(self)
            self._stop(Stopped())
        self.in_flight.pop(arrival.seq, None)
        recorded = self._now
        outcome = "value" if arrival.error is None else "failure"
        if (
            recorded is not None
            and recorded.kind == "answer"
            and recorded["id"] == arrival.seq
            and recorded["outcome"] == outcome
        ):
            self._agree(recorded)
        else:
            actual = {"event": "answer", "id": arrival.seq, "outcome": outcome}
            self._diverge(None if recorded is None else recorded.data, actual)

    def asked(self, ask: Ask) -> None:
        """See Observer.asked."""
        self._go_on()
        super().asked(ask)
        if not self.is_live:
            self.in_flight[ask.seq] = ask

    def forgotten(self, seq: int) -> None:
        """See Observer.forgotten."""
        super().forgotten(seq)
        self.in_flight.pop(seq, None)

    def signalled(self, what: str) -> None:
        """See Observer.signalled."""
        self.signals.append(what)
        super().signalled(what)

    def warned_at_end(self, messages: list[str]) -> list[str]:
        """See Recorder.warned_at_end."""
        if self.is_live:
            return super().warned_at_end(messages)
        self.cut()
        found: list[str] = []
        while (recorded := self._now) is not None and recorded.kind == "warn":
            found.append(recorded["text"])
            self._agree(recorded)
        return found

    def asked_now(self, kind: str, name: str, payload: Any, answer: Callable[[str, str, Any], Any]) -> Any:
        """See Observer.asked_now: the answer is the recorded one."""
        if self.is_live:
            return super().asked_now(kind, name, payload, answer)
        self.cut()
        recorded = self._now
        if self._halted is not None:
            return None
        if recorded is None:
            self._at_end()
            return super().asked_now(kind, name, payload, answer)
        if recorded.kind != "now":
            self._now_line(kind, name, payload, "", "")
        if kind == "random":
            answer(kind, name, payload)  # a seeded generator must be as far as it was, for the time after the journal
        try:
            value, failure = None, recorded.get("failure")
            if failure is None:
                value = decode_value(recorded.get("value"), self.types, self._blobs)
                if kind == "env" and recorded.get("value") == {"$secret": True}:
                    # Not in the journal on purpose: today's will do.
                    value = answer(kind, name, payload) or value
                    if self.scrubber is not None:
                        self.scrubber.remember(value)
        except JournalError as error:
            raise JournalStopped(error) from None
        self._now_line(kind, name, payload, "", "")
        if failure is not None:
            try:
                raise self._failure(failure)
            except JournalError as error:
                raise JournalStopped(error) from None
        return value

    def clock(self) -> int:
        """The time at which a timer is set in eager mode: that of the journal."""
        if self.is_live:
            assert self._live is not None
            return self._live[1]()
        self._go_on()
        at = len(self.log)
        if at < len(self._ops) and self._ops[at] in (SLEEP, TIMER):
            return self._ops[at + 2]
        if at >= len(self._ops) and self._event(1 if self._ops else 0) is None:
            self._at_end()
            return self.clock()
        # Another event was recorded here: comparing the log will find which.
        return 0

    def interrupted(self, preempt: Callable[[], bool] | None) -> bool:
        """See Journal.interrupted: here, if it was here."""
        if self.is_live:
            return super().interrupted(preempt)
        self._go_on()
        while True:
            rest = self._ops
            at = len(self.log)
            if at >= len(rest) and preempt is not None and self.is_used_up:
                # The run was cut off while this code was busy; it may never come to anything else.
                self._at_end()
                return super().interrupted(preempt)
            if at >= len(rest) or rest[at] != PREEMPT or rest[at + 2] != self.rounds:
                return False
            now, flags = rest[at + 3], rest[at + 4]
            kernel = self._kernel
            if flags & FIRES:
                kernel.fire_early()
                if kernel.must_cancel_here():
                    return True
                continue
            stop = None
            following = 1
            if flags & STOPS and at + 5 == len(rest):
                signal = self._event(1)
                if signal is not None and signal.kind == "signal":
                    stop = signal["what"]
                    following = 2
            arrivals = self._answers(following) if at + 5 == len(rest) else []
            kernel.turn.is_wanted = bool(flags & DUE)
            if kernel.preempt(now, arrivals, may_nest=bool(flags & MAY_NEST), stop=stop):
                return True

    def steps_aside(self, is_due: bool) -> bool:
        """See Journal.steps_aside."""
        if self.is_live:
            return super().steps_aside(is_due)
        self._go_on()
        rest = self._ops
        at = len(self.log)
        if at < len(rest):
            if rest[at] == ASIDE and rest[at + 2] == self.rounds:
                self.log += (ASIDE, at, self.rounds)
                return True
        elif self._event(1 if rest else 0) is None:
            self._at_end()
        return False
