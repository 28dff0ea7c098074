"""The same programs in FIFO mode, each time in a fresh process, in other surroundings: one output."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

COUNT = 1000
"""Runs, spread over the programs."""

PROGRAMS = Path(__file__).parent / "programs"
ROOT = Path(__file__).parents[2]
LOCALES = ("C", "C.UTF-8", "POSIX", "en_US.UTF-8", "tr_TR.UTF-8")
_BUSY = "while True: pass"


def soak(count: int, seed: int) -> tuple[list[str], dict[str, object]]:
    """Problems found, and figures."""
    chance = random.Random(seed)
    names = sorted(path.name for path in PROGRAMS.glob("*.lumen"))
    seen: dict[str, tuple[int, bytes, bytes]] = {}
    problems = []
    load: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="lumen-soak-") as top:
        warm = os.path.join(top, "cache")
        try:
            for number in range(count):
                change_load(load, chance)
                name = names[number % len(names)]
                outcome = _run_once(name, Path(top) / f"{chance.random()}", warm, chance)
                if b"internal" in outcome[2] or b"Traceback" in outcome[2]:
                    problems.append(f"{name}: {outcome[2].decode(errors='replace')}")
                elif seen.setdefault(name, outcome) != outcome:
                    problems.append(f"{name}, run {number}: {outcome}\n  was first: {seen[name]}")
        finally:
            for process in load:
                process.kill()
                process.wait()
    return problems, {"programs": len(seen), "different outputs": len(seen) + len(problems)}


def change_load(load: list[subprocess.Popen[bytes]], chance: random.Random) -> None:
    """From 0 to 4 processes that do nothing but keep a processor busy."""
    if chance.random() < 0.1:
        if load and chance.random() < 0.6:
            gone = load.pop()
            gone.kill()
            gone.wait()
        elif len(load) < 4:
            load.append(subprocess.Popen([sys.executable, "-S", "-c", _BUSY]))


def _run_once(name: str, folder: Path, warm: str, chance: random.Random) -> tuple[int, bytes, bytes]:
    shutil.copytree(PROGRAMS, folder)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": str(chance.randrange(2**32)),
        "LC_ALL": chance.choice(LOCALES),
        "TZ": chance.choice(("UTC", "Asia/Kathmandu", "America/St_Johns")),
        "LUMEN_CACHE_DIR": warm if chance.random() < 0.8 else str(folder / "cold"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "lumen", "run", name],
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    shutil.rmtree(folder)
    return done.returncode, done.stdout, done.stderr
