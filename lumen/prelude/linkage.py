"""What compiled code needs of its surroundings and no program can name: defers, traits, reference counts, defaults."""

from __future__ import annotations

from sys import getrefcount

from lumen.kernel.cancel import Cancelled
from lumen.values.errors import Failure, Halt, failure_value, settle_failures

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn


def _measure_unique() -> int:
    """What `getrefcount` says of an object held by one list and one local variable.

    Measured, since CPython changes it: up to 3.13 the argument itself counts, from 3.14 on it is borrowed.
    """
    holder = [object()]
    item = holder[0]
    return getrefcount(item)


UNIQUE = _measure_unique()


allocate = object.__new__
"""Makes an instance of a record class without setting its fields."""


def itself(value: Any) -> Any:
    """The value: a function for tasks that have nothing to compute."""
    return value


def called(value: Any) -> Any:
    """`spawn(f)` of a value: what a function gives, which may be a coroutine; any other value is itself."""
    return value() if callable(value) and not isinstance(value, type) else value


def caught(exc: BaseException) -> Any:
    """A caught failure as an `Error` value; `halt` ends the run and is not caught."""
    if isinstance(exc, Halt):
        raise exc
    return failure_value(exc)


def missing_argument(name: str) -> NoReturn:
    """A parameter without default after one with a default was not given."""
    raise Failure("invalid-args", f"missing argument `{name}`")


def kept(items: Iterable[Any], keep: Callable[[Any], Any]) -> list[Any]:
    """The items of a `for … if c` form that the condition lets through."""
    if hasattr(items, "pull"):
        message = "`for … if` of a construct can't wait for a channel or generator; collect it first: `[x for x in …]`"
        raise Failure("type-mismatch", message)
    return [item for item in items if keep(item)]


def with_roles(messages: list[tuple[str, Any]] | None, *own: tuple[str, Any]) -> list[tuple[str, Any]]:
    """The `role` lines collected so far, and those written as arguments of a call."""
    collected = list(messages) if messages else []
    if messages:
        messages.clear()
    return [*collected, *own]


def run_defers(defers: list[Callable[[], Any]]) -> None:
    """Run `defer` blocks, last first. Each runs even if another fails; the first failure is raised at the end.

    One that is busy may be cancelled in the middle; the others still run.
    """
    failure: Exception | None = None
    cancelled: Cancelled | None = None
    while defers:
        try:
            defers.pop()()
        except Exception as exc:
            failure = failure or exc
        except Cancelled as exc:
            cancelled = exc
    if cancelled is not None:
        raise cancelled
    if failure is not None:
        settle_failures(failure)
