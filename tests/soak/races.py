"""Races, timeouts and selects whose losers are cancelled in every state: no task and no thread may be left."""

from __future__ import annotations

import gc
import random
import sys
import threading
from io import StringIO

from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, Options
from lumen.runtime.output import Output

COUNT = 10_000
"""Constructs that are cancelled."""

_PROGRAM = """
use tool soak.quick as Quick
use tool soak.gentle as Gentle

cell forever(ch: Channel[Int])
  defer
    sleep(0)
  end
  parallel
    ch.receive()
    sleep(1_000_000)
    spawn(sleep(1_000_000))
  end
  sleep(1_000_000)
end

cell busy()
  let mut i = 0
  while true
    i = i + 1
  end
end

cell pulls() -> yield Int
  defer
    sleep(0)
  end
  while true
    sleep(0)
    yield 1
  end
end

cell endless()
  for x in pulls()
    sleep(0)
  end
end

cell one(kind: Int, i: Int, ch: Channel[Int]) -> Int
  match kind
    0 -> return (await race(sleep(0), forever(ch), i)) ?? i
    1 -> return (await timeout(0, forever(ch))) ?? i
    2 ->
      await select
        a = ch.receive()
        b = forever(ch)
        c = sleep(0)
      end
      return i
    3 ->
      let f = spawn(forever(ch))
      f.cancel()
      return i
    4 -> return await race(Quick(n: i), forever(ch))
    5 -> return await race(Gentle(n: i), forever(ch), endless())
    6 ->
      let r = attempt(fn() => await parallel(forever(ch), fail("no"), spawn(forever(ch))))
      return i
    7 -> return await vote(i, i, forever(ch))
    8 -> return (await timeout(0, endless())) ?? i
    9 -> return (await timeout(i % 3, await spawn(forever(ch)))) ?? i
    _ -> return (await timeout(1, busy())) ?? i
  end
end

cell main(count: Int)
  let ch = channel()
  let kinds = [0, 1, 2, 3, 6, 7, 8, 9, 0, 1, 2, 3, 6, 7, 8, 9, 4, 5, 0, 1, 2, 3, 6, 7, 8, 9, 0, 1, 2, 3, 6, 7, 8, 9, 10]
  let mut i = 0
  while i < count
    let some = await parallel for j in 0..10
      one(kinds[(i + j) % length(kinds)], i + j, ch)
    end
    assert some == [n for n in i..i + 10]
    i = i + 10
  end
  return i
end
"""


def soak(count: int, seed: int) -> tuple[list[str], dict[str, object]]:
    """Problems found, and figures."""
    del seed
    problems = []
    threads = set(threading.enumerate())
    for mode in (False, True):
        for name, value in _run(count, mode).items():
            if value:
                problems.append(f"{'fifo' if mode else 'eager'}: {name}: {value}")
    left = [thread.name for thread in threading.enumerate() if thread not in threads]
    for thread in set(threading.enumerate()) - threads:
        thread.join(10)
    alive = [thread.name for thread in threading.enumerate() if thread not in threads]
    if alive:
        problems.append(f"threads left: {alive}")
    return problems, {"threads at the end": len(left), "threads 10 s later": len(alive), "modes": "eager, fifo"}


async def _gentle(n: int) -> int:
    import trio

    await trio.sleep(random.random() * 0.001)
    return n


def _run(count: int, is_fifo: bool) -> dict[str, object]:
    """What is left after a run, by name; all of it should be empty."""
    settings = Settings()
    settings.providers = {"soak.quick": lambda n: n, "soak.gentle": _gentle}
    settings.kwargs = {"count": count}
    options = Options(deterministic=is_fifo)
    text = _PROGRAM
    if is_fifo:
        text = text.replace("cell ", "cell ").replace("-> Int\n", "-> Int / {soak.quick, soak.gentle}\n", 1)
        text = text.replace("cell main(count: Int)", "cell main(count: Int) / {soak.quick, soak.gentle}")
    loader = Loader(options)
    unit = loader.load_program("races.lumen", text.encode())
    run = Run(loader, unit, Output(StringIO()), settings)
    outcome = run.run()
    kernel = run.kernel
    gc.collect()
    return {
        "failure": outcome.report.as_text() if outcome.report is not None else None,
        "warnings": outcome.warnings,
        "tasks": kernel.spawned_count - kernel.settled_count,
        "asks": kernel.asks,
        "timers": len(kernel.timers),
        "open generators": kernel.open_generators,
        "graces": kernel.graces,
        "failures nobody has seen": kernel.unlooked,
        "children": kernel.root.children,
    }


if __name__ == "__main__":
    print(*soak(int(sys.argv[1]), 0))
