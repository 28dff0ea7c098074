"""Prints what a check has found."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from lumen.diagnostics.render import as_json as finding_json
from lumen.diagnostics.render import render_text, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumen.diagnostics.diagnostic import Diagnostic


def use_colour(stream: TextIO) -> bool:
    """Whether to paint: on a terminal, unless `NO_COLOR` says otherwise."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_findings(diagnostics: Sequence[Diagnostic], *, as_json: bool, with_warnings: bool) -> None:
    """For `lumen run`: errors (and warnings) on stderr, or the first error as the JSON object of a failed run."""
    errors = [d for d in diagnostics if d.severity == "error"]
    if as_json:
        import json

        failed = {"status": "error", "value": None, "output": "", "error": _as_error(errors[0])}
        print(json.dumps(failed, ensure_ascii=False))
        return
    shown = diagnostics if with_warnings else errors
    colour = use_colour(sys.stderr)
    for diagnostic in shown:
        print(render_text(diagnostic, colour=colour) + "\n", file=sys.stderr)


def _as_error(diagnostic: Diagnostic) -> dict[str, object]:
    found = finding_json(diagnostic)
    message = found["message"] if found["hint"] is None else f"{found['message']}; {found['hint']}"
    place = {"file": found["file"], "line": found["line"], "column": found["column"]}
    return {"code": found["code"], "message": message, **place, "stack": []}


def print_check(
    diagnostics: Sequence[Diagnostic], files: int, *, as_json: bool, problems: list[dict[str, object]]
) -> None:
    """For `lumen check`: everything on stdout. `problems` are files that could not be read, as JSON objects."""
    if as_json:
        import json

        failed = problems or any(d.severity == "error" for d in diagnostics)
        findings = [*problems, *map(finding_json, diagnostics)]
        print(json.dumps({"status": "error" if failed else "ok", "diagnostics": findings}, ensure_ascii=False))
        return
    colour = use_colour(sys.stdout)
    for diagnostic in diagnostics:
        print(render_text(diagnostic, colour=colour) + "\n")
    if diagnostics or len(problems) < files:
        print(summary(diagnostics, files - len(problems)))
