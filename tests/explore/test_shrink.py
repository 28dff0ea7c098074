"""Shrinking, on failures made of plain conditions: a run fails if `wants` of the decisions taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen.testing.shrink import Shrinker


def shrunk(decisions, fails, most=2_000):
    calls = []

    def attempt(tried):
        calls.append(dict(tried))
        return tried if fails(tried) else None

    shrinker = Shrinker(attempt, decisions, most=most)
    best = shrinker.run()
    assert len(calls) == shrinker.attempts <= most
    return best, calls


@given(
    st.dictionaries(st.integers(0, 300), st.integers(1, 9), min_size=1, max_size=120).flatmap(
        lambda made: st.tuples(st.just(made), st.sets(st.sampled_from(sorted(made)), max_size=4))
    )
)
def test_only_what_is_needed_stays(case):
    decisions, needed = case
    best, _ = shrunk(decisions, lambda tried: needed <= set(tried))
    assert set(best) == needed
    assert all(choice == 1 for choice in best.values())


@given(st.dictionaries(st.integers(0, 100), st.integers(1, 9), min_size=1, max_size=40), st.integers(1, 6))
def test_the_result_fails_and_is_no_larger(decisions, least):
    def fails(tried):
        return sum(tried.values()) >= least

    if fails(decisions):
        best, _ = shrunk(decisions, fails)
        assert fails(best)
        assert (len(best), sum(best.values())) <= (len(decisions), sum(decisions.values()))
        assert not any(fails({i: c for i, c in best.items() if i != left_out}) for left_out in best)


def test_numbers_are_lowered_as_far_as_they_go():
    best, _ = shrunk({5: 9}, lambda tried: tried.get(5, 0) >= 4)
    assert best == {5: 4}


def test_choices_that_move_when_another_is_left_out_are_found_again():
    def fails(tried):
        # Without the decision at 2 there is one choice less before the one that matters.
        return tried.get(7 if 2 in tried else 6) == 1

    best, _ = shrunk({2: 1, 7: 1}, fails)
    assert best == {6: 1}


def test_decisions_that_were_not_taken_are_dropped():
    def attempt(tried):
        return {3: 1} if 3 in tried else None

    assert Shrinker(attempt, {3: 1, 50: 2, 51: 2}).run() == {3: 1}


def test_attempts_are_bounded_and_never_repeated():
    decisions = dict.fromkeys(range(400), 3)
    _, calls = shrunk(decisions, lambda tried: len(tried) >= 399, most=100)
    keys = [tuple(sorted(call.items())) for call in calls]
    assert len(keys) == len(set(keys)) == 100


@pytest.mark.parametrize("needed", [0, 1])
def test_nothing_to_do(needed):
    best, _ = shrunk({4: 1} if needed else {}, lambda tried: len(tried) >= needed)
    assert best == ({4: 1} if needed else {})


def test_it_can_be_stopped():
    calls = []

    def attempt(tried):
        calls.append(tried)

    shrinker = Shrinker(attempt, dict.fromkeys(range(50), 2), should_stop=lambda: len(calls) == 7)
    assert shrinker.run() == dict.fromkeys(range(50), 2)
    assert len(calls) == 7
