"""The soak runs at small counts; `python -m tests.soak NAME` has them at full length."""

from __future__ import annotations

import pytest

from tests.soak import cache, deterministic, explore, races, receives


@pytest.mark.slow
@pytest.mark.parametrize(
    ("soak", "count"), [(deterministic, 12), (races, 200), (receives, 1000), (cache, 1), (explore, 1)],
    ids=["deterministic", "races", "receives", "cache", "explore"],
)  # fmt: skip
def test_small(soak, count):
    problems, _ = soak.soak(count, 1)
    assert problems == []
