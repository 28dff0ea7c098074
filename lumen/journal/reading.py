"""Reading a journal line by line, checking each, whatever has cut it off.

Chains are checked for a block of lines, then all of them are parsed in one go: that is a third faster than line by
line (100,000 lines: 0.3 s).
"""

from __future__ import annotations

import os
from hashlib import sha256

from lumen.journal.chain import BODY_AT, FIRST_CHAIN, FORMAT, MAGIC, chain_of, header_parts
from lumen.journal.errors import JournalError, JournalStopped
from lumen.journal.jsonlines import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import IO, Any

    from lumen.journal.blobs import BlobStore

    Line = tuple[int, dict[str, Any]]

_BLOCK_BYTES = 256 * 1024
_HOLE = bytes(512)
_HOLE_NEAR_END = 1 << 20
"""A power cut may leave blocks of zeros where the disk had not got to yet, before later blocks that it had. So near the
end of a journal that was not synced this is a torn tail, not tampering."""
_CHAIN_AT = len(MAGIC)
_CHAIN_END = _CHAIN_AT + 32


class Position:
    """Where the whole lines of a journal end: where one can go on writing."""

    __slots__ = ("chain", "end", "seq", "size")

    def __init__(self, seq: int, chain: bytes, end: int, size: int) -> None:
        self.seq = seq
        """The number of the next line."""
        self.chain = chain
        self.end = end
        """Offset after the last whole line."""
        self.size = size
        """Of the file when it was read, torn tail included."""


class RawLine:
    """A line whose chain is right and whose JSON is parsed when somebody asks for a member: most of a replay only
    compares texts."""

    __slots__ = ("_data", "_path", "body", "kind", "number")

    def __init__(self, body: str, number: int, path: str) -> None:
        self.body = body
        """All after the chain, as `JournalWriter.write` takes it."""
        self.kind = body[9 : body.find('"', 9)] if body.startswith('"event":"') else ""
        self.number = number
        self._path = path
        self._data: dict[str, Any] | None = None

    @property
    def data(self) -> dict[str, Any]:
        """The parsed line, without its chain.

        Raises:
            JournalStopped: somebody has written a line that is no JSON, and its chain.
        """
        data = self._data
        if data is None:
            try:
                data = self._data = parse("{" + self.body)
                if data["seq"] != self.number:
                    raise ValueError(f"its number is {data['seq']!r} and should be {self.number}")
            except (ValueError, LookupError, TypeError) as error:
                message = f"line {self.number + 1} of {self._path} has been changed or damaged: {error}"
                raise JournalStopped(JournalError("journal-broken", message, self.number + 1)) from None
        return data

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    def get(self, name: str, default: Any = None) -> Any:
        """See dict.get."""
        return self.data.get(name, default)


class Lines:
    """An iterator of `(seq, line)`; `line` is the parsed object, `chain` included.

    A last line that is cut off, or damaged, ends the iteration and sets `torn`; so does a block of zeros near the end.
    Damage before that raises JournalError `journal-broken` when iteration comes to it.
    """

    def __init__(self, path: str | os.PathLike[str], *, strict: bool = False, raw: bool = False) -> None:
        """
        Args:
            strict: only a last line without its newline counts as torn; all else is damage.
            raw: lines after the first are RawLines.
        """
        self.path = str(path)
        self.torn = False
        """Known when the iteration has ended."""
        self._strict = strict
        self._raw = raw
        self._file = open_journal(self.path)
        self._seq = 0
        self._before_last = FIRST_CHAIN, 0
        """Chain and offset before the last whole line."""
        self._chain = FIRST_CHAIN
        self._end = 0
        self._size = 0
        self._lines = self._read()

    def __iter__(self) -> Iterator[Line]:
        return self._lines

    def __next__(self) -> Line:
        return next(self._lines)

    def close(self) -> None:
        """Let go of the file before the end; it closes itself there."""
        self._lines.close()
        self._file.close()

    def position(self, *, without_last: bool = False) -> Position:
        """Where the lines read so far end, or where the last of them begins; the iteration must have ended."""
        if without_last:
            return Position(self._seq - 1, *self._before_last, self._size)
        return Position(self._seq, self._chain, self._end, self._size)

    # --- blocks ------------------------------------------------------------------------------------------------------

    def _read(self) -> Generator[Line, None, None]:
        with self._file as file:
            block = self._more(file)
            yield 0, self._header(block)
            block = block[self._end :]
            while True:
                lines = block.split(b"\n")
                rest = lines.pop()
                if lines:
                    good = self._check(lines)
                    yield from self._as_raw(lines[:good]) if self._raw else self._parse(lines[:good])
                    if good < len(lines):
                        self._damaged(file, lines[good], is_last=good == len(lines) - 1 and not rest)
                        return
                more = self._more(file)
                if not more:
                    self.torn = bool(rest)
                    return
                block = rest + more

    def _more(self, file: IO[bytes]) -> bytes:
        try:
            block = file.read(_BLOCK_BYTES)
            if not self._size:
                while b"\n" not in block and (more := file.read(_BLOCK_BYTES)):
                    block += more
        except OSError as error:
            raise JournalError("unreadable", f"{self.path} can't be read: {error.strerror or error}") from None
        self._size += len(block)
        return block

    def _check(self, lines: list[bytes]) -> int:
        """How many of the lines, from the first, have the chain they should have."""
        chain = self._chain
        end = self._end
        good = 0
        for line in lines:
            # `chain_of`, written out: a replay reads as many lines as it takes steps.
            found = sha256(chain + b"{" + line[BODY_AT:]).hexdigest()[:32].encode()
            if line[_CHAIN_AT:BODY_AT] != found + b'",' or not line.startswith(MAGIC):
                break
            self._before_last = chain, end
            chain = found
            end += len(line) + 1
            good += 1
        self._chain = chain
        self._end = end
        return good

    def _as_raw(self, lines: list[bytes]) -> Iterator[Line]:
        try:
            texts = b"\n".join(lines).decode().split("\n")
        except UnicodeDecodeError:
            raise self._broken("it is not UTF-8") from None
        seq = self._seq
        for text in texts:
            self._seq = seq + 1
            yield seq, RawLine(text[BODY_AT:], seq, self.path)  # type: ignore[misc]
            seq += 1

    def _parse(self, lines: list[bytes]) -> Iterator[Line]:
        seq = self._seq
        for line in self._parsed(lines):
            if line.get("seq") != seq:
                raise self._broken(f"its number is {line.get('seq')!r} and should be {seq}")
            self._seq = seq + 1
            yield seq, line
            seq += 1

    def _parsed(self, lines: list[bytes]) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = parse(f"[{b','.join(lines).decode()}]")
            if len(found) == len(lines):
                return found
        except ValueError:
            pass
        # Somebody has written lines that are no JSON, and their chains: find the first.
        found = []
        for line in lines:
            try:
                found.append(parse(line.decode()))
            except ValueError:
                raise self._broken("it is not JSON", len(found)) from None
        return found

    def _damaged(self, file: IO[bytes], line: bytes, is_last: bool) -> None:
        """A whole line does not fit its chain: torn, or an error."""
        while self._more(file):
            is_last = False
        if not self._strict and (is_last or (_HOLE in line and self._size - self._end <= _HOLE_NEAR_END)):
            self.torn = True
            return
        raise self._broken("its content does not fit its chain")

    def _broken(self, why: str, ahead: int = 0) -> JournalError:
        number = self._seq + ahead + 1
        return JournalError(
            "journal-broken", f"line {number} of {self.path} has been changed or damaged: {why}", number
        )

    # --- the first line ----------------------------------------------------------------------------------------------

    def _header(self, block: bytes) -> dict[str, Any]:
        if not block:
            raise JournalError("journal-empty", f"{self.path} is empty: nothing was recorded")
        end = block.find(b"\n")
        line = block[:end] if end >= 0 else block
        if not line.startswith(MAGIC) and not (end < 0 and MAGIC.startswith(line)):
            raise JournalError("not-a-journal", f"{self.path} is not a journal of a Lumen run", 1)
        if end < 0:
            raise JournalError("journal-empty", f"{self.path} was cut off within its first line: nothing was recorded")
        if line.endswith(b"\r"):
            raise self._broken("the line ends of the file were converted; copy it as binary")
        try:
            text = line.decode()
            header: dict[str, Any] = parse(text)
        except ValueError:
            raise self._broken("it is not JSON") from None
        if header.get("event") != "run_start":
            raise JournalError("not-a-journal", f"{self.path} is not a journal: it begins with no `run_start`", 1)
        self._check_version(header)
        whole, hashed = header_parts("{" + text[BODY_AT:])
        found = line[_CHAIN_AT:_CHAIN_END]
        if line != b'%b%b",%b' % (MAGIC, found, whole[1:]) or chain_of(FIRST_CHAIN, hashed) != found:
            raise self._broken("its content does not fit its chain")
        if header.get("seq") != 0:
            raise self._broken("its number is not 0")
        self._chain = found
        self._end = end + 1
        self._seq = 1
        return header

    def _check_version(self, header: dict[str, Any]) -> None:
        version = header.get("format")
        if type(version) is not int or version < 1:
            raise self._broken(f"its format is {version!r}")
        if version > FORMAT:
            language = header.get("language")
            raise JournalError(
                "journal-version",
                f"{self.path} has journal format {version}, written by Lumen {language}; this Lumen reads formats up "
                f"to {FORMAT}: update it (`pip install -U lumen-lang`)",
            )


def read_lines(path: str | os.PathLike[str]) -> Lines:
    """The lines of a journal, checked while they are read; see `Lines`.

    Raises:
        JournalError: `no-such-file`, `is-a-directory`, `unreadable` at once; while iterating `journal-empty`,
            `not-a-journal`, `journal-version`, `journal-broken`.
    """
    return Lines(path)


def open_journal(path: str) -> IO[bytes]:
    """The file, opened for reading, or the reason why not in words."""
    try:
        if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
            raise JournalError("not-a-journal", f"{path} is not a file; a journal is read from one")
        return open(path, "rb", buffering=0)
    except FileNotFoundError:
        raise JournalError("no-such-file", f"there is no file {path}") from None
    except IsADirectoryError:
        raise JournalError("is-a-directory", f"{path} is a directory, not a journal") from None
    except (OSError, ValueError) as error:
        raise JournalError("unreadable", f"{path} can't be read: {getattr(error, 'strerror', 0) or error}") from None


class Verified:
    """What `verify` has found: nothing wrong in so many lines."""

    __slots__ = ("blobs", "chain", "finished", "lines", "torn")

    def __init__(self, lines: int, torn: bool, finished: bool, chain: str, blobs: int) -> None:
        self.lines = lines
        self.torn = torn
        """The last line is cut off: a crash does that, and so does somebody who shortens the file."""
        self.finished = finished
        """The run has come to its end. Whole lines missing from the end of one that hasn't can't be noticed."""
        self.chain = chain
        """The chain of the last line: who has noted it elsewhere knows that nothing at all has changed."""
        self.blobs = blobs
        """Large values, all there and whole."""


def verify(path: str | os.PathLike[str]) -> Verified:
    """Check every line and every large value of a journal.

    Raises:
        JournalError: as `read_lines` while iterating, and `missing-blob`; `line` says where.
    """
    from lumen.journal.blobs import BlobStore

    store = BlobStore(path)
    lines = Lines(path, strict=True)
    blobs: set[str] = set()
    last: dict[str, Any] = {}
    try:
        for seq, last in lines:
            for digest in _references(last):
                if digest not in blobs:
                    _check_blob(store, digest, seq + 1)
                    blobs.add(digest)
    finally:
        lines.close()
    at = lines.position()
    return Verified(at.seq, lines.torn, last.get("event") == "run_end", at.chain.decode(), len(blobs))


def _check_blob(store: BlobStore, digest: str, number: int) -> None:
    try:
        store.text(digest)
    except JournalError as error:
        error.line = number
        raise


def _references(line: dict[str, Any]) -> Iterator[str]:
    """The hashes of the blobs that a line names; only whole members are."""
    for member in ("value", "input", "text", "failure"):
        form = line.get(member)
        if type(form) is dict and type(form.get("$blob")) is str:
            yield form["$blob"]
