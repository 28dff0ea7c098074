"""Generator cells whose body suspends: the iteration protocol of suspending loops over an async generator."""

from __future__ import annotations

from lumen.values.model import END, PARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable
    from typing import Any

    from lumen.kernel.kernel import Kernel


class SuspendingGenerator:
    """`__next__` always gives PARK: the loop then awaits `pull()`."""

    __slots__ = ("_items", "_kernel")
    _type_name = "Generator"

    def __init__(self, kernel: Kernel, items: AsyncGenerator[Any, None]) -> None:
        self._kernel = kernel
        self._items = items

    def __iter__(self) -> SuspendingGenerator:
        return self

    def __next__(self) -> Any:
        return PARK

    async def pull(self) -> Any:
        """The next item, or END."""
        is_open = self._kernel.open_generators
        is_open[self._items] = None
        try:
            return await self._items.__anext__()
        except StopAsyncIteration:
            is_open.pop(self._items, None)
            return END
        except BaseException:
            is_open.pop(self._items, None)
            raise

    async def close(self) -> None:
        """Run the cleanup of a generator that nobody will ask for more."""
        self._kernel.open_generators.pop(self._items, None)
        await self._items.aclose()

    def __del__(self) -> None:
        # The loop was left early. Python can't run a `defer` that waits from here; a task can.
        self._kernel.close_generator(self._items)

    def _show(self) -> str:
        from lumen.values.errors import cell_name

        return f"<generator {cell_name(getattr(self._items, '__name__', ''))}>"


async def leave(iterator: Any) -> None:
    """A loop over something it alone holds has been left: a suspending generator runs its `defer`s now."""
    if iterator.__class__ is SuspendingGenerator:
        await iterator.close()


async def collect(source: Any) -> Any:
    """`$collect(x)`: the items of a channel or suspending generator, for a built-in that can't wait; else x itself."""
    iterator = iter(source) if hasattr(source, "pull") or hasattr(source, "receive") else None
    if iterator is None:
        return source
    items = []
    for item in iterator:
        if item is PARK:
            item = await iterator.pull()
            if item is END:
                break
        items.append(item)
    return items


def pull(iterator: Any) -> Awaitable[Any]:
    """`$pull(it)`: what to await for the next item."""
    waiting: Awaitable[Any] = iterator.pull()
    return waiting
