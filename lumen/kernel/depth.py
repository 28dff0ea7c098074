"""Recursion without end that waits at each level: every wake-up walks down the whole chain of awaiting cells, so
Python's own limit would be reached only after time that grows with the square of the depth."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lumen.kernel.kernel import Kernel
    from lumen.kernel.task import Task

LOOK_TURNS = 1024
"""Turns between two looks: a power of two. Counted, not timed, so a program always ends at the same place."""
MAX_AWAITS = 7_000
"""Cells waiting for each other inside one task, about 1 s of wake-ups; deeper is fine for those that wait now and
then only, for the chain has to have grown by one with every other turn."""
_YOUNGEST = 4
"""How many of the tasks that are ready are looked at: the recursion need not be the only thing that runs."""


class DepthWatch:
    """What the last look has seen."""

    __slots__ = ("depths",)

    def __init__(self) -> None:
        self.depths: dict[Task, int] = {}

    def look(self, kernel: Kernel) -> None:
        """At the beginning of a turn: let a ready task fail whose chain keeps growing."""
        before, self.depths = self.depths, {}
        for number, task in enumerate(reversed(kernel.ready)):
            if number == _YOUNGEST:
                break
            coro: Any = task.coro
            if coro is None or coro.__class__ is _Overflowing:
                continue
            depth = _depth(coro)
            self.depths[task] = depth
            if depth > MAX_AWAITS and depth - before.get(task, depth) > LOOK_TURNS // 2:
                stand_in: Any = _Overflowing(task, coro)
                task.coro = stand_in


def _depth(coro: Any) -> int:
    """How many coroutines wait for each other, from this one on."""
    depth = 0
    while coro is not None:
        depth += 1
        coro = getattr(coro, "cr_await", None)
    return depth


class _Overflowing:
    """Stands in for the coroutine of a task until its next step, which raises RecursionError where it waits."""

    __slots__ = ("_coro", "_task")

    def __init__(self, task: Task, coro: Any) -> None:
        self._task = task
        self._coro = coro

    def send(self, value: object) -> Any:
        """The next step."""
        task = self._task
        task.coro = self._coro
        if task.waiting is not None:
            task.waiting.forget(task)  # woken with something in hand that it will never take
            task.waiting = None
        return self._coro.throw(RecursionError())

    def throw(self, exc: BaseException) -> Any:
        """Cancelled in the meantime: that goes before."""
        self._task.coro = self._coro
        return self._coro.throw(exc)

    def close(self) -> None:
        """Abandoned in the meantime."""
        self._coro.close()
