"""Writing a journal: lines that are chained, appended in order, and out before anybody acts on them.

Nothing is ever changed but by appending. So the only damage that a crash can do is a torn last line, which readers
leave out and `JournalWriter.append` cuts off. `read_lines` and `verify` are in `reading.py`, the chain in `chain.py`.
"""

from __future__ import annotations

import os

from lumen.journal.chain import FIRST_CHAIN, MAGIC, chain_of, header_parts, utf8
from lumen.journal.errors import JournalError, in_words
from lumen.journal.jsonlines import parse
from lumen.journal.reading import read_lines, verify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from lumen.journal.blobs import BlobStore
    from lumen.journal.reading import Position

    Fsync = Literal["never", "always"]

__all__ = ["JournalError", "JournalWriter", "MemoryJournal", "read_lines", "verify"]

BUFFER_BYTES = 256 * 1024
"""So much is written out even if nobody asks for it."""


class JournalWriter:
    """Appends lines to one file, which it holds locked.

    Lines are buffered until `flush`. When that fails, what did not get out stays in the buffer, and the next `flush`
    goes on exactly where this one stopped.
    """

    def __init__(
        self,
        path: str,
        fd: int,
        fsync: Fsync,
        blobs: BlobStore | None,
        *,
        seq: int,
        chain: bytes,
        cut_to: int | None,
        clear_blobs: bool = False,
    ) -> None:
        """Use `create` or `append`."""
        self.path = path
        self.blobs = blobs
        self.seq = seq
        """The number of the next line."""
        self._chain = chain
        self._fd = fd
        self._fsync = fsync == "always"
        self._pending: list[bytes] = []
        self._size = 0
        self._rest = b""
        self._unsynced = False
        self._cut_to = cut_to
        self._clear_blobs = clear_blobs

    @classmethod
    def create(
        cls, path: str | os.PathLike[str], fsync: Fsync = "never", blobs: BlobStore | None = None
    ) -> JournalWriter:
        """A new journal. Nothing of a file that is there already is touched before the first `flush`.

        Raises:
            JournalError: `journal-exists` if the file holds anything but a finished journal, `journal-busy`,
                `journal-unwritable`.
        """
        path = os.fspath(path)
        fd = _open(path, os.O_CREAT)
        try:
            if _is_regular(fd):
                _lock(fd, path)
                size = os.fstat(fd).st_size
                if size:
                    _check_finished(fd, path)
                elif fsync == "always":
                    from lumen.journal.blobs import sync_folder

                    sync_folder(os.path.dirname(path))
                return cls(path, fd, fsync, blobs, seq=0, chain=FIRST_CHAIN, cut_to=0, clear_blobs=size > 0)
            return cls(path, fd, "never", blobs, seq=0, chain=FIRST_CHAIN, cut_to=None)
        except BaseException:
            os.close(fd)
            raise

    @classmethod
    def append(
        cls,
        path: str | os.PathLike[str],
        fsync: Fsync = "never",
        blobs: BlobStore | None = None,
        *,
        at: Position | None = None,
    ) -> JournalWriter:
        """Go on with a journal that was cut off. Its torn last line is cut away by the first `flush`.

        Args:
            at: where its whole lines end, from a reader that has come to the end; None to read it here.
        Raises:
            JournalError: as `read_lines` does, `journal-busy` (also when it has grown since), `journal-unwritable`.
        """
        path = os.fspath(path)
        fd = _open(path, 0)
        try:
            _lock(fd, path)
            if at is None:
                lines = read_lines(path)
                for _ in lines:
                    pass
                at = lines.position()
            if os.fstat(fd).st_size != at.size:
                raise JournalError("journal-busy", f"{path} has changed since it was read: another run is writing it")
            os.lseek(fd, at.end, os.SEEK_SET)
            return cls(path, fd, fsync, blobs, seq=at.seq, chain=at.chain, cut_to=at.end)
        except BaseException:
            os.close(fd)
            raise

    @property
    def chain(self) -> str:
        """The chain of the last line: stands for the whole history up to here."""
        return self._chain.decode()

    def write(self, body: str) -> None:
        """Add a line: canonical JSON without its opening brace and chain, `"event":…,"seq":…}`.

        Raises:
            JournalError: `journal-full`, `journal-unwritable`; only when the buffer is full.
        """
        try:
            rest = hashed = b"{" + body.encode()
        except UnicodeEncodeError:
            rest = hashed = b"{" + utf8(body)
        if not self.seq:
            rest, hashed = header_parts("{" + body)
        self._chain = chain = chain_of(self._chain, hashed)
        self._pending.append(b'{"chain":"%b",%b\n' % (chain, rest[1:]))
        self.seq += 1
        self._size += len(rest)
        if self._size > BUFFER_BYTES:
            self.flush(sync=False)

    def flush(self, *, sync: bool = True) -> None:
        """Hand everything to the system, and with `fsync="always"` to the disk. Returns when that is done.

        Raises:
            JournalError: `journal-full` when there is no room, `journal-unwritable` for all else.
        """
        if not self._pending and not self._rest:
            if self._unsynced and sync:
                self._sync()
            return
        data = memoryview(self._rest + b"".join(self._pending))
        self._pending.clear()
        self._size = 0
        done = 0
        try:
            if self._cut_to is not None:
                self._cut()
            while done < len(data):
                done += os.write(self._fd, data[done:])
        except OSError as error:
            raise in_words(error, self.path) from None
        finally:
            self._rest = bytes(data[done:])
        self._unsynced = self._fsync
        if self._unsynced and sync:
            self._sync()

    def _sync(self) -> None:
        try:
            _sync(self._fd)
        except OSError as error:
            raise in_words(error, self.path) from None
        self._unsynced = False

    def _cut(self) -> None:
        os.ftruncate(self._fd, self._cut_to or 0)
        os.lseek(self._fd, self._cut_to or 0, os.SEEK_SET)
        self._cut_to = None
        if self._clear_blobs and self.blobs is not None:
            self.blobs.clear()

    def close(self) -> None:
        """Flush, and let go of the file. Does nothing the second time.

        Raises:
            JournalError: as `flush`; the file is closed all the same.
        """
        if self._fd < 0:
            return
        try:
            self.flush()
        finally:
            os.close(self._fd)
            self._fd = -1


class MemoryJournal:
    """Takes lines like a `JournalWriter` and keeps them: for tests and exploration, which compare runs."""

    path = "<memory>"
    chain = ""
    blobs = None

    def __init__(self) -> None:
        self.bodies: list[str] = []

    @property
    def seq(self) -> int:
        """The number of the next line."""
        return len(self.bodies)

    def write(self, body: str) -> None:
        """Add a line, as `JournalWriter.write`."""
        self.bodies.append(body)

    def flush(self, *, sync: bool = True) -> None:
        """There is nothing to do."""

    def close(self) -> None:
        """There is nothing to do."""

    def lines(self) -> list[dict[str, Any]]:
        """The lines, parsed; without chains."""
        return [parse("{" + body) for body in self.bodies]


# --- The file -------------------------------------------------------------------------------------------------------


def _open(path: str, flags: int) -> int:
    try:
        return os.open(path, os.O_RDWR | flags | getattr(os, "O_BINARY", 0), 0o666)
    except FileNotFoundError:
        if flags:
            raise JournalError("journal-unwritable", f"{path} can't be written: there is no such folder") from None
        raise JournalError("no-such-file", f"there is no file {path}") from None
    except IsADirectoryError:
        raise JournalError("is-a-directory", f"{path} is a directory, not a journal") from None
    except OSError as error:
        raise in_words(error, path) from None
    except ValueError:
        raise JournalError("journal-unwritable", f"{path!r} can't be the name of a file") from None


def _is_regular(fd: int) -> bool:
    return os.fstat(fd).st_mode & 0o170000 == 0o100000


def _lock(fd: int, path: str) -> None:
    """Hold the file until it is closed. A kill lets go of it."""
    try:
        import fcntl
    except ImportError:  # Windows: its locks would keep readers out as well
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise JournalError("journal-busy", f"another run is writing {path}; wait for it, or record elsewhere") from None
    except OSError:
        pass  # a file system without locks, such as some network ones


def check_not_busy(path: str) -> None:
    """Whether somebody is writing a journal, asked before much is done with it.

    Raises:
        JournalError: `journal-busy`; `no-such-file` and the like.
    """
    fd = _open(path, 0)
    try:
        _lock(fd, path)
    finally:
        os.close(fd)


def _sync(fd: int) -> None:
    full = None
    try:
        import fcntl

        full = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync alone leaves it in the drive's cache
    except ImportError:
        pass
    if full is not None:
        fcntl.fcntl(fd, full)
    else:
        getattr(os, "fdatasync", os.fsync)(fd)


def _check_finished(fd: int, path: str) -> None:
    """Only what is certainly a finished journal may be overwritten.

    Raises:
        JournalError: `journal-exists`.
    """
    start = os.read(fd, len(MAGIC))
    if start != MAGIC:
        raise JournalError("journal-exists", f"{path} is there already, and is not a journal; it is left as it is")
    event = None
    line = _last_line(fd)
    try:
        event = parse(line.decode()).get("event")
    except (ValueError, AttributeError):
        pass
    if event != "run_end":
        raise JournalError(
            "journal-exists",
            f"{path} holds a run that was cut off; `lumen resume {path}` goes on with it, or remove the file first",
        )


def _last_line(fd: int) -> bytes:
    """The last line, if it is whole; else something that is no JSON."""
    end = os.lseek(fd, 0, os.SEEK_END)
    data = b""
    while end > 0:
        start = max(0, end - 65536)
        os.lseek(fd, start, os.SEEK_SET)
        data = os.read(fd, end - start) + data
        end = start
        if data.count(b"\n") > 1:
            break
    if not data.endswith(b"\n"):
        return b""
    return data[data.rfind(b"\n", 0, -1) + 1 : -1]
