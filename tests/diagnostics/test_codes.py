"""Every code that the sources use is in the registry."""

from __future__ import annotations

import ast
from pathlib import Path

import lumen
from lumen.diagnostics.codes import FAILURES, FINDINGS
from lumen.values.errors import CODES


def slugs(tree: ast.Module):
    """Arguments of `report(…, "code", …)`, `Diagnostic("code", …)` and the like."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            places = {"report": 1, "Diagnostic": 0, "SourceError": 0, "ImportFailed": 0, "LoadError": 0,
                      "JournalError": 0}  # fmt: skip
            at = places.get(name)
            if at is not None and len(node.args) > at and isinstance(node.args[at], ast.Constant):
                yield node.args[at].value


def test_codes_of_findings():
    package = Path(lumen.__file__).parent
    used = set()
    for path in [*package.glob("syntax/**/*.py"), *package.glob("analysis/**/*.py"), *package.glob("source/*.py"),
                 *package.glob("runtime/*.py"), *package.glob("journal/*.py")]:  # fmt: skip
        used |= {slug for slug in slugs(ast.parse(path.read_text())) if isinstance(slug, str)}
    assert used - FINDINGS.keys() - FAILURES.keys() == set()


def test_codes_of_failures():
    assert CODES - FAILURES.keys() == set()
