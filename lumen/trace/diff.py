"""Where two recorded runs part: `lumen trace diff`.

Two runs are compared event by event: what they ask and are answered, print, decide, and how their tasks take turns.
What only a clock says is left out, and so are the numbers of lines, which shift with it.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from attrs import define

from lumen.diagnostics.excerpt import paint
from lumen.trace.forms import FormText
from lumen.trace.scene import place_in_words
from lumen.trace.words import EventWords

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen.journal.history import Event, History

_AGREED = 3
_OF_THE_CLOCK = frozenset({"advance", "preempt", "aside"})
_STEPS = frozenset({"spawn", "start", "suspend", "resume", "finish", "cancel", "sleep", "timer"})
_NOT_COMPARED = frozenset({"chain", "seq", "now", "took", "by", "recorded", "sources", "program", "stdlib", "language"})
_HEADER = ("entry", "input", "seed")
"""Of the first line, what a run depends on. The program may have changed where the run did not come by."""


@define(slots=True)
class Parting:
    """The first events that are not the same; one of them is None where that run has no more."""

    first: Event | None
    second: Event | None
    agreed: list[Event]
    """The last events, of the first run, before the two part."""
    compared: int
    """How many events are the same."""


@define(slots=True)
class Comparison:
    """Two runs side by side."""

    compared: int
    parting: Parting | None
    """None: they are the same."""
    notes: list[str]
    """What is different about the recordings but not about what happened."""


def compare(first: History, second: History) -> Comparison:
    """Find where two runs part."""
    notes = _notes(first, second)
    is_minimal = "minimal" in (first.header.get("journal"), second.header.get("journal"))
    both_virtual = first.is_virtual and second.is_virtual
    skipped = set() if both_virtual else set(_OF_THE_CLOCK)
    if is_minimal:
        skipped |= _STEPS | _OF_THE_CLOCK
    agreed: list[Event] = []
    count = 0
    for one, other in zip_longest(_events(first, skipped), _events(second, skipped)):
        if one is None or other is None or not _same(first, one, second, other):
            return Comparison(count, Parting(one, other, agreed[-_AGREED:], count), notes)
        count += 1
        agreed.append(one)
        if len(agreed) > 50:
            del agreed[:-_AGREED]
    return Comparison(count, None, notes)


def _events(history: History, skipped: set[str]) -> Iterator[Event]:
    return (event for event in history.events if event.kind not in skipped)


def _same(first: History, one: Event, second: History, other: Event) -> bool:
    return one.kind == other.kind and one.task == other.task and _equal(_told(first, one), _told(second, other))


def _equal(one: Any, other: Any) -> bool:
    """Equal as JSON: Python thinks that 1, 1.0 and True are the same, and a program can tell them apart."""
    return one == other and repr(one) == repr(other)


def _told(history: History, event: Event) -> dict[str, Any]:
    """What is compared of an event."""
    data = event.data
    if event.kind == "run_start":
        return {name: data.get(name) for name in _HEADER}
    told = {name: value for name, value in data.items() if name not in _NOT_COMPARED}
    if told.get("site"):
        told["site"] = told["site"][3:]  # lines move when a comment is added above them
    if event.kind == "run_end" and isinstance(told.get("failure"), dict):
        told["failure"] = {name: told["failure"].get(name) for name in ("code", "message")}
    return told


def _notes(first: History, second: History) -> list[str]:
    notes = []
    one, other = first.header, second.header
    if one.get("program") != other.get("program"):
        changed = _changed(one.get("sources"), other.get("sources"))
        notes.append(f"the programs differ{': ' + ', '.join(changed) if changed else ''}")
    if one.get("stdlib") != other.get("stdlib"):
        notes.append("the versions of the standard library differ")
    if one.get("language") != other.get("language"):
        notes.append(f"recorded by Lumen {one.get('language')} and {other.get('language')}")
    if one.get("mode") != other.get("mode"):
        notes.append("one run is deterministic, the other is not")
    if "minimal" in (one.get("journal"), other.get("journal")) and one.get("journal") != other.get("journal"):
        notes.append("one journal is minimal: the steps of tasks are not compared")
    for name, history in (("first", first), ("second", second)):
        if history.end is None:
            notes.append(f"the {name} journal ends before its run does")
    return notes


def _changed(one: Any, other: Any) -> list[str]:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return []
    return sorted(path for path in {*one, *other} if one.get(path) != other.get(path))


def diff_text(
    first: History, second: History, *, names: tuple[str, str], colour: bool = False
) -> tuple[bool, list[str]]:
    """Whether two runs are the same, and the lines that say so or say where they part."""
    comparison = compare(first, second)
    lines = [paint(f"note: {note}", "note", colour) for note in comparison.notes]
    parting = comparison.parting
    if parting is None:
        lines.append(f"the runs are the same: {comparison.compared:,} events")
        return True, lines
    words = EventWords(first), EventWords(second)
    lines.append(paint(f"the runs part after {parting.compared:,} equal events", "bold", colour))
    for event in parting.agreed:
        lines.append(_line("  ", event, words[0], ""))
    width = max(map(len, names))
    lines.append(paint(_line("- ", parting.first, words[0], f"{names[0]:{width}}  "), "error", colour))
    lines.append(paint(_line("+ ", parting.second, words[1], f"{names[1]:{width}}  "), "hint", colour))
    if parting.first is not None and parting.second is not None:
        lines += [f"    {line}" for line in _members(first, parting.first, second, parting.second)]
    return False, lines


def _line(prefix: str, event: Event | None, words: EventWords, name: str) -> str:
    if event is None:
        return f"{prefix}{name}has no more events"
    place = words.place(event)
    return f"{prefix}{name}{event.seq:>6}  {words.line(event)}{f'  ({place})' if place else ''}"


def _members(first: History, one: Event, second: History, other: Event) -> list[str]:
    """The first few members that differ, when both events are of one kind."""
    if one.kind != other.kind:
        return []
    out: list[str] = []
    _differences("", {**_told(first, one), "task": one.task}, {**_told(second, other), "task": other.task}, out)
    return [*out[:5], f"… and {len(out) - 5} more"] if len(out) > 5 else out


def _differences(path: str, one: Any, other: Any, out: list[str]) -> None:
    if _equal(one, other):
        return
    if type(one) is dict and type(other) is dict and path.count(".") < 12:
        for name in [*one, *(name for name in other if name not in one)]:
            below = f"{path}.{name}" if path else name
            if name in one and name in other:
                _differences(below, one[name], other[name], out)
            else:
                out.append(f"{below}: only in the {'first' if name in one else 'second'}")
        return
    if type(one) is list and type(other) is list and len(one) == len(other) and path.count("[") < 12:
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            _differences(f"{path}[{index}]", left, right, out)
        return
    forms = FormText(None, 200)
    if path == "site":
        one, other = place_in_words(one), place_in_words(other)
    out.append(f"{path}: {forms.line(one)} | {forms.line(other)}")
