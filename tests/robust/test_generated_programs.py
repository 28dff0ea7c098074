"""Generated Lumen programs, run in literal time: both modes agree where nothing ties, and nothing is left."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.robust.driving import Driven
from tests.robust.test_cancel_points import balanced

pytestmark = pytest.mark.slow

leaf = st.tuples(st.sampled_from(["give", "give", "fail"]), st.integers(0, 20), st.integers(0, 3))


def inner(children):
    several = st.lists(children, min_size=1, max_size=3)
    return st.one_of(
        st.tuples(st.sampled_from(["parallel", "race", "select", "vote", "settle"]), several),
        st.tuples(st.sampled_from(["spawn", "attempt", "boundary", "all"]), st.lists(children, min_size=1, max_size=1)),
        st.tuples(st.just("timeout"), st.integers(0, 30), children),
    )


trees = st.recursive(leaf, inner, max_leaves=10)

PRELUDE = """
cell leaf(number: Int, ms: Int, value: Int, fails: Bool) -> Int
  print("+ leaf{number}")
  defer
    print("- leaf{number}")
  end
  sleep(ms)
  if fails
    fail("leaf {number}")
  end
  return value
end
"""


class Writer:
    """Writes a tree as a program: each node is a cell of its own, and no two waits can end at one instant."""

    def __init__(self):
        self.cells = []
        self.count = 0

    def call(self, tree) -> str:
        self.count += 1
        number = self.count
        kind = tree[0]
        if kind in ("give", "fail"):
            return (
                f"leaf({number}, {tree[1] * 10_000 + number * 17}, {tree[2]}, {'true' if kind == 'fail' else 'false'})"
            )
        if kind == "timeout":
            body = f"return await timeout({tree[1] * 10_000 + 5_000 + number * 17}, {self.call(tree[2])})"
        else:
            calls = [self.call(child) for child in tree[1]]
            lines = "\n".join(f"    {call}" for call in calls)
            named = "\n".join(f"    n{i} = {call}" for i, call in enumerate(calls))
            body = {
                "parallel": f"return await parallel\n{lines}\n  end",
                "settle": f"return await parallel(settle: true)\n{lines}\n  end",
                "race": f"return await race\n{lines}\n  end",
                "vote": f"return await vote\n{lines}\n  end",
                "select": f"return await select\n{named}\n  end",
                "spawn": f"let f = spawn({calls[0]})\n  return await f",
                "attempt": f"return attempt(fn() => {calls[0]})",
                "all": f"return await [spawn({calls[0]}), 1]",
                "boundary": f"return match await spawn({calls[0]})\n    e: Error -> e.message\n    v -> v\n  end",
            }[kind]
        self.cells.append(f"cell node{number}()\n  {body}\nend\n")
        return f"node{number}()"


def program_of(tree) -> str:
    writer = Writer()
    call = writer.call(tree)
    return f"{PRELUDE}\n{''.join(writer.cells)}\ncell main()\n  print(attempt(fn() => {call}))\nend\n"


def outcome(program: str, *, is_fifo: bool):
    driven = Driven(program, is_fifo=is_fifo)
    driven.drive()
    driven.assert_clean()
    assert balanced(driven.lines), driven.lines
    assert not driven.kernel.warnings
    assert not driven.kernel.unlooked
    return driven.lines, driven.kernel.now


@settings(max_examples=60, deadline=None)
@given(trees)
def test_both_modes_agree(tree):
    program = program_of(tree)
    eager, fifo = outcome(program, is_fifo=False), outcome(program, is_fifo=True)
    assert eager[0][-1] == fifo[0][-1]
    assert sorted(eager[0]) == sorted(fifo[0])
    assert eager[1] == fifo[1]
    assert fifo == outcome(program, is_fifo=True)


@settings(max_examples=60, deadline=None)
@given(trees, st.integers(0, 30))
def test_cancelled_at_some_turn(tree, moment):
    for is_fifo in (False, True):
        driven = Driven(program_of(tree), is_fifo=is_fifo)
        driven.drive(lambda turn, driven=driven: driven.kernel.cancel_run() if turn == moment else None)
        driven.assert_clean()
        assert balanced(driven.lines), driven.lines
        assert not driven.kernel.warnings
