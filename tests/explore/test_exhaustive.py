"""All schedules, each once, few departures first; and saying so only when it is true."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from lumen.kernel.explore import ANSWER
from lumen.testing.exhaustive import Enumeration
from lumen.testing.explore import PASSED, Verdict, explore_exhaustively


def enumerated(size_at):
    """All schedules of a tree of choices: `size_at(choices so far)` is how many numbers there are next, 0 ends it."""
    made = []
    enumeration = Enumeration()
    for decisions in enumeration:
        choices, sizes = [], []
        while size := size_at(choices):
            sizes.append(size)
            choices.append(decisions.get(len(choices), 0))
        made.append(tuple(choices))
        enumeration.ran(sizes)
    return made


@given(st.lists(st.integers(1, 4), max_size=5))
def test_every_schedule_once(sizes):
    made = enumerated(lambda choices: sizes[len(choices)] if len(choices) < len(sizes) else 0)
    assert sorted(made) == sorted(product(*map(range, sizes)))


def test_trees_whose_choices_depend_on_earlier_ones():
    def size_at(choices):
        return 0 if sum(choices) + len(choices) >= 4 else 3

    made = enumerated(size_at)
    assert len(made) == len(set(made))

    def leaves(choices):
        size = size_at(choices)
        return [tuple(choices)] if not size else [leaf for c in range(size) for leaf in leaves([*choices, c])]

    assert sorted(made) == sorted(leaves([]))


def test_few_departures_first():
    made = enumerated(lambda choices: 3 if len(choices) < 4 else 0)
    departures = [sum(map(bool, choices)) for choices in made]
    assert departures == sorted(departures)
    assert departures[0] == 0


def tree(depth, size, fails=lambda choices: False):
    """A `run_once` whose runs have so many choices."""

    def run(policy):
        choices = [policy.choose(size, ANSWER) for _ in range(depth)]
        return Verdict("failed", "it failed", "here") if fails(choices) else PASSED

    return run


def test_all_schedules_are_called_so():
    result = explore_exhaustively(tree(3, 4), budget=64)
    assert (result.ran, result.is_complete, result.passed) == (64, True, True)
    assert result.text("t") == "all 64 schedules"


def test_a_budget_one_short_is_a_cut():
    result = explore_exhaustively(tree(3, 4), budget=63)
    assert (result.ran, result.is_complete, result.passed) == (63, False, True)
    assert result.text("t") == (
        "cut at 63 schedules: not all have been run, but all with at most 2 departures from FIFO order"
    )


def test_one_schedule():
    result = explore_exhaustively(tree(0, 1))
    assert (result.ran, result.is_complete) == (1, True)
    assert result.text("t") == "1 schedule: nothing in this test could happen in another order"


def test_the_first_failure_is_the_shortest():
    result = explore_exhaustively(tree(6, 2, lambda choices: choices[3] and choices[5]))
    assert str(result.schedule) == "3:1,5:1"
    assert result.verdict.code == "failed"
    assert result.summary() == f"{result.ran} of at most 10,000 schedules"
    assert not result.is_complete


def test_it_can_be_stopped():
    left = iter([False, False, True])
    result = explore_exhaustively(tree(6, 2), should_stop=lambda: next(left))
    assert (result.ran, result.is_complete) == (3, False)
