"""Cancellation at every turn of small programs: nothing hangs, nothing is left, and what was entered is left again."""

from __future__ import annotations

import pytest

from lumen.kernel.cancel import innermost_first
from tests.robust.driving import Driven

PRELUDE = """
cell guarded(name: String, ms: Int) -> String
  print("+ {name}")
  defer
    print("- {name}")
  end
  sleep(ms)
  defer
    sleep(1)
  end
  sleep(ms)
  return name
end

cell numbers(n: Int) -> yield Int
  print("+ numbers")
  defer
    sleep(1)
    print("- numbers")
  end
  for i in 0..n
    sleep(1)
    yield i
  end
end

async cell feed(ch: Channel[Int], n: Int)
  print("+ feed")
  defer
    print("- feed")
  end
  for i in 0..n
    ch.send(i)
  end
  ch.close()
end
"""

PROGRAMS = {
    "parallel": 'await parallel\n    guarded("a", 2)\n    guarded("b", 3)\n    guarded("c", 0)\n  end',
    "bounded": 'await parallel(max: 2) for i in 0..5\n    guarded("i{i}", i)\n  end',
    "race": 'await race\n    guarded("a", 3)\n    guarded("b", 1)\n    fail("no")\n  end',
    "vote": 'await vote(quorum: 2) for i in [1, 2, 1]\n    length(guarded("v{i}", i))\n  end',
    "select": "let ch = channel()\n  feed(ch, 2)\n  await select\n    x = ch.receive()\n"
    '    y = guarded("s", 2)\n  end\n  ch.receive()',
    "timeout": 'await timeout(2, guarded("t", 4))\n  await timeout(9, guarded("u", 2))',
    "spawn": 'let f = spawn(guarded("f", 2))\n  let g = spawn(fn() => await f)\n  sleep(1)\n  await [g, f]',
    "generator": "for x in numbers(4)\n    if x == 2\n      break\n    end\n  end",
    "channel": "let ch = channel(capacity: 1)\n  feed(ch, 4)\n  for x in ch\n    sleep(1)\n  end",
    "attempt": 'let r = attempt(fn() => await parallel(guarded("a", 2), fail("x")))\n  guarded("after", 1)',
    "boundary": 'match await spawn(guarded("m", 2))\n    e: Error -> guarded("error", 1)\n'
    '    v -> guarded("value", 1)\n  end',
    "nested": 'await race\n    await parallel\n      guarded("a", 4)\n'
    '      await timeout(3, guarded("b", 9))\n    end\n'
    '    await select\n      p = guarded("c", 5)\n      q = guarded("d", 6)\n    end\n  end',
    "failing defer": 'defer\n    print("- outer")\n  end\n  print("+ outer")\n  await race\n'
    '    guarded("a", 1)\n    guarded("b", 2)\n  end',
}


def program(body: str) -> str:
    return f"{PRELUDE}\ncell main()\n  {body}\nend\n"


def balanced(lines: list[str]) -> bool:
    """Every `+ x` has its `- x` after it."""
    open_: dict[str, int] = {}
    for line in lines:
        if line.startswith("+ "):
            open_[line[2:]] = open_.get(line[2:], 0) + 1
        elif line.startswith("- "):
            open_[line[2:]] = open_.get(line[2:], 0) - 1
    return not any(open_.values())


@pytest.mark.parametrize("is_fifo", [False, True], ids=["eager", "fifo"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_run_is_cancelled_at_any_turn(name, is_fifo):
    whole = Driven(program(PROGRAMS[name]), is_fifo=is_fifo)
    whole.drive()
    whole.assert_clean()
    assert not whole.was_deadlocked
    assert balanced(whole.lines), whole.lines
    for moment in range(whole.turns):
        driven = Driven(program(PROGRAMS[name]), is_fifo=is_fifo)

        def cancel(turn, moment=moment, driven=driven):
            if turn == moment:
                driven.kernel.cancel_run()

        driven.drive(cancel)
        driven.assert_clean()
        assert balanced(driven.lines), (moment, driven.lines)
        assert not driven.kernel.warnings, (moment, driven.kernel.warnings)


@pytest.mark.slow
@pytest.mark.parametrize("is_fifo", [False, True], ids=["eager", "fifo"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_any_one_future_is_cancelled_at_any_turn(name, is_fifo):
    whole = Driven(program(PROGRAMS[name]), is_fifo=is_fifo)
    whole.drive()
    for moment in range(whole.turns):
        which = 0
        while which >= 0:
            driven = Driven(program(PROGRAMS[name]), is_fifo=is_fifo)
            found = []

            def cancel(turn, moment=moment, driven=driven, which=which, found=found):
                if turn == moment:
                    inside = [
                        future for future in innermost_first(driven.kernel.root) if future is not driven.kernel.root
                    ]
                    found.extend(inside)
                    if which < len(inside):
                        inside[which].cancel()

            driven.drive(cancel)
            driven.assert_clean()
            assert balanced(driven.lines), (moment, which, driven.lines)
            assert not driven.kernel.warnings, (moment, which, driven.kernel.warnings)
            which = which + 1 if which + 1 < len(found) else -1
