"""Runs the tests of many files in order, and tells a listener about each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from attrs import define, field

from lumen.testing.discover import TestCase, TestFile
from lumen.testing.results import CaseResult


class Listener(Protocol):
    """Shows what happens while it happens."""

    def file(self, file: TestFile) -> None:
        """The tests of a file are about to run; or it is broken, and says why."""

    def case(self, result: CaseResult) -> None:
        """A test is over."""


@define
class Session:
    """What became of all tests."""

    results: list[CaseResult] = field(factory=list)
    broken: list[TestFile] = field(factory=list)
    """Files that could not be run."""
    seconds: float = 0.0
    was_stopped: bool = False
    """By the first failure, with `-x`."""
    was_interrupted: bool = False

    def count(self, verdict: str) -> int:
        """How many tests ended so."""
        return sum(result.verdict == verdict for result in self.results)

    @property
    def failures(self) -> list[CaseResult]:
        """The failed tests, in the order in which they ran."""
        return [result for result in self.results if result.verdict == "failed"]


def run_session(
    files: Sequence[TestFile],
    run: Callable[[TestCase], CaseResult],
    listener: Listener,
    *,
    stops_at_first: bool = False,
) -> Session:
    """Run every test of the files by `run`."""
    session = Session()
    start = time.perf_counter()
    for file in files:
        if file.is_broken:
            session.broken.append(file)
            listener.file(file)
            session.was_stopped = stops_at_first
        elif file.cases:
            listener.file(file)
        for case in () if file.is_broken else file.cases:
            result = run(case)
            if result.was_interrupted:
                session.was_interrupted = True
                break
            session.results.append(result)
            listener.case(result)
            if stops_at_first and result.verdict == "failed":
                session.was_stopped = True
                break
        if session.was_stopped or session.was_interrupted:
            break
    session.seconds = time.perf_counter() - start
    return session
