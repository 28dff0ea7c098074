"""`@retry`, `@timeout` and `@cached` before a cell: what its calls do besides.

Each takes the function of the cell and gives one to be called in its place. `@retry` and `@timeout` make their cell one
that suspends, whatever its body does.
"""

from __future__ import annotations

from lumen.kernel.task import CoroutineType
from lumen.values.display import describe
from lumen.values.equality import to_key
from lumen.values.errors import Failure, Halt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any

    from lumen.kernel.future import Future
    from lumen.kernel.messages import Site


def retrying(
    sleep: Callable[[float], Awaitable[None]], fn: Callable[..., Any], name: str, times: Any, base_ms: Any
) -> Callable[..., Coroutine[Any, Any, Any]]:
    """A failing call is made again, up to `times` times, after base_ms, 2 base_ms, …; then its failure stands."""
    if type(times) is not int or times < 0:
        raise Failure("invalid-args", f"`@retry` of `{name}` takes how often to try again, got {describe(times)}")

    async def call(*args: Any, **kwargs: Any) -> Any:
        left = times
        wait_ms = base_ms
        while True:
            try:
                value = fn(*args, **kwargs)
                return await value if value.__class__ is CoroutineType else value
            except Halt:
                raise
            except Exception:
                if not left:
                    raise
            left -= 1
            await sleep(wait_ms)
            wait_ms *= 2

    return call


def limited(
    timeout: Callable[..., Future], fn: Callable[..., Any], name: str, ms: Any, site: Site | None
) -> Callable[..., Coroutine[Any, Any, Any]]:
    """A call that takes longer than `ms` milliseconds is cancelled and fails with `timeout`."""

    async def call(*args: Any, **kwargs: Any) -> Any:
        async def work() -> tuple[Any]:
            value = fn(*args, **kwargs)
            return (await value if value.__class__ is CoroutineType else value,)

        done = await timeout(ms, work, False, site)
        if done is None:
            raise Failure("timeout", f"`{name}` took longer than {ms} ms")
        return done[0]

    return call


def cached(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The value of a call is kept for the rest of the run, and given to later calls with equal arguments."""
    known: dict[Any, Any] = {}

    async def waited(key: Any, value: Any) -> Any:
        known[key] = made = await value
        return made

    def call(*args: Any, **kwargs: Any) -> Any:
        key = (*map(to_key, args), *((name, to_key(value)) for name, value in sorted(kwargs.items())))
        if key in known:
            return known[key]
        value = fn(*args, **kwargs)
        if value.__class__ is CoroutineType:
            return waited(key, value)
        known[key] = value
        return value

    return call
