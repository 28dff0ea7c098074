"""Real time, as the kernel counts it."""

from __future__ import annotations

from time import monotonic_ns


class Clock:
    """Integer nanoseconds since the clock was made; never goes back."""

    __slots__ = ("_start",)

    def __init__(self) -> None:
        self._start = monotonic_ns()

    def start_at(self, now_ns: int) -> None:
        """Go on from there: a run that was interrupted counts on."""
        self._start = monotonic_ns() - now_ns

    def now_ns(self) -> int:
        """Now."""
        return monotonic_ns() - self._start
