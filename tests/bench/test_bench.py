"""The benchmarks measure what they say: both sides of each comparison compute the same. No time is measured here."""

from __future__ import annotations

import pytest

import lumen
from lumen.compiler.cache import CodeCache
from lumen.runtime.replaying import Recorded
from tests.bench import compute, concurrency, durable, explore

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


@pytest.mark.parametrize("is_fifo", [True, False], ids=["fifo", "eager"])
@pytest.mark.parametrize(
    ("source", "value"),
    [
        (durable.HELLO, "Hello, World!"),
        (durable.STEPPED.replace("COUNT", "10"), 55),
        (durable.EVENTFUL.replace("COUNT", "10"), 10),
        (durable.NAPPING.replace("3_600", "10").replace("1_000", "1"), 10),
        (concurrency.SPAWN.replace("100_000", "10"), 10),
    ],
    ids=["hello", "stepped", "eventful", "napping", "spawn"],
)
def test_durable_programs_replay(tmp_path, source, value, is_fifo):
    journal = tmp_path / "journal"
    assert durable._Program(source, deterministic=is_fifo).record(journal) == value
    recorded = Recorded(str(journal), cache=CodeCache(None), keeps_lines=True)
    assert [durable._replay(recorded) for _ in range(3)] == [value] * 3
