"""The only places where a task yields to the kernel.

A trap first registers the current task with what it waits for (`task.waiting`, phase PARKED, or QUEUED when it only
steps aside), and then yields None. Whoever makes the wait end puts the task back into the ready queue; on resumption
the trap reads the outcome from where it was registered. So the kernel never interprets what a coroutine yields, and a
`Cancelled` thrown in at the yield finds nothing left to clean up: the canceller has already undone the registration.

`Future.__await__` is the fourth trap; it lives with the class because `await future` must cost one object only.
"""

from __future__ import annotations

from lumen.kernel.cancel import Cancelled
from lumen.kernel.future import ABANDONED, CANCEL_DELIVERED, CANCEL_MASK, CANCEL_REQUESTED, PARKED, QUEUED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator, Iterator

    from lumen.kernel.kernel import Kernel
    from lumen.kernel.task import Task, Waitable

_ONCE = (None,)


class _Park:
    """Awaiting it yields once. A tuple iterator does the yielding: 56 bytes, and resuming it runs no Python code."""

    __slots__ = ()

    def __await__(self) -> Iterator[None]:
        return iter(_ONCE)


if TYPE_CHECKING:

    class _Awaitable(_Park):
        def __await__(self) -> Generator[None, None, None]: ...

    PARK: Awaitable[None] = _Awaitable()
else:
    PARK = _Park()


def running_task(kernel: Kernel) -> Task:
    """The current task, about to suspend; raises Cancelled in it when its cancellation was asked while it ran.

    Unless something still runs inside it: then it parks as if nothing were, and the kernel holds it until that has
    unwound.
    """
    task = kernel.current
    if task is None:
        from lumen.kernel.failures import KernelError

        raise KernelError("a suspending operation was called outside a task")
    if task.flags & CANCEL_MASK == CANCEL_REQUESTED and not task.children:
        task.flags |= CANCEL_DELIVERED
        task.arm_grace()
        raise Cancelled
    if task.flags & ABANDONED:
        raise Cancelled
    return task


def suspend(task: Task, waiting: Waitable) -> Awaitable[None]:
    """Park the current task on `waiting`; await the result at once."""
    task.waiting = waiting
    task.phase = PARKED
    return PARK


def pass_turn(kernel: Kernel) -> Awaitable[None]:
    """Let every other ready task run once; await the result at once."""
    task = running_task(kernel)
    task.phase = QUEUED
    kernel.ready.append(task)
    return PARK
