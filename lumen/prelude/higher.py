"""Built-ins that call a function for each item: the forms for functions that can't suspend.

`higher_async.py` has the forms that await what the function gives; the finishing steps are shared from here.
Over a map, a function of two parameters gets key and value, one of one parameter the key.
"""

from __future__ import annotations

from types import CoroutineType

from lumen.prelude.iteration import items_of
from lumen.prelude.operators import truth, unexpected_coroutine
from lumen.prelude.sorting import is_descending, order_key
from lumen.prelude.wrong import need_function, wrong
from lumen.values.equality import from_key, to_key
from lumen.values.errors import Failure
from lumen.values.model import MISSING, Err, Ok, Set

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Fn = Callable[..., Any]


# --- Shared with the async forms --------------------------------------------------------------


def prepare(builtin: str, xs: Any, param: str, f: Any) -> tuple[list[Any], Fn]:
    """The items to go through, and what to call with each; checks both arguments."""
    need_function(builtin, param, f)
    if type(xs) is dict and takes_two(f):
        pairs = [(from_key(key), value) for key, value in xs.items()]
        return pairs, lambda pair: f(pair[0], pair[1])
    return items_of(builtin, "xs", xs), f


def takes_two(f: Any) -> bool:
    """Whether a function has exactly two parameters."""
    code = getattr(f, "__code__", None)
    return code is not None and code.co_argcount == 2


def keep(xs: Any, items: list[Any], flags: list[Any]) -> Any:
    """The items whose flag is true, as a collection of the kind of xs."""
    wanted = [flag is True or (flag is not False and truth(flag)) for flag in flags]
    kind = type(xs)
    if kind is dict:
        # Whether `items` are keys or pairs, they stand in the order of the map.
        return {key: value for (key, value), flag in zip(xs.items(), wanted, strict=True) if flag}
    kept = [item for item, flag in zip(items, wanted, strict=True) if flag]
    if kind is Set:
        return Set(kept)
    return "".join(kept) if kind is str else kept


def group(items: list[Any], keys: list[Any]) -> dict[Any, list[Any]]:
    """A map from each key to its items, both in order of first appearance."""
    groups: dict[Any, list[Any]] = {}
    for item, key in zip(items, keys, strict=True):
        groups.setdefault(to_key(key), []).append(item)
    return groups


def divide(items: list[Any], flags: list[Any]) -> tuple[list[Any], list[Any]]:
    """(items whose flag is true, the others)."""
    yes: list[Any] = []
    no: list[Any] = []
    for item, flag in zip(items, flags, strict=True):
        (yes if truth(flag) else no).append(item)
    return yes, no


def arrange(items: list[Any], keys: list[Any], descending: Any) -> list[Any]:
    """The items in the order of their keys; items with equal keys stay in order."""
    backwards = is_descending("sort_by", descending)
    wrap = order_key("sort_by", keys)
    if wrap is not None:
        keys = [wrap(key) for key in keys]
    return [items[i] for i in sorted(range(len(items)), key=keys.__getitem__, reverse=backwards)]


def spread(made: list[Any]) -> list[Any]:
    """One list of what `flat_map`'s function gave each time; what is no list, tuple or set stays an item."""
    flat: list[Any] = []
    for part in made:
        if type(part) in (list, tuple, Set, range):
            flat.extend(part)
        else:
            flat.append(part)
    return flat


def reduction(xs: Any, initial: Any, f: Any) -> tuple[list[Any], Any, Fn]:
    """Sort out the arguments of `reduce`: (items, start, function)."""
    if f is MISSING:
        need_function("reduce", "fn", initial)
        items = items_of("reduce", "xs", xs)
        if not items:
            raise Failure("value-error", "`reduce` of an empty collection needs `init`")
        return items[1:], items[0], initial
    if not callable(f) and callable(initial):
        initial, f = f, initial
    need_function("reduce", "fn", f)
    return items_of("reduce", "xs", xs), initial, f


def need_result(builtin: str, r: Any) -> None:
    """Fail unless `ok(…)` or `err(…)`."""
    if type(r) is not Ok and type(r) is not Err:
        raise wrong(builtin, "a result", "r", r)


# --- Plain forms ------------------------------------------------------------------------------


def _results(items: list[Any], call: Fn) -> list[Any]:
    made = [call(item) for item in items]
    if CoroutineType in set(map(type, made)):
        waiting = [each for each in made if type(each) is CoroutineType]
        for each in waiting[1:]:
            each.close()
        raise unexpected_coroutine(waiting[0])
    return made


def _plain(made: Any) -> Any:
    if type(made) is CoroutineType:
        raise unexpected_coroutine(made)
    return made


def map_items(xs: Any, fn: Any) -> list[Any]:
    """A list of fn(item) for each item."""
    items, call = prepare("map", xs, "fn", fn)
    return _results(items, call)


def filter_items(xs: Any, pred: Any) -> Any:
    """The items for which the predicate is true; of the kind of xs, so a map stays a map."""
    items, call = prepare("filter", xs, "pred", pred)
    return keep(xs, items, _results(items, call))


def flat_map(xs: Any, fn: Any) -> list[Any]:
    """The lists that fn gives for each item, joined."""
    items, call = prepare("flat_map", xs, "fn", fn)
    return spread(_results(items, call))


def reduce(xs: Any, init: Any, fn: Any = MISSING) -> Any:
    """`fn(fn(init, first), second)` and so on. `reduce(xs, fn)` starts with the first item.

    The last two may stand in either order: the one that can be called is the function.
    """
    items, made, fn = reduction(xs, init, fn)
    for item in items:
        made = fn(made, item)
        if type(made) is CoroutineType:
            raise unexpected_coroutine(made)
    return made


def count(xs: Any, pred: Any = MISSING) -> int:
    """How many items; with a predicate, for how many it is true."""
    if pred is MISSING:
        from lumen.prelude.collections import length

        return length(xs)
    items, call = prepare("count", xs, "pred", pred)
    return sum([truth(call(item)) for item in items])


def any_of(xs: Any, pred: Any = MISSING) -> bool:
    """Whether the predicate is true for an item (without one: whether an item is true). Stops at the first."""
    if pred is MISSING:
        return any(map(truth, items_of("any", "xs", xs)))
    items, call = prepare("any", xs, "pred", pred)
    return any(truth(call(item)) for item in items)


def all_of(xs: Any, pred: Any = MISSING) -> bool:
    """Whether the predicate is true for every item (without one: whether all are true). Stops early."""
    if pred is MISSING:
        return all(map(truth, items_of("all", "xs", xs)))
    items, call = prepare("all", xs, "pred", pred)
    return all(truth(call(item)) for item in items)


def find(xs: Any, pred: Any) -> Any:
    """The first item for which the predicate is true, else null."""
    items, call = prepare("find", xs, "pred", pred)
    for item in items:
        if truth(call(item)):
            return item
    return None


def position(xs: Any, pred: Any) -> int | None:
    """The index of the first item for which the predicate is true, else null."""
    items, call = prepare("position", xs, "pred", pred)
    for at, item in enumerate(items):
        if truth(call(item)):
            return at
    return None


def group_by(xs: Any, key: Any) -> dict[Any, list[Any]]:
    """A map from key(item) to the list of such items."""
    items, call = prepare("group_by", xs, "key", key)
    return group(items, _results(items, call))


def partition(xs: Any, pred: Any) -> tuple[list[Any], list[Any]]:
    """(items for which the predicate is true, the others)."""
    items, call = prepare("partition", xs, "pred", pred)
    return divide(items, _results(items, call))


def sort_by(xs: Any, key: Any, descending: Any = False) -> list[Any]:
    """The items in the order of key(item), least first, or greatest first; equal ones stay in order."""
    items, call = prepare("sort_by", xs, "key", key)
    return arrange(items, _results(items, call), descending)


def map_ok(r: Any, fn: Any) -> Any:
    """`ok(fn(v))` for `ok(v)`; an `err` stays."""
    need_result("map_ok", r)
    need_function("map_ok", "fn", fn)
    return Ok(_plain(fn(r.value))) if type(r) is Ok else r


def map_err(r: Any, fn: Any) -> Any:
    """`err(fn(e))` for `err(e)`; an `ok` stays."""
    need_result("map_err", r)
    need_function("map_err", "fn", fn)
    return Err(_plain(fn(r.error))) if type(r) is Err else r
