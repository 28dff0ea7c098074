"""Whole processes: how long the command line takes to start, beside a bare Python."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

from tests.bench.measure import Row


def run(quick: bool) -> list[Row]:
    """Warm `lumen run hello.lumen` and `lumen --version`, in turn with `python -c pass`."""
    runs = 9 if quick else 25
    with tempfile.TemporaryDirectory() as folder:
        hello = os.path.join(folder, "hello.lumen")
        with open(hello, "w", encoding="utf-8") as file:
            file.write('cell main()\n  print("hello")\nend\n')
        env = {**os.environ, "LUMEN_CACHE_DIR": os.path.join(folder, "cache")}
        bare = [sys.executable, "-c", "pass"]
        commands = {
            "warm run hello.lumen": ([sys.executable, "-m", "lumen", "run", hello], 4.0),
            "--version": ([sys.executable, "-m", "lumen", "--version"], 2.5),
        }
        rows = []
        for name, (command, goal) in commands.items():
            subprocess.run(command, env=env, check=True, capture_output=True)  # fills the caches
            ours: list[float] = []
            theirs: list[float] = []
            for _ in range(runs):
                ours.append(_seconds(command, env))
                theirs.append(_seconds(bare, env))
            ratio = statistics.median(ours) / statistics.median(theirs)
            rows.append(Row(f"start: {name}", "python -c pass", ratio, goal, at_most=True))
    return rows


def _seconds(command: list[str], env: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=env, check=True, capture_output=True)
    return time.perf_counter() - start
