"""Blocking calls in threads of their own: files, stdin, and tools written as plain Python functions.

Not `trio.to_thread`: it does the same (a thread per call, abandoned when cancelled), but a program that reads a file
should not pay for importing Trio, which takes ten times Python's own start.
"""

from __future__ import annotations

from _collections import deque

from lumen.kernel.messages import Arrival

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lumen.runtime.mailbox import Mailbox

MAX_THREADS = 64
"""Calls that run at the same time; more wait their turn."""


class Workers:
    """A pool of daemon threads that grows with need. Threads that have nothing to do stay until `close`."""

    def __init__(self, mailbox: Mailbox) -> None:
        # Imported with the first blocking call, not at each start.
        from threading import Condition

        self._mailbox = mailbox
        self._changed = Condition()
        self._jobs: deque[tuple[int, Callable[[], Any]]] = deque()
        self._cancelled: set[int] = set()
        self._running: dict[int, str] = {}
        self._names: dict[int, str] = {}
        self._idle = 0
        self._threads = 0
        self._closed = False

    def submit(self, seq: int, name: str, job: Callable[[], Any]) -> None:
        """Run `job()` and put its outcome into the mailbox as the answer to ask `seq`."""
        from threading import Thread

        with self._changed:
            self._jobs.append((seq, job))
            self._names[seq] = name
            if self._idle >= len(self._jobs):
                self._changed.notify()
                return
            if self._threads >= MAX_THREADS:
                return
            self._threads += 1
        Thread(target=self._work, name=f"lumen-worker-{self._threads}", daemon=True).start()

    def cancel(self, seq: int) -> None:
        """Nobody waits for it any more: a queued call never starts, a running one is left alone."""
        with self._changed:
            if seq in self._names:
                self._cancelled.add(seq)

    def close(self) -> list[str]:
        """End the idle threads; the names of calls that are still running, which are abandoned."""
        with self._changed:
            self._closed = True
            self._jobs.clear()
            self._changed.notify_all()
            return list(self._running.values())

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._jobs:
                    if self._closed:
                        self._threads -= 1
                        return
                    self._idle += 1
                    self._changed.wait()
                    self._idle -= 1
                seq, job = self._jobs.popleft()
                if seq in self._cancelled:
                    self._forget(seq)
                    continue
                self._running[seq] = self._names[seq]
            value, error = None, None
            try:
                value = job()
            except BaseException as exc:
                # Also SystemExit and the like: a tool must not be able to end the run by raising.
                error = exc
            with self._changed:
                dropped = seq in self._cancelled
                self._forget(seq)
            if not dropped and not self._closed:
                self._mailbox.put(Arrival(seq, value, error))
            # An idle worker must not keep the last value alive.
            del job, value, error

    def _forget(self, seq: int) -> None:
        self._running.pop(seq, None)
        self._names.pop(seq, None)
        self._cancelled.discard(seq)
