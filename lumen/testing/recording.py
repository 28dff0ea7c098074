"""Makes the recordings that tests run against: `lumen test --record` and `--update`.

The test runs with everything outside within reach, and keeps a journal. What it asked and was told then answers it from
that journal: the recording is tried out before it is put in its place, so one that doesn't answer its own test never
gets there. A recording that is there already is replaced only if the answers differ and the user agrees.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from lumen.journal.blobs import BlobStore
from lumen.journal.errors import JournalError, JournalStopped
from lumen.journal.jsonlines import parse
from lumen.journal.store import JournalWriter, MemoryJournal
from lumen.testing.cassette import Cassette, changes
from lumen.testing.discover import TestCase
from lumen.testing.door import Door
from lumen.testing.results import CaseResult
from lumen.testing.runner import Attempt, RunOptions, attempt, judge, plain_report, unreadable

_MAX_CHANGES = 60


class _Copying(MemoryJournal):
    """Writes to a file as well."""

    def __init__(self, writer: JournalWriter) -> None:
        super().__init__()
        self._writer = writer
        self.blobs = writer.blobs  # type: ignore[assignment]

    def write(self, body: str) -> None:
        super().write(body)
        self._writer.write(body)

    def flush(self, *, sync: bool = True) -> None:
        self._writer.flush(sync=sync)

    def close(self) -> None:
        self._writer.close()


def record(case: TestCase, options: RunOptions, path: str) -> CaseResult:
    """Run a test with the world within reach, and keep what it was told at `path`."""
    old: Cassette | None = None
    if os.path.exists(path):
        try:
            old = Cassette.load(path)
        except JournalError as error:
            return unreadable(case, path, error)
    aside = path + ".new"
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        _remove(aside)
        return _record(case, options, path, aside, old)
    except (JournalError, JournalStopped, OSError) as error:
        if isinstance(error, JournalStopped):
            error = error.error
        code = error.code if isinstance(error, JournalError) else "journal-unwritable"
        report = plain_report(code, f"the recording can't be written: {error}")
        return CaseResult(case, "failed", report=report, recording=path)
    finally:
        _remove(aside)
        _remove_empty(os.path.dirname(path))


def _record(case: TestCase, options: RunOptions, path: str, aside: str, old: Cassette | None) -> CaseResult:
    lines = _Copying(JournalWriter.create(aside, blobs=BlobStore(aside)))
    door = Door(case.file.folder, is_live=True, variables=case.file.variables)
    try:
        live = attempt(case, options, door, lines)
    finally:
        lines.close()
    result = judge(case, live, lines)
    if result.verdict != "passed":
        if result.report is not None:
            kept = "the recording is left as it was" if old is not None else "nothing was recorded"
            result.report.notes.append(f"{kept}: only a test that passes is recorded")
        return result
    new = Cassette.load(aside)
    _drop_answered_here(new, door)
    new.path = path
    if new.is_empty and old is None:
        return result  # it needs nothing from outside
    again = _again(case, options, new, live, lines)
    if again is not None:
        return again
    result.recording = path
    if old is not None:
        _drop_answered_here(old, door)
        changed = changes(old, new)
        if not changed:
            result.notes.append(f"{path} is up to date")
            return result
        if not options.confirm(case, changed):
            result.verdict = "failed"
            result.report = plain_report("recording-changed", f"{path} is out of date, and was left as it is")
            result.report.notes += changed[:_MAX_CHANGES]
            if len(changed) > _MAX_CHANGES:
                result.report.notes.append(f"… and {len(changed) - _MAX_CHANGES:,} more lines")
            result.report.notes.append("`lumen test --update --yes` replaces it")
            return result
    _put_in_place(aside, path)
    count = len(new.entries) + len(new.variables)
    result.notes.append(f"recorded {path} ({count} answer{'' if count == 1 else 's'})")
    return result


def _drop_answered_here(cassette: Cassette, door: Door) -> None:
    """Leave out of account what was never asked of the world: scripted answers and files beside the test."""
    cassette.variables = {key: value for key, value in cassette.variables.items() if not door.gives_variable(key)}
    cassette.entries[:] = [entry for entry in cassette.entries if not door.answers(entry.kind, entry.name, entry.input)]


def _again(
    case: TestCase, options: RunOptions, new: Cassette, live: Attempt, lines: MemoryJournal
) -> CaseResult | None:
    """Run the test against its new recording; what is wrong with that, None if it did the same."""
    if not options.repeats:
        return None
    second_lines = MemoryJournal()
    second = attempt(case, options, Door(case.file.folder, cassette=new, variables=case.file.variables), second_lines)
    result = judge(case, second, second_lines)
    if result.verdict == "passed" and (not case.is_virtual or _said(lines.bodies) == _said(second_lines.bodies)):
        return None
    if result.report is None:
        result.verdict = "failed"
        result.report = plain_report("not-repeatable", "the test does not do the same against its own recording")
    result.report.notes.append("the test passed with the answers of the world; nothing was recorded")
    return result


def _said(bodies: Sequence[str]) -> list[str]:
    """What a run printed and gave, without the order in which it was answered."""
    printed = [parse("{" + body)["text"] for body in bodies if body.startswith('"event":"print"')]
    return sorted(map(str, printed))


def _put_in_place(aside: str, path: str) -> None:
    # At any moment the recording that is there, old or new, has all of its large values beside it: they are named by
    # what they hold, so those of both can be there together.
    made, kept = BlobStore(aside), BlobStore(path)
    names = made.names()
    if names:
        os.makedirs(kept.folder, exist_ok=True)
    for name in names:
        os.replace(os.path.join(made.folder, name), os.path.join(kept.folder, name))
    os.replace(aside, path)
    for name in kept.names():
        if name not in names:
            os.unlink(os.path.join(kept.folder, name))
    _remove_empty(kept.folder)


def _remove(path: str) -> None:
    shutil.rmtree(path + ".blobs", ignore_errors=True)
    try:
        os.unlink(path)
    except OSError:
        pass  # it is not there; or writing it fails as well, and says why


def _remove_empty(folder: str) -> None:
    try:
        os.rmdir(folder)
    except OSError:
        pass  # it holds recordings
