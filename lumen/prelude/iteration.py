"""Going through values: `for`, comprehensions, ranges, and how built-ins see their collections."""

from __future__ import annotations

from lumen.prelude.wrong import wrong
from lumen.values.display import describe
from lumen.values.equality import from_key, keys_of, to_key
from lumen.values.errors import Failure
from lumen.values.model import Enum, Record, Set

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_PLAIN: frozenset[type] = frozenset({list, tuple, str, bytes, range, Set})


def iterate(x: Any) -> Iterator[Any]:
    """An iterator for `for`: items, a map's keys, the characters of a String, an enum's variants without fields.

    A channel or suspending generator gives one that yields `PARK` where the loop must await `$pull(it)`.
    """
    kind = type(x)
    if kind in _PLAIN:
        return iter(x)
    if kind is dict:
        return keys_of(x)
    if kind is Enum:
        return iter([variant for variant in x._variants.values() if not isinstance(variant, type)])
    if hasattr(kind, "__iter__") and not isinstance(x, type):
        return iter(x)
    raise Failure("type-mismatch", f"can't loop over {describe(x)}")


def iterate_now(x: Any) -> Iterator[Any]:
    """`iterate` where nothing can wait, as for `...x`."""
    if hasattr(x, "pull") or hasattr(x, "receive"):
        what = "channel" if hasattr(x, "receive") else "generator that waits"
        raise Failure("type-mismatch", f"a {what} can't be gone through here; collect it first: `[x for x in …]`")
    return iterate(x)


def iterate_entries(x: Any) -> Iterator[Any]:
    """For `for k, v in m`: a map's (key, value) pairs; any other value as `iterate`."""
    if type(x) is dict:
        return ((from_key(key), value) for key, value in x.items())
    return iterate(x)


def items_of(builtin: str, param: str, x: Any) -> list[Any]:
    """The items of a collection argument as a Python list, which must not be changed: it may be the argument itself."""
    kind = type(x)
    if kind is list:
        return x  # type: ignore[no-any-return]
    if kind in _PLAIN and kind is not bytes:
        return list(x)
    if kind is dict:
        return list(keys_of(x))
    if kind.__name__ == "generator" or kind is Enum:
        return list(iterate(x))
    if hasattr(kind, "pull") or hasattr(kind, "receive"):
        what = "channel" if hasattr(kind, "receive") else "generator that waits"
        raise Failure("type-mismatch", f"`{builtin}` can't wait for a {what}; collect it first: `[x for x in …]`")
    raise wrong(builtin, "a collection", param, x)


def range_of(start: Any, stop: Any, inclusive: bool = False, step: Any = None) -> range:
    """`a..b` for a loop, which needs no list. The end is left out, or included by `..=`; a negative step goes down."""
    if type(start) is not int or type(stop) is not int:
        raise Failure("type-mismatch", f"a range goes from Int to Int, got {describe(start)} and {describe(stop)}")
    if step is None:
        return range(start, stop + 1 if inclusive else stop)
    if type(step) is not int:
        raise Failure("type-mismatch", f"the step of a range is an Int, got {describe(step)}")
    if step == 0:
        raise Failure("value-error", "the step of a range can't be 0")
    if inclusive:
        stop += 1 if step > 0 else -1
    return range(start, stop, step)


def map_spread(*parts: Any) -> dict[Any, Any]:
    """`{...m, "k": v}`: each part is a map to spread, or a (key, value) pair; later ones win."""
    made: dict[Any, Any] = {}
    for part in parts:
        if type(part) is tuple:
            made[to_key(part[0])] = part[1]
        elif type(part) is dict:
            made.update(part)
        elif isinstance(part, Record):
            made.update((field, getattr(part, field)) for field in part._fields)
        else:
            raise Failure("type-mismatch", f"`...` in a map takes a map or a record, got {describe(part)}")
    return made


def spread_list(x: Any) -> Any:
    """`f(...x)`: the positional arguments it stands for; those of a map are named ones."""
    return () if type(x) is dict else iterate_now(x)


def spread_named(x: Any) -> dict[str, Any]:
    """`f(...x)`: the named arguments it stands for: the entries of a map."""
    if type(x) is not dict:
        return {}
    for key in x:
        if type(key) is not str:
            raise Failure("invalid-args", f"`...` takes names of arguments as keys, got {describe(from_key(key))}")
    return x
