"""A recording that answers what a test asks, matched by what is asked rather than by when.

A cassette is a journal, made by `lumen test --record`. A question is looked up by its kind and name, its arguments, the
spawn path of the task that asks (see `paths.py`), and how many times that task has asked the same before. So tasks may
be answered, and end, in any order. A question that the recording does not have is an error; nothing is ever asked of
the world because of it.

Environment variables are looked up by their name alone. Time and random numbers are not looked up: in a test they
follow from its seed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, evolve, field

from lumen.journal.blobs import BlobStore
from lumen.journal.errors import JournalError
from lumen.journal.jsonlines import canonical, parse
from lumen.journal.reading import read_lines
from lumen.journal.values import decode_value
from lumen.kernel.messages import Arrival, Ask
from lumen.testing.difference import likeness
from lumen.testing.paths import SpawnPaths, shown_path
from lumen.values.display import represent
from lumen.values.errors import Failure

Key = tuple[str, str, str, str]
"""Kind, name, canonical input, spawn path."""

_MAX_NEAR = 50
_MAX_SHOWN = 120


@define(eq=False)
class Entry:
    """One question of the recording, and its answer."""

    kind: str
    name: str
    input: Any
    """Parsed JSON."""
    text: str
    """The same as canonical text."""
    path: str
    site: Any
    outcome: str = "unanswered"
    """"value", "failure", "cancelled", or "unanswered" where the run ended first."""
    value: Any = None
    failure: dict[str, Any] | None = None
    used: bool = False

    @property
    def key(self) -> Key:
        """Equal for identical calls of the same task."""
        return self.kind, self.name, self.text, self.path

    def answer_text(self) -> str:
        """The answer in a message."""
        if self.outcome == "failure" and self.failure is not None:
            return f"failure {self.failure.get('code')}: {self.failure.get('message')}"
        return short_json(self.value) if self.outcome == "value" else self.outcome


@define
class Miss:
    """A question that the recording has no answer to: what to tell the user."""

    message: str
    notes: list[str] = field(factory=list)


class Cassette:
    """The recording of one test, as it answers one run of it."""

    def __init__(
        self,
        path: str,
        entries: list[Entry],
        variables: dict[str, Any],
        tools: dict[str, Any],
        blobs: BlobStore | None,
    ) -> None:
        self.path = path
        self.entries = entries
        self.tools = tools
        """What each tool takes, in JSON form."""
        self.variables = variables
        """Canonical arguments of `get_env` → value in its JSON form."""
        self._blobs = blobs
        self._by_key: dict[Key, list[Entry]] = {}
        self._taken: dict[Key, int] = {}
        for entry in entries:
            self._by_key.setdefault(entry.key, []).append(entry)

    @classmethod
    def load(cls, path: str) -> Cassette:
        """Read a recording.

        Raises:
            JournalError: it is no journal, of a newer version, broken, cut off, or a large value is missing.
        """
        blobs = BlobStore(path)
        entries: dict[int, Entry] = {}
        variables: dict[str, Any] = {}
        tools: dict[str, Any] = {}
        sites: list[str] = []
        paths = SpawnPaths(is_virtual=True)
        lines = read_lines(path)
        events: Any = iter(lines)
        has_ended = False
        try:
            for _, line in events:
                event = line["event"]
                if event == "run_start":
                    paths = SpawnPaths(is_virtual=line["mode"] != "eager")
                    if line["journal"] != "full":
                        raise JournalError("journal-broken", f"{path} is a minimal journal; a test needs a full one")
                elif event == "tasks":
                    sites += [site[3] for site in line["sites"]]
                    paths.feed(line["ops"], sites.__getitem__)
                elif event == "ask":
                    given = _whole(line["input"], blobs)
                    text = canonical(given)
                    where = paths.path(line["task"])
                    entries[line["id"]] = Entry(line["kind"], line["name"], given, text, where, line["site"])
                elif event == "answer":
                    entry = entries[line["id"]]
                    entry.outcome = line["outcome"]
                    entry.value = _whole(line.get("value"), blobs)
                    entry.failure = line.get("failure")
                elif event == "now" and line["kind"] == "env" and "value" in line:
                    variables.setdefault(canonical(line["input"]), line["value"])
                elif event == "now" and line["kind"] == "tool" and "value" in line:
                    tools.setdefault(line["name"], line["value"])
                has_ended = event == "run_end"
        except (LookupError, TypeError, AttributeError) as error:
            raise JournalError("journal-broken", f"{path} makes no sense as a recording: {error!r}") from None
        finally:
            events.close()  # a generator, which holds the file open
        if lines.torn or not has_ended:
            raise JournalError("journal-torn", f"{path} is cut off: the run it records has no end")
        return cls(path, list(entries.values()), variables, tools, blobs)

    def fresh(self) -> Cassette:
        """The same recording for another run, with nothing used up."""
        entries = [evolve(entry, used=False) for entry in self.entries]
        return Cassette(self.path, entries, self.variables, self.tools, self._blobs)

    @property
    def is_empty(self) -> bool:
        """Nothing outside was asked."""
        return not self.entries and not self.variables

    def find(self, kind: str, name: str, given: str, path: str) -> Entry | Miss:
        """The entry that answers a question, used up by that. `given`: its input as JSON text."""
        text = canonical(parse(given))
        key = (kind, name, text, path)
        taken = self._taken.get(key, 0)
        same = self._by_key.get(key, [])
        if taken < len(same):
            self._taken[key] = taken + 1
            same[taken].used = True
            return same[taken]
        return self._miss(key, len(same))

    def unused(self) -> list[Entry]:
        """What was recorded and not asked for."""
        return [entry for entry in self.entries if not entry.used]

    def arrival(self, entry: Entry, ask: Ask, type_of: Callable[[str, str, tuple[str, ...]], Any]) -> Arrival | None:
        """The answer to give; None for a call that had none when it was recorded."""
        if entry.outcome == "failure" and entry.failure is not None:
            failure = entry.failure
            data = decode_value(failure.get("data"), type_of, self._blobs)
            return Arrival(ask.seq, None, Failure(failure["code"], failure["message"], data=data))
        if entry.outcome == "value":
            return Arrival(ask.seq, decode_value(entry.value, type_of, self._blobs))
        return None

    # --- a miss ------------------------------------------------------------------------------------------------------

    def _miss(self, key: Key, known: int) -> Miss:
        kind, name, text, path = key
        given = parse(text)
        miss = Miss(f"{self.path} has no answer to `{call_text(kind, name, given)}`")
        if known:
            times = "once" if known == 1 else f"{known} times"
            miss.notes.append(f"the recording has this call {times} in this task, and it is made once more")
            return miss
        elsewhere = [entry for entry in self.entries if (entry.kind, entry.name, entry.text) == key[:3]]
        if elsewhere:
            miss.notes.append(f"the call was recorded in another task: {shown_path(elsewhere[0].path)}")
            miss.notes.append(f"here it is made in {shown_path(path)}")
            return miss
        near = self._nearest(kind, name, text, path)
        if near is None:
            others = sorted({entry.name for entry in self.entries})
            listed = ", ".join(f"`{other}`" for other in others[:8]) + (", …" if len(others) > 8 else "")
            miss.notes.append(f"the recording only has calls of {listed}" if others else "the recording has no calls")
            return miss
        at = "" if near.site is None else f", made at {near.site[0]}:{near.site[1]}"
        miss.notes.append(f"the nearest is `{call_text(near.kind, near.name, near.input)}`{at}")
        miss.notes += [f"  {line}" for line in differing_fields(kind, near.input, given)]
        return miss

    def _nearest(self, kind: str, name: str, text: str, path: str) -> Entry | None:
        same = [entry for entry in self.entries if entry.kind == kind and entry.name == name]
        # Those that nobody has asked for yet, of the same task, are the likeliest to be meant.
        same.sort(key=lambda entry: (entry.used, entry.path != path))
        return max(
            same[:_MAX_NEAR],
            key=lambda entry: (not entry.used, entry.path == path, likeness(entry.text, text)),
            default=None,
        )


def _whole(form: Any, blobs: BlobStore) -> Any:
    """The form of a value with what is in a file of its own put back."""
    if type(form) is dict and "$blob" in form:
        return blobs.load(form["$blob"])
    return form


# --- in words --------------------------------------------------------------------------------------------------------


def short_json(form: Any, limit: int = _MAX_SHOWN) -> str:
    """The JSON form of a value as a literal, cut at the end."""
    try:
        text = represent(decode_value(form), 100)
    except (JournalError, Failure):
        text = canonical(form)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def call_text(kind: str, name: str, given: Any, limit: int = _MAX_SHOWN) -> str:
    """A question as a call: `llm.chat(prompt: "hi")`."""
    positional, named = _arguments(kind, given)
    parts = [short_json(item) for item in positional]
    parts += [f"{key}: {short_json(item)}" for key, item in named.items()]
    text = f"{name}({', '.join(parts)})"
    return text if len(text) <= limit else text[: limit - 2] + "…)"


def _arguments(kind: str, given: Any) -> tuple[list[Any], dict[str, Any]]:
    """The input of a question as arguments by position and by name."""
    if type(given) is dict and not any(key.startswith("$") for key in given):
        return list(given.get("*", ())), {key: item for key, item in given.items() if key != "*"}
    if kind == "extern" and type(given) is list and len(given) == 2 and type(given[1]) is dict:
        positional = given[0].get("$tuple", []) if type(given[0]) is dict else given[0]
        return list(positional), given[1]
    return (list(given), {}) if type(given) is list else ([given], {})


def differing_fields(kind: str, recorded: Any, given: Any) -> list[str]:
    """Argument by argument, how two inputs differ."""
    before, after = (_by_name(*_arguments(kind, form)) for form in (recorded, given))
    lines = []
    for name in {**before, **after}:
        if name not in after:
            lines.append(f"{name}: recorded {short_json(before[name])}, not given now")
        elif name not in before:
            lines.append(f"{name}: {short_json(after[name])} is new")
        elif canonical(before[name]) != canonical(after[name]):
            then, now = _parted(short_json(before[name], 4000), short_json(after[name], 4000))
            lines.append(f"{name}: recorded {then}")
            lines.append(f"{' ' * len(name)}  asked    {now}")
    return lines


def _by_name(positional: list[Any], named: dict[str, Any]) -> dict[str, Any]:
    return {**{f"argument {index}": item for index, item in enumerate(positional, 1)}, **named}


def _parted(before: str, after: str) -> tuple[str, str]:
    """Two texts, long ones cut to what is around their first difference."""
    at = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after)))
    start = max(0, at - 40)

    def cut(text: str) -> str:
        shown = text[start : start + _MAX_SHOWN]
        return f"{'…' if start else ''}{shown}{'…' if start + _MAX_SHOWN < len(text) else ''}"

    return cut(before), cut(after)


def changes(old: Cassette, new: Cassette) -> list[str]:
    """What a new recording has that the old one has not, and the other way round; empty if they answer alike."""
    lines = []
    before = _answers(old)
    after = _answers(new)
    for key in {**before, **after}:
        was, now = before.get(key, []), after.get(key, [])
        for index in range(max(len(was), len(now))):
            first = was[index] if index < len(was) else None
            second = now[index] if index < len(now) else None
            if first is not None and second is not None and _same_answer(first, second):
                continue
            entry = second or first
            assert entry is not None
            lines.append(f"  {call_text(entry.kind, entry.name, entry.input)}")
            if first is None or second is None:
                sign, what = ("+", second) if first is None else ("-", first)
                lines.append(f"{sign}   {what.answer_text() if what is not None else ''}")
                continue
            shown = _parted(
                *(f"{e.answer_text()}" if e.outcome != "value" else short_json(e.value, 4000) for e in (first, second))
            )
            lines += [f"-   {shown[0]}", f"+   {shown[1]}"]
    for name in {**old.variables, **new.variables}:
        if canonical(old.variables.get(name)) != canonical(new.variables.get(name)):
            lines.append(f"  get_env({name[1:-1]}) has changed")
    return lines


def _answers(cassette: Cassette) -> dict[Key, list[Entry]]:
    found: dict[Key, list[Entry]] = {}
    for entry in cassette.entries:
        found.setdefault(entry.key, []).append(entry)
    return found


def _same_answer(first: Entry, second: Entry) -> bool:
    return first.outcome == second.outcome and canonical([first.value, first.failure]) == canonical(
        [second.value, second.failure]
    )
