"""Which declared thing a call calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.scopes import Binding, Kind
from lumen.analysis.signatures import BUILTIN_TYPES, VALUE_METHODS
from lumen.analysis.tables import CallTarget
from lumen.analysis.types import ANY, Type
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.declared import Declared

_VALUE = CallTarget("value")


def call_target(declared: Declared, callee: n.Expr, receiver: Type) -> CallTarget:
    """What calling `callee` calls; `receiver` is the type of `x` where the callee is `x.f`."""
    binding = declared.analysis.bindings.get(callee)
    if binding is not None:
        return _of_binding(declared, binding)
    if isinstance(callee, n.Attr):
        return _of_member(declared, callee, receiver)
    return _VALUE


def _of_binding(declared: Declared, binding: Binding) -> CallTarget:
    kind = binding.kind
    if kind is Kind.CELL:
        fact = declared.cell(binding)
        if fact is not None and fact.is_async and not fact.is_generator:
            return CallTarget("async", binding)
        return CallTarget("cell" if binding.origin is None else "module-cell", binding)
    if kind is Kind.RECORD:
        return CallTarget("record", binding)
    if kind is Kind.VARIANT:
        return CallTarget("variant", binding)
    if kind is Kind.BUILTIN:
        return CallTarget("builtin", binding)
    if kind is Kind.TOOL:
        return CallTarget("tool", binding)
    return _VALUE


def _of_member(declared: Declared, callee: n.Attr, receiver: Type) -> CallTarget:
    name = callee.name.name
    if not callee.is_optional and receiver.decl is not None and declared.method(receiver, name) is not None:
        return CallTarget("method", receiver.decl, name)
    fallback = declared.analysis.bindings.get(callee.name)
    record = declared.record(receiver)
    if record is not None and name in record.fields:
        return CallTarget("value", None, name)
    if receiver.name in VALUE_METHODS and name in VALUE_METHODS[receiver.name]:
        return CallTarget("value", None, name)
    if fallback is None:
        return CallTarget("value", None, name)
    is_builtin_type = receiver.name in BUILTIN_TYPES or receiver.name in VALUE_METHODS
    certain = is_builtin_type and name not in declared.loose_methods
    # A map's own entry goes first, if it may be a function.
    if receiver.name == "map" and (not receiver.args or receiver.args[1].name in (ANY.name, "fn")):
        certain = False
    return CallTarget("ufcs", fallback, name, is_certain=certain and not callee.is_optional)
