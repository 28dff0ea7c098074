"""From a failure to the places in the source that it is about.

Compiled code carries `.lumen` paths, lines and columns, so a Python traceback already has them; this hides the frames
that are ours. A failure that crossed an `await` is a chain: each link was raised where somebody awaited, its `origin`
where it happened. The stack of a report runs from where it happened outwards, through every await on the way.
"""

from __future__ import annotations

from lumen.values.errors import is_constraint_check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, TracebackType

    from lumen.values.errors import Failure

_MAX_CHAIN = 200_000
"""Awaits that a failure is followed through; recursion through tasks ends at 100,000."""


class Place:
    """A place in a program, and the cell it is in. Columns count code points from 1; 0 is unknown."""

    __slots__ = ("cell", "column", "end_column", "line", "path", "repeated")

    def __init__(self, path: str, line: int, column: int, end_column: int, cell: str) -> None:
        self.path = path
        self.line = line
        self.column = column
        self.end_column = end_column
        """Where the marked text ends on the same line; equal to `column` if it goes on."""
        self.cell = cell
        self.repeated = 0
        """How many more times the stack that begins here was awaited in the very same way: recursion through tasks."""

    @property
    def key(self) -> tuple[str, int, int, str]:
        """Equal for equal places."""
        return self.path, self.line, self.column, self.cell


def places_of(failure: BaseException, line_text: Callable[[str, int], str | None]) -> list[list[Place]]:
    """The stacks of a failure, innermost place first: where it happened, then each place where it was awaited.

    Args:
        line_text: the text of a line of a program file, for turning UTF-8 columns into code points.
    """
    chain: list[BaseException] = [failure]
    while len(chain) < _MAX_CHAIN:
        origin = getattr(chain[-1], "origin", None)
        if origin is None:
            break
        chain.append(origin)
    stacks: list[list[Place]] = []
    for link in reversed(chain):
        stack = _stack(link.__traceback__, line_text)
        if not stack:
            continue
        if stacks and [p.key for p in stack] == [p.key for p in stacks[-1]]:
            stacks[-1][0].repeated += 1
        else:
            stacks.append(stack)
    if not stacks:
        site = next((link.site for link in reversed(chain) if getattr(link, "site", None)), None)  # type: ignore[attr-defined]
        if site is not None:
            path, line, column, text = site
            stacks.append([Place(path, line, column, column + len(text), "")])
    return stacks


def _stack(traceback: TracebackType | None, line_text: Callable[[str, int], str | None]) -> list[Place]:
    places: list[Place] = []
    # An overflowing stack has 20,000 entries, nearly all the same.
    known: dict[tuple[CodeType, int], Place] = {}
    while traceback is not None:
        frame = traceback.tb_frame
        if is_constraint_check(frame.f_code.co_name):
            # A value that a constraint refuses is the fault of whoever gave it to the constructor.
            if places and places[-1].cell.endswith(".$init"):
                places.pop()
        elif "$lumen" in frame.f_globals:
            key = (frame.f_code, traceback.tb_lasti)
            place = known.get(key)
            if place is None:
                place = known[key] = _place(frame.f_code, traceback.tb_lasti, traceback.tb_lineno, line_text)
            places.append(place)
        traceback = traceback.tb_next
    places.reverse()
    for place in places:
        place.cell = place.cell.removesuffix(".$init")
    return places


def _place(code: CodeType, lasti: int, lineno: int, line_text: Callable[[str, int], str | None]) -> Place:
    line, end_line, start, end = _position(code, lasti)
    cell = cell_of(code.co_name)
    if line is None or start is None:
        return Place(code.co_filename, line or lineno, 0, 0, cell)
    text = line_text(code.co_filename, line)
    if text is None:
        return Place(code.co_filename, line, start + 1, start + 1, cell)
    column = _code_points(text, start)
    stop = _code_points(text, end) if end is not None and end_line == line else len(text)
    return Place(code.co_filename, line, column + 1, max(stop, column) + 1, cell)


def _position(code: CodeType, lasti: int) -> tuple[int | None, int | None, int | None, int | None]:
    wanted = lasti // 2
    for index, position in enumerate(code.co_positions()):
        if index == wanted:
            line, end_line, start, end = position
            return line, end_line, start, end
    return None, None, None, None


def _code_points(text: str, utf8: int) -> int:
    if text.isascii():
        return utf8
    return len(text.encode("utf-8", "surrogatepass")[:utf8].decode("utf-8", "replace"))


def cell_of(code_name: str) -> str:
    """What to call the function in which a place is; empty for the script part, whose lines speak for themselves."""
    name = code_name.removesuffix("$body").removesuffix("$gen")
    if name in ("$top", "<module>"):
        return ""
    word, dollar, _ = name.partition("$")
    if dollar and not name.endswith(".$init"):
        return {"branch": "branch", "item": "branch", "defer": "defer"}.get(word, "fn")
    return name


def shortened(stack: list[Place], keep: int = 4) -> list[tuple[Place | None, int, list[str]]]:
    """The stack with repetition folded: (place, 0, []), or (None, how many are left out, the cells that repeat)."""
    if len(stack) <= 3 * keep + 10:
        return [(place, 0, []) for place in stack]
    middle = stack[keep:-keep]
    cells: dict[str, None] = {}
    for place in middle:
        cells.setdefault(place.cell)
    out: list[tuple[Place | None, int, list[str]]] = [(place, 0, []) for place in stack[:keep]]
    out.append((None, len(middle), list(cells)))
    out += [(place, 0, []) for place in stack[-keep:]]
    return out


def all_causes(failure: Failure) -> tuple[Failure, ...]:
    """The failures of branches behind this one, wherever in its chain they hang."""
    current: object = failure
    for _ in range(_MAX_CHAIN):
        causes = getattr(current, "causes", ())
        if causes:
            return tuple(causes)
        current = getattr(current, "origin", None)
        if current is None:
            break
    return ()
