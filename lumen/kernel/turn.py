"""What loops of suspending code test at each back-edge: `if turn.due and turn.tick(): await yield_turn()`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lumen.kernel.kernel import Kernel
    from lumen.kernel.trace import Journal

TICKS_PER_TURN = 1024
"""Back-edges after which a busy task steps aside in virtual time."""
QUANTUM_NS = 50_000
"""What they take on the virtual clock: about what they take on the real one."""


class Turn:
    """Real time: the preemption handler sets `due` when the task has run for long enough."""

    __slots__ = ("due", "host_waits")

    def __init__(self) -> None:
        self.due = False
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


class JournalTurn(Turn):
    """Real time with a journal: every back-edge is counted, so that the one at which a task stepped aside is known."""

    __slots__ = ("_is_wanted", "_journal")

    def __init__(self, journal: Journal) -> None:
        self.due = True
        self.host_waits = False
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
        if not self._journal.steps_aside(self._is_wanted):
            return False
        self._is_wanted = False
        self.host_waits = True
        return True


class VirtualTurn(Turn):
    """Virtual time: counts back-edges, so that the same program steps aside at the same place each time."""

    __slots__ = ("_kernel", "_ticks")

    def __init__(self, kernel: Kernel) -> None:
        self.due = True
        self.host_waits = False
        self._kernel = kernel
        self._ticks = 0

    def tick(self) -> bool:
        """Whether to step aside now; a busy stretch takes a fixed time on the virtual clock."""
        self._ticks += 1
        if self._ticks < TICKS_PER_TURN:
            return False
        self._ticks = 0
        self._kernel.now += QUANTUM_NS
        return True
