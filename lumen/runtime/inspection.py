"""The state of a run that was stopped in the middle: tasks, variables, queue."""

from __future__ import annotations

from lumen.kernel.blocked import blocked_tasks
from lumen.kernel.task import Task
from lumen.values.display import represent
from lumen.values.errors import cell_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from lumen.journal.replayer import Replayer
    from lumen.kernel.future import Future
    from lumen.runtime.interpreter import Run

_SHOWN = 120
"""Longer values are cut."""


class State:
    """What a stopped run looks like, as plain data and as text."""

    __slots__ = ("data",)

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    def text(self) -> str:
        """For the terminal."""
        data = self.data
        lines = [f"stopped after event {data['event']} at {data['time_ms']:g} ms"]
        for task in data["tasks"]:
            mark = "▶" if task["is_running"] else " "
            waits = f", waits for {task['waits_for']}" if task["waits_for"] else ""
            lines.append(f"{mark} {task['number']:>4}  {task['operation']}  {task['status']}{waits}")
            for frame in task["frames"]:
                lines.append(f"          {frame['cell']} at {frame['file']}:{frame['line']}")
                lines += [f"            {name} = {value}" for name, value in frame["variables"].items()]
        queue = ", ".join(map(str, data["queue"])) or "empty"
        lines.append(f"ready queue: {queue}")
        return "\n".join(lines)


def state_of(run: Run, replayer: Replayer) -> State:
    """The state at the event where a replay has stopped."""
    kernel = run.kernel
    reasons = {blocked.future.number: blocked.reason for blocked in blocked_tasks(kernel)}
    tasks: list[dict[str, Any]] = []
    for future in _unsettled(kernel.root):
        is_running = future.number == replayer.running_task
        frames: list[dict[str, Any]] = []
        if is_running:
            frames = [_frame(path, line, cell, variables) for path, line, cell, variables in replayer.running_frames]
        elif isinstance(future, Task):
            frames = [_described(frame) for frame in _frames(future.coro)]
        tasks.append(
            {
                "number": future.number,
                "operation": future.operation if future.number > 1 else "main",
                "status": future.status,
                "waits_for": reasons.get(future.number),
                "is_running": is_running,
                "frames": frames,
            }
        )
    tasks.sort(key=lambda task: task["number"])
    return State(
        {
            "event": replayer.sink.seq - 1,
            "time_ms": kernel.now / 1_000_000,
            "tasks": tasks,
            "queue": [task.number for task in kernel.ready],
        }
    )


def _unsettled(root: Future) -> list[Future]:
    found: list[Future] = []
    todo = list(root.children or ())
    while todo:
        future = todo.pop()
        found.append(future)
        todo.extend(future.children or ())
    return found


def _frames(coro: Any) -> list[FrameType]:
    """The suspended frames of Lumen code in a task, innermost first."""
    found: list[FrameType] = []
    while coro is not None:
        for kind in ("cr", "gi", "ag"):
            frame = getattr(coro, f"{kind}_frame", None)
            if frame is not None:
                if "$lumen" in frame.f_globals:
                    found.append(frame)
                break
        coro = getattr(coro, "cr_await", None) or getattr(coro, "gi_yieldfrom", None) or getattr(coro, "ag_await", None)
    return found[::-1]


def _described(frame: FrameType) -> dict[str, Any]:
    return _frame(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, dict(frame.f_locals))


def _frame(path: str, line: int, cell: str, variables: dict[str, Any]) -> dict[str, Any]:
    shown = {name: _short(value) for name, value in variables.items() if name.isidentifier()}
    return {"cell": cell_name(cell) or "top level", "file": path, "line": line, "variables": shown}


def _short(value: Any) -> str:
    try:
        text = represent(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
