"""What a program prints: buffered, and flushed before anybody could miss it."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

_FLUSH_CHARS = 8192


class Output:
    """Lines on their way to a stream, or kept for `text()`.

    Flushed when 8 K have gathered, when the run waits or ends, by every tenth tick of the preemption timer, and after
    each line on a terminal. When nobody can read it any more (the reader of a pipe has gone away, the disk is full),
    the rest is dropped and `broken` says why; the host then ends the run.
    """

    def __init__(self, stream: TextIO | None, *, keep: bool = False) -> None:
        """`stream` None writes nothing; `keep` gathers all text as well."""
        self._stream = stream
        self._lines: list[str] = []
        self._size = 0
        self._kept: list[str] | None = [] if keep else None
        self._each_line = stream is not None and stream.isatty()
        self._is_flushing = False
        self.broken: OSError | None = None
        self.before_flush: Callable[[], None] | None = None
        """Called first: what must be on the disk before anybody may see the text, such as a journal."""
        self.before_write: Callable[[], None] | None = None
        """Called before text reaches the stream, to take a progress line out of its way."""

    def write_line(self, text: str) -> None:
        """Add a line."""
        if self._kept is not None:
            self._kept.append(text)
        if self._stream is None:
            return
        self._lines.append(text)
        self._size += len(text) + 1
        if self._size > _FLUSH_CHARS or self._each_line:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system."""
        stream = self._stream
        # The preemption timer may interrupt a flush and want to flush itself.
        if not self._lines or stream is None or self._is_flushing:
            return
        if self.before_flush is not None:
            self.before_flush()
        self._is_flushing = True
        lines, self._lines, self._size = self._lines, [], 0
        try:
            if self.before_write is not None:
                self.before_write()
            lines.append("")
            _write(stream, "\n".join(lines))
        except OSError as error:
            self.broken = error
            self._stream = None
        except ValueError as error:
            # A tool has closed the stream.
            self.broken = OSError(None, str(error))
            self._stream = None
        finally:
            self._is_flushing = False

    def drop(self) -> None:
        """Forget what has not been flushed: nobody may see it."""
        self._lines.clear()
        self._size = 0

    def text(self) -> str:
        """Everything printed so far, when it is kept."""
        return "".join(line + "\n" for line in self._kept or ())


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError as error:
        # Lone surrogates, or a terminal that knows few characters.
        stream.write(text.encode(error.encoding, "backslashreplace").decode(error.encoding))
    stream.flush()


def silence_stdout() -> None:
    """After a broken pipe: keep Python's own flush at exit from complaining about it."""
    import os

    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
    except (OSError, ValueError):
        pass
