"""Journals and a browser for the tests of what shows them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


def load(name: str):
    """A neighbour of this file, as a module: tests are imported one by one (importlib mode)."""
    full = f"lumen_test_trace_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, Path(__file__).parent / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[full] = module
        spec.loader.exec_module(module)
    return sys.modules[full]


runs = load("runs")


@pytest.fixture
def write_journal():
    return runs.write_journal


@pytest.fixture
def trip(tmp_path: Path) -> Path:
    """The run written by hand: a race of two models, a call that fails."""
    return runs.write_journal(tmp_path / "trip.jsonl")


@pytest.fixture
def otlp():
    """Checks of exported spans."""
    return load("otlp")


@pytest.fixture
def trip_lines() -> list[dict]:
    """Its lines, to be changed."""
    import copy

    return copy.deepcopy(runs.TRIP)


@pytest.fixture
def record(tmp_path: Path):
    """`record(source, name, …options)` → the journal of a deterministic run."""
    return lambda source, name="main", *options: runs.record(tmp_path, source, name, *options)


@pytest.fixture
def record_example(tmp_path: Path):
    """`record_example(path, …options)` → the journal of a run of a program where it stands."""

    def made(program: Path, *options: str) -> Path:
        journal = tmp_path / "example.jsonl"
        runs.main(["run", str(program), "--record", str(journal), *options])
        return journal

    return made


@pytest.fixture
def cli(capsysbinary):
    """`cli(word, …)` runs `lumen trace` in this process: (exit code, stdout, stderr)."""
    from lumen.cli.main import main

    def run(*words: object) -> tuple[int, str, str]:
        capsysbinary.readouterr()
        code = main(["trace", *map(str, words)])
        got = capsysbinary.readouterr()
        out, err = got.out.decode("utf-8"), got.err.decode("utf-8")
        assert "Traceback" not in err
        assert "error[internal]" not in err
        return code, out, err

    return run


@pytest.fixture(scope="session")
def browser():
    """Chromium, started once for all tests of the page."""
    driver = load("browser")
    executable = driver.find_chromium()
    if executable is None:
        pytest.skip("no Chromium on the path: `apt-get install chromium` has the timeline tested for what it shows")
    with driver.Browser(executable) as started:
        yield started
