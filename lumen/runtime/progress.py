"""The line on a terminal that says what a long run is doing."""

from __future__ import annotations

from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from lumen.kernel.kernel import Kernel

_AFTER_S = 1.0
_EVERY_S = 0.2


class Progress:
    """Tasks running, waiting and done, and the time. Appears after a second; `clear` takes it away for other output."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._start = monotonic()
        self._last = 0.0
        self._shown = False

    def update(self, kernel: Kernel) -> None:
        """Show the state of the run, if it is time to."""
        now = monotonic()
        if now - self._start < _AFTER_S or now - self._last < _EVERY_S:
            return
        self._last = now
        running, waiting, done = kernel.counts()
        text = f"{running} running, {waiting} waiting, {done} done, {now - self._start:.0f} s"
        self._write(f"\r\x1b[2m{text}\x1b[0m\x1b[K")
        self._shown = True

    def clear(self) -> None:
        """Take the line away; it comes back with the next update."""
        if self._shown:
            self._write("\r\x1b[K")
            self._shown = False
            self._last = 0.0

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            pass
