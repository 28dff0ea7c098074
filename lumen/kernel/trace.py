"""Observer hooks: what a journal, a progress line or a test may listen to."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lumen.kernel.future import Future
    from lumen.kernel.task import Task


class Observer:
    """Does nothing; subclass and override. Without an observer each hook costs one test of an attribute.

    Hooks are called in the order of events, synchronously, and must not call back into the kernel.
    """

    def spawned(self, future: Future) -> None:
        """A task or construct was made; its number, parent and site are set."""

    def started(self, task: Task) -> None:
        """A task is about to run its first step."""

    def suspended(self, task: Task) -> None:
        """A task has parked; `task.waiting` says on what."""

    def settled(self, future: Future) -> None:
        """A future has its outcome, and all inside it has ended."""

    def cancelled(self, future: Future) -> None:
        """Cancellation was asked of a future that was still running."""

    def decided(self, construct: Future, decision: object) -> None:
        """A race, select, vote, timeout or parallel has decided: winner's index, tally, "expired", …"""

    def emitted(self, value: object) -> None:
        """The program said `emit value`."""

    def printed(self, text: str) -> None:
        """The program printed; called by the run's world."""

    def warned(self, message: str, future: Future | None) -> None:
        """Something the user should know that is not a failure: an abandoned defer, a late answer."""
