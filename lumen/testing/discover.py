"""Finds tests: in which files, and which cells of them.

Test files are `*_test.lumen` and `test_*.lumen`, and the same with the other endings that programs may have. In them a
test is a cell named `test_…` or marked `@test`. A test marked `@test(cases: […])` is one test for each case.

Loading happens here as well, once for each file: a loaded program can be run as often as one likes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from attrs import define, evolve, field

from lumen.diagnostics.diagnostic import Diagnostic
from lumen.diagnostics.spelling import nearest
from lumen.runtime.config import ConfigError, find_config
from lumen.runtime.finder import SUFFIXES
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, LoadError, Options, ProgramErrors, Unit
from lumen.runtime.output import Output
from lumen.runtime.reports import Report
from lumen.testing.arguments import case_id

_SKIPPED_FOLDERS = frozenset(("node_modules", "__pycache__", "replays", "venv", "build", "dist"))


class SelectionError(Exception):
    """What was asked for can't be found; the message is for the user."""


@define(eq=False)
class TestFile:
    """One file of tests. Either `cases` or what is wrong with the file."""

    __test__ = False  # the names of this class and the next make pytest look into them

    path: str
    """As the user gave it, or below the folder they gave."""
    cases: list[TestCase] = field(factory=list)
    diagnostics: list[Diagnostic] = field(factory=list)
    """Errors of the program; none of its tests can run."""
    problem: LoadError | None = None
    """It could not even be read."""
    _loaded: dict[bool, tuple[Loader, Unit]] = field(factory=dict)
    _variables: dict[str, str] | None = None

    @property
    def is_broken(self) -> bool:
        """Whether nothing in it can run."""
        return bool(self.diagnostics) or self.problem is not None

    @property
    def folder(self) -> str:
        """The absolute path of the folder it is in."""
        return os.path.dirname(os.path.abspath(self.path))

    @property
    def variables(self) -> dict[str, str]:
        """What `get_env` gives in these tests: [test.env] of the nearest `lumen.toml`.

        Raises:
            SelectionError: that file can't be used.
        """
        if self._variables is None:
            try:
                table = find_config(self.folder).table("test").get("env", {})
            except ConfigError as error:
                raise SelectionError(str(error)) from None
            if not isinstance(table, dict):
                raise SelectionError("`env` in [test] of `lumen.toml` must be a table, [test.env]")
            self._variables = {name: value if isinstance(value, str) else str(value) for name, value in table.items()}
        return self._variables

    def load(self, *, is_virtual: bool = True) -> tuple[Loader, Unit]:
        """The program, compiled for virtual or real time; the first time it is read from disk.

        Raises:
            LoadError, ProgramErrors: as `Loader.load_program`.
        """
        known = self._loaded.get(is_virtual)
        if known is None:
            # What a test asks the outside is answered by scripts and recordings, whatever effects are declared.
            loader = Loader(Options(deterministic=is_virtual, seeded=True, check_effects=False))
            known = self._loaded[is_virtual] = (loader, loader.load_program(self.path))
        return known


@define(eq=False)
class TestCase:
    """One test: a cell, or a cell with one of its cases."""

    __test__ = False

    file: TestFile
    cell: str
    line: int
    is_virtual: bool = True
    """False with `@test(mode: "eager")`: real time, tasks start at once."""
    skip: str | None = None
    """Why it is not run."""
    fails: str | None = None
    """The code it is expected to fail with."""
    leaks: bool = False
    """Whether tasks may outlive it."""
    case_cell: str | None = None
    """The hidden cell that lists the cases."""
    case_index: int | None = None
    case_id: str | None = None
    case_text: str | None = None
    """The case as a literal, for reports."""
    broken: Report | None = None
    """Its cases can't be had: what to report instead of running it."""

    @property
    def name(self) -> str:
        """The cell, and the case in brackets."""
        return self.cell if self.case_id is None else f"{self.cell}[{self.case_id}]"

    @property
    def id(self) -> str:
        """What `lumen test` takes to run just this one."""
        return f"{self.file.path}::{self.name}"


def is_test_path(path: str) -> bool:
    """Whether a file is one of tests, by its name."""
    name = os.path.basename(path)
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            stem = name.removesuffix(suffix)
            if stem.startswith("test_") or stem.endswith("_test"):
                return True
    return False


def find_files(folder: str) -> Iterator[str]:
    """All files of tests in a folder and below, in the order of their names; hidden folders are left out."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise SelectionError(f"can't look into `{folder}`: {(error.strerror or str(error)).lower()}") from None
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if not entry.name.startswith(".") and entry.name not in _SKIPPED_FOLDERS:
                yield from find_files(entry.path)
        elif is_test_path(entry.name):
            yield os.path.normpath(entry.path)


def collect(path: str) -> TestFile:
    """The tests of one file, in the order in which they stand there. Never raises: the file says what is wrong."""
    file = TestFile(path)
    try:
        loader, unit = file.load()
        if any(entry["options"].get("mode") == "eager" for entry in unit.meta["tests"]):
            file.load(is_virtual=False)
    except LoadError as error:
        file.problem = error
        return file
    except ProgramErrors as errors:
        file.diagnostics = [found for found in errors.diagnostics if found.severity == "error"]
        return file
    for entry in unit.meta["tests"]:
        options = entry["options"]
        case = TestCase(
            file,
            entry["cell"],
            entry["line"],
            is_virtual=options.get("mode") != "eager",
            skip=options.get("skip"),
            fails=options.get("fails"),
            leaks=bool(options.get("leaks")),
        )
        file.cases += [case] if entry["cases"] is None else _each_case(case, loader, unit, entry["cases"])
    return file


def collect_all(words: Sequence[str]) -> list[TestFile]:
    """The files that the words of a command line name, each with the tests that are wanted of it.

    A word is a file, a folder, or `file::test` (`file::test[case]` for one case, by its id or its number).

    Raises:
        SelectionError: there is no such file, or no such test in it.
    """
    wanted: dict[str, list[str] | None] = {}
    for word in words or ["."]:
        path, colons, name = word.partition("::")
        if not os.path.exists(path):
            raise SelectionError(f"there is no file or folder `{path}`")
        if os.path.isdir(path):
            if colons:
                raise SelectionError(f"`{path}` is a folder; give a file before `::`")
            for found in find_files(path):
                wanted[found] = None
        elif not path.endswith(SUFFIXES):
            raise SelectionError(f"`{path}` is not a program file; those end with {', '.join(SUFFIXES)}")
        elif not colons:
            wanted[path] = None
        else:
            names = wanted.setdefault(path, [])
            if names is not None:
                names.append(name)
    files = [_selected(collect(path), names) for path, names in wanted.items()]
    for file in files:
        _ = file.variables  # a `lumen.toml` that can't be used is told now, once
    return files


def _selected(file: TestFile, names: list[str] | None) -> TestFile:
    if names is None or file.is_broken:
        return file
    kept: dict[TestCase, None] = {}
    for name in names:
        found = [case for case in file.cases if name in (case.cell, case.name)]
        found = found or [case for case in file.cases if name == _numbered(case)]
        if not found:
            near = nearest(name, [case.name for case in file.cases])
            hint = f"; did you mean `{near}`?" if near else ""
            raise SelectionError(f"there is no test `{name}` in `{file.path}`{hint}")
        kept.update(dict.fromkeys(found))
    file.cases = [case for case in file.cases if case in kept]
    return file


def _numbered(case: TestCase) -> str:
    return case.cell if case.case_index is None else f"{case.cell}[{case.case_index + 1}]"


# --- cases -------------------------------------------------------------------------------------------------------


def _each_case(case: TestCase, loader: Loader, unit: Unit, maker: str) -> Iterable[TestCase]:
    """One test for each value that the hidden cell `maker` lists."""
    settings = Settings()
    settings.seed = 0
    settings.timeout_ms = 10_000

    async def make(run: Run) -> Any:
        return unit.namespace[maker]()

    settings.entry = make
    outcome = Run(loader, unit, Output(None), settings).run()
    if outcome.report is not None:
        case.broken = outcome.report
        return [case]
    if type(outcome.value) is not list:
        message = f"the `cases` of `{case.cell}` must be a list, one element for each case"
        case.broken = Report("invalid-case", message, [], lambda path, line: None)
        return [case]
    made: list[TestCase] = []
    known: set[str] = set()
    for index, value in enumerate(outcome.value):
        name, text = case_id(value)
        if name is None or name in known:
            name = str(index + 1)
        if name in known:
            name = f"case-{name}"
        known.add(name)
        made.append(evolve(case, case_cell=maker, case_index=index, case_id=name, case_text=text))
    return made
