"""Random trees of concurrency constructs, against a model that works out who ends when.

All leaves end at different virtual times, so that the model needs no rule for ties: it computes for each node the
instant at which it ends, whether it succeeds, and with what.
"""

from __future__ import annotations

import random

import pytest

import lumen
from lumen.values.display import show

PROGRAMS = 150

HEAD = """cell val(t, x)
  sleep(t)
  x
end
cell bad(t, x)
  sleep(t)
  fail("f{x}")
end
cell plain(r)
  map_err(r, fn(e) => if e.code == "all-failed" then "all failed" else e.message)
end
cell main()
  plain(attempt(fn()
"""

BLOCKS = {
    "parallel": "parallel",
    "named": "parallel",
    "settle": "parallel(settle: true)",
    "race": "race",
    "first": "race(settle: true)",
    "select": "select",
}


class Tree:
    """Makes random nodes; a node is a tuple, its kind first."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.used: set[int] = set()
        self.leaves = 0

    def time(self) -> int:
        while (time := self.rng.randrange(1, 100_000)) in self.used:
            pass
        self.used.add(time)
        return time

    def node(self, depth):
        kinds = ["val", "bad"] if depth == 0 else ["val", "bad", "timeout", "later", "spawn", "attempt", *BLOCKS]
        kind = self.rng.choice(kinds)
        if kind in ("val", "bad"):
            self.leaves += 1
            return kind, self.time(), self.leaves
        if kind in ("timeout", "later"):
            return kind, self.time(), self.node(depth - 1)
        if kind in ("spawn", "attempt"):
            return kind, self.node(depth - 1)
        return kind, [self.node(depth - 1) for _ in range(self.rng.randrange(1, 4))]


def outcome(node, start):
    """(when it ends, whether it succeeds, its value or message as printed)."""
    match node:
        case ("val", time, leaf):
            return start + time, True, str(leaf)
        case ("bad", time, leaf):
            return start + time, False, f"f{leaf}"
        case ("timeout", time, inner):
            end = outcome(inner, start)
            return end if end[0] <= start + time else (start + time, True, "null")
        case ("later", time, inner):
            return outcome(inner, start + time)
        case ("spawn", inner):
            return outcome(inner, start)
        case ("attempt", inner):
            end, fine, value = outcome(inner, start)
            return end, True, as_result(fine, value)
        case (kind, branches):
            return combined(kind, [outcome(branch, start) for branch in branches])


def as_result(fine, value) -> str:
    return f"ok({value})" if fine else f'err("{value}")'


def combined(kind, ends):
    last = max(end for end, _, _ in ends)
    failed = [end for end in ends if not end[1]]
    match kind:
        case "select" | "first":
            return min(ends)
        case "race":
            good = [end for end in ends if end[1]]
            return min(good) if good else (last, False, "all failed")
        case "settle":
            return last, True, f"[{', '.join(as_result(fine, value) for _, fine, value in ends)}]"
        case _ if failed:
            return min(failed)
        case "named":
            return last, True, f"({', '.join(f'n{i}: {value}' for i, (_, _, value) in enumerate(ends))})"
        case _:
            return last, True, f"[{', '.join(value for _, _, value in ends)}]"


def source_of(node, indent) -> str:
    pad = "  " * indent
    match node:
        case ("val" | "bad" as kind, time, leaf):
            return f"{kind}({time}, {leaf})"
        case ("timeout", time, inner):
            return f"await timeout({time})\n{pad}  {source_of(inner, indent + 1)}\n{pad}end"
        case ("later", time, inner):
            return f"await spawn(async\n{pad}  sleep({time})\n{pad}  {source_of(inner, indent + 1)}\n{pad}end)"
        case ("spawn", inner):
            return f"await spawn(fn()\n{pad}  {source_of(inner, indent + 1)}\n{pad}end)"
        case ("attempt", inner):
            return f"plain(attempt(fn()\n{pad}  {source_of(inner, indent + 1)}\n{pad}end))"
        case (kind, branches):
            names = kind in ("named", "select")
            lines = [
                f"{pad}  {f'n{i} = ' if names else ''}{source_of(b, indent + 1)}\n" for i, b in enumerate(branches)
            ]
            text = f"await {BLOCKS[kind]}\n{''.join(lines)}{pad}end"
            return f"map({text}, plain)" if kind == "settle" else text


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_like_the_model(seed):
    tree = Tree(seed).node(3)
    _, fine, value = outcome(tree, 0)
    source = f"{HEAD}    {source_of(tree, 2)}\n  end))\nend\n"
    result = lumen.Interpreter(deterministic=True, use_cache=False, timeout_s=10).run(source=source, check=False)
    assert result.error is None, f"{source}\n{result.error}"
    assert show(result.value) == as_result(fine, value), source
