"""A schedule without decisions is FIFO order, to the last printed line, for the programs of `tests/lang`."""

from __future__ import annotations

from pathlib import Path

import pytest

from lumen.kernel.explore import Explore
from lumen.kernel.policy import Fifo
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, Options, ProgramErrors
from lumen.runtime.output import Output
from lumen.testing.schedules import Schedule

LANG = Path(__file__).parents[1] / "lang"
FOLDERS = ["await", "cancel", "channels", "defer", "deadlock", "fifo", "future", "parallel", "race", "scopes", "select",
           "spawn", "time", "timeout", "vote", "with_tools"]  # fmt: skip


def outcome(loader, unit, policy):
    """Everything that shows: text, value, failure, warnings."""
    settings = Settings()
    settings.seed = 1
    settings.policy = policy
    output = Output(None, keep=True)
    done = Run(loader, unit, output, settings).run()
    return output.text(), repr(done.value), done.report and done.report.as_text(), done.warnings


@pytest.mark.parametrize("folder", FOLDERS)
def test_fifo(folder):
    compared = 0
    for path in sorted((LANG / folder).glob("*.lumen")):
        if "# mode: eager" in path.read_text(encoding="utf-8", errors="replace"):
            continue
        loader = Loader(Options(deterministic=True, seeded=True))
        try:
            unit = loader.load_program(str(path))
        except ProgramErrors:
            continue
        fifo = outcome(loader, unit, Fifo())
        assert outcome(loader, unit, Explore(Schedule({}).chooser())) == fifo, path.name
        compared += 1
    assert compared > 3
