"""`lumen run --record J`: a run with a journal."""

from __future__ import annotations

import os
import sys

from lumen.cli.run import choice
from lumen.journal.blobs import BlobStore
from lumen.journal.errors import JournalError, JournalStopped
from lumen.journal.recorder import Recorder
from lumen.journal.secrets import Scrubber
from lumen.journal.store import JournalWriter
from lumen.runtime.interpreter import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from lumen.runtime.interpreter import Outcome, Settings
    from lumen.runtime.loader import Loader, Unit
    from lumen.runtime.output import Output


def run_recorded(
    loader: Loader, unit: Unit, output: Output, settings: Settings, single: dict[str, str]
) -> Outcome | None:
    """Run the program with a journal; None if that can't be kept, which has then been said."""
    path = single["--record"]
    is_minimal = choice(single, "--journal", ("full", "minimal")) == "minimal"
    fsync = fsync_policy(single)
    try:
        sink = JournalWriter.create(path, fsync, BlobStore(path, fsync=fsync == "always"))
        settings.recorder = Recorder(sink, is_minimal=is_minimal, scrubber=Scrubber())
        try:
            outcome = Run(loader, unit, output, settings).run()
        finally:
            settings.recorder.close()
    except JournalError as error:
        journal_failed(error)
        return None
    except JournalStopped as stopped:
        journal_failed(stopped.error, path)
        return None
    return outcome


def fsync_policy(single: dict[str, str]) -> Literal["never", "always"]:
    """The value of `--fsync`."""
    return "always" if choice(single, "--fsync", ("never", "always")) == "always" else "never"


def journal_failed(error: JournalError, path: str | None = None) -> None:
    """Say what is wrong with a journal. `path`: of one whose run had to stop."""
    print(f"error[{error.code}]: {error.message}", file=sys.stderr)
    if path is not None and os.path.exists(path):
        print(
            f"  = the run was stopped, since it could not have been repeated; `lumen resume {path}` goes on with it",
            file=sys.stderr,
        )
