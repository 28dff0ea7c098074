"""What `==` means in Lumen, and the hashing and map keys that agree with it.

Python's own `==` is wrong for Lumen in one way that matters: it takes `True == 1` at any depth. So
containers are compared here. Maps and sets are Python dicts whose keys went through `to_key`; a `Bool`,
or anything that doesn't hash in Python (lists, maps, tuples holding such), is wrapped in a `Key` there.

All comparisons walk with a stack of their own, so that a value nested 100,000 deep compares without
touching the C stack. Hashing recurses in Python and gives a clean RecursionError when that is too deep.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_SCALARS = frozenset({int, str, float, bool, type(None), bytes})
_NUMBERS = frozenset({int, float})
FLAT = frozenset({int, str, float, type(None), bytes})
"""Types whose Python `==` is Lumen's, also among each other: a list of only these may be compared in C."""
_WRAPPED = frozenset({bool, list, dict, tuple})


class Structure:
    """A value class of ours with parts. Python's `==` and `hash` of it are Lumen's."""

    __slots__ = ()
    _needs_key: bool = False
    """Whether it is wrapped in a Key as a map key."""

    def _same(self, other: Any, todo: list[tuple[Any, Any]]) -> bool:
        """Compare with `other` of the same class: False when unequal already; pairs still to compare go to `todo`."""
        raise NotImplementedError

    def _digest(self, depth: int) -> int:
        """A hash of the parts, to that depth (see `hash_of`), which agrees with `_same`."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return equal(self, other)

    def __hash__(self) -> int:
        return self._digest(_HASH_DEPTH)


def equal(a: Any, b: Any) -> bool:
    """Lumen's `a == b`: `1 == 1.0`, `true != 1` at any depth, maps and sets ignore order, records by type and fields.

    Functions, futures, channels and generators are equal only to themselves.
    """
    ta = type(a)
    if ta is type(b):
        if ta in _SCALARS:
            return bool(a == b)
    elif ta in _NUMBERS and type(b) in _NUMBERS:
        return bool(a == b)
    else:
        return False
    return a is b or _equal_parts([(a, b)])


def _equal_parts(todo: list[tuple[Any, Any]]) -> bool:
    pop = todo.pop
    while todo:
        a, b = pop()
        if a is b:
            continue
        ta = type(a)
        if ta is not type(b):
            if ta in _NUMBERS and type(b) in _NUMBERS and a == b:
                continue
            return False
        if ta in _SCALARS:
            if a != b:
                return False
        elif ta is list or ta is tuple:
            if len(a) != len(b):
                return False
            if FLAT.issuperset(map(type, a)) and FLAT.issuperset(map(type, b)):
                if a != b:
                    return False
            else:
                todo.extend(zip(a, b, strict=True))
        elif ta is dict:
            if len(a) != len(b):
                return False
            for key, value in a.items():
                if key not in b:
                    return False
                todo.append((value, b[key]))
        elif isinstance(a, Structure):
            if not a._same(b, todo):
                return False
        else:
            return False
    return True


_HASH_DEPTH = 8


def hash_of(value: Any, depth: int = _HASH_DEPTH) -> int:
    """A hash that is equal for equal values. It depends on PYTHONHASHSEED: for lookups only, never to be shown.

    Parts deeper than eight levels count by nothing, which keeps the recursion off the C stack's limits.
    """
    kind = type(value)
    if kind in FLAT:
        return hash(value)
    if kind is bool:
        return 0x5EED1 if value else 0x5EED0
    if not depth:
        return 0x5EED2
    depth -= 1
    if kind is list or kind is tuple:
        return hash((kind is list, *[hash_of(item, depth) for item in value]))
    if kind is dict:
        # Order is no part of equality, so the entries are combined by a commutative sum.
        return hash(("map", sum([hash((hash(key), hash_of(item, depth))) for key, item in value.items()])))
    if isinstance(value, Structure):
        return value._digest(depth)
    return hash(value)


class Key:
    """A value that can't be a Python dict key as it is, made into one. Immutable; holds its hash."""

    __slots__ = ("hash", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.hash = hash_of(value)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return type(other) is Key and self.hash == other.hash and equal(self.value, other.value)

    def __repr__(self) -> str:
        return f"Key({self.value!r})"


def to_key(value: Any) -> Any:
    """The dict key that stands for a value in a map or set. `from_key` undoes it."""
    kind = type(value)
    if kind is str or kind is int:
        return value
    if kind is tuple:
        return value if _hashes_as_is(value) else Key(value)
    if kind in _WRAPPED:
        return Key(value)
    if isinstance(value, Structure) and value._needs_key:
        return Key(value)
    return value


def _hashes_as_is(value: tuple[Any, ...]) -> bool:
    """Whether Python's own hash and `==` of a tuple are Lumen's: no item needs a Key, none is a tuple again."""
    for item in value:
        kind = type(item)
        if kind not in FLAT and (kind in _WRAPPED or (isinstance(item, Structure) and item._needs_key)):
            return False
    return True


def keys_for(items: Any) -> dict[Any, None]:
    """The keys of the values in a list or tuple, each once, in order of first appearance."""
    if FLAT.issuperset(map(type, items)):
        return dict.fromkeys(items)
    return dict.fromkeys(map(to_key, items))


def from_key(key: Any) -> Any:
    """The value that a dict key stands for."""
    return key.value if type(key) is Key else key


def keys_of(mapping: dict[Any, Any]) -> Iterator[Any]:
    """The keys of a map as values, in order."""
    return iter(mapping) if Key not in map(type, mapping) else map(from_key, mapping)
