"""What compiled code calls, bound to the kernel of one run: the `$names` of concurrency.

`SUPPORT` lists which method stands behind which `$name`. `site` is always the constant `(path, line, column, text)` of
the construct. A *branch* is `(fn, is_plain)`: a callable without arguments, and whether it can neither suspend nor
spawn. `items` are any Python iterable, or an iterator with `pull` (a channel, a suspending generator).
"""

from __future__ import annotations

from lumen.kernel.future import Future
from lumen.kernel.task import Call, CoroutineType, Task
from lumen.orchestration.attributes import cached, limited, retrying
from lumen.orchestration.channel import Channel
from lumen.orchestration.cleanup import run_defers
from lumen.orchestration.combinators import Parallel, Race, Select, Timeout
from lumen.orchestration.generators import SuspendingGenerator, collect, leave, pull
from lumen.orchestration.waiting import deep_await
from lumen.values.errors import Halt, failure_of, failure_value
from lumen.values.model import END, PARK, Err, Ok

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from lumen.kernel.kernel import Kernel
    from lumen.kernel.messages import Site

    Branch = tuple[Callable[[], Any], bool]

_NO_ARGS: tuple[Any, ...] = ()

SUPPORT = {
    "$spawn": "spawn",
    "$spawn_call": "spawn_call",
    "$await": "deep_await",
    "$wait": "wait",
    "$parallel": "parallel",
    "$parallel_values": "parallel_values",
    "$parallel_for": "parallel_for",
    "$race": "race",
    "$race_values": "race_values",
    "$race_for": "race_for",
    "$vote": "vote",
    "$vote_values": "vote_values",
    "$vote_for": "vote_for",
    "$select": "select",
    "$select_values": "select_values",
    "$select_for": "select_for",
    "$timeout": "timeout",
    "$timeout_value": "timeout_value",
    "$channel": "channel",
    "$sleep": "sleep",
    "$turn": "turn",
    "$fuel": "fuel",
    "$spin": "spin",
    "$measured": "measured",
    "$yield_turn": "yield_turn",
    "$retrying": "retrying",
    "$limited": "limited",
    "$cached": "cached",
    "$attempt": "attempt",
    "$attempt~": "attempt_suspending",
    "$agen": "agen",
    "$pull": "pull",
    "$collect": "collect",
    "$leave": "leave",
    "$run_defers~": "run_defers",
    "$PARK": "PARK",
    "$END": "END",
}


class Orchestration:
    """One per run."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.turn = turn = kernel.turn
        self.fuel = turn.fuel.pop
        self.spin = turn.spin
        self.measured = turn.measured
        self.spawn = kernel.spawn
        self.spawn_call = kernel.spawn_call
        self.sleep = kernel.sleep
        self.yield_turn = kernel.yield_turn
        self.deep_await = deep_await
        self.pull = pull
        self.collect = collect
        self.cached = cached
        self.leave = leave
        self.PARK = PARK
        self.END = END
        self._channels = 0

    def support(self) -> dict[str, Any]:
        """Everything under the names that compiled code uses."""
        return {name: getattr(self, member) for name, member in SUPPORT.items()}

    # --- tasks -------------------------------------------------------------------------------------------------------

    async def wait(self, future: Any) -> Any:
        """The value of one future; anything else is itself."""
        return await future if isinstance(future, Future) else future

    async def attempt_suspending(self, fn: Callable[[], Any]) -> Any:
        """`attempt(fn)` where fn may suspend."""
        try:
            value: Any = fn()
            if value.__class__ is CoroutineType:
                value = await value
        except Halt:
            raise
        except Exception as exc:
            return Err(failure_value(exc))
        return Ok(value)

    def attempt(self, fn: Callable[[], Any]) -> Any:
        """`ok(value)` of the call, or `err(Error)` if it failed; `halt` passes through."""
        try:
            return Ok(fn())
        except Halt:
            raise
        except Exception as exc:
            return Err(failure_value(exc))

    def agen(self, items: Any) -> SuspendingGenerator:
        """A generator cell whose body suspends, ready to be iterated."""
        return SuspendingGenerator(self.kernel, items)

    def channel(self, capacity: int | None = 0) -> Channel:
        """A new channel: 0 rendezvous, n holds n messages, null holds any number."""
        self._channels += 1
        return Channel(self.kernel, self._channels, capacity)

    # --- parallel ----------------------------------------------------------------------------------------------------

    def parallel(
        self,
        branches: Sequence[Branch],
        names: tuple[str, ...] | None = None,
        max: int | None = None,
        settle: bool = False,
        site: Site | None = None,
    ) -> Future:
        """All branches; with names the value is a record of them."""
        construct = Parallel(self.kernel, site, len(branches), names, self._limit(max), settle)
        construct.start_calls((fn, _NO_ARGS) for fn, _ in branches)
        return construct

    def parallel_values(
        self,
        values: Sequence[Any],
        max: int | None = None,
        settle: bool = False,
        site: Site | None = None,
    ) -> Future:
        """`parallel(f, g)`, `parallel(futures)`. The futures run already, so `max` has nothing to hold back."""
        values = _unpacked(values)
        construct = Parallel(self.kernel, site, len(values), None, self._limit(max), settle)
        construct.take_values(values)
        return construct

    def parallel_for(
        self,
        items: Iterable[Any],
        fn: Callable[[Any], Any],
        is_plain: bool = False,
        max: int | None = None,
        settle: bool = False,
        site: Site | None = None,
    ) -> Future:
        """`fn(item)` for each item. A plain body needs no task per item: one task runs them all, in one frame."""
        if hasattr(items, "pull"):
            return self._collected(items, site, lambda got: self.parallel_for(got, fn, is_plain, max, settle, site))
        items = items if items.__class__ is list else list(items)
        limit = self._limit(max)
        if not is_plain:
            construct = Parallel(self.kernel, site, len(items), None, limit, settle)
            construct.start_calls((fn, (item,)) for item in items)
            return construct
        kernel = self.kernel
        parent = kernel.current
        body = _run_settled if settle else _run_all
        task = Task(kernel, parent if parent is not None else kernel.root, site, 0, None, Call(body, (fn, items)))
        if kernel.policy.starts_at_once:
            kernel.start(task)
        else:
            kernel.ready.append(task)
        return task

    # --- race --------------------------------------------------------------------------------------------------------

    def race(self, branches: Sequence[Branch], settle: bool = False, site: Site | None = None) -> Future:
        """The first success; with settle the first to finish."""
        self._some(branches, "race")
        construct = Race(self.kernel, site, len(branches), settle)
        construct.start_calls((fn, _NO_ARGS) for fn, _ in branches)
        return construct

    def race_values(self, values: Sequence[Any], settle: bool = False, site: Site | None = None) -> Future:
        """`race(f, g)`; a value that is not a future has finished already."""
        values = self._some(_unpacked(values), "race")
        construct = Race(self.kernel, site, len(values), settle)
        construct.take_values(values)
        return construct

    def race_for(
        self,
        items: Iterable[Any],
        fn: Callable[[Any], Any],
        is_plain: bool = False,
        settle: bool = False,
        site: Site | None = None,
    ) -> Future:
        """`race for x in items`."""
        if hasattr(items, "pull"):
            return self._collected(items, site, lambda got: self.race_for(got, fn, is_plain, settle, site))
        items = self._some(list(items), "race")
        construct = Race(self.kernel, site, len(items), settle)
        construct.start_calls((fn, (item,)) for item in items)
        return construct

    # --- vote --------------------------------------------------------------------------------------------------------

    def vote(
        self,
        branches: Sequence[Branch],
        quorum: int | None = None,
        by: Callable[[Any], Any] | None = None,
        site: Site | None = None,
    ) -> Future:
        """The value most branches gave, compared as it is or by `by(value)`."""
        self._some(branches, "vote")
        return self._vote([(fn, _NO_ARGS) for fn, _ in branches], quorum, by, site)

    def vote_values(
        self,
        values: Sequence[Any],
        quorum: int | None = None,
        by: Callable[[Any], Any] | None = None,
        site: Site | None = None,
    ) -> Future:
        """`vote(f, g, h)`."""
        values = self._some(_unpacked(values), "vote")
        if by is not None:
            from lumen.orchestration.vote import itself

            return self._vote([(itself, (value,)) for value in values], quorum, by, site, values)
        from lumen.orchestration.vote import Vote

        construct = Vote(self.kernel, site, len(values), quorum)
        construct.take_values(values)
        return construct

    def vote_for(
        self,
        items: Iterable[Any],
        fn: Callable[[Any], Any],
        is_plain: bool = False,
        quorum: int | None = None,
        by: Callable[[Any], Any] | None = None,
        site: Site | None = None,
    ) -> Future:
        """`vote for x in items`."""
        if hasattr(items, "pull"):
            return self._collected(items, site, lambda got: self.vote_for(got, fn, is_plain, quorum, by, site))
        return self._vote([(fn, (item,)) for item in self._some(list(items), "vote")], quorum, by, site)

    def _vote(
        self,
        calls: list[tuple[Callable[..., Any], tuple[Any, ...]]],
        quorum: int | None,
        by: Callable[[Any], Any] | None,
        site: Site | None,
        losers: Sequence[Any] = (),
    ) -> Future:
        # Not every program votes: loaded at the first one.
        from lumen.orchestration.vote import Vote, keyed

        construct = Vote(self.kernel, site, len(calls), quorum, by is not None)
        if by is not None:
            calls = [(keyed, (by, fn, args)) for fn, args in calls]
        if losers:
            construct.owned_futures([value for value in losers if isinstance(value, Future)])
        construct.start_calls(calls)
        return construct

    # --- select ------------------------------------------------------------------------------------------------------

    def select(self, branches: Sequence[Branch], site: Site | None = None, indexed: bool = False) -> Future:
        """The first to finish; with indexed the value is `(index, value)`."""
        self._some(branches, "select")
        passive = frozenset(index for index, (_, is_plain) in enumerate(branches) if is_plain)
        construct = Select(self.kernel, site, len(branches), "index-value" if indexed else "value", passive)
        construct.start_calls((fn, _NO_ARGS) for fn, _ in branches)
        return construct

    def select_values(self, values: Sequence[Any], site: Site | None = None, indexed: bool = False) -> Future:
        """`select(f, g)`; nulls are skipped while another branch is left."""
        values = self._some(_unpacked(values), "select")
        passive = frozenset(index for index, value in enumerate(values) if not isinstance(value, Future))
        construct = Select(self.kernel, site, len(values), "index-value" if indexed else "value", passive)
        construct.take_values(values)
        return construct

    def select_for(
        self, items: Iterable[Any], fn: Callable[[Any], Any], is_plain: bool = False, site: Site | None = None
    ) -> Future:
        """`select for x in items`: gives `(value, index)`."""
        if hasattr(items, "pull"):
            return self._collected(items, site, lambda got: self.select_for(got, fn, is_plain, site))
        items = self._some(list(items), "select")
        passive = frozenset(range(len(items))) if is_plain else frozenset()
        construct = Select(self.kernel, site, len(items), "value-index", passive)
        construct.start_calls((fn, (item,)) for item in items)
        return construct

    # --- timeout -----------------------------------------------------------------------------------------------------

    def timeout(self, ms: float, fn: Callable[[], Any], is_plain: bool = False, site: Site | None = None) -> Future:
        """The value of `fn()`, or null when `ms` milliseconds are over first."""
        construct = Timeout(self.kernel, site, ms)
        construct.start_calls(((fn, _NO_ARGS),))
        return construct

    def timeout_value(self, ms: float, value: Any, site: Site | None = None) -> Future:
        """`timeout(ms, future)` for a future that runs already; any other value is its own result."""
        construct = Timeout(self.kernel, site, ms)
        construct.take_values((value,))
        return construct

    async def run_defers(self, defers: list[Callable[[], Any]]) -> None:
        """The `defer` blocks of a suspending function."""
        await run_defers(self.kernel, defers)

    # --- attributes of cells -----------------------------------------------------------------------------------------

    def retrying(self, fn: Callable[..., Any], name: str, times: Any, base_ms: Any) -> Callable[..., Any]:
        """`@retry(times, base_ms)`."""
        return retrying(self.sleep, fn, name, times, base_ms)

    def limited(self, fn: Callable[..., Any], name: str, ms: Any, site: Site | None) -> Callable[..., Any]:
        """`@timeout(ms)`."""
        return limited(self.timeout, fn, name, ms, site)

    # --- items that have to be waited for ----------------------------------------------------------------------------

    def _collected(self, items: Any, site: Site | None, construct: Callable[[list[Any]], Future]) -> Future:
        """`parallel for v in ch` and the like: the construct over all items of a channel or suspending generator."""

        async def collect() -> Any:
            got: list[Any] = []
            while (item := await items.pull()) is not END:
                got.append(item)
            return await construct(got)

        return self.kernel.spawn(collect(), site)

    # --- checks ------------------------------------------------------------------------------------------------------

    def _some(self, branches: Sequence[Any], word: str) -> Sequence[Any]:
        if not branches:
            raise self.kernel.failures.make("invalid-args", f"`{word}` needs at least one branch")
        return branches

    def _limit(self, limit: Any) -> int | None:
        if limit is not None and (type(limit) is not int or limit < 1):
            failures = self.kernel.failures
            message = f"`max` of `parallel` must be a positive Int, got {failures.show(limit)}"
            raise failures.make("invalid-args", message)
        return limit


def _unpacked(values: Sequence[Any]) -> Sequence[Any]:
    """One list (or other collection) argument stands for its elements."""
    if len(values) == 1 and values[0].__class__ in (list, tuple):
        return list(values[0])
    return values


def _run_all(fn: Callable[[Any], Any], items: list[Any]) -> list[Any]:
    return [fn(item) for item in items]


def _run_settled(fn: Callable[[Any], Any], items: list[Any]) -> list[Any]:
    results: list[Any] = []
    for item in items:
        try:
            results.append(Ok(fn(item)))
        except Halt:
            raise
        except Exception as exc:
            results.append(Err(failure_value(failure_of(exc))))
    return results
