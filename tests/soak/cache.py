"""Processes that race for a cold cache, while somebody damages its entries: every run prints what it should."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COUNT = 20
"""Rounds; in each, PROCESSES start at once on one program and one empty cache, and again on a damaged one."""
PROCESSES = 16
ROOT = Path(__file__).parents[2]
_MAIN = (
    "import shapes: area, Square\nimport std.list: *\nprint(area(Square(3)))\ncell main()\n"
    "  return area(Square({n}))\nend\n"
)
_SHAPES = "record Square(side: Int) end\ncell area(s: Square) -> Int\n  return s.side * s.side\nend\n"


def soak(count: int, seed: int) -> tuple[list[str], dict[str, object]]:
    """Problems found, and figures."""
    chance = random.Random(seed)
    problems: list[str] = []
    damaged = 0
    with tempfile.TemporaryDirectory(prefix="lumen-soak-") as top:
        for number in range(count):
            folder = Path(top) / str(number)
            folder.mkdir()
            (folder / "main.lumen").write_text(_MAIN.format(n=number))
            (folder / "shapes.lumen").write_text(_SHAPES)
            cache = folder / "cache"
            expected = f"9\n{number * number}\n".encode()
            for _ in range(2):
                running = [_start(folder, cache) for _ in range(PROCESSES)]
                while any(process.poll() is None for process in running):
                    damaged += _damage(cache, chance)
                    time.sleep(0.005)
                for process in running:
                    out, err = process.communicate()
                    if (process.returncode, out, err) != (0, expected, b""):
                        problems.append(f"round {number}: exit {process.returncode}, {out!r}, {err.decode()}")
    return problems, {"processes": count * PROCESSES * 2, "entries damaged": damaged, "wrong": len(problems)}


def _start(folder: Path, cache: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "lumen", "run", "main.lumen"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LUMEN_CACHE_DIR": str(cache)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _damage(cache: Path, chance: random.Random) -> int:
    """Cut, overwrite, empty or delete one entry, or put a folder in its place."""
    entries = [path for path in cache.rglob("*") if path.is_file()]
    if not entries:
        return 0
    entry = chance.choice(entries)
    try:
        data = entry.read_bytes()
        how = chance.randrange(6)
        if how == 0:
            entry.write_bytes(data[: chance.randrange(len(data) + 1)])
        elif how == 1 and data:
            at = chance.randrange(len(data))
            entry.write_bytes(data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :])
        elif how == 2:
            entry.write_bytes(chance.randbytes(len(data)))
        elif how == 3:
            entry.unlink()
        elif how == 4:
            entry.write_bytes(b"")
        else:
            entry.unlink()
            entry.mkdir()
    except OSError:
        return 0
    return 1
