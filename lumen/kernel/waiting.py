"""Waiting for a future with a limit, inside one task."""

from __future__ import annotations

from lumen.kernel.ops import TIMER
from lumen.kernel.timers import depth_of
from lumen.kernel.traps import running_task, suspend

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lumen.kernel.future import Future
    from lumen.kernel.task import Task


class TimedWait:
    """The current task's place at a future and in the timers at once; the first of the two wakes it."""

    __slots__ = ("future", "task", "waiting")

    def __init__(self, future: Future, task: Task, deadline_ns: int) -> None:
        self.future = future
        self.task = task
        self.waiting: Any = None
        future.add_waiter(self)
        future.kernel.timers.add_deadline(deadline_ns, self, depth_of(task))

    def notify(self, future: Future) -> None:
        """The future has settled first."""
        self.waiting = None
        future.kernel.timers.dropped()
        self.task.notify(future)

    def fire(self) -> None:
        """Time is up first."""
        self.future.forget(self)
        self.task.notify(self.future)

    def forget(self, waiter: Any) -> None:
        """The task is being cancelled."""
        self.waiting = None
        self.future.kernel.timers.dropped()
        self.future.forget(self)


async def wait_settled(future: Future, ms: float | None) -> None:
    """Suspend until `future` has settled or `ms` milliseconds are over; None waits without limit."""
    kernel = future.kernel
    task = running_task(kernel)
    if ms is None:
        future.add_waiter(task)
        await suspend(task, future)
        return
    duration_ns = kernel.duration_ns(ms, "wait")
    deadline_ns = kernel.start_time(TIMER, duration_ns) + duration_ns
    await suspend(task, TimedWait(future, task, deadline_ns))
