"""Large values, in a folder beside the journal, each in a file named by the hash of what it holds.

    run.jsonl           {"$blob":"9f86d081…","size":104857}
    run.jsonl.blobs/    9f86d081…   the JSON text of the value, in UTF-8

A blob is written aside and moved into place before the line that names it, so a line never names a file that a crash
has left half written. What is named by its hash need not be written twice, and can't be changed unnoticed.
"""

from __future__ import annotations

import os
from hashlib import sha256

from lumen.journal.errors import JournalError, in_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

INLINE_BYTES = 64 * 1024
"""What is larger becomes a blob."""
_HEX = frozenset("0123456789abcdef")


class BlobStore:
    """The folder of one journal. It is made when the first large value comes."""

    def __init__(self, journal: str | os.PathLike[str], *, fsync: bool = False) -> None:
        self.folder = os.fspath(journal) + ".blobs"
        self._fsync = fsync
        self._written: set[str] = set()

    def put_large(self, text: str) -> str:
        """The JSON text to write for a value: `text` itself or, if that is large, a reference to its new blob.

        Raises:
            JournalError: `journal-full`, `journal-unwritable`.
        """
        data = text.encode("utf-8")
        if len(data) <= INLINE_BYTES:
            return text
        digest = sha256(data).hexdigest()
        if digest not in self._written:
            self._put(digest, data)
            self._written.add(digest)
        return f'{{"$blob":"{digest}","size":{len(data)}}}'

    def _put(self, digest: str, data: bytes) -> None:
        path = os.path.join(self.folder, digest)
        aside = f"{path}.{os.getpid()}.new"
        try:
            if self._is_whole(path, digest):
                return
            os.makedirs(self.folder, exist_ok=True)
            with open(aside, "wb") as file:
                file.write(data)
                if self._fsync:
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(aside, path)
            if self._fsync:
                sync_folder(self.folder)
        except OSError as error:
            try:
                os.unlink(aside)
            except OSError:
                pass
            raise in_words(error, path) from None

    def _is_whole(self, path: str, digest: str) -> bool:
        try:
            with open(path, "rb") as file:
                return sha256(file.read()).hexdigest() == digest
        except FileNotFoundError:
            return False

    def text(self, digest: str) -> str:
        """What a blob holds.

        Raises:
            JournalError: `missing-blob`, also for one that is damaged.
        """
        if len(digest) != 64 or not _HEX.issuperset(digest):
            raise JournalError("missing-blob", f"{digest[:80]!r} is not the name of a blob")
        path = os.path.join(self.folder, digest)
        try:
            with open(path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            raise JournalError("missing-blob", f"a large value of this journal is missing: {path}") from None
        except OSError as error:
            why = error.strerror or str(error)
            raise JournalError("missing-blob", f"a large value of this journal can't be read: {path}: {why}") from None
        if sha256(data).hexdigest() != digest:
            raise JournalError("missing-blob", f"a large value of this journal is damaged: {path}")
        return data.decode("utf-8")

    def load(self, digest: str) -> Any:
        """The parsed JSON of a blob; raises as `text` does."""
        from lumen.journal.jsonlines import parse

        return parse(self.text(digest))

    def names(self) -> list[str]:
        """The hashes of all blobs that are there, sorted."""
        try:
            found = os.listdir(self.folder)
        except OSError:
            return []
        return sorted(name for name in found if len(name) == 64 and _HEX.issuperset(name))

    def clear(self) -> None:
        """Remove the blobs of a journal that is being overwritten: not those put here already for the new one."""
        for name in self.names():
            if name in self._written:
                continue
            try:
                os.unlink(os.path.join(self.folder, name))
            except OSError:
                pass  # it stays as an orphan, which harms nobody
        try:
            os.rmdir(self.folder)
        except OSError:
            pass  # not there, or something of the user's is in it


def sync_folder(path: str) -> None:
    """Make sure that a file's name survives a power cut. Where folders can't be synced (Windows) nothing is done."""
    try:
        fd = os.open(path or ".", os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(fd)
    except OSError:
        pass
    finally:
        os.close(fd)
