"""Imports → Bindings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.findings import report
from lumen.analysis.interface import ImportedNames, ImportFailed, Interfaces
from lumen.analysis.scopes import Binding, Kind
from lumen.diagnostics.spelling import nearest

if TYPE_CHECKING:
    from typing import Protocol

    from lumen.analysis.names import Scope
    from lumen.analysis.tables import Analysis
    from lumen.syntax import nodes as n

    class _Resolver(Protocol):
        analysis: Analysis
        interfaces: Interfaces
        module_scope: Scope


def bind_imports(resolver: _Resolver, imports: list[n.ImportDecl]) -> None:
    """Enter what a module imports into its scope.

    Codes: missing-module, import-cycle, import-failed (from the loader), missing-name. A name that can't be imported
    is bound all the same, so that its uses are not reported as well.
    """
    analysis = resolver.analysis
    names = ImportedNames(analysis, resolver.interfaces)
    analysis.declared_elsewhere = names.find
    for node in imports:
        module = ".".join(node.module)
        if module not in analysis.imports:
            analysis.imports.append(module)
        if module in analysis.broken_modules:
            _bind_broken(resolver, node, module)
            continue
        try:
            names.interface(module)
        except ImportFailed as failure:
            analysis.broken_modules[module] = failure.message
            # Where the chain starts here, the place to look at is this import; the rest of it is in the notes.
            report(analysis, failure.code, failure.message, node, hint=failure.hint, notes=failure.notes)
            _bind_broken(resolver, node, module)
            continue
        _bind(resolver, names, node, module)


def _bind(resolver: _Resolver, names: ImportedNames, node: n.ImportDecl, module: str) -> None:
    analysis = resolver.analysis
    if node.names is None:
        binding = Binding(node.module[-1], Kind.MODULE, node, origin=module)
        analysis.members[binding] = names.members(module)
        _enter(resolver, node.module[-1], binding, node)
        return
    if node.names == "*":
        for name, binding in names.members(module).items():
            resolver.module_scope.names.setdefault(name, binding)
        return
    for item in node.names:
        wanted = item.name.name
        known = names.binding(module, wanted)
        if known is None:
            known = names.members(module).get(wanted)  # a variant by its bare name
        local = item.name if item.alias is None else item.alias
        if known is None:
            _missing_name(analysis, names, module, item)
            known = Binding(wanted, Kind.CONST, None, origin=module, origin_name=wanted)
        _enter(resolver, local.name, known, local)
        analysis.bindings[item.name] = known
        if known.kind is Kind.ENUM:
            for name, variant in analysis.members[known].items():
                resolver.module_scope.names.setdefault(name, variant)


def _enter(resolver: _Resolver, name: str, binding: Binding, node: n.Node) -> None:
    resolver.module_scope.names[name] = binding
    resolver.analysis.bindings[node] = binding
    resolver.analysis.imported_names[name] = node


def _missing_name(analysis: Analysis, names: ImportedNames, module: str, item: n.ImportName) -> None:
    wanted = item.name.name
    interface = names.interface(module)
    notes = (f"imported along `{analysis.file.path}` → `{module}`",)
    if wanted in interface.get("hidden", ()):
        message = f"`{wanted}` of module `{module}` is not exported"
        hint: str | None = f"put `pub` before it in `{module}`"
    else:
        suggestion = nearest(wanted, interface["exports"])
        message = f"module `{module}` has no `{wanted}`"
        hint = None if suggestion is None else f"did you mean `{suggestion}`?"
    report(analysis, "missing-name", message, item.name, hint=hint, notes=notes)


def _bind_broken(resolver: _Resolver, node: n.ImportDecl, module: str) -> None:
    if node.names is None:
        _enter(resolver, node.module[-1], Binding(node.module[-1], Kind.MODULE, node, origin=module), node)
    elif node.names == "*":
        resolver.analysis.doc_mode = True  # Anything may have come from it; one error is enough.
    else:
        for item in node.names:
            local = item.name if item.alias is None else item.alias
            _enter(resolver, local.name, Binding(local.name, Kind.CONST, None, origin=module), local)
