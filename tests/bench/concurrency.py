"""Tasks, sleeps, channels, memory and deadlines: Lumen programs beside the same thing on Trio and asyncio.

Lumen's side is a whole run of a program, its compilation included. Work that sleeps is measured in CPU seconds, since
the waiting itself is the same for all; the rest in wall-clock seconds. A Lumen run raises the thresholds of Python's
garbage collector while it lasts (`runtime/limits.py`), as part of what it does; the others run with Python's defaults.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import trio

import lumen
from tests.bench.measure import Row, ratio_of_medians, timed

TASKS = 100_000
SLEEPS = 20_000

SPAWN = """
cell work(i: Int) -> Int
  sleep(0)
  return i
end

cell main() -> Int
  let futures = [spawn(work(i)) for i in 0..100_000]
  let results = await futures
  return length(results)
end
"""

PLAIN_PARALLEL = """
extern cell clock() -> Float

cell work(i: Int) -> Int
  return i * 2 + 1
end

cell main() -> Float
  let start = clock()
  let results = await parallel for i in 0..100_000
    work(i)
  end
  let seconds = clock() - start
  assert length(results) == 100_000
  return seconds
end
"""

NAPS = """
cell nap(i: Int) -> Int
  sleep(20)
  return i
end

cell main() -> Int
  let futures = [spawn(nap(i)) for i in 0..20_000]
  return length(await futures)
end
"""

CHANNEL = """
cell produce(out: Channel[Int])
  for i in 0..100_000
    out.send(i)
  end
  out.close()
end

cell main() -> Int
  let numbers: Channel[Int] = channel()
  let producer = spawn(produce(numbers))
  let mut total = 0
  for x in numbers
    total = total + x
  end
  await producer
  return total
end
"""


def _lumen(source: str, expected: int) -> Callable[[], None]:
    def run() -> None:
        if lumen.run(source).value != expected:
            raise AssertionError("wrong result")

    return run


# --- The same on Trio and asyncio -------------------------------------------------------------


async def _trio_spawn() -> None:
    results = [0] * TASKS

    async def work(i: int) -> None:
        await trio.lowlevel.checkpoint()
        results[i] = i

    async with trio.open_nursery() as nursery:
        for i in range(TASKS):
            nursery.start_soon(work, i)


async def _asyncio_spawn() -> None:
    async def work(i: int) -> int:
        await asyncio.sleep(0)
        return i

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work(i)) for i in range(TASKS)]
    [task.result() for task in tasks]


async def _trio_naps() -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(SLEEPS):
            nursery.start_soon(trio.sleep, 0.02)


async def _asyncio_naps() -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(SLEEPS):
            group.create_task(asyncio.sleep(0.02))


async def _trio_channel() -> None:
    sender, receiver = trio.open_memory_channel[int](0)

    async def produce() -> None:
        async with sender:
            for i in range(TASKS):
                await sender.send(i)

    total = 0
    async with trio.open_nursery() as nursery:
        nursery.start_soon(produce)
        async for x in receiver:
            total += x


def _plain_loop() -> None:
    def work(i: int) -> int:
        return i * 2 + 1

    results = []
    for i in range(TASKS):
        results.append(work(i))


def _plain_parallel() -> float:
    """The construct alone, timed by the program itself: it takes less time than compiling it."""
    ours: list[float] = []
    theirs: list[float] = []
    interpreter = lumen.Interpreter(externs={"clock": time.perf_counter})
    for _ in range(9):
        ours.append(interpreter.run(PLAIN_PARALLEL).value)
        theirs.append(timed(_plain_loop))
    return statistics.median(ours) / statistics.median(theirs)


def _cpu_ratio(ours: Callable[[], Any], theirs: Callable[[], Any], quick: bool) -> float:
    a: list[float] = []
    b: list[float] = []
    for _ in range(3 if quick else 5):
        for function, found in ((ours, a), (theirs, b)):
            start = time.process_time()
            function()
            found.append(time.process_time() - start)
    return statistics.median(b) / statistics.median(a)


# --- Memory and deadlines ---------------------------------------------------------------------

PARKED = """
extern cell rss() -> Int
cell wait_long(i: Int)
  sleep(600_000)
end
cell main() -> Int
  let before = rss()
  let futures = [spawn(wait_long(i)) for i in 0..COUNT]
  return rss() - before
end
"""

_LUMEN_CHILD = """
import resource, sys, lumen
def rss():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()
source = sys.stdin.read()
rss()
interpreter = lumen.Interpreter(externs={"rss": rss}, on_exit="cancel")
interpreter.run(source.replace("COUNT", "10"))
print(interpreter.run(source).value, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""

_ASYNCIO_CHILD = """
import asyncio, resource, sys
def rss():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()
async def wait_long(i):
    await asyncio.sleep(600)
async def main():
    before = rss()
    tasks = [asyncio.create_task(wait_long(i)) for i in range(COUNT)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print(rss() - before, 0)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
asyncio.run(main())
"""


def _child(code: str, text: str) -> tuple[int, int]:
    done = subprocess.run([sys.executable, "-c", code], input=text, text=True, check=True, capture_output=True)
    grown, peak = done.stdout.split()
    return int(grown), int(peak)


def _memory(quick: bool) -> list[Row]:
    if sys.platform != "linux":
        return []
    ours, _ = _child(_LUMEN_CHILD, PARKED.replace("COUNT", str(TASKS)))
    theirs, _ = _child(_ASYNCIO_CHILD.replace("COUNT", str(TASKS)), "")
    rows = [
        Row("memory: bytes per parked task", "100,000 tasks", ours / TASKS, 900, at_most=True, unit=""),
        Row("memory: parked task", "asyncio", ours / theirs, 1.0, at_most=True),
    ]
    if not quick:
        _, peak = _child(_LUMEN_CHILD, PARKED.replace("COUNT", "1_000_000"))
        rows.append(Row("memory: GB at 1,000,000 parked tasks", "peak RSS", peak / 1e9, 1.2, at_most=True, unit=""))
    return rows


DEADLINE = """
cell spin()
  let mut n = 0
  while true
    n = n + 1
  end
end

cell count_up(limit: Int) -> Int
  let mut n = 0
  while n < limit
    n = n + 1
  end
  return n
end

cell main()
  await CONSTRUCT
end
"""

CONSTRUCTS = {
    "timeout, endless loop": "timeout(100, spin())",
    "timeout, long plain loop": "timeout(100, count_up(1_000_000_000))",
    "race, endless loop": "race(spin(), sleep(100))",
    "race, long plain loop": "race(count_up(1_000_000_000), sleep(100))",
}


def _deadlines(quick: bool) -> list[Row]:
    """How late a busy branch is stopped, in milliseconds; the compilation is not counted."""
    rows = []
    for name, construct in CONSTRUCTS.items():
        source = DEADLINE.replace("CONSTRUCT", construct)
        idle = DEADLINE.replace("CONSTRUCT", "timeout(100, sleep(1_000))")
        late: list[float] = []
        for _ in range(3 if quick else 7):
            spent = []
            for text in (source, idle):
                start = time.perf_counter()
                lumen.run(text)
                spent.append(time.perf_counter() - start)
            late.append((spent[0] - spent[1]) * 1e3)
        rows.append(Row(f"deadline: {name}", "an idle branch", max(late), 20, at_most=True, unit=" ms"))
    return rows


def run(quick: bool) -> list[Row]:
    """All rows; on a machine without `/proc` the memory ones are left out."""
    expected_sum = TASKS * (TASKS - 1) // 2
    spawn = _lumen(SPAWN, TASKS)
    rows = [
        Row("tasks: spawn + await of 100,000", other, 1 / ratio_of_medians(spawn, theirs, quick), goal, at_most=False)
        for other, theirs, goal in (
            ("Trio nursery", lambda: trio.run(_trio_spawn), 5.0),
            ("asyncio TaskGroup", lambda: asyncio.run(_asyncio_spawn()), 2.5),
        )
    ]
    rows.append(Row("parallel for, 100,000 plain bodies", "a Python loop", _plain_parallel(), 1.5, at_most=True))
    naps = _lumen(NAPS, SLEEPS)
    for other, theirs, goal in (
        ("asyncio", lambda: asyncio.run(_asyncio_naps()), 2.0),
        ("Trio", lambda: trio.run(_trio_naps), 6.0),
    ):
        rows.append(Row("sleeps: 20,000 at once", other, _cpu_ratio(naps, theirs, quick), goal, at_most=False))
    channel = 1 / ratio_of_medians(_lumen(CHANNEL, expected_sum), lambda: trio.run(_trio_channel), quick)
    rows.append(Row("channel: 100,000 rendezvous sends", "Trio channel", channel, 3.0, at_most=False))
    return rows + _memory(quick) + _deadlines(quick)
