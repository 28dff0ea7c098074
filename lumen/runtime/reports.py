"""What the user reads when a run has failed, as text and as JSON (spec: The command line)."""

from __future__ import annotations

from lumen.diagnostics.excerpt import excerpt, paint
from lumen.runtime.tracebacks import all_causes, places_of, shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from lumen.kernel.future import Future
    from lumen.kernel.messages import Blocked
    from lumen.runtime.tracebacks import Place
    from lumen.values.errors import Failure

    LineText = Callable[[str, int], str | None]

_MAX_JSON_PLACES = 100
_MAX_CAUSES = 20


class Report:
    """A failure with its places. `stacks[0]` is where it happened, each further one where it was awaited."""

    __slots__ = ("causes", "code", "failure", "line_text", "message", "notes", "stacks")

    def __init__(self, code: str, message: str, stacks: list[list[Place]], line_text: LineText) -> None:
        self.code = code
        self.message = message
        self.stacks = stacks
        self.line_text = line_text
        self.notes: list[str] = []
        self.causes: list[Report] = []
        self.failure: Failure | None = None
        """What is reported, with the frames it came through; None for what is no failure of the program's."""

    @property
    def place(self) -> Place | None:
        """Where it happened."""
        return self.stacks[0][0] if self.stacks and self.stacks[0] else None

    def as_json(self) -> dict[str, Any]:
        """The `error` object of `--format json`; its stack runs from where it happened outwards."""
        place = self.place
        everything = [place for stack in self.stacks for place in stack]
        if len(everything) > _MAX_JSON_PLACES:
            half = _MAX_JSON_PLACES // 2
            everything = everything[:half] + everything[-half:]
        return {
            "code": self.code,
            # There is no place for notes of their own; who waits for what is what a deadlock is about.
            "message": "\n".join((self.message, *self.notes)),
            "file": place.path if place is not None else None,
            "line": place.line if place is not None else None,
            "column": place.column or None if place is not None else None,
            "stack": [
                {"cell": p.cell or None, "file": p.path, "line": p.line, "column": p.column or None} for p in everything
            ],
        }

    def as_text(self, *, colour: bool = False) -> str:
        """Headline, place with its source line, the way there, causes, notes."""
        # The message of a construct all of whose branches failed lists them; here each is shown with its place.
        message = self.message.partition("\n")[0] if self.causes else self.message
        lines = [f"{paint(f'error[{self.code}]', 'error', colour)}: {paint(message, 'bold', colour)}"]
        lines += self._body(colour)
        return "\n".join(lines)

    def _body(self, colour: bool) -> list[str]:
        lines: list[str] = []
        place = self.place
        gutter = len(str(place.line)) if place is not None else 1
        frame = paint("=", "frame", colour)
        if place is not None:
            where = f"{place.path}:{place.line}:{place.column}" if place.column else f"{place.path}:{place.line}"
            lines.append(f"{' ' * gutter}{paint('-->', 'frame', colour)} {where}")
            text = self.line_text(place.path, place.line)
            if text is not None and place.column:
                width = place.end_column - place.column
                lines += excerpt(text, place.line, place.column, width, gutter=gutter, colour=colour)
        for line in self._way():
            lines.append(f"{' ' * gutter} {frame} {line}")
        for note in self.notes:
            lines.append(f"{' ' * gutter} {frame} {note}")
        for index, cause in enumerate(self.causes[:_MAX_CAUSES], 1):
            word = "branch failure" if self.code == "all-failed" else "further failure"
            lines.append(f"{' ' * gutter} {frame} {word} {index}: {cause.message} [{cause.code}]")
            lines += ["  " + line for line in cause._body(colour)]
        if len(self.causes) > _MAX_CAUSES:
            lines.append(f"{' ' * gutter} {frame} and {len(self.causes) - _MAX_CAUSES} more")
        return lines

    def _way(self) -> list[str]:
        lines = []
        for number, stack in enumerate(self.stacks):
            for index, (place, left_out, cells) in enumerate(shortened(stack)):
                if place is None:
                    repeated = ", ".join(f"`{cell}`" for cell in cells[:5] if cell)
                    lines.append(f"… {left_out} more calls of {repeated} …")
                    continue
                if index == 0 and number == 0:
                    if place.cell:
                        lines.append(f"in {_name(place)}")
                    lines += _repetition(place)
                    continue
                at = f"{place.path}:{place.line}:{place.column}" if place.column else f"{place.path}:{place.line}"
                word = "awaited" if index == 0 else "called"
                lines.append(f"{word} by {_name(place)} at {at}" if place.cell else f"{word} at {at}")
                lines += _repetition(place)
        return lines


def _repetition(place: Place) -> list[str]:
    if not place.repeated:
        return []
    if place.repeated == 1:
        return [f"awaited by another {_name(place)} at the same place"]
    return [f"… {place.repeated:,} more awaits by {_name(place)} at the same place …"]


def _name(place: Place) -> str:
    return {"branch": "a branch", "defer": "a `defer`", "fn": "a function"}.get(place.cell, f"`{place.cell}`")


def report_failure(failure: Failure, line_text: LineText) -> Report:
    """The report of a failure, with those of the branches behind it."""
    report = Report(failure.code, failure.message, places_of(failure, line_text), line_text)
    report.failure = failure
    report.causes = [Report(c.code, c.message, places_of(c, line_text), line_text) for c in all_causes(failure)]
    return report


def report_deadlock(blocked: Iterable[Blocked], line_text: LineText) -> Report:
    """Every task that waits, for what, and where."""
    from lumen.runtime.tracebacks import Place, cell_of

    report = Report("deadlock", "every task waits for another, and nothing can ever happen", [], line_text)
    waiting: dict[tuple[str, str], int] = {}
    for task in blocked:
        ours = [place for place in task.code_places if line_text(place[0], place[1]) is not None]
        if not ours:
            continue
        path, line, name = ours[-1]
        if not report.stacks:
            text = line_text(path, line) or ""
            first = len(text) - len(text.lstrip()) + 1
            report.stacks.append([Place(path, line, first, len(text.rstrip()) + 1, cell_of(name))])
        who = f"the task spawned at {_site(task.site)}" if task.site else "the main task"
        key = (who, f"for {task.reason} at {path}:{line}")
        waiting[key] = waiting.get(key, 0) + 1
    for (who, reason), count in waiting.items():
        if count == 1:
            report.notes.append(f"{who} waits {reason}")
        else:
            report.notes.append(f"{count:,} {who.removeprefix('the ').replace('task', 'tasks', 1)} wait {reason}")
    return report


def _site(site: tuple[str, int, int, str]) -> str:
    path, line, column, text = site
    return f"{path}:{line}:{column} (`{text}`)"


def note_unlooked(report: Report, future: Future) -> None:
    """Say that nobody has looked at a future that failed."""
    if future.site is not None:
        report.notes.append(f"nobody awaited the future spawned at {_site(future.site)}")
    else:
        report.notes.append("nobody awaited its future")
