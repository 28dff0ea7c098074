"""Recorded runs in changing surroundings: one output and one journal in FIFO mode; a replay that agrees in both modes.

`soak` runs each program with `--deterministic --record` in fresh processes, under changing load, with other hash seeds,
folders, working directories, locales, time zones, clocks, and on every Python that is given in `LUMEN_SOAK_PYTHONS`
(paths, separated by colons). `replays` records in this process, many times in eager mode, and replays each recording.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from lumen.compiler.cache import CodeCache
from lumen.journal.divergence import Divergence
from lumen.journal.errors import JournalError
from lumen.journal.reading import verify
from lumen.runtime.loader import ProgramErrors
from tests.soak import recording
from tests.soak.deterministic import LOCALES, change_load

COUNT = 1000
"""Runs of each program."""
ROOT = Path(__file__).parents[2]
PROGRAMS = sorted(
    path
    for folder in ("examples", "tests/soak/programs", "tests/soak/recorded")
    for path in (ROOT / folder).glob("*.lumen*")
    if "_test." not in path.name
)
_CLOCK = """
import sys, time
shift = float(sys.argv.pop(1))
for name in ("time", "monotonic", "perf_counter"):
    def shifted(real=getattr(time, name)):
        return real() + shift
    setattr(time, name, shifted)
for name in ("time_ns", "monotonic_ns", "perf_counter_ns"):
    def shifted(real=getattr(time, name)):
        return real() + int(shift * 1e9)
    setattr(time, name, shifted)
from lumen.cli.main import main
sys.exit(main())
"""
"""Starts the command line with every clock of Python shifted."""


def soak(count: int, seed: int) -> tuple[list[str], dict[str, object]]:
    """Problems found, and figures."""
    chance = random.Random(seed)
    problems: list[str] = []
    figures: Counter[str] = Counter()
    load: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="lumen-soak-") as top:
        try:
            for path in PROGRAMS:
                firsts: dict[str, bytes] = {}
                for number in range(count):
                    change_load(load, chance)
                    seen = _run_once(path, Path(top) / f"{chance.random()}", Path(top) / "cache", chance)
                    figures["runs"] += 1
                    for name, content in seen.items():
                        first = firsts.setdefault(name, content)
                        if first != content:
                            problems.append(f"{path.name}, run {number}, another {name}: {_where(first, content)}")
                figures["programs"] += 1
                figures["journals that differ"] += sum(f"{path.name}," in problem for problem in problems)
        finally:
            for process in load:
                process.kill()
                process.wait()
    return problems, dict(figures)


def _run_once(path: Path, folder: Path, cache: Path, chance: random.Random) -> dict[str, bytes]:
    """Output, messages, exit code, and journal but for the time it was made at."""
    shutil.copytree(path.parent, folder / path.parent.name)
    shutil.copytree(ROOT / "examples", folder / "examples", dirs_exist_ok=True)  # one of them reads its data from there
    program = folder / path.parent.name / path.name
    journal = folder / "journal.jsonl"
    cwd, name = folder, f"{path.parent.name}/{path.name}"
    if chance.random() < 0.5 and "read_file" not in path.read_text():
        cwd, name = chance.choice(
            ((program.parent, path.name), (Path("/"), str(program)), (cache.parent, str(program)))
        )
    words = ["run", "--deterministic", "--seed", "7", "--record", str(journal), name]
    for key, value in recording.ARGUMENTS.get(path.name, {}).items():
        words += ["--arg", f"{key}={value}"]
    shift = chance.choice((0.0, 0.0, 1e6, -1e6, chance.random() * 1e8))
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": str(chance.randrange(2**32)),
        "LC_ALL": chance.choice(LOCALES),
        "TZ": chance.choice(("UTC", "Asia/Kathmandu", "America/St_Johns")),
        "LUMEN_CACHE_DIR": str(cache) if chance.random() < 0.8 else str(folder / "cold"),
    }
    done = subprocess.run(
        [chance.choice(_pythons()), "-c", _CLOCK, str(shift), *words],
        cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    seen = {"exit code": str(done.returncode).encode(), "output": done.stdout}
    if cwd == folder:
        seen["message"] = done.stderr  # it names files as the command line did
    if journal.exists():
        seen["journal"] = re.sub(rb'"recorded":\{[^}]*\}', b"", journal.read_bytes(), count=1)
        try:
            seen["verdict"] = str(verify(journal).finished).encode()
        except JournalError as error:
            seen["verdict"] = error.code.encode()
    shutil.rmtree(folder)
    return seen


def _pythons() -> list[str]:
    return [path for path in os.environ.get("LUMEN_SOAK_PYTHONS", "").split(":") if path] or [sys.executable]


def _where(first: bytes, second: bytes) -> str:
    for one, other in zip(first.split(b"\n"), second.split(b"\n"), strict=False):
        if one != other:
            return f"{one[:300]!r} and {other[:300]!r}"
    return f"{len(first)} and {len(second)} bytes"


# --- replays ----------------------------------------------------------------------------------------------------------


def replays(paths: list[Path], times: int) -> tuple[list[str], Counter[str]]:
    """Record each program `times` times in eager mode and once in FIFO mode, and replay every recording."""
    problems: list[str] = []
    figures: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="lumen-soak-") as top:
        cache = CodeCache(Path(top) / "cache")
        for path in paths:
            for is_fifo in (False, True):
                try:
                    program = recording.loaded(path, is_fifo=is_fifo, cache=cache)
                except ProgramErrors:
                    figures["do not compile"] += 1
                    continue
                for number in range(1 if is_fifo else times):
                    for is_minimal in (False, True):
                        wrong = _replayed(program, path, Path(top) / "j", cache, is_minimal)
                        figures["replays"] += 1
                        if wrong:
                            mode = ("FIFO" if is_fifo else "eager") + (", minimal" if is_minimal else "")
                            problems.append(f"{path}, {mode}, run {number}: {wrong}")
                            figures["replays that differ"] += 1
                            kept = Path(tempfile.gettempdir()) / f"lumen-replay-{os.getpid()}-{len(problems)}.jsonl"
                            if len(problems) < 20:
                                shutil.copy(Path(top) / "j", kept)
                                problems[-1] += f" (journal kept in {kept})"
    return problems, figures


def _replayed(program: object, path: Path, journal: Path, cache: CodeCache, is_minimal: bool) -> str | None:
    """Record and replay once; what is wrong."""
    journal.unlink(missing_ok=True)
    told = recording.record(program, path, journal, is_minimal=is_minimal)
    found = recording.replay(journal, cache=cache)
    if isinstance(found, Divergence):
        return f"{found.message} (recorded at {found.recorded_place}, actual at {found.actual_place})"
    return None if found == told else f"told {told}, replayed {found}"
