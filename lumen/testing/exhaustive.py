"""All schedules of a small test, those with few departures from FIFO first.

A schedule is the set of its decisions. The schedule without any comes first; each further one is a schedule that has
been run with one more decision, at a choice after its last one, so that every schedule is made exactly once. Going by
the number of decisions (as CHESS does by the number of preemptions) finds the shortest failing schedule, and says
something when the budget cuts the search: that all schedules with up to k departures from FIFO are fine.
"""

from __future__ import annotations

from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Decisions = dict[int, int]


class Enumeration:
    """Iterate for the decisions of the next run; tell `ran` how many numbers there were at each of its choices."""

    def __init__(self) -> None:
        self._todo: deque[tuple[Decisions, list[int]]] = deque()
        self._now: Decisions = {}
        self.departures = 0
        """The number of decisions of the schedules that are being made."""

    def __iter__(self) -> Iterator[Decisions]:
        yield {}
        while self._todo:
            decisions, sizes = self._todo.popleft()
            self.departures = len(decisions) + 1
            first = max(decisions) + 1 if decisions else 0
            for index, size in enumerate(sizes, first):
                for choice in range(1, size):
                    self._now = {**decisions, index: choice}
                    yield self._now

    def ran(self, sizes: Sequence[int]) -> None:
        """The run with the decisions yielded last has had these choices."""
        first = max(self._now) + 1 if self._now else 0
        if len(sizes) > first:
            self._todo.append((self._now, list(sizes[first:])))
