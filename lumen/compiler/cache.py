"""Compiled modules on disk, found by the hash of everything that went into them.

An entry is one file named by its key, laid out as

    offset  size
    0       8     MAGIC, with the version of this layout
    8       32    the key again, so that a renamed or foreign file is refused
    40      8     length of the payload, little-endian
    48      16    BLAKE2b of the payload, so that a torn or damaged file is refused before `marshal` sees it
    64      …     marshal.dumps((meta, code))

Keys hash the source rather than trusting modification times, which git, copies and fast editors all falsify.
An entry is written aside and moved into place with `os.replace`: 16 processes may race for one and each sees
either nothing or a whole entry. Whatever goes wrong on disk, the answer is a miss; a program must run from a
read-only home or a full disk. `LUMEN_CACHE_DEBUG=1` prints each refusal to stderr by name.

This module is on the path of every start: it imports nothing but what CPython has loaded or built in.
"""

from __future__ import annotations

import marshal
import os
import sys

try:
    # hashlib would load OpenSSL, 8 ms of a budget of 32.
    from _blake2 import blake2b
except ImportError:  # pragma: no cover - a CPython built without it
    from hashlib import blake2b

import lumen
from lumen import resources

__all__ = ["MAGIC", "CodeCache", "blake2b", "compiler_stamp", "default_directory"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

MAGIC = b"LUMENC\x00\x01"
_HEAD = 64
MAX_BYTES = 64 << 20
"""When the folder outgrows this, the entries longest unused are deleted until half of it is left."""

_COMPILE_ROOMS = ("source", "syntax", "analysis", "compiler", "prelude", "values")


def default_directory() -> str | None:
    """Where entries live: `$LUMEN_CACHE_DIR`, else the platform's cache folder; None when caching is off.

    Setting `LUMEN_CACHE_DIR` to the empty string turns the cache off.
    """
    env = os.environ
    chosen = env.get("LUMEN_CACHE_DIR")
    if chosen is not None:
        return chosen or None
    if sys.platform == "win32":
        base = env.get("LOCALAPPDATA")
        return os.path.join(base, "lumen", "Cache") if base else None
    base = env.get("XDG_CACHE_HOME")
    if base and os.path.isabs(base):
        return os.path.join(base, "lumen")
    home = os.path.expanduser("~")
    if home == "~":
        return None
    return os.path.join(home, *(("Library", "Caches") if sys.platform == "darwin" else (".cache",)), "lumen")


def compiler_stamp() -> bytes:
    """What stands for the compiler in a key: the version, and in a checkout the state of its files.

    A checkout changes without changing its version; listing its rooms costs 0.2 ms, a stale entry costs an hour.
    """
    parts = [lumen.__version__, str(sys.implementation.cache_tag), sys.version]
    root = resources.root()
    if not root.endswith("_data"):
        package = os.path.dirname(os.path.abspath(lumen.__file__))
        for folder in (*(os.path.join(package, room) for room in _COMPILE_ROOMS), os.path.join(root, "grammar")):
            try:
                with os.scandir(folder) as entries:
                    for entry in sorted(entries, key=_name):
                        if entry.name.endswith((".py", ".lark")):
                            state = entry.stat()
                            parts.append(f"{entry.name}:{state.st_mtime_ns}:{state.st_size}")
            except OSError:
                continue
    return "\n".join(parts).encode("utf-8", "surrogateescape")


_stamps: list[bytes] = []


def _stamp() -> bytes:
    """`compiler_stamp()`, once: the compiler that this process has loaded does not change."""
    if not _stamps:
        _stamps.append(compiler_stamp())
    return _stamps[0]


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


class CodeCache:
    """The entries below one folder. Every method tolerates every state of that folder."""

    __slots__ = ("directory",)

    def __init__(self, directory: str | None) -> None:
        self.directory = directory

    def key(self, source: bytes, path: str, options: str) -> bytes:
        """The 32-byte key of a module: its bytes, the path shown to the user, what it is compiled for, the compiler."""
        digest = blake2b(_stamp(), digest_size=32)
        for part in (path.encode("utf-8", "surrogateescape"), options.encode(), source):
            # Lengths keep ("ab", "c") apart from ("a", "bc").
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
        return digest.digest()

    def _file(self, key: bytes) -> str | None:
        return None if self.directory is None else os.path.join(self.directory, key.hex() + ".lmc")

    def load(self, key: bytes) -> tuple[dict[str, Any], CodeType] | None:
        """The entry of a key, or None."""
        path = self._file(key)
        if path is None:
            return None
        try:
            # os.open is 5x faster than open(), which builds three objects for one read.
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError:
            return None
        try:
            size = os.fstat(handle).st_size
            chunks = []
            while size > 0 and (chunk := os.read(handle, size)):
                chunks.append(chunk)
                size -= len(chunk)
        except OSError as error:
            _refuse(path, f"unreadable: {error}")
            return None
        finally:
            os.close(handle)
        return _decode(b"".join(chunks), key, path)

    def store(self, key: bytes, meta: dict[str, Any], code: CodeType) -> bool:
        """Write an entry; False (never an exception) when it could not be."""
        path = self._file(key)
        if path is None or self.directory is None:
            return False
        try:
            payload = marshal.dumps((meta, code))
        except ValueError as error:
            _refuse(path, f"can't be stored: {error}")
            return False
        data = b"".join(
            (MAGIC, key, len(payload).to_bytes(8, "little"), blake2b(payload, digest_size=16).digest(), payload)
        )
        aside = f"{path}.{os.getpid()}.{id(payload):x}.tmp"
        try:
            os.makedirs(self.directory, mode=0o700, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            handle = os.open(aside, flags, 0o600)
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(handle, view) :]
            finally:
                os.close(handle)
            os.replace(aside, path)
        except OSError as error:
            _refuse(path, f"can't be written: {error}")
            try:
                os.unlink(aside)
            except OSError:
                pass
            return False
        # One write in sixteen looks at the whole folder; keys are evenly spread.
        if key[0] < 16:
            self.trim()
        return True

    def trim(self, max_bytes: int = MAX_BYTES) -> None:
        """Delete the entries longest unused when the folder has outgrown `max_bytes`, and what crashes left behind."""
        if self.directory is None:
            return
        found: list[tuple[float, int, str]] = []
        try:
            with os.scandir(self.directory) as entries:
                for entry in entries:
                    if entry.name.endswith((".lmc", ".tmp")):
                        state = entry.stat()
                        found.append((max(state.st_atime, state.st_mtime), state.st_size, entry.path))
        except OSError:
            return
        total = sum(size for _, size, _ in found)
        if total <= max_bytes:
            return
        for _, size, path in sorted(found):
            try:
                os.unlink(path)
            except OSError:
                continue
            total -= size
            if total <= max_bytes // 2:
                return


def _decode(data: bytes, key: bytes, path: str) -> tuple[dict[str, Any], CodeType] | None:
    payload = data[_HEAD:]
    if len(data) < _HEAD or data[:8] != MAGIC:
        _refuse(path, "not an entry of this layout")
    elif data[8:40] != key:
        _refuse(path, "the entry of another module")
    elif len(payload) != int.from_bytes(data[40:48], "little"):
        _refuse(path, "cut short")
    elif blake2b(payload, digest_size=16).digest() != data[48:64]:
        _refuse(path, "damaged")
    else:
        try:
            meta, code = marshal.loads(payload)
        except (EOFError, ValueError, TypeError):
            _refuse(path, "not readable by this Python")
        else:
            return meta, code
    return None


def _refuse(path: str, why: str) -> None:
    """Trace a miss, for `LUMEN_CACHE_DEBUG`."""
    if os.environ.get("LUMEN_CACHE_DEBUG"):
        print(f"lumen cache: {path}: {why}", file=sys.stderr)
