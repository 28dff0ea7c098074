"""A future whose value is decided from the outcomes of its branches.

A branch is either a call, run in a task of its own inside the construct, or a future that exists already (an *adopted*
one, as in `race(f, g)`, or when a branch evaluates to a future). Branches report to the construct when they settle; the
kernel calls `decide` at the end of the turn. A construct that has decided is CLOSING: its losers are unwinding, and it
settles when the last of them has ended.
"""

from __future__ import annotations

from lumen.kernel.cancel import cancel_tree
from lumen.kernel.future import (
    BRANCH,
    CANCEL_REQUESTED,
    CANCELLED,
    CLOSING,
    COMPLETED,
    FAILED,
    LOOKED,
    RUNNING,
    Future,
)
from lumen.kernel.ops import CANCEL, KINDS
from lumen.kernel.task import Call, Task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from lumen.kernel.kernel import Kernel
    from lumen.kernel.messages import Site
    from lumen.orchestration.channel import Channel

    BranchCall = tuple[Callable[..., Any], tuple[Any, ...]]

_NO_FUTURES: dict[Future, list[int]] = {}


class Construct(Future):
    """Invariant while undecided: every branch index is in exactly one of `children` (as value), `adopted`, the part of
    `_calls` not consumed yet, or has its outcome in `phases` and `results`."""

    __slots__ = (
        "_calls",
        "_fresh",
        "_limit",
        "_owned",
        "_receipts",
        "_starting",
        "adopted",
        "outcome",
        "phases",
        "rank",
        "remaining",
        "results",
    )
    word = "construct"

    def __init__(self, kernel: Kernel, site: Site | None, count: int, limit: int | None = None) -> None:
        parent = kernel.current
        super().__init__(kernel, parent if parent is not None else kernel.root, site)
        self.phase = RUNNING
        self.children: dict[Task, int] = {}
        """Running branch → its index."""
        self.adopted: dict[Future, list[int]] = _NO_FUTURES
        """Adopted futures that have not settled → the branches they stand for."""
        self.rank = 1
        """More than that of every adopted construct, so that those decide first."""
        self.phases = bytearray(count)
        self.results: list[Any] = [None] * count
        self.remaining = count
        """Branches without an outcome, started or not."""
        self.outcome = COMPLETED
        """The phase to settle in, once CLOSING."""
        self._limit = limit
        self._calls: Iterator[tuple[int, BranchCall]] | None = None
        self._starting = False
        self._fresh: list[int] = []
        self._owned: Sequence[Future] = ()
        self._receipts: dict[int, Channel] | None = None
        if kernel.tasks_log is not None:
            kernel.log_spawn(self, self.parent, KINDS.index(self.word))

    @property
    def operation(self) -> str:
        """What it does, in the words of the source."""
        return self.site[3] if self.site is not None else self.word

    # --- branches ----------------------------------------------------------------------------------------------------

    def start_calls(self, calls: Iterable[BranchCall]) -> None:
        """Start the branches in source order; in eager mode each runs to its first suspension before the next."""
        self._calls = enumerate(calls)
        self._starting = True
        self.kernel.starting.append(self)
        try:
            self._start_more()
        finally:
            self.kernel.starting.pop()
            self._starting = False
        if not self.remaining:
            self.kernel.note(self)

    def queue_rest(self) -> None:
        """A branch that started at once keeps the processor: queue the rest, so that a nested turn can run them."""
        if self._starting:
            self._starting = False
            self._start_more()

    def _start_more(self) -> None:
        kernel = self.kernel
        # A branch that takes the place of one that has ended is queued: starting it here would nest without bound.
        at_once = self._starting and kernel.policy.starts_at_once
        children = self.children
        limit = self._limit
        calls = self._calls
        if calls is None:
            return
        while limit is None or len(children) + len(self.adopted) < limit:
            following = next(calls, None)
            if following is None:
                self._calls = None
                return
            index, (fn, args) = following
            task = Task(kernel, self, self.site, BRANCH, None, Call(fn, args))
            children[task] = index
            if at_once:
                kernel.start(task)
                if self.phase >= CLOSING:
                    return  # decided by a nested turn, while that branch was busy
            else:
                kernel.ready.append(task)

    def take_values(self, values: Sequence[Any]) -> None:
        """The branches are futures, or values that count as finished branches."""
        for index, value in enumerate(values):
            if isinstance(value, Future):
                self._adopt(index, value)
            else:
                self._arrive(index, COMPLETED, value)
        if not self.remaining:
            self.kernel.note(self)

    def owned_futures(self, futures: Sequence[Future]) -> None:
        """Futures that the branches wait for and that are the construct's to cancel when it decides."""
        self._owned = futures

    def _adopt(self, index: int, future: Future) -> None:
        future.flags |= LOOKED
        if future.is_settled():
            self.kernel.unlooked.pop(future, None)
            self._arrive(index, future.phase, future.value)
            return
        if not self.adopted:
            self.adopted = {}
        indexes = self.adopted.get(future)
        if indexes is not None:
            indexes.append(index)
            return
        self.adopted[future] = [index]
        future.add_waiter(self)
        if isinstance(future, Construct):
            self._rise_above(future)
        if self.phase >= CLOSING:
            cancel_tree(future)

    def _rise_above(self, inner: Construct) -> None:
        if self.rank <= inner.rank:
            self.rank = inner.rank + 1
            waiters = self.waiters
            for waiter in waiters if waiters.__class__ is dict else (waiters,):
                if isinstance(waiter, Construct):
                    waiter._rise_above(self)

    def adopt_result(self, task: Task, future: Future) -> None:
        """A branch has evaluated to a future: that is the branch from now on, so it is cancelled if it loses."""
        index = self.children.pop(task)
        task.hand_over(self.parent)
        task.coro = None
        task.parent = None
        task.phase = COMPLETED
        self.kernel.settled_count += 1
        if self.kernel.tasks_log is not None:
            self.kernel.log_settled(task, COMPLETED)
        self._adopt(index, future)

    def branch_settled(self, task: Task) -> None:
        """A branch task has ended, and all inside it."""
        index = self.children.pop(task)
        receipt = self.kernel.receipt
        if receipt is not None and receipt[0] is task and receipt[2] is task.value:
            # The branch is just a `receive`: if it loses the message goes back.
            if self._receipts is None:
                self._receipts = {}
            self._receipts[index] = receipt[1]
        self._arrive(index, task.phase, task.value)

    def notify(self, future: Future) -> None:
        """An adopted future has settled."""
        for index in self.adopted.pop(future):
            self._arrive(index, future.phase, future.value)

    def _arrive(self, index: int, phase: int, value: Any) -> None:
        if phase == CANCELLED and self.phase < CLOSING:
            # Cancelled by somebody else: for the construct it is a branch that failed.
            phase = FAILED
            value = self.kernel.failures.make("cancelled", f"branch {index + 1} of {self.word} was cancelled")
        self.phases[index] = phase
        self.results[index] = value
        self.remaining -= 1
        if self.phase >= CLOSING:
            if self.phase == CLOSING and not self.children and not self.adopted:
                self.kernel.close_later(self)
            return
        self._fresh.append(index)
        self.kernel.note(self)
        if self._calls is not None and not self._starting:
            self._start_more()

    # --- deciding ----------------------------------------------------------------------------------------------------

    def decide(self) -> None:
        """The turn is over: look at what has arrived in it."""
        if self.phase >= CLOSING:
            return
        fresh = self._fresh
        self._fresh = []
        fresh.sort()
        self.judge(fresh)

    def judge(self, fresh: list[int]) -> None:
        """Conclude if the branches that settled in this turn (ascending) allow it."""
        raise NotImplementedError

    def conclude(self, phase: int, value: Any, decision: object, winner: int = -1) -> None:
        """Fix the outcome and cancel what still runs. `winner`: the branch whose value it is, -1 for none or all."""
        self.phase = CLOSING
        self.outcome = phase
        self.value = value
        self._calls = None
        if self.kernel.observer is not None:
            self.kernel.observer.decided(self, decision)
        if self._receipts is not None and winner >= 0:
            self._receipts.pop(winner, None)
        elif phase == COMPLETED and self.remaining == 0:
            self._receipts = None
        had_open = bool(self.children or self.adopted)
        for child in list(self.children):
            cancel_tree(child)
        for future in (*self.adopted, *self._owned):
            cancel_tree(future)
        # Branches that had not started have ended at once, and the last of them has closed this already.
        if self.phase == CLOSING and not had_open:
            self.kernel.close_later(self)

    def close(self) -> None:
        """The last loser has ended: give lost messages back, and settle."""
        receipts = self._receipts
        if receipts is not None:
            self._receipts = None
            for index in sorted(receipts, reverse=True):
                receipts[index].put_back(self.results[index])
        self.phases = bytearray()
        self.results = []
        self.settle(self.outcome, self.value)

    # --- cancelling --------------------------------------------------------------------------------------------------

    def cancel_self(self) -> None:
        """See Future.cancel_self."""
        if self.phase >= CLOSING:
            return
        self.flags |= CANCEL_REQUESTED
        self.phase = CLOSING
        self.outcome = CANCELLED
        self._calls = None
        if self.kernel.tasks_log is not None:
            self.kernel.tasks_log += (CANCEL, self.number)
        if not self.children and not self.adopted:
            self.kernel.close_later(self)

    def dependencies(self) -> Sequence[Future]:
        """Adopted futures lose together with the construct."""
        return [future for future in (*self.adopted, *self._owned) if not future.is_settled()]
