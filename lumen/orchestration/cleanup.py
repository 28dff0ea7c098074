"""`defer` blocks of a function that may suspend."""

from __future__ import annotations

from lumen.kernel.cancel import Cancelled
from lumen.kernel.future import CANCEL_REQUESTED, CLEANING
from lumen.kernel.task import CoroutineType
from lumen.values.errors import settle_failures

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lumen.kernel.kernel import Kernel


async def run_defers(kernel: Kernel, defers: list[Callable[[], Any]]) -> None:
    """Run the blocks, last first. Each runs even if another fails; the first failure is raised at the end.

    A task that is cancelled meanwhile finishes them all, within the grace, and ends as cancelled then: what releases
    things must not be cut off just because it had begun before.
    """
    task = kernel.current
    is_ours = task is not None and not task.flags & (CLEANING | CANCEL_REQUESTED)
    if task is not None and is_ours:
        task.flags |= CLEANING
    failure: Exception | None = None
    try:
        while defers:
            try:
                result = defers.pop()()
                if result.__class__ is CoroutineType:
                    await result
            except Exception as exc:
                failure = failure or exc
    finally:
        if task is not None and is_ours:
            task.flags &= ~CLEANING
    if task is not None and is_ours and task.flags & CANCEL_REQUESTED:
        raise Cancelled
    if failure is not None:
        settle_failures(failure)
