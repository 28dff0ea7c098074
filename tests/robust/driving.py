"""Runs Lumen programs with literal times: no real sleeping in either mode, and a hook between any two turns."""

from __future__ import annotations

from functools import cache

from lumen.compiler.cache import CodeCache
from lumen.kernel import clockwork
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.limits import Limits
from lumen.runtime.loader import Loader, Options, Unit
from lumen.runtime.output import Output


@cache
def _loaded(program: str, is_fifo: bool) -> tuple[Loader, Unit]:
    loader = Loader(Options(deterministic=is_fifo), CodeCache(None))
    return loader, loader.load_program("driven.lumen", program.encode())


class Driven:
    """A run whose kernel is stepped by hand, one turn at a time, in time that passes only when all wait."""

    def __init__(self, program: str, *, is_fifo: bool) -> None:
        loader, unit = _loaded(program, is_fifo)
        self.output = Output(None, keep=True)
        self.run = Run(loader, unit, self.output, Settings())
        self.kernel = self.run.kernel
        self.kernel._clock = None
        self.kernel.deadlines_slack_ns = 0
        self.turns = 0
        self.was_deadlocked = False

    def drive(self, between=None, *, most_turns: int = 20_000):
        """To the end; `between(turn number)` is called before each turn. The main task."""
        kernel = self.kernel
        with Limits():
            main = self.run._start()
            while kernel.root.children:
                assert self.turns < most_turns, "the program does not end"
                if between is not None:
                    between(self.turns)
                self.turns += 1
                if kernel.ready or kernel.undecided:
                    kernel.run_turn()
                    continue
                due = kernel.timers.next_deadline()
                if due is None:
                    # A deadlock: as the host does, once.
                    assert not self.was_deadlocked, "the program does not end"
                    self.was_deadlocked = True
                    kernel.cancel_run()
                    continue
                kernel.now = max(kernel.now, due)
                clockwork.fire_group(kernel)
            kernel.report(None)  # closes generators that were left open
            while kernel.ready or kernel.undecided:
                kernel.run_turn()
        return main

    def assert_clean(self) -> None:
        """Nothing is left of any task."""
        kernel = self.kernel
        assert not kernel.root.children
        assert kernel.spawned_count == kernel.settled_count
        assert not kernel.ready
        assert not kernel.undecided
        assert not kernel.graces
        assert not kernel.asks
        assert kernel.timers.next_deadline() is None

    @property
    def lines(self) -> list[str]:
        """What was printed."""
        return self.output.text().split("\n")[:-1]
