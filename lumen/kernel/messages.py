"""All that crosses the line between the kernel and its host, as plain data."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumen.kernel.future import Future

Site = tuple[str, int, int, str]
"""Place of a construct in the source: path, line, column, text."""


class Ask:
    """Command: please get this from the outside, and answer with an `Arrival` of the same `seq`."""

    __slots__ = ("kind", "name", "payload", "seq", "site", "task_number")

    def __init__(self, seq: int, kind: str, name: str, payload: object, site: Site | None, task_number: int) -> None:
        self.seq = seq
        """Counts the asks of a run from 1; never reused."""
        self.kind = kind
        """What sort of outside it is: "tool", "file", "stdin" …; the host dispatches on it."""
        self.name = name
        self.payload = payload
        self.site = site
        self.task_number = task_number

    def __repr__(self) -> str:
        return f"Ask({self.seq}, {self.kind!r}, {self.name!r})"


class CancelAsk:
    """Command: nobody waits for the answer to ask `seq` any more; stop working on it. No answer is expected."""

    __slots__ = ("seq",)

    def __init__(self, seq: int) -> None:
        self.seq = seq

    def __repr__(self) -> str:
        return f"CancelAsk({self.seq})"


class Arrival:
    """The outcome of ask `seq`: `value`, or `error` when that is not None (raised where the program waits)."""

    __slots__ = ("error", "seq", "value")

    def __init__(self, seq: int, value: object = None, error: BaseException | None = None) -> None:
        self.seq = seq
        self.value = value
        self.error = error

    def __repr__(self) -> str:
        return f"Arrival({self.seq}, {self.value!r}, {self.error!r})"


UNANSWERED = Arrival(0)
"""From a door: the question stays open, and nothing goes outside."""


class Step:
    """What the host does after one `advance`."""

    __slots__ = ("commands", "deadline_ns", "deadlocked", "done")

    def __init__(
        self, commands: Sequence[Ask | CancelAsk], deadline_ns: int | None, done: bool, deadlocked: bool
    ) -> None:
        self.commands = commands
        """In the order they were asked."""
        self.deadline_ns = deadline_ns
        """Call again at this time at the latest, or as soon as something arrives; not after `now_ns`: at once.
        None: only an arrival can move the run on. Always None or "at once" when time is virtual."""
        self.done = done
        """No task is left: the run is over."""
        self.deadlocked = deadlocked
        """Tasks are left, but none can ever go on; `Kernel.blocked()` says why. Cancel the run and go on stepping."""

    def __repr__(self) -> str:
        return f"Step({self.commands!r}, {self.deadline_ns}, done={self.done}, deadlocked={self.deadlocked})"


class Blocked:
    """One task of a deadlock: what it waits for, and where."""

    __slots__ = ("code_places", "future", "reason", "site")

    def __init__(self, future: Future, reason: str, site: Site | None, code_places: list[tuple[str, int, str]]) -> None:
        self.future = future
        self.reason = reason
        """Readable: "future 3 (work)", "a message on channel 1", …"""
        self.site = site
        """Where the task was spawned."""
        self.code_places = code_places
        """The stack of what waits, outermost first: (path, line, name), frames of our own included."""
