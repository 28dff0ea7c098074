"""Reading and replacing parts of values: `x[i]`, `x[a..b]`, `x[i] = v`, `x.f = v`. (`x.f` is in `methods.py`.)"""

from __future__ import annotations

from lumen.values.display import class_name, describe, kind_name, represent
from lumen.values.equality import from_key, to_key
from lumen.values.errors import Failure
from lumen.values.model import Enum, Record, Set, Variant, copy_fields, replace_field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SEQUENCES = frozenset({list, tuple, str, bytes, range})


# --- x[i] -------------------------------------------------------------------------------------


def index(x: Any, i: Any) -> Any:
    """`x[i]`: an item (negative counts from the end), the value of a map key, a field of a record by name."""
    kind = type(x)
    if kind is dict:
        try:
            return x[i if type(i) is str else to_key(i)]
        except KeyError:
            raise missing_key(x, i) from None
    if kind in _SEQUENCES:
        if type(i) is not int:
            raise Failure("type-mismatch", f"a {kind_name(x)} is indexed by an Int, got {describe(i)}")
        try:
            return x[i]
        except IndexError:
            raise out_of_range(x, i) from None
    if isinstance(x, Record) and type(i) is str and i in x._fields:
        return getattr(x, i)
    raise Failure("type-mismatch", f"can't index {describe(x)}")


def index_opt(x: Any, i: Any) -> Any:
    """`x?[i]`: null when x is null or has no such item."""
    kind = type(x)
    if kind is dict:
        return x.get(i if type(i) is str else to_key(i))
    if x is None:
        return None
    if kind is list and type(i) is int:
        return x[i] if -len(x) <= i < len(x) else None
    try:
        return index(x, i)
    except Failure as failure:
        if failure.code in ("missing-key", "index-out-of-range"):
            return None
        raise


def out_of_range(x: Any, i: int) -> Failure:
    """The failure for an index past either end."""
    size = len(x)
    noun = kind_name(x)
    return Failure(
        "index-out-of-range",
        f"index {i} is out of range for " + (f"a {noun} of {size}" if size else f"an empty {noun}"),
    )


def missing_key(x: dict[Any, Any], key: Any) -> Failure:
    """The failure for a key that a map doesn't have; names the ones it has if they are few."""
    message = f"the map has no key {_short(key)}"
    if 0 < len(x) <= 8:
        message += f"; it has {', '.join(_short(from_key(k)) for k in x)}"
    elif not x:
        message += "; it is empty"
    return Failure("missing-key", message)


def _short(value: Any) -> str:
    text = represent(value)
    return text if len(text) <= 40 else text[:39] + "…"


def cut(x: Any, start: Any, stop: Any, inclusive: bool = False) -> Any:
    """`x[a..b]`, `x[a..=b]`: a part of a list, tuple, String or Bytes; either end may be null.

    Negative positions count from the end; positions past an end are moved to it, so this never fails on Ints.
    """
    if type(x) not in _SEQUENCES:
        raise Failure("type-mismatch", f"can't take a slice of {describe(x)}")
    for end in (start, stop):
        if end is not None and type(end) is not int:
            raise Failure("type-mismatch", f"a slice goes from Int to Int, got {describe(end)}")
    if inclusive and stop is not None:
        # `xs[0..=-1]` is everything: one past the last item has no negative number.
        stop = None if stop == -1 else stop + 1
    part = x[start:stop]
    return list(part) if type(part) is range else part


# --- x[i] = v, x.f = v ------------------------------------------------------------------------


def copy(x: Any) -> Any:
    """A shallow copy that the caller owns; things without parts are returned as they are."""
    kind = type(x)
    if kind is list:
        return x[:]
    if kind is dict:
        return x.copy()
    if kind is tuple:
        return (*x,)  # a new one, so that its parts count one holder more
    if kind is Set:
        return Set.of_keys(x._items.copy())
    if isinstance(x, Record | Variant) and x._fields:
        return copy_fields(x)
    return x


def set_index(x: Any, i: Any, v: Any) -> Any:
    """The updated copy that `x[i] = v` binds x to. A list is not made longer; a map gets a new key."""
    kind = type(x)
    if kind is list or kind is dict:
        return set_index_own(x.copy(), i, v)
    if kind is tuple:
        return tuple(set_index_own(list(x), i, v))
    return set_index_own(x, i, v)


def set_index_own(x: Any, i: Any, v: Any) -> Any:
    """Like `set_index`; may change x in place, for the caller has shown that nobody else holds it."""
    kind = type(x)
    if kind is dict:
        x[i if type(i) is str else to_key(i)] = v
        return x
    if kind is list:
        if type(i) is not int:
            raise Failure("type-mismatch", f"a list is indexed by an Int, got {describe(i)}")
        try:
            x[i] = v
        except IndexError:
            raise out_of_range(x, i) from None
        return x
    if kind is tuple:
        return set_index(x, i, v)
    if isinstance(x, Record) and type(i) is str:
        return set_attr(x, i, v)
    raise Failure("type-mismatch", f"can't assign to an item of {describe(x)}")


def set_attr(x: Any, name: str, v: Any) -> Any:
    """The updated copy that `x.name = v` binds x to."""
    if isinstance(x, Record | Variant):
        if name not in x._fields:
            raise missing_field(x, name)
        return replace_field(x, name, v)
    if type(x) is dict:
        return {**x, name: v}
    if type(x) is tuple and name.isdecimal():
        return set_index(x, int(name), v)
    raise Failure("type-mismatch", f"can't assign to a field of {describe(x)}")


def set_attr_own(x: Any, name: str, v: Any) -> Any:
    """Like `set_attr`; may change x in place."""
    if isinstance(x, Record):
        # A record with constraints is copied: should they fail, nobody may see the broken one.
        if x._check is None and name in x._fields:
            setattr(x, name, v)
            return x
    elif type(x) is dict:
        x[name] = v
        return x
    return set_attr(x, name, v)


def build_with(cls: Any, *items: tuple[str | None, Any]) -> Any:
    """`P(...base, x: 3)`: a new P from (None, record or map to spread) and (field, value) pairs; later ones win.

    Constraints are checked; a field that P doesn't have is left out of what is spread.
    """
    names = cls._fields
    given: dict[str, Any] = {}
    for name, value in items:
        if name is not None:
            given[name] = value
        elif isinstance(value, Record | Variant):
            given.update((field, getattr(value, field)) for field in value._fields if field in names)
        elif type(value) is dict:
            given.update((field, value[field]) for field in names if field in value)
        else:
            raise Failure("type-mismatch", f"`...` in {cls._name}(…) takes a record or a map, got {describe(value)}")
    return cls(**given)


# --- What isn't there -------------------------------------------------------------------------


def missing_field(x: Any, name: str) -> Failure:
    """The failure for a field, method or key that isn't there; says what there is."""
    if x is None:
        return Failure("missing-field", f"null has no `{name}`; `?.{name}` gives null here")
    if isinstance(x, Record | Variant):
        has = [*x._fields, *x._methods]
        what = x._name or "the record"
        tail = f"; it has {', '.join(f'`{field}`' for field in has)}" if has else ""
        return Failure("missing-field", f"{what} has no field `{name}`{tail}")
    if type(x) is dict:
        failure = missing_key(x, name)
        return Failure("missing-field", failure.message)
    if type(x) is tuple and name.isdecimal():
        return Failure("missing-field", f"a tuple of {len(x)} has no `.{name}`")
    if isinstance(x, Enum):
        return Failure("missing-field", f"{x._name} has no variant `{name}`; it has {', '.join(x._variants)}")
    what = kind_name(x) if not isinstance(x, type) else class_name(x)
    return Failure("missing-field", f"{what} has no field or method `{name}`")
