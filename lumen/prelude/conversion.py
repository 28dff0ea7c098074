"""Between numbers, text, and formats: `to_int`, `parse_int`, `to_string`, `{x:.2f}`."""

from __future__ import annotations

from lumen.prelude.wrong import need_string
from lumen.values.display import describe, show
from lumen.values.errors import Failure
from lumen.values.model import Err, Ok

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DIGITS = frozenset("0123456789_")
_FLOAT_CHARS = frozenset("0123456789_+-.eE")


def _read_int(text: str) -> int | None:
    """An Int as written in a program (`-7`, `1_000`, `0xFF`, `0b10`) with space around it, else None."""
    text = text.strip()
    bare = text[1:] if text[:1] in ("+", "-") else text
    try:
        if bare and bare[0] != "_" and _DIGITS.issuperset(bare):
            return int(text)
        if bare[:2] in ("0x", "0X", "0b", "0B") and bare.isascii():
            return int(text, 0)
    except ValueError:
        pass
    return None


def _read_float(text: str) -> float | None:
    """A number as written in a program, else None."""
    text = text.strip()
    if not text or not _FLOAT_CHARS.issuperset(text):
        whole = _read_int(text)
        return None if whole is None else float(whole)
    try:
        return float(text)
    except ValueError:
        return None


def to_int(value: Any) -> int | None:
    """A number without its fraction (cut off, not rounded), a String's number, 1 for true, 0 for false; else null."""
    kind = type(value)
    if kind is int:
        return value  # type: ignore[no-any-return]
    if kind is float:
        return int(value) if value - value == 0.0 else None  # not for infinity and NaN
    if kind is bool:
        return 1 if value else 0
    return _read_int(value) if kind is str else None


def to_float(value: Any) -> float | None:
    """A number as a Float, a String's number, 1.0 for true, 0.0 for false; else null."""
    kind = type(value)
    if kind is float:
        return value  # type: ignore[no-any-return]
    if kind is int:
        try:
            return float(value)
        except OverflowError:
            return None
    if kind is bool:
        return 1.0 if value else 0.0
    return _read_float(value) if kind is str else None


def parse_int(s: Any) -> Any:
    """`ok(n)` for a String that is an Int, else `err(message)`."""
    need_string("parse_int", "s", s)
    number = _read_int(s)
    return Err(f"{describe(s)} is not an Int") if number is None else Ok(number)


def parse_float(s: Any) -> Any:
    """`ok(x)` for a String that is a number, else `err(message)`."""
    need_string("parse_float", "s", s)
    number = _read_float(s)
    return Err(f"{describe(s)} is not a number") if number is None else Ok(number)


def to_string(value: Any) -> str:
    """The text that `print` shows."""
    return show(value)


def format_value(x: Any, spec: str) -> str:
    """`{x:spec}`, formats as Python's: `.2f`, `>10`, `08b`, `,`. What is no number is shown first, then aligned."""
    if type(x) is not int and type(x) is not float:
        x = show(x)
    try:
        return format(x, spec)
    except (ValueError, OverflowError):
        raise Failure("value-error", f"the format `{spec}` doesn't fit {describe(x)}") from None
