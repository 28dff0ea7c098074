"""What is known of declared things (cells, records, variants), be they of this module or imported.

Everything later passes ask goes through here, so that they need not care whether a thing has a node or is an entry
of an interface.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, evolve, frozen

from lumen.analysis.annotations import type_of_annotation
from lumen.analysis.interface import decode_type
from lumen.analysis.promises import trusted
from lumen.analysis.scopes import Binding, Colour, Function, Kind
from lumen.analysis.types import ANY, Type
from lumen.analysis.walk import own_nodes, walk
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.effects import Uses
    from lumen.analysis.tables import Analysis


@frozen
class ParamFact:
    """One parameter of a cell, or field of a record or variant."""

    name: str
    type: Type
    has_default: bool = False
    is_rest: bool = False


def field_of(arg: n.PatternArg, position: int, fields: tuple[str, ...]) -> str | None:
    """The field that an argument of a constructor pattern takes; None if there is no such field.

    In `Some(n: Int)` the name is that of a new variable, unless there is a field `n`.
    """
    is_test = isinstance(arg.pattern, n.TypePattern) and arg.pattern.name is not None
    if arg.name is None or (is_test and arg.name not in fields):
        return fields[position] if position < len(fields) else None
    return arg.name if arg.name in fields else None


@define(eq=False)
class CellFact:
    """One cell or method."""

    name: str
    params: tuple[ParamFact, ...]
    """Without `self`, for methods."""
    result: Type | None
    """As annotated; None without annotation (then inference fills `inferred`)."""
    is_async: bool = False
    is_generator: bool = False
    is_extern: bool = False
    function: Function | None = None
    """Of this module; None for imported and extern cells."""
    imported_colour: Colour | None = None
    imported_can_spawn: bool = False
    imported_tools: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Of an imported cell: the tools it may call; see `effects.py`."""
    inferred: Type | None = None
    node: n.CellDecl | None = None

    @property
    def value_type(self) -> Type:
        """What its body gives; NEVER as long as that is not known."""
        found = ANY if self.inferred is None else self.inferred
        if self.result is None or self.imported_colour is not None:
            return found if self.result is None else self.result
        return trusted(self.result, found)


@define(eq=False)
class RecordFact:
    """A record, or an enum (without fields)."""

    binding: Binding
    fields: dict[str, ParamFact]
    methods: dict[str, CellFact]
    is_enum: bool = False


class Declared:
    """The facts about every declared thing that a module can see."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.cells: dict[Binding, CellFact] = {}
        self.nodes: dict[n.CellDecl, CellFact] = {}
        """Cells and methods of this module."""
        self.records: dict[Binding, RecordFact] = {}
        self.variants: dict[Binding, tuple[ParamFact, ...]] = {}
        self.methods: dict[str, list[CellFact]] = {}
        """All methods of the module, by name."""
        self.imported_methods: dict[str, set[str]] = {}
        """Colours of the methods of imported modules, by name."""
        self.loose_methods: set[str] = set()
        """Methods that impls give to types which are no records or enums: strings, lists, … may have them."""
        self.field_names: set[str] = set()
        """Fields that may hold functions."""
        self.self_types: dict[n.CellDecl, Type] = {}
        self.tree: list[n.Node] = list(walk(analysis.module))
        """Every node of the module, parents first: walking is the dearest thing that many passes do."""
        self.own: dict[Function, list[n.Node]] = {
            function: list(own_nodes(function, analysis.functions)) for function in analysis.functions.values()
        }
        """For each function the nodes that run as part of it."""
        self.tools: dict[n.CellDecl, Uses] = {}
        """The tools that each cell may call; filled by `find_tools`."""
        for function in analysis.functions.values():
            if isinstance(function.node, n.CellDecl):
                self._add_cell(function.node)
        for binding in list(dict.fromkeys(analysis.bindings.values())):
            self._add(binding)
        self._add_impls()
        for interface in analysis.interfaces.values():
            for name, colours in interface["methods"].items():
                self.imported_methods.setdefault(name, set()).update(colours)
            self.field_names.update(interface["fields"])
            self.loose_methods.update(interface["loose"])

    # --- Asking ---

    def cell(self, binding: Binding) -> CellFact | None:
        """The cell a CELL binding stands for."""
        if binding not in self.cells and binding in self.analysis.imported:
            self._add(binding)
        return self.cells.get(binding)

    def record(self, type_: Type) -> RecordFact | None:
        """The record or enum that a type is."""
        if type_.decl is None:
            return None
        if type_.decl not in self.records:
            self._add(type_.decl)
        return self.records.get(type_.decl)

    def method(self, type_: Type, name: str) -> CellFact | None:
        """The method that values of a type have, if the type is known to have it."""
        record = self.record(type_)
        return None if record is None else record.methods.get(name)

    def constructor(self, binding: Binding) -> tuple[ParamFact, ...] | None:
        """The fields of a record or variant."""
        if binding.kind is Kind.VARIANT:
            if binding not in self.variants:
                self._add(binding)
            return self.variants.get(binding)
        if binding not in self.records:
            self._add(binding)
        record = self.records.get(binding)
        return None if record is None or record.is_enum else tuple(record.fields.values())

    def imported_type(self, binding: Binding) -> Type:
        """The type of an imported constant."""
        data = self.analysis.imported[binding].get("type")
        return ANY if data is None else self._decode(data, binding.origin or "")

    def annotation(self, node: n.TypeExpr | None) -> Type:
        """The type that an annotation promises."""
        return self._type(node)

    def weaken(self, parts: dict[tuple[Binding, str], Type]) -> None:
        """Take back what the annotations of some fields promise, by (record or variant, field)."""
        for (owner, field), type_ in parts.items():
            record = self.records.get(owner)
            if record is not None and field in record.fields:
                record.fields[field] = evolve(record.fields[field], type=type_)
            elif owner in self.variants:
                self.variants[owner] = tuple(
                    evolve(fact, type=type_) if fact.name == field else fact for fact in self.variants[owner]
                )

    # --- Collecting ---

    def _type(self, annotation: n.TypeExpr | None) -> Type:
        return type_of_annotation(self.analysis, annotation)

    def _params(self, params: tuple[n.Param, ...]) -> tuple[ParamFact, ...]:
        return tuple(ParamFact(p.name.name, self._type(p.type), p.default is not None, p.is_rest) for p in params)

    def _add_cell(self, node: n.CellDecl) -> CellFact:
        known = self.nodes.get(node)
        if known is not None:
            return known
        function = self.analysis.functions.get(node)
        result = None if node.result is None else self._type(node.result)
        is_generator = function is not None and function.is_generator
        if isinstance(node.result, n.NamedType) and node.result.name == "yield":
            is_generator = True
            if function is not None:
                function.is_generator = True
        made = CellFact(
            node.name.name, self._params(node.params), result, node.is_async, is_generator, node.is_extern, function,
            node=node,
        )  # fmt: skip
        self.nodes[node] = made
        return made

    def _methods(self, methods: tuple[n.CellDecl, ...], self_type: Type) -> dict[str, CellFact]:
        found = {}
        for method in methods:
            fact = self._add_cell(method)
            fact.params = tuple(param for param in fact.params if param.name != "self")
            self.self_types[method] = self_type
            if method.body is not None:
                self.methods.setdefault(method.name.name, []).append(fact)
            found[method.name.name] = fact
        return found

    def _add(self, binding: Binding) -> None:
        entry = self.analysis.imported.get(binding)
        if entry is None and binding.parent is not None:
            entry = self.analysis.imported.get(binding.parent)
        if entry is not None:
            self._add_imported(binding, entry)
            return
        node = binding.node
        if isinstance(node, n.CellDecl) and binding.kind is Kind.CELL:
            self.cells[binding] = self._add_cell(node)
        elif isinstance(node, n.RecordDecl):
            fields = {
                f.name.name: ParamFact(f.name.name, self._type(f.type), f.default is not None) for f in node.fields
            }
            self.field_names.update(name for name, fact in fields.items() if fact.type.name in ("Any", "fn"))
            self.records[binding] = record = RecordFact(binding, fields, {})
            record.methods.update(self._methods(node.methods, Type(binding.name, (), binding)))
        elif isinstance(node, n.EnumDecl):
            self.records[binding] = record = RecordFact(binding, {}, {}, is_enum=True)
            record.methods.update(self._methods(node.methods, Type(binding.name, (), binding)))
        elif isinstance(node, n.VariantDecl):
            self.variants[binding] = self._params(node.fields)
            self.field_names.update(p.name for p in self.variants[binding] if p.type.name in ("Any", "fn"))
        elif isinstance(node, n.TraitDecl):
            self._methods(node.methods, ANY)

    def _add_impls(self) -> None:
        for node in self.tree:
            if isinstance(node, n.ImplDecl):
                target = self._type(node.target)
                methods = self._methods(node.methods, target)
                record = self.record(target)
                if record is None:
                    self.loose_methods.update(methods)
                if record is not None:
                    for name, fact in methods.items():
                        record.methods.setdefault(name, fact)

    # --- Imported things ---

    def _decode(self, data: tuple[Any, ...], module: str) -> Type:
        return decode_type(data, module, self.analysis.declared_elsewhere)

    def _imported_params(self, params: list[tuple[Any, ...]], module: str) -> tuple[ParamFact, ...]:
        return tuple(ParamFact(p[0], self._decode(p[1], module), *p[2:]) for p in params)

    def _imported_cell(self, name: str, entry: dict[str, Any], module: str) -> CellFact:
        return CellFact(
            name, self._imported_params(entry["params"], module), self._decode(entry["result"], module),
            entry["is_async"], entry["is_generator"], entry["is_extern"],
            imported_colour=Colour(entry["colour"]), imported_can_spawn=entry["can_spawn"],
            imported_tools=entry["tools"],
        )  # fmt: skip

    def _add_imported(self, binding: Binding, entry: dict[str, Any]) -> None:
        module = binding.origin or ""
        kind = entry["kind"]
        if binding.kind is Kind.VARIANT:
            self.variants[binding] = self._imported_params(entry["variants"][binding.origin_name], module)
        elif kind == "cell":
            self.cells[binding] = self._imported_cell(binding.name, entry, module)
        elif kind in ("record", "enum"):
            # Entered before its parts are read: a field may be of the record's own type.
            self.records[binding] = record = RecordFact(binding, {}, {}, is_enum=kind == "enum")
            for fact in self._imported_params(entry.get("fields", []), module):
                record.fields[fact.name] = fact
            for name, method in entry["methods"].items():
                record.methods[name] = self._imported_cell(name, method, module)
