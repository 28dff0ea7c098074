"""Bytes of a file to a SourceFile."""

from __future__ import annotations

import os

from lumen.source.file import SourceFile
from lumen.source.markdown import blank_prose, is_markdown

MAX_BYTES = 64 * 1024 * 1024
"""Larger files are refused: nobody writes them by hand."""


class SourceError(Exception):
    """A file that can't be read as a program. `code` is a diagnostic code, `message` one line for people."""

    def __init__(self, code: str, message: str, path: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path


def read_source(path: str) -> SourceFile:
    """Read a program from disk.

    A byte order mark is dropped, and `\\r\\n` and `\\r` become `\\n`; `.lumen.md` and `.lm.md` are Markdown.

    Raises:
        SourceError: `file-not-found`, `is-a-directory`, `unreadable-file`, `not-utf8` or `nul-byte`.
    """
    try:
        if os.path.isdir(path):
            raise SourceError("is-a-directory", f"`{path}` is a directory, not a program", path)
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SourceError("file-not-found", f"there is no file `{path}`", path) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError("unreadable-file", f"`{path}` can't be read: {reason}", path) from None
    if len(data) > MAX_BYTES:
        raise SourceError("unreadable-file", f"`{path}` is larger than {MAX_BYTES // 2**20} MB", path)
    return source_from_bytes(data, path)


def source_from_bytes(data: bytes, path: str) -> SourceFile:
    """Decode a program.  Raises: SourceError `not-utf8` or `nul-byte`, naming the line."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"`{path}` is not UTF-8: byte 0x{data[error.start]:02x} on line {line}"
        raise SourceError("not-utf8", message, path) from None
    return source_from_text(text, path)


def source_from_text(text: str, path: str) -> SourceFile:
    """A program given as text.  Raises: SourceError `nul-byte`."""
    if text.startswith("\ufeff"):
        text = text[1:]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    nul = text.find("\0")
    if nul >= 0:
        line = text.count("\n", 0, nul) + 1
        raise SourceError("nul-byte", f"`{path}` contains a NUL byte on line {line}", path)
    if is_markdown(path):
        return SourceFile(path, blank_prose(text), text)
    return SourceFile(path, text)
