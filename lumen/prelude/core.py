"""Results, assertions, failing, and the value classes that compiled code names."""

from __future__ import annotations

from sys import getrefcount
from types import CoroutineType

from lumen.values.display import represent, show, type_name
from lumen.values.equality import equal, from_key, to_key
from lumen.values.errors import CODES, Failure, Halt, failure_value
from lumen.values.model import (
    END,
    MISSING,
    PARK,
    Completed,
    Err,
    Error,
    ErrorState,
    FutureState,
    Ok,
    Pending,
    Record,
    Result,
    Set,
    Variant,
    make_enum,
    make_record,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from lumen.prelude.world import World

ERRORS = frozenset({Error, ErrorState})
"""The two things that are written `Error(x)`: a failure as a value, and the state of a failed future."""
SCALARS = frozenset({int, float, bool, str, bytes, type(None)})
"""Types whose values have no future inside: `await` gives them back."""


# --- Results ----------------------------------------------------------------------------------


def _need_result(builtin: str, r: Any) -> None:
    if not isinstance(r, Variant) or r._enum is not Result:
        from lumen.prelude.wrong import wrong

        raise wrong(builtin, "a result", "r", r)


def is_ok(r: Any) -> bool:
    """Whether a result is `ok(…)`."""
    _need_result("is_ok", r)
    return type(r) is Ok


def is_err(r: Any) -> bool:
    """Whether a result is `err(…)`."""
    _need_result("is_err", r)
    return type(r) is Err


def unwrap(r: Any) -> Any:
    """The value of `ok(v)`; a failure with the error's text for `err(e)`. Any other value but null is itself."""
    if type(r) is Ok:
        return r.value
    if type(r) is Err:
        error = r.error
        if type(error) is Error:
            raise Failure(error.code if error.code in CODES else "failed", show(error.message))
        raise Failure("failed", f"unwrapped err({represent(error)})")
    if r is None:
        return unwrap_null(r)
    return r


def unwrap_or(r: Any, default: Any) -> Any:
    """The value of `ok(v)`; `default` for `err(…)` and for null."""
    if type(r) is Ok:
        return r.value
    return default if type(r) is Err or r is None else r


def unwrap_null(x: Any) -> Any:
    """`x!`: x itself, a failure `null-unwrap` if it is null. The value of `ok(v)`; a failure for `err(e)`."""
    if x is None:
        raise Failure("null-unwrap", "expected a value here, got null")
    return unwrap(x) if isinstance(x, Variant) else x


# --- Failing ----------------------------------------------------------------------------------


def assert_true(cond: Any, message: Any = None) -> None:
    """`assert(cond, message)`: a failure `assertion-failed` unless cond is true."""
    from lumen.prelude.operators import truth

    if not truth(cond):
        assert_fail(message)


def assert_fail(message: Any = None) -> NoReturn:
    """Raise the failure of an assertion."""
    raise Failure("assertion-failed", "assertion failed" if message is None else show(message))


def assert_eq(actual: Any, expected: Any, message: Any = None) -> None:
    """A failure that shows both unless they are equal."""
    if not equal(actual, expected):
        said = "" if message is None else f"{show(message)}: "
        failure = Failure("assertion-failed", f"{said}expected {represent(expected)}, got {represent(actual)}")
        failure.compared = (actual, expected, said.removesuffix(": "))
        raise failure


def assert_ne(actual: Any, other: Any, message: Any = None) -> None:
    """A failure if both are equal."""
    if equal(actual, other):
        said = "" if message is None else f"{show(message)}: "
        raise Failure("assertion-failed", f"{said}expected anything but {represent(actual)}")


def fail(message: Any, code: Any = "failed") -> NoReturn:
    """`fail(msg)`: a failure with that message; `code` is "failed" unless given. An `Error` keeps its own."""
    if type(message) is Error:
        raise Failure(str(message.code), show(message.message))
    raise Failure(code if type(code) is str and code else "failed", show(message))


def halt(message: Any = "halted") -> NoReturn:
    """`halt(msg)`: ends the whole run with an error."""
    raise Halt(show(message))


def no_match(value: Any) -> NoReturn:
    """Raise the failure of a `match` none of whose arms took the value."""
    text = represent(value)
    if len(text) > 200:
        text = text[:199] + "…"
    raise Failure("no-match", f"no arm matches {text}")


def no_fit(value: Any, pattern: str) -> NoReturn:
    """Raise the failure of a `let` or `for` whose pattern (its source text) does not take the value."""
    text = represent(value)
    if len(text) > 200:
        text = text[:199] + "…"
    raise Failure("no-match", f"{text} does not fit the pattern {pattern}")


def make_secret_record(world: World) -> Callable[..., type[Record]]:
    """`make_record` for records with `@secret` fields: the world learns their values before anything can show them."""

    def make(
        name: str, fields: tuple[str, ...], init: Any, methods: Any, check: Any, secret: tuple[str, ...]
    ) -> type[Record]:
        return make_record(name, fields, init, methods, check, secret, world.keep_secret)

    return make


def constraint(record: str, text: str, value: Any = MISSING) -> NoReturn:
    """Raise the failure of a record's `where` constraint; `text` is its source."""
    got = "" if value is MISSING else f", got {represent(value)}"
    raise Failure("constraint", f"{record} needs {text}{got}")


def unresolved(name: str) -> NoReturn:
    """Raise for a name that `@doc_mode` let through although nothing has it."""
    raise Failure("unresolved-name", f"`{name}` is not defined")


def not_supported(keyword: str) -> NoReturn:
    """Raise for a construct whose meaning comes in a later version."""
    raise Failure("not-supported", f"`{keyword}` is not supported yet")


def settled(value: Any) -> Any:
    """What a call in a function that can't suspend gave: a coroutine is run to its end, which must need no waiting."""
    if type(value) is not CoroutineType:
        return value
    try:
        value.send(None)
    except StopIteration as stop:
        return stop.value
    name = value.__name__
    value.close()
    raise Failure("failed", f"internal error: `{name}` suspends where only plain functions are expected")


# --- Types ------------------------------------------------------------------------------------


def type_of(value: Any) -> str:
    """The type of a value as text: "Int", "list[Int]", "map[String, Int | Null]", "Point", "fn"."""
    return type_name(value)


__all__ = [
    "END",
    "ERRORS",
    "MISSING",
    "PARK",
    "SCALARS",
    "Completed",
    "CoroutineType",
    "Err",
    "Error",
    "Failure",
    "FutureState",
    "Halt",
    "Ok",
    "Pending",
    "Record",
    "Set",
    "Variant",
    "failure_value",
    "from_key",
    "getrefcount",
    "make_enum",
    "make_record",
    "show",
    "to_key",
]
