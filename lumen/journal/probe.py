"""Where in its source a program is when it does a certain thing.

The journal keeps no place with every step of every task; that would cost more than the steps. When a replay has found
a difference, both programs are repeated once more, up to that very event, to see where they are. The journal holds the
source of the recorded one.
"""

from __future__ import annotations

import sys

from lumen.journal.frames import lumen_frame
from lumen.journal.jsonlines import parse
from lumen.kernel import ops
from lumen.kernel.blocked import innermost_frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from lumen.journal.replayer import Replayer
    from lumen.kernel.future import Future


class Probe:
    """Stops a replay when it has come to one event, and notes the place."""

    def __init__(self, seq: int, at: int | None = None) -> None:
        """
        Args:
            seq: the number of the line.
            at: for a `tasks` line, the number in its ops.
        """
        self.seq = seq
        self.at = at
        self.place: list[Any] | None = None
        """[path, line, column, cell], when it has been found."""

    def look(self, replayer: Replayer) -> None:
        """The program is there: note where that is."""
        self.place = _from_stack(replayer) or _from_task(replayer)


class ProbedLog(list[int]):
    """The log of a replay that stops at one of its numbers."""

    __slots__ = ("passed",)
    passed: Callable[[], None]

    def append(self, number: int) -> None:
        """See list.append."""
        super().append(number)
        self.passed()

    def __iadd__(self, numbers: Iterable[int]) -> ProbedLog:  # type: ignore[misc,override]
        """See list."""
        super().__iadd__(numbers)
        self.passed()
        return self


def _from_stack(replayer: Replayer) -> list[Any] | None:
    frame = lumen_frame(sys._getframe(1))
    if frame is None:
        # A task that has just failed: its frames are in the traceback only.
        error = sys.exc_info()[1]
        traceback = None if error is None else error.__traceback__
        while traceback is not None:
            if "$lumen" in traceback.tb_frame.f_globals:
                frame = traceback.tb_frame
            traceback = traceback.tb_next
    if frame is None:
        return None
    found: list[Any] = parse(replayer._place_text(frame))
    return found


def _from_task(replayer: Replayer) -> list[Any] | None:
    """Where the task waits that the last number of the log is about, or where it was spawned."""
    future = _subject(replayer)
    while future is not None:
        frame = innermost_frame(getattr(future, "coro", None))
        if frame is not None:
            found: list[Any] = parse(replayer._place_text(frame))
            return found
        if future.site is not None:
            return [replayer.place_of(future.site[0]), *future.site[1:]]
        future = future.parent
    return replayer.entry_place


def _subject(replayer: Replayer) -> Future | None:
    number = 0
    running: list[int] = []
    log = list(replayer.log)
    for index, code in enumerate(log):
        if code > 0 and (index == 0 or log[index - 1] not in _TAKES_NUMBER):
            running.append(code)
            number = code
        elif code in (ops.WAITS, ops.COMPLETED, ops.FAILED, ops.CANCELLED) and running:
            number = running.pop()
        elif code in (ops.CANCEL, ops.SETTLED) and index + 1 < len(log):
            number = log[index + 1]
    todo = list(replayer._kernel.root.children or ())
    main = replayer._kernel.main
    while todo:
        future = todo.pop()
        if future.number == number:
            found: Future = future
            return found
        todo.extend(future.children or ())
    return main


_TAKES_NUMBER = frozenset({ops.CANCEL, ops.SETTLED, ops.SPAWN_IN, ops.SLEEP, ops.TIMER, ops.ADVANCE})
