"""`lumen` in tests written in Python: run a program with scripted tools in virtual time, and look at what it did.

    def test_asks_once(lumen):
        lumen.tools["llm.chat"] = ["Paris"]
        result = lumen.run("main.lumen", args={"question": "Capital of France?"})
        assert result.value == "Paris"
        assert [ask.args["prompt"] for ask in result.journal.asks("llm.chat")] == ["Capital of France?"]

Nothing reaches the network: a call of a tool that has no answer here (nor in `[providers.scripted]` of lumen.toml)
fails the run with `unscripted-call`. Files are real; give the program paths below `tmp_path`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from attrs import Factory, define, frozen

from lumen.api import CheckError, Interpreter, LumenError, Program, RunError, RunResult
from lumen.journal.history import History, history_of
from lumen.journal.store import JournalWriter, MemoryJournal
from lumen.kernel.messages import Arrival, Ask
from lumen.runtime.finder import is_program_path
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, LoadError, Options, ProgramErrors
from lumen.runtime.output import Output
from lumen.runtime.reports import Report
from lumen.runtime.tracebacks import Place
from lumen.testing.door import Door, TestRecorder
from lumen.testing.plugin import outcome_within
from lumen.values.convert import from_python
from lumen.values.errors import Failure

EPOCH = datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)
"""When programs start, unless the test says so: a thousand million seconds after 1970, as for `lumen run --seed`."""


@frozen
class Call:
    """One question that a program asked of the outside, with its answer."""

    kind: str
    """"tool", "fs", "stdin" or "extern"."""
    name: str
    args: Any
    """Of a tool: a dict of its arguments by name. Of others: a list."""
    outcome: str | None
    """"value", "failure" or "cancelled"; None if it was never answered."""
    value: Any = None
    failure: tuple[str, str] | None = None
    """Code and message."""
    line: int | None = None
    """Where in the program."""
    at_ms: float = 0.0
    """When, since the start of the run."""


@frozen
class Decision:
    """What a `race`, `vote`, `select`, `timeout` or `parallel` has decided."""

    kind: str
    result: Any


@define
class RunJournal:
    """What happened in a run, in order."""

    _bodies: list[str]
    _history: History | None = None

    @property
    def history(self) -> History:
        """Everything, down to the steps of tasks."""
        if self._history is None:
            lines = MemoryJournal()
            lines.bodies = self._bodies
            self._history = history_of(lines.lines())
        return self._history

    def asks(self, name: str | None = None) -> list[Call]:
        """The questions to the outside in the order in which they were asked, all or those of one tool."""
        history = self.history
        found = []
        for ask in history.asks.values():
            if name is not None and ask.name != name:
                continue
            answer = {} if ask.answer is None else ask.answer.data
            failure = answer.get("failure")
            found.append(
                Call(
                    ask.kind,
                    ask.name,
                    history.value(ask.input),
                    ask.outcome,
                    history.value(answer.get("value")) if ask.outcome == "value" else None,
                    None if failure is None else (failure["code"], failure["message"]),
                    ask.site[1] if ask.site else None,
                    ask.start_ns / 1e6,
                )
            )
        return found

    @property
    def prints(self) -> list[str]:
        """What was printed, one item for each `print`."""
        return [event.data["text"] for event in self.history.events if event.kind == "print"]

    @property
    def emits(self) -> list[Any]:
        """The values of `emit`."""
        return [self.history.value(event.data["value"]) for event in self.history.events if event.kind == "emit"]

    @property
    def decisions(self) -> list[Decision]:
        """Who won, and what else was decided."""
        events = (event for event in self.history.events if event.kind == "decision")
        return [Decision(event.data["kind"], self.history.value(event.data["result"])) for event in events]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it as a file that `lumen replay` and `lumen trace` read.

        Raises:
            JournalError: there is another file, which is no finished journal; or the disk is full.
        """
        writer = JournalWriter.create(os.fspath(path))
        for body in self._bodies:
            writer.write(body)
        writer.flush()
        writer.close()
        return Path(path)


@frozen
class TestResult(RunResult):
    """How a run ended, and what it did."""

    __test__ = False

    journal: RunJournal = Factory(lambda: RunJournal([]))
    elapsed_s: float = 0.0
    """How long it took by its own clock."""
    leaked: tuple[str, ...] = ()
    """The tasks that still ran when the cell had returned."""

    @property
    def failure(self) -> LumenError | None:
        """What went wrong; another name of `error`."""
        return self.error


@define
class LumenFixture:
    """Runs programs in virtual time, with nothing outside but what the test gives."""

    _folder: Path
    """Of the test: paths of programs are looked for here, and files here may be read."""
    _scratch: Path
    tools: dict[str, Any] = Factory(dict)
    """Answers of tools, by tool name. A function is called with the arguments of the call; of a list each call takes
    the next item; any other value is the answer to every call. An exception that is an answer is raised: a
    `lumen.values.errors.Failure` has a code of its own."""
    externs: dict[str, Callable[..., Any]] = Factory(dict)
    """The functions behind `extern` cells, by cell name."""
    env: dict[str, str] = Factory(dict)
    """What `get_env` knows; nothing else."""
    stdin: str = ""
    """What `read_line` reads."""
    seed: int = 0
    """Random numbers and uuids follow from it."""
    deterministic: bool = True
    """Virtual time, and an order that is always the same. With False a program runs as `lumen run` would."""
    timeout_s: float = 60.0
    """Real time that one run may take."""
    _now: datetime = EPOCH
    _run: Run | None = None
    _saved: int = 0

    @property
    def now(self) -> datetime:
        """The time of day at which programs start; while one runs (in a function that answers a tool), its own time.

        Sleeping takes no time: `sleep(3_600_000)` moves this by an hour at once.
        """
        if self._run is not None and self.deterministic:
            return self._now + timedelta(microseconds=self._run.kernel.now / 1000)
        return self._now

    @now.setter
    def now(self, value: datetime | float) -> None:
        """A time with a time zone, or seconds since 1970."""
        made = value if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)
        if made.tzinfo is None:
            raise ValueError("`lumen.now` needs a time zone, such as `datetime(…, tzinfo=timezone.utc)`")
        self._now = made

    def run(
        self,
        program: Program | None = None,
        *,
        source: str | None = None,
        path: str | None = None,
        cell: str | None = None,
        args: Mapping[str, Any] | None = None,
        check: bool = True,
    ) -> TestResult:
        """Run a program to its end.

        Args:
            program: a path, from the folder of the test or the current one; or the text of a program.
            source: the text of a program; `path` then names it, and imports are looked for beside it.
            cell: call this one instead of `main`.
            args: its arguments, as Python values by name.
            check: raise on errors; otherwise they are in the result's `error`.
        Raises:
            CheckError: the program has errors.
            RunError: it failed; or it asked for something that nothing answers (`unscripted-call`).
            LumenError: it can't be read.
        """
        try:
            result = self._result(*self._place(program, source, path), cell, args or {})
        except LumenError as error:
            result = TestResult(None, "", error)
        if check and result.error is not None:
            raise result.error
        return result

    def replay(
        self,
        journal: TestResult | RunJournal | str | os.PathLike[str],
        *,
        program: str | os.PathLike[str] | None = None,
        strict: bool = False,
        check: bool = True,
    ) -> RunResult:
        """Repeat a run from its journal: nothing is asked of tools.

        Args:
            journal: a result of `run`, its journal, or a file.
            program: a changed program that is to do the same.
            strict: refuse a changed program even where it does the same.
            check: raise on errors.
        Raises:
            ReplayError: the program does something else; its text names both places.
            RunError: the recorded run failed, and so did this one.
        """
        if isinstance(journal, TestResult):
            journal = journal.journal
        if isinstance(journal, RunJournal):
            self._saved += 1
            journal = journal.save(self._scratch / f"run-{self._saved}.jsonl")
        place = None if program is None else self._found(os.fspath(program))
        return Interpreter().replay(os.fspath(journal), program=place, strict=strict, check=check)

    # --- inside --------------------------------------------------------------------------------------------------

    def _place(self, program: Program | None, source: str | None, path: str | None) -> tuple[str, bytes | None]:
        if (program is None) == (source is None):
            raise TypeError("give either a program or source=…")
        text = source
        if text is None and isinstance(program, str) and ("\n" in program or not is_program_path(program)):
            text = program
        if text is not None:
            return path or str(self._folder / "program.lumen"), text.encode("utf-8", "surrogatepass")
        assert program is not None
        return self._found(os.fspath(program)), None

    def _found(self, path: str) -> str:
        beside = self._folder / path
        return str(beside) if beside.exists() else path

    def _result(self, path: str, raw: bytes | None, cell: str | None, args: Mapping[str, Any]) -> TestResult:
        options = Options(
            deterministic=self.deterministic, seeded=True, check_effects=False, counting=not self.deterministic
        )
        loader = Loader(options)
        try:
            unit = loader.load_program(path, raw)
        except ProgramErrors as errors:
            raise CheckError(errors.diagnostics) from None
        except LoadError as error:
            raise LumenError(error.code, error.message, f"error[{error.code}]: {error.message}", {}) from None
        if cell is not None and cell not in unit.meta["cells"]:
            message = f"the program has no cell `{cell}`"
            raise LumenError("unresolved-name", message, f"error[unresolved-name]: {message}", {})
        lines = MemoryJournal()
        door = _FixtureDoor(self)
        output = Output(None, keep=True)
        run = Run(loader, unit, output, self._settings(door, lines, cell, args))
        door.loader, door.run, outer, self._run = loader, run, self._run, run
        try:
            outcome = run.run()
        finally:
            self._run = outer
        ends = None if outcome.report is None else outcome_within(outcome.report.failure)
        if ends is not None:
            raise ends
        report = _judged(outcome.report, door, run)
        return TestResult(
            outcome.value,
            output.text(),
            None if report is None else RunError(report, output.text()),
            tuple(outcome.warnings),
            RunJournal(lines.bodies),
            run.kernel.now / 1e9,
            tuple(leak.operation for leak in outcome.leaked),
        )

    def _settings(
        self, door: _FixtureDoor, lines: MemoryJournal, cell: str | None, args: Mapping[str, Any]
    ) -> Settings:
        settings = Settings()
        settings.is_test = settings.notes_leaks = True
        settings.cell = cell
        try:
            settings.kwargs = {name: from_python(value, f"argument `{name}`") for name, value in args.items()}
        except Failure as failure:
            raise LumenError("invalid-args", failure.message, f"error[invalid-args]: {failure.message}", {}) from None
        settings.seed = self.seed
        settings.timeout_ms = self.timeout_s * 1000
        settings.externs = self.externs
        settings.providers = {name: answer for name, answer in self.tools.items() if callable(answer)}
        settings.stdin = io.StringIO(self.stdin)
        settings.door = door
        settings.recorder = _FixtureRecorder(lines, door, self._now, is_virtual=self.deterministic)
        return settings


def _judged(report: Report | None, door: _FixtureDoor, run: Run) -> Report | None:
    """The report of a run. A call that nothing answered is a failure even where the program has handled it."""
    if not door.refusals:
        return report
    first = door.refusals[0]
    if report is None or report.code != first.failure.code:
        report = Report(first.failure.code, first.failure.message, [], run.line_text)
        if first.site is not None:
            path, line, column, text = first.site
            report.stacks.append([Place(path, line, column, column + len(text), "")])
        report.notes.append("the program has handled this failure; the run fails by it all the same")
    report.notes += first.notes
    return report


class _FixtureDoor(Door):
    """Answers from what the test gives; files, `stdin` and externs are let through."""

    def __init__(self, fixture: LumenFixture) -> None:
        super().__init__(str(fixture._folder), variables=fixture.env)
        self._tools = dict(fixture.tools)
        self._next: dict[str, Iterator[Any]] = {
            name: iter(answers) for name, answers in self._tools.items() if isinstance(answers, (list, tuple))
        }

    def _answer(self, ask: Ask) -> Arrival | None:
        if ask.kind != "tool":
            return None
        name = ask.name
        if name not in self._tools:
            return super()._answer(ask)
        payload: Any = ask.payload
        answer = self._tools[name]
        if callable(answer):
            provider = self.run.provider(name)
            return None if provider.is_async else Arrival(ask.seq, provider.call(payload))
        if name in self._next:
            try:
                answer = next(self._next[name])
            except StopIteration:
                count = len(self._tools[name])
                message = f"`{name}` was called more often than the {count} answers that the test gives"
                raise self._note(Failure("unscripted-call", message), ask.site, []) from None
        if isinstance(answer, Exception):
            raise answer if isinstance(answer, Failure) else Failure("failed", str(answer) or type(answer).__name__)
        return Arrival(ask.seq, from_python(answer, f"the answer of tool `{name}`"))

    def answer_now(self, kind: str, name: str, args: Any, answer: Callable[[str, str, Any], Any]) -> Any:
        """See Door.answer_now; an unknown variable of the environment is not set, as anywhere."""
        if kind == "env":
            return self._variables.get(args[0])
        return super().answer_now(kind, name, args, answer)


class _FixtureRecorder(TestRecorder):
    """Keeps the journal, and tells the program what time the test says it is."""

    def __init__(self, sink: MemoryJournal, door: Door, start: datetime, *, is_virtual: bool) -> None:
        super().__init__(sink, door, is_virtual=is_virtual)
        self._start_ms = start.timestamp() * 1000
        self._is_told = is_virtual

    def asked_now(self, kind: str, name: str, payload: Any, answer: Callable[[str, str, Any], Any]) -> Any:
        """See Observer.asked_now."""
        if kind != "time" or not self._is_told:
            return super().asked_now(kind, name, payload, answer)

        def tell(kind: str, name: str, payload: Any) -> Any:
            ms = self._start_ms + self._kernel.now / 1e6
            return int(ms) if name == "timestamp_ms" else ms / 1000

        return super().asked_now(kind, name, payload, tell)


__all__ = ["EPOCH", "Call", "Decision", "LumenFixture", "RunJournal", "TestResult"]
