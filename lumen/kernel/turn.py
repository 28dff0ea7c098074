"""What loops test at each back-edge.

In suspending code: `if turn.due and turn.tick(): await yield_turn()`. Plain code can't step aside. In real time it
tests nothing, since a signal interrupts it; in virtual time, and where a journal is kept, it counts: `if not fuel():
spin()`. It is interrupted only there, so at the same place when the run is repeated. Cells and
lambdas count their calls too: recursion is a loop, and so is `map`.

`fuel` is the `pop` of a list of ones with zeros at its end: 9 ns for each loop, where a counter in a local costs 25
and one in an object 60 (CPython 3.11, 2026-11).
"""

from __future__ import annotations

from lumen.kernel.cancel import Cancelled
from lumen.kernel.clockwork import fire_passed
from lumen.kernel.future import CANCEL_DELIVERED, CANCEL_MASK, CANCEL_REQUESTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from lumen.kernel.kernel import Kernel
    from lumen.kernel.task import Task
    from lumen.kernel.trace import Journal

TICKS_PER_TURN = 1024
"""Back-edges after which a busy task steps aside in virtual time."""
QUANTUM_NS = 50_000
"""What they take on the virtual clock: about what they take on the real one."""
HOG_SPINS = 20_000
"""So many times that, a second of virtual time, and plain code lets others run on top of it: it may have lost a race
that nobody else could decide."""
_EMPTY = [0] * 64
"""More than one: Ctrl-C may come between the pop that gives a zero and `spin`, which then does not refill the list."""
_FULL = _EMPTY + [1] * TICKS_PER_TURN


class Turn:
    """Real time: the preemption handler sets `due` when the task has run for long enough."""

    __slots__ = ("due", "fuel", "host_waits")

    def __init__(self) -> None:
        self.due = False
        self.fuel = _FULL.copy()
        """Back-edges of plain code that are left until `spin` is called, as ones."""
        self.host_waits = False
        """Set together with a step aside: when this turn is over the host gets a look at the world."""

    def want(self) -> None:
        """The running task has run for long enough."""
        self.due = True

    @property
    def is_wanted(self) -> bool:
        """Whether the running task has been asked to step aside, and has not yet."""
        return self.due

    @is_wanted.setter
    def is_wanted(self, is_wanted: bool) -> None:
        self.due = is_wanted

    def tick(self) -> bool:
        """Whether to step aside now. Clears `due`: the next task has its own slice."""
        self.due = False
        self.host_waits = True
        return True

    def spin(self) -> None:
        """Plain code has used up its fuel: let what is due happen. May raise Cancelled."""
        self.fuel[:] = _FULL

    def measured(self, items: Any) -> Any:
        """What a comprehension of plain code goes through, with its items counted."""
        return items


class CountingTurn(Turn):
    """Rounds of plain code are counted: so it can be interrupted at the very same place when the run is repeated."""

    __slots__ = ("_is_alarmed", "preempt")

    def __init__(self) -> None:
        super().__init__()
        self.due = True
        self._is_alarmed = False
        self.preempt: Callable[[], bool] | None = None
        """What the host does every few milliseconds with code that is busy; whether that must be cancelled."""

    def alarm(self) -> bool:
        """The clock says that code has been busy for long enough; False if it has not come by a place where it may be
        interrupted since the last alarm."""
        was_alarmed = self._is_alarmed
        self._is_alarmed = True
        return not was_alarmed

    def come_by(self, journal: Journal) -> None:
        """Plain code is at a place where it may be interrupted. May raise Cancelled."""
        journal.rounds += 1
        preempt = None
        if self._is_alarmed:
            self._is_alarmed = False
            preempt = self.preempt
        if journal.interrupted(preempt):
            raise Cancelled

    def measured(self, items: Any) -> Any:
        """See Turn.measured."""
        if items.__class__ is not list and items.__class__ is not range:
            return items
        count = len(items)
        fuel = self.fuel
        left = len(fuel) - len(_EMPTY)
        if count < left:
            del fuel[len(fuel) - count :]
            return items
        if count <= TICKS_PER_TURN:
            self.spin()
            return items
        from itertools import chain

        return chain.from_iterable(self._stretches(items))

    def _stretches(self, items: Sequence[Any]) -> Iterator[Sequence[Any]]:
        for start in range(0, len(items), TICKS_PER_TURN):
            self.spin()
            yield items[start : start + TICKS_PER_TURN]


class JournalTurn(CountingTurn):
    """Real time with a journal."""

    __slots__ = ("_is_wanted", "_journal")

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._is_wanted = False
        self._journal = journal

    def want(self) -> None:
        """See Turn.want."""
        self._is_wanted = True

    @property
    def is_wanted(self) -> bool:
        """See Turn.is_wanted."""
        return self._is_wanted

    @is_wanted.setter
    def is_wanted(self, is_wanted: bool) -> None:
        self._is_wanted = is_wanted

    def tick(self) -> bool:
        """Whether to step aside now."""
        self._journal.rounds += 1
        if not self._journal.steps_aside(self._is_wanted or self._is_alarmed):
            return False
        self._is_wanted = self._is_alarmed = False
        self.host_waits = True
        return True

    def spin(self) -> None:
        """See Turn.spin."""
        self.fuel[:] = _FULL
        self.come_by(self._journal)


class VirtualTurn(CountingTurn):
    """Virtual time: counts back-edges, so that the same program steps aside at the same place each time."""

    __slots__ = ("_hog", "_kernel", "_spins", "_ticks", "_turns")

    def __init__(self, kernel: Kernel) -> None:
        super().__init__()
        self._kernel = kernel
        self._ticks = 0
        self._hog: Task | None = None
        """The task that has spun last, how often since it was resumed, and in which turn."""
        self._spins = 0
        self._turns = 0

    def tick(self) -> bool:
        """Whether to step aside now; a busy stretch takes a fixed time on the virtual clock."""
        self._ticks += 1
        if self._ticks < TICKS_PER_TURN:
            return False
        self._ticks = 0
        self._kernel.now += QUANTUM_NS
        return True

    def spin(self) -> None:
        """See Turn.spin. Time moves on, and deadlines that it has passed fire on top of the running frame.

        Other tasks wait, and so do decisions: in FIFO order they run when this one suspends or ends, and what finishes
        in one turn has finished together. Only code that does neither for long has to let them.
        """
        self.fuel[:] = _FULL
        # A suspending loop that called this code steps aside at its next back-edge.
        self._ticks = TICKS_PER_TURN - 1
        kernel = self._kernel
        kernel.now += QUANTUM_NS
        if len(kernel.timers):
            fire_passed(kernel)
        task = kernel.current
        if self._turns != kernel.turns or self._hog is not task:
            self._hog = task
            self._spins = 0
            self._turns = kernel.turns
        self._spins += 1
        if self._spins >= HOG_SPINS and (kernel.ready or kernel.undecided):
            kernel.nest_turn()
            self._hog = task
            self._spins = HOG_SPINS
            self._turns = kernel.turns
        if task is not None and task.flags & CANCEL_MASK == CANCEL_REQUESTED:
            task.flags |= CANCEL_DELIVERED
            task.arm_grace()
            raise Cancelled
        if kernel.journal is not None:
            self.come_by(kernel.journal)
