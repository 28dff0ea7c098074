"""A journal is kept under any schedule; the same schedule gives the same bytes."""

from __future__ import annotations

import json

from lumen.journal.recorder import Recorder
from lumen.journal.store import MemoryJournal
from lumen.kernel.explore import Explore
from lumen.testing.explore import explore_test
from lumen.testing.schedules import Schedule, nth_chooser
from tests.explore.driving import PLANTED, Case

PATH = PLANTED / "lost_update_by_tools.lumen"


def journal_of(chooser, path=PATH):
    """The events of one run, as (kind, whole line)."""
    sinks = []

    def recorder():
        sinks.append(MemoryJournal())
        return Recorder(sinks[-1])

    Case(path, recorder=recorder)(Explore(chooser))
    lines = ["{" + body for body in sinks[0].bodies]
    return [(json.loads(line)["event"], line) for line in lines]


def answered(events):
    """Numbers of the asks in the order of their answers."""
    return [json.loads(line)["id"] for kind, line in events if kind == "answer"]


def test_answers_stand_in_the_order_in_which_they_came():
    fifo = journal_of(Schedule({}).chooser())
    assert answered(fifo) == sorted(answered(fifo))
    found = explore_test(Case(PATH), schedules=200).schedule
    other = journal_of(found.chooser())
    assert sorted(answered(other)) == sorted(answered(fifo))
    assert answered(other) != answered(fifo)
    assert [kind for kind, _ in other if kind.startswith("run_")] == ["run_start", "run_end"]


def test_one_schedule_one_journal():
    journals = [[line for _, line in journal_of(nth_chooser(1, number, 20))][1:] for number in (1, 2, 4, 1, 2, 4)]
    assert journals[:3] == journals[3:]
    assert len({tuple(lines) for lines in journals}) > 1


def test_recording_changes_no_choice():
    def choices(recorder):
        policies = [Explore(nth_chooser(2, number, 20)) for number in range(1, 30)]
        case = Case(PATH, recorder=recorder)
        for policy in policies:
            case(policy)
        return [policy.choices for policy in policies]

    assert choices(None) == choices(lambda: Recorder(MemoryJournal()))
