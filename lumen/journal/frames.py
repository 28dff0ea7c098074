"""Frames of Lumen code on Python's stack: where a program is, and what its variables hold."""

from __future__ import annotations

from lumen.values.errors import cell_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    Frame = tuple[str, int, str, dict[str, Any]]
    """(path, line, name of the function, variables)."""

_MOST_PLACES = 20
_MOST_FRAMES = 50


def lumen_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame of Lumen code from `frame` outwards."""
    while frame is not None and "$lumen" not in frame.f_globals:
        frame = frame.f_back
    return frame


def frames_of(frame: FrameType | None) -> list[Frame]:
    """The frames on the stack with their variables, innermost first."""
    found: list[Frame] = []
    frame = lumen_frame(frame)
    while frame is not None and len(found) < _MOST_FRAMES:
        found.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, dict(frame.f_locals)))
        frame = lumen_frame(frame.f_back)
    return found


def stack_of(frame: FrameType | None, place_of: Callable[[str], str]) -> list[list[Any]]:
    """The cells on the stack, innermost first, as places: [path, line, column, cell]."""
    found: list[list[Any]] = []
    frame = lumen_frame(frame)
    while frame is not None and len(found) < _MOST_PLACES:
        code = frame.f_code
        if not code.co_name.startswith("$"):
            found.append([place_of(code.co_filename), frame.f_lineno, 1, cell_name(code.co_name)])
        frame = lumen_frame(frame.f_back)
    return found
