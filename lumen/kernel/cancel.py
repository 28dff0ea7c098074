"""Cancelling: the exception, the walk over the tree, and the end of patience with cleanup code."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lumen.kernel.future import Future
    from lumen.kernel.task import Task


class Cancelled(BaseException):
    """Thrown into a task that is being cancelled. Not an Exception, so that no boundary of the language catches it."""


def cancel_tree(top: Future) -> bool:
    """Ask `top` and everything inside it that still runs to end, innermost first; False if `top` had ended before.

    Parked tasks are queued with `Cancelled` to be thrown; tasks on the stack get it at their next trap or preemption.
    A future that is already being cancelled is left alone together with what its cleanup code has started: cancelling
    twice is once.
    """
    if top.is_settled():
        return False
    for node in innermost_first(top):
        node.cancel_self()
    return True


def innermost_first(top: Future) -> list[Future]:
    """The unsettled futures inside `top` and `top` itself, children before parents, siblings in order of creation.

    Collected before anything is touched: cancelling a task that has not started settles it at once, which changes
    `children`. Iterative: a chain of spawns may be deeper than Python's stack.
    """
    from lumen.kernel.future import CANCEL_REQUESTED

    order: list[Future] = []
    todo = [top]
    while todo:
        node = todo.pop()
        if node.flags & CANCEL_REQUESTED:
            continue
        order.append(node)
        if node.children:
            todo.extend(node.children)
        todo.extend(node.dependencies())
    order.reverse()
    return order


class Grace:
    """The timer after which a task that is still busy cleaning up is abandoned."""

    __slots__ = ("task", "waiting")

    def __init__(self, task: Task) -> None:
        self.task = task
        self.waiting: object = None

    def fire(self) -> None:
        """Patience is over."""
        if not self.task.is_settled():
            self.task.abandon()
