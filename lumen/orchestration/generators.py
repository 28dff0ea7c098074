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

    __slots__ = ("_is_open", "_items", "_kernel")
    _type_name = "Generator"

    def __init__(self, kernel: Kernel, items: AsyncGenerator[Any, None]) -> None:
        self._kernel = kernel
        self._items = items
        self._is_open = False
        """Whether the body has started and not ended: then its `defer`s are still to run."""

    def __iter__(self) -> SuspendingGenerator:
        return self

    def __next__(self) -> Any:
        return PARK

    async def pull(self) -> Any:
        """The next item, or END."""
        self._is_open = True
        try:
            return await self._items.__anext__()
        except StopAsyncIteration:
            self._is_open = False
            return END
        except BaseException:
            self._is_open = False
            raise

    def __del__(self) -> None:
        # The loop was left early. Python can't run a `defer` that waits from here, a task can; without one (the run is
        # over) there is nothing to run it.
        if self._is_open and self._kernel.current is not None:
            self._kernel.spawn_later(_closed(self._items))

    def _show(self) -> str:
        return f"<generator {getattr(self._items, '__name__', '')}>"


async def _closed(items: AsyncGenerator[Any, None]) -> None:
    await items.aclose()


def pull(iterator: Any) -> Awaitable[Any]:
    """`$pull(it)`: what to await for the next item."""
    waiting: Awaitable[Any] = iterator.pull()
    return waiting
