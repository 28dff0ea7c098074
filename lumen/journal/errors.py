"""What can be wrong with a journal, in words for the user."""

from __future__ import annotations

import errno

FULL = frozenset(getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name))


class JournalError(Exception):
    """A journal that can't be read, written or trusted. `code` is in the registry of codes."""

    def __init__(self, code: str, message: str, line: int | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.line = line
        """The number of the line in the file, from 1; None where it is not about one line."""

    def __str__(self) -> str:
        return self.message


def in_words(error: OSError, path: str) -> JournalError:
    """The error for a write that the system refused."""
    if error.errno in FULL:
        return JournalError("journal-full", f"no room to go on writing {path}: {error.strerror or error}")
    return JournalError("journal-unwritable", f"{path} can't be written: {error.strerror or error}")


class JournalStopped(BaseException):
    """The journal can't go on, so the run can't either. Not an Exception: no `try` of the program may catch it."""

    def __init__(self, error: JournalError) -> None:
        super().__init__(str(error))
        self.error = error
