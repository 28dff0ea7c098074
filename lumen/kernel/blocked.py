"""What a deadlock looks like: which tasks wait, for what, and where in the source."""

from __future__ import annotations

from lumen.kernel.future import PARKED, Future
from lumen.kernel.messages import Blocked
from lumen.kernel.task import Task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from lumen.kernel.kernel import Kernel


def blocked_tasks(kernel: Kernel) -> list[Blocked]:
    """The parked tasks of the run in the order they were spawned."""
    found: list[Blocked] = []
    todo: list[Future] = [kernel.root]
    while todo:
        node = todo.pop()
        if node.children:
            todo.extend(node.children)
        if isinstance(node, Task) and node.phase == PARKED:
            found.append(Blocked(node, _reason(node.waiting), node.site, code_places(node.coro)))
    found.sort(key=_number)
    return found


def _number(blocked: Blocked) -> int:
    return blocked.future.number


def _reason(waiting: Any) -> str:
    if isinstance(waiting, Future):
        return waiting.label()
    if waiting.__class__ is tuple:
        return "a timer"
    waits_for = getattr(waiting, "waits_for", None)
    return str(waits_for()) if waits_for is not None else "an answer from outside"


def innermost_frame(coro: Any) -> FrameType | None:
    """The innermost suspended frame of Lumen code."""
    found: FrameType | None = None
    while coro is not None:
        for kind in ("cr", "gi", "ag"):
            frame = getattr(coro, f"{kind}_frame", None)
            if frame is not None:
                if "$lumen" in frame.f_globals:
                    found = frame
                break
        coro = getattr(coro, "cr_await", None) or getattr(coro, "gi_yieldfrom", None) or getattr(coro, "ag_await", None)
    return found


def code_places(coro: Any) -> list[tuple[str, int, str]]:
    """(path, line, code name) of each suspended frame, outermost first."""
    places: list[tuple[str, int, str]] = []
    while coro is not None:
        for kind in ("cr", "gi", "ag"):
            frame = getattr(coro, f"{kind}_frame", None)
            if frame is not None:
                places.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
                break
        coro = getattr(coro, "cr_await", None) or getattr(coro, "gi_yieldfrom", None) or getattr(coro, "ag_await", None)
    return places
