"""Failures: how a Lumen program goes wrong, as an exception and as a value.

A failure travels as the Python exception `Failure`. Where compiled code uses bare Python operations, Python's
own exceptions (ZeroDivisionError, IndexError, …) travel instead and become a Failure at the first boundary
(`attempt`, `match await`, the end of a task or of the run) through `failure_of`.
"""

from __future__ import annotations

from sys import exc_info

from lumen.values.model import Error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

# fmt: off
CODES = frozenset({
    "division-by-zero", "index-out-of-range", "missing-key", "missing-field", "type-mismatch", "value-error",
    "assertion-failed", "halt", "failed", "no-match", "constraint", "no-consensus", "all-failed", "deadlock",
    "stack-overflow", "out-of-memory", "channel-closed", "null-unwrap", "invalid-args", "tool-not-found",
    "timeout", "unavailable", "cancelled", "output-invalid", "policy", "auth", "rate-limit", "not-supported",
    "unresolved-name", "unscripted-call",
})
# fmt: on
"""Every code a failure can have. Never reuse one."""


class Failure(Exception):
    """A failure that unwinds a task."""

    compared: tuple[Any, Any, str] | None = None
    """Of a failed `assert_eq`: what was given, what was expected, and the test's own words; for those who show them."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        data: dict[str, Any] | None = None,
        origin: BaseException | None = None,
        causes: tuple[Failure, ...] = (),
        site: tuple[Any, ...] | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.data = data
        """More for the program and for hosts, such as `{"retry_after_ms": 500}`."""
        self.origin = origin
        """The earlier exception whose traceback shows where it really failed (in another task); None if here."""
        self.causes = causes
        """The failures of branches that led to this one, in source order."""
        self.site = site
        """`(path, line, column, text)` of the construct that raised it, if the traceback can't tell."""

    def __str__(self) -> str:
        return self.message


class Halt(Failure):
    """`halt(msg)`: ends the whole run; no `attempt` or `match await` takes it."""

    def __init__(self, message: str) -> None:
        super().__init__("halt", message)


def failure_of(exc: BaseException) -> Failure:
    """The failure that an exception is, in the user's words. A Failure is itself.

    The original keeps its traceback: it is the `origin` of the new one, whose own traceback is the same.
    """
    if isinstance(exc, Failure):
        return exc
    # Only failing programs pay for this import.
    from lumen.values.translate import translate

    failure = translate(exc)
    failure.__traceback__ = exc.__traceback__
    failure.__cause__ = exc
    failure.causes = (*failure.causes, *getattr(exc, "lumen_causes", ()))
    return failure


def settle_failures(failure: Exception) -> None:
    """A `defer` has failed: raise that, or, if it ran because of another failure, attach it to that one, which goes on.

    Called where the function's `finally` runs the blocks: what is being handled there is why it is left.
    """
    reason = exc_info()[1]
    if not isinstance(reason, Exception):
        raise failure
    also = failure_of(failure)
    if isinstance(reason, Failure):
        reason.causes = (*reason.causes, also)
    else:  # an exception of Python's; `failure_of` finds it there
        reason.__dict__["lumen_causes"] = (*getattr(reason, "lumen_causes", ()), also)


def failure_value(exc: BaseException) -> Any:
    """The `Error` record for a failure: message, code, and the cell and line where it failed."""
    failure = failure_of(exc)
    cell, line = place_of(failure)
    return Error(failure.message, failure.code, cell, line)


def place_of(exc: BaseException) -> tuple[str | None, int | None]:
    """(cell, line) of the innermost Lumen frame of a failure, following `origin` to where it first happened."""
    seen = 0
    while isinstance(exc, Failure) and exc.origin is not None and seen < 200_000:
        exc = exc.origin
        seen += 1
    found = innermost_frame(exc.__traceback__)
    if found is None:
        site = exc.site if isinstance(exc, Failure) else None
        return None, site[1] if site else None
    code = found.tb_frame.f_code
    return cell_name(code.co_name), found.tb_lineno


def innermost_frame(traceback: TracebackType | None) -> TracebackType | None:
    """The innermost traceback entry that is Lumen code, or None. Lumen code has `$lumen` among its globals.

    Constructors of records whose constraints refuse a value are passed over: that is their caller's doing.
    """
    found = caller = None
    while traceback is not None:
        frame = traceback.tb_frame
        if is_constraint_check(frame.f_code.co_name):
            if found is not None and found.tb_frame.f_code.co_name.endswith(".$init"):
                found = caller
        elif "$lumen" in frame.f_globals:
            caller, found = found, traceback
        traceback = traceback.tb_next
    return found


def is_constraint_check(code_name: str) -> bool:
    """Whether a Python function is the one that checks the `where` constraints of a record."""
    return code_name.endswith(".$check")


def cell_name(code_name: str) -> str:
    """The name of a cell as the user knows it, from the name of its Python function."""
    name = code_name.removesuffix("$body")
    if name == "$top" or name == "<module>":
        return "<script>"
    if name == "<lambda>" or not name:
        return "fn"
    # "f$gen" is the generator f, "Point.$init" makes a Point, "item$3" is a branch of `parallel for`.
    name = name.partition("$")[0].rstrip(".")
    return "branch" if name == "item" else name or "fn"
