"""Lumen from Python: run a program, embed an interpreter, check a program.

    import lumen

    result = lumen.run("pipeline.lumen")
    print(result.value, result.output)

    interpreter = lumen.Interpreter()

    @interpreter.register
    def lookup(name: str) -> dict: ...          # behind `extern cell lookup(name: String) -> Any`

    interpreter.provide("llm.chat", my_chat)    # behind `use tool llm.chat as Chat`
    result = interpreter.run(source="print(lookup(\\"x\\"))")

Inside a Trio program, `await interpreter.run_async(…)` runs the same program in a task: other tasks go on meanwhile,
tools run in a nursery of the run, and cancelling the task cancels the program, whose `defer`s still run.

Values cross as plain Python: lists, dicts, strings, numbers, None. Records and variants come out as Lumen's own
objects, whose fields are attributes.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from attrs import Factory, define, frozen

from lumen.compiler.cache import CodeCache
from lumen.runtime.finder import is_program_path
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, LoadError, Options, ProgramErrors
from lumen.runtime.output import Output
from lumen.values.convert import from_python, to_jsonable
from lumen.values.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TextIO

    from lumen.diagnostics.diagnostic import Diagnostic
    from lumen.journal.recorder import Recorder
    from lumen.runtime.interpreter import Outcome
    from lumen.runtime.replaying import Recorded
    from lumen.runtime.reports import Report

Program = str | os.PathLike[str]
"""A path, or the text of a program: a string with a line break, or one that does not end like a program file."""

F = TypeVar("F", bound="Callable[..., Any]")


class LumenError(Exception):
    """A program could not be run, or failed.

    `str(error)` is the whole report as the command line shows it.
    """

    def __init__(self, code: str, message: str, text: str, details: dict[str, Any]) -> None:
        super().__init__(text)
        self.code = code
        """What went wrong, as a slug: "division-by-zero", "unresolved-name", …"""
        self.message = message
        self.details = details
        """The `error` object of `--format json`: file, line, column, stack."""


class CheckError(LumenError):
    """The program has errors and did not start. `diagnostics` are all of them."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        from lumen.diagnostics.render import as_json, render_text

        errors = [d for d in diagnostics if d.severity == "error"]
        first = as_json(errors[0])
        text = "\n\n".join(render_text(d) for d in errors)
        super().__init__(first["code"], first["message"], text, {**first, "stack": []})
        self.diagnostics = [as_json(d) for d in diagnostics]


class RunError(LumenError):
    """The program ran and failed. `output` is what it had printed."""

    def __init__(self, report: Report, output: str) -> None:
        super().__init__(report.code, report.message, report.as_text(), report.as_json())
        self.output = output


class ReplayError(RunError):
    """The program does something else than what was recorded; `details` has both sides."""


@frozen
class RunResult:
    """How a run ended."""

    value: Any
    """What `main` (or the chosen cell) returned; None if there is none, or the run failed."""
    output: str
    """All that was printed, if it was captured."""
    error: LumenError | None = None
    """What went wrong, when the run was asked not to raise."""
    warnings: tuple[str, ...] = ()

    @property
    def is_ok(self) -> bool:
        """Whether the program ran to its end."""
        return self.error is None

    def to_json(self) -> dict[str, Any]:
        """The object that `lumen run --format json` prints."""
        return {
            "status": "ok" if self.error is None else "error",
            "value": to_jsonable(self.value),
            "output": self.output,
            "error": None if self.error is None else _error_object(self.error),
        }


def _error_object(error: LumenError) -> dict[str, Any]:
    keys = ("code", "message", "file", "line", "column", "stack")
    return {key: error.details.get(key) for key in keys}


@frozen
class CheckResult:
    """What a check has found."""

    diagnostics: tuple[dict[str, Any], ...]
    """As `lumen check --format json` prints them: severity, code, message, file, line, column, end_line, end_column,
    hint."""

    @property
    def is_ok(self) -> bool:
        """Whether the program may run."""
        return not any(d["severity"] == "error" for d in self.diagnostics)


@define
class Interpreter:
    """Runs programs, with what the host gives them. May be used for several runs, one after another or at once."""

    deterministic: bool = False
    """Run as with `@deterministic true`, whatever the program says."""
    seed: int | None = None
    """Random numbers, uuids and, in deterministic mode, the time follow from it."""
    timeout_s: float | None = None
    """Cancel a run after so long."""
    on_exit: Literal["wait", "cancel"] = "wait"
    """What happens to tasks that are still running when `main` ends."""
    capture: bool = True
    """Keep what is printed for `RunResult.output`, instead of writing it to `stdout`."""
    stdout: TextIO | None = None
    """Where prints go when they are not captured; None is `sys.stdout`."""
    stdin: TextIO | None = None
    """What `read_line` reads; None is the process's own standard input."""
    on_emit: Callable[[Any], None] | None = None
    """Called with each `emit`ted value, inside the run."""
    use_cache: bool = True
    """Keep compiled code on disk."""
    _externs: dict[str, Callable[..., Any]] = Factory(dict)
    _providers: dict[str, Callable[..., Any]] = Factory(dict)
    _repeatable: set[tuple[str, str]] = Factory(set)
    """("extern" or "tool", name) of what may be called again when a run is resumed."""

    # --- what the host gives -------------------------------------------------------------------------------------

    @overload
    def register(self, function: F, /, *, name: str | None = None, idempotent: bool = False) -> F: ...
    @overload
    def register(
        self, function: None = None, /, *, name: str | None = None, idempotent: bool = False
    ) -> Callable[[F], F]: ...

    def register(self, function: Any = None, /, *, name: str | None = None, idempotent: bool = False) -> Any:
        """Bind `extern cell <name>` to a Python function; also as a decorator, with or without a name.

        A plain function is called in the thread that runs the program; an `async` one runs on Trio. `idempotent` as
        for `provide`.
        """

        def add(target: F) -> F:
            known = name or target.__name__
            self._externs[known] = target
            self._set_idempotent("extern", known, idempotent)
            return target

        return add if function is None else add(function)

    def provide(self, tool: str, function: Callable[..., Any], *, idempotent: bool = False) -> None:
        """Answer calls of a tool with a Python callable, before anything `lumen.toml` says.

        Its signature is the tool's schema. A plain callable runs in a worker thread, an `async` one on Trio.

        Args:
            idempotent: calling it twice does no more than calling it once. A resumed run then makes the calls again
                that were under way when it was cut off; it stops at others.
        """
        self._providers[tool] = function
        self._set_idempotent("tool", tool, idempotent)

    def _set_idempotent(self, kind: str, name: str, idempotent: bool) -> None:
        if idempotent:
            self._repeatable.add((kind, name))
        else:
            self._repeatable.discard((kind, name))

    # --- running -------------------------------------------------------------------------------------------------

    def run(
        self,
        program: Program | None = None,
        *,
        source: str | None = None,
        path: str | None = None,
        cell: str | None = None,
        args: Mapping[str, Any] | None = None,
        check: bool = True,
        record: str | os.PathLike[str] | None = None,
    ) -> RunResult:
        """Run a program to its end, blocking this thread.

        Args:
            program: a path, or the text of a program (see `Program`).
            source: the text of a program; `path` then only names it in messages and is where imports are searched.
            cell: call this one instead of `main`.
            args: its arguments, as Python values by name.
            check: raise on errors; otherwise they are in `RunResult.error`.
            record: keep a journal of the run in this file, for `replay` and `resume`.
        Raises:
            CheckError: the program has errors.
            RunError: it failed.
            LumenError: it can't be read, or the journal can't be written.
        """
        try:
            with _journal(record) as recorder:
                run, output = self._prepare(program, source, path, cell, args, recorder)
                result = self._result(run.run(), output)
        except LumenError as error:
            result = RunResult(None, "", error)
        return _checked(result, check)

    async def run_async(
        self,
        program: Program | None = None,
        *,
        source: str | None = None,
        path: str | None = None,
        cell: str | None = None,
        args: Mapping[str, Any] | None = None,
        check: bool = True,
        record: str | os.PathLike[str] | None = None,
    ) -> RunResult:
        """`run` inside a Trio program: suspends the calling task, not the thread.

        A cell that computes without pause holds the thread as any Python code would; other tasks of the same
        Lumen program are let in even then. When the calling task is cancelled, a journal says that the run was
        interrupted, and is complete.
        """
        try:
            with _journal(record) as recorder:
                run, output = self._prepare(program, source, path, cell, args, recorder)
                result = self._result(await run.run_async(), output)
        except LumenError as error:
            result = RunResult(None, "", error)
        return _checked(result, check)

    def replay(
        self, journal: str | os.PathLike[str], *, program: str | None = None, strict: bool = False, check: bool = True
    ) -> RunResult:
        """Repeat a recorded run: same output, value and failure, with no network, no tools and no waiting.

        Args:
            journal: what `run(record=…)` or `lumen run --record` has written.
            program: a program file to use instead of the one that the journal has stored.
            strict: refuse another program than the recorded one even where it does the same.
            check: raise on errors; otherwise they are in `RunResult.error`.
        Raises:
            ReplayError: the program does something else than what was recorded.
            RunError: the recorded run failed, and so does the replay.
            LumenError: the journal or the program can't be read.
        """
        from lumen.runtime.divergent import diverged

        try:
            output = self._output()
            with _journal_errors():
                recorded = _open_journal(os.fspath(journal), program, strict, self.use_cache)
                replayed = recorded.replay(output)
            if replayed.divergence is not None:
                raise ReplayError(diverged(replayed.divergence, recorded), output.text())
            if replayed.outcome is None:
                message = f"the run in {os.fspath(journal)} was cut off; `resume` goes on with it"
                raise LumenError("journal-unfinished", message, message, {})
            result = self._result(replayed.outcome, output)
        except LumenError as error:
            result = RunResult(None, "", error)
        return _checked(result, check)

    def resume(
        self,
        journal: str | os.PathLike[str],
        *,
        program: str | None = None,
        retry_in_flight: bool = False,
        check: bool = True,
    ) -> RunResult:
        """Go on with a run that was cut off: repeat what its journal has, then run live, with our externs and tools.

        Calls that were under way are made again if their tools are idempotent.

        Args:
            retry_in_flight: make the others again as well.
        Raises:
            LumenError: `in-flight` if such a call was under way; else as `replay`.
        """
        from lumen.runtime.divergent import diverged, under_way
        from lumen.runtime.replaying import InFlight

        try:
            output = self._output()
            settings = self._settings()
            with _journal_errors():
                recorded = _open_journal(os.fspath(journal), program, False, self.use_cache)
                try:
                    replayed = recorded.resume(output, retry_in_flight=retry_in_flight, settings=settings)
                except InFlight as calls:
                    report = under_way(calls, recorded)
                    raise LumenError(report.code, report.message, report.as_text(), report.as_json()) from None
            if replayed.divergence is not None:
                raise ReplayError(diverged(replayed.divergence, recorded), output.text())
            assert replayed.outcome is not None
            result = self._result(replayed.outcome, output)
        except LumenError as error:
            result = RunResult(None, "", error)
        return _checked(result, check)

    def check(
        self, program: Program | None = None, *, source: str | None = None, path: str | None = None
    ) -> CheckResult:
        """Say what is wrong with a program, without running it.

        Raises:
            LumenError: it can't be read.
        """
        from lumen.diagnostics.render import as_json

        name, raw = _place(program, source, path)
        loader = Loader(self._options(), CodeCache(None))
        try:
            loader.load_program(name, raw)
            found = loader.compiler.sink.sorted()
        except ProgramErrors as errors:
            found = errors.diagnostics
        except LoadError as error:
            raise _unreadable(error, name) from None
        return CheckResult(tuple(map(as_json, found)))

    # --- inside --------------------------------------------------------------------------------------------------

    def _options(self, *, counting: bool = False) -> Options:
        return Options(deterministic=self.deterministic, seeded=self.seed is not None, counting=counting)

    def _prepare(
        self,
        program: Program | None,
        source: str | None,
        path: str | None,
        cell: str | None,
        args: Mapping[str, Any] | None,
        recorder: Callable[[], Recorder] | None = None,
    ) -> tuple[Run, Output]:
        name, raw = _place(program, source, path)
        loader = Loader(self._options(counting=recorder is not None), None if self.use_cache else CodeCache(None))
        try:
            unit = loader.load_program(name, raw)
        except ProgramErrors as errors:
            raise CheckError(errors.diagnostics) from None
        except LoadError as error:
            raise _unreadable(error, name) from None
        settings = self._settings()
        settings.cell = cell
        try:
            settings.kwargs = {key: from_python(value, f"argument `{key}`") for key, value in (args or {}).items()}
        except Failure as failure:
            raise LumenError("invalid-args", failure.message, failure.message, {"file": name}) from None
        if cell is not None and cell not in unit.meta["cells"]:
            message = f"the program has no cell `{cell}`"
            raise LumenError("unresolved-name", message, message, {"file": name})
        if recorder is not None:
            settings.recorder = recorder()
        output = self._output()
        return Run(loader, unit, output, settings), output

    def _settings(self) -> Settings:
        settings = Settings()
        settings.seed = self.seed
        settings.timeout_ms = None if self.timeout_s is None else self.timeout_s * 1000
        settings.on_exit = self.on_exit
        settings.externs = self._externs
        settings.providers = self._providers
        settings.repeatable = frozenset(self._repeatable)
        settings.emitted = self.on_emit
        settings.stdin = self.stdin
        return settings

    def _output(self) -> Output:
        return Output(None, keep=True) if self.capture else Output(self.stdout or sys.stdout)

    def _result(self, outcome: Outcome, output: Output) -> RunResult:
        error = None if outcome.report is None else RunError(outcome.report, output.text())
        return RunResult(outcome.value, output.text(), error, tuple(outcome.warnings))


def _checked(result: RunResult, check: bool) -> RunResult:
    if check and result.error is not None:
        raise result.error
    return result


def _place(program: Program | None, source: str | None, path: str | None) -> tuple[str, bytes | None]:
    """(path, text or None to read it from there)."""
    if (program is None) == (source is None):
        raise TypeError("give either a program or source=…")
    if source is not None:
        return path or "<source>", source.encode("utf-8", "surrogatepass")
    if isinstance(program, str) and ("\n" in program or not (is_program_path(program) or os.path.exists(program))):
        return path or "<source>", program.encode("utf-8", "surrogatepass")
    return os.fspath(program), None  # type: ignore[arg-type]


def _unreadable(error: LoadError, path: str) -> LumenError:
    return LumenError(error.code, error.message, f"error[{error.code}]: {error.message}", {"file": path})


@contextmanager
def _journal_errors() -> Iterator[None]:
    from lumen.journal.errors import JournalError, JournalStopped

    try:
        yield
    except (JournalError, JournalStopped) as problem:
        error = problem.error if isinstance(problem, JournalStopped) else problem
        text = f"error[{error.code}]: {error.message}"
        raise LumenError(error.code, error.message, text, {"file": None}) from None


@contextmanager
def _journal(path: str | os.PathLike[str] | None) -> Iterator[Callable[[], Recorder] | None]:
    """What opens a journal when the program has been loaded: one that has errors leaves the file alone."""
    if path is None:
        yield None
        return
    from lumen.journal.blobs import BlobStore
    from lumen.journal.recorder import Recorder
    from lumen.journal.secrets import Scrubber
    from lumen.journal.store import JournalWriter

    made: list[Recorder] = []

    def recorder() -> Recorder:
        sink = JournalWriter.create(os.fspath(path), blobs=BlobStore(os.fspath(path)))
        made.append(Recorder(sink, scrubber=Scrubber()))
        return made[0]

    with _journal_errors():
        try:
            yield recorder
        finally:
            for one in made:
                one.close()


def _open_journal(path: str, program: str | None, strict: bool, use_cache: bool) -> Recorded:
    from lumen.journal.divergence import Divergence
    from lumen.runtime.divergent import diverged
    from lumen.runtime.replaying import Recorded

    try:
        return Recorded(path, program=program, strict=strict, cache=None if use_cache else CodeCache(None))
    except ProgramErrors as errors:
        raise CheckError(errors.diagnostics) from None
    except LoadError as error:
        raise _unreadable(error, program or path) from None
    except Divergence as divergence:
        raise ReplayError(diverged(divergence, None), "") from None


def replay(journal: str | os.PathLike[str], **options: Any) -> RunResult:
    """Repeat a recorded run; options are those of `Interpreter` and of `Interpreter.replay`."""
    mine, theirs = _split(options)
    return Interpreter(**mine).replay(journal, **theirs)


def resume(journal: str | os.PathLike[str], **options: Any) -> RunResult:
    """Go on with a recorded run that was cut off; options are those of `Interpreter` and of `Interpreter.resume`."""
    mine, theirs = _split(options)
    return Interpreter(**mine).resume(journal, **theirs)


def run(program: Program, **options: Any) -> RunResult:
    """Run a program: `lumen.run("main.lumen")`, or `lumen.run("print(1 + 1)")`.

    Options are those of `Interpreter` (`seed=`, `deterministic=`, …) and of `Interpreter.run` (`cell=`, `args=`,
    `check=`). What it prints is in the result's `output`; `capture=False` lets it through to stdout.
    """
    mine, theirs = _split(options)
    return Interpreter(**mine).run(program, **theirs)


async def run_async(program: Program, **options: Any) -> RunResult:
    """`run` inside a Trio program."""
    mine, theirs = _split(options)
    return await Interpreter(**mine).run_async(program, **theirs)


def check(program: Program, **options: Any) -> CheckResult:
    """Say what is wrong with a program, without running it."""
    mine, theirs = _split(options)
    return Interpreter(**mine).check(program, **theirs)


_RUN_OPTIONS = frozenset(("path", "cell", "args", "check", "record", "program", "strict", "retry_in_flight"))


def _split(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    theirs = {key: value for key, value in options.items() if key in _RUN_OPTIONS}
    return {key: value for key, value in options.items() if key not in theirs}, theirs
