"""One test under many schedules, as part of a session; `explore.py` knows how to search, this how to run a test."""

from __future__ import annotations

import os
import time

from attrs import define

from lumen.journal.errors import JournalError
from lumen.journal.store import MemoryJournal
from lumen.kernel.explore import Explore
from lumen.testing.cassette import Cassette
from lumen.testing.discover import TestCase
from lumen.testing.door import Door
from lumen.testing.explore import ExploreResult, Verdict, explore_exhaustively, explore_test, run_schedule
from lumen.testing.results import CaseResult
from lumen.testing.runner import Attempt, RunOptions, attempt, judge, recording_path, report_of, run_case, unreadable
from lumen.testing.schedules import Schedule


@define
class ExploreOptions:
    """What is searched."""

    schedules: int = 1_000
    seed: int = 0
    faults: bool = False
    is_exhaustive: bool = False
    budget: int = 10_000
    schedule: Schedule | None = None
    """Just this one."""


def explore_case(case: TestCase, options: RunOptions, wanted: ExploreOptions) -> CaseResult:
    """Run one test under many schedules and say what became of it. Tests in real time run once, as usual."""
    if case.skip is not None or case.broken is not None or not case.is_virtual:
        result = run_case(case, options)
        if not case.is_virtual and case.skip is None:
            result.notes.append("runs in real time, so no schedules were explored")
        return result
    path = recording_path(case)
    try:
        cassette = Cassette.load(path) if os.path.exists(path) else None
    except JournalError as error:
        return unreadable(case, path, error)
    explorer = _Explorer(case, options, cassette)
    start = time.perf_counter()
    found = explorer.search(wanted)
    seconds = time.perf_counter() - start
    result = CaseResult(case, "passed", seconds, explored=found.summary())
    if not found.passed and found.schedule is not None:
        result = explorer.shown(found.schedule)
        result.seconds = seconds
        result.verdict = "failed"
        result.explored = found.summary()
        result.whole_text = found.text(case.id)
    result.was_interrupted = explorer.was_interrupted
    return result


class _Explorer:
    def __init__(self, case: TestCase, options: RunOptions, cassette: Cassette | None) -> None:
        self._case = case
        self._options = options
        self._cassette = cassette
        self.was_interrupted = False

    def search(self, wanted: ExploreOptions) -> ExploreResult:
        if wanted.schedule is not None:
            return run_schedule(self.run_once, wanted.schedule)
        if wanted.is_exhaustive:
            return explore_exhaustively(
                self.run_once, budget=wanted.budget, faults=wanted.faults, should_stop=self._should_stop
            )
        return explore_test(
            self.run_once,
            schedules=wanted.schedules,
            seed=wanted.seed,
            faults=wanted.faults,
            should_stop=self._should_stop,
        )

    def _should_stop(self) -> bool:
        return self.was_interrupted

    def run_once(self, policy: Explore) -> Verdict:
        """One run under one schedule."""
        made = self._attempt(policy, MemoryJournal() if self._cassette is not None else None)
        if made.outcome.was_interrupted:
            self.was_interrupted = True
            return Verdict()
        if made.door.needed_an_answer:
            return Verdict()  # an order that the recording can't tell about
        report = report_of(self._case, made)
        wanted = self._case.fails
        if report is None:
            if wanted is None:
                return Verdict()
            return Verdict("did-not-fail", f"the test was to fail with `{wanted}`, and passed")
        if report.code == wanted:
            return Verdict()
        place = report.place
        where = "" if place is None else f"{place.path}:{place.line}"
        return Verdict(report.code, report.message, where, report.as_text())

    def shown(self, schedule: Schedule) -> CaseResult:
        """The failing run once more, with its journal."""
        lines = MemoryJournal()
        made = self._attempt(Explore(schedule.chooser(), faults=schedule.faults), lines)
        return judge(self._case, made, lines)

    def _attempt(self, policy: Explore, lines: MemoryJournal | None) -> Attempt:
        case = self._case
        cassette = None if self._cassette is None else self._cassette.fresh()
        door = Door(case.file.folder, cassette=cassette, variables=case.file.variables)
        return attempt(case, self._options, door, lines, policy)
