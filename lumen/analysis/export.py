"""Analysis → interface: what other modules see of this one (the format is drawn in `interface.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lumen.analysis.interface import encode_type, origin_of
from lumen.analysis.scopes import Binding, Colour, Kind
from lumen.analysis.tables import Interface
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumen.analysis.declared import CellFact, Declared, ParamFact
    from lumen.analysis.types import Type


def build_interface(declared: Declared) -> Interface:
    """The interface of an analysed module; needs types and colours."""
    analysis = declared.analysis
    public = _public_names(analysis.module)
    exports: dict[str, dict[str, Any]] = {}
    hidden: list[str] = []
    for name, binding in analysis.globals.items():
        entry = _entry(declared, binding)
        if entry is None:
            continue
        if public is None or name in public:
            exports[name] = entry
        else:
            hidden.append(name)
    exports.update(_re_exports(declared))
    methods: dict[str, set[str]] = {name: set(colours) for name, colours in declared.imported_methods.items()}
    for name, facts in declared.methods.items():
        methods.setdefault(name, set()).update(_colour(fact) for fact in facts)
    return {
        "exports": exports,
        "hidden": hidden,
        "methods": {name: sorted(colours) for name, colours in sorted(methods.items())},
        "fields": sorted(declared.field_names),
        "loose": sorted(declared.loose_methods),
    }


def _public_names(module: n.Module) -> set[str] | None:
    """The names marked `pub`; None if the module marks none, and so shows all."""
    names = set()
    has_pub = False
    for item in module.body:
        if getattr(item, "is_pub", False):
            has_pub = True
            if not isinstance(item, n.ImportDecl):
                names.add(item.name.name)  # type: ignore[attr-defined]
    return names if has_pub else None


def _type(type_: Type | None) -> tuple[Any, ...]:
    return encode_type(type_, origin_of)


def _params(params: Sequence[ParamFact]) -> list[tuple[Any, ...]]:
    return [(param.name, _type(param.type), param.has_default, param.is_rest) for param in params]


def _colour(fact: CellFact) -> str:
    """The colour of a *call*: starting an async cell and making a generator never suspend."""
    if fact.function is not None and not fact.is_async and not fact.is_generator:
        return fact.function.colour.value
    if fact.is_extern:
        return Colour.SUSPENDS.value
    return Colour.PLAIN.value


def _cell(declared: Declared, fact: CellFact) -> dict[str, Any]:
    function = fact.function
    node = fact.node
    uses = {} if node is None else declared.tools.get(node, {})
    return {
        "kind": "cell",
        "params": _params(fact.params),
        "result": _type(fact.value_type),
        # Of a generator: whether pulling from it suspends; see `FunctionValues.generator`.
        "colour": function.colour.value if function is not None and not fact.is_extern else Colour.SUSPENDS.value,
        "is_async": fact.is_async,
        "is_generator": fact.is_generator,
        "is_extern": fact.is_extern,
        "can_spawn": function is not None and function.can_spawn,
        "effects": [] if node is None or node.effects is None else list(node.effects.names),
        "tools": tuple((use.tool, use.chain) for use in uses.values()),
    }


def _methods(declared: Declared, binding: Binding) -> dict[str, Any]:
    record = declared.records.get(binding)
    return {} if record is None else {name: _cell(declared, fact) for name, fact in record.methods.items()}


def _entry(declared: Declared, binding: Binding) -> dict[str, Any] | None:
    kind, node = binding.kind, binding.node
    if kind is Kind.CELL:
        fact = declared.cell(binding)
        return None if fact is None else _cell(declared, fact)
    if kind is Kind.RECORD:
        fields = declared.constructor(binding) or ()
        return {"kind": "record", "fields": _params(fields), "methods": _methods(declared, binding)}
    if kind is Kind.ENUM and isinstance(node, n.EnumDecl):
        variants = {
            variant.name.name: _params(declared.constructor(declared.analysis.bindings[variant]) or ())
            for variant in node.variants
        }
        return {"kind": "enum", "variants": variants, "methods": _methods(declared, binding)}
    if kind is Kind.CONST:
        return {"kind": "const", "type": _type(binding.type)}
    if kind in (Kind.GLOBAL, Kind.LOCAL):
        return {"kind": "global", "type": _type(binding.type)}
    if kind is Kind.TYPE and isinstance(node, n.TypeAliasDecl):
        return {"kind": "type", "type": _type(declared.annotation(node.value))}
    if kind is Kind.TRAIT and isinstance(node, n.TraitDecl):
        methods = {
            method.name.name: _cell(declared, declared.nodes[method])
            for method in node.methods
            if method in declared.nodes
        }
        required = [method.name.name for method in node.methods if method.body is None]
        return {"kind": "trait", "methods": methods, "required": required}
    if kind is Kind.TOOL and isinstance(node, n.UseToolDecl):
        return {"kind": "tool", "tool": node.tool}
    return None


def _re_exports(declared: Declared) -> dict[str, dict[str, Any]]:
    """Names of `pub import …`."""
    analysis = declared.analysis
    found: dict[str, dict[str, Any]] = {}
    for item in analysis.module.body:
        if not (isinstance(item, n.ImportDecl) and item.is_pub):
            continue
        module = ".".join(item.module)
        if module in analysis.broken_modules:
            continue
        if item.names is None:
            found[item.module[-1]] = {"kind": "module", "module": module}
            continue
        entries = analysis.interfaces[module]["exports"]
        if item.names == "*":
            wanted = {name: name for name in entries}
        else:
            wanted = {(part.alias or part.name).name: part.name.name for part in item.names}
        for local, name in wanted.items():
            if name in entries:
                found[local] = {**entries[name], "origin": entries[name].get("origin", (module, name))}
    return found
