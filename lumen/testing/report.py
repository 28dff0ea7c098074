"""What `lumen test` prints: a line for each test, then each failure in full, then a summary; or all of it as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TextIO

from lumen.diagnostics.excerpt import paint
from lumen.diagnostics.render import as_json as finding_json
from lumen.diagnostics.render import render_text
from lumen.testing.discover import TestFile
from lumen.testing.results import CaseResult
from lumen.testing.session import Session

_GREEN, _PLAIN = "\x1b[32m", "\x1b[0m"
_MAX_NAME = 60
_RULE = 78


class TextReport:
    """A `Listener` that writes for people."""

    def __init__(self, stream: TextIO, *, colour: bool = False, verbosity: int = 0, durations: int = 0) -> None:
        """
        Args:
            verbosity: -1 failures and summary only, 1 remarks on each test as well.
            durations: so many of the slowest tests are listed.
        """
        self._stream = stream
        self._colour = colour
        self._verbosity = verbosity
        self._durations = durations
        self._width = 0
        self._has_written = False
        self._line = "─" if _knows(stream, "─") else "-"

    # --- as it happens -----------------------------------------------------------------------------------------------

    def file(self, file: TestFile) -> None:
        """See Listener."""
        if file.is_broken:
            self._write(*([""] if self._has_written else []), *broken_text(file, colour=self._colour))
            return
        if self._verbosity >= 0:
            self._width = min(_MAX_NAME, max(len(case.name) for case in file.cases))
            self._write(paint(file.path, "bold", self._colour))

    def case(self, result: CaseResult) -> None:
        """See Listener."""
        if self._verbosity < 0:
            return
        word = {"passed": "ok", "failed": "FAIL", "skipped": "skip"}[result.verdict]
        if result.verdict == "skipped":
            end = result.case.skip or ""
        else:
            end = duration(result.seconds)
        if result.explored is not None:
            end += f"  {result.explored}"
        if result.verdict == "failed":
            end += f"  {result.code}"
        name = f"{result.case.name:<{self._width}}"
        self._write(f"  {self._word(f'{word:<4}', result.verdict)}  {name}  {end}".rstrip())
        for note in result.notes:
            self._write(f"        {note}")
        if self._verbosity > 0:
            self._remarks(result)

    def _remarks(self, result: CaseResult) -> None:
        if result.case.case_text is not None:
            self._write(f"        case {result.case.case_text}")
        if result.recording is not None:
            self._write(f"        against {result.recording}")
        for entry in result.unused:
            self._write(f"        recorded and not asked for: {call_of(entry)}")

    def _word(self, word: str, verdict: str) -> str:
        if verdict == "passed":
            return f"{_GREEN}{word}{_PLAIN}" if self._colour else word
        return paint(word, "error" if verdict == "failed" else "warning", self._colour)

    def orphans(self, paths: Sequence[str]) -> None:
        """Recordings that no test has."""
        if self._verbosity >= 0:
            self._write(*(f"{path} belongs to no test; remove it" for path in paths))

    # --- at the end --------------------------------------------------------------------------------------------------

    def finish(self, session: Session) -> None:
        """Each failure in full, the slowest tests, the summary."""
        for result in session.failures:
            self._failure(result)
        if self._durations and session.results:
            slowest = sorted(session.results, key=lambda result: -result.seconds)[: self._durations]
            width = max(len(duration(result.seconds)) for result in slowest)
            self._write("", "slowest tests:")
            self._write(*(f"  {duration(result.seconds):>{width}}  {result.case.id}" for result in slowest))
        if self._has_written:
            self._write("")
        failed = bool(session.failures or session.broken)
        text = summary(session)
        self._write(self._word(text, "failed" if failed else "passed"))

    def _failure(self, result: CaseResult) -> None:
        title = f"{self._line * 2} {result.case.id} "
        self._write(
            *([""] if self._has_written else []),
            paint(title + self._line * max(3, _RULE - len(title)), "frame", self._colour),
        )
        self._write(result.failure_text(colour=self._colour))
        if result.case.case_text is not None:
            self._write("", f"  case: {result.case.case_text}")
        for heading, lines in (("it printed:", result.shown_output()), ("its last events:", result.tail)):
            if lines:
                self._write("", f"  {heading}", *(f"    {visible(line)}" for line in lines))

    def _write(self, *lines: str) -> None:
        self._has_written = True
        for line in lines:
            write(self._stream, line + "\n")


def _knows(stream: TextIO, character: str) -> bool:
    try:
        character.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def write(stream: TextIO, text: str) -> None:
    """Write what may hold characters that the stream does not know, lone surrogates among them."""
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def visible(line: str) -> str:
    """A line of a program's output without what could move the cursor or recolour the terminal."""
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() or c in "\t " else "\N{REPLACEMENT CHARACTER}" for c in line)


def call_of(entry: Any) -> str:
    """An entry of a recording as a call."""
    from lumen.testing.cassette import call_text

    return call_text(entry.kind, entry.name, entry.input)


def duration(seconds: float) -> str:
    """A time for people: `3 ms`, `1.2 s`."""
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.1f} s"


def broken_text(file: TestFile, *, colour: bool = False) -> list[str]:
    """Why a file can't be run."""
    if file.problem is not None:
        return [f"{paint(f'error[{file.problem.code}]', 'error', colour)}: {file.problem.message}"]
    lines = []
    for diagnostic in file.diagnostics:
        lines += [*render_text(diagnostic, colour=colour).split("\n"), ""]
    return lines[:-1]


def summary(session: Session) -> str:
    """The closing line."""
    parts = [(session.count("failed"), "failed"), (session.count("passed"), "passed")]
    parts += [(session.count("skipped"), "skipped")]
    said = [f"{count} {word}" for count, word in parts if count]
    if session.broken:
        count = len(session.broken)
        said.append(f"{count} file{'' if count == 1 else 's'} with errors")
    text = f"{', '.join(said) or 'no tests'} in {session.seconds:.2f} s"
    if session.was_interrupted:
        return f"interrupted: {text}"
    return f"{text}; stopped at the first failure" if session.was_stopped else text


# --- JSON ------------------------------------------------------------------------------------------------------------


def session_json(session: Session) -> dict[str, Any]:
    """A session as the object that `--format json` prints."""
    errors: list[dict[str, Any]] = []
    for file in session.broken:
        if file.problem is not None:
            found = {"severity": "error", "code": file.problem.code, "message": file.problem.message}
            errors.append({**found, "file": file.path, "line": None, "column": None})
        errors += [finding_json(diagnostic) for diagnostic in file.diagnostics]
    failed = bool(session.failures or session.broken)
    return {
        "status": "interrupted" if session.was_interrupted else "failed" if failed else "ok",
        "passed": session.count("passed"),
        "failed": session.count("failed"),
        "skipped": session.count("skipped"),
        "seconds": round(session.seconds, 6),
        "tests": [result_json(result) for result in session.results],
        "errors": errors,
    }


def result_json(result: CaseResult) -> dict[str, Any]:
    """One test as JSON."""
    case = result.case
    return {
        "id": case.id,
        "file": case.file.path,
        "test": case.cell,
        "case": case.case_id,
        "line": case.line,
        "outcome": result.verdict,
        "seconds": round(result.seconds, 6),
        "reason": case.skip if result.verdict == "skipped" else None,
        "error": None if result.report is None else result.report.as_json(),
        "text": None if result.report is None else result.failure_text(),
        "output": "".join(line + "\n" for line in result.printed),
        "events": result.tail,
        "notes": result.notes,
        "recording": result.recording,
        "explored": result.explored,
    }
