"""The passes of analysis, in order."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lumen.analysis.checks import run_checks
from lumen.analysis.colour import find_colours
from lumen.analysis.constants import order_constants
from lumen.analysis.declared import Declared
from lumen.analysis.effects import find_tools
from lumen.analysis.export import build_interface
from lumen.analysis.infer import infer_types
from lumen.analysis.resolve import resolve
from lumen.analysis.tables import Analysis
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.interface import Interfaces
    from lumen.source.file import SourceFile

_RECURSION_LIMIT = 50_000
"""The passes recurse as deep as the program is nested, which the parser limits; Python frames calling Python frames
take no C stack, so a high limit is safe for the time of the analysis."""


def analyze(
    module: n.Module,
    file: SourceFile,
    interfaces: Interfaces,
    *,
    seeded: bool = False,
    deterministic: bool | None = None,
) -> Analysis:
    """All facts about a module; findings are in `Analysis.diagnostics`, in source order.

    Never raises for anything a program says, whatever the parser gave (a module with syntax errors may be analysed:
    what could be parsed is).

    Args:
        interfaces: gives what an imported module shows, by its dotted name as written; raises ImportFailed.
        seeded: the run has a seed, so that chance and time are repeatable in deterministic mode.
        deterministic: what the command line says about the mode; it goes before the file's directive.
    """
    analysis = Analysis(file, module)
    _read_directives(analysis)
    if deterministic is not None:
        analysis.deterministic = deterministic
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        resolve(analysis, interfaces)
        order_constants(analysis)
        declared = Declared(analysis)
        infer_types(declared)
        find_colours(declared)
        declared.tools = find_tools(declared)
        run_checks(declared, seeded=seeded)
        analysis.interface = build_interface(declared)
    finally:
        sys.setrecursionlimit(limit)
    analysis.diagnostics.sort(key=lambda diagnostic: (diagnostic.span.start, diagnostic.span.end))
    return analysis


def _read_directives(analysis: Analysis) -> None:
    """The directives that change what later passes do; `checks` reports wrong ones."""
    for directive in analysis.module.directives:
        value = True if directive.value is None else getattr(directive.value, "value", None)
        if not isinstance(value, bool):
            continue
        if directive.name == "deterministic":
            analysis.deterministic = value
        elif directive.name == "strict":
            analysis.strict = value
        elif directive.name == "doc_mode":
            analysis.doc_mode = value
