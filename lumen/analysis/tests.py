"""Which cells are tests, and what `@test(…)` says of them.

A cell named `test_…` is a test in files of tests; `@test` marks one anywhere. `@test(cases: […])` makes one test of
each element, whose items are the arguments: `cases` may be any expression that doesn't wait, so it becomes a function
of its own (`Analysis.functions` has it under the attribute).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from collections.abc import Iterator

OPTIONS: dict[str, str] = {
    "cases": "cases: [(1, 2), (3, 4)]",
    "mode": 'mode: "eager"',
    "skip": 'skip: "why"',
    "fails": 'fails: "code"',
    "leaks": "leaks: true",
}
"""Options of `@test`, each as it is written."""


def test_attribute(cell: n.CellDecl) -> n.Attribute | None:
    """The first `@test` before a cell."""
    return next((attribute for attribute in cell.attributes if attribute.name == "test"), None)


def cases_of(attribute: n.Attribute) -> n.Expr | None:
    """The expression behind `cases:`."""
    if attribute.name != "test":
        return None
    return next((arg.value for arg in attribute.args if arg.name == "cases"), None)


def literal(value: n.Expr) -> Any:
    """The value of a plain literal (null is none of them); None for anything else."""
    if isinstance(value, n.BoolLit):
        return value.value
    if isinstance(value, n.StringLit) and all(isinstance(part, str) for part in value.parts):
        return "".join(map(str, value.parts))
    return None


def tests_of(module: n.Module) -> Iterator[tuple[n.CellDecl, n.Attribute | None, dict[str, Any]]]:
    """The tests among the top-level cells of a module: the cell, its `@test`, its options but for `cases`."""
    for item in module.body:
        if not isinstance(item, n.CellDecl):
            continue
        attribute = test_attribute(item)
        if attribute is None and not item.name.name.startswith("test_"):
            continue
        args = () if attribute is None else attribute.args
        yield item, attribute, {arg.name: literal(arg.value) for arg in args if arg.name and arg.name != "cases"}
