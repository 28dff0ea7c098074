"""parallel, race, select and timeout: when each decides, and for what. (`vote` has a file of its own.)"""

from __future__ import annotations

from lumen.kernel.future import CLOSING, COMPLETED, FAILED
from lumen.kernel.ops import TIMER
from lumen.kernel.timers import depth_of
from lumen.orchestration.construct import Construct
from lumen.values.errors import failure_value
from lumen.values.model import Err, Ok, names_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lumen.kernel.kernel import Kernel
    from lumen.kernel.messages import Site


class Parallel(Construct):
    """All of them; the first failure ends the rest."""

    __slots__ = ("_names", "_settle")
    word = "parallel"

    def __init__(
        self,
        kernel: Kernel,
        site: Site | None,
        count: int,
        names: tuple[str, ...] | None = None,
        limit: int | None = None,
        settle: bool = False,
    ) -> None:
        super().__init__(kernel, site, count, limit)
        self._names = names
        self._settle = settle

    def judge(self, fresh: list[int]) -> None:
        """See Construct.judge."""
        if not self._settle:
            for index in fresh:
                if self.phases[index] == FAILED:
                    self.conclude(FAILED, self.results[index], ("failed", index))
                    return
        if not self.remaining:
            values: Any = self.results
            if self._settle:
                values = [
                    Ok(value) if phase == COMPLETED else Err(failure_value(value))
                    for phase, value in zip(self.phases, values, strict=True)
                ]
            if self._names is not None:
                values = names_record(self._names)(*values)
            self.conclude(COMPLETED, values, "completed")

    def close(self) -> None:
        """The last future inside has ended."""
        if self.outcome == FAILED:
            others = [
                value
                for phase, value in zip(self.phases, self.results, strict=True)
                if phase == FAILED and value is not self.value
            ]
            if others:
                self.value = self.kernel.failures.again(self.value, others)
        super().close()


class Race(Construct):
    """The first success; with `settle` the first to finish."""

    __slots__ = ("_settle",)
    word = "race"

    def __init__(self, kernel: Kernel, site: Site | None, count: int, settle: bool = False) -> None:
        super().__init__(kernel, site, count)
        self._settle = settle

    def judge(self, fresh: list[int]) -> None:
        """See Construct.judge."""
        for index in fresh:
            if self._settle or self.phases[index] == COMPLETED:
                self.conclude(self.phases[index], self.results[index], index, index)
                return
        if not self.remaining:
            self.conclude(FAILED, all_failed(self), "all-failed")


class Select(Construct):
    """The first to finish."""

    __slots__ = ("_give", "_passive", "_skipped")
    word = "select"

    def __init__(
        self, kernel: Kernel, site: Site | None, count: int, give: str = "value", passive: frozenset[int] = frozenset()
    ) -> None:
        """
        Args:
            give: "value", "index-value" (block form: the compiler binds the names) or "value-index" (`select for`).
            passive: branches that don't wait for anything; their `null` is skipped while another branch is left.
        """
        super().__init__(kernel, site, count)
        self._give = give
        self._passive = passive
        self._skipped = count

    def judge(self, fresh: list[int]) -> None:
        """See Construct.judge."""
        for index in fresh:
            if self.results[index] is None and self.phases[index] == COMPLETED and index in self._passive:
                self._skipped = min(self._skipped, index)
                continue
            self._choose(index)
            return
        if not self.remaining:
            self._choose(self._skipped)

    def _choose(self, index: int) -> None:
        value = self.results[index]
        if self.phases[index] == COMPLETED and self._give != "value":
            value = (index, value) if self._give == "index-value" else (value, index)
        self.conclude(self.phases[index], value, index, index)


class Timeout(Construct):
    """The value of its one branch, or null when time is up first."""

    __slots__ = ("waiting",)
    word = "timeout"

    def __init__(self, kernel: Kernel, site: Site | None, ms: float) -> None:
        duration_ns = kernel.duration_ns(ms, "timeout")
        super().__init__(kernel, site, 1)
        self.waiting: Any = None
        deadline_ns = kernel.start_time(TIMER, duration_ns) + duration_ns + kernel.deadlines_slack_ns
        kernel.timers.add_deadline(deadline_ns, self, depth_of(self))

    def fire(self) -> None:
        """Time is up."""
        if self.phase < CLOSING:
            self.conclude(COMPLETED, None, "expired")

    def judge(self, fresh: list[int]) -> None:
        """See Construct.judge."""
        if fresh:
            self._drop_timer()
            self.conclude(self.phases[0], self.results[0], "in-time", 0)

    def cancel_self(self) -> None:
        """See Future.cancel_self."""
        self._drop_timer()
        super().cancel_self()

    def _drop_timer(self) -> None:
        if self.waiting is not None:
            self.waiting = None
            self.kernel.timers.dropped()


def all_failed(construct: Construct) -> BaseException:
    """The failure of a construct whose branches have all failed: lists every cause in source order."""
    failures = construct.kernel.failures
    causes = list(construct.results)
    lines = [f"  branch {number}: {failures.describe(cause)}" for number, cause in enumerate(causes, 1)]
    return failures.make("all-failed", "\n".join([f"every branch of `{construct.word}` failed", *lines]), causes)
