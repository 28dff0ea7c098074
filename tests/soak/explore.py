"""The planted bugs of `tests/explore`, with many seeds: each is found within 200 schedules, and no cure is reported."""

from __future__ import annotations

from lumen.testing.explore import explore_test
from tests.explore.driving import Case, planted

COUNT = 50
"""Seeds for every program."""
SCHEDULES = 200
CURED_SCHEDULES = 2_000
MOST_DECISIONS = 10


def soak(count, seed):
    """(problems, figures)."""
    problems = []
    latest = longest = ran = 0
    for path in planted(fixed=False):
        case = Case(path)
        for number in range(seed, seed + count):
            result = explore_test(case, schedules=SCHEDULES, seed=number)
            ran += result.ran + result.shrink_runs
            if result.passed or not result.is_repeatable:
                problems.append(f"{path.name}, seed {number}: {result.text(path.name)}")
                continue
            latest = max(latest, result.number)
            longest = max(longest, len(result.schedule))
            if len(result.schedule) > MOST_DECISIONS:
                problems.append(f"{path.name}, seed {number}: shrunk to {len(result.schedule)} decisions only")
    for path in planted(fixed=True):
        case = Case(path)
        for number in range(seed, seed + max(1, count // 10)):
            result = explore_test(case, schedules=CURED_SCHEDULES, seed=number)
            ran += result.ran
            if not result.passed:
                problems.append(f"{path.name}, seed {number}: {result.text(path.name)}")
    return problems, {"schedules run": f"{ran:,}", "latest find": latest, "longest schedule": longest}
