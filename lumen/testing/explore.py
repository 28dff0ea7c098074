"""One test under many schedules: find one that fails, make it small, tell what it is.

Works on anything that can run a test under a policy and say how that ended (`run_once`); knows nothing of files or of
how tests are found. Schedule 0 is FIFO; schedule i of seed S is the same in every search, so `--seed S` repeats all of
it. What is printed repeats the one schedule that matters without a search.
"""

from __future__ import annotations

import shlex
from time import monotonic

import attrs

from lumen.kernel.explore import Explore
from lumen.testing.exhaustive import Enumeration
from lumen.testing.schedules import Schedule, nth_chooser
from lumen.testing.shrink import Shrinker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen.testing.schedules import Chooser

    RunOnce = Callable[[Explore], "Verdict"]

SCHEDULES = 1_000
LEAST_SHORTEST = 16
BUDGET = 10_000
SHORTER_BUDGET = 1_000
"""Schedules tried in search of one that is shorter than what shrinking has arrived at."""
SHRINK_S = 10.0
"""A test may take seconds each time, all the more if it fails by taking too long."""
_MOST_NOTES = 30


@attrs.frozen
class Verdict:
    """How one run of a test ended. `code` None: it passed."""

    code: str | None = None
    message: str = ""
    place: str = ""
    """Where it failed; a failure with another code or place is another failure."""
    text: str = ""
    """The whole report, as the user reads it."""

    @property
    def key(self) -> tuple[str | None, str]:
        """What two runs have in common that fail in the same way."""
        return self.code, self.place


PASSED = Verdict()


@attrs.define
class ExploreResult:
    """What a search has found."""

    ran: int
    """Schedules run in the search; the runs of the shrinking not counted."""
    different: int
    """How many of them were different."""
    wanted: int
    seed: int
    faults: bool
    exhaustive: bool
    is_single: bool = False
    """Only one schedule was asked for."""
    is_complete: bool = False
    """Every schedule there is has been run."""
    departures: int = 0
    """In an exhaustive search that was cut: all schedules with so many departures from FIFO have been run."""
    verdict: Verdict = PASSED
    """The first failure."""
    number: int | None = None
    """The number of the failing schedule in this search."""
    found: Schedule | None = None
    """It as it was found, …"""
    schedule: Schedule | None = None
    """… and shrunk."""
    notes: list[tuple[int, str]] = attrs.Factory(list)
    """(step, what is different there from FIFO) of the shrunk schedule."""
    is_repeatable: bool = True
    """The failing schedule failed again in the same way."""
    shrink_runs: int = 0

    @property
    def passed(self) -> bool:
        """No schedule failed."""
        return self.verdict.code is None

    def summary(self) -> str:
        """One line on what was searched."""
        if self.is_single:
            return f"schedule {self.schedule}"
        if self.is_complete and self.ran == 1:
            return "1 schedule: nothing in this test could happen in another order"
        if self.is_complete:
            return f"all {self.ran:,} schedules"
        if self.exhaustive:
            if not self.passed:
                return f"{self.ran:,} of at most {self.wanted:,} schedules"
            return (
                f"cut at {_count(self.ran, 'schedule')}: not all have been run, but all with at most "
                f"{_count(self.departures, 'departure')} from FIFO order"
            )
        of = "" if self.ran >= self.wanted else f" of {self.wanted:,}"
        schedules = "schedule" if self.wanted == 1 else "schedules"
        return f"{self.ran:,}{of} {schedules}, {self.different:,} different, seed {self.seed}"

    def text(self, test: str) -> str:
        """The result for people.

        Args:
            test: `file::test`, for the command that repeats it.
        """
        if self.passed:
            return self.summary()
        assert self.schedule is not None
        lines = [self.verdict.text] if self.verdict.text else [f"error[{self.verdict.code}]: {self.verdict.message}"]
        if not self.is_repeatable:
            lines.append(
                f"failed in schedule {self.number} (seed {self.seed}), but not when that was run again: the test "
                "depends on something that no schedule decides, such as real time or files"
            )
            return "\n".join(lines)
        lines += self._story()
        lines.append(f"repeat it: {self.command(test)}")
        return "\n".join(lines)

    def command(self, test: str) -> str:
        """The command line that runs the test under the shrunk schedule."""
        return f"lumen test {shlex.quote(test)} --schedule {self.schedule}"

    def _story(self) -> list[str]:
        assert self.schedule is not None
        assert self.found is not None
        if not self.schedule.decisions:
            return ["fails in FIFO order already; no other order is needed"]
        where = f"schedule {self.schedule if self.is_single else self.number}"
        if not self.exhaustive and not self.is_single:
            where += f" of seed {self.seed}"
        shrunk = "" if len(self.found) == len(self.schedule) else f", shrunk from {len(self.found)}"
        lines = [f"fails in {where}, with {_count(len(self.schedule), 'departure')} from FIFO order{shrunk}:"]
        lines += [f"  step {step}: {what}" for step, what in self.notes[:_MOST_NOTES]]
        if len(self.notes) > _MOST_NOTES:
            lines.append(f"  and {len(self.notes) - _MOST_NOTES} more")
        return lines


def explore_test(
    run_once: RunOnce,
    *,
    schedules: int = SCHEDULES,
    seed: int = 0,
    faults: bool = False,
    should_stop: Callable[[], bool] | None = None,
) -> ExploreResult:
    """Run a test under `schedules` schedules, until one fails.

    The first eighth of them are the shortest there are, as of an exhaustive search; for a small test these are all.

    Args:
        run_once: runs the test afresh under a policy. Must be repeatable: same choices, same verdict.
        faults: whether tools may fail and waiting tasks be cancelled.
        should_stop: asked before each schedule; a search that it ends says how many have been run.
    """
    search = _Search(run_once, faults)
    result = ExploreResult(0, 0, schedules, seed, faults, exhaustive=False)
    length = 0
    enumeration = Enumeration()
    shortest = iter(enumeration)
    few = max(LEAST_SHORTEST, schedules // 8)
    for number in range(schedules):
        if should_stop is not None and number and should_stop():
            break
        decisions = next(shortest, None) if number <= few else None
        if decisions is None and number <= few:
            result.is_complete = True
            break
        chooser: Chooser = nth_chooser(seed, number, length) if decisions is None else Schedule(decisions).chooser()
        policy, verdict = search.run(chooser)
        result.ran += 1
        result.different = len(search.seen)
        if number == 0:
            length = len(policy.sizes)
        if verdict.code is not None:
            _report(search, result, number, policy, verdict, should_stop)
            break
        if decisions is not None:
            enumeration.ran(policy.sizes)
    return result


def explore_exhaustively(
    run_once: RunOnce,
    *,
    budget: int = BUDGET,
    faults: bool = False,
    should_stop: Callable[[], bool] | None = None,
) -> ExploreResult:
    """Run a test under all schedules, those with the fewest departures from FIFO first, but at most `budget`.

    The result says whether these were all. Arguments as of `explore_test`.
    """
    search = _Search(run_once, faults)
    result = ExploreResult(0, 0, budget, 0, faults, exhaustive=True)
    enumeration = Enumeration()
    for decisions in enumeration:
        if result.ran >= budget or (should_stop is not None and result.ran and should_stop()):
            break
        policy, verdict = search.run(Schedule(decisions).chooser())
        result.ran += 1
        if verdict.code is not None:
            _report(search, result, result.ran - 1, policy, verdict, should_stop)
            break
        enumeration.ran(policy.sizes)
    else:
        result.is_complete = True
    result.departures = max(0, enumeration.departures - 1)
    result.different = result.ran
    return result


def run_schedule(run_once: RunOnce, schedule: Schedule) -> ExploreResult:
    """Run a test under one schedule: `--schedule`."""
    search = _Search(run_once, schedule.faults)
    policy, verdict = search.run(schedule.chooser(), describe=True)
    result = ExploreResult(1, 1, 1, 0, schedule.faults, exhaustive=False, is_single=True, verdict=verdict)
    result.found = result.schedule = Schedule.of_choices(policy.choices, schedule.faults)
    result.number = 0
    result.notes = policy.notes or []
    return result


class _Search:
    """Runs a test again and again."""

    def __init__(self, run_once: RunOnce, faults: bool) -> None:
        self._run_once = run_once
        self.faults = faults
        self.seen: set[int] = set()

    def run(self, chooser: Chooser, *, describe: bool = False) -> tuple[Explore, Verdict]:
        policy = Explore(chooser, faults=self.faults, describe=describe)
        verdict = self._run_once(policy)
        if policy.cancels and verdict.code == "cancelled":
            verdict = PASSED  # who waits for a task that is cancelled fails so; that is what it should do
        self.seen.add(hash(tuple(policy.choices)))
        return policy, verdict


def _report(
    search: _Search,
    result: ExploreResult,
    number: int,
    policy: Explore,
    verdict: Verdict,
    should_stop: Callable[[], bool] | None,
) -> None:
    """Repeat the failure, shrink it, and describe what is left."""
    result.number = number
    result.verdict = verdict
    result.found = result.schedule = found = Schedule.of_choices(policy.choices, result.faults)
    if not found.decisions:
        return
    again, second = search.run(found.chooser(), describe=True)
    if second.key != verdict.key or again.choices != policy.choices:
        result.is_repeatable = False
        return
    result.notes = again.notes or []

    def attempt(decisions: dict[int, int]) -> dict[int, int] | None:
        tried = Explore(Schedule(decisions).chooser(), faults=search.faults)
        if search._run_once(tried).key != verdict.key:
            return None
        return Schedule.of_choices(tried.choices).decisions

    latest = monotonic() + SHRINK_S

    def is_late() -> bool:
        return monotonic() > latest or (should_stop is not None and should_stop())

    shrinker = Shrinker(attempt, found.decisions, should_stop=is_late)
    best = shrinker.run()
    result.shrink_runs = shrinker.attempts
    if not result.exhaustive:
        best = _shorter(search, result, best, is_late)
    if best == found.decisions:
        return
    shrunk = Schedule(best, result.faults)
    policy, second = search.run(shrunk.chooser(), describe=True)
    if second.key == verdict.key:  # else the user has interrupted it
        result.schedule = shrunk
        result.verdict = second
        result.notes = policy.notes or []


def _shorter(
    search: _Search, result: ExploreResult, best: dict[int, int], should_stop: Callable[[], bool]
) -> dict[int, int]:
    """The first schedule with fewer decisions than `best` that fails in the same way, or `best`.

    Leaving decisions out never arrives at another one that does the work of three.
    """
    enumeration = Enumeration()
    for runs, decisions in enumerate(enumeration):
        if len(decisions) >= len(best) or runs >= SHORTER_BUDGET or should_stop():
            break
        policy = Explore(Schedule(decisions).chooser(), faults=search.faults)
        result.shrink_runs += 1
        if search._run_once(policy).key == result.verdict.key:
            return decisions
        enumeration.ran(policy.sizes)
    return best


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
