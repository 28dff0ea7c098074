"""One program, one run: wires kernel, host, outside, world and support together, and says how it ended."""

from __future__ import annotations

import os
import sys

from lumen.kernel.cancel import Cancelled
from lumen.kernel.future import CANCEL_REQUESTED, CLOSING, COMPLETED, FAILED
from lumen.kernel.kernel import Kernel
from lumen.kernel.policy import Eager, Fifo
from lumen.kernel.task import CoroutineType
from lumen.orchestration.outcomes import LumenFailures
from lumen.runtime.clock import Clock
from lumen.runtime.host import Host
from lumen.runtime.limits import Limits
from lumen.runtime.mailbox import Mailbox
from lumen.runtime.outside import Outside
from lumen.runtime.support import build_support
from lumen.runtime.world import World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any, Literal, TextIO

    from lumen.journal.recorder import Recorder
    from lumen.journal.replayer import Replayer
    from lumen.journal.store import JournalWriter
    from lumen.kernel.future import Future
    from lumen.kernel.messages import Arrival, Ask, Site, Step
    from lumen.kernel.policy import Policy
    from lumen.kernel.task import Task
    from lumen.kernel.trace import Observer
    from lumen.runtime.debugger import LumenPdb
    from lumen.runtime.loader import Loader, Unit
    from lumen.runtime.output import Output
    from lumen.runtime.outside import AsyncLane
    from lumen.runtime.progress import Progress
    from lumen.runtime.reports import Report
    from lumen.tools.call import ToolCalls
    from lumen.tools.provider import Provider

_CLOSE_GRACE_S = 5.0
"""How long the end of a run waits for async tools that ignore their cancellation."""


class Settings:
    """How a program is run; everything has a default."""

    __slots__ = ("cell", "door", "emitted", "entry", "externs", "is_debugged", "is_test", "kwargs", "notes_leaks",
                 "observer", "on_exit", "policy", "program_dir", "progress", "providers", "recorded_timeout_ms",
                 "recorder", "repeatable", "seed", "stdin", "take_interrupt", "timeout_ms")  # fmt: skip

    def __init__(self) -> None:
        self.cell: str | None = None
        """The cell to call instead of `main`."""
        self.entry: Callable[[Run], Awaitable[Any]] | None = None
        """Called in the main task instead of a cell, when the modules have been executed."""
        self.is_debugged = False
        """Stop in the debugger at the program's first line."""
        self.is_test = False
        """Scripted answers come before other providers of tools, and tools need no provider to be called."""
        self.kwargs: dict[str, Any] = {}
        """Its arguments, as Lumen values."""
        self.seed: int | None = None
        self.timeout_ms: float | None = None
        self.recorded_timeout_ms: float | None = None
        """That of a run which is repeated; for its report."""
        self.on_exit: Literal["wait", "cancel"] = "wait"
        self.repeatable: frozenset[tuple[str, str]] = frozenset()
        """("extern" or "tool", name) of calls that may be made twice, besides the tools that `lumen.toml` names."""
        self.providers: Mapping[str, Callable[..., Any]] = {}
        """Python callables that answer tools, by tool name."""
        self.externs: Mapping[str, Callable[..., Any]] = {}
        """Python callables behind `extern` cells, by cell name."""
        self.emitted: Callable[[Any], None] | None = None
        self.stdin: TextIO | None = None
        self.take_interrupt = False
        """Whether Ctrl-C is ours to handle."""
        self.progress: Progress | None = None
        self.policy: Policy | None = None
        """How tasks are scheduled, instead of Eager or Fifo; must be virtual if the program is deterministic."""
        self.door: Callable[[Ask], Arrival | None] | None = None
        """Asked before anything goes outside; see `Outside`."""
        self.observer: Observer | None = None
        self.recorder: Recorder | None = None
        """Keeps a journal of the run; a Replayer repeats one. Takes the place of `observer`."""
        self.program_dir: str | None = None
        """Where the program lies, if its main module was not read from there: the place of `lumen.toml`."""
        self.notes_leaks = False
        """Whether `Outcome.leaked` is wanted."""


class Leak:
    """A task that was still running when the entry cell had returned."""

    __slots__ = ("number", "operation", "site")

    def __init__(self, number: int, operation: str, site: Site | None) -> None:
        self.number = number
        self.operation = operation
        self.site = site
        """Where it was spawned: (path, line, column, text)."""


class Outcome:
    """How a run ended."""

    __slots__ = ("leaked", "report", "stopped_at", "value", "warnings", "was_interrupted")

    def __init__(self, value: Any, report: Report | None, warnings: list[str], was_interrupted: bool) -> None:
        self.leaked: list[Leak] = []
        """If the settings ask for it: tasks that were still running when the entry cell had returned."""
        self.stopped_at: list[tuple[str, int, str]] = []
        """Of a run that took too long: (path, line, what it did there) of what was going on. Not in the report, which
        is the same when the run is repeated."""
        self.value = value
        self.report = report
        """None if all went well."""
        self.warnings = warnings
        self.was_interrupted = was_interrupted


class Run:
    """A run of a loaded program. `run` or `run_async`, once."""

    def __init__(self, loader: Loader, main: Unit, output: Output, settings: Settings) -> None:
        self._loader = loader
        self._main = main
        self._settings = settings
        self._sources: dict[str, list[str] | None] = {}
        self._tools: ToolCalls | None = None
        self._leaked: list[Leak] = []
        policy = settings.policy or (Fifo() if loader.options.deterministic else Eager())
        is_virtual = policy.is_virtual
        self.output = output
        self.world = world = World(output, settings.seed, is_virtual)
        world.emitted = settings.emitted
        world.tools = self._tool_calls
        self._clock = Clock()
        world.breakpoint = self._breakpoint
        self._debugger: LumenPdb | None = None
        recorder = settings.recorder
        self.kernel = world.kernel = Kernel(
            policy,
            failures=LumenFailures(),
            clock=None if is_virtual else getattr(recorder, "clock", self._clock.now_ns),
            answer_now=world.answer_now,
            on_exit=settings.on_exit,
            observer=settings.observer,
            journal=recorder,
        )
        if recorder is not None:
            from lumen.runtime.recording import header, place_namer

            recorder.bind(self.kernel)
            if recorder.needs_header:
                recorder.place_of = place_namer(loader, main)
                recorder.begin(header(loader, main, settings, is_virtual, recorder.scrubber))
            output.before_flush = recorder.flush

    # --- running -------------------------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Run to the end in this thread."""
        mailbox = Mailbox()
        outside = self._outside(mailbox)
        host = self._host(mailbox, outside)
        with Limits():
            main = self._start()
            left: list[str] = []
            try:
                host.run()
            finally:
                left = outside.close(_CLOSE_GRACE_S)
                self.output.flush()
            return self._outcome(main, host, left)

    def replay(self, replayer: Replayer) -> Outcome:
        """Repeat a recorded run in this thread and, after `resume_with`, go on with it where its journal ends.

        Raises:
            Divergence, JournalEnded, Stopped: see `Replayer`.
            InFlight: see `Recorded.resume`.
        """
        mailbox = Mailbox()
        outside = self._outside(mailbox)
        host = self._host(mailbox, outside)
        with Limits():
            main = self._start()
            left: list[str] = []
            try:
                step = host.replay(replayer)
                if step is not None:
                    self._take_up(replayer, outside, step)
                    host.run(step)
            finally:
                left = outside.close(_CLOSE_GRACE_S)
                if replayer.divergence is None:
                    self.output.flush()
            return self._outcome(main, host, left)

    def abandon(self, replayer: Replayer) -> None:
        """A replay was stopped. Close the program's frames: Python would do it later, and with noise."""
        replayer.fall_silent()
        todo = list(self.kernel.root.children or ())
        while todo:
            future = todo.pop()
            todo.extend(future.children or ())
            coro = getattr(future, "coro", None)
            if coro is not None:
                try:
                    coro.close()
                except (Exception, Cancelled):
                    pass  # its cleanup waits, or fails
        self.output.drop()

    def resume_with(self, open_sink: Callable[[], JournalWriter], *, retry_in_flight: bool) -> None:
        """`replay` is to go on when the journal ends. `open_sink` is called then, and gives where lines go on."""
        from lumen.journal.errors import JournalError, JournalStopped
        from lumen.values.errors import Failure

        replayer: Any = self._settings.recorder

        def go_live() -> None:
            try:
                unsure = [ask for ask in replayer.in_flight.values() if not self._may_repeat(ask)]
            except Failure as failure:
                raise JournalStopped(JournalError(failure.code, f"can't go on: {failure.message}")) from None
            if unsure and not retry_in_flight:
                from lumen.runtime.replaying import InFlight

                self.output.drop()  # a run that does not go on has nothing to say
                raise InFlight(unsure)
            # Real time goes on from where it was; how long a run in virtual time has really taken nobody knows.
            self._clock.start_at(0 if self.kernel.policy.is_virtual else self.kernel.now)
            try:
                replayer.go_live_with(open_sink(), self._clock.now_ns)
            except JournalError as error:
                raise JournalStopped(error) from None

        replayer.before_live = go_live

    def _may_repeat(self, ask: Ask) -> bool:
        """Whether a call that may have been made already can be made again without harm."""
        if (ask.kind, ask.name) in self._settings.repeatable:
            return True
        if ask.kind == "tool":
            return self.provider(ask.name).is_idempotent
        return ask.kind in ("fs", "stdin")

    def _take_up(self, replayer: Replayer, outside: Outside, step: Step) -> None:
        """Send what was under way when the run was cut off, and what it has asked for since."""
        replayer.flush()
        again = replayer.in_flight
        outside.execute([*again.values(), *(command for command in step.commands if command.seq not in again)])

    def _outside(self, mailbox: Mailbox, async_lane: AsyncLane | None = None) -> Outside:
        settings = self._settings
        return Outside(
            mailbox,
            provider=self.provider,
            extern=self._extern_function,
            stdin=settings.stdin,
            async_lane=async_lane,
            door=settings.door,
        )

    async def run_async(self) -> Outcome:
        """Run to the end inside a task of a Trio program; tools run in a nursery of ours there."""
        import trio

        from lumen.runtime.triothread import TrioNursery

        token = trio.lowlevel.current_trio_token()
        bell = trio.Event()

        def ring() -> None:
            nonlocal bell
            bell.set()

        def notify() -> None:
            try:
                token.run_sync_soon(ring, idempotent=True)
            except trio.RunFinishedError:
                pass

        async def wake(seconds: float | None) -> None:
            nonlocal bell
            with trio.move_on_after(float("inf") if seconds is None else seconds):
                await bell.wait()
            bell = trio.Event()

        mailbox = Mailbox(notify)
        problem: BaseException | None = None
        async with trio.open_nursery() as nursery:
            lane = TrioNursery(mailbox, nursery)
            outside = self._outside(mailbox, lane)
            host = self._host(mailbox, outside)
            with Limits():
                main = self._start()
                left: list[str] = []
                try:
                    try:
                        await host.run_async(wake)
                    finally:
                        left = outside.close(0)
                        self.output.flush()
                    return self._outcome(main, host, left)
                except trio.Cancelled:
                    if self._settings.recorder is not None:
                        self._outcome(main, host, left)  # the journal's last line
                    raise
                except BaseException as error:
                    # Beyond the nursery, which would make a group of it: a journal that can't be written, say.
                    problem = error
                    nursery.cancel_scope.cancel()
        assert problem is not None
        raise problem

    def _host(self, mailbox: Mailbox, outside: Outside) -> Host:
        settings = self._settings
        timeout = settings.timeout_ms
        host = Host(
            mailbox,
            outside,
            self._clock,
            output=self.output,
            timeout_ns=None if timeout is None else int(timeout * 1_000_000),
            take_interrupt=settings.take_interrupt,
            progress=settings.progress,
            recorder=settings.recorder,
        )
        host.kernel = self.kernel
        if host.counting is not None:
            host.counting.preempt = host.preempt
        self._running = host
        if settings.progress is not None:
            self.output.before_write = settings.progress.clear
        return host

    def _start(self) -> Task:
        units = list(self._loader.units.values())
        names: dict[str, None] = {}
        for unit in units:
            names.update(dict.fromkeys(unit.meta["names"]))
        support = build_support(names, self.kernel, self.world, self._tool_calls, self._extern)
        for unit in units:
            unit.namespace = {
                "__builtins__": support,
                "__name__": unit.dotted,
                "__file__": unit.path,
                # Marks frames of Lumen code for reports and for preemption.
                "$lumen": unit.path,
                "$import": _importer(unit.imports),
            }
        return self.kernel.start_main(self._program, units)

    async def _program(self, units: list[Unit]) -> Any:
        if self._settings.is_debugged:
            self._debugged().stop_at_first_line()
        for unit in units:
            exec(unit.code, unit.namespace)
            top = unit.meta["top"]
            if top is not None:
                made = unit.namespace["$top"]()
                if top == "suspends":
                    await made
        value = await self._entry()
        if self._settings.notes_leaks:
            self._leaked = _still_running(self.kernel.current)
        return value

    async def _entry(self) -> Any:
        settings = self._settings
        if settings.entry is not None:
            return await settings.entry(self)
        name = settings.cell or "main"
        if name not in self._main.meta["cells"]:
            return None
        value = self._main.namespace[name](**settings.kwargs)
        if value.__class__ is CoroutineType or self._main.meta["cells"][name]["is_async"]:
            value = await value
        return value

    # --- what the program reaches through us ------------------------------------------------------------------------

    def _tool_calls(self) -> ToolCalls:
        if self._tools is None:
            from lumen.tools.call import ToolCalls

            self._tools = ToolCalls(self.kernel, self._registry)
        return self._tools

    def _registry(self) -> Any:
        from lumen.runtime.config import ConfigError
        from lumen.tools.registry import Registry
        from lumen.values.errors import Failure

        directory = self._settings.program_dir or os.path.dirname(os.path.abspath(self._main.path))
        try:
            config = self._loader.finder.config(directory)
            table = config.table("providers")
        except ConfigError as error:
            raise Failure("tool-not-found", f"`lumen.toml` can't be used: {error}") from None
        return Registry(
            table,
            directory,
            registered=self._settings.providers,
            config_path=config.path,
            is_test=self._settings.is_test,
            call_cell=_cell_caller,
        )

    def provider(self, tool: str) -> Provider:
        """What answers a tool that has been called before."""
        calls = self._tool_calls()
        return calls.registry.provider(tool, calls.wanted.get(tool))

    def is_scripted(self, tool: str) -> bool:
        """Whether answers to a tool were written for this test."""
        return self._tool_calls().registry.is_scripted(tool)

    def _extern(self, name: str, params: tuple[str, ...]) -> Any:
        """What `extern cell name(params)` is bound to: asks at the door, so that a journal sees it."""
        kernel = self.kernel

        async def extern(*args: Any, **named: Any) -> Any:
            return await kernel.ask("extern", name, (args, named))

        extern.__name__ = extern.__qualname__ = name
        return extern

    def _extern_function(self, name: str) -> Callable[..., Any]:
        from lumen.values.errors import Failure

        found = self._settings.externs.get(name)
        if found is None:
            raise Failure(
                "unavailable",
                f"extern cell `{name}` has no Python function; the host registers one with `Interpreter.register`",
            )
        return found

    def _breakpoint(self) -> None:
        self._debugged().stop_in(sys._getframe(1))

    @property
    def was_debugged(self) -> bool:
        """Whether somebody has looked at it in the debugger."""
        return self._debugger is not None

    def _debugged(self) -> LumenPdb:
        from lumen.runtime.debugger import LumenPdb

        if self._debugger is None:
            self._debugger = LumenPdb(self._loader.units.values(), self.world, self._running, self._clock)
        return self._debugger

    # --- how it ended ------------------------------------------------------------------------------------------------

    def _outcome(self, main: Task, host: Host, left: list[str]) -> Outcome:
        if self._debugger is not None:
            self._debugger.close()
        kernel = self.kernel
        recorder = self._settings.recorder
        abandoned = [f"`{name}` did not stop when it was cancelled, and was abandoned" for name in left]
        if recorder is not None:
            abandoned = recorder.warned_at_end(abandoned)
        warnings = [*kernel.warnings, *abandoned]
        value = main.value if main.phase == COMPLETED else None
        report = None
        if (
            host.was_interrupted
            or host.timed_out
            or host.deadlock is not None
            or kernel.halted
            or kernel.unlooked
            or (main.phase != COMPLETED)
        ):
            report = self._report(main, host)
        outcome = Outcome(None if report is not None else value, report, warnings, host.was_interrupted)
        outcome.leaked = self._leaked
        outcome.stopped_at = host.stopped_at
        if recorder is not None:
            # The notes of a report name files as the user has called them; a journal says the same wherever they lie.
            failure = None if report is None else {**report.as_json(), "message": report.message}
            recorder.end(outcome.value, failure)
            recorder.flush()
            self.output.flush()
        if self.output.broken is not None:
            # Nobody reads on, so there is nobody to tell of a failure that follows from it.
            return Outcome(None, None, warnings, host.was_interrupted)
        return outcome

    def _report(self, main: Task, host: Host) -> Report:
        from lumen.runtime.reports import Report, note_unlooked, report_deadlock, report_failure
        from lumen.values.errors import failure_of

        kernel = self.kernel
        if host.was_interrupted:
            return Report("cancelled", "interrupted", [], self.line_text)
        if kernel.halted is not None:
            return report_failure(failure_of(kernel.halted), self.line_text)
        if host.timed_out:
            limit = self._settings.timeout_ms or self._settings.recorded_timeout_ms
            return Report("timeout", f"the run took longer than {limit:g} ms", [], self.line_text)
        if host.deadlock is not None:
            return report_deadlock(host.deadlock, self.line_text)
        unlooked: list[Future] = [future for future in kernel.unlooked if future is not main]
        if main.phase == FAILED:
            report = report_failure(failure_of(main.value), self.line_text)
        elif unlooked:
            first = unlooked.pop(0)
            report = report_failure(failure_of(first.value), self.line_text)
            note_unlooked(report, first)
        else:
            report = Report("cancelled", "the main task was cancelled", [], self.line_text)
        for future in unlooked[:20]:
            report.notes.append(f"another future failed and was never awaited: {failure_of(future.value).message}")
            note_unlooked(report, future)
        return report

    def line_text(self, path: str, line: int) -> str | None:
        """A line of the program as the user wrote it; None for files that are not part of it."""
        lines = self._sources.get(path)
        if path not in self._sources:
            raw = next((unit.raw for unit in self._loader.units.values() if unit.path == path), None)
            if raw is not None:
                text = raw.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
                lines = text.split("\n")
            self._sources[path] = lines
        if lines is None or not 0 < line <= len(lines):
            return None
        return lines[line - 1]


def _still_running(task: Future | None) -> list[Leak]:
    """What a task has started and left, and nobody has asked to end."""
    found: list[Leak] = []
    todo = [task] if task is not None else []
    while todo:
        future = todo.pop()
        for child in future.children or ():
            if not child.flags & CANCEL_REQUESTED and child.phase < CLOSING:
                found.append(Leak(child.number, child.operation, child.site))
            else:
                todo.append(child)
    return found


def _cell_caller(path: str, cell: str) -> Callable[[dict[str, Any]], Any]:
    from lumen.runtime.scripted import cell_caller

    return cell_caller(path, cell)


def _importer(imports: dict[str, Unit]) -> Callable[[str], dict[str, Any]]:
    def namespace_of(name: str) -> dict[str, Any]:
        return imports[name].namespace

    return namespace_of
