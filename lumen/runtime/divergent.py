"""What the user reads when a repeated run parts from its journal, or may not go on."""

from __future__ import annotations

from lumen.diagnostics.excerpt import excerpt, paint
from lumen.journal.divergence import describe
from lumen.journal.secrets import Scrubber
from lumen.journal.values import encode_value
from lumen.runtime.recording import logical_path
from lumen.runtime.reports import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from lumen.journal.divergence import Divergence
    from lumen.runtime.replaying import InFlight, Recorded

    Place = Sequence[Any]
    """[path, line, column, text], as in a journal."""

_SHOWN = 200
"""Longer inputs are cut."""


class DivergenceReport(Report):
    """Both sides of a divergence: what, where, and the source line."""

    __slots__ = ("divergence", "recorded")

    def __init__(self, divergence: Divergence, recorded: Recorded | None) -> None:
        super().__init__(divergence.code, divergence.message, [], _no_line)
        self.divergence = divergence
        self.recorded = recorded

    def as_json(self) -> dict[str, Any]:
        """The `error` object of `--format json`; `recorded` and `actual` have what was done and where."""
        found = self.divergence
        place = _shown(found.actual_place, self._paths())
        return {
            "code": self.code,
            "message": self.message,
            "file": place[0] if place else None,
            "line": place[1] if place else None,
            "column": place[2] if place else None,
            "event": found.seq,
            "hint": found.hint,
            "recorded": _side(found.recorded, found.recorded_place),
            "actual": _side(found.actual, place),
            "agreed": [{"event": event["seq"], "what": describe(event)} for event in found.agreed],
            "stack": [
                {"cell": cell, "file": path, "line": line, "column": column}
                for path, line, column, cell in (_shown(p, self._paths()) for p in found.stack)
            ],
        }

    def as_text(self, *, colour: bool = False) -> str:
        """Headline, both sides with their source lines, the cells that run, what agreed, the likely cause."""
        found = self.divergence
        frame = paint("=", "frame", colour)
        headline = f"event {found.seq} of the journal is not what the program does"
        lines = [f"{paint(f'error[{self.code}]', 'error', colour)}: {paint(headline, 'bold', colour)}"]
        wanted = "nothing: the run had ended" if found.recorded is None else describe(found.recorded)
        lines.append(f"  recorded: {wanted}")
        lines += self._excerpt(found.recorded_place, self._stored(found.recorded_place), colour)
        lines.append(f"  now:      {describe(found.actual)}")
        place = _shown(found.actual_place, self._paths())
        lines += self._excerpt(place, self._current(found.actual_place), colour)
        for number, (path, line, _, cell) in enumerate(_shown(p, self._paths()) for p in found.stack):
            word = "in" if number == 0 else "called by"
            lines.append(f"  {frame} {word} `{cell}` at {path}:{line}")
        if found.agreed:
            agreed = "; ".join(f"{event['seq']} {describe(event)}" for event in found.agreed)
            lines.append(f"  {frame} the same until then: {agreed}")
        if found.hint:
            lines.append(f"  {frame} {found.hint}")
        return "\n".join(lines)

    def _excerpt(self, place: Place | None, text: str | None, colour: bool) -> list[str]:
        if place is None:
            return []
        path, line, column = place[:3]
        gutter = len(str(line)) + 2
        lines = [f"{' ' * gutter}{paint('-->', 'frame', colour)} {path}:{line}:{column}"]
        if text is not None:
            lines += excerpt(text, line, column, 1, gutter=gutter, colour=colour)
        return lines

    def _paths(self) -> dict[str, str]:
        """Logical path → the path as the user knows it."""
        if self.recorded is None:
            return {}
        main = self.recorded.unit
        return {logical_path(unit, main): unit.path for unit in self.recorded.loader.units.values()}

    def _stored(self, place: Place | None) -> str | None:
        if place is None or self.recorded is None:
            return None
        return _line_of(self.recorded.header["sources"].get(place[0]), place[1])

    def _current(self, place: Place | None) -> str | None:
        if place is None or self.recorded is None:
            return None
        for unit in self.recorded.loader.units.values():
            if logical_path(unit, self.recorded.unit) == place[0]:
                return _line_of(unit.raw.decode("utf-8-sig", "replace"), place[1])
        return None


def diverged(divergence: Divergence, recorded: Recorded | None) -> Report:
    """The report of a divergence. `recorded` has the sources of both sides."""
    return DivergenceReport(divergence, recorded)


def under_way(calls: InFlight, recorded: Recorded) -> Report:
    """The report for a run that can't go on, because nobody knows whether a call was carried out."""
    first = calls.asks[0]
    if len(calls.asks) == 1:
        message = (
            f"the run was cut off while the {first.kind} call `{first.name}` was under way: it may have been carried "
            "out, and is not declared idempotent"
        )
    else:
        message = (
            f"the run was cut off while {len(calls.asks)} calls were under way: they may have been carried out, and "
            "are not declared idempotent"
        )
    report = Report("in-flight", message, [], _no_line)
    for ask in calls.asks[:20]:
        where = ""
        if ask.site is not None:
            where = f" at {ask.site[0]}:{ask.site[1]}:{ask.site[2]}"
        payload = ask.payload
        given = encode_value(
            list(payload) if type(payload) is tuple else payload, canonical=True, scrubber=Scrubber(), is_input=True
        )
        if len(given) > _SHOWN:
            given = given[: _SHOWN - 1] + "…"
        report.notes.append(f"under way: {ask.name}({given}){where}")
    if len(calls.asks) > 20:
        report.notes.append(f"… and {len(calls.asks) - 20} more")
    report.notes.append("`--retry-inflight` makes such calls again")
    report.notes.append('in lumen.toml, `"tool" = { provider = "…", idempotent = true }` allows it once and for all')
    return report


def _side(event: dict[str, Any] | None, place: Place | None) -> dict[str, Any] | None:
    if event is None:
        return None
    return {
        "what": describe(event),
        "file": place[0] if place else None,
        "line": place[1] if place else None,
        "column": place[2] if place else None,
        "event": {key: value for key, value in event.items() if key != "chain"},
    }


def _shown(place: Place | None, paths: dict[str, str]) -> Any:
    if place is None:
        return None
    return (paths.get(place[0], place[0]), *place[1:4])


def _line_of(text: str | None, line: int) -> str | None:
    if text is None:
        return None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[line - 1] if 0 < line <= len(lines) else None


def _no_line(path: str, line: int) -> None:
    """A report without places has no lines to show."""
