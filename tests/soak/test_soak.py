"""The soak runs at small counts; `python -m tests.soak NAME` has them at full length."""

from __future__ import annotations

import os

import pytest

from tests.soak import cache, crash, deterministic, explore, journals, mutations, races, receives

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked children")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("soak", "count"),
    [
        (deterministic, 12),
        (races, 200),
        (receives, 1000),
        (cache, 1),
        (explore, 1),
        (mutations, 4),
        (journals, 3),
        pytest.param(crash, 20, marks=needs_fork),
    ],
    ids=lambda value: getattr(value, "__name__", "").rpartition(".")[2],
)
def test_small(soak, count):
    problems, _ = soak.soak(count, 1)
    assert problems == []


@pytest.mark.slow
def test_eager_recordings_replay():
    problems, figures = journals.replays(journals.PROGRAMS, 2)
    assert problems == []
    assert figures["replays"] > 50
