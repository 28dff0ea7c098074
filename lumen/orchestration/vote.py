"""vote: the value that most branches gave."""

from __future__ import annotations

from lumen.kernel.future import COMPLETED, FAILED, Future
from lumen.kernel.task import CoroutineType
from lumen.orchestration.combinators import all_failed
from lumen.orchestration.construct import Construct
from lumen.values.equality import to_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lumen.kernel.kernel import Kernel
    from lumen.kernel.messages import Site


class _Camp:
    """The branches that agree on one value; `first` is the earliest of them in source order."""

    __slots__ = ("count", "first")

    def __init__(self, first: int) -> None:
        self.first = first
        self.count = 0


class Vote(Construct):
    """Decides as soon as no outcome of the branches that still run could change the winner."""

    __slots__ = ("_camps", "_has_keys", "_quorum")
    word = "vote"

    def __init__(
        self, kernel: Kernel, site: Site | None, count: int, quorum: int | None = None, has_keys: bool = False
    ) -> None:
        """
        Args:
            has_keys: the branches give `(key, value)`, compared by key (see `keyed`).
        """
        if quorum is not None and (type(quorum) is not int or quorum < 1):
            message = f"`quorum` of `vote` must be a positive Int, got {kernel.failures.show(quorum)}"
            raise kernel.failures.make("invalid-args", message)
        super().__init__(kernel, site, count)
        self._quorum = quorum
        self._has_keys = has_keys
        self._camps: dict[Any, _Camp] = {}

    def judge(self, fresh: list[int]) -> None:
        """See Construct.judge."""
        camps = self._camps
        for index in fresh:
            if self.phases[index] != COMPLETED:
                continue
            key = to_key(self.results[index][0] if self._has_keys else self.results[index])
            camp = camps.get(key)
            if camp is None:
                camp = camps[key] = _Camp(index)
            camp.count += 1
            camp.first = min(camp.first, index)
        leader = min(camps.values(), key=_standing, default=None)
        if self._quorum is not None:
            self._judge_quorum(leader, self._quorum)
        elif leader is None:
            if not self.remaining:
                self.conclude(FAILED, all_failed(self), "all-failed")
        elif not self.remaining or not self._can_be_beaten(leader):
            self._choose(leader)

    def _judge_quorum(self, leader: _Camp | None, quorum: int) -> None:
        best = leader.count if leader is not None else 0
        if leader is not None and best >= quorum:
            self._choose(leader)
        elif leader is None and not self.remaining:
            self.conclude(FAILED, all_failed(self), "all-failed")
        elif best + self.remaining < quorum:
            failed = [self.results[i] for i, phase in enumerate(self.phases) if phase == FAILED]
            message = f"no value can reach the quorum of {quorum}: {self._tally()}"
            self.conclude(FAILED, self.kernel.failures.make("no-consensus", message, failed), "no-consensus")

    def _can_be_beaten(self, leader: _Camp) -> bool:
        """Whether another value wins when all branches that still run give that one."""
        remaining = self.remaining
        # Only a tie with an earlier first branch beats by position; running branches may be that first one.
        first_running = self.phases.find(0)
        if remaining > leader.count or (remaining == leader.count and first_running < leader.first):
            return True  # a value that nobody has given yet
        for camp in self._camps.values():
            if camp is not leader:
                most = camp.count + remaining
                if most > leader.count or (most == leader.count and min(camp.first, first_running) < leader.first):
                    return True
        return False

    def _choose(self, leader: _Camp) -> None:
        value = self.results[leader.first]
        self.conclude(COMPLETED, value[1] if self._has_keys else value, ("winner", leader.first, self._tally()))

    def _tally(self) -> str:
        counts = sorted((camp.first, camp.count) for camp in self._camps.values())
        parts = [f"{count} for branch {first + 1}'s" for first, count in counts]
        failed = sum(phase == FAILED for phase in self.phases)
        if failed:
            parts.append(f"{failed} failed")
        if self.remaining:
            parts.append(f"{self.remaining} still running")
        return ", ".join(parts) if parts else "no votes"


def _standing(camp: _Camp) -> tuple[int, int]:
    return -camp.count, camp.first


async def keyed(by: Callable[[Any], Any], fn: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, Any]:
    """A branch of `vote(by: …)`: (what its value is compared by, its value). Runs `by` in the branch, so that it may
    suspend or fail like the rest of it."""
    value = fn(*args)
    if value.__class__ is CoroutineType or isinstance(value, Future):
        value = await value
    key = by(value)
    if key.__class__ is CoroutineType or isinstance(key, Future):
        key = await key
    return key, value


def itself(value: Any) -> Any:
    """A branch that is its argument."""
    return value
