"""examples/testing: a flaky service recorded once and replayed in tests, and a race that exploration finds."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "testing"


def lumen(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lumen", "test", *words],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, encoding="utf-8",
        timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture
def copy(tmp_path):
    """The example in a folder of its own, where its service leaves a trace when it is loaded."""
    folder = tmp_path / "testing"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "service.py").open("a", encoding="utf-8") as file:
        file.write(
            "\n_today = today\ndef today(city: str):\n    open('called', 'a').write(city)\n    return _today(city)\n"
        )
    return folder


@pytest.mark.slow
def test_the_tests_pass_without_the_service(copy):
    done = lumen(copy)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "9 passed" in done.stdout
    assert not (copy / "called").exists()


@pytest.mark.slow
def test_recorded_anew(copy):
    shutil.rmtree(copy / "replays")
    assert lumen(copy, "-k", "flaky").returncode == 3
    assert lumen(copy, "--record").returncode == 0
    assert (copy / "called").read_text().count("Lisbon") >= 4
    called = (copy / "called").read_bytes()
    assert lumen(copy).returncode == 0
    assert lumen(copy, "--update", "-k", "flaky").returncode in (0, 3)  # the weather may be the same
    (copy / "called").write_bytes(called)
    assert lumen(copy).returncode == 0
    assert (copy / "called").read_bytes() == called


@pytest.mark.slow
def test_exploration_finds_the_careless_deposits_alone(copy):
    done = lumen(copy, "account_test.lumen", "--explore", "200", "--format", "json")
    assert done.returncode == 3
    assert {test["test"]: test["outcome"] for test in json.loads(done.stdout)["tests"]} == {
        "test_careful_deposits": "passed", "test_careless_deposits": "failed",
    }  # fmt: skip
    text = next(test["text"] for test in json.loads(done.stdout)["tests"] if test["text"])
    test, schedule = re.search(r"lumen test (\S+) --schedule (\S+)", text).groups()
    again = lumen(copy, test, "--schedule", schedule)
    assert again.returncode == 3
    assert "expected 30, got 10" in again.stdout
