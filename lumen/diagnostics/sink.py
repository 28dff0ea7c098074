"""Collects findings, drops repetitions, gives them in the order a reader wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lumen.diagnostics.diagnostic import Diagnostic

_RANK = {"error": 0, "warning": 1, "hint": 2}


class Sink:
    """Findings of one check, over all its files.

    Two findings with the same code, place and message are one: a module imported twice reports once.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, int, int, str, str], Diagnostic] = {}

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a finding."""
        span = diagnostic.span
        key = (diagnostic.file.path, span.start, span.end, diagnostic.code, diagnostic.message)
        self._found.setdefault(key, diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep several."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    def sorted(self) -> list[Diagnostic]:
        """By file (in the order first seen), place, and severity."""
        files: dict[str, int] = {}
        for diagnostic in self._found.values():
            files.setdefault(diagnostic.file.path, len(files))
        return sorted(
            self._found.values(),
            key=lambda d: (files[d.file.path], d.span.start, _RANK[d.severity], d.span.end),
        )

    @property
    def has_errors(self) -> bool:
        """Whether the program must not run."""
        return any(d.severity == "error" for d in self._found.values())
