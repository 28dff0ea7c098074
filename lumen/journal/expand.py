"""From the lines of a journal to a `History`: ops become events, events become the lives of tasks."""

from __future__ import annotations

from lumen.journal.errors import JournalError
from lumen.journal.history import AskSpan, Event, TaskSpan
from lumen.kernel.ops import (
    ADVANCE,
    ASIDE,
    CANCEL,
    CANCELLED,
    COMPLETED,
    FAILED,
    KINDS,
    PREEMPT,
    SETTLED,
    SLEEP,
    SPAWN,
    SPAWN_IN,
    TIMER,
    WAITS,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lumen.journal.history import History

OUTCOMES = {COMPLETED: "value", FAILED: "failure", CANCELLED: "cancelled"}
_INTS = frozenset({int})
_STRINGS = frozenset({str})
_PLACE = (str, int, int, str)
_NONE = type(None)
_TYPES: dict[str, tuple[type, ...]] = {
    "event": (str,),
    "future": (int,),
    "id": (int,),
    "kind": (str,),
    "mode": (str,),
    "name": (str,),
    "now": (int,),
    "ops": (list,),
    "outcome": (str,),
    "site": (list, _NONE),
    "sites": (list,),
    "sources": (dict,),
    "task": (int,),
    "took": (int,),
}
"""Members of lines, and what they may be."""
_CHOOSING = frozenset({"race", "select", "vote", "timeout"})


class Expander:
    """Takes lines in order, and builds the history that they tell."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._running: list[TaskSpan] = []
        """The tasks on the stack, innermost last: a step may start others, and be interrupted by others."""
        self._made = 0
        self._now = 0
        self._is_virtual = history.is_virtual
        self._wakes: dict[int, int] = {}
        """Sleeping task → when its sleep is over; what virtual time is, nothing else says."""
        self._deadlines: dict[int, int] = {}
        self._lengths = {SPAWN_IN: 4, SETTLED: 3, CANCEL: 2, ADVANCE: 2, PREEMPT: 5, ASIDE: 3}
        self._lengths[SLEEP] = self._lengths[TIMER] = 2 if self._is_virtual else 3

    def add(self, line: dict[str, Any]) -> None:
        """One more line.

        Raises:
            JournalError: `journal-broken`.
        """
        kind = line.get("event")
        seq = self.history.lines
        self.history.lines += 1
        try:
            _check_members(line)
            if kind == "tasks":
                self.history.sites.extend(line["sites"])
                self._ops(seq, line["ops"])
            else:
                self._line(seq, str(kind), line)
        except (LookupError, TypeError, ValueError) as error:
            raise JournalError("journal-broken", f"line {seq + 1} makes no sense: {error}", seq + 1) from None

    # --- lines ---------------------------------------------------------------------------------------------------

    def _line(self, seq: int, kind: str, line: dict[str, Any]) -> None:
        if kind == "answer" and "now" in line:
            self._now = max(self._now, line["now"])
        elif kind == "decision" and line.get("result") == "expired":
            self._now = max(self._now, self._deadlines.get(line["future"], 0))
        task = line.get("task", 0)
        event = Event(seq, -1, kind, task, line, self._now)
        self.history.events.append(event)
        if kind == "ask":
            span = self.history.asks[line["id"]] = AskSpan(line["id"], task, event)
            self._task(task).asks.append(span.number)
        elif kind == "answer":
            self._answered(event, line)
        elif kind == "decision":
            self._decided(event, line)

    def _answered(self, event: Event, line: dict[str, Any]) -> None:
        span = self.history.asks[line["id"]]
        span.answer = event
        event.task = span.task
        span.took_ns = line.get("took")

    def _decided(self, event: Event, line: dict[str, Any]) -> None:
        span = self._task(line["future"])
        span.decision = event
        event.task = span.number
        span.kind = line["kind"]
        winner = _winner(line["result"])
        if span.kind in _CHOOSING:
            for index, number in enumerate(span.children):
                self.history.tasks[number].is_winner = index == winner

    def _task(self, number: int) -> TaskSpan:
        """A task, made up if the journal does not say how it began: a minimal one."""
        span = self.history.tasks.get(number)
        if span is None:
            span = self.history.tasks[number] = TaskSpan(number, 0, "task", None, None)
        return span

    # --- ops -----------------------------------------------------------------------------------------------------

    def _ops(self, seq: int, ops: list[int]) -> None:
        at = index = 0
        end = len(ops)
        lengths = self._lengths
        while at < end:
            op = ops[at]
            if op > 0:
                self._begins(seq, index, op)
                at += 1
            elif op >= CANCELLED:
                self._ends(seq, index, op)
                at += 1
            elif op <= SPAWN:
                self._made_task(seq, index, self._running[-1].number, SPAWN - op, 0)
                at += 1
            else:
                length = lengths[op]
                if at + length > end:
                    raise ValueError(f"the last op, {op}, is cut off")
                self._longer(seq, index, ops[at : at + length])
                at += length
            index += 1

    def _event(self, seq: int, index: int, kind: str, task: int, data: dict[str, Any] | None = None) -> Event:
        event = Event(seq, index, kind, task, data, self._now)
        self.history.events.append(event)
        return event

    def _begins(self, seq: int, index: int, number: int) -> None:
        span = self.history.tasks[number]
        if span.outcome is not None:
            return  # it was cancelled before it could start, and only now leaves the queue; no op ends this step
        due = self._wakes.pop(number, 0)
        if due > self._now:
            self._now = due
        self._running.append(span)
        is_first = span.start is None
        event = self._event(seq, index, "start" if is_first else "resume", number)
        if is_first:
            span.start = event
        span.steps.append((event, None))

    def _ends(self, seq: int, index: int, op: int) -> None:
        span = self._running.pop()
        if op == WAITS:
            event = self._event(seq, index, "suspend", span.number)
        else:
            event = self._settles(seq, index, span, op)
        span.steps[-1] = (span.steps[-1][0], event)

    def _settles(self, seq: int, index: int, span: TaskSpan, op: int) -> Event:
        span.outcome = OUTCOMES[op]
        span.end = self._event(seq, index, "finish", span.number, {"outcome": span.outcome, "task": span.number})
        return span.end

    def _made_task(self, seq: int, index: int, parent: int, site: int, kind: int) -> None:
        self._made = number = self._made + 1
        place = None if site < 0 else self.history.sites[site]
        word = KINDS[kind]
        event = self._event(
            seq, index, "spawn", number, {"kind": word, "parent": parent, "site": place, "task": number}
        )
        self.history.tasks[number] = TaskSpan(number, parent, word, place, event)
        if parent:
            self.history.tasks[parent].children.append(number)

    def _longer(self, seq: int, index: int, op: list[int]) -> None:
        code = op[0]
        running = self._running[-1].number if self._running else 0
        if code == SPAWN_IN:
            self._made_task(seq, index, op[1], op[2], op[3])
        elif code == SETTLED:
            self._settles(seq, index, self.history.tasks[op[1]], op[2])
        elif code == CANCEL:
            self._wakes.pop(op[1], None)
            event = self._event(seq, index, "cancel", op[1], {"by": running, "task": op[1]})
            self.history.tasks[op[1]].cancelled_at = event
        elif code in (SLEEP, TIMER):
            if not self._is_virtual:
                self._now = max(self._now, op[2])
            self._timer(seq, index, code, op[1], running)
        elif code == ADVANCE:
            self._now = max(self._now, op[1])
            self._event(seq, index, "advance", 0, {"ns": op[1]})
        elif code == PREEMPT:
            self._now = max(self._now, op[3])
            data = {"at": op[1], "flags": op[4], "rounds": op[2], "ns": op[3], "task": running}
            self._event(seq, index, "preempt", running, data)
        else:
            self._event(seq, index, "aside", running, {"at": op[1], "rounds": op[2], "task": running})

    def _timer(self, seq: int, index: int, code: int, duration_ns: int, running: int) -> None:
        if code == SLEEP:
            if running and self._is_virtual:
                self._wakes[running] = self._now + duration_ns
            self._event(seq, index, "sleep", running, {"ns": duration_ns, "task": running})
            return
        last = self.history.tasks.get(self._made)
        if last is not None and last.kind == "timeout" and last.number not in self._deadlines:
            self._deadlines[last.number] = self._now + duration_ns
            self._event(seq, index, "timer", last.number, {"ns": duration_ns, "task": last.number})
        else:
            self._event(seq, index, "timer", running, {"ns": duration_ns, "task": running})


def _check_members(line: dict[str, Any]) -> None:
    """Refuse members of a wrong type, so that who shows a history need not ask what everything is.

    A journal whose chain is whole has none, unless it was forged.
    """
    for name, value in line.items():
        wanted = _TYPES.get(name)
        if wanted is not None and type(value) not in wanted:
            raise ValueError(f"`{name}` is {value!r}")
    sites = line.get("sites", ())
    site = line.get("site")
    for place in sites if site is None else (*sites, site):
        if type(place) is not list or tuple(map(type, place)) != _PLACE:
            raise ValueError(f"{place!r} is no place")
    if not _INTS.issuperset(map(type, line.get("ops", ()))):
        raise ValueError("an op is no integer")
    if not _STRINGS.issuperset(map(type, line.get("sources", {}).values())):
        raise ValueError("a source is no text")


def _winner(result: Any) -> int:
    """The index of the branch whose value is the result; -1 if there is none."""
    if type(result) is int:
        return result
    if result == "in-time":
        return 0
    if type(result) is list and len(result) > 1 and result[0] == "winner" and type(result[1]) is int:
        return result[1]
    return -1
