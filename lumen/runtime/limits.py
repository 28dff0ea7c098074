"""Python's limits while a program runs: deep recursion and long integers are fine, a crash is not."""

from __future__ import annotations

import _warnings
import gc
import sys
from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

STACK_BYTES = 120 << 20
"""What the main thread's stack may grow to. Linux leaves 128 MB below the first mapping for it."""
_LEVEL_BYTES = 5200
"""C stack that one level of recursion takes at worst on CPython 3.11: a `sort_by` callback that sorts again (measured:
4,970; a nested `await` 415, a callback of `map` 600, a plain call none)."""
_WANTED_DEPTH = 22_000
"""Cells may recurse 10,000 deep; each level may take a helper of ours besides."""
_GC_THRESHOLDS = (20_000, 20, 20)
"""A run may hold 100,000s of parked tasks, and each of the default's many full collections looks at all of them:
100,000 spawns with an await take 4.2 µs each with the default (700, 10, 10), 2.2 with this, 1.7 without any collection
(`python -m tests.bench`, 2026-11)."""
_OTHER_THREAD_DEPTH = 12_000
"""Other threads have 8 MB as a rule. Python 3.11 spends none of it on plain calls; an `await` takes 415 bytes."""


class _Unawaited:
    """Stands for a regular expression in a filter of `warnings`, without importing `re`."""

    __slots__ = ()

    def match(self, text: str) -> bool:
        """Whether the warning is about a coroutine that was made and never started.

        A task that is cancelled by the timer may just have made one; there is no moment at which Python would not
        look for signals.
        """
        return text.startswith("coroutine ") and text.endswith(" was never awaited")


_QUIET = ("ignore", _Unawaited(), RuntimeWarning, None, 0)


class Limits:
    """`with Limits():` around a run; puts everything back afterwards, for hosts that embed us."""

    def __enter__(self) -> Limits:
        self._depth = sys.getrecursionlimit()
        self._digits = sys.get_int_max_str_digits()
        self._thresholds = gc.get_threshold()
        self._filters: Any = getattr(sys.modules.get("warnings", _warnings), "filters", [])
        self._filters.insert(0, _QUIET)
        sys.set_int_max_str_digits(0)
        gc.set_threshold(*_GC_THRESHOLDS)
        self._stack: tuple[int, int] | None = None
        # From here, not from the bottom of the stack: a program recurses as deep whoever calls us.
        sys.setrecursionlimit(max(self._depth, _depth() + self._safe_depth()))
        return self

    def __exit__(self, *exc: object) -> None:
        if _QUIET in self._filters:
            self._filters.remove(_QUIET)
        sys.set_int_max_str_digits(self._digits)
        gc.set_threshold(*self._thresholds)
        try:
            sys.setrecursionlimit(self._depth)
        except RecursionError:
            pass  # we were called from deeper than the old limit; the new one stays
        if self._stack is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_STACK, self._stack)

    def _safe_depth(self) -> int:
        if sys.version_info >= (3, 12):
            # From 3.12 on Python counts C recursion apart, and raises before the stack ends.
            return _WANTED_DEPTH
        if not is_main_thread():
            return _OTHER_THREAD_DEPTH
        try:
            import resource
        except ImportError:  # Windows, where the stack can't grow
            return 1000
        soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
        available = STACK_BYTES if hard == resource.RLIM_INFINITY else min(STACK_BYTES, hard)
        if soft != resource.RLIM_INFINITY and soft < available:
            try:
                # The stack of the main thread grows up to the soft limit of the moment, not of the start.
                resource.setrlimit(resource.RLIMIT_STACK, (available, hard))
                self._stack = (soft, hard)
            except (OSError, ValueError):
                available = soft
        return min(_WANTED_DEPTH, available // _LEVEL_BYTES)


def _depth() -> int:
    """How many Python frames are on the stack."""
    depth = 0
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        depth += 1
        frame = frame.f_back
    return depth


def is_main_thread() -> bool:
    """Whether this is the thread that gets signals; without importing `threading` if nobody has."""
    threading = sys.modules.get("threading")
    return threading is None or threading.main_thread().ident == get_ident()
