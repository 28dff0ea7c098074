"""A failing schedule with fewer and smaller decisions that still fails in the same way.

Delta debugging (Zeller, 1999) over the decisions: whole halves are undone first, then quarters, then single ones; what
remains is then lowered towards 0, and moved towards the start. Every attempt is a run; the number of attempts is
bounded, so a long schedule may stay longer than need be.
"""

from __future__ import annotations

from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Decisions = dict[int, int]
    Attempt = Callable[[Decisions], Decisions | None]
    """Runs with these decisions. If that fails in the wanted way: the decisions that were in fact taken, else None."""

MOST_ATTEMPTS = 2_000


class Shrinker:
    """Shrinks one schedule. `run` once."""

    def __init__(
        self,
        attempt: Attempt,
        decisions: Decisions,
        *,
        most: int = MOST_ATTEMPTS,
        should_stop: Callable[[], bool] | None = None,
    ) -> None:
        """`decisions` is known to fail. `should_stop` is asked before each attempt."""
        self._attempt = attempt
        self._left = most
        self._should_stop = should_stop
        self._tried: set[int] = set()
        self.best = decisions
        self.attempts = 0

    def run(self) -> Decisions:
        """The smallest schedule found."""
        while True:
            before = self.best
            self._undo()
            self._lower()
            self._merge()
            if self.best == before or self._left <= 0:
                return self.best

    def _accepts(self, decisions: Decisions) -> bool:
        """Whether it still fails, and is smaller; then it is the best from now on."""
        if self._left <= 0:
            return False
        key = hash(tuple(sorted(decisions.items())))
        if key in self._tried:
            return False
        if self._should_stop is not None and self._should_stop():
            self._left = 0
            return False
        self._tried.add(key)
        self._left -= 1
        self.attempts += 1
        taken = self._attempt(decisions)
        if taken is None or _size(taken) >= _size(self.best):
            return False
        self.best = taken
        return True

    def _undo(self) -> None:
        """Leave decisions out: chunks first, from the end, since what comes late often no longer matters."""
        size = max(1, len(self.best))
        while size and self._left > 0:
            end = len(self.best)
            while end > 0 and self._left > 0:
                items = sorted(self.best.items())
                start = max(0, end - size)
                if self._accepts(dict(items[:start] + items[end:])) or self._undo_shifted(items, start, end):
                    end = min(start, len(self.best))
                else:
                    end = start
            size //= 2

    def _undo_shifted(self, items: list[tuple[int, int]], start: int, end: int) -> bool:
        """The same where the choices after them have other numbers without them: a task that is not kept back, or not
        started at once, is asked about less often or more often."""
        if end - start > 2 or end == len(items) or len(items) > 40:
            return False
        for shift in (-1, 1, -2, 2, -3, 3):
            moved = [(index + shift, choice) for index, choice in items[end:]]
            if moved[0][0] > (items[start - 1][0] if start else -1) and self._accepts(dict(items[:start] + moved)):
                return True
        return False

    def _lower(self) -> None:
        """Smaller numbers: 1 first, then by halves."""
        for index in sorted(self.best):
            if self._left <= 0:
                return
            while index in self.best and self.best[index] > 1 and self._left > 0:
                choice = self.best[index]
                for lower in dict.fromkeys((1, choice // 2, choice - 1)):
                    if 0 < lower < choice and self._accepts({**self.best, index: lower}):
                        break
                else:
                    break

    def _merge(self) -> None:
        """One decision in the place of two: short schedules often need another choice, not fewer of the same."""
        if len(self.best) > 12:
            return
        indexes = sorted(self.best)
        for first, second in pairwise(indexes):
            if first not in self.best or second not in self.best:
                continue
            rest = {index: choice for index, choice in self.best.items() if index not in (first, second)}
            for index in (first, second):
                for choice in (1, 2, 3, 4):
                    if self._accepts({**rest, index: choice}):
                        return


def _size(decisions: Decisions) -> tuple[int, int, int]:
    return len(decisions), sum(decisions.values()), sum(decisions)
