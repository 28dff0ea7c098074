"""Scopes while names are being resolved, and the names every program starts with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.scopes import Binding, Kind
from lumen.analysis.signatures import BUILTINS
from lumen.diagnostics.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen.analysis.scopes import Function

TYPE_KINDS = frozenset({Kind.RECORD, Kind.ENUM, Kind.TYPE, Kind.TRAIT})

PRELUDE_VARIANTS = frozenset({"Pending", "Completed", "Error", "ok", "err"})
"""Constructors of the prelude that may stand in patterns."""

FUTURE_STATE = {"Pending": 0, "Completed": 1, "Error": 1}
"""The variants of `FutureState`, with the number of their fields; a program may declare the enum itself."""

PRELUDE: dict[str, Binding] = {
    name: Binding(name, Kind.BUILTIN, None) for name in (*BUILTINS, "Pending", "Completed", "Error", "FutureState")
}
"""One Binding for each built-in name, shared by all analyses: nothing about it ever changes."""


class Scope:
    """The names of one block.

    Invariant: names declared here hide those of `parent`; `function` is the innermost function around.
    """

    __slots__ = ("function", "in_loop", "names", "parent", "type_params")

    def __init__(self, parent: Scope | None, function: Function, in_loop: bool) -> None:
        self.parent = parent
        self.function = function
        self.in_loop = in_loop
        self.names: dict[str, Binding] = {}
        self.type_params: frozenset[str] = frozenset()

    def chain(self) -> Iterator[Scope]:
        """This scope and those around it, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def find(self, name: str) -> Binding | None:
        """What a name means here."""
        for scope in self.chain():
            binding = scope.names.get(name)
            if binding is not None:
                return binding
        return PRELUDE.get(name)

    def find_function(self, name: str) -> Binding | None:
        """The cell or built-in that `x.name(…)` falls back to; variables of that name (`let length = …`) hide none."""
        for scope in self.chain():
            binding = scope.names.get(name)
            if binding is not None and binding.kind is Kind.CELL:
                return binding
        return PRELUDE.get(name)

    def find_type(self, name: str) -> Binding | None:
        """The record, enum, alias or trait of that name; variables and type parameters are not types to test for."""
        for scope in self.chain():
            if name in scope.type_params:
                return None
            binding = scope.names.get(name)
            if binding is not None and binding.kind in TYPE_KINDS:
                return binding
        return None

    def suggestion(self, name: str) -> str | None:
        """The visible name that was probably meant."""
        seen: dict[str, None] = {}
        for scope in self.chain():
            seen.update(dict.fromkeys(scope.names))
        seen.update(dict.fromkeys(PRELUDE))
        return nearest(name, seen)
