"""The two modes of the language, as data that the one kernel consults."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque

    from lumen.kernel.kernel import Kernel
    from lumen.kernel.messages import Step
    from lumen.kernel.task import Task
else:
    from _collections import deque  # `collections` costs 2 ms at each start


class Policy:
    """How tasks are started, ordered and timed."""

    __slots__ = ()
    name = "policy"
    starts_at_once = False
    """Whether `spawn` steps the new task to its first suspension before it returns."""
    is_virtual = True
    """Whether time jumps to the next timer when nothing is ready, and answers come in the order of the asks."""

    def make_queue(self) -> deque[Task]:
        """The ready queue."""
        return deque()

    def advance(self, kernel: Kernel) -> Step | None:
        """What `Kernel.advance` does in virtual time, in a way of its own; None: `advance_virtual` does it."""
        return None

    def inside_call(self, kernel: Kernel, name: str) -> tuple[BaseException, bool] | None:
        """The current task has stepped aside for a call of a tool that the program answers itself.

        Returns:
            A failure to answer with instead, and whether what the tool does is done all the same. As a rule None.
        """
        return None


class Eager(Policy):
    """Spawned tasks start at once; real time; answers as they arrive."""

    __slots__ = ()
    name = "eager"
    starts_at_once = True
    is_virtual = False


class Fifo(Policy):
    """Spawned tasks are queued; virtual time; answers in the order they were asked for."""

    __slots__ = ()
    name = "fifo"
