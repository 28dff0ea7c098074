"""The planted bugs, each hidden by FIFO order, and their cures."""

from __future__ import annotations

import re
import shlex

import pytest

from lumen.kernel.policy import Fifo
from lumen.testing.explore import explore_exhaustively, explore_test, run_schedule
from lumen.testing.schedules import Schedule
from tests.explore.driving import Case, planted

KINDS = {"deadlock": "deadlock", "leak": "leaked-task", "lost": "assertion-failed"}


def name_of(path):
    return path.stem


def kind_of(path):
    return KINDS[path.stem.partition("_")[0]]


def test_there_are_three_of_each():
    kinds = [kind_of(path) for path in planted(fixed=False)]
    assert all(kinds.count(kind) >= 3 for kind in KINDS.values())
    assert [f"{path.stem}_fixed" for path in planted(fixed=False)] == [path.stem for path in planted(fixed=True)]


@pytest.mark.parametrize("path", planted(fixed=False), ids=name_of)
def test_fifo_order_hides_it(path):
    assert Case(path)(Fifo()).code is None


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("path", planted(fixed=False), ids=name_of)
def test_is_found_and_shrunk(path, seed):
    result = explore_test(Case(path), schedules=200, seed=seed)
    assert result.verdict.code == kind_of(path)
    assert result.is_repeatable
    assert len(result.schedule) <= min(3, len(result.found))
    assert len(result.notes) == len(result.schedule)


@pytest.mark.parametrize("path", planted(fixed=False), ids=name_of)
def test_the_command_repeats_it(path):
    case = Case(path)
    result = explore_test(case, schedules=200, seed=11)
    words = shlex.split(result.command(f"{path.name}::test_it"))
    assert words[:4] == ["lumen", "test", f"{path.name}::test_it", "--schedule"]
    again = run_schedule(case, Schedule.parse(words[4]))
    assert (again.verdict, again.notes) == (result.verdict, result.notes)
    assert str(again.schedule) == words[4]


@pytest.mark.parametrize("path", planted(fixed=False), ids=name_of)
def test_the_seed_repeats_the_search(path):
    first, second = (explore_test(Case(path), schedules=200, seed=5) for _ in range(2))
    assert (first.number, str(first.found), str(first.schedule)) == (
        second.number, str(second.found), str(second.schedule),
    )  # fmt: skip


@pytest.mark.parametrize("path", planted(fixed=True), ids=name_of)
def test_the_cure_is_not_reported(path):
    result = explore_test(Case(path), schedules=2_000, seed=1)
    assert result.passed, result.text(path.name)
    assert result.ran == 2_000 or result.is_complete
    assert result.different > 1


@pytest.mark.parametrize("path", planted(fixed=True), ids=name_of)
def test_the_cure_holds_in_all_schedules(path):
    result = explore_exhaustively(Case(path))
    assert result.passed
    assert result.is_complete
    assert re.fullmatch(r"all [\d,]+ schedules", result.text(path.name))


@pytest.mark.parametrize("path", planted(fixed=False), ids=name_of)
def test_an_exhaustive_search_finds_the_shortest_schedule(path):
    exhaustive = explore_exhaustively(Case(path))
    assert exhaustive.verdict.code == kind_of(path)
    assert len(exhaustive.schedule) == len(exhaustive.found)
    assert len(exhaustive.schedule) <= len(explore_test(Case(path), schedules=200, seed=2).schedule)
