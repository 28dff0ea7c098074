"""Runs tests: each in a run of its own, in virtual time, with nothing to reach outside but what answers it.

A test that passes is run once more, and its two journals are compared byte by byte: what passes only sometimes is found
here rather than in six weeks. Tests in real time are run once, since no two of them are the same.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

from attrs import define, field

from lumen.journal.errors import JournalError
from lumen.journal.store import MemoryJournal
from lumen.kernel.policy import Policy
from lumen.runtime.interpreter import Outcome, Run, Settings
from lumen.runtime.loader import Loader
from lumen.runtime.output import Output
from lumen.runtime.reports import Report
from lumen.runtime.tracebacks import Place
from lumen.testing.arguments import Fixtures
from lumen.testing.cassette import Cassette
from lumen.testing.discover import SelectionError, TestCase, TestFile
from lumen.testing.door import Door, TestRecorder
from lumen.testing.results import CaseResult
from lumen.testing.tail import parting, tail
from lumen.values.errors import Failure, failure_of

RECORDINGS = "replays"
"""The folder beside a test file that holds its recordings."""

Recording = Literal["never", "missing", "again"]


def _refuse(case: TestCase, changed: list[str]) -> bool:
    return False


@define
class RunOptions:
    """How tests are run."""

    seed: int = 0
    timeout_ms: int | None = 60_000
    """Real time that one run of a test may take; None is for ever."""
    repeats: bool = True
    """Run each test twice and compare."""
    record: Recording = "never"
    """Whether to ask the world: for tests without a recording, or for all."""
    confirm: Callable[[TestCase, list[str]], bool] = _refuse
    """Whether a recording may be replaced, given how the new one differs."""
    watch: Callable[[Loader], None] | None = None
    """Told of each program before it runs; for coverage."""
    externs: dict[str, Callable[..., Any]] = field(factory=dict)
    take_interrupt: bool = False
    """Whether Ctrl-C ends the test that runs, rather than raising KeyboardInterrupt."""


@define(eq=False)
class Attempt:
    """One run of a test."""

    run: Run
    outcome: Outcome
    door: Door
    output: Output
    seconds: float
    failure: Failure | None
    """What the test failed with."""
    timeout_ms: float = 0


def run_case(case: TestCase, options: RunOptions) -> CaseResult:
    """Run one test and say what became of it. Never raises for anything that a test does."""
    if case.skip is not None:
        return CaseResult(case, "skipped")
    if case.broken is not None:
        return CaseResult(case, "failed", report=case.broken)
    path = recording_path(case)
    has_recording = os.path.exists(path)
    if options.record == "again" or (options.record == "missing" and not has_recording):
        from lumen.testing.recording import record

        return record(case, options, path)
    try:
        return against(case, options, path if has_recording else None)
    except JournalError as error:
        return unreadable(case, path, error)
    except SelectionError as error:
        return CaseResult(case, "failed", report=plain_report("unavailable", str(error)))


def unreadable(case: TestCase, path: str, error: JournalError) -> CaseResult:
    """The result of a test whose recording can't be used."""
    report = plain_report(error.code, error.message)
    report.notes.append(f"its recording is left as it is; remove {path} and record the test again, or restore it")
    return CaseResult(case, "failed", report=report, recording=path)


def against(case: TestCase, options: RunOptions, path: str | None) -> CaseResult:
    """Run a test against its recording, if it has one, and compare two runs of it.

    Raises:
        JournalError: the recording can't be read.
    """
    cassette = None if path is None else Cassette.load(path)
    first_lines = MemoryJournal()
    first = attempt(case, options, _door(case, cassette), first_lines)
    result = judge(case, first, first_lines)
    result.recording = path
    if result.verdict == "passed" and options.repeats and case.is_virtual and not first.run.was_debugged:
        second_lines = MemoryJournal()
        second = attempt(case, options, _door(case, cassette), second_lines)
        if second.outcome.was_interrupted or second.outcome.stopped_at:
            return judge(case, second, second_lines)  # by Ctrl-C or the time limit; the test itself did nothing else
        differs = parting(first_lines.bodies[1:], second_lines.bodies[1:])
        if differs is not None:
            result.verdict = "failed"
            result.report = plain_report("not-repeatable", "the test does not do the same when it is run again")
            result.report.notes += differs
    return result


def _door(case: TestCase, cassette: Cassette | None) -> Door:
    return Door(
        case.file.folder,
        cassette=None if cassette is None else cassette.fresh(),
        variables=case.file.variables,
    )


def attempt(case: TestCase, options: RunOptions, door: Door, sink: Any = None, policy: Policy | None = None) -> Attempt:
    """Run a test once.

    Args:
        sink: takes the lines of its journal; None keeps none.
        policy: how tasks are scheduled, if not as usual.
    """
    loader, unit = case.file.load(is_virtual=case.is_virtual)
    if options.watch is not None:
        options.watch(loader)
    settings = Settings()
    settings.is_test = True
    settings.seed = options.seed
    settings.timeout_ms = options.timeout_ms
    settings.on_exit = "cancel"
    settings.take_interrupt = options.take_interrupt
    settings.externs = options.externs
    settings.door = door
    settings.policy = policy
    settings.notes_leaks = True
    settings.cell = case.cell
    if sink is not None:
        settings.recorder = TestRecorder(sink, door, is_virtual=case.is_virtual)

    failures: list[Exception] = []

    async def enter(run: Run) -> Any:
        fixtures = Fixtures(run.kernel, unit)
        try:
            return await fixtures.call(case.cell, case.case_cell, case.case_index)
        except Exception as failure:
            failures.append(failure)
            raise

    settings.entry = enter
    output = Output(None, keep=True)
    door.loader = loader
    run = door.run = Run(loader, unit, output, settings)
    start = time.perf_counter()
    outcome = run.run()
    seconds = time.perf_counter() - start
    failures += [future.value for future in run.kernel.unlooked]
    failure = failure_of(failures[0]) if failures else None
    return Attempt(run, outcome, door, output, seconds, failure, options.timeout_ms or 0)


def judge(case: TestCase, made: Attempt, lines: MemoryJournal | None) -> CaseResult:
    """What one run of a test means."""
    report = report_of(case, made)
    result = CaseResult(case, "passed", made.seconds, was_interrupted=made.outcome.was_interrupted)
    result.notes += [f"warning: {text}" for text in made.outcome.warnings]
    if made.door.cassette is not None:
        unused = made.door.cassette.unused()
        result.unused = [entry for entry in unused if not made.door.answers(entry.kind, entry.name, entry.input)]
    if case.fails is not None:
        if report is not None and report.code == case.fails:
            return result
        if report is None:
            report = plain_report("did-not-fail", f"the test was to fail with `{case.fails}`, and passed")
        else:
            report.notes.append(f"the test was to fail with `{case.fails}`")
    if report is None:
        return result
    result.verdict = "failed"
    result.report = report
    failure = made.failure
    while failure is not None and failure.code == report.code:
        if failure.compared is not None:
            result.compared = failure.compared
            break
        failure = failure_of(failure.origin) if failure.origin is not None else None
    printed = made.output.text()
    result.printed = printed[:-1].split("\n") if printed else []
    if lines is not None:
        result.tail = tail(lines.bodies)
    return result


def report_of(case: TestCase, made: Attempt) -> Report | None:
    """Why a run of a test is a failure; None if it is not."""
    outcome = made.outcome
    report = outcome.report
    if outcome.was_interrupted:
        return report
    if made.door.refusals:
        first = made.door.refusals[0]
        if report is None or report.code != first.failure.code:
            report = Report(first.failure.code, first.failure.message, [], made.run.line_text)
            if first.site is not None:
                path, line, column, text = first.site
                report.stacks.append([Place(path, line, column, column + len(text), "")])
            report.notes.append("the program has handled this failure; a test fails by it all the same")
        report.notes += first.notes
        return report
    if report is not None:
        if report.code == "invalid-args" and made.door.cassette is not None:
            report.notes.append("what a tool takes is part of the recording; `lumen test --update` records it again")
        if report.code == "timeout" and not report.stacks:
            report.message = f"the test took longer than the {made.timeout_ms / 1000:g} s that `--timeout` allows"
            _say_where(report, made)
        return report
    leaked = outcome.leaked
    if leaked and not case.leaks:
        return _leak_report(made, leaked)
    return None


def _say_where(report: Report, made: Attempt) -> None:
    """Where the test was when its time was up."""
    for path, line, what in made.outcome.stopped_at[:10]:
        text = made.run.line_text(path, line)
        if text is None:
            continue  # code of ours, such as what calls the test
        if not report.stacks:
            first = len(text) - len(text.lstrip()) + 1
            report.stacks.append([Place(path, line, first, len(text.rstrip()) + 1, "")])
        report.notes.append(f"it {what} at {path}:{line}")


def _leak_report(made: Attempt, leaked: Any) -> Report:
    count = len(leaked)
    what = "a task still runs" if count == 1 else f"{count} tasks still run"
    report = Report("leaked-task", f"{what} when the test has ended: {leaked[0].operation}", [], made.run.line_text)
    for leak in leaked[:10]:
        if leak.site is None:
            report.notes.append(f"task {leak.number} ({leak.operation})")
            continue
        path, line, column, text = leak.site
        if not report.stacks:
            report.stacks.append([Place(path, line, column, column + len(text), "")])
        else:
            report.notes.append(f"also task {leak.number}, started at {path}:{line}:{column} (`{text}`)")
    report.notes.append("await it or cancel it; `@test(leaks: true)` allows it")
    return report


def plain_report(code: str, message: str) -> Report:
    """A report without places."""
    return Report(code, message, [], lambda path, line: None)


def orphans(files: Sequence[TestFile]) -> list[str]:
    """Recordings beside whole files of tests that belong to none of their tests: those have other names now."""
    found: list[str] = []
    for file in files:
        if any(case.broken is not None for case in file.cases):
            continue  # they may belong to the cases that can't be had
        stem = _recording_path(file, "")
        folder, prefix = os.path.split(stem)
        known = {os.path.basename(recording_path(case)) for other in files for case in other.cases}
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        fitting = [name for name in names if name.startswith(prefix) and name.endswith(".jsonl")]
        found += [os.path.join(folder, name) for name in fitting if name not in known]
    return found


def recording_path(case: TestCase) -> str:
    """Where the recording of a test is kept: `replays/<file>.<test>.jsonl` beside its file."""
    name = case.cell if case.case_id is None else f"{case.cell}.{case.case_id}"
    return _recording_path(case.file, name + ".jsonl")


def _recording_path(file: TestFile, name: str) -> str:
    stem = os.path.basename(file.path).removesuffix(".lumen")
    return os.path.join(os.path.dirname(file.path), RECORDINGS, f"{stem}.{name}")
