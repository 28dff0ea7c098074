"""What a journal, a progress line or a test may listen to."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lumen.kernel.future import Future
    from lumen.kernel.messages import Arrival, Ask


class Observer:
    """Does nothing; subclass and override. Without an observer each hook costs one test of an attribute.

    Hooks are called in the order of events, synchronously, and must not call back into the kernel. What tasks do, step
    by step, is not told here but written to `Kernel.log`, which is cheaper; see `Journal`.
    """

    def asked(self, ask: Ask) -> None:
        """A task asks the outside; the host has not seen it yet."""

    def answered(self, arrival: Arrival) -> None:
        """An answer is about to be delivered."""

    def forgotten(self, seq: int) -> None:
        """Nobody waits for the answer to ask `seq` any more."""

    def asked_now(self, kind: str, name: str, payload: Any, answer: Callable[[str, str, Any], Any]) -> Any:
        """A task asks for what is known at once: gives `answer(kind, name, payload)`, or what it was when recorded."""
        return answer(kind, name, payload)

    def decided(self, construct: Future, decision: object) -> None:
        """A race, select, vote, timeout or parallel has decided: winner's index, tally, "expired", …"""

    def emitted(self, value: object) -> None:
        """The program said `emit value`."""

    def printed(self, text: str) -> None:
        """The program printed; called by the run's world."""

    def learned_secret(self, value: Any) -> None:
        """This value must not be seen in what is written down; called before the program can do anything with it."""

    def warned(self, message: str, future: Future | None) -> None:
        """Something the user should know that is not a failure: an abandoned defer, a late answer."""

    def signalled(self, what: str) -> None:
        """The host cancels the run: "interrupt", "timeout", "deadlock", "stop"."""


class Journal(Observer):
    """An observer that keeps a history from which the run can be repeated.

    Everything that comes into the kernel from outside is either an answer or written to `log` by the kernel itself.
    Where in the life of a busy task it came is told by the length of `log` and by `rounds`. For this busy code is not
    interrupted anywhere, as it is without a journal, but only where its loops and calls are counted (`kernel/turn.py`).
    """

    log: list[int]
    """The ops of `kernel/ops.py`, emptied by `cut`."""
    logs_tasks = True
    """Whether steps, spawns and outcomes of tasks are written to the log; inputs always are."""
    rounds = 0
    """How often busy code has come by a place where it may be interrupted, since the log was last cut."""

    def site_index(self, site: Any) -> int:
        """The number of a site, given when it is first used."""
        raise NotImplementedError

    def steps_aside(self, is_due: bool) -> bool:
        """A task is at a back-edge of a loop; whether it steps aside here. `is_due`: the clock says so."""
        return is_due

    def interrupted(self, preempt: Callable[[], bool] | None) -> bool:
        """Plain code is at a place where it may be interrupted; whether it must be cancelled there.

        Args:
            preempt: what to call if it is interrupted, which says so; None as long as the clock doesn't want it.
        """
        return preempt is not None and preempt()

    def stops_here(self) -> str | None:
        """A turn begins: why the host cancelled the run here, if it did when this was recorded."""
        return None

    def cut(self) -> None:
        """Write down what is in the log, and empty it: before every other event, and when it has grown long."""
