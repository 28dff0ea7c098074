"""The benchmarks measure what they say: both sides of each comparison compute the same. No time is measured here."""

from __future__ import annotations

import pytest

import lumen
from tests.bench import compute, concurrency, explore

SMALL = {
    "fib": 10,
    "nested_loops": 12,
    "sieve": 100,
    "nbody": 3,
    "strings": 20,
    "lists": 30,
    "records": 20,
    "appends": 50,
}


@pytest.fixture(scope="module")
def cells():
    return compute.load(compute.LUMEN)


@pytest.mark.parametrize("case", compute.CASES, ids=lambda case: case[1].__name__)
def test_both_compute_the_same(cells, case):
    _, python, argument, _ = case
    small = SMALL.get(python.__name__, argument[:20] if isinstance(argument, list) else argument)
    assert cells[python.__name__](small) == python(small)


@pytest.mark.parametrize("name", ["SPAWN", "NAPS", "CHANNEL"])
def test_programs_run(name):
    source = (
        getattr(concurrency, name).replace("100_000", "10").replace("20_000", "10").replace("sleep(20)", "sleep(1)")
    )
    assert lumen.run(source).value == (45 if name == "CHANNEL" else 10)


def test_schedules_are_explored():
    """Asserts inside that every run passes; speed is not looked at."""
    rows = explore.run(quick=True)
    assert [row.unit for row in rows] == ["/s", "/s"]
