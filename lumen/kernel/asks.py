"""An ask on its way: where the answer is put, and what happens when nobody waits for it any more."""

from __future__ import annotations

from lumen.kernel.messages import Ask, CancelAsk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lumen.kernel.kernel import Kernel
    from lumen.kernel.task import Task


class PendingAsk:
    """An ask without an answer, and the place where its answer is put."""

    __slots__ = ("error", "kernel", "name", "seq", "task", "value")

    def __init__(self, kernel: Kernel, seq: int, task: Task, name: str) -> None:
        self.kernel = kernel
        self.seq = seq
        self.task = task
        self.name = name
        self.value: Any = None
        self.error: BaseException | None = None

    def forget(self, waiter: Any) -> None:
        """The task that asked is being cancelled: the outside is told first, and a late answer is dropped."""
        kernel = self.kernel
        if kernel.asks.pop(self.seq, None) is None:
            return
        if kernel.observer is not None:
            kernel.observer.forgotten(self.seq)
        if kernel.held.pop(self.seq, None) is not None:
            kernel.late_arrivals += 1
        last = kernel.commands[-1] if kernel.commands else None
        if isinstance(last, Ask) and last.seq == self.seq:
            kernel.commands.pop()  # the host has not even seen it
        else:
            kernel.commands.append(CancelAsk(self.seq))

    def waits_for(self) -> str:
        """For deadlock reports."""
        return f"an answer from {self.name}"
