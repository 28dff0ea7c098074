"""Attributes of cells and fields: names that mean nothing, and uses of what is marked `@deprecated`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.findings import report
from lumen.analysis.scopes import Binding, Kind
from lumen.diagnostics.spelling import nearest
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.declared import Declared
    from lumen.analysis.tables import Analysis

ATTRIBUTES = ("test", "retry", "timeout", "cached", "deprecated")


def check_attributes(declared: Declared) -> None:
    """Codes: unknown-attribute, deprecated (warnings)."""
    analysis = declared.analysis
    for statement in analysis.module.body:
        for attribute in getattr(statement, "attributes", ()):
            if attribute.name == "secret":
                _no_effect(analysis, attribute, "`@secret` stands before the field of a record")
            elif attribute.name not in ATTRIBUTES:
                _no_effect(analysis, attribute, _suggestion(attribute.name, ATTRIBUTES))
    for node in declared.tree:
        if isinstance(node, n.FieldDecl):
            for attribute in node.attributes:
                if attribute.name != "secret":
                    _no_effect(analysis, attribute, _suggestion(attribute.name, ("secret",)))
                elif attribute.args:
                    _no_effect(analysis, attribute.args[0], "write `@secret` alone", "what `@secret` is given")
    _deprecated_uses(analysis)


def _suggestion(name: str, known: tuple[str, ...]) -> str | None:
    found = nearest(name, known)
    return None if found is None else f"did you mean `@{found}`?"


def _no_effect(analysis: Analysis, node: n.Node, hint: str | None, what: str | None = None) -> None:
    what = what if what is not None or not isinstance(node, n.Attribute) else f"`@{node.name}`"
    report(analysis, "unknown-attribute", f"{what} has no effect", node, severity="warning", hint=hint)


def _deprecated_uses(analysis: Analysis) -> None:
    advice: dict[Binding, str | None] = {}
    for node, binding in analysis.bindings.items():
        if not isinstance(node, n.Name | n.Attr) or binding.kind is not Kind.CELL:
            continue
        if binding not in advice:
            advice[binding] = _advice(binding)
        said = advice[binding]
        if said is not None:
            report(
                analysis, "deprecated", f"`{binding.name}` is deprecated", node, severity="warning", hint=said or None
            )


def _advice(binding: Binding) -> str | None:
    """What `@deprecated("…")` before a cell says; None if it is not deprecated."""
    for attribute in getattr(binding.node, "attributes", ()):
        if attribute.name == "deprecated":
            text = attribute.args[0].value if attribute.args else None
            is_plain = isinstance(text, n.StringLit) and all(isinstance(part, str) for part in text.parts)
            return "".join(map(str, text.parts)) if is_plain and isinstance(text, n.StringLit) else ""
    return None
