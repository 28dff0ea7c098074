"""Spawn paths: the same for the same task, whatever else happens, and however the log is cut."""

from __future__ import annotations

import random

import pytest

from lumen.kernel.ops import CANCEL, CANCELLED, COMPLETED, KINDS, SETTLED, SLEEP, SPAWN, SPAWN_IN, WAITS
from lumen.testing.paths import SpawnPaths, shown_path

SITES = ["spawn(work(x))", "parallel", "spawn(other())"]
PARALLEL = KINDS.index("parallel")
OPS = [
    SPAWN_IN, 0, -1, 0,             # 1: the main task
    1, SPAWN - 0, SPAWN - 0, SLEEP, 5, SPAWN - 2,  # 2, 3, 4 made by 1
    SPAWN_IN, 1, 1, PARALLEL,       # 5: a construct inside 1 …
    SPAWN_IN, 5, 1, 0, SPAWN_IN, 5, 1, 0, WAITS,  # 6, 7: … and its branches
    2, SPAWN - 0, COMPLETED,        # 8 made by 2, at the same place as 2
    7, CANCEL, 4, SPAWN - 0, CANCELLED,  # 9 made by 7
    SETTLED, 5, COMPLETED,
    1, SPAWN - 0, COMPLETED,        # 10: the third made by 1 at the first place
]  # fmt: skip
EXPECTED = {
    1: "0#1",
    2: "spawn(work(x))#1",
    3: "spawn(work(x))#2",
    4: "spawn(other())#1",
    5: "1:parallel#1",
    6: "1:parallel#1\n0:parallel#1",
    7: "1:parallel#1\n0:parallel#2",
    8: "spawn(work(x))#1\nspawn(work(x))#1",
    9: "1:parallel#1\n0:parallel#2\nspawn(work(x))#1",
    10: "spawn(work(x))#3",
}


def test_paths():
    paths = SpawnPaths(is_virtual=True)
    paths.feed(OPS, SITES.__getitem__)
    found = {task: paths.path(task) for task in range(1, 11)}
    assert found.pop(1) == ""
    assert found == {task: path for task, path in EXPECTED.items() if task != 1}


@pytest.mark.parametrize("seed", range(20))
def test_a_log_may_be_cut_between_any_two_ops(seed):
    chosen = random.Random(seed)
    # Starts of ops, so that no op is cut apart; the recorder never does that.
    starts, at = [], 0
    lengths = {SPAWN_IN: 4, CANCEL: 2, SETTLED: 3, SLEEP: 2}
    while at < len(OPS):
        starts.append(at)
        at += lengths.get(OPS[at], 1)
    cuts = sorted(chosen.sample(starts, 6))
    paths = SpawnPaths(is_virtual=True)
    for start, end in zip([0, *cuts], [*cuts, len(OPS)], strict=True):
        paths.feed(OPS[start:end], SITES.__getitem__)
    assert {task: paths.path(task) for task in range(2, 11)} == {t: p for t, p in EXPECTED.items() if t != 1}


def test_in_words():
    assert shown_path("") == "the main task"
    assert shown_path(EXPECTED[9]) == "`parallel` › `parallel` (2nd) › `spawn(work(x))`"
    assert shown_path("f()#11\nf()#3\nf()#21") == "`f()` (11th) › `f()` (3rd) › `f()` (21st)"


def test_a_program_gives_the_paths_it_should(project):
    """Two runs of a program whose tasks end in another order each time have the same paths."""
    from lumen.journal.store import MemoryJournal
    from lumen.testing.discover import collect
    from lumen.testing.door import Door
    from lumen.testing.runner import RunOptions, attempt

    program = """
    cell work(n)
      sleep(random_int(0, 9))
      let inner = [spawn(leaf(k)) for k in 0..2]
      return await inner
    end
    cell leaf(k)
      sleep(random_int(0, 9))
      return k
    end
    cell test_x()
      let first = [spawn(work(n)) for n in 0..2]
      let second = await parallel for n in 0..2
        work(n)
      end
      return [await first, second]
    end
    """
    project.write("m_test.lumen", program)
    case = collect("m_test.lumen").cases[0]
    seen = set()
    for seed in range(30):
        lines = MemoryJournal()
        attempt(case, RunOptions(seed=seed), Door(case.file.folder), lines)
        paths = SpawnPaths(is_virtual=True)
        sites: list[str] = []
        count = 0
        for line in lines.lines():
            if line["event"] == "tasks":
                sites += [site[3] for site in line["sites"]]
                paths.feed(line["ops"], sites.__getitem__)
                count = len(paths._tasks)
        seen.add(tuple(sorted(paths.path(task) for task in range(1, count))))
    assert len(seen) == 1
