"""Findings as text for a terminal and as JSON for tools (spec: The command line)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lumen.diagnostics.excerpt import excerpt, paint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lumen.diagnostics.diagnostic import Diagnostic
    from lumen.source.file import SourceFile
    from lumen.source.span import Span


def render_text(diagnostic: Diagnostic, *, colour: bool = False) -> str:
    """One finding: headline, place, source line with carets, labels, notes, and what to do about it."""
    file = diagnostic.file
    line, column = file.position(diagnostic.span.start)
    places = [(label.file or file).line_of(label.span.start) for label in diagnostic.labels]
    gutter = len(str(max([line, *places])))
    head = paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity, colour)
    lines = [
        f"{head}: {paint(diagnostic.message, 'bold', colour)}",
        f"{' ' * gutter}{paint('-->', 'frame', colour)} {file.path}:{line}:{column}",
    ]
    lines += _marked(file, diagnostic.span, gutter, diagnostic.severity, "", colour)
    for label in diagnostic.labels:
        other = label.file or file
        if other is not file:
            row, col = other.position(label.span.start)
            lines.append(f"{' ' * gutter}{paint(':::', 'frame', colour)} {other.path}:{row}:{col}")
        lines += _marked(other, label.span, gutter, "note", label.message, colour)
    for note in diagnostic.notes:
        lines.append(f"{' ' * gutter} {paint('=', 'frame', colour)} note: {note}")
    if diagnostic.hint:
        lines.append(f"{' ' * gutter} {paint('=', 'frame', colour)} help: {diagnostic.hint}")
    return "\n".join(lines)


def _marked(file: SourceFile, span: Span, gutter: int, style: str, label: str, colour: bool) -> list[str]:
    line, column = file.position(span.start)
    return excerpt(
        file.line_text(line),
        line,
        column,
        span.end - span.start,
        gutter=gutter,
        style=style,
        label=label,
        colour=colour,
    )


def as_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """One finding as the object that `--format json` prints; lines and columns count from 1, columns in code points."""
    line, column = diagnostic.file.position(diagnostic.span.start)
    end_line, end_column = diagnostic.file.position(diagnostic.span.end)
    return {
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "file": diagnostic.file.path,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "hint": diagnostic.hint,
    }


def summary(diagnostics: Iterable[Diagnostic], files: int) -> str:
    """The closing line of a check."""
    counts = {"error": 0, "warning": 0, "hint": 0}
    for diagnostic in diagnostics:
        counts[diagnostic.severity] += 1
    found = [f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts.items() if n]
    where = "1 file" if files == 1 else f"{files} files"
    return f"{', '.join(found)} in {where}" if found else f"no problems in {where}"
