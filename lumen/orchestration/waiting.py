"""`await x` for any x: futures inside lists, tuples, sets, maps, records and variants are replaced by their values."""

from __future__ import annotations

from lumen.kernel.future import Future
from lumen.values.model import Record, Set, Variant, copy_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator
    from typing import Any

_ATOMS = frozenset((int, str, float, bool, type(None), bytes))


class Ready:
    """Awaiting it gives its value without suspending."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __await__(self) -> Generator[None, None, Any]:
        yield from ()
        return self.value


def deep_await(x: Any) -> Awaitable[Any]:
    """What to await for `await x`. A future is its own awaitable: no object in between."""
    if isinstance(x, Future):
        return x
    if x.__class__ in _ATOMS:
        return Ready(x)
    return _await_inside(x)


async def _await_inside(x: Any) -> Any:
    """x itself if no future is inside; else a copy with their values, awaited in order."""
    futures = _futures_inside(x)
    if not futures:
        return x
    values: dict[int, Any] = {}
    for future in futures:
        # All are being looked at, also those behind the first that fails.
        future.look()
    for future in futures:
        values[id(future)] = await future
    return _rebuild(x, values)


def _parts(x: Any) -> Any:
    """The elements in which futures may be; None for what has none. (Map keys can't be futures' values: they stay.)"""
    kind = x.__class__
    if kind is list or kind is tuple:
        return x
    if kind is dict:
        return x.values()
    if kind is Set:
        return x
    if isinstance(x, Record | Variant):
        return [getattr(x, field) for field in x._fields]
    return None


def _futures_inside(x: Any) -> list[Future]:
    """In order, each once. Iterative, and each shared part is looked at once: values may be deep."""
    found: dict[int, Future] = {}
    seen: set[int] = set()
    todo = [x]
    while todo:
        item = todo.pop()
        if item.__class__ in _ATOMS:
            continue
        if isinstance(item, Future):
            found.setdefault(id(item), item)
            continue
        parts = _parts(item)
        if parts and id(item) not in seen:
            seen.add(id(item))
            todo.extend(reversed([part for part in parts if part.__class__ not in _ATOMS]))
    return list(found.values())


def _rebuild(x: Any, values: dict[int, Any]) -> Any:
    """A copy of x with the values of its futures; parts without futures are shared. Children before parents."""
    done = values
    todo = [(x, False)]
    while todo:
        item, parts_done = todo.pop()
        if item.__class__ in _ATOMS or id(item) in done:
            continue
        parts = _parts(item)
        if not parts:
            done[id(item)] = item
        elif parts_done:
            done[id(item)] = _with_parts(item, parts, done)
        else:
            todo.append((item, True))
            todo.extend((part, False) for part in parts)
    return done[id(x)]


def _with_parts(item: Any, parts: Any, done: dict[int, Any]) -> Any:
    new = [part if part.__class__ in _ATOMS else done[id(part)] for part in parts]
    if all(a is b for a, b in zip(new, parts, strict=True)):
        return item
    kind = item.__class__
    if kind is list:
        return new
    if kind is tuple:
        return tuple(new)
    if kind is dict:
        return dict(zip(item, new, strict=True))
    if kind is Set:
        return Set(new)
    copied = copy_fields(item)
    for field, value in zip(item._fields, new, strict=True):
        setattr(copied, field, value)
    return copied
