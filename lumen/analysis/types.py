"""Types as values: what the compiler may rely on, and what `check` speaks of.

An expression without a known type has `ANY`. A type is a promise only for values that were made
by code of known type; annotations of parameters are taken at their word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from lumen.analysis.scopes import Binding


@frozen
class Type:
    """A type; equal types are equal values. `str()` prints it as a user writes it."""

    name: str
    args: tuple[Type, ...] = ()
    decl: Binding | None = None
    """The RECORD or ENUM binding of a declared type; None for built-in types."""

    def __str__(self) -> str:
        if self.name == "|":
            return " | ".join(map(str, self.args))
        if self.name == "fn":
            return f"fn({', '.join(map(str, self.args[:-1]))}) -> {self.args[-1]}"
        return f"{self.name}[{', '.join(map(str, self.args))}]" if self.args else self.name


ANY = Type("Any")
INT = Type("Int")
FLOAT = Type("Float")
BOOL = Type("Bool")
STRING = Type("String")
BYTES = Type("Bytes")
NULL = Type("Null")
SCALARS = (INT, FLOAT, BOOL, STRING, BYTES, NULL)
"""Types whose values have no parts."""
NEVER = Type("Never")
"""Of `return`, `halt(…)`: the expression has no value; joins to the other side."""


def list_of(element: Type) -> Type:
    """`list[T]`; likewise `set_of`, `map_of`, `future_of`, and so on."""
    return Type("list", (element,))


def set_of(element: Type) -> Type:
    """`set[T]`."""
    return Type("set", (element,))


def tuple_of(*items: Type) -> Type:
    """`(A, B)`."""
    return Type("tuple", items)


def map_of(key: Type, value: Type) -> Type:
    """`map[K, V]`."""
    return Type("map", (key, value))


def future_of(value: Type) -> Type:
    """`Future[T]`."""
    return Type("Future", (value,))


def channel_of(value: Type) -> Type:
    """`Channel[T]`."""
    return Type("Channel", (value,))


def result_of(value: Type, error: Type) -> Type:
    """`result[T, E]`."""
    return Type("result", (value, error))


def fn_of(params: tuple[Type, ...], result: Type) -> Type:
    """A function type; the last argument is the result."""
    return Type("fn", (*params, result))


_JOINED_BY_PARTS = frozenset({"list", "set", "map", "tuple", "Future", "Channel", "result", "yield"})


def join(a: Type, b: Type) -> Type:
    """The smallest type we speak of that holds both."""
    if a == b or b == NEVER:
        return a
    if a == NEVER:
        return b
    if a.name != b.name or len(a.args) != len(b.args) or a.decl is not b.decl:
        return ANY
    if a.name in _JOINED_BY_PARTS:
        return Type(a.name, tuple(join(x, y) for x, y in zip(a.args, b.args, strict=True)))
    if a.name == "fn":
        params = (x if x == y else ANY for x, y in zip(a.args[:-1], b.args[:-1], strict=True))
        return Type("fn", (*params, join(a.args[-1], b.args[-1])))
    return ANY
