"""Lists, sets, maps, and what works on all collections. Functions that call functions are in `higher.py`.

Where a function says "a collection" it takes a list, tuple, set, String (its characters), a range, a generator
that can't suspend, or a map (its keys). Nothing is changed in place but by the `…_own` forms, which compiled code
calls when it has shown that nobody else holds the first argument.
"""

from __future__ import annotations

from lumen.prelude.access import out_of_range
from lumen.prelude.iteration import items_of, range_of
from lumen.prelude.wrong import need_int, wrong
from lumen.values.display import describe, kind_name
from lumen.values.equality import from_key, keys_for, keys_of, to_key
from lumen.values.errors import Failure
from lumen.values.model import MISSING, Record, Set, copy_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_SIZED: frozenset[type] = frozenset({list, tuple, str, bytes, dict, Set, range})


# --- Size -------------------------------------------------------------------------------------


def length(xs: Any) -> int:
    """How many items, characters, bytes or entries."""
    if type(xs) in _SIZED:
        return len(xs)
    raise wrong("length", "a collection", "xs", xs)


def is_empty(xs: Any) -> bool:
    """Whether there are none; also true for null."""
    if xs is None:
        return True
    if type(xs) in _SIZED:
        return len(xs) == 0
    raise wrong("is_empty", "a collection", "xs", xs)


def contains(xs: Any, value: Any) -> bool:
    """`value in xs`: an item of a list, tuple or set; a key of a map; a part of a String."""
    from lumen.prelude.operators import contains as is_in

    if type(xs) not in _SIZED:
        raise wrong("contains", "a collection", "xs", xs)
    if type(xs) is str and type(value) is not str:
        raise wrong("contains", "a String", "value", value)
    return is_in(value, xs)


# --- Adding and removing ----------------------------------------------------------------------


def append(xs: Any, value: Any) -> Any:
    """A list (tuple, set) with one more item at the end."""
    kind = type(xs)
    if kind is list:
        return [*xs, value]
    if kind is tuple:
        return (*xs, value)
    if kind is Set:
        return Set.of_keys({**xs._items, to_key(value): None})
    if kind is range:
        return [*xs, value]
    raise wrong("append", "a list", "xs", xs)


def append_own(xs: Any, value: Any) -> Any:
    """`xs = append(xs, v)` in place."""
    if type(xs) is list:
        xs.append(value)
        return xs
    return append(xs, value)


def add(s: Any, value: Any) -> Any:
    """A set with one more item; a list with one more at its end."""
    if type(s) is Set or type(s) is list:
        return append(s, value)
    raise wrong("add", "a set", "s", s)


def add_own(s: Any, value: Any) -> Any:
    """`s = add(s, value)` in place."""
    if type(s) is Set:
        s._items[to_key(value)] = None
        return s
    return append_own(s, value)


def insert(xs: Any, at: Any, value: Any = MISSING) -> Any:
    """`insert(list, index, v)`, `insert(map, key, v)`, `insert(set, v)`.

    The index of a list may be its length (at the end) or negative (from the end); further out is a failure.
    """
    kind = type(xs)
    if kind is Set:
        return insert_own(Set.of_keys(xs._items.copy()), at, value)
    if kind is list or kind is dict:
        return insert_own(xs.copy(), at, value)
    raise wrong("insert", "a list, map or set", "xs", xs)


def insert_own(xs: Any, at: Any, value: Any = MISSING) -> Any:
    """`insert` in place."""
    kind = type(xs)
    if kind is Set:
        if value is not MISSING:
            raise Failure("invalid-args", "`insert` into a set takes one value")
        xs._items[to_key(at)] = None
        return xs
    if value is MISSING and kind in (list, dict):
        raise Failure("invalid-args", f"`insert` into a {kind_name(xs)} needs the argument `value`")
    if kind is dict:
        xs[to_key(at)] = value
        return xs
    if kind is list:
        need_int("insert", "at", at)
        if not -len(xs) <= at <= len(xs):
            raise out_of_range(xs, at)
        xs.insert(at, value)
        return xs
    raise wrong("insert", "a list, map or set", "xs", xs)


def remove(xs: Any, at: Any) -> Any:
    """A list without the item at an index, a map without a key, a set without an item.

    A key or item that isn't there changes nothing; an index out of range is a failure.
    """
    kind = type(xs)
    if kind is Set:
        return remove_own(Set.of_keys(xs._items.copy()), at)
    if kind is list or kind is dict:
        return remove_own(xs.copy(), at)
    raise wrong("remove", "a list, map or set", "xs", xs)


def remove_own(xs: Any, at: Any) -> Any:
    """`remove` in place."""
    kind = type(xs)
    if kind is list:
        need_int("remove", "at", at)
        if not -len(xs) <= at < len(xs):
            raise out_of_range(xs, at)
        del xs[at]
    elif kind is dict:
        xs.pop(to_key(at), None)
    elif kind is Set:
        xs._items.pop(to_key(at), None)
    else:
        raise wrong("remove", "a list, map or set", "xs", xs)
    return xs


# --- Maps -------------------------------------------------------------------------------------


def _need_map(builtin: str, m: Any) -> Any:
    if type(m) is dict:
        return m
    if isinstance(m, Record):
        return {field: getattr(m, field) for field in m._fields}
    raise wrong(builtin, "a map", "m", m)


def keys(m: Any) -> list[Any]:
    """The keys of a map in order; the field names of a record."""
    return list(keys_of(_need_map("keys", m)))


def values(m: Any) -> list[Any]:
    """The values of a map in order; those of a record's fields."""
    return list(_need_map("values", m).values())


def entries(m: Any) -> list[tuple[Any, Any]]:
    """(key, value) tuples in order."""
    return [(from_key(key), value) for key, value in _need_map("entries", m).items()]


def has_key(m: Any, key: Any) -> bool:
    """Whether a map has the key, a record the field."""
    return to_key(key) in _need_map("has_key", m)


def get(xs: Any, key: Any, default: Any = None) -> Any:
    """The value of a map's key, the item at a list's index, a record's field; `default` if there is none."""
    kind = type(xs)
    if kind is dict:
        return xs.get(to_key(key), default)
    if kind in (list, tuple, str) and type(key) is int:
        return xs[key] if -len(xs) <= key < len(xs) else default
    if isinstance(xs, Record) and type(key) is str:
        return getattr(xs, key) if key in xs._fields else default
    raise wrong("get", "a map, a list or a record", "xs", xs)


def merge(a: Any, b: Any, *more: Any) -> Any:
    """A map with the entries of all, later ones winning; the union of sets; lists joined."""
    kind = type(a)
    if kind is dict:
        return merge_own(a.copy(), b, *more)
    if kind is Set:
        return merge_own(Set.of_keys(a._items.copy()), b, *more)
    if kind is list:
        return merge_own(a.copy(), b, *more)
    raise wrong("merge", "a map", "a", a)


def merge_own(a: Any, b: Any, *more: Any) -> Any:
    """`m = merge(m, b)` in place."""
    kind = type(a)
    if kind not in (dict, Set, list):
        raise wrong("merge", "a map", "a", a)
    for each in (b, *more):
        if type(each) is not kind:
            raise wrong("merge", f"a {kind_name(a)}", "b" if each is b else "more", each)
        if kind is list:
            a.extend(each)
        elif kind is dict:
            a.update(each)
        else:
            a._items.update(each._items)
    return a


# --- Sets -------------------------------------------------------------------------------------


def _keys_for(builtin: str, param: str, x: Any) -> dict[Any, None]:
    if type(x) is Set:
        return x._items
    if type(x) in (list, tuple, range):
        return keys_for(list(x))
    raise wrong(builtin, "a set", param, x)


def _like_first(a: Any, made: dict[Any, None]) -> Any:
    """A set, or a list when the first argument was one."""
    return Set.of_keys(made) if type(a) is Set else list(map(from_key, made))


def union(a: Any, b: Any, *more: Any) -> Any:
    """What is in any of them, in order of first appearance. Lists work too, and give lists without repeats."""
    made = dict(_keys_for("union", "a", a))
    for each in (b, *more):
        made.update(_keys_for("union", "b" if each is b else "more", each))
    return _like_first(a, made)


def intersection(a: Any, b: Any, *more: Any) -> Any:
    """What is in all of them, in the order of a."""
    made = _keys_for("intersection", "a", a)
    for each in (b, *more):
        others = _keys_for("intersection", "b" if each is b else "more", each)
        made = {key: None for key in made if key in others}
    return _like_first(a, made)


def difference(a: Any, b: Any, *more: Any) -> Any:
    """What is in a and in none of the others."""
    made = _keys_for("difference", "a", a)
    for each in (b, *more):
        others = _keys_for("difference", "b" if each is b else "more", each)
        made = {key: None for key in made if key not in others}
    return _like_first(a, made)


# --- Making lists -----------------------------------------------------------------------------


def make_range(start: Any, stop: Any = MISSING, step: Any = None) -> list[int]:
    """`range(stop)`, `range(start, stop)`, `range(start, stop, step)`: a list of Ints; the end is left out."""
    if stop is MISSING:
        start, stop = 0, start
    need_int("range", "start", start)
    need_int("range", "stop", stop)
    return list(range_of(start, stop, False, step))


def enumerate_items(xs: Any, start: Any = 0) -> list[tuple[int, Any]]:
    """(index, item) tuples; the index of the first is `start`, 0 unless given."""
    need_int("enumerate", "start", start)
    return list(enumerate(items_of("enumerate", "xs", xs), start))


def zip_lists(xs: Any, ys: Any, *more: Any) -> list[tuple[Any, ...]]:
    """Tuples of the items at the same place; as long as the shortest."""
    others = [items_of("zip", "more", each) for each in more]
    return list(zip(items_of("zip", "xs", xs), items_of("zip", "ys", ys), *others, strict=False))


def to_list(xs: Any) -> list[Any]:
    """The items of any collection; (key, value) tuples of a map. `null` gives an empty list."""
    if xs is None:
        return []
    if type(xs) is dict:
        return entries(xs)
    if type(xs) is bytes:
        return list(xs)
    items = items_of("to_list", "xs", xs)
    return items.copy() if items is xs else items


def to_set(xs: Any) -> Set:
    """The items of any collection, each once, in order of first appearance."""
    return Set(items_of("to_set", "xs", xs))


def to_map(entries: Any) -> dict[Any, Any]:
    """A map of a list of (key, value) tuples, the fields of a record, or the same map."""
    if type(entries) is dict or isinstance(entries, Record):
        return dict(_need_map("to_map", entries))
    made: dict[Any, Any] = {}
    for pair in items_of("to_map", "entries", entries):
        if type(pair) not in (tuple, list) or len(pair) != 2:
            raise Failure("type-mismatch", f"`to_map` takes (key, value) tuples in `entries`, got {describe(pair)}")
        made[to_key(pair[0])] = pair[1]
    return made


def clone(value: Any) -> Any:
    """The same value. Values are immutable, so a copy can't be told from the original."""
    kind = type(value)
    if kind is list or kind is dict:
        return value.copy()
    if kind is Set:
        return Set.of_keys(value._items.copy())
    return copy_fields(value) if isinstance(value, Record) else value


# --- Parts ------------------------------------------------------------------------------------


def _cut(builtin: str, xs: Any, part: Callable[[Any], Any]) -> Any:
    """Apply a slicing to a collection, giving one of the same kind."""
    kind = type(xs)
    if kind is list or kind is str or kind is tuple or kind is bytes:
        return part(xs)
    if kind is dict:
        return dict(part(list(xs.items())))
    if kind is Set:
        return Set.of_keys(dict.fromkeys(part(list(xs._items))))
    return part(list(items_of(builtin, "xs", xs)))


def take(xs: Any, n: Any) -> Any:
    """The first n items (all, if there are fewer); of the same kind as xs."""
    need_int("take", "n", n, 0)
    if type(xs).__name__ == "generator":
        # A generator may be endless: pull no more than is asked for.
        return [item for _, item in zip(range(n), xs, strict=False)]
    return _cut("take", xs, lambda items: items[:n])


def drop(xs: Any, n: Any) -> Any:
    """All but the first n items."""
    need_int("drop", "n", n, 0)
    return _cut("drop", xs, lambda items: items[n:])


def first(xs: Any) -> Any:
    """The first item, null if there is none."""
    if type(xs) is list:
        return xs[0] if xs else None
    if type(xs).__name__ == "generator":
        return next(xs, None)
    items = items_of("first", "xs", xs)
    return items[0] if items else None


def last(xs: Any) -> Any:
    """The last item, null if there is none."""
    items = items_of("last", "xs", xs)
    return items[-1] if items else None


def slice_of(xs: Any, start: Any, stop: Any = None) -> Any:
    """The items from start up to, not including, stop; negative positions count from the end."""
    need_int("slice", "start", start)
    if stop is not None:
        need_int("slice", "stop", stop)
    return _cut("slice", xs, lambda items: items[start:stop])


def chunk(xs: Any, size: Any) -> list[Any]:
    """Consecutive parts of `size` items; the last may be shorter. A String gives Strings."""
    need_int("chunk", "size", size, 1)
    items = xs if type(xs) in (str, bytes, tuple) else items_of("chunk", "xs", xs)
    return [items[i : i + size] for i in range(0, len(items), size)]


def window(xs: Any, size: Any) -> list[Any]:
    """Every run of `size` neighbours; none if there are fewer items."""
    need_int("window", "size", size, 1)
    items = xs if type(xs) in (str, bytes, tuple) else items_of("window", "xs", xs)
    return [items[i : i + size] for i in range(len(items) - size + 1)]


def reverse(xs: Any) -> Any:
    """The items in opposite order; of the same kind as xs."""
    return _cut("reverse", xs, lambda items: items[::-1])


def unique(xs: Any) -> list[Any]:
    """Each item once, at the place where it first appears."""
    return list(keys_of(keys_for(items_of("unique", "xs", xs))))


def flatten(xs: Any) -> list[Any]:
    """The items of the inner lists, tuples and sets in one list, one level deep; other items stay."""
    flat: list[Any] = []
    for item in items_of("flatten", "xs", xs):
        if type(item) in (list, tuple, Set, range):
            flat.extend(item)
        else:
            flat.append(item)
    return flat


# --- Sum --------------------------------------------------------------------------------------


def total(xs: Any) -> Any:
    """The sum of numbers; 0 if there are none."""
    items = items_of("sum", "xs", xs)
    kinds = set(map(type, items))
    if kinds <= {int, float}:
        return sum(items)
    for item in items:
        if type(item) is not int and type(item) is not float:
            raise Failure("type-mismatch", f"`sum` takes numbers in `xs`, got {describe(item)}")
    return sum(items)
