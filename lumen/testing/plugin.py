"""The pytest plugin: tests written in Lumen as tests of pytest, and the fixture `lumen` for tests written in Python.

It is loaded into every pytest run where Lumen is installed, so nothing else of Lumen is imported before the first
`.lumen` file is collected, or the first test asks for the fixture.

    pytest tests/shop_test.lumen
    pytest "tests/shop_test.lumen::test_total[2]"

A file is collected as `lumen test` would: its tests run in virtual time, twice, against their recordings, and may not
reach outside. Markers come from `@test(skip: "…")`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback
from _pytest.outcomes import OutcomeException

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from lumen.testing.discover import TestCase, TestFile
    from lumen.testing.fixture import LumenFixture
    from lumen.testing.results import CaseResult
    from lumen.testing.runner import RunOptions

_ENDINGS = (".lumen.md", ".lm.md", ".lumen", ".lm")
"""As in `lumen.runtime.finder`, which is not to be imported for files of other kinds."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """What can be said about Lumen tests, on the command line and in the configuration."""
    group = parser.getgroup("lumen", "Lumen tests")
    group.addoption("--lumen-once", action="store_true", help="run each Lumen test once, not twice to compare")
    group.addoption("--lumen-seed", type=int, default=0, metavar="N", help="what random numbers follow from")
    group.addoption("--lumen-record", action="store_true", help="record Lumen tests that have no recording yet")
    parser.addini(
        "lumen_exclude",
        "Lumen files that are no tests although they are called so: paths or patterns, below the root folder",
        type="linelist",
        default=[],
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> LumenFile | None:
    """Files called `test_….lumen` and `…_test.lumen`, and the same with the other endings of programs."""
    ending = next((ending for ending in _ENDINGS if file_path.name.endswith(ending)), None)
    if ending is None:
        return None
    stem = file_path.name.removesuffix(ending)
    if not (stem.startswith("test_") or stem.endswith("_test")) or _is_excluded(file_path, parent.config):
        return None
    made: LumenFile = LumenFile.from_parent(parent, path=file_path)
    return made


def _is_excluded(path: Path, config: pytest.Config) -> bool:
    from fnmatch import fnmatch

    try:
        inside = path.relative_to(config.rootpath).as_posix()
    except ValueError:
        return False
    patterns = [pattern.rstrip("/") for pattern in config.getini("lumen_exclude")]
    return any(inside.startswith(pattern + "/") or fnmatch(inside, pattern) for pattern in patterns)


class LumenFile(pytest.File):
    """One file of tests."""

    def collect(self) -> Iterator[LumenTest]:
        """Its tests, in the order in which they stand there; an error of the program is one of the collection."""
        from lumen.testing.discover import collect
        from lumen.testing.report import broken_text

        file: TestFile = collect(self._shown_path())
        if file.is_broken:
            raise self.CollectError("\n".join(broken_text(file)))
        for case in file.cases:
            yield LumenTest.from_parent(self, name=case.name, case=case)

    def _shown_path(self) -> str:
        """Relative to where pytest was started, as messages show it."""
        import os

        start = str(self.config.invocation_params.dir)
        path = str(self.path)
        return os.path.relpath(path, start) if path.startswith(start + os.sep) and os.getcwd() == start else path


class LumenTest(pytest.Item):
    """One test: a cell, or a cell with one of its cases."""

    def __init__(self, *, case: TestCase, **options: Any) -> None:
        super().__init__(**options)
        self.case = case
        if case.skip is not None:
            self.add_marker(pytest.mark.skip(reason=case.skip))

    def runtest(self) -> None:
        """Run it. Raises: LumenFailure."""
        from lumen.testing.runner import run_case

        result = run_case(self.case, _options(self.config))
        if result.was_interrupted:
            pytest.exit("Quitting debugger")
        if result.printed:
            self.add_report_section("call", "stdout", "\n".join(result.shown_output()) + "\n")
        if result.tail:
            self.add_report_section("call", "last events of", "".join(f"{line}\n" for line in result.tail))
        if result.verdict == "failed":
            if result.report is not None and (ends := outcome_within(result.report.failure)) is not None:
                raise ends
            raise LumenFailure(result).with_traceback(self._traceback(result))

    def _traceback(self, result: CaseResult) -> TracebackType | None:
        """The Lumen frames of the failure, for `--pdb`: that is where it opens."""
        failure = None if result.report is None else result.report.failure
        if failure is None or not self.config.getoption("usepdb"):
            return None
        from lumen.runtime.debugger import lumen_traceback

        return lumen_traceback(failure)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The failure as `lumen test` shows it; no line of Python has to do with it."""
        error = excinfo.value
        if not isinstance(error, LumenFailure):
            return super().repr_failure(excinfo, style)
        result = error.result
        text = result.failure_text()
        if self.case.case_text is not None:
            text += f"\n\n  case: {self.case.case_text}"
        place = None if result.report is None else result.report.place
        path, line = (self.case.file.path, self.case.line) if place is None else (place.path, place.line)
        # Made of pytest's own parts, which know how to travel from a worker of xdist.
        crash = ReprFileLocation(path, line, f"{result.headline()} [{result.code}]")
        return ReprExceptionInfo(
            reprtraceback=ReprTraceback([ReprEntryNative([text + "\n"])], None, "native"), reprcrash=crash
        )

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it is."""
        return self.path, self.case.line - 1, self.name


def outcome_within(failure: BaseException | None) -> BaseException | None:
    """What pytest threw into a program to end a test, if that is what a failure comes from: `q` in its debugger,
    `pytest.skip` in a function that answers a tool."""
    for _ in range(1000):
        if failure is None or isinstance(failure, (OutcomeException, pytest.exit.Exception)):
            break
        failure = failure.__cause__ or getattr(failure, "origin", None)
    else:
        return None
    return failure


class LumenFailure(Exception):
    """A test has failed, for the reason that its `result` gives."""

    def __init__(self, result: CaseResult) -> None:
        super().__init__(result.headline())
        self.result = result


_run_options = pytest.StashKey["RunOptions"]()


def _options(config: pytest.Config) -> RunOptions:
    if _run_options not in config.stash:
        from lumen.testing.runner import RunOptions

        _let_debugger_through(config)
        config.stash[_run_options] = RunOptions(
            seed=config.getoption("--lumen-seed"),
            # A debugger that opens twice at the same place would surprise.
            repeats=not config.getoption("--lumen-once") and not config.getoption("usepdb"),
            record="missing" if config.getoption("--lumen-record") else "never",
        )
    return config.stash[_run_options]


def _let_debugger_through(config: pytest.Config) -> None:
    """`breakpoint()` in a program opens a prompt; what pytest captures is let through for as long."""
    from lumen.runtime.debugger import LumenPdb

    captured = config.pluginmanager.getplugin("capturemanager")
    if captured is None:
        return

    @contextmanager
    def let_through() -> Iterator[None]:
        captured.suspend(in_=True)
        try:
            yield
        finally:
            captured.resume()

    LumenPdb.around_prompt = staticmethod(let_through)


@pytest.fixture
def lumen(request: pytest.FixtureRequest, tmp_path: Path) -> LumenFixture:
    """Runs Lumen programs in virtual time, with scripted tools: `result = lumen.run("print(1 + 1)")`.

    `lumen.tools["llm.chat"] = …` answers a tool, by a function, a list of answers, or one value.
    `result.journal` says what the program asked for. See `lumen.testing.fixture.LumenFixture`.
    """
    from lumen.testing.fixture import LumenFixture

    _let_debugger_through(request.config)
    return LumenFixture(request.path.parent, tmp_path)
