"""Schedules as text, and the ways of making them up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen.kernel.explore import ANSWER, ORDER
from lumen.testing.schedules import Schedule, ScheduleError, nth_chooser

decisions = st.dictionaries(st.integers(0, 10**6), st.integers(1, 10**6), max_size=20)


@given(decisions, st.booleans())
def test_text_and_back(made, faults):
    schedule = Schedule(made, faults)
    again = Schedule.parse(str(schedule))
    assert (again.decisions, again.faults) == (made, faults)
    assert not set(str(schedule)) & set(" ;&|$'\"\\*?")  # needs no quotes in a shell


@pytest.mark.parametrize(
    ("text", "decided", "faults"),
    [
        ("3:1,17:2", {3: 1, 17: 2}, False),
        (" 17:2, 3:1 ", {3: 1, 17: 2}, False),
        ("faults:3:1", {3: 1}, True),
        ("fifo", {}, False),
        ("faults:fifo", {}, True),
        ("", {}, False),
        ("4:0", {}, False),
    ],
)
def test_parsing(text, decided, faults):
    schedule = Schedule.parse(text)
    assert (schedule.decisions, schedule.faults) == (decided, faults)


@pytest.mark.parametrize(
    "text", ["3", "3:", ":1", "a:1", "3:-1", "3:1;4:1", "3:1,3:2", "²:1", "1:99999999999", "3:1,,4:1"]
)
def test_what_is_no_schedule(text):
    with pytest.raises(ScheduleError) as caught:
        Schedule.parse(text)
    assert text.strip(",") in str(caught.value) or text.split(",")[0] in str(caught.value)


class _Task:
    def __init__(self, number):
        self.number = number


def drawn(seed, number, length=40):
    """Choices of one schedule at a row of made-up choice points."""
    chooser = nth_chooser(seed, number, length)
    tasks = [_Task(n) for n in range(1, 4)]
    return [chooser(6, ORDER, tasks) if i % 2 else chooser(4, ANSWER, ()) for i in range(length)]


def test_every_schedule_of_a_seed_is_the_same_each_time_and_different_from_the_others():
    first = [drawn(3, number) for number in range(1, 60)]
    assert first == [drawn(3, number) for number in range(1, 60)]
    assert first != [drawn(4, number) for number in range(1, 60)]
    assert len({tuple(choices) for choices in first}) > 50


def test_choices_are_within_bounds():
    for number in range(1, 200):
        for index, choice in enumerate(drawn(1, number)):
            assert 0 <= choice < (6 if index % 2 else 4)


def test_some_schedules_depart_once_and_some_all_the_time():
    departures = [sum(map(bool, drawn(1, number))) for number in range(1, 200)]
    assert sum(count <= 1 for count in departures) > 20
    assert sum(count > 20 for count in departures) > 20


def test_seeds_mean_the_same_on_every_python():
    departures = [[i for i, choice in enumerate(drawn(7, number)) if choice][:4] for number in (1, 2, 3, 4)]
    assert departures == [[8], [1, 3, 4, 5], [12, 16, 18, 23], [1, 3, 5, 7]]
