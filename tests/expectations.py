"""What a Lumen test program says about itself: expectations in comments, on the line they speak of.

=====================================  ==========================================================================
``# expect: text``                     one printed line; several are compared in the order they stand in the file
``# value: text``                      the value of ``main`` (or of the last statement), as ``print`` shows it
``# fails: [code] "words"``            the run fails on this line with this code; the words occur in the message
``# fails@7: [code] "words"``          the same, in this column too (1-based, code points)
``#      ^`` on the line below         gives the column of a ``fails``, ``error`` or ``warning`` by a caret
``# fails-run: [code] "words"``        the run fails, wherever (a deadlock, say); the words occur in the whole report
``# error: [code] "words"``            the checker refuses the program, naming this line
``# warning: [code] "words"``          the checker warns about this line (``hint`` likewise)
``# no-warnings``                      anywhere: the checker must have nothing to say
``# mode: eager`` / ``# mode: fifo``   anywhere: run in this mode only; ``# mode: check`` checks, and does not run
=====================================  ==========================================================================

The code or the words may be left out. Comparison happens in tests/conftest.py, which also runs the programs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

PLACED = re.compile(
    r"#\s*(?P<kind>fails|error|warning|hint)(?:@(?P<column>\d+))?:\s*(?:\[(?P<code>[\w-]+)\])?\s*(?:\"(?P<words>.*)\")?\s*$"
)
ANYWHERE = re.compile(r"#\s*fails-run:\s*(?:\[(?P<code>[\w-]+)\])?\s*(?:\"(?P<words>.*)\")?\s*$")
EXPECT = re.compile(r"#\s*expect:(?: (?P<text>.*))?$")
VALUE = re.compile(r"#\s*value:(?: (?P<text>.*))?$")
MODE = re.compile(r"#\s*mode:\s*(?P<mode>eager|fifo|check)\s*$")
CARET = re.compile(r"^\s*#\s*\^\s*$")


@dataclass
class Placed:
    """A failure or diagnostic that must be reported at a place."""

    kind: str
    file: Path
    line: int | None
    column: int | None
    code: str | None
    words: str | None

    def __str__(self) -> str:
        where = f"{self.file.name}:{self.line}" if self.line else self.file.name
        if self.column:
            where += f":{self.column}"
        return f"{self.kind} [{self.code or 'any'}] {self.words or ''!r} at {where}"


@dataclass
class Expectations:
    """All that the comments of one program ask for."""

    output: list[str] = field(default_factory=list)
    value: str | None = None
    failure: Placed | None = None
    diagnostics: list[Placed] = field(default_factory=list)
    modes: tuple[str, ...] = ("eager", "fifo")
    no_warnings: bool = False

    @property
    def errors(self) -> list[Placed]:
        return [placed for placed in self.diagnostics if placed.kind == "error"]


def read_expectations(main: Path) -> Expectations:
    """Read a program's comments; with a `main.lumen`, the places named in the modules beside it count as well."""
    found = Expectations()
    _read_file(main, found, output=True)
    if main.stem == "main":
        for other in sorted(main.parent.rglob("*")):
            if other != main and (other.name.endswith((".lumen", ".lumen.md", ".lm", ".lm.md"))):
                _read_file(other, found, output=False)
    return found


def _read_file(path: Path, found: Expectations, *, output: bool) -> None:
    # Bytes that are no UTF-8 are some programs' whole point.
    lines = path.read_text("utf-8-sig", errors="replace").replace("\r\n", "\n").split("\n")
    last: Placed | None = None
    for number, line in enumerate(lines, 1):
        if CARET.match(line) and last is not None:
            last.column = line.index("^") + 1
            continue
        last = None
        if placed := PLACED.search(line):
            column = int(placed["column"]) if placed["column"] else None
            last = Placed(placed["kind"], path, number, column, placed["code"], placed["words"])
            if last.kind == "fails":
                found.failure = last
            else:
                found.diagnostics.append(last)
        elif anywhere := ANYWHERE.search(line):
            found.failure = Placed("fails", path, None, None, anywhere["code"], anywhere["words"])
        elif output and (expect := EXPECT.search(line)):
            found.output.append((expect["text"] or "").rstrip())
        elif output and (value := VALUE.search(line)):
            found.value = (value["text"] or "").rstrip()
        elif mode := MODE.search(line):
            found.modes = (mode["mode"],)
        elif line.strip() == "# no-warnings":
            found.no_warnings = True
