"""Lines of standard input, read by one thread that outlives the asks for them."""

from __future__ import annotations

import os
from threading import Lock, Thread

from lumen.kernel.messages import Arrival

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from lumen.runtime.mailbox import Mailbox

_CHUNK = 65536


class LineReader:
    """Answers `read_line` asks in the order they were made.

    A cancelled ask takes no line: what was read for it goes to the next. Reads the file descriptor rather than
    `sys.stdin`, whose lock, held by a thread that blocks in it, makes Python abort at exit.
    """

    def __init__(self, mailbox: Mailbox, stream: TextIO | None) -> None:
        """`stream` None is the process's standard input; a host may give another."""
        self._mailbox = mailbox
        self._stream = stream
        self._lock = Lock()
        self._waiting: list[int] = []
        self._lines: list[str] = []
        self._buffer = b""
        self._ended = False
        self._reading = False

    def ask(self, seq: int) -> None:
        """Answer ask `seq` with the next line, without its break; null at the end of input."""
        with self._lock:
            self._waiting.append(seq)
            self._serve()
            if not self._waiting or self._reading:
                return
            self._reading = True
        Thread(target=self._read, name="lumen-stdin", daemon=True).start()

    def cancel(self, seq: int) -> None:
        """Nobody waits for this one any more."""
        with self._lock:
            if seq in self._waiting:
                self._waiting.remove(seq)

    def _serve(self) -> None:
        while self._waiting and (self._lines or self._ended):
            self._mailbox.put(Arrival(self._waiting.pop(0), self._lines.pop(0) if self._lines else None))

    def _read(self) -> None:
        while True:
            line = self._next_line()
            with self._lock:
                if line is None:
                    self._ended = True
                else:
                    self._lines.append(line)
                self._serve()
                if not self._waiting:
                    self._reading = False
                    return

    def _next_line(self) -> str | None:
        if self._stream is not None:
            text = self._stream.readline()
            return text.removesuffix("\n").removesuffix("\r") if text else None
        while b"\n" not in self._buffer:
            try:
                more = os.read(0, _CHUNK)
            except OSError:
                more = b""
            if not more:
                rest, self._buffer = self._buffer, b""
                return rest.decode("utf-8", "replace") if rest else None
            self._buffer += more
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.removesuffix(b"\r").decode("utf-8", "replace")
