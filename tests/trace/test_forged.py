"""Journals whose chain is right but whose content makes no sense: refused in words, or shown, but never our mistake."""

from __future__ import annotations

import copy

import pytest

from lumen.journal.errors import JournalError
from lumen.journal.history import history_of
from lumen.trace.diff import diff_text
from lumen.trace.export import otlp_json
from lumen.trace.show import show_text
from lumen.trace.stats import stats_of, stats_text
from lumen.trace.timeline import timeline_html

HEADER = {
    "entry": "main",
    "event": "run_start",
    "format": 1,
    "input": {"a": 1},
    "journal": "full",
    "language": "1.0",
    "main": "trip.lumen",
    "mode": "eager",
    "options": {"on_exit": "wait"},
    "program": "aa",
    "recorded": {"at": "2026-11-21T05:00:00Z", "program": "/trip.lumen"},
    "seed": 1,
    "sources": {"trip.lumen": "main()"},
}


def members(line, path=()):
    """The path of every member, however deep."""
    for key in line if isinstance(line, dict) else range(len(line)):
        yield (*path, key)
        if isinstance(line[key], dict | list):
            yield from members(line[key], (*path, key))


def changed(lines, number, path, value):
    """A copy of the lines with one member replaced."""
    lines = [*lines]
    inside = lines[number] = copy.deepcopy(lines[number])
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return lines


@pytest.mark.slow
@pytest.mark.parametrize("value", [None, 0, -3, 1e300, True, "x", [], [[]], {"a": None}, "\ud800"], ids=repr)
def test_any_member_may_be_anything(trip_lines, value):
    lines = [HEADER, *trip_lines]
    whole = history_of(lines)
    shown = 0
    for number, line in enumerate(lines):
        for path in members(line):
            try:
                history = history_of(changed(lines, number, path, value))
            except JournalError:
                continue
            for task in (None, *history.tasks):
                list(show_text(history, task=task))
            stats_text(stats_of(history))
            otlp_json(history)
            timeline_html(history, name="j")
            diff_text(whole, history, names=("a", "b"))
            shown += 1
    assert shown > 50, "most members can be wrong without the rest making no sense"
