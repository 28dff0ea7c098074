"""What one module shows to another, as plain data that can be stored beside its compiled code.

An interface is a dict of dicts, lists, tuples, strings and booleans (it is marshalled):

    {"exports": {name: entry}, "hidden": [names that are not `pub`],
     "methods": {name: [colour, …]}, "fields": [names of record fields that may hold functions],
     "loose": [names of methods that impls give to types which are no records or enums]}

    entry: {"kind": "cell", "params": [(name, type, has_default, is_rest)], "result": type,
            "colour": "plain" | "suspends", "is_async", "is_generator", "is_extern", "can_spawn", "effects": [names],
            "tools": ((tool, (the cells on the way to its call, its alias)), …)}
           {"kind": "record", "fields": [(name, type, has_default)], "methods": {name: cell entry}}
           {"kind": "enum", "variants": {name: [(field, type, has_default)]}, "methods": {name: cell entry}}
           {"kind": "const" | "global" | "type", "type": type}   {"kind": "trait", "methods": {name: cell entry}}
           {"kind": "tool", "tool": dotted, "effect": kind}      {"kind": "module", "module": dotted}
    re-exported names (`pub import`) have "origin": (module, name) besides.

The last three are those of the module and of everything it imports: a value may come from far away, and
what its methods are called decides how a call by name is compiled.

A type is a tuple `(name, args…)`; a declared one `("@", module, name)`, where "" is the module itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lumen.analysis.scopes import Binding, Kind
from lumen.analysis.tables import Interface
from lumen.analysis.types import ANY, Type

if TYPE_CHECKING:
    from lumen.analysis.tables import Analysis

Interfaces = Callable[[str], Interface]
"""Gives the interface of an imported module by its dotted name, or raises ImportFailed."""

DECLARED_KINDS = {
    "cell": Kind.CELL,
    "record": Kind.RECORD,
    "enum": Kind.ENUM,
    "variant": Kind.VARIANT,
    "const": Kind.CONST,
    "global": Kind.CONST,
    "type": Kind.TYPE,
    "trait": Kind.TRAIT,
    "tool": Kind.TOOL,
    "module": Kind.MODULE,
}
"""Kind of an entry → kind of the binding an import makes; an imported variable can't be assigned to."""


class ImportFailed(Exception):
    """Raised by the loader when a module can't be imported: missing, unreadable, with errors, or in a cycle.

    `code` is a diagnostic's: `missing-module`, `import-cycle`, or `import-failed`; `notes` show the chain of imports.
    """

    def __init__(self, code: str, message: str, notes: tuple[str, ...] = (), hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.notes = notes
        self.hint = hint


def import_cycle(chain: tuple[str, ...]) -> ImportFailed:
    """The failure for modules that import each other; `chain` ends with the module it began with."""
    return ImportFailed(
        "import-cycle", f"`{chain[0]}` imports itself",
        ("imported along " + " → ".join(f"`{name}`" for name in chain),),
        "move what both need into a module of its own",
    )  # fmt: skip


def encode_type(type_: Type | None, imported: Callable[[Binding], tuple[str, str]]) -> tuple[Any, ...]:
    """A type as data; `imported` says where a declared type is from: (module, name)."""
    if type_ is None:
        return ("Any",)
    if type_.decl is not None:
        return ("@", *imported(type_.decl))
    return (type_.name, *(encode_type(arg, imported) for arg in type_.args))


def decode_type(data: tuple[Any, ...], module: str, declared: Callable[[str, str], Binding | None]) -> Type:
    """The type that data from the interface of `module` stands for; `declared` finds (module, name)."""
    if data[0] == "@":
        binding = declared(data[1] or module, data[2])
        return ANY if binding is None else Type(binding.name, (), binding)
    return Type(data[0], tuple(decode_type(arg, module, declared) for arg in data[1:]))


def origin_of(binding: Binding) -> tuple[str, str]:
    """Where a declared thing is from: (module, name), module "" for this one."""
    return (binding.origin or "", binding.origin_name or binding.name)


class ImportedNames:
    """Bindings of imported things: one for each (module, name), however many ways lead to it."""

    def __init__(self, analysis: Analysis, interfaces: Interfaces) -> None:
        self._analysis = analysis
        self._interfaces = interfaces
        self._made: dict[tuple[str, str], Binding] = {}

    def interface(self, module: str) -> Interface:
        """The interface of a module; raises ImportFailed."""
        known = self._analysis.interfaces.get(module)
        if known is None:
            known = self._analysis.interfaces[module] = self._interfaces(module)
        return known

    def binding(self, module: str, name: str) -> Binding | None:
        """The binding of an exported name, None if there is none."""
        entry = self.interface(module)["exports"].get(name)
        if entry is None:
            return None
        module, name = entry.get("origin", (module, name))
        made = self._made.get((module, name))
        if made is None:
            made = Binding(name, DECLARED_KINDS[entry["kind"]], None, origin=module, origin_name=name)
            self._made[module, name] = made
            self._analysis.imported[made] = entry
            if entry["kind"] == "enum":
                variants = self._analysis.members.setdefault(made, {})
                for variant in entry["variants"]:
                    variants[variant] = Binding(
                        variant, Kind.VARIANT, None, origin=module, origin_name=variant, parent=made
                    )
            elif entry["kind"] == "module":
                made.origin = entry["module"]
                made.origin_name = None
                self._analysis.members[made] = self.members(entry["module"])
        return made

    def find(self, module: str, name: str) -> Binding | None:
        """Like `binding`, for a module that may not be loadable: a type that comes from it is then unknown."""
        try:
            return self.binding(module, name)
        except ImportFailed:
            return None

    def members(self, module: str) -> dict[str, Binding]:
        """Everything a module exports, variants of its enums too."""
        found: dict[str, Binding] = {}
        for name in self.interface(module)["exports"]:
            binding = self.binding(module, name)
            if binding is not None:
                found[name] = binding
        for binding in list(found.values()):
            if binding.kind is Kind.ENUM:
                for name, variant in self._analysis.members[binding].items():
                    found.setdefault(name, variant)
        return found
