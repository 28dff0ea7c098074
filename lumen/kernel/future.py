"""The one-shot cell that every task and construct is: settles once, wakes its waiters in order.

Futures form the tree of scopes: `parent` is what a future was started inside of, `children` what was started inside
it and has not ended. Programs see the public names listed in `_attrs`; the rest is the kernel's.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from typing import Any

    from lumen.kernel.kernel import Kernel
    from lumen.kernel.messages import Site

PENDING = 0
"""Not started."""
QUEUED = 1
"""In the ready queue, after it had started."""
RUNNING = 2
"""On the Python stack; also every construct that has not decided."""
PARKED = 3
"""Waits for `task.waiting`."""
CLOSING = 4
"""Its outcome is known, but futures inside it are still unwinding."""
COMPLETED = 5
FAILED = 6
CANCELLED = 7

LOOKED = 1
"""Somebody has looked at the outcome, so a failure need not be reported at the end of the run."""
BRANCH = 2
"""The parent is a construct, to be told the outcome by `branch_settled`."""
CANCEL_REQUESTED = 4
CANCEL_DELIVERED = 8
"""`Cancelled` has been thrown; what runs now is cleanup, which further cancels leave alone."""
GRACE_ARMED = 16
NOTED = 32
"""A construct that is in the kernel's heap of decisions to be taken."""
ABANDONED = 64
"""Its cleanup has taken too long: every further trap raises."""
CLEANING = 128
"""Its `defer`s run although nothing has cancelled it: a cancel lets them finish, and takes effect after."""
CANCEL_MASK = CANCEL_REQUESTED | CANCEL_DELIVERED

_STATUS = ("pending", "running", "running", "running", "running", "completed", "failed", "cancelled")


class Future:
    """The base of `Task` and of the constructs. Invariant: settled means phase >= COMPLETED, no parent, no children."""

    __slots__ = ("children", "flags", "kernel", "number", "parent", "phase", "site", "value", "waiters")

    _type_name = "Future"
    _attrs = frozenset("state status id operation is_done is_success is_failed cancel wait result get_error".split())
    """What programs may see."""

    children: dict[Any, Any] | None
    """Unsettled futures inside this one, in order of creation; None until there is one."""
    parent: Any
    """A Future while unsettled, None after."""
    value: Any
    """The value, or the failure (an exception)."""
    waiters: Any
    """None, one waiter, or a dict of several: 1 task in 1,000 has two waiters, a dict each would cost 230 bytes."""

    def __init__(self, kernel: Kernel, parent: Future, site: Site | None, flags: int = 0) -> None:
        self.kernel = kernel
        self.parent = parent
        self.site = site
        self.flags = flags
        self.phase = PENDING
        self.value = self.waiters = self.children = None
        self.number = kernel.spawned_count = kernel.spawned_count + 1
        if parent.children is None:
            parent.children = {self: None}
        else:
            parent.children[self] = None

    # --- waiting -------------------------------------------------------------------------------------------------

    def __await__(self) -> Generator[None, None, Any]:
        """Suspend the current task until settled; then the value, or the failure raised afresh."""
        self.flags |= LOOKED
        if self.phase < COMPLETED:
            task = self.kernel.current
            if task is None or task.flags & CANCEL_REQUESTED:
                from lumen.kernel.traps import running_task

                task = running_task(self.kernel)
            self.add_waiter(task)
            task.waiting = self
            task.phase = PARKED
            yield
        if self.phase == COMPLETED:
            return self.value
        raise self.raisable()

    def raisable(self) -> BaseException:
        """The failure to raise for someone who wants the value of this failed or cancelled future."""
        self.flags |= LOOKED
        failures = self.kernel.failures
        if self.phase == FAILED:
            self.kernel.unlooked.pop(self, None)
            return failures.again(self.value)
        return failures.make("cancelled", f"{self.label()} was cancelled")

    def add_waiter(self, waiter: Any) -> None:
        """`waiter.notify(self)` will be called when this settles. It must not have settled yet."""
        waiters = self.waiters
        if waiters is None:
            self.waiters = waiter
        elif waiters.__class__ is dict:
            waiters[waiter] = None
        else:
            self.waiters = {waiters: None, waiter: None}

    def forget(self, waiter: Any) -> None:
        """Take a waiter out again; at once, so that a long-lived future doesn't collect cancelled ones."""
        waiters = self.waiters
        if waiters.__class__ is dict:
            waiters.pop(waiter, None)
        elif waiters is waiter:
            self.waiters = None

    # --- settling ------------------------------------------------------------------------------------------------

    def is_settled(self) -> bool:
        """Whether the outcome is final and everything inside has ended."""
        return self.phase >= COMPLETED

    def settle(self, phase: int, value: Any) -> None:
        """Fix the outcome, leave the tree, wake who waits. All inside must have ended."""
        self.phase = phase
        self.value = value
        kernel = self.kernel
        kernel.settled_count += 1
        waiters = self.waiters
        parent = self.parent
        if phase == FAILED and waiters is None and not self.flags & (LOOKED | BRANCH):
            kernel.unlooked[self] = parent
        if kernel.tasks_log is not None:
            kernel.log_settled(self, phase)
        self.parent = None
        if waiters is not None:
            self.waiters = None
            if waiters.__class__ is dict:
                for waiter in waiters:
                    waiter.notify(self)
            else:
                waiters.notify(self)
        if self.flags & BRANCH:
            parent.branch_settled(self)
        else:
            children = parent.children
            del children[self]
            if not children and (parent.phase == CLOSING or parent.flags & CANCEL_REQUESTED):
                kernel.close_later(parent)

    def close(self) -> None:
        """Called when the last child has ended, while CLOSING or being cancelled."""
        raise NotImplementedError

    def hand_over(self, heir: Future) -> None:
        """Give the futures still running inside this one to `heir`, which is a scope around it."""
        children = self.children
        if not children:
            return
        self.children = None
        if heir.children is None:
            heir.children = {}
        for child in children:
            child.parent = heir
            heir.children[child] = None
        if heir.phase == CLOSING or heir.flags & CANCEL_REQUESTED:
            # It is ending: what arrives from below ends with it.
            from lumen.kernel.cancel import cancel_tree

            for child in children:
                cancel_tree(child)

    # --- cancelling ----------------------------------------------------------------------------------------------

    def cancel_self(self) -> None:
        """The part of `cancel_tree` for this future alone; its children have been dealt with."""
        raise NotImplementedError

    def dependencies(self) -> Sequence[Future]:
        """Futures elsewhere in the tree that are cancelled together with this one."""
        return ()

    # --- as programs see it --------------------------------------------------------------------------------------

    @property
    def status(self) -> str:
        """ "pending", "running", "completed", "failed" or "cancelled" (which it is from the moment it is asked for)."""
        if self.flags & CANCEL_REQUESTED and self.phase < CLOSING:
            return "cancelled"
        return _STATUS[self.phase]

    @property
    def state(self) -> Any:
        """`Pending`, `Completed(v)` or `Error(msg)`."""
        self._look_at_failure()
        return self.kernel.failures.state_of(self)

    @property
    def id(self) -> str:
        """Unique in the run; counts what was spawned, so it is the same each time in deterministic mode."""
        return f"f{self.number}"

    @property
    def operation(self) -> str:
        """What it does, in the words of the source: `spawn(work(1))`."""
        return self.site[3] if self.site is not None else "task"

    def is_done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.status in ("completed", "failed", "cancelled")

    def is_success(self) -> bool:
        """Whether it has ended with a value."""
        return self.phase == COMPLETED

    def is_failed(self) -> bool:
        """Whether it has failed; a cancelled future has not."""
        self._look_at_failure()
        return self.phase == FAILED

    def cancel(self) -> bool:
        """Ask it, and all it has started, to end. False if it had ended or was asked before."""
        from lumen.kernel.cancel import cancel_tree

        if self.flags & CANCEL_REQUESTED or self.phase >= CLOSING:
            return False
        return cancel_tree(self)

    async def wait(self, ms: float | None = None) -> bool:
        """Wait until it has ended, at most `ms` milliseconds; whether it has."""
        if self.phase < COMPLETED:
            from lumen.kernel.waiting import wait_settled

            await wait_settled(self, ms)
        return self.phase >= COMPLETED

    async def result(self, ms: float | None = None) -> Any:
        """Its value, or its failure raised; fails with code `timeout` when it takes longer than `ms` milliseconds."""
        if not await self.wait(ms):
            raise self.kernel.failures.make("timeout", f"{self.label()} has no result after {ms} ms")
        return await self

    def get_error(self) -> Any:
        """The failure as an `Error` value, or null while running and after success."""
        self._look_at_failure()
        if self.phase == FAILED:
            return self.kernel.failures.error_value(self.value)
        if self.phase == CANCELLED:
            return self.kernel.failures.error_value(self.raisable())
        return None

    def _look_at_failure(self) -> None:
        if self.phase == FAILED:
            self.look()

    def look(self) -> None:
        """Somebody takes note of the outcome, now or when there is one: a failure is not reported at the end."""
        self.flags |= LOOKED
        self.kernel.unlooked.pop(self, None)

    def label(self) -> str:
        """For messages: `future 3 (spawn(work(1)))`."""
        return f"future {self.number} ({self.operation})"

    def _show(self) -> str:
        return f"<future {self.number} {self.status}>"

    def __repr__(self) -> str:
        return self._show()


class Root(Future):
    """The run itself: the scope around everything. Never settles."""

    __slots__ = ()

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.parent = self.site = self.value = self.waiters = None
        self.children = {}
        self.flags = self.number = 0
        self.phase = RUNNING

    def cancel_self(self) -> None:
        """The run has no code of its own to unwind."""

    def close(self) -> None:
        """The host sees that nothing is left."""
