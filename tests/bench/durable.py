"""Journals beside the durable engines: Temporal's Replayer and DBOS on SQLite, measured in this same run.

The engines are installed into a venv that is thrown away afterwards; without a network their rows are left out, and a
note says so. Temporal replays a history that is in memory already, and so do we. DBOS looks for the result of a
recovery once a second; what its replay takes without that wait is a row of its own. Lumen's side is a whole run or a
whole replay of a loaded program, in virtual time.

What is made durable when: DBOS commits each step to SQLite with `synchronous = FULL`, so it waits for the disk once a
step. A journal with `--fsync never` (the default) is handed to the system before anything is sent outside, which a
killed process survives and a power cut may not; with `--fsync always` it waits for the disk as DBOS does.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from lumen.compiler.cache import CodeCache
from lumen.journal.blobs import BlobStore
from lumen.journal.reading import read_lines
from lumen.journal.recorder import Recorder
from lumen.journal.store import JournalWriter
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, Options
from lumen.runtime.output import Output
from lumen.runtime.replaying import Recorded
from tests.bench.concurrency import SPAWN, TASKS
from tests.bench.measure import Row, ratio_of_medians, timed

RIVALS = Path(__file__).parent / "rivals"
STEPS = 1_000
EVENTS = 100_000

HELLO = """
use tool bench.hello as Hello

cell main() -> String
  return Hello(name: "World")
end
"""

STEPPED = """
use tool bench.step as Step

cell main() -> Int
  let mut total = 0
  for n in 0..COUNT
    total = total + Step(n: n)
  end
  return total
end
"""

EVENTFUL = """
cell main() -> Int
  for n in 0..COUNT
    print(n)
  end
  return COUNT
end
"""

NAPPING = """
cell main() -> Int
  let mut naps = 0
  while naps < 3_600
    sleep(1_000)
    naps = naps + 1
  end
  return naps
end
"""


def run(quick: bool) -> list[Row]:
    """All rows."""
    with tempfile.TemporaryDirectory(prefix="lumen-bench-") as top:
        folder = Path(top)
        rivals = _rivals(folder, quick)
        return [
            *_beside_temporal(folder, rivals.get("temporal"), quick),
            *_beside_dbos(folder, rivals.get("dbos"), quick),
            *_overhead(folder, quick),
            *_large(folder, quick),
        ]


# --- the rivals -------------------------------------------------------------------------------------------------------


def _rivals(folder: Path, quick: bool) -> dict[str, Any]:
    """What the rivals measured of themselves; without those that can't be had."""
    environment = folder / "rivals"
    venv.create(environment, with_pip=True)
    python = str(environment / ("Scripts" if os.name == "nt" else "bin") / "python")
    commands = {
        "temporal": ("temporalio", [str(RIVALS / "temporal_replays.py"), "300" if quick else "2000"]),
        "dbos": ("dbos", [str(RIVALS / "dbos_steps.py"), str(folder), str(STEPS)]),
    }
    found = {}
    for name, (package, words) in commands.items():
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
        try:
            subprocess.run(install, check=True, capture_output=True, timeout=300)
            done = subprocess.run([python, *words], check=True, capture_output=True, text=True, timeout=300)
            found[name] = json.loads(done.stdout.strip().split("\n")[-1])
            print(f"{package}: {found[name]}", file=sys.stderr)
        except (subprocess.SubprocessError, ValueError) as error:
            print(f"{package} left out: {error}", file=sys.stderr)
    return found


# --- ours -------------------------------------------------------------------------------------------------------------


class _Program:
    """A loaded program that is run again and again."""

    def __init__(self, source: str, *, deterministic: bool = True, counting: bool = True) -> None:
        """`counting`: compiled as for a journal, which counts the rounds of busy code."""
        options = Options(deterministic=deterministic, check_effects=False, counting=counting)
        self.loader = Loader(options, CodeCache(None))
        self.unit = self.loader.load_program("bench.lumen", source.encode())

    def run(self, recorder: Recorder | None = None) -> Any:
        settings = Settings()
        settings.providers = {"bench.hello": lambda name: f"Hello, {name}!", "bench.step": lambda n: n + 1}
        settings.recorder = recorder
        outcome = Run(self.loader, self.unit, Output(None), settings).run()
        if outcome.report is not None:
            raise AssertionError(outcome.report.as_text())
        return outcome.value

    def record(self, journal: Path, fsync: Literal["never", "always"] = "never") -> Any:
        recorder = Recorder(JournalWriter.create(journal, fsync, BlobStore(journal)))
        try:
            return self.run(recorder)
        finally:
            recorder.close()


def _replay(recorded: Recorded) -> Any:
    replayed = recorded.replay(Output(None))
    if replayed.outcome is None or replayed.outcome.report is not None:
        raise AssertionError("the replay differs")
    return replayed.outcome.value


def _seconds(function: Callable[[], Any], times: int) -> float:
    """The median of several times."""
    function()
    return statistics.median(timed(function) for _ in range(times))


def _beside_temporal(folder: Path, rival: dict[str, Any] | None, quick: bool) -> list[Row]:
    journal = folder / "hello.jsonl"
    _Program(HELLO).record(journal)
    recorded = Recorded(str(journal), cache=CodeCache(None), keeps_lines=True)
    count = 200 if quick else 1_000

    def replays() -> None:
        for _ in range(count):
            if _replay(recorded) != "Hello, World!":
                raise AssertionError("wrong result")

    rate = count / _seconds(replays, 3)
    rows = [Row("replays/s of one tool call", "one process", rate, 1_000, at_most=False, unit="/s")]
    if rival is not None:
        rows += [
            Row("replays/s of one tool call", "Temporal, no sandbox", rate / rival["unsandboxed"], 10, at_most=False),
            Row("replays/s of one tool call", "Temporal, sandbox", rate / rival["sandboxed"], 20, at_most=False),
        ]
    return rows


def _beside_dbos(folder: Path, rival: dict[str, Any] | None, quick: bool) -> list[Row]:
    program = _Program(STEPPED.replace("COUNT", str(STEPS)))
    journal = folder / "steps.jsonl"
    times = 3 if quick else 7
    live = STEPS / _seconds(lambda: program.record(journal), times)
    synced = STEPS / _seconds(lambda: program.record(journal, "always"), times)
    recorded = Recorded(str(journal), cache=CodeCache(None))
    replayed = STEPS / _seconds(lambda: _replay(recorded), times)
    rows = [Row("replayed tool calls/s", "one process", replayed, 20_000, at_most=False, unit="/s")]
    if rival is not None:
        rows += [
            Row("recorded tool calls/s, fsync never", "DBOS, SQLite FULL", live / rival["live"], 10, at_most=False),
            Row("recorded tool calls/s, fsync always", "DBOS, SQLite FULL", synced / rival["live"], 2, at_most=False),
            Row("replayed tool calls/s", "DBOS recovery", replayed / rival["recovered"], 40, at_most=False),
            Row("replayed tool calls/s", "DBOS, its wait left out", replayed / rival["replayed"], 5, at_most=False),
        ]
    return rows


def _overhead(folder: Path, quick: bool) -> list[Row]:
    rows = []
    for mode, is_fifo in (("eager", False), ("FIFO", True)):
        plain = _Program(SPAWN, deterministic=is_fifo, counting=False)
        program = _Program(SPAWN, deterministic=is_fifo)
        journal = folder / f"spawn-{mode}.jsonl"

        def recorded(program: _Program = program, journal: Path = journal) -> None:
            if program.record(journal) != TASKS:
                raise AssertionError("wrong result")

        ratio = ratio_of_medians(recorded, plain.run, quick)
        rows.append(Row(f"recording 100,000 spawns, {mode}", "the same, unrecorded", ratio, 1.3, at_most=True))
        steps = 4 * TASKS  # each is spawned, runs, waits, runs to its end
        again = Recorded(str(journal), cache=CodeCache(None))
        rate = steps / _seconds(lambda again=again: _replay(again), 3)  # type: ignore[misc]
        rows.append(Row(f"replayed steps of tasks/s, {mode}", "one process", rate, 200_000, at_most=False, unit="/s"))
    per_task = (folder / "spawn-FIFO.jsonl").stat().st_size / TASKS
    return [*rows, Row("journal: bytes per task", "spawn, sleep, end", per_task, 40, at_most=True, unit="")]


_LARGE = """
import gc, json, resource, sys, time
from lumen.runtime.output import Output
from lumen.runtime.replaying import Recorded
recorded = Recorded(sys.argv[1])
start = time.perf_counter()
value = recorded.replay(Output(None)).outcome.value
print(json.dumps([value, time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def _large(folder: Path, quick: bool) -> list[Row]:
    """Long journals, each replayed in a process of its own."""
    journal = folder / "large.jsonl"
    rows = []
    for events, seconds in ((EVENTS, 1.0),) if quick else ((EVENTS, 1.0), (10 * EVENTS, 10.0)):
        _Program(EVENTFUL.replace("COUNT", str(events))).record(journal)
        lines = sum(1 for _ in read_lines(journal))
        value, took, peak = _replayed_alone(journal)
        if value != events or lines < events:
            raise AssertionError("wrong result")
        name = f"replay of {events:,} printed lines"
        rows += [
            Row(name, "seconds", took, seconds, at_most=True, unit=" s"),
            Row(name, "events/s", lines / took, 200_000, at_most=False, unit="/s"),
            Row(name, "peak RSS", peak, 300, at_most=True, unit=" MB"),
            Row(
                "journal: bytes per printed line",
                f"{events:,} lines",
                journal.stat().st_size / lines,
                200,
                at_most=True,
                unit="",
            ),
        ]
    _Program(NAPPING).record(journal)
    recorded = Recorded(str(journal), cache=CodeCache(None))
    took = _seconds(lambda: _replay(recorded), 5) * 1e3
    return [*rows, Row("replay of 3,600 sleeps of a second", "milliseconds", took, 50, at_most=True, unit=" ms")]


def _replayed_alone(journal: Path) -> Any:
    done = subprocess.run([sys.executable, "-c", _LARGE, str(journal)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    began = time.monotonic()
    for row in run(quick="--quick" in sys.argv):
        print(row, row.holds)
    print(f"{time.monotonic() - began:.0f} s")
