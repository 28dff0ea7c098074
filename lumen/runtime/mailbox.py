"""Where answers from other threads wait for the kernel's thread."""

from __future__ import annotations

from _collections import deque  # `collections` costs 2 ms at each start
from _thread import TIMEOUT_MAX, allocate_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen.kernel.messages import Arrival


class Mailbox:
    """Arrivals put by any thread, taken by one.

    The bell is a plain lock, held unless something has come since the last wait. A queue with a blocking `get`
    could lose an item when a signal handler raises between its return and the assignment of its result.
    """

    __slots__ = ("_arrivals", "_bell", "_notify")

    def __init__(self, notify: Callable[[], None] | None = None) -> None:
        """With `notify`, that is called from the putting thread instead of ringing the bell."""
        self._arrivals: deque[Arrival] = deque()
        self._bell = allocate_lock()
        self._bell.acquire()
        self._notify = notify

    def put(self, arrival: Arrival) -> None:
        """Leave an answer; from any thread."""
        self._arrivals.append(arrival)
        self.ring()

    def ring(self) -> None:
        """Wake the waiting thread, if it waits."""
        if self._notify is not None:
            self._notify()
            return
        try:
            self._bell.release()
        except RuntimeError:
            pass  # it has rung already, and nobody has waited since

    def drain(self) -> list[Arrival]:
        """What has come, in order."""
        found = []
        while self._arrivals:
            found.append(self._arrivals.popleft())
        return found

    def wait(self, seconds: float | None) -> None:
        """Block until something comes, or for so long. May return early; a signal handler may raise through it."""
        if self._arrivals:
            return
        self._bell.acquire(True, -1 if seconds is None else max(0.0, min(seconds, TIMEOUT_MAX)))
