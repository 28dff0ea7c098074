"""A schedule as data and as text, and the ways of making one up.

A schedule is a sparse list of decisions: `3:1,17:2` means "at the third choice take 1, at the seventeenth 2, and 0,
which is what FIFO does, everywhere else". Choices count from 0.

No way of choosing at random is best for all bugs. Most need one or two departures from FIFO at the right moment (delay
bounding: Emmi, Qadeer, Rakamaric, 2011); some need one task to stay behind for long (priorities with few change points,
PCT: Burckhardt et al., 2010); few need chaos. So schedules take turns.
"""

from __future__ import annotations

import random

from lumen.kernel.explore import ORDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Protocol

    class Chooser(Protocol):
        """What `Explore` asks."""

        def __call__(self, n: int, kind: int, tasks: Sequence[Any]) -> int:
            """A number below `n`."""


FAULTY = "faults:"
"""Begins the text of a schedule that was found with faults: without them its numbers mean something else."""


class ScheduleError(ValueError):
    """A text that is no schedule; the message says what is expected."""


class Schedule:
    """Decisions: number of the choice → what is taken there. Never 0."""

    __slots__ = ("decisions", "faults")

    def __init__(self, decisions: Mapping[int, int], faults: bool = False) -> None:
        self.decisions = {index: decisions[index] for index in sorted(decisions)}
        self.faults = faults

    @classmethod
    def of_choices(cls, choices: Sequence[int], faults: bool = False) -> Schedule:
        """What a run has chosen."""
        return cls({index: choice for index, choice in enumerate(choices) if choice}, faults)

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """The schedule that `str` gives as this text.

        Raises:
            ScheduleError: it is none.
        """
        body = text.strip()
        faults = body.startswith(FAULTY)
        body = body.removeprefix(FAULTY).strip()
        decisions: dict[int, int] = {}
        for part in body.split(",") if body not in ("", "fifo") else ():
            index, colon, choice = part.strip().partition(":")
            if not colon or not (index.isascii() and index.isdigit() and choice.isascii() and choice.isdigit()):
                raise ScheduleError(f"`{text}` is no schedule; one looks like `3:1,17:2`, or `fifo`")
            if len(index) > 9 or len(choice) > 9:
                raise ScheduleError(f"a schedule has no numbers as large as `{part.strip()}`")
            if int(index) in decisions:
                raise ScheduleError(f"the schedule `{text}` decides twice at {int(index)}")
            decisions[int(index)] = int(choice)
        return cls({index: choice for index, choice in decisions.items() if choice}, faults)

    def __str__(self) -> str:
        body = ",".join(f"{index}:{choice}" for index, choice in self.decisions.items()) or "fifo"
        return FAULTY + body if self.faults else body

    def __len__(self) -> int:
        return len(self.decisions)

    def chooser(self) -> Scripted:
        """What takes these decisions, for one run."""
        return Scripted(self.decisions)


class Scripted:
    """The decisions of a schedule; 0 at every other choice."""

    __slots__ = ("_decisions", "_index")

    def __init__(self, decisions: Mapping[int, int]) -> None:
        self._decisions = decisions
        self._index = -1

    def __call__(self, n: int, kind: int, tasks: Sequence[Any]) -> int:
        """See Chooser."""
        self._index = index = self._index + 1
        return self._decisions.get(index, 0)


class Sparse:
    """A few departures from FIFO, at choices drawn beforehand."""

    __slots__ = ("_index", "_places", "_random")

    def __init__(self, rng: random.Random, length: int, departures: int) -> None:
        self._random = rng.random
        # A departure may make the run longer than the one that `length` was measured on.
        span = length + length // 4 + 1
        self._places = {int(rng.random() * span) for _ in range(departures)}
        self._index = -1

    def __call__(self, n: int, kind: int, tasks: Sequence[Any]) -> int:
        """See Chooser."""
        self._index += 1
        if self._index not in self._places:
            return 0
        return 1 + int(self._random() * (n - 1))


class Uniform:
    """Chaos: most choices depart from FIFO with this probability, the disturbing ones more rarely."""

    __slots__ = ("_departs", "_random")

    def __init__(self, rng: random.Random, departs: float) -> None:
        self._random = rng.random
        self._departs = (departs, departs, departs, departs, min(departs, 0.15), min(departs, 0.05))

    def __call__(self, n: int, kind: int, tasks: Sequence[Any]) -> int:
        """See Chooser."""
        if self._random() >= self._departs[kind]:
            return 0
        return 1 + int(self._random() * (n - 1))


class Priorities:
    """The most important of the ready tasks runs, the others are kept back; now and then it loses its rank."""

    __slots__ = ("_changes", "_departs", "_index", "_lowest", "_random", "_ranks")

    def __init__(self, rng: random.Random, length: int, changes: int) -> None:
        self._random = rng.random
        self._ranks: dict[int, float] = {}
        self._lowest = 0.0
        self._changes = {int(rng.random() * (length + 1)) for _ in range(changes)}
        # By kind of choice; whether spawned tasks start at once differs from schedule to schedule.
        self._departs = (0.0, rng.random(), 0.3, 0.3, 0.1, 0.03)
        self._index = -1

    def __call__(self, n: int, kind: int, tasks: Sequence[Any]) -> int:
        """See Chooser."""
        self._index += 1
        random = self._random
        if kind != ORDER:
            return 0 if random() >= self._departs[kind] else 1 + int(random() * (n - 1))
        ranks = self._ranks
        numbers = [task.number for task in tasks]
        for number in numbers:
            if number not in ranks:
                ranks[number] = random()
        if self._index in self._changes:
            first = max(numbers, key=ranks.__getitem__)
            self._lowest -= 1.0
            ranks[first] = self._lowest
        if n == len(tasks):
            return numbers.index(max(numbers, key=ranks.__getitem__))
        return len(tasks) + numbers.index(min(numbers, key=ranks.__getitem__))


def nth_chooser(seed: int, number: int, length: int) -> Chooser:
    """What chooses in schedule `number` (from 1; schedule 0 is FIFO) of a search with this seed.

    Args:
        length: how many choices the FIFO run had.
    """
    rng = random.Random(f"{seed}/{number}")
    way = number % 6
    if way == 1:
        return Sparse(rng, length, 1 + int(rng.random() * 2))
    if way == 2:
        return Priorities(rng, length, int(rng.random() * 2))
    if way == 3:
        return Uniform(rng, (0.1, 0.3)[int(rng.random() * 2)])
    if way == 4:
        return Priorities(rng, length, 2 + int(rng.random() * 3))
    if way == 5:
        return Sparse(rng, length, 2 + int(rng.random() * 3))
    return Uniform(rng, 0.6)
