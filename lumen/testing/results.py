"""What became of a test, as data for those who show it."""

from __future__ import annotations

from typing import Any, Literal

from attrs import define, field

from lumen.runtime.reports import Report
from lumen.testing.cassette import Entry
from lumen.testing.difference import difference
from lumen.testing.discover import TestCase

Verdict = Literal["passed", "failed", "skipped"]

_MAX_MESSAGE = 400
_MAX_PRINTED = 20


@define(eq=False)
class CaseResult:
    """One test that was run, or skipped."""

    case: TestCase
    verdict: Verdict
    seconds: float = 0.0
    report: Report | None = None
    """Why it failed: code, message, places."""
    compared: tuple[Any, Any, str] | None = None
    """Of a failed `assert_eq`: what it got, what it expected, the test's own words."""
    printed: list[str] = field(factory=list)
    """The lines that it printed."""
    tail: list[str] = field(factory=list)
    """The last events of its journal, in words; only of failed tests."""
    notes: list[str] = field(factory=list)
    """Remarks on a test that did not fail by them."""
    unused: list[Entry] = field(factory=list)
    """Entries of its recording that it did not ask for."""
    recording: str | None = None
    """The file that it ran against, or that was written."""
    explored: str | None = None
    """How many schedules it was run under."""
    whole_text: str | None = None
    """The failure with the schedule that brings it out, when schedules were explored."""
    was_interrupted: bool = False
    """Ctrl-C ended it."""

    @property
    def code(self) -> str | None:
        """The code of its failure."""
        return None if self.report is None else self.report.code

    @property
    def message(self) -> str:
        """The message of its failure; the reason of a skipped test."""
        return (self.case.skip or "") if self.report is None else self.report.message

    def headline(self) -> str:
        """The message as one line, without values that are shown elsewhere or too long."""
        if self.report is None:
            return self.message
        if self.compared is not None and len(self.report.message) > 100:
            return self.compared[2] or "the values differ"
        first = self.report.message.partition("\n")[0]
        return first if len(first) <= _MAX_MESSAGE else first[: _MAX_MESSAGE - 1] + "…"

    def failure_text(self, *, colour: bool = False) -> str:
        """Everything about the failure: headline, source line with caret, the way there, how the values differ."""
        assert self.report is not None
        if self.whole_text is not None:
            return self.whole_text
        report = self.report
        whole = report.message
        if self.compared is not None or len(whole) > 4 * _MAX_MESSAGE:
            report.message = self.headline()
        lines = [report.as_text(colour=colour)]
        report.message = whole
        shown = [] if self.compared is None else difference(*self.compared[:2], colour=colour)
        if shown and (len(whole) > 60 or len(shown) > 2):  # the message of short values says all
            lines += ["", "  expected (-), got (+):", *(f"  {line}" for line in shown)]
        return "\n".join(lines)

    def shown_output(self, limit: int = _MAX_PRINTED) -> list[str]:
        """The last lines that it printed."""
        lines = [line for text in self.printed for line in text.split("\n")]
        left_out = len(lines) - limit
        return lines if left_out <= 0 else [f"… {left_out:,} more lines", *lines[-limit:]]
