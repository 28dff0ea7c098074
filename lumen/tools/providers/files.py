"""`read_file` and `write_file`: called in a worker thread."""

from __future__ import annotations

from lumen.values.errors import Failure


def read_file(path: str) -> str:
    """The text of a UTF-8 file, line breaks as they are."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except (OSError, ValueError) as error:
        raise Failure("failed", f"can't read `{path}`: {_reason(error)}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Failure("value-error", f"`{path}` is not UTF-8 text (byte {error.start} is wrong)") from None


def write_file(path: str, content: str | bytes) -> None:
    """Write text (as UTF-8) or bytes, replacing what was there."""
    try:
        data = content if isinstance(content, bytes) else content.encode("utf-8")
        with open(path, "wb") as file:
            file.write(data)
    except (OSError, ValueError) as error:
        raise Failure("failed", f"can't write `{path}`: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) else str(error)
    return (text or str(error)).lower()
