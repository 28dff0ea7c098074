"""Drives one kernel: tells it the time, carries out what it asks, waits for what comes next.

The kernel runs in the calling thread; everything slow happens elsewhere and arrives in the mailbox. `run` blocks,
`run_async` does the same inside a task of a Trio program. Both are loops around `Kernel.advance`, the only place where
Lumen code runs.
"""

from __future__ import annotations

import sys

from lumen.kernel.messages import Step
from lumen.runtime.clock import Clock
from lumen.runtime.preempt import Wake, preemption

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType
    from typing import Any

    from lumen.journal.recorder import Recorder
    from lumen.journal.replayer import Replayer
    from lumen.kernel.kernel import Kernel
    from lumen.kernel.messages import Arrival, Blocked
    from lumen.kernel.turn import CountingTurn
    from lumen.runtime.mailbox import Mailbox
    from lumen.runtime.output import Output
    from lumen.runtime.outside import Outside
    from lumen.runtime.progress import Progress

FLUSH_TICKS = 10
"""Busy code has its output flushed every so many ticks of the preemption timer."""
_SLICE_S = 0.1
"""Longest uninterrupted wait while a progress line is shown (and on Windows, where Ctrl-C doesn't end a wait)."""


class Host:
    """One run's loop. After it, `deadlock`, `was_interrupted` and `timed_out` say how it ended, if not by itself."""

    kernel: Kernel
    """Set by the interpreter: the kernel needs the host's clock."""

    def __init__(
        self,
        mailbox: Mailbox,
        outside: Outside,
        clock: Clock,
        *,
        output: Output,
        timeout_ns: int | None = None,
        take_interrupt: bool = False,
        progress: Progress | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self._mailbox = mailbox
        self._outside = outside
        self._clock = clock
        self._progress = progress
        self._take_interrupt = take_interrupt
        self._timeout_ns = timeout_ns
        self._ticks = 0
        self.overdue_alarms = 0
        self._output = output
        self._recorder = recorder
        self._replayer: Replayer | None = None
        self.is_advancing = False
        """Whether Lumen code may be on the stack."""
        self.is_waiting = False
        """Whether the thread is in a blocking wait that an exception may end."""
        self.deadlock: list[Blocked] | None = None
        self.was_interrupted = False
        self.timed_out = False
        self.stopped_at: list[tuple[str, int, str]] = []
        """Where the run was when its time was up: (path, line, what it did there)."""
        self._cancel_wanted: str | None = None
        self._was_stopped = False

    def flush(self) -> None:
        """Hand on what was printed and, before that, what the journal holds: an answer that came just now is not to be
        lost when the process is killed while it waits."""
        if self._recorder is not None:
            self._recorder.flush()
        self._output.flush()

    # --- the loop --------------------------------------------------------------------------------------------------

    def run(self, step: Step | None = None) -> None:
        """Step the kernel until no task is left. `step`: the last one, which has been carried out, if there is one."""
        arrivals: Sequence[Arrival] = ()
        with preemption(self, take_interrupt=self._take_interrupt) as signals:
            while True:
                signals.arm()
                if step is None:
                    step = self._advance(arrivals)
                if step.done:
                    return
                seconds = self._seconds_until(step)
                step = None
                if seconds == 0:
                    arrivals = self._arrived()
                    continue
                signals.disarm()
                self.flush()
                self._wait(seconds)
                arrivals = self._arrived()

    async def run_async(self, wake: Callable[[float | None], object]) -> None:
        """The same inside a Trio task: `await wake(seconds)` waits for the mailbox to ring."""
        import trio

        arrivals: Sequence[Arrival] = ()
        with preemption(self, take_interrupt=False) as signals:
            try:
                while True:
                    signals.arm()
                    step = self._advance(arrivals)
                    signals.disarm()
                    if step.done:
                        return
                    self.flush()
                    seconds = self._seconds_until(step)
                    if seconds == 0:
                        await trio.lowlevel.checkpoint()
                    else:
                        await wake(seconds)  # type: ignore[misc]
                    arrivals = self._arrived()
            except trio.Cancelled:
                # The program around us cancels: so do we, and our cleanup may still wait for what it needs.
                self.interrupt()
                with trio.CancelScope(shield=True):
                    while not (step := self._advance(self._arrived())).done:
                        await wake(self._seconds_until(step))  # type: ignore[misc]
                raise

    def _advance(self, arrivals: Sequence[Arrival]) -> Step:
        kernel = self.kernel
        now = self._clock.now_ns()
        if self._timeout_ns is not None and now >= self._timeout_ns:
            self._time_out()
        reason = self._reason_to_cancel()
        if reason is not None:
            kernel.cancel_run(reason)
        self.is_advancing = True
        try:
            step = kernel.advance(now, arrivals)
        finally:
            self.is_advancing = False
        if step.commands:
            if self._recorder is not None:
                self._recorder.flush()  # nothing is sent that the journal does not know of
            self._outside.execute(step.commands)
        if step.deadlocked and self.deadlock is None:
            self.deadlock = kernel.blocked()
            kernel.cancel_run("deadlock")
        return step

    def _seconds_until(self, step: Step) -> float | None:
        """How long nothing will happen unless something arrives; 0 is "go on at once", None is forever."""
        if step.deadlocked or self._cancel_wanted:
            return 0
        due = step.deadline_ns
        if due is not None and self.kernel.policy.is_virtual:
            return 0
        if self._timeout_ns is not None and not self.timed_out:
            due = self._timeout_ns if due is None else min(due, self._timeout_ns)
        if due is None:
            return None
        return max(0.0, (due - self._clock.now_ns()) / 1e9)

    def _wait(self, seconds: float | None) -> None:
        progress = self._progress
        try:
            self.is_waiting = True
            if self._cancel_wanted:
                return
            if progress is not None:
                progress.update(self.kernel)
            if progress is not None or sys.platform == "win32":
                seconds = _SLICE_S if seconds is None else min(seconds, _SLICE_S)
            self._mailbox.wait(seconds)
        except Wake:
            pass
        finally:
            self.is_waiting = False

    def _arrived(self) -> list[Arrival]:
        return self._outside.answered(self._mailbox.drain())

    # --- repeating a run ---------------------------------------------------------------------------------------------

    def replay(self, replayer: Replayer) -> Step | None:
        """Step the kernel through what a journal holds; nothing is sent outside.

        Returns:
            None when the run is over; the last step, not carried out, when the journal has ended and the run goes on.
        Raises:
            Divergence, JournalEnded, Stopped: see `Replayer`.
        """
        kernel = self.kernel
        step = None
        self._replayer = replayer
        with preemption(self, take_interrupt=False) as signals:
            signals.arm()
            while True:
                fed = replayer.feed()
                if fed is None:
                    if not replayer.is_live:
                        replayer.go_live()
                    break
                now, arrivals, reason = fed
                if reason is not None:
                    kernel.cancel_run(reason)
                    continue
                step = self._repeat(now, arrivals)
                if step.done:
                    self._take_over(replayer)
                    return None
                if step.deadlocked and self.deadlock is None:
                    self.deadlock = kernel.blocked()
                    kernel.cancel_run("deadlock")
        self._take_over(replayer)
        return step or Step((), 0, False, False)

    def _repeat(self, now_ns: int, arrivals: Sequence[Arrival]) -> Step:
        """One step of a run that is repeated. A call of its own, as `_advance` is: recursion ends at the same depth."""
        self.is_advancing = True
        try:
            return self.kernel.advance(now_ns, arrivals)
        finally:
            self.is_advancing = False

    def _take_over(self, replayer: Replayer) -> None:
        """How the run ended then is how it ends now."""
        self.was_interrupted = "interrupt" in replayer.signals
        self.timed_out = "timeout" in replayer.signals

    @property
    def counting(self) -> CountingTurn | None:
        """Where busy code is interrupted in a run with a journal; None where it may be interrupted anywhere."""
        turn: Any = self.kernel.turn
        return None if self._recorder is None else turn

    # --- from signal handlers --------------------------------------------------------------------------------------

    def preempt(self, *, may_nest: bool = True) -> bool:
        """Called while Lumen code is interrupted: let what is due happen; whether that code must be cancelled."""
        kernel = self.kernel
        replayer = self._replayer
        if replayer is not None and not replayer.is_live:
            if not replayer.is_used_up:
                return False
            replayer.go_live()  # the journal ends within code that will never say so by itself
        now = self._clock.now_ns()
        self._ticks += 1
        if self._ticks % FLUSH_TICKS == 0 and may_nest:
            self.flush()
            if self._progress is not None:
                self._progress.update(kernel)
        if self._timeout_ns is not None and now >= self._timeout_ns:
            self._time_out()
        arrivals = self._arrived() if may_nest else ()
        return kernel.preempt(now, arrivals, may_nest=may_nest, stop=self._reason_to_cancel())

    def _reason_to_cancel(self) -> str | None:
        """Why the run is to be cancelled now; told once."""
        if self._output.broken is not None and not self._was_stopped:
            self._was_stopped = True
            self._cancel_wanted = "stop"
        reason = self._cancel_wanted
        self._cancel_wanted = None
        return reason

    def interrupt(self) -> None:
        """Ctrl-C: cancel the run at the next moment at which that is safe."""
        self.was_interrupted = True
        self._cancel_wanted = "interrupt"

    def _time_out(self) -> None:
        self._timeout_ns = None
        self.timed_out = True
        self.stopped_at = _places_now(self.kernel)
        self._cancel_wanted = "timeout"


def _places_now(kernel: Kernel) -> list[tuple[str, int, str]]:
    """The busy code on the stack, or what has stepped aside for it, or else where tasks wait."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if "$lumen" in frame.f_globals:
            return [(frame.f_code.co_filename, frame.f_lineno, "computed")]
        frame = frame.f_back
    from lumen.kernel.blocked import innermost_frame

    tasks: list[tuple[Any, str]] = [(task, "was busy") for task in kernel.ready]
    tasks = tasks or [(waiting.future, f"waited for {waiting.reason}") for waiting in kernel.blocked()]
    found = [(innermost_frame(task.coro), what) for task, what in tasks]
    return [(frame.f_code.co_filename, frame.f_lineno, what) for frame, what in found if frame is not None]
