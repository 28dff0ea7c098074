"""pdb that speaks Lumen: what `breakpoint()` opens, and what shows the place of a failure afterwards.

Compiled code carries `.lumen` lines, so Python's own debugger can be used as it is: `python -m pdb -m lumen run F`
stops at `b F:12`. This one also keeps to the program: it steps from Lumen line to Lumen line, whatever the scheduler
does between them, shows only Lumen frames and values as Lumen writes them, and stops the clock while one looks.

A debugger is used by one run, in its thread.
"""

from __future__ import annotations

import bdb
import builtins
import linecache
import opcode
import os
import pdb
import signal
import sys
from contextlib import contextmanager, nullcontext
from types import CoroutineType, TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

from lumen.kernel.cancel import Cancelled
from lumen.prelude.registry import BUILTINS, bind
from lumen.runtime.limits import is_main_thread
from lumen.runtime.preempt import SignalPreemption
from lumen.runtime.tracebacks import cell_of
from lumen.values.display import represent
from lumen.values.errors import failure_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from types import FrameType

    from lumen.runtime.clock import Clock
    from lumen.runtime.host import Host
    from lumen.runtime.loader import Unit
    from lumen.runtime.world import World

_CONSTANTS = {"true": True, "false": False, "null": None}
_HIDDEN = (".$init", ".$copy", ".$check", "$publish")
"""Functions of ours in compiled code."""
_MAX_SHOWN = 2_000
_MAX_FRAMES = 10_000
_CO_SUSPENDS = 0x20 | 0x80 | 0x200
"""Flags of generators, coroutines and async generators."""
_YIELD_VALUE, _RESUME = opcode.opmap["YIELD_VALUE"], opcode.opmap["RESUME"]


class LumenPdb(pdb.Pdb):
    """pdb for the frames of one program."""

    around_prompt: ClassVar[Callable[[], AbstractContextManager[object]]] = nullcontext
    """Entered while there is a prompt: a test runner that captures output lets it through meanwhile."""

    def __init__(
        self, units: Iterable[Unit], world: World | None = None, host: Host | None = None, clock: Clock | None = None
    ) -> None:
        super().__init__(nosigint=True)
        self._world = world
        self._host = host
        self._clock = clock
        self._paths: list[str] = []
        self._past: list[tuple[FrameType, int]] = []
        """The frames of a failure, when that is what is looked at."""
        self._is_before_first_line = False
        self._tracer: Any = None
        """What traced before us, coverage for example; it goes on when we are done."""
        self._traced: list[tuple[FrameType, Any]] = []
        """The frames that it had got to."""
        for unit in units:
            self._paths.append(os.path.abspath(unit.path))
            _show_source(unit)

    # --- entering and leaving ------------------------------------------------------------------------------------

    def stop_at_first_line(self) -> None:
        """Prompt when the first line of the program is about to run."""
        self._is_before_first_line = True
        self.reset()
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            self.botframe = frame
            frame = frame.f_back
        self.set_step()
        sys.settrace(self.trace_dispatch)

    def stop_in(self, frame: FrameType) -> None:
        """Prompt at the line where `frame` is, and go on as the user says.

        Raises:
            Cancelled: the user has quit; the run is being cancelled.
        """
        before = sys.gettrace()
        if getattr(before, "__self__", None) is not self:
            self._tracer = before
        sys.settrace(None)
        self.reset()
        outer: FrameType | None = frame
        self._traced = []
        while outer is not None:
            if outer.f_trace is not None and outer.f_trace != self.trace_dispatch:
                self._traced.append((outer, outer.f_trace))
            outer.f_trace = self.trace_dispatch
            self.botframe = outer
            outer = outer.f_back
        self.enterframe = frame
        self.interaction(frame, None)
        if self.stoplineno != -1 or self.breaks:
            sys.settrace(self.trace_dispatch)

    def set_continue(self) -> None:
        """Go on to the next breakpoint; if there is none, without us."""
        super().set_continue()
        if not self.breaks:
            for frame, tracer in self._traced:
                frame.f_trace = tracer
            sys.settrace(self._tracer)

    def close(self) -> None:
        """The run is over: stop tracing."""
        if getattr(sys.gettrace(), "__self__", None) is self or sys.gettrace() is None:
            sys.settrace(self._tracer)

    def look_back(self, frames: list[tuple[FrameType, int]], traceback: TracebackType) -> None:
        """Prompt where a failure happened: the innermost of these frames, each given with its line."""
        self._past = frames
        self.reset()
        with type(self).around_prompt():
            self.stdout = sys.stdout
            super().interaction(None, traceback)

    def interaction(self, frame: FrameType | None, traceback: Any) -> None:
        """Prompt, with the clock and the signals of the run at rest."""
        with self._at_rest():
            super().interaction(frame, traceback)
        if self.quitting:
            self._quit()

    @contextmanager
    def _at_rest(self) -> Iterator[None]:
        if self._world is not None:
            self._world.output.flush()
            if self._world.output.before_write is not None:
                self._world.output.before_write()
        began = 0 if self._clock is None else self._clock.now_ns()
        timer = SignalPreemption.timer()
        left = signal.setitimer(timer, 0) if timer is not None and is_main_thread() else None
        handler = signal.signal(signal.SIGINT, signal.default_int_handler) if is_main_thread() else None
        try:
            with type(self).around_prompt():
                self.stdout = sys.stdout
                yield
        finally:
            if is_main_thread():
                signal.signal(signal.SIGINT, signal.SIG_DFL if handler is None else handler)
            if timer is not None and left is not None:
                signal.setitimer(timer, *left)
            if self._clock is not None:
                self._clock.start_at(began)

    def _quit(self) -> None:
        """`quit` cancels the run, so that its `defer`s run, where pdb would throw an exception of its own."""
        self.quitting = False
        self.set_continue()
        sys.settrace(None)
        if self._host is None:
            raise bdb.BdbQuit
        self._host.interrupt()
        if self._host.preempt(may_nest=False):
            raise Cancelled

    # --- where it stops --------------------------------------------------------------------------------------------

    def stop_here(self, frame: FrameType) -> bool:
        """Only Lumen lines are worth stopping at."""
        return _is_shown(frame) and super().stop_here(frame)

    def dispatch_call(self, frame: FrameType, arg: None) -> Any:
        """A task that goes on has not been called."""
        if _is_shown(frame) and (self._is_before_first_line or _has_been_suspended(frame)):
            return self.trace_dispatch
        return super().dispatch_call(frame, arg)

    def dispatch_exception(self, frame: FrameType, arg: Any) -> Any:
        """How Python ends an `await` inside is no failure."""
        if arg[0] in (StopIteration, StopAsyncIteration, GeneratorExit):
            return self.trace_dispatch
        return super().dispatch_exception(frame, arg)

    def user_line(self, frame: FrameType) -> None:
        """A line at which it stops."""
        self._is_before_first_line = False
        super().user_line(frame)

    def user_exception(self, frame: FrameType, exc_info: Any) -> None:
        """Something fails while stepping: what the program would say of it."""
        error = exc_info[1]
        if isinstance(error, Exception):
            failure = failure_of(error)
            self.message(f"{failure.message} [{failure.code}]")
        else:
            self.message("cancelled")
        self.interaction(frame, exc_info[2])

    def lookupmodule(self, filename: str) -> str | None:
        """The file that the user means in `break shop.lumen:12`: of the program, or any."""
        for path in self._paths:
            if path == os.path.abspath(filename) or path.endswith(os.sep + filename):
                return path
        return os.path.abspath(filename) if os.path.isfile(filename) else super().lookupmodule(filename)

    def dispatch_return(self, frame: FrameType, arg: Any) -> Any:
        """A task that waits has not returned; when it does, stepping goes on wherever the program does."""
        if frame.f_code.co_flags & _CO_SUSPENDS and _is_shown(frame):
            if _has_been_suspended(frame):
                return self.trace_dispatch
            if self.stopframe is frame and self.stoplineno != -1:
                self.set_step()
                return self.trace_dispatch
        return super().dispatch_return(frame, arg)

    # --- what it shows -----------------------------------------------------------------------------------------------

    def get_stack(self, f: FrameType | None, t: TracebackType | None) -> tuple[list[tuple[FrameType, int]], int]:
        """The Lumen frames of the stack; all of them where there are none."""
        if self._past:
            return self._past, len(self._past) - 1
        stack, index = super().get_stack(f, t)
        ours = [entry for entry in stack if _is_shown(entry[0])]
        return (ours, len(ours) - 1) if ours else (stack, index)

    def format_stack_entry(self, frame_lineno: tuple[FrameType, int], lprefix: str = ": ") -> str:
        """`shop.lumen(12)total()`, with the line."""
        frame, lineno = frame_lineno
        path = frame.f_code.co_filename
        cell = cell_of(frame.f_code.co_name)
        text = f"{path}({lineno})" + (f"{cell}()" if cell else "")
        if "__return__" in frame.f_locals:
            text += f"->{represent(frame.f_locals['__return__'], _MAX_SHOWN)}"
        line = linecache.getline(path, lineno, frame.f_globals).strip()
        return text + (lprefix + line if line else "")

    def displayhook(self, obj: Any) -> None:
        """The value of an expression that was typed in."""
        if obj is not None:
            self.message(_shown(obj))

    def do_p(self, arg: str) -> None:
        """p expression
        Print the value of the expression, as Lumen writes it.
        Lumen's built-ins and the program's cells can be called, if they don't suspend.
        """
        try:
            value = self._getval(arg)
        except Exception:
            return  # it has been told
        self.message(_shown(value))

    do_pp = do_p

    def default(self, line: str) -> None:
        """What is no command: an expression to show, or a Python statement to carry out."""
        text = line[1:].strip() if line[:1] == "!" else line
        try:
            compile(text, "<stdin>", "eval")
        except SyntaxError:
            super().default(line)
        else:
            try:
                self.displayhook(self._getval(text))
            except Exception:
                return

    def _getval(self, arg: str) -> Any:
        try:
            return self._evaluate(arg, self._frame())
        except BaseException:
            self._error_exc()  # type: ignore[attr-defined]
            raise

    def _getval_except(self, arg: str, frame: FrameType | None = None) -> Any:
        try:
            return self._evaluate(arg, frame or self._frame())
        except Exception as error:
            return f"** raised {type(error).__name__}: {error} **"

    def _frame(self) -> FrameType:
        frame = self.curframe
        assert frame is not None, "the prompt is always at some frame"
        return frame

    def _evaluate(self, text: str, frame: FrameType) -> Any:
        code = compile(text, "<stdin>", "eval")
        known: dict[str, Any] = {**vars(builtins), **_CONSTANTS}
        for name in code.co_names:
            spec = BUILTINS.get(name)
            if spec is not None and not spec.suspends and not (spec.needs_world and self._world is None):
                known[name] = bind(f"${name}", self._world)  # type: ignore[arg-type]
        value = eval(code, {**frame.f_globals, "__builtins__": known}, _variables(frame))
        if type(value) is CoroutineType:
            value.close()
            raise ValueError("this suspends, which can't be done while the program stands still")
        return value


def look_back(failure: BaseException, units: Iterable[Unit] = ()) -> bool:
    """Open the debugger where a failure happened; `up` goes to who called, and to who awaited.

    Returns:
        False if the failure has no place in a program, so that nothing was opened.
    """
    traceback = lumen_traceback(failure)
    if traceback is None:
        return False
    frames: list[tuple[FrameType, int]] = []
    while traceback is not None:
        frames.append((traceback.tb_frame, traceback.tb_lineno))
        innermost, traceback = traceback, traceback.tb_next
    debugger = LumenPdb(units)
    try:
        debugger.look_back(frames, innermost)
    except bdb.BdbQuit:
        pass
    return True


def lumen_traceback(failure: BaseException) -> TracebackType | None:
    """The Lumen frames that a failure came through, outermost first, every `await` on the way included."""
    links: list[TracebackType] = []
    link: BaseException | None = failure
    while link is not None and len(links) < _MAX_FRAMES:
        traceback = link.__traceback__
        while traceback is not None:
            if _is_shown(traceback.tb_frame):
                links.append(traceback)
            traceback = traceback.tb_next
        link = getattr(link, "origin", None)
    made = None
    for found in reversed(links):
        made = TracebackType(made, found.tb_frame, found.tb_lasti, found.tb_lineno)
    return made


def _is_shown(frame: FrameType) -> bool:
    if "$lumen" not in frame.f_globals:
        return False
    name = frame.f_code.co_name
    return name != "<module>" and not name.endswith(_HIDDEN)


def _has_been_suspended(frame: FrameType) -> bool:
    """Whether a frame is at an `await` or `yield`, about to wait or about to go on."""
    at, code = frame.f_lasti, frame.f_code.co_code
    if not frame.f_code.co_flags & _CO_SUSPENDS or at < 0:
        return False
    return code[at] == _YIELD_VALUE or (code[at] == _RESUME and code[at + 1] & 3 != 0)


def _variables(frame: FrameType) -> dict[str, Any]:
    """The variables of a frame by the names they have in the program.

    What a function captures by value is `$x` in compiled code, and a second `x` of one function is `x$2`: the last one
    made stands for the name.
    """
    found: dict[str, Any] = {}
    for name, value in frame.f_locals.items():
        word, dollar, rest = name.partition("$")
        if not dollar:
            found.setdefault(name, value)
        elif not word and not rest.isdigit():
            found.setdefault(rest, value)
        elif word and rest.isdigit() and value is not None:
            found[word] = value
    return found


def _shown(value: Any) -> str:
    return represent(value, _MAX_SHOWN)


def _show_source(unit: Unit) -> None:
    """Let `list` find the text that was compiled, which may not (or no longer) be in a file."""
    text = unit.raw.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    linecache.cache[unit.path] = (len(text), None, text.splitlines(keepends=True), unit.path)
