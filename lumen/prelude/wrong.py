"""Failures of built-ins, all in one form: the built-in, the argument, what it takes, what it got."""

from __future__ import annotations

from lumen.values.display import describe
from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def wrong(builtin: str, expected: str, param: str, value: Any) -> Failure:
    """`upper` takes a String as `s`, got Int 42."""
    return Failure("type-mismatch", f"`{builtin}` takes {expected} as `{param}`, got {describe(value)}")


def need_string(builtin: str, param: str, value: Any) -> None:
    """Fail unless a String."""
    if type(value) is not str:
        raise wrong(builtin, "a String", param, value)


def need_int(builtin: str, param: str, value: Any, least: int | None = None) -> None:
    """Fail unless an Int, of at least `least`."""
    if type(value) is not int:
        raise wrong(builtin, "an Int", param, value)
    if least is not None and value < least:
        raise Failure("value-error", f"`{builtin}` needs `{param}` to be at least {least}, got {value}")


def need_number(builtin: str, param: str, value: Any) -> None:
    """Fail unless an Int or a Float."""
    if type(value) is not int and type(value) is not float:
        raise wrong(builtin, "a number", param, value)


def need_function(builtin: str, param: str, value: Any) -> None:
    """Fail unless something that can be called."""
    if not callable(value):
        raise wrong(builtin, "a function", param, value)


def need_bytes(builtin: str, param: str, value: Any) -> None:
    """Fail unless Bytes."""
    if type(value) is not bytes:
        raise wrong(builtin, "Bytes", param, value)
