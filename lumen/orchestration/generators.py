"""Generator cells whose body suspends: the iteration protocol of suspending loops over an async generator."""

from __future__ import annotations

from lumen.values.model import END, PARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable
    from typing import Any


class SuspendingGenerator:
    """`__next__` always gives PARK: the loop then awaits `pull()`."""

    __slots__ = ("_items",)
    _type_name = "Generator"

    def __init__(self, items: AsyncGenerator[Any, None]) -> None:
        self._items = items

    def __iter__(self) -> SuspendingGenerator:
        return self

    def __next__(self) -> Any:
        return PARK

    async def pull(self) -> Any:
        """The next item, or END."""
        try:
            return await self._items.__anext__()
        except StopAsyncIteration:
            return END

    def _show(self) -> str:
        return f"<generator {getattr(self._items, '__name__', '')}>"


def pull(iterator: Any) -> Awaitable[Any]:
    """`$pull(it)`: what to await for the next item."""
    waiting: Awaitable[Any] = iterator.pull()
    return waiting
