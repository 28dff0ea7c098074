"""Small programs, analysed without files: modules come from a dict."""

from __future__ import annotations

from lumen.analysis.analyze import analyze
from lumen.analysis.interface import ImportFailed, Interfaces
from lumen.analysis.scopes import Function
from lumen.analysis.tables import Analysis, Interface
from lumen.analysis.walk import walk
from lumen.source.file import SourceFile
from lumen.syntax import nodes as n
from lumen.syntax.parse import parse_module


def analysed(text: str, modules: dict[str, str] | None = None, **options: bool) -> Analysis:
    """The analysis of a program that has no syntax errors."""
    file = SourceFile("test.lumen", text)
    result = parse_module(file)
    assert [d.message for d in result.diagnostics if d.severity == "error"] == []
    assert result.module is not None
    return analyze(result.module, file, _loader(modules or {}), **options)


def _loader(modules: dict[str, str]) -> Interfaces:
    def interface(name: str) -> Interface:
        if name not in modules:
            raise ImportFailed("missing-module", f"there is no module `{name}`")
        return analysed(modules[name], modules).interface

    return interface


def codes(analysis: Analysis) -> list[str]:
    """The codes of all findings, in source order."""
    return [diagnostic.code for diagnostic in analysis.diagnostics]


def function(analysis: Analysis, name: str) -> Function:
    """The function of a cell or method; or of a node kind: `Lambda`, `Branch`, …, the first in the file."""
    for node, found in analysis.functions.items():
        if (isinstance(node, n.CellDecl) and node.name.name == name) or type(node).__name__ == name:
            return found
    raise AssertionError(name)


def colour(analysis: Analysis, name: str) -> str:
    """`plain` or `suspends`."""
    return function(analysis, name).colour.value


def variable_types(analysis: Analysis, owner: str = "main") -> dict[str, str]:
    """The types of the variables of a cell, by name."""
    return {binding.name: str(binding.type) for binding in function(analysis, owner).locals}


def texts(analysis: Analysis, nodes: object) -> list[str]:
    """The source text of some nodes, in source order."""
    wanted = set(nodes)  # type: ignore[call-overload]
    return [analysis.file.slice(node.span) for node in walk(analysis.module) if node in wanted]
