"""`receive`s that lose in a `select`: no message may be lost or change places."""

from __future__ import annotations

from io import StringIO

from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, Options
from lumen.runtime.output import Output

COUNT = 100_000
"""Cancelled `receive`s."""

_PROGRAM = """
async cell produce(ch: Channel[Int], n: Int, pace: Int)
  for i in 0..n
    ch.send(i)
    if i % pace == 0
      sleep(0)
    end
  end
end

cell main(count: Int)
  let mut total = 0
  for capacity in [0, 1, 7, null]
    let a = channel(capacity: capacity)
    let b = channel(capacity: capacity)
    let n = count // 4
    produce(a, n, 3)
    produce(b, n, 5)
    let mut from_a = 0
    let mut from_b = 0
    let mut lost = 0
    let mut rounds = 0
    while from_a < n or from_b < n or lost < count // 4
      let got = await select
        x = a.receive()
        y = b.receive()
        z = sleep(0)
      end
      rounds = rounds + 1
      if x != null
        assert x == from_a, "a: {x} instead of {from_a}"
        from_a = from_a + 1
      else
        lost = lost + 1
      end
      if y != null
        assert y == from_b, "b: {y} instead of {from_b}"
        from_b = from_b + 1
      else
        lost = lost + 1
      end
    end
    assert from_a == n and from_b == n, "lost: a {n - from_a}, b {n - from_b}"
    total = total + lost
  end
  return total
end
"""


def soak(count: int, seed: int) -> tuple[list[str], dict[str, object]]:
    """Problems found, and figures."""
    del seed
    problems = []
    figures: dict[str, object] = {}
    for mode in (False, True):
        settings = Settings()
        settings.kwargs = {"count": count}
        loader = Loader(Options(deterministic=mode))
        unit = loader.load_program("receives.lumen", _PROGRAM.encode())
        run = Run(loader, unit, Output(StringIO()), settings)
        outcome = run.run()
        name = "fifo" if mode else "eager"
        if outcome.report is not None:
            problems.append(f"{name}: {outcome.report.as_text()}")
        elif outcome.value < count:
            problems.append(f"{name}: only {outcome.value} receives were cancelled")
        if run.kernel.spawned_count != run.kernel.settled_count:
            problems.append(f"{name}: tasks left")
        figures[f"cancelled receives, {name}"] = outcome.value
        figures[f"messages, {name}"] = 2 * (count // 4) * 4
    figures["messages lost"] = "0" if not problems else "see below"
    return problems, figures
