"""Buffered output, and the progress line that stays out of its way."""

from __future__ import annotations

import io

from lumen.runtime import progress
from lumen.runtime.output import Output
from lumen.runtime.progress import Progress


class Stream(io.StringIO):
    def __init__(self, *, terminal: bool = False, error: OSError | None = None) -> None:
        super().__init__()
        self.terminal = terminal
        self.error = error
        self.writes = 0

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        if self.error is not None:
            raise self.error
        self.writes += 1
        return super().write(text)


def test_lines_gather_and_are_flushed_together():
    stream = Stream()
    output = Output(stream)
    for number in range(100):
        output.write_line(str(number))
    assert stream.getvalue() == ""
    output.flush()
    assert stream.getvalue() == "".join(f"{number}\n" for number in range(100))
    assert stream.writes == 1
    output.flush()
    assert stream.writes == 1


def test_much_output_is_flushed_on_the_way():
    stream = Stream()
    output = Output(stream)
    output.write_line("x" * 10_000)
    assert len(stream.getvalue()) == 10_001


def test_a_terminal_gets_each_line():
    stream = Stream(terminal=True)
    output = Output(stream)
    output.write_line("a")
    assert stream.getvalue() == "a\n"


def test_kept_text():
    output = Output(None, keep=True)
    output.write_line("a")
    output.write_line("")
    assert output.text() == "a\n\n"


def test_a_broken_stream_is_noted_and_the_rest_dropped():
    error = OSError(28, "No space left on device")
    output = Output(Stream(error=error))
    output.write_line("a")
    output.flush()
    assert output.broken is error
    output.write_line("b")
    output.flush()


class Counting:
    def counts(self):
        return 1, 20, 300


def test_the_progress_line_appears_late_and_leaves_for_output(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    terminal = Stream(terminal=True)
    line = Progress(terminal)
    output = Output(terminal)
    output.before_write = line.clear
    now[0] = 0.9
    line.update(Counting())
    assert terminal.getvalue() == ""
    now[0] = 2.2
    line.update(Counting())
    line.update(Counting())
    assert terminal.getvalue().count("1 running, 20 waiting, 300 done, 2 s") == 1
    output.write_line("printed")
    assert terminal.getvalue().endswith("\r\x1b[Kprinted\n")
    line.clear()
    assert terminal.getvalue().endswith("printed\n")
    line.update(Counting())
    assert terminal.getvalue().count("running") == 2
