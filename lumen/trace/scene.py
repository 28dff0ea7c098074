"""What there is to see of a run: a lane for each task, with what happened in it.

`show`, `timeline` and `export` draw the same scene in three ways. Two things are settled here for all of them:

- A branch of a construct runs in a task of its own, which usually does nothing but start one call. Such a branch and
  its call are one lane: "branch 2: download(url)".
- Every event has two places: its time, and its position in the order of events. In deterministic mode much happens at
  the same virtual time, and only the order tells it apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field

from lumen.trace.forms import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen.journal.history import Event, History, TaskSpan

    Site = list[Any]

CONSTRUCTS = frozenset({"parallel", "race", "vote", "select", "timeout"})
TASK_EVENTS = frozenset({"spawn", "start", "suspend", "resume", "finish", "timer", "advance", "preempt"})
"""Kinds that make up the lives of tasks; they are not shown one by one."""


@define(slots=True, eq=False)
class Item:
    """Something that happened in a lane, at a moment or for a while."""

    kind: str
    """ "run", "sleep", "call", or the kind of the event: "print", "now", "decision", "cancel", …"""
    event: Event
    """What began it."""
    start_ns: int
    start_at: int
    """Position in the order of events."""
    end_ns: int | None = None
    """None: it had not ended when the journal did."""
    end_at: int | None = None
    answer: Event | None = None
    """Of a call: what came back."""
    took_ns: int | None = None
    """Of a call: how long the outside took, as measured there."""

    @property
    def is_moment(self) -> bool:
        """Whether it has no length."""
        return self.kind not in ("run", "sleep", "call")

    @property
    def duration_ns(self) -> int | None:
        """How long it took, if it has ended; for a call, until its answer was taken."""
        return None if self.end_ns is None else self.end_ns - self.start_ns

    @property
    def outcome(self) -> str | None:
        """Of a call: "value", "failure", "cancelled", or None without an answer."""
        source = self.event if self.kind == "now" else self.answer
        if source is None:
            return None
        if self.kind == "now":
            return "failure" if source.data.get("failure") is not None else "value"
        return str(source.data.get("outcome"))


@define(slots=True, eq=False)
class Lane:
    """A task, a construct, or a branch together with the one call that it makes."""

    span: TaskSpan
    """The outer one: of a branch, that of the branch."""
    inner: TaskSpan
    """The one whose code runs; the same as `span` but for a branch with its call."""
    parent: Lane | None
    depth: int
    branch: int | None = None
    """Of a branch: which, counted from 1."""
    children: list[Lane] = field(factory=list)
    items: list[Item] = field(factory=list)
    """In order of their beginnings."""
    start_ns: int | None = None
    start_at: int = 0
    end_ns: int | None = None
    end_at: int | None = None

    @property
    def number(self) -> int:
        """The number of the task whose code runs."""
        return self.inner.number

    @property
    def numbers(self) -> tuple[int, ...]:
        """All task numbers of the lane, outermost first."""
        return (self.span.number,) if self.inner is self.span else (self.span.number, self.inner.number)

    @property
    def kind(self) -> str:
        """ "task", "branch", or the kind of construct."""
        return "branch" if self.branch is not None else self.span.kind

    @property
    def site(self) -> Site | None:
        """Where in the program it was made."""
        return self.inner.site

    def label(self, entry: str = "main") -> str:
        """What it does, in the words of the source."""
        if self.number == 1 and self.site is None:
            return entry
        if self.branch is not None and self.inner is self.span:
            return f"branch {self.branch}"
        text = one_line(self.inner.operation)
        return text if self.branch is None else f"{self.branch}: {text}"

    @property
    def mark(self) -> str | None:
        """How it came out, in a word, where that is worth one: won, lost, failed, cancelled, timed out, running."""
        span = self.span
        if span.is_winner:
            return "won"
        if span.kind == "timeout" and span.decision is not None and span.decision.data.get("result") == "expired":
            return "timed out"
        if "failure" in (span.outcome, self.inner.outcome):
            return "failed"
        if span.is_winner is False and (self.parent is None or self.parent.inner.kind != "timeout"):
            return "lost"
        if "cancelled" in (span.outcome, self.inner.outcome):
            return "cancelled"
        return "running" if span.outcome is None else None

    @property
    def duration_ns(self) -> int | None:
        """From its making to its end; None if either is unknown."""
        return None if self.end_ns is None or self.start_ns is None else self.end_ns - self.start_ns

    def calls(self) -> Iterator[Item]:
        """Its questions to the outside that took time."""
        return (item for item in self.items if item.kind == "call")


@define(slots=True, eq=False)
class Scene:
    """All lanes of a run, each before those inside it."""

    history: History
    lanes: list[Lane]
    roots: list[Lane]
    lane_of: dict[int, Lane]
    """Task number → its lane."""
    loose: list[Item]
    """What belongs to no task: signals, warnings, events of kinds that this Lumen does not know."""

    @property
    def entry(self) -> str:
        """The name of the cell that the run called."""
        return str(self.history.header.get("entry") or "main")


def scene_of(history: History) -> Scene:
    """Lay out a history."""
    scene = Scene(history, [], [], {}, [])
    _make_lanes(scene)
    _Filler(scene).fill()
    return scene


def _make_lanes(scene: Scene) -> None:
    tasks = scene.history.tasks
    started = {number for span in tasks.values() for number in span.children}
    waiting: list[tuple[TaskSpan, Lane | None, int | None]] = [
        (span, None, None) for span in reversed(tasks.values()) if span.number not in started
    ]
    while waiting:
        span, parent, branch = waiting.pop()
        inner = span
        if branch is not None and len(span.children) == 1 and not span.asks:
            only = tasks[span.children[0]]
            if only.kind == "task":
                inner = only
        lane = Lane(span, inner, parent, 0 if parent is None else parent.depth + 1, branch)
        scene.lanes.append(lane)
        (scene.roots if parent is None else parent.children).append(lane)
        for number in lane.numbers:
            scene.lane_of[number] = lane
        has_branches = inner.kind in CONSTRUCTS
        for index in range(len(inner.children) - 1, -1, -1):
            child = tasks[inner.children[index]]
            is_branch = has_branches and child.kind == "task"
            waiting.append((child, lane, index + 1 if is_branch else None))


class _Filler:
    """Walks the events once and puts what they tell into the lanes."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.running: dict[int, Item] = {}
        self.sleeping: dict[int, Item] = {}
        self.calls: dict[int, Item] = {}

    def fill(self) -> None:
        lane_of = self.scene.lane_of
        asks = self.scene.history.asks
        for at, event in enumerate(self.scene.history.events):
            kind = event.kind
            lane = lane_of.get(event.task)
            if kind in ("start", "resume"):
                self._begins(event, at, lane)
            elif kind == "suspend":
                self._pauses(event.task, event, at)
            elif kind == "spawn":
                if lane is not None and lane.span.number == event.task:
                    lane.start_ns, lane.start_at = event.time_ns, at
            elif kind == "finish":
                self._pauses(event.task, event, at)
                self._wakes(event.task, event, at)
                if lane is not None:  # of branch and call, whichever ends last: a branch may end with a future
                    lane.end_ns, lane.end_at = event.time_ns, at
            elif kind == "sleep":
                self.sleeping[event.task] = self._add(lane, Item("sleep", event, event.time_ns, at))
            elif kind == "ask":
                item = Item("call", event, event.time_ns, at)
                self.calls[event.data["id"]] = self._add(lane, item)
            elif kind == "answer":
                call = self.calls.pop(event.data["id"], None)
                if call is not None:
                    call.end_ns, call.end_at, call.answer = event.time_ns, at, event
                    call.took_ns = asks[event.data["id"]].took_ns
            elif kind == "tasks" or kind in TASK_EVENTS or kind in ("run_start", "run_end"):
                continue
            elif kind == "cancel" and lane is not None and event.task != lane.number:
                continue  # the branch and its call are cancelled together, and are one lane
            elif kind == "now" and event.data.get("kind") == "tool":
                continue  # not the program's question: what the tool's provider takes, looked up once
            else:
                self._add(lane, Item(kind, event, event.time_ns, at, event.time_ns, at))
        self._settle_starts()

    def _begins(self, event: Event, at: int, lane: Lane | None) -> None:
        self._wakes(event.task, event, at)
        if lane is None:
            return
        if lane.start_ns is None:
            lane.start_ns, lane.start_at = event.time_ns, at
        if lane.number == event.task:
            self.running[event.task] = self._add(lane, Item("run", event, event.time_ns, at))

    def _pauses(self, task: int, event: Event, at: int) -> None:
        item = self.running.pop(task, None)
        if item is not None:
            item.end_ns, item.end_at = event.time_ns, at

    def _wakes(self, task: int, event: Event, at: int) -> None:
        item = self.sleeping.pop(task, None)
        if item is not None:
            item.end_ns, item.end_at = event.time_ns, at

    def _add(self, lane: Lane | None, item: Item) -> Item:
        (self.scene.loose if lane is None else lane.items).append(item)
        return item

    def _settle_starts(self) -> None:
        """A minimal journal doesn't say when tasks began and ended; what they did says roughly."""
        if self.scene.history.header.get("journal") != "minimal":
            return
        for lane in self.scene.lanes:
            if lane.start_ns is None and lane.items:
                lane.start_ns, lane.start_at = lane.items[0].start_ns, lane.items[0].start_at
                last = max(lane.items, key=lambda item: item.start_at if item.end_at is None else item.end_at)
                lane.end_ns, lane.end_at = last.end_ns, last.end_at


@define(slots=True, frozen=True)
class FailureData:
    """A failure as an event tells of it."""

    code: str
    message: str
    data: Any
    site: Site | None
    """Path, line and column, where the journal gives a place."""

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def failure_of(data: dict[str, Any]) -> FailureData | None:
    """The failure that is an event's outcome, if it is one; whatever a journal may hold in its place."""
    failure = data.get("failure")
    if not isinstance(failure, dict):
        return None
    place = [failure.get("file"), failure.get("line"), failure.get("column") or 0]
    has_place = [type(part) for part in place] == [str, int, int]
    return FailureData(
        str(failure.get("code")), str(failure.get("message")), failure.get("data"), place if has_place else None
    )


def decision_in_words(kind: str, result: Any) -> str:
    """What a construct decided."""
    if type(result) is int:
        return f"branch {result + 1} won"
    if type(result) is list and len(result) == 3 and result[0] == "winner":
        return f"branch {result[1] + 1} won: {result[2]}"
    if type(result) is list and len(result) == 2 and result[0] == "failed":
        return f"branch {result[1] + 1} failed"
    words = {
        "expired": "time was up",
        "in-time": "in time",
        "all-failed": "all branches failed",
        "no-consensus": "no consensus",
        "completed": "all branches completed",
    }
    return words.get(result, f"{kind}: {result}") if type(result) is str else f"{kind}: {result}"


def is_bad_end(result: Any) -> bool:
    """Whether a construct that decided so has no value to give."""
    if isinstance(result, list):
        return bool(result) and result[0] == "failed"
    return isinstance(result, str) and result in ("expired", "all-failed", "no-consensus")


def signal_in_words(what: Any) -> str:
    """Why the host has cancelled the run."""
    words = {
        "interrupt": "interrupted by Ctrl-C",
        "timeout": "the time for the run is up",
        "deadlock": "no task can ever go on",
        "stop": "stopped by its host",
    }
    return words.get(what, str(what)) if isinstance(what, str) else str(what)


def place_in_words(site: Site | None) -> str:
    """ "file.lumen:12:3", or "" if it is not known."""
    if not site or len(site) < 2:
        return ""
    return ":".join(str(part) for part in site[:3] if part)
