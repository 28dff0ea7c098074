"""Keeps busy code from hanging the rest: a timer that interrupts it every 5 ms, and Ctrl-C.

The handler of the timer looks at the frame it has interrupted. Lumen code, and the built-ins it calls, may be
interrupted for good: the kernel fires what is due, lets other tasks run on top, and says whether `Cancelled` must
be raised right there. In any other frame (the kernel's own, an import) only a flag is set, which loops of suspending
code test at their back-edges. This costs nothing that can be measured. With a journal rounds are counted
(`kernel/turn.py`), for about 9 ns each, and the tick only says that code is to be interrupted at the next count.

Signals reach the main thread only. On others a watchdog thread does what it can: it sets the flag, and raises
`Cancelled` in code whose time is up through `PyThreadState_SetAsyncExc`.

Uses `_signal`, since `signal` imports `enum`: 5 ms of the 32 that a warm start may take.
"""

from __future__ import annotations

import _signal
import os
import sys

from lumen.kernel.cancel import Cancelled
from lumen.runtime.limits import is_main_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from lumen.runtime.host import Host

TICK_S = 0.005
PATIENCE = 400
"""With a journal, code is interrupted where its rounds are counted; after so many ticks without one, anywhere."""
_OURS = ("lumen.prelude.", "lumen.values.")


class Wake(BaseException):
    """Raised by the Ctrl-C handler through a blocking wait of the host, which catches it."""


def is_interruptible(frame: FrameType | None) -> bool:
    """Whether an exception may be raised in this frame: Lumen code, or a built-in called by Lumen code."""
    while frame is not None:
        scope = frame.f_globals
        if "$lumen" in scope:
            return True
        name = scope.get("__name__")
        if name.__class__ is not str or not name.startswith(_OURS):
            return False
        frame = frame.f_back
    return False


class SignalPreemption:
    """Interval timer and Ctrl-C for a run on the main thread. `arm` while Lumen code runs, `disarm` while waiting.

    Runs may be nested (an extern function runs a program) or take turns (tasks of one Trio program): the handlers are
    installed by the first and taken away by the last, and a tick goes to the run whose code is on the stack.
    """

    _runs: list[SignalPreemption] = []  # noqa: RUF012  (meant to be shared)
    _old: dict[int, Any] = {}  # noqa: RUF012
    _timer: int | None = None

    def __init__(self, host: Host, *, take_interrupt: bool) -> None:
        self.host = host
        self._take_interrupt = take_interrupt
        self._interrupts = 0

    @classmethod
    def timer(cls) -> int | None:
        """The timer that ticks, while a run is on."""
        return cls._timer

    def __enter__(self) -> SignalPreemption:
        shared = SignalPreemption
        if self._take_interrupt:
            self._old_interrupt = _signal.signal(_signal.SIGINT, self._on_interrupt)
        if not shared._runs and hasattr(_signal, "setitimer"):
            # Real time if nobody uses that timer (a test runner may); else CPU time, as good on an idle machine.
            real = _signal.getsignal(_signal.SIGALRM) == 0 and _signal.getitimer(_signal.ITIMER_REAL)[0] == 0
            shared._timer = _signal.ITIMER_REAL if real else _signal.ITIMER_VIRTUAL
            number = _signal.SIGALRM if real else _signal.SIGVTALRM
            shared._old[number] = _signal.signal(number, _on_tick)
        shared._runs.append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        shared = SignalPreemption
        shared._runs.remove(self)
        if self._take_interrupt:
            _signal.signal(_signal.SIGINT, self._old_interrupt)
        if not shared._runs:
            self.disarm()
            for number, handler in shared._old.items():
                _signal.signal(number, handler)
            shared._old.clear()
            shared._timer = None

    def arm(self) -> None:
        """Lumen code is about to run."""
        if self._timer is not None:
            _signal.setitimer(self._timer, TICK_S, TICK_S)

    def disarm(self) -> None:
        """Nothing runs: no ticks, so that system calls are left in peace."""
        if self._timer is not None:
            _signal.setitimer(self._timer, 0.0)

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        self._interrupts += 1
        host = self.host
        if self._interrupts > 1:
            try:
                host.flush()
            finally:
                os._exit(130)
        host.interrupt()
        if not host.is_advancing:
            if host.is_waiting:
                raise Wake
        elif host.counting is not None:
            host.counting.alarm()
        elif is_interruptible(frame) and host.preempt():
            raise Cancelled


def _on_tick(number: int, frame: FrameType | None) -> None:
    for run in reversed(SignalPreemption._runs):
        host = run.host
        if host.is_advancing:
            counting = host.counting
            if counting is not None:
                if not counting.alarm():
                    host.overdue_alarms += 1
                    if host.overdue_alarms >= PATIENCE and is_interruptible(frame) and host.preempt():
                        raise Cancelled
                else:
                    host.overdue_alarms = 0
            elif is_interruptible(frame):
                if host.preempt():
                    raise Cancelled
            else:
                host.kernel.turn.want()
            return


class WatchdogPreemption:
    """The same for a run off the main thread, where no signals arrive."""

    def __init__(self, host: Host) -> None:
        from threading import Event, Thread, get_ident

        self._host = host
        self._ident = get_ident()
        self._end = Event()
        self._thread = Thread(target=self._watch, name="lumen-watchdog", daemon=True)

    def __enter__(self) -> WatchdogPreemption:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._end.set()
        self._thread.join()

    def arm(self) -> None:
        """Nothing to do: the thread looks at `host.is_advancing`."""

    def disarm(self) -> None:
        """Nothing to do."""

    def _watch(self) -> None:
        from ctypes import c_ulong, py_object, pythonapi

        host = self._host
        while not self._end.wait(TICK_S):
            if not host.is_advancing:
                continue
            counting = host.counting
            if counting is not None:
                counting.alarm()
                continue
            host.kernel.turn.want()
            # While this thread holds the GIL the other stands still; a long interval keeps it so until we are done.
            interval = sys.getswitchinterval()
            sys.setswitchinterval(10.0)
            try:
                frame = sys._current_frames().get(self._ident)
                if host.is_advancing and is_interruptible(frame) and host.preempt(may_nest=False):
                    pythonapi.PyThreadState_SetAsyncExc(c_ulong(self._ident), py_object(Cancelled))
            finally:
                sys.setswitchinterval(interval)


def preemption(host: Host, *, take_interrupt: bool) -> SignalPreemption | WatchdogPreemption:
    """What fits the current thread."""
    if is_main_thread():
        return SignalPreemption(host, take_interrupt=take_interrupt)
    return WatchdogPreemption(host)
