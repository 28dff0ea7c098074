"""Types at run time: `x is T`, `n: T` in patterns, `x as T`."""

from __future__ import annotations

from types import CoroutineType

from lumen.values.display import describe, kind_name, show
from lumen.values.errors import Failure
from lumen.values.model import Error, Result, Set, Variant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CLASSES: dict[str, type] = {
    "Int": int,
    "Float": float,
    "Bool": bool,
    "String": str,
    "Bytes": bytes,
    "Null": type(None),
    "list": list,
    "tuple": tuple,
    "map": dict,
    "set": Set,
    "List": list,
    "Tuple": tuple,
    "Map": dict,
    "Set": Set,
    "Error": Error,
}
_JSON = frozenset({int, float, bool, str, type(None), list, dict})


def is_type(x: Any, name: str) -> bool:
    """Whether a value is of the type called `name`, without its arguments (`list`, not `list[Int]`).

    `Any` takes all but failures. A name that no built-in type has (a type parameter, a type known elsewhere) takes
    anything but null and failures; declared records and enums are tested by class in compiled code instead.
    """
    cls = _CLASSES.get(name)
    if cls is not None:
        return type(x) is cls
    if name == "Any":
        return type(x) is not Error
    if name == "Json":
        return type(x) in _JSON
    if name == "result":
        return isinstance(x, Variant) and x._enum is Result
    if name == "fn":
        return kind_name(x) == "fn"
    if name in ("Future", "Channel", "Generator", "FutureState"):
        return kind_name(x) == name
    return x is not None and type(x) is not Error and type(x) is not CoroutineType


def as_type(x: Any, name: str) -> Any:
    """`x as T`: the value itself if it is a T, else the natural conversion.

    To Int: a Float loses its fraction, a String is read as a number. To Float: Int, String. To String: as shown. To
    `list` and `set`: any collection. To other types nothing is converted: a value of another type fails.
    """
    if name not in _CLASSES and name not in ("result", "fn", "Future", "Channel", "Json"):
        return x
    if is_type(x, name):
        return x
    if name == "String":
        return show(x)
    if name in ("Int", "Float") and type(x) in (int, float, str):
        from lumen.prelude.conversion import to_float, to_int

        number = to_int(x) if name == "Int" else to_float(x)
        if number is None:
            raise Failure("value-error", f"{describe(x)} is not {'an Int' if name == 'Int' else 'a number'}")
        return number
    if name in ("list", "List", "set", "Set") and type(x) in (list, tuple, Set, dict, range):
        from lumen.prelude.iteration import iterate

        return list(iterate(x)) if name in ("list", "List") else Set(iterate(x))
    return as_fail(x, name)


def as_fail(x: Any, name: str) -> Any:
    """Raise the failure of an `as` that doesn't hold."""
    raise Failure("type-mismatch", f"{describe(x)} is not {name}")


def is_variant(x: Any, variant: Any) -> bool:
    """Whether x is that variant: a class of ours (any payload), or the one instance of a variant without fields."""
    return x is variant or type(x) is variant
