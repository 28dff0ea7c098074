"""`@test(…)` with options that mean nothing, or before something that can't be called as a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.findings import report
from lumen.analysis.scopes import Kind
from lumen.analysis.tests import OPTIONS, cases_of, literal, test_attribute
from lumen.analysis.walk import nodes_of
from lumen.diagnostics.spelling import nearest
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.declared import Declared
    from lumen.analysis.tables import Analysis

_MODES = ("eager", "fifo")


def check_tests(declared: Declared) -> None:
    """Codes: bad-test, await-not-possible."""
    analysis = declared.analysis
    for item in analysis.module.body:
        for attribute in getattr(item, "attributes", ()):
            if attribute.name == "test":
                _placed(analysis, item, attribute)
                _options(analysis, attribute)
                cases = cases_of(attribute)
                if cases is not None:
                    _waits(analysis, cases)


def _placed(analysis: Analysis, item: n.Stmt, attribute: n.Attribute) -> None:
    if not isinstance(item, n.CellDecl):
        report(analysis, "bad-test", "`@test` must stand before a cell", attribute)
        return
    name = item.name.name
    if attribute is not test_attribute(item):
        report(
            analysis, "bad-test", f"`{name}` is marked `@test` twice", attribute, hint="one `@test` takes all options"
        )
        return
    if item.is_extern:
        report(analysis, "bad-test", "an `extern` cell has no body that could test anything", attribute)
    names = [param.name.name for param in item.params if param.default is None and not param.is_rest]
    needed = [name for name in names if not _is_cell(analysis, name)]
    has_cases = any(arg.name == "cases" for arg in attribute.args)
    if needed and not has_cases:
        report(
            analysis, "bad-test", f"nothing gives `{name}` its parameter `{needed[0]}`", attribute,
            hint=f"`@test(cases: […])` does, or a cell named `{needed[0]}`",
        )  # fmt: skip
    if has_cases and not item.params:
        report(
            analysis, "bad-test", f"`{name}` has no parameters that could take the `cases`", attribute,
            hint="give it one for each part of a case",
        )  # fmt: skip


def _is_cell(analysis: Analysis, name: str) -> bool:
    """Whether a parameter is filled by the cell of its name (a fixture)."""
    binding = analysis.globals.get(name)
    return binding is not None and binding.kind is Kind.CELL


def _options(analysis: Analysis, attribute: n.Attribute) -> None:
    seen: set[str] = set()
    for arg in attribute.args:
        name = arg.name
        if name is None or arg.is_spread:
            report(
                analysis, "bad-test", "options of `@test` have names", arg,
                hint=f"it takes {', '.join(f'`{text}`' for text in OPTIONS.values())}",
            )  # fmt: skip
        elif name not in OPTIONS:
            suggestion = nearest(name, OPTIONS)
            hint = f"did you mean `{suggestion}`?" if suggestion else f"it takes {', '.join(OPTIONS.values())}"
            report(analysis, "bad-test", f"`@test` has no option `{name}`", arg, hint=hint)
        elif name in seen:
            report(analysis, "bad-test", f"`{name}` is given twice", arg)
        else:
            wrong = _wrong(name, arg.value)
            if wrong is not None:
                report(analysis, "bad-test", wrong, arg, hint=f"write `{OPTIONS[name]}`")
        seen.add(name or "")


def _wrong(name: str, value: n.Expr) -> str | None:
    """What is wrong with the value of an option."""
    given = literal(value)
    if name == "mode" and given not in _MODES:
        return 'the `mode` of a test is "eager" or "fifo"'
    if name == "skip" and given is not True and not (isinstance(given, str) and given):
        return "`skip` takes the reason, as a plain string"
    if name == "fails" and not (isinstance(given, str) and given):
        return "`fails` takes the code of the failure that is expected, as a plain string"
    if name == "leaks" and not isinstance(given, bool):
        return "`leaks` is `true` or `false`"
    if name == "cases" and isinstance(value, n.StringLit | n.BoolLit | n.IntLit | n.FloatLit | n.NullLit | n.MapExpr):
        return "`cases` is a list, one element for each call of the test"
    if name == "cases" and isinstance(value, n.ListExpr) and not value.items:
        return "without any `cases` nothing would be tested"
    return None


def _waits(analysis: Analysis, cases: n.Expr) -> None:
    for node in nodes_of([cases], analysis.functions):
        if node in analysis.suspends and node not in analysis.maybe:
            report(
                analysis, "await-not-possible", "`cases` are made before the tests run, and can't wait", node,
                hint="wait in the test, and give it what to ask for",
            )  # fmt: skip
            return
