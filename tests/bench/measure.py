"""Timing in pairs, and rows of results."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lumen.compiler.cache import CodeCache
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, Options
from lumen.runtime.output import Output


@dataclass
class Row:
    """One measured ratio beside its goal."""

    what: str
    against: str
    ratio: float
    goal: float
    at_most: bool
    """True: the ratio (ours over theirs) must not exceed the goal. False: theirs over ours must reach it."""
    unit: str = "x"

    @property
    def holds(self) -> bool:
        return self.ratio <= self.goal if self.at_most else self.ratio >= self.goal


def timed(function: Callable[[], Any]) -> float:
    """Seconds one call takes, without the collector running in between."""
    gc.collect()
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def ratio_of_medians(ours: Callable[[], Any], theirs: Callable[[], Any], quick: bool = False) -> float:
    """Median time of ours over median time of theirs, the two in turn, after one warm-up each."""
    runs = 3 if quick else 7
    ours()
    theirs()
    a: list[float] = []
    b: list[float] = []
    for _ in range(runs):
        a.append(timed(ours))
        b.append(timed(theirs))
    return statistics.median(a) / statistics.median(b)


def load(source: str) -> dict[str, Any]:
    """The cells of a program as Python functions, as a run of it leaves them."""
    loader = Loader(Options(), CodeCache(None))
    unit = loader.load_program("bench.lumen", source.encode())
    Run(loader, unit, Output(None, keep=True), Settings()).run()
    return unit.namespace
