"""A coroutine that the kernel steps, and the future of what it returns: one object for both."""

from __future__ import annotations

from lumen.kernel.cancel import Cancelled, Grace, cancel_tree
from lumen.kernel.future import (
    ABANDONED,
    BRANCH,
    CANCEL_DELIVERED,
    CANCEL_REQUESTED,
    CANCELLED,
    CLEANING,
    CLOSING,
    COMPLETED,
    FAILED,
    GRACE_ARMED,
    PARKED,
    PENDING,
    QUEUED,
    RUNNING,
    Future,
)
from lumen.kernel.ops import CANCEL, TIMER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, Protocol

    from lumen.kernel.kernel import Kernel
    from lumen.kernel.messages import Site

    class Waitable(Protocol):
        """What a task can be parked on, other than a timer."""

        def forget(self, waiter: Any) -> None:
            """The task is being cancelled: it waits no more."""


async def _nothing() -> None:
    pass


_sample: Coroutine[Any, Any, Any] = _nothing()
CoroutineType = type(_sample)
"""`types.CoroutineType`, without importing `types` at each start."""
_sample.close()


class Call:
    """What a task that has not started runs: a call, made in the task itself."""

    __slots__ = ("args", "fn", "kwargs")

    def __init__(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> None:
        self.fn = fn
        self.args = args
        self.kwargs = kwargs

    def forget(self, waiter: Any) -> None:
        """A task that hasn't started has nothing to undo."""


def _fail(failure: BaseException) -> None:
    raise failure


class _Held:
    """What a cancelled task is parked on while futures inside it are still unwinding: innermost first."""

    __slots__ = ()

    def forget(self, waiter: Any) -> None:
        """Nothing to undo."""

    def waits_for(self) -> str:
        """For deadlock reports."""
        return "what it has started to end"


HELD = _Held()


class Task(Future):
    """Invariant: PENDING has either `coro` or a Call in `waiting`; PARKED has `waiting`; settled has neither."""

    __slots__ = ("coro", "waiting")

    coro: Coroutine[Any, Any, Any] | None
    waiting: Any
    """The timer entry (a tuple), Future, channel place or ask it is parked on; a Call before the start; while CLOSING
    the phase it will settle in."""

    def __init__(
        self, kernel: Kernel, parent: Future, site: Site | None, flags: int, coro: Any, waiting: Any = None
    ) -> None:
        # Repeats Future.__init__: a super() call would add a tenth to the cost of a spawn (tests/bench, 2026-11).
        self.kernel = kernel
        self.parent = parent
        self.site = site
        self.flags = flags
        self.phase = PENDING
        self.value = self.waiters = self.children = None
        self.coro = coro
        self.waiting = waiting
        self.number = kernel.spawned_count = kernel.spawned_count + 1
        if parent.children is None:
            parent.children = {self: None}
        else:
            parent.children[self] = None
        log = kernel.tasks_log
        if log is not None:
            if site is kernel.spawn_site and parent is kernel.current:
                log.append(kernel.spawn_op)
            else:
                kernel.log_spawn(self, parent)

    def notify(self, future: Future) -> None:
        """What this task waits for has settled: make it ready."""
        self.waiting = None
        self.phase = QUEUED
        self.kernel.ready.append(self)

    # --- ending --------------------------------------------------------------------------------------------------

    def finish(self, phase: int, value: Any) -> None:
        """The coroutine has ended. Settles at once, or when what runs inside has unwound."""
        self.coro = None
        if self.flags & GRACE_ARMED:
            grace = self.kernel.graces.pop(self, None)
            if grace is not None and grace.waiting is not None:
                grace.waiting = None
                self.kernel.timers.dropped()
        if self.kernel.unlooked and (phase == CANCELLED or (phase == FAILED and self.flags & BRANCH)):
            # Whoever would have looked at them has ended before it could: their failures are nobody's.
            unlooked = self.kernel.unlooked
            for future in [future for future, parent in unlooked.items() if parent is self]:
                del unlooked[future]
        if self.children:
            if phase == COMPLETED or (phase == FAILED and not self.flags & BRANCH):
                parent = self.parent
                self.hand_over(parent.parent if self.flags & BRANCH else parent)
            else:
                self.phase = CLOSING
                self.value = value
                self.waiting = phase
                for child in list(self.children):
                    cancel_tree(child)
                # Children that had not started have settled at once, and the last of them has closed this task.
                return
        self.waiting = None
        self.settle(phase, value)

    def close(self) -> None:
        """The last future inside has ended."""
        if self.phase == CLOSING:
            phase = self.waiting
            self.waiting = None
            self.settle(phase, self.value)
        elif self.waiting is HELD:
            self.notify(self)

    def fail_unstarted(self, failure: BaseException) -> None:
        """It is in the queue and will fail in its turn, instead of running what it is for."""
        coro, self.coro = self.coro, None
        if coro is not None:
            coro.close()
        self.waiting = Call(_fail, (failure,))

    # --- cancelling ----------------------------------------------------------------------------------------------

    def cancel_self(self) -> None:
        """See Future.cancel_self."""
        phase = self.phase
        if phase >= CLOSING:
            return
        self.flags |= CANCEL_REQUESTED
        kernel = self.kernel
        if kernel.tasks_log is not None:
            kernel.tasks_log += (CANCEL, self.number)
        if self.flags & CLEANING:
            self.flags |= CANCEL_DELIVERED
            if not self.flags & GRACE_ARMED:
                self.arm_grace()
            return
        if phase == PARKED:
            self.interrupt()
        elif phase == PENDING:
            if self.coro is not None:
                self.coro.close()
            self.finish(CANCELLED, None)
        elif phase == QUEUED and self.waiting is not None:
            # Woken with something in hand that it will never take: give it back.
            self.waiting.forget(self)
            self.waiting = None

    def interrupt(self) -> None:
        """Parked and to be cancelled: end the wait, and be thrown `Cancelled` when nothing runs inside any more."""
        self.unpark()
        if self.children:
            self.hold()
        else:
            self.phase = QUEUED
            self.kernel.ready.append(self)

    def hold(self) -> None:
        """Wait with unwinding for what is inside: its cleanup may need what ours takes away."""
        self.phase = PARKED
        self.waiting = HELD
        if not self.flags & GRACE_ARMED:
            self.arm_grace()

    def unpark(self) -> None:
        """Undo the registration of what it is parked on."""
        waiting = self.waiting
        self.waiting = None
        if waiting.__class__ is tuple:
            self.kernel.timers.dropped()
        elif waiting is not None:
            waiting.forget(self)

    def arm_grace(self) -> None:
        """Cleanup code has parked: give it until the grace is over, once for all of the cleanup of this task."""
        self.flags |= GRACE_ARMED
        kernel = self.kernel
        kernel.graces[self] = grace = Grace(self)
        kernel.timers.add_deadline(kernel.start_time(TIMER, kernel.cancel_grace_ns) + kernel.cancel_grace_ns, grace, 0)

    def abandon(self) -> None:
        """The grace is over: drop the cleanup code where it stands."""
        kernel = self.kernel
        kernel.graces.pop(self, None)
        kernel.warn(f"cleanup of {self.label()} did not end in time and was abandoned", self)
        self.flags |= ABANDONED
        if self.phase == RUNNING:
            # Busy on the stack below us: let the preemption handler raise once more.
            self.flags &= ~CANCEL_DELIVERED
            return
        if self.phase == PARKED:
            self.unpark()
        coro, self.coro = self.coro, None
        outer, kernel.current = kernel.current, self
        try:
            if coro is not None:
                coro.close()
        except Cancelled:
            pass  # raised by the traps of the `defer`s further out
        except BaseException as exc:
            kernel.warn(f"cleanup of {self.label()} failed: {kernel.failures.describe(exc)}", self)
        kernel.current = outer
        if self.children:
            for child in list(self.children):
                cancel_tree(child)
            self.hand_over(kernel.root)
        if self.phase < COMPLETED:
            self.settle(CANCELLED, None)
