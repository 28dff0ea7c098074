"""Order: `sort`, `min`, `max`, and the sort of `sort_by`.

Only things that `<` compares can be ordered: numbers with numbers, Strings with Strings, Bytes with Bytes, and
lists or tuples of such. A mixture is a failure. All sorts are stable.
"""

from __future__ import annotations

from lumen.prelude.iteration import items_of
from lumen.prelude.operators import lt
from lumen.prelude.wrong import wrong
from lumen.values.display import describe, kind_name
from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NUMBERS: frozenset[type] = frozenset({int, float})
_TEXT: tuple[set[type], ...] = ({str}, {bytes}, {bool})


def sort(xs: Any, descending: Any = False) -> list[Any]:
    """A list of the items from least to greatest, or the other way round; equal ones stay in order."""
    items = items_of("sort", "xs", xs)
    return sorted(items, key=order_key("sort", items), reverse=is_descending("sort", descending))


def is_descending(builtin: str, descending: Any) -> bool:
    """Check the argument `descending`."""
    if type(descending) is not bool:
        raise wrong(builtin, "a Bool", "descending", descending)
    return descending


def order_key(builtin: str, items: list[Any]) -> Any:
    """The `key` for Python's sort of these items: None when Python's order is Lumen's; fails on a mixture."""
    kinds: set[type] = set(map(type, items))
    if kinds <= _NUMBERS or kinds in _TEXT:
        return None
    if kinds <= {list} or kinds <= {tuple}:
        return _ByLumen
    for item in items:
        if type(item) not in (int, float, str, bytes, bool, list, tuple):
            raise Failure("type-mismatch", f"`{builtin}` can't order {describe(item)}")
    ranks = [_rank(item) for item in items]
    other = next(item for item, rank in zip(items, ranks, strict=True) if rank != ranks[0])
    raise Failure("type-mismatch", f"`{builtin}` can't order {kind_name(items[0])} and {kind_name(other)} together")


def _rank(item: Any) -> type:
    return float if type(item) in _NUMBERS else type(item)


class _ByLumen:
    """Wraps a list or tuple so that Python's sort compares it as Lumen does."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _ByLumen) -> bool:
        return lt(self.value, other.value)


def minimum(*xs: Any) -> Any:
    """The least item of a collection, or of several arguments; the first of equals. An empty collection fails."""
    items = _candidates("min", xs)
    return min(items, key=order_key("min", items))


def maximum(*xs: Any) -> Any:
    """The greatest item of a collection, or of several arguments; the first of equals. An empty collection fails."""
    items = _candidates("max", xs)
    return max(items, key=order_key("max", items))


def _candidates(builtin: str, values: tuple[Any, ...]) -> list[Any]:
    items = items_of(builtin, "values", values[0]) if len(values) == 1 else list(values)
    if not items:
        raise Failure("value-error", f"`{builtin}` needs at least one value")
    return items
