"""Adding a diagnostic to an analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.diagnostics.diagnostic import Diagnostic, Label
from lumen.syntax.nodes import Node

if TYPE_CHECKING:
    from lumen.analysis.tables import Analysis
    from lumen.diagnostics.diagnostic import Severity
    from lumen.source.span import Span


def report(
    analysis: Analysis,
    code: str,
    message: str,
    where: Node | Span,
    *,
    severity: Severity = "error",
    hint: str | None = None,
    first: tuple[Node, str] | None = None,
    notes: tuple[str, ...] = (),
) -> None:
    """Record a finding about the analysed file; `first` is a second place to show, with what is to be seen there."""
    span = where.span if isinstance(where, Node) else where
    labels = () if first is None else (Label(first[0].span, first[1]),)
    analysis.diagnostics.append(Diagnostic(code, message, analysis.file, span, severity, hint, labels, notes))


def plural(count: int, noun: str) -> str:
    """`1 argument`, `2 arguments`, `no arguments`."""
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"
