"""Runs the Lumen programs under tests/lang, tests/regression and tests/stdlib: a test for each program and mode.

A program's expectations stand in its comments; tests/expectations.py says how. A folder with a `main.lumen` is one
program, the other files in it are its modules.
"""

from __future__ import annotations

import faulthandler
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PROGRAM_FOLDERS = tuple(TESTS / name for name in ("lang", "regression", "stdlib"))
ENDINGS = (".lumen", ".lumen.md", ".lm", ".lm.md")

RUN_LIMIT_S = 20.0
"""A program that has not ended by then is cancelled and has failed its test."""

HARD_LIMIT_S = 90.0
"""A program that can't even be cancelled: show where every thread is, and give up the whole session."""


def _load(name: str):
    # Test modules are imported one by one (importlib mode), so a neighbour is loaded by its path.
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, TESTS / f"{name.removeprefix('lumen_test_')}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(params=["eager", "fifo"])
def mode(request):
    """Both scheduling modes, one after the other."""
    return request.param


@pytest.fixture
def sim(mode):
    """A kernel with a world made of literals; see tests/simulation.py."""
    return _load("lumen_test_simulation").Simulation(mode)


@pytest.fixture(scope="session")
def simulation():
    """The class of `sim`, for tests that choose its options."""
    return _load("lumen_test_simulation").Simulation


@pytest.fixture(scope="session")
def deadlock():
    """What a simulation raises when nothing can go on."""
    return _load("lumen_test_simulation").Deadlock


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Compiled programs go to a folder of this session, so that no test is helped by an earlier one."""
    before = os.environ.get("LUMEN_CACHE_DIR")
    os.environ["LUMEN_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["LUMEN_CACHE_DIR"]
    else:
        os.environ["LUMEN_CACHE_DIR"] = before


def pytest_collect_file(parent, file_path):
    if not file_path.name.endswith(ENDINGS) or not any(folder in file_path.parents for folder in PROGRAM_FOLDERS):
        return None
    if file_path.stem != "main" and _main_above(file_path) is not None:
        return None
    return ProgramFile.from_parent(parent, path=file_path)


def _main_above(path: Path) -> Path | None:
    for folder in path.parents:
        if folder in PROGRAM_FOLDERS:
            return None
        if (folder / "main.lumen").exists():
            return folder / "main.lumen"
    return None


class ProgramFile(pytest.File):
    """One program, as many tests as it has modes."""

    def collect(self):
        expected = _load("lumen_test_expectations").read_expectations(self.path)
        for mode in expected.modes:
            yield ProgramItem.from_parent(self, name=mode, mode=mode, expected=expected)
            if mode != "check" and not expected.errors:
                yield ReplayItem.from_parent(self, name=f"{mode}-replayed", mode=mode)


class ProgramItem(pytest.Item):
    """One program in one mode."""

    def __init__(self, *, mode, expected, **kwargs):
        super().__init__(**kwargs)
        self.mode = mode
        self.expected = expected

    def runtest(self):
        faulthandler.dump_traceback_later(HARD_LIMIT_S, exit=True)
        try:
            mismatches = judge(self.path, self.mode, self.expected)
        finally:
            faulthandler.cancel_dump_traceback_later()
        if mismatches:
            raise Mismatch("\n".join(mismatches))

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, Mismatch):
            return f"{self.path}:1 ({self.mode})\n{excinfo.value}"
        return super().repr_failure(excinfo, "short")

    def reportinfo(self):
        return self.path, 0, f"{self.path.relative_to(TESTS)} ({self.mode})"


class ReplayItem(pytest.Item):
    """One program in one mode, recorded, and replayed from its own journal."""

    def __init__(self, *, mode, **kwargs):
        super().__init__(**kwargs)
        self.mode = mode

    def runtest(self):
        faulthandler.dump_traceback_later(HARD_LIMIT_S, exit=True)
        try:
            with tempfile.TemporaryDirectory() as folder:
                self._compare(os.path.join(folder, "run.jsonl"))
        finally:
            faulthandler.cancel_dump_traceback_later()

    def _compare(self, journal):
        import lumen

        interpreter = lumen.Interpreter(deterministic=self.mode == "fifo", timeout_s=RUN_LIMIT_S)
        then = interpreter.run(str(self.path), check=False, record=journal)
        now = lumen.Interpreter().replay(journal, check=False)
        problems = _differences(then, now)
        if problems:
            raise Mismatch("\n".join(problems))

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, Mismatch):
            return f"{self.path}:1 ({self.name})\n{excinfo.value}"
        return super().repr_failure(excinfo, "short")

    def reportinfo(self):
        return self.path, 0, f"{self.path.relative_to(TESTS)} ({self.name})"


def _differences(then, now):
    """What a replay did otherwise than the run that it repeats."""
    from lumen.values.display import show

    problems = []
    if then.output != now.output:
        problems.append(_compare_output(then.output.split("\n"), now.output.split("\n")))
    if show(then.value) != show(now.value):
        problems.append(f"value of main: {show(now.value)}, recorded {show(then.value)}")
    if (then.error is None) != (now.error is None):
        problems.append(f"failure: {now.error}\nrecorded: {then.error}")
    elif then.error is not None:
        was, now_is = (
            [error.code, error.message, error.details.get("line"), error.details.get("column")]
            for error in (then.error, now.error)
        )
        if was != now_is:
            problems.append(f"failure: {now_is}\nrecorded: {was}\n{now.error}")
    return problems


class Mismatch(Exception):
    """What a program did is not what its comments say."""


def judge(path, mode, expected) -> list[str]:
    """Run a program and list what differs from its expectations."""
    import lumen
    from lumen.values.display import show

    interpreter = lumen.Interpreter(deterministic=mode == "fifo", timeout_s=RUN_LIMIT_S)
    problems: list[str] = []
    if expected.diagnostics or expected.no_warnings or mode == "check":
        problems += _compare_diagnostics(interpreter.check(str(path)).diagnostics, expected)
        if expected.errors or mode == "check":
            return problems
    result = interpreter.run(str(path), check=False)
    printed = [line.rstrip() for line in result.output.split("\n")]
    if printed[-1] == "":
        printed.pop()
    if result.error is not None and expected.failure is None:
        problems.append(f"failed unexpectedly:\n{result.error}")
    if printed != expected.output:
        problems.append(_compare_output(expected.output, printed))
    if expected.failure is not None:
        problems += _compare_failure(result.error, expected.failure)
    if expected.value is not None and result.error is None and show(result.value) != expected.value:
        problems.append(f"value of main: {show(result.value)}, expected {expected.value}")
    return problems


def _compare_output(expected: list[str], printed: list[str]) -> str:
    lines = ["printed           | expected"]
    for i in range(max(len(expected), len(printed))):
        got = printed[i] if i < len(printed) else "(nothing)"
        want = expected[i] if i < len(expected) else "(nothing)"
        lines.append(f"{' ' if got == want else '!'} {got:<30} | {want}")
    return "\n".join(lines)


def _compare_failure(error, expected) -> list[str]:
    if error is None:
        return [f"ended well, expected: {expected}"]
    details = error.details
    # A failure without a place of its own (a deadlock) tells its story in the report.
    said = error.message if expected.line is not None else str(error)
    problems = _compare_words(error.code, said, expected)
    if expected.line is not None:
        problems += _compare_place(details, expected)
    return [f"{problem}\nthe whole report:\n{error}" for problem in problems[:1]] + problems[1:]


def _compare_words(code, message, expected) -> list[str]:
    problems = []
    if expected.code is not None and code != expected.code:
        problems.append(f"code is {code}, expected: {expected}")
    if expected.words is not None and expected.words.replace('\\"', '"') not in message:
        problems.append(f"message is {message!r}, expected: {expected}")
    return problems


def _compare_place(place, expected) -> list[str]:
    where = f"{place.get('file')}:{place.get('line')}:{place.get('column')}"
    same = (
        place.get("file")
        and Path(place["file"]).resolve() == expected.file.resolve()
        and place.get("line") == expected.line
    )
    if not same or (expected.column is not None and place.get("column") != expected.column):
        return [f"the place is {where}, expected: {expected}"]
    return []


def _compare_diagnostics(found, expected) -> list[str]:
    problems = []
    left = list(found)
    for wanted in expected.diagnostics:
        for diagnostic in left:
            words = " ".join(filter(None, (diagnostic["message"], diagnostic.get("hint"))))
            if (
                diagnostic["severity"] == wanted.kind
                and not _compare_words(diagnostic["code"], words, wanted)
                and not _compare_place(diagnostic, wanted)
            ):
                left.remove(diagnostic)
                break
        else:
            problems.append(f"not reported: {wanted}")
    for diagnostic in left:
        if diagnostic["code"] == "import-failed":
            continue  # follows from an error in the module, which is reported itself
        # Warnings and hints beside those asked for may come and go; an error may not.
        if (
            diagnostic["severity"] == "error"
            or (expected.no_warnings and diagnostic["severity"] == "warning")
            or problems
        ):
            at = f"{Path(diagnostic['file']).name}:{diagnostic['line']}:{diagnostic['column']}"
            problems.append(
                f"reported: {diagnostic['severity']} [{diagnostic['code']}] {diagnostic['message']} at {at}"
            )
    return problems
