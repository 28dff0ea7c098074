"""What people read."""

from __future__ import annotations

from itertools import count

import pytest

from lumen.kernel.explore import ANSWER
from lumen.testing.explore import PASSED, Verdict, explore_exhaustively, explore_test, run_schedule
from lumen.testing.schedules import Schedule
from tests.explore.driving import PLANTED, Case

FAILED = Verdict("failed", "it failed", "here")


def test_a_failure():
    path = PLANTED / "lost_update_by_timing.lumen"
    result = explore_test(Case(path), seed=0)
    assert (
        result.text("bank test.lumen::test_two_deposits")
        == f"""\
error[assertion-failed]: expected 130, got 110
  --> {path}:27:3
27 |   assert_eq(await peek(box), 130)
   |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = in `test_two_deposits`
fails in schedule 5 of seed 0, with 1 departure from FIFO order:
  step 2: the sleep of task 3 (branch 1 of the parallel at line 23), due at 1 ms, ended after that of tas\
k 4 (branch 2 of the parallel at line 23), due at 3 ms
repeat it: lumen test 'bank test.lumen::test_two_deposits' --schedule 2:1"""
    )


def test_all_passed():
    result = explore_test(Case(PLANTED / "deadlock_by_philosophers_fixed.lumen"), schedules=1_500, seed=12)
    assert result.text("t") == f"1,500 schedules, {result.different} different, seed 12"
    assert 100 < result.different < 1_500


def test_a_small_test_is_searched_to_the_end():
    result = explore_test(Case(PLANTED / "leak_by_heartbeat_fixed.lumen"), schedules=1_000)
    assert result.ran == result.different == explore_exhaustively(Case(PLANTED / "leak_by_heartbeat_fixed.lumen")).ran
    assert result.text("t") == f"all {result.ran} schedules"


def test_a_search_that_was_stopped_says_so():
    turns = count()
    case = Case(PLANTED / "deadlock_by_philosophers_fixed.lumen")
    result = explore_test(case, schedules=1_500, seed=12, should_stop=lambda: next(turns) >= 99)
    assert result.text("t") == f"100 of 1,500 schedules, {result.different} different, seed 12"


def test_a_test_that_fails_in_fifo_order():
    result = explore_test(Case("cell test_it()\n  assert_eq(1, 2)\nend\n"))
    assert (result.number, str(result.schedule)) == (0, "fifo")
    assert result.text("t.lumen::test_it").endswith(
        "fails in FIFO order already; no other order is needed\nrepeat it: lumen test t.lumen::test_it --schedule fifo"
    )


def test_a_failure_in_fifo_order_is_not_run_again():
    runs = []

    def run(policy):
        runs.append(policy.choose(3, ANSWER))
        return FAILED

    assert not explore_test(run).passed
    assert runs == [0]


def test_an_interrupted_shrinking_keeps_the_failure():
    runs = []

    def run(policy):
        taken = [policy.choose(3, ANSWER) for _ in range(200)]
        runs.append(taken)
        is_interrupted = len(runs) > 400
        return FAILED if sum(map(bool, taken)) > 30 and not is_interrupted else PASSED

    result = explore_test(run, schedules=300, should_stop=lambda: len(runs) > 400)
    assert result.verdict == FAILED
    assert result.schedule.decisions
    assert "repeat it: lumen test t --schedule " in result.text("t")


def test_a_test_that_is_not_repeatable():
    runs = count()

    def run(policy):
        for _ in range(9):
            policy.choose(2, ANSWER)
        return FAILED if next(runs) == 3 else PASSED

    result = explore_test(run, schedules=50)
    assert not result.passed
    assert not result.is_repeatable
    assert result.text("t") == (
        "error[failed]: it failed\nfailed in schedule 3 (seed 0), but not when that was run again: the test depends on "
        "something that no schedule decides, such as real time or files"
    )


def test_long_schedules_are_not_told_in_full():
    def run(policy):
        taken = [policy.choose(2, ANSWER) for _ in range(100)]
        policy.notes = [(step, f"departure {step}") for step, choice in enumerate(taken) if choice]
        return FAILED if sum(taken) >= 40 else PASSED

    result = explore_test(run, schedules=200)
    lines = result.text("t").split("\n")
    assert len(result.schedule) == 40
    assert f"with 40 departures from FIFO order, shrunk from {len(result.found)}:" in result.text("t")
    assert len(lines) < 40
    assert lines[-2] == "  and 10 more"


def test_one_schedule():
    case = Case(PLANTED / "lost_update_by_timing.lumen")
    assert run_schedule(case, Schedule.parse("1:1")).text("t") == "schedule 1:1"
    assert run_schedule(case, Schedule.parse("2:1")).text("t").split("\n")[-3:] == [
        "fails in schedule 2:1, with 1 departure from FIFO order:",
        "  step 2: the sleep of task 3 (branch 1 of the parallel at line 23), due at 1 ms, ended after that of task 4 "
        "(branch 2 of the parallel at line 23), due at 3 ms",
        "repeat it: lumen test t --schedule 2:1",
    ]


@pytest.mark.parametrize("text", ["0:7", "900:1", "0:1,1:99"])
def test_a_schedule_of_another_program_runs(text):
    """Numbers that are too large, and steps that never come, count as FIFO."""
    result = run_schedule(Case(PLANTED / "leak_by_heartbeat_fixed.lumen"), Schedule.parse(text))
    assert result.passed
    assert set(result.schedule.decisions) <= {0}
