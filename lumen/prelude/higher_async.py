"""Built-ins that call a function for each item: the forms for functions that may suspend.

They go through the items one after the other and await what the function gives when it is a coroutine; for
work side by side there is `parallel for`. Meaning and finishing steps are those of `higher.py`.
"""

from __future__ import annotations

from types import CoroutineType

from lumen.prelude.higher import all_of as _plain_all
from lumen.prelude.higher import any_of as _plain_any
from lumen.prelude.higher import arrange, divide, group, keep, need_result, prepare, reduction, spread
from lumen.prelude.higher import count as _plain_count
from lumen.prelude.operators import truth
from lumen.prelude.wrong import need_function
from lumen.values.model import MISSING, Err, Ok

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Fn = Callable[..., Any]


async def _results(items: list[Any], call: Fn) -> list[Any]:
    made = []
    for item in items:
        result = call(item)
        made.append(await result if type(result) is CoroutineType else result)
    return made


async def _holds(call: Fn, item: Any) -> bool:
    result = call(item)
    return truth(await result if type(result) is CoroutineType else result)


async def map_items(xs: Any, fn: Any) -> list[Any]:
    """See `higher.map_items`."""
    items, call = prepare("map", xs, "fn", fn)
    return await _results(items, call)


async def filter_items(xs: Any, pred: Any) -> Any:
    """See `higher.filter_items`."""
    items, call = prepare("filter", xs, "pred", pred)
    return keep(xs, items, await _results(items, call))


async def flat_map(xs: Any, fn: Any) -> list[Any]:
    """See `higher.flat_map`."""
    items, call = prepare("flat_map", xs, "fn", fn)
    return spread(await _results(items, call))


async def reduce(xs: Any, init: Any, fn: Any = MISSING) -> Any:
    """See `higher.reduce`."""
    items, made, fn = reduction(xs, init, fn)
    for item in items:
        made = fn(made, item)
        if type(made) is CoroutineType:
            made = await made
    return made


async def count(xs: Any, pred: Any = MISSING) -> int:
    """See `higher.count`."""
    if pred is MISSING:
        return _plain_count(xs)
    items, call = prepare("count", xs, "pred", pred)
    return sum([await _holds(call, item) for item in items])


async def any_of(xs: Any, pred: Any = MISSING) -> bool:
    """See `higher.any_of`."""
    if pred is MISSING:
        return _plain_any(xs)
    items, call = prepare("any", xs, "pred", pred)
    for item in items:
        if await _holds(call, item):
            return True
    return False


async def all_of(xs: Any, pred: Any = MISSING) -> bool:
    """See `higher.all_of`."""
    if pred is MISSING:
        return _plain_all(xs)
    items, call = prepare("all", xs, "pred", pred)
    for item in items:
        if not await _holds(call, item):
            return False
    return True


async def find(xs: Any, pred: Any) -> Any:
    """See `higher.find`."""
    items, call = prepare("find", xs, "pred", pred)
    for item in items:
        if await _holds(call, item):
            return item
    return None


async def position(xs: Any, pred: Any) -> int | None:
    """See `higher.position`."""
    items, call = prepare("position", xs, "pred", pred)
    for at, item in enumerate(items):
        if await _holds(call, item):
            return at
    return None


async def group_by(xs: Any, key: Any) -> dict[Any, list[Any]]:
    """See `higher.group_by`."""
    items, call = prepare("group_by", xs, "key", key)
    return group(items, await _results(items, call))


async def partition(xs: Any, pred: Any) -> tuple[list[Any], list[Any]]:
    """See `higher.partition`."""
    items, call = prepare("partition", xs, "pred", pred)
    return divide(items, await _results(items, call))


async def sort_by(xs: Any, key: Any, descending: Any = False) -> list[Any]:
    """See `higher.sort_by`."""
    items, call = prepare("sort_by", xs, "key", key)
    return arrange(items, await _results(items, call), descending)


async def map_ok(r: Any, fn: Any) -> Any:
    """See `higher.map_ok`."""
    need_result("map_ok", r)
    need_function("map_ok", "fn", fn)
    return Ok((await _results([r.value], fn))[0]) if type(r) is Ok else r


async def map_err(r: Any, fn: Any) -> Any:
    """See `higher.map_err`."""
    need_result("map_err", r)
    need_function("map_err", "fn", fn)
    return Err((await _results([r.error], fn))[0]) if type(r) is Err else r
