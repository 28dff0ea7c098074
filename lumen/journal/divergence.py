"""Where a repeated run parts from its journal: what was recorded, what is done now, and what may be the cause."""

from __future__ import annotations

from lumen.journal.jsonlines import canonical
from lumen.kernel import ops

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Event = dict[str, Any]

_SHOWN = 300
"""Longer values are cut in messages."""

_SAME = {
    "run_start": ("entry", "input", "mode"),
    "ask": ("kind", "name", "input", "task"),
    "answer": ("id", "outcome"),
    "now": ("kind", "name", "input", "task"),
    "print": ("text", "task"),
    "emit": ("value", "task"),
    "decision": ("kind", "result", "future"),
    "warn": ("text",),
    "signal": ("what",),
    "run_end": ("outcome", "value"),
}
"""What two events of one kind must have in common. Places are not in it: lines may move."""


class Divergence(BaseException):
    """The program does not do what it did when the journal was kept. Nothing has been sent outside.

    Not an Exception: no `try` of the program may catch it.
    """

    code = "replay-divergence"

    def __init__(
        self,
        seq: int,
        recorded: Event | None,
        actual: Event,
        *,
        recorded_place: Sequence[Any] | None = None,
        actual_place: Sequence[Any] | None = None,
        recorded_at: int | None = None,
        actual_at: int | None = None,
        stack: Sequence[Sequence[Any]] = (),
        agreed: Sequence[Event] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(f"event {seq} differs from the journal")
        self.seq = seq
        """The number of the event in the journal."""
        self.recorded = recorded
        """What the journal has there; None if it has ended."""
        self.actual = actual
        self.recorded_place = recorded_place
        """[path, line, column, text] in the program that was recorded."""
        self.actual_place = actual_place
        self.recorded_at = recorded_at
        """Where in the ops of a `tasks` line it is; None for other lines."""
        self.actual_at = actual_at
        self.stack = stack
        """The cells that are running, innermost first, in the form of places."""
        self.agreed = agreed
        """The last events that both have."""
        self.hint = hint

    @property
    def message(self) -> str:
        """One line: what was recorded, what happens instead."""
        recorded = "nothing more" if self.recorded is None else describe(self.recorded)
        return f"the journal has {recorded} as event {self.seq}; the program does {describe(self.actual)} instead"


def is_same(recorded: Event, actual: Event) -> bool:
    """Whether an event is what was recorded, apart from where in the source it comes from."""
    kind = actual["event"]
    if recorded["event"] != kind:
        return False
    for member in _SAME.get(kind, ()):
        # By their text: Python takes 1, 1.0 and true for equal.
        if repr(recorded.get(member)) != repr(actual.get(member)):
            return False
    if kind == "run_end" and actual["outcome"] == "failure":
        mine, theirs = actual["failure"], recorded["failure"]
        return bool(mine["code"] == theirs["code"] and mine["message"] == theirs["message"])
    return True


def describe(event: Event) -> str:
    """An event in a few words, for one line of a message."""
    kind = event["event"]
    if kind == "ask":
        return f"the {event['kind']} call {event['name']}({_short(event['input'])})"
    if kind == "now":
        if event["kind"] == "tool":
            return f"the first use of tool {event['name']}"
        return f"{event['name']}({_short(event['input'])})"
    if kind == "answer":
        return f"the answer to ask {event['id']}" if event["outcome"] != "cancelled" else f"ask {event['id']} given up"
    if kind == "print":
        return f"print {_short(event['text'])}"
    if kind == "emit":
        return f"emit {_short(event['value'])}"
    if kind == "decision":
        return f"{event['kind']} {event['future']} decided {_short(event['result'])}"
    if kind == "warn":
        return f"the warning {_short(event['text'])}"
    if kind == "signal":
        return f"the run cancelled ({event['what']})"
    if kind == "run_end":
        if event["outcome"] == "value":
            return f"the end with value {_short(event.get('value'))}"
        return f"the end with failure {event['failure']['code']}: {_short(event['failure']['message'])}"
    if kind == "run_start":
        return f"the start of {event.get('entry') or 'main'}({_short(event['input'])}) in {event['mode']} mode"
    if kind == "task":
        return str(event["text"])
    if kind == "tasks":
        return "steps of tasks"
    return str(kind)


def _short(form: Any) -> str:
    try:
        text = canonical(form)
    except ValueError:
        text = repr(form)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def hint_for(recorded: Event | None, actual: Event, ahead: Sequence[Event]) -> str:
    """What the cause may be. `ahead`: what the journal has after the recorded event."""
    kind = actual["event"]
    if recorded is None:
        return "the program goes on where the recorded run had ended: something was added"
    if kind == recorded["event"] == "ask":
        if recorded["name"] == actual["name"] and recorded["input"] != actual["input"]:
            return f"an argument has changed: {difference(recorded['input'], actual['input'])}"
        if any(is_same(event, actual) for event in ahead):
            return "this call was recorded later: a call before it was removed, or the order of calls has changed"
        return "another tool is called, or a call was added before the recorded one"
    if kind == "ask":
        if any(is_same(event, actual) for event in ahead):
            return "this call was recorded later: something before it was removed, or the order has changed"
        return "a call was added"
    if recorded["event"] == "ask":
        return "the recorded call was removed, or comes later now"
    if kind == "task" and recorded["event"] != "task":
        return "what was recorded was removed, or comes later now"
    if kind == "task":
        return str(actual.get("hint") or "tasks were spawned, or took their turns, in another order")
    if kind == "run_end" and recorded["event"] == "run_end":
        return "the result has changed, though everything asked on the way is the same"
    if kind == "run_end":
        return "the program ends before the recorded run did: something was removed"
    if kind == recorded["event"] == "decision":
        return "a race, vote, select or timeout comes out differently: its rule, its order or its deadline has changed"
    if kind == recorded["event"]:
        return "what the program prints or emits has changed"
    return "something was added, removed, or has changed its order"


def difference(recorded: Any, actual: Any) -> str:
    """The parts in which two inputs differ: `temperature: 0.2 → 0.7`."""
    if type(recorded) is dict and type(actual) is dict:
        parts = []
        for key in sorted({*recorded, *actual}):
            if key not in actual:
                parts.append(f"{key}: {_short(recorded[key])} is gone")
            elif key not in recorded:
                parts.append(f"{key}: {_short(actual[key])} is new")
            elif repr(recorded[key]) != repr(actual[key]):
                parts.append(f"{key}: {_short(recorded[key])} → {_short(actual[key])}")
        if parts:
            return "; ".join(parts)
    if type(recorded) is list and type(actual) is list and len(recorded) == len(actual):
        for number, (old, new) in enumerate(zip(recorded, actual, strict=True), 1):
            if repr(old) != repr(new):
                return f"argument {number}: {_short(old)} → {_short(new)}"
    return f"{_short(recorded)} → {_short(actual)}"


def callee(text: str) -> str:
    """What a site is compared by: the words before the first argument, since names of variables may change."""
    text = text.removeprefix("spawn(") if text.startswith("spawn(") else text
    return text.split("(", 1)[0].split("{", 1)[0].strip()


def first_difference(recorded: Sequence[int], actual: Sequence[int]) -> int:
    """The index at which two logs part."""
    shorter = min(len(recorded), len(actual))
    for index in range(shorter):
        if recorded[index] != actual[index]:
            return index
    return shorter


def split_ops(log: Sequence[int], is_virtual: bool) -> list[tuple[int, tuple[int, ...]]]:
    """The ops of a log: (index of its first number, numbers)."""
    found = []
    index = 0
    while index < len(log):
        op = log[index]
        length = 1
        if op in (ops.SETTLED,):
            length = 3
        elif op == ops.SPAWN_IN:
            length = 4
        elif op in (ops.SLEEP, ops.TIMER):
            length = 2 if is_virtual else 3
        elif op in (ops.CANCEL, ops.ADVANCE):
            length = 2
        elif op == ops.PREEMPT:
            length = 5
        elif op == ops.ASIDE:
            length = 3
        found.append((index, tuple(log[index : index + length])))
        index += length
    return found


def op_at(log: Sequence[int], index: int, is_virtual: bool) -> tuple[int, tuple[int, ...]]:
    """(how many ops are before it, the op that the number at `index` belongs to); an empty op at the end."""
    found = split_ops(log, is_virtual)
    for number, (start, op) in enumerate(found):
        if start <= index < start + len(op):
            return number, op
    return len(found), ()


def describe_op(op: tuple[int, ...], sites: Sequence[Sequence[Any]]) -> tuple[str, Sequence[Any] | None]:
    """An op in words, and its place if it has one. `sites`: all so far, in the form [path, line, column, text]."""

    def site(index: int) -> Sequence[Any] | None:
        return sites[index] if 0 <= index < len(sites) else None

    def named(index: int) -> str:
        place = site(index)
        return "" if place is None else f" by `{place[3]}`"

    if not op:
        return "nothing more here", None
    code = op[0]
    if code <= ops.SPAWN:
        index = ops.SPAWN - code
        return f"a task spawned{named(index)}", site(index)
    if code == ops.SPAWN_IN:
        word = ops.KINDS[op[3]] if op[3] < len(ops.KINDS) else "future"
        what = "a branch" if word == "task" else f"a {word}"
        return f"{what} begun in future {op[1]}{named(op[2])}", site(op[2])
    if code > 0:
        return f"a step of task {code}", None
    words = {
        ops.WAITS: "the running task waits",
        ops.COMPLETED: "the running task ends with a value",
        ops.FAILED: "the running task fails",
        ops.CANCELLED: "the running task ends cancelled",
    }
    if code in words:
        return words[code], None
    if code == ops.SETTLED:
        outcome = {ops.COMPLETED: "completed", ops.FAILED: "failed"}.get(op[2], "cancelled")
        return f"future {op[1]} {outcome}", None
    if code == ops.CANCEL:
        return f"future {op[1]} asked to end", None
    if code in (ops.SLEEP, ops.TIMER):
        return f"a {'sleep' if code == ops.SLEEP else 'deadline'} of {op[1] / 1_000_000:g} ms", None
    if code == ops.ADVANCE:
        return "time going on", None
    return "a busy task interrupted", None


def same_sites(recorded: Sequence[Sequence[Any]], fresh: Sequence[Sequence[Any]]) -> bool:
    """Whether two lists of sites are of the same constructs, wherever those stand and whatever their arguments."""
    return len(recorded) == len(fresh) and all(
        callee(old[3]) == callee(new[3]) for old, new in zip(recorded, fresh, strict=True)
    )


def logs_part(
    recorded: Event,
    following: Event | None,
    log: Sequence[int],
    their_sites: Sequence[Sequence[Any]],
    own_sites: Sequence[Sequence[Any]],
    *,
    is_virtual: bool,
) -> tuple[Event, Event, int]:
    """Where the log of a repeated run parts from what was recorded.

    Args:
        recorded: the line with which the log is compared; not always a `tasks` line.
        following: the line after it.
        their_sites, own_sites: all sites so far, of both sides, in the form [path, line, column, text].
    Returns:
        What was recorded there, what is done now, and at which number of the log.
    """
    at = 0
    shown: Event = recorded
    hint = None
    if recorded["event"] == "tasks":
        at = first_difference(recorded["ops"], log)
        if at == len(log) == len(recorded["ops"]):
            at = _first_other_site(log, their_sites, own_sites)
        _, theirs = op_at(recorded["ops"], at, is_virtual)
        _, mine = op_at(log, at, is_virtual)
        if theirs and mine and theirs[0] in (ops.SLEEP, ops.TIMER) and theirs[0] == mine[0]:
            hint = "a sleep or a deadline has changed"
        if theirs:
            text, place = describe_op(theirs, their_sites)
            shown = {"event": "task", "text": text, "site": place, "seq": recorded["seq"]}
        else:
            shown = recorded if following is None else following
    text, place = describe_op(op_at(log, at, is_virtual)[1], own_sites)
    return shown, {"event": "task", "text": text, "site": place, "hint": hint, "seq": recorded["seq"]}, at


def _first_other_site(log: Sequence[int], theirs: Sequence[Sequence[Any]], mine: Sequence[Sequence[Any]]) -> int:
    """The number of the log that uses the first site which is of another construct than it was."""
    for index, (old, new) in enumerate(zip(theirs, mine, strict=False)):
        if callee(old[3]) != callee(new[3]):
            for at, number in enumerate(log):
                if number == ops.SPAWN - index or (number == ops.SPAWN_IN and log[at + 2] == index):
                    return at
    return 0
