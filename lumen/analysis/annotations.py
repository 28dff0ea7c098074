"""Types as written → types as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.interface import decode_type
from lumen.analysis.scopes import Kind
from lumen.analysis.types import ANY, BOOL, BYTES, FLOAT, INT, NEVER, NULL, STRING, Type, tuple_of
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.tables import Analysis

_SIMPLE = {
    "Int": INT, "Float": FLOAT, "Bool": BOOL, "String": STRING, "Bytes": BYTES, "Null": NULL, "Never": NEVER,
    "Error": Type("Error"), "FutureState": Type("FutureState"),
}  # fmt: skip

_GENERIC = {"list": 1, "set": 1, "map": 2, "Future": 1, "Channel": 1, "result": 2, "yield": 1}

_MAX_ALIASES = 32
"""An alias that leads to itself is cut off here; it means Any."""


def type_of_annotation(analysis: Analysis, annotation: n.TypeExpr | None, aliases: int = 0) -> Type:
    """The type that an annotation promises; ANY where it promises nothing we can use (unions, generics, `Json`)."""
    if isinstance(annotation, n.NamedType):
        return _named(analysis, annotation, aliases)
    if isinstance(annotation, n.TupleType):
        return tuple_of(*(type_of_annotation(analysis, item, aliases) for item in annotation.items))
    if isinstance(annotation, n.FnType):
        params = tuple(type_of_annotation(analysis, item, aliases) for item in annotation.params)
        return Type("fn", (*params, type_of_annotation(analysis, annotation.result, aliases)))
    return ANY


def _named(analysis: Analysis, annotation: n.NamedType, aliases: int) -> Type:
    declared = analysis.bindings.get(annotation)
    if declared is not None:
        if declared.kind in (Kind.RECORD, Kind.ENUM):
            return Type(declared.name, (), declared)
        if declared.kind is Kind.TYPE and aliases < _MAX_ALIASES:
            if isinstance(declared.node, n.TypeAliasDecl):
                return type_of_annotation(analysis, declared.node.value, aliases + 1)
            entry = analysis.imported.get(declared)
            if entry is not None:
                return decode_type(entry["type"], declared.origin or "", analysis.declared_elsewhere)
        return ANY
    simple = _SIMPLE.get(annotation.name)
    if simple is not None:
        return simple
    args = tuple(type_of_annotation(analysis, arg, aliases) for arg in annotation.args)
    if annotation.name == "tuple" and args:
        return tuple_of(*args)
    count = _GENERIC.get(annotation.name)
    if count is None or len(args) > count:
        return ANY
    return Type(annotation.name, args + (ANY,) * (count - len(args)))
