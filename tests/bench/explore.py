"""How many schedules of a small test are explored in a second: an absolute figure, since nobody else runs Lumen."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from lumen.kernel.explore import Explore
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, Options
from lumen.runtime.output import Output
from lumen.testing.explore import PASSED, Verdict
from lumen.testing.schedules import nth_chooser
from tests.bench.measure import Row

SCHEDULES = 2_000
GOAL = 2_000

TWO_TASKS = """
cell add(box, n)
  let value = await box.receive()
  sleep(1)
  await box.send(value + n)
end

cell test_sum()
  let box = channel(capacity: 1)
  await box.send(0)
  await [spawn(add(box, 1)), spawn(add(box, 2))]
  assert_eq(await box.receive(), 3)
end
"""
PIPELINE = """
cell stage(from_channel, to_channel)
  for item in from_channel
    await to_channel.send(item + 1)
  end
  to_channel.close()
end

cell test_pipeline()
  let channels = [channel(capacity: i % 2) for i in 0..4]
  let stages = [spawn(stage(channels[i], channels[i + 1])) for i in 0..3]
  let feed = spawn(fn()
    for i in 0..5
      await channels[0].send(i)
    end
    channels[0].close()
  end)
  assert_eq(await channels[3].receive_all(), [3, 4, 5, 6, 7])
  await [feed, stages]
end
"""


def _search(source: str, cell: str, schedules: int) -> None:
    """Schedules of a seed, as a search goes through them after the first, shortest ones."""
    loader = Loader(Options(deterministic=True, seeded=True))
    unit = loader.load_program("bench.lumen", source.encode())

    def run_once(policy: Explore) -> Verdict:
        settings = Settings()
        settings.cell = cell
        settings.policy = policy
        settings.notes_leaks = True
        outcome = Run(loader, unit, Output(None, keep=True), settings).run()
        return PASSED if outcome.report is None else Verdict(outcome.report.code, outcome.report.message)

    for number in range(schedules):
        policy = Explore(nth_chooser(1, number, 20))
        assert run_once(policy) is PASSED


def _cpu_s(function: Callable[[], None]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def run(quick: bool) -> list[Row]:
    """Schedules in a second of one core, by the best of three searches."""
    schedules = SCHEDULES // 4 if quick else SCHEDULES
    rows = []
    for what, source, cell in (("two tasks", TWO_TASKS, "test_sum"), ("a pipeline of 4", PIPELINE, "test_pipeline")):
        search = partial(_search, source, cell, schedules)
        search()
        rate = schedules / min(_cpu_s(search) for _ in range(3))
        rows.append(Row(f"schedules explored: {what}", "a CPU second", rate, GOAL, at_most=False, unit="/s"))
    return rows
