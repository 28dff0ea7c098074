"""Runs one cell of a program under a policy, and says how that went."""

from __future__ import annotations

from pathlib import Path

from lumen.kernel.messages import Arrival
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, Options
from lumen.runtime.output import Output
from lumen.testing.explore import PASSED, Verdict

PLANTED = Path(__file__).parent / "planted"


def planted(*, fixed):
    """The planted programs, or their cures."""
    return sorted(path for path in PLANTED.glob("*.lumen") if path.stem.endswith("_fixed") is fixed)


class Counter:
    """The tools of the planted programs: a number, and a register of names. Made afresh for every run."""

    def __init__(self):
        self.value = 0

    def answer(self, ask):
        """A door, see `Settings.door`."""
        if ask.name == "counter.get":
            return Arrival(ask.seq, self.value)
        if ask.name == "counter.put":
            self.value = ask.payload["value"]
            return Arrival(ask.seq)
        return Arrival(ask.seq, ask.payload["id"])


PROVIDERS = {"counter.get": lambda: 0, "counter.put": lambda value: None, "names.find": lambda id: id}


class Case:
    """One test cell, loaded once. Call it with a policy; afterwards `text` is what it has printed."""

    def __init__(self, source, *, cell=None, recorder=None):
        """`source`: a path, or a program. `recorder()` makes the recorder of each run."""
        self._loader = Loader(Options(deterministic=True, seeded=True))
        if isinstance(source, Path):
            self._unit = self._loader.load_program(str(source))
        else:
            self._unit = self._loader.load_program("planted.lumen", source.encode())
        self._cell = cell or next(name for name in self._unit.meta["cells"] if name.startswith("test_"))
        self._recorder = recorder
        self.text = ""

    def run(self, policy):
        """The outcome of one run."""
        settings = Settings()
        settings.cell = self._cell
        settings.policy = policy
        settings.notes_leaks = True
        settings.providers = PROVIDERS
        settings.door = Counter().answer
        if self._recorder is not None:
            settings.recorder = self._recorder()
        output = Output(None, keep=True)
        outcome = Run(self._loader, self._unit, output, settings).run()
        self.text = output.text()
        return outcome

    def __call__(self, policy):
        """The verdict on one run."""
        outcome = self.run(policy)
        report = outcome.report
        if report is not None:
            place = report.place
            at = f"{Path(place.path).name}:{place.line}" if place is not None else ""
            return Verdict(report.code, report.message, at, report.as_text())
        if outcome.leaked:
            leak = outcome.leaked[0]
            return Verdict("leaked-task", f"`{leak.operation}` still runs", f"{Path(leak.site[0]).name}:{leak.site[1]}")
        return PASSED
