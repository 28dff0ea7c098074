"""Declarations: names defined twice, directives, impls that lack methods, constructs of later steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.findings import report
from lumen.analysis.scopes import Kind
from lumen.diagnostics.spelling import nearest
from lumen.syntax import nodes as n
from lumen.syntax.visit import children

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lumen.analysis.declared import Declared
    from lumen.analysis.tables import Analysis

DIRECTIVES = ("deterministic", "strict", "doc_mode")

_NAMED = n.CellDecl | n.RecordDecl | n.EnumDecl | n.TypeAliasDecl | n.ConstDecl | n.TraitDecl

OPTIONS: dict[str, tuple[str, ...]] = {
    "parallel": ("max", "settle"),
    "race": ("settle",),
    "vote": ("quorum", "by"),
    "select": (),
}
"""Options that each construct takes in parentheses."""


def check_declarations(declared: Declared) -> None:
    """Codes: duplicate-definition, duplicate-parameter, duplicate-binding, unknown-directive, bad-directive,
    missing-method, unknown-option, not-supported-yet, macro-refused."""
    analysis = declared.analysis
    _directives(analysis)
    _top_level(analysis)
    stack: list[n.Node] = [analysis.module]
    while stack:
        node = stack.pop()
        if isinstance(node, n.LaterDecl | n.LaterExpr):
            _later(analysis, node)
            continue
        if isinstance(node, n.Block):
            _once(
                analysis,
                (item.name for item in node.body if isinstance(item, _NAMED)),
                "duplicate-definition",
                "defined",
            )
        elif isinstance(node, n.CellDecl | n.Lambda):
            _once(analysis, (param.name for param in node.params), "duplicate-parameter", "a parameter")
        elif isinstance(node, n.RecordDecl):
            names = [*(item.name for item in node.fields), *(item.name for item in node.methods)]
            _once(analysis, names, "duplicate-definition", "defined", f" in `{node.name.name}`")
        elif isinstance(node, n.EnumDecl):
            names = [*(item.name for item in node.variants), *(item.name for item in node.methods)]
            _once(analysis, names, "duplicate-definition", "defined", f" in `{node.name.name}`")
        elif isinstance(node, n.VariantDecl):
            _once(analysis, (param.name for param in node.fields), "duplicate-definition", "a field")
        elif isinstance(node, n.TraitDecl | n.ImplDecl):
            _once(analysis, (item.name for item in node.methods), "duplicate-definition", "defined")
            if isinstance(node, n.ImplDecl):
                _impl(analysis, node)
        elif isinstance(node, n.Concurrent):
            _construct(analysis, node)
        elif isinstance(node, n.Spawn):
            _spawn_options(analysis, node)
        stack.extend(children(node))


def _once(analysis: Analysis, names: Iterable[n.Ident], code: str, what: str, where: str = "") -> None:
    """Report names that stand more than once in a list."""
    seen: dict[str, n.Ident] = {}
    for ident in names:
        if ident.name == "_":
            continue
        first = seen.setdefault(ident.name, ident)
        if first is not ident:
            report(analysis, code, f"`{ident.name}` is {what} twice{where}", ident, first=(first, "first here"))


def _top_level(analysis: Analysis) -> None:
    """A name has one meaning in a module: declarations, imports, tools, and variables of the script share them."""
    seen: dict[str, n.Node] = {}

    def enter(name: str, place: n.Node) -> None:
        first = seen.setdefault(name, place)
        if first is not place:
            report(
                analysis,
                "duplicate-definition",
                f"`{name}` is defined twice",
                place,
                first=(first, "first defined here"),
            )

    for item in analysis.module.body:
        if isinstance(item, n.ImportDecl):
            if item.names is None:
                enter(item.module[-1], item)
            elif item.names != "*":
                for part in item.names:
                    local = part.alias or part.name
                    enter(local.name, local)
        elif isinstance(item, _NAMED):
            enter(item.name.name, item.name)
        elif isinstance(item, n.UseToolDecl):
            enter(item.alias.name, item.alias)
        elif (
            isinstance(item, n.LaterDecl) and item.name is not None and item.keyword not in ("grant", "bind", "handler")
        ):
            enter(item.name.name, item.name)
    for item in analysis.module.body:
        if isinstance(item, n.LetStmt):
            for place, name in _let_names(analysis, item.pattern):
                first = seen.get(name)
                if first is not None:
                    report(
                        analysis, "duplicate-definition", f"`{name}` is defined twice", place,
                        first=(first, "first defined here"),
                    )  # fmt: skip


def _let_names(analysis: Analysis, pattern: n.Pattern) -> list[tuple[n.Node, str]]:
    found: list[tuple[n.Node, str]] = []
    stack: list[n.Node] = [pattern]
    while stack:
        node = stack.pop()
        binding = analysis.bindings.get(node)
        is_name = isinstance(node, n.NamePattern | n.TypePattern | n.RestPattern)
        if is_name and binding is not None and binding.kind in (Kind.GLOBAL, Kind.LOCAL):
            found.append((node, binding.name))
        stack.extend(children(node))
    return found


def _directives(analysis: Analysis) -> None:
    for directive in analysis.module.directives:
        if directive.name not in DIRECTIVES:
            suggestion = nearest(directive.name, DIRECTIVES)
            hint = "there are `@deterministic`, `@strict`, `@doc_mode`"
            if suggestion is not None:
                hint = f"did you mean `@{suggestion}`?"
            report(analysis, "unknown-directive", f"`@{directive.name}` is not a directive", directive, hint=hint)
        elif directive.value is not None and not isinstance(directive.value, n.BoolLit):
            report(
                analysis, "bad-directive", f"`@{directive.name}` takes `true` or `false`", directive.value,
                hint=f"write `@{directive.name} true`",
            )  # fmt: skip


def _impl(analysis: Analysis, node: n.ImplDecl) -> None:
    """An impl must give every method that its trait leaves open."""
    if node.trait is None:
        return
    trait = analysis.bindings.get(node.trait)
    if trait is None or trait.kind is not Kind.TRAIT:
        return
    if isinstance(trait.node, n.TraitDecl):
        required = [method.name.name for method in trait.node.methods if method.body is None]
    else:
        required = list(analysis.imported.get(trait, {}).get("required", ()))
    given = {method.name.name for method in node.methods}
    missing = [name for name in required if name not in given]
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        report(analysis, "missing-method", f"this impl of `{trait.name}` lacks {names}", node.trait)


def _construct(analysis: Analysis, node: n.Concurrent) -> None:
    known = OPTIONS.get(node.kind, ())
    for option in node.options:
        if option.name in known:
            continue
        if option.name is None:
            report(analysis, "unknown-option", f"options of `{node.kind}` have names", option, hint=_options(node.kind))
            continue
        suggestion = nearest(option.name, known)
        hint = f"did you mean `{suggestion}`?" if suggestion else _options(node.kind)
        report(analysis, "unknown-option", f"`{node.kind}` has no option `{option.name}`", option, hint=hint)
    if isinstance(node.branches, tuple):
        names = (branch.name for branch in node.branches if branch.name is not None)
        _once(analysis, names, "duplicate-binding", "a branch")


def _options(kind: str) -> str:
    known = OPTIONS[kind]
    return "it takes " + ", ".join(f"`{name}:`" for name in known) if known else "it takes none"


def _spawn_options(analysis: Analysis, node: n.Spawn) -> None:
    for option in node.options:
        if option.name == "on":
            report(analysis, "not-supported-yet", "`spawn(…, on: …)` is not supported yet", option)
        elif option.name != "name":
            report(
                analysis, "unknown-option", f"`spawn` has no option `{option.name}`" if option.name
                else "`spawn` takes one call, closure, or expression", option, hint="it takes `name:` and `on:`",
            )  # fmt: skip


def _later(analysis: Analysis, node: n.LaterDecl | n.LaterExpr) -> None:
    if node.keyword == "macro":
        report(
            analysis, "macro-refused", "Lumen has no macros", node,
            hint="a cell does it at run time, `comptime … end` when the module loads",
        )  # fmt: skip
        return
    place: n.Node = node
    if isinstance(node, n.LaterDecl) and node.name is not None:
        place = node.name
    report(analysis, "not-supported-yet", f"`{node.keyword}` is not supported yet", place)
