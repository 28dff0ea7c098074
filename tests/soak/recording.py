"""Recording and repeating runs inside this process, for the soaks that do it thousands of times."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lumen.compiler.cache import CodeCache
from lumen.journal.divergence import Divergence
from lumen.journal.recorder import Recorder
from lumen.journal.store import JournalWriter
from lumen.runtime.interpreter import Outcome, Run, Settings
from lumen.runtime.loader import Loader, Options
from lumen.runtime.output import Output
from lumen.runtime.replaying import Recorded
from lumen.values.display import show

SEED = 7
"""Of every run that is recorded here: programs that ask for chance or the time may be recorded in FIFO mode too."""
ARGUMENTS: dict[str, dict[str, Any]] = {"07_scraper.lumen": {"base_url": "http://127.0.0.1:9"}}
"""Of the examples that want some."""
LIMIT_MS = 60_000


@dataclass(frozen=True)
class Told:
    """What a run has shown of itself."""

    output: str
    value: str
    failure: tuple[str, ...] | None
    """Code, message, file, line, column. Not the whole report: it names files as they were named for that run."""
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, outcome: Outcome, output: Output) -> Told:
        report = outcome.report
        failure = None
        if report is not None:
            known = report.as_json()
            place = Path(known["file"]).name if known["file"] else ""
            failure = (report.code, report.message.partition("\n")[0], place, str(known["line"]), str(known["column"]))
        value = "null" if outcome.value is None else show(outcome.value)
        return cls(output.text(), value, failure, tuple(outcome.warnings))


def settings_for(path: Path) -> Settings:
    """Those of a run."""
    settings = Settings()
    settings.seed = SEED
    settings.kwargs = dict(ARGUMENTS.get(path.name, {}))
    settings.timeout_ms = LIMIT_MS
    settings.stdin = io.StringIO("one\ntwo\nthree\n")
    return settings


def loaded(path: Path, *, is_fifo: bool, text: str | None = None, cache: CodeCache | None = None) -> Any:
    """(loader, main unit); a changed `text` is taken for what stands in the file.

    Raises:
        ProgramErrors: it can't run.
    """
    options = Options(deterministic=is_fifo, seeded=True, check_types=False, check_effects=False, counting=True)
    loader = Loader(options, CodeCache(None) if cache is None else cache)
    return loader, loader.load_program(str(path), None if text is None else text.encode())


def record(program: Any, path: Path, journal: Path, *, is_minimal: bool = False) -> Told:
    """Run a loaded program with a journal in the file `journal`."""
    settings = settings_for(path)
    sink = JournalWriter.create(journal)
    settings.recorder = Recorder(sink, is_minimal=is_minimal)
    output = Output(None, keep=True)
    try:
        outcome = Run(*program, output, settings).run()
    finally:
        settings.recorder.close()
    return Told.of(outcome, output)


def replay(journal: Path, changed: Path | None = None, cache: CodeCache | None = None) -> Told | Divergence | str:
    """Repeat a journal, perhaps with another program; a string says what else came of it."""
    recorded = Recorded(str(journal), program=None if changed is None else str(changed), cache=cache)
    output = Output(None, keep=True)
    try:
        replayed = recorded.replay(output)
    finally:
        recorded.lines.close()
    if replayed.divergence is not None:
        return replayed.divergence
    if replayed.outcome is None:
        return "the replay says the run was cut off"
    return Told.of(replayed.outcome, output)
