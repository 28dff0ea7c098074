"""Which task made a call, said in a way that holds from run to run: its *spawn path*.

A path names, from the main task inwards, each place where a task was started, by its source text, and which of the
tasks started there from the same parent it was. So it does not depend on the order in which tasks end or are answered,
nor on line numbers: code may move, and calls be added elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lumen.kernel.ops import (
    ADVANCE,
    ASIDE,
    CANCEL,
    CANCELLED,
    PREEMPT,
    SETTLED,
    SLEEP,
    SPAWN,
    SPAWN_IN,
    TIMER,
)

_LENGTHS = {SPAWN_IN: 4, SETTLED: 3, CANCEL: 2, ADVANCE: 2, PREEMPT: 5, ASIDE: 3}


class SpawnPaths:
    """Reads the log of a run piece by piece (see `kernel/ops.py`) and remembers where each task came from."""

    def __init__(self, *, is_virtual: bool) -> None:
        self._lengths = {**_LENGTHS, SLEEP: 2 if is_virtual else 3, TIMER: 2 if is_virtual else 3}
        self._running: list[int] = []
        self._tasks: list[tuple[int, str, int]] = [(0, "", 0)]
        """By number: parent, text of the place, and the how-manieth there."""
        self._counts: dict[tuple[int, str], int] = {}

    def feed(self, ops: Sequence[int], text_of: Callable[[int], str]) -> None:
        """More of the log. `text_of` gives the source text of a site by its index."""
        at = 0
        while at < len(ops):
            op = ops[at]
            at += 1
            if op > 0:
                self._running.append(op)
            elif op >= CANCELLED:
                if self._running:
                    self._running.pop()
            elif op <= SPAWN:
                self._made(self._running[-1] if self._running else 0, text_of(SPAWN - op))
            else:
                if op == SPAWN_IN:
                    parent, site, kind = ops[at : at + 3]
                    self._made(parent, f"{kind}:{text_of(site)}" if site >= 0 else str(kind))
                at += self._lengths[op] - 1

    def _made(self, parent: int, text: str) -> None:
        key = (parent, text)
        count = self._counts[key] = self._counts.get(key, 0) + 1
        self._tasks.append((parent, text, count))

    def path(self, task: int) -> str:
        """The path of a task: "" for the main one; equal paths are the same task in another run."""
        steps = []
        while 1 < task < len(self._tasks):
            task, text, count = self._tasks[task]
            steps.append(f"{text}#{count}")
        return "\n".join(reversed(steps))


def shown_path(path: str) -> str:
    """A path in a message: `spawn(work(x))` (2nd) › …"""
    if not path:
        return "the main task"
    steps = []
    for step in path.split("\n"):
        text, _, count = step.rpartition("#")
        kind, colon, place = text.partition(":")
        steps.append(
            f"`{place if colon and kind.isdigit() else text}`" + (f" ({_ordinal(int(count))})" if count != "1" else "")
        )
    return " › ".join(steps)


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"
