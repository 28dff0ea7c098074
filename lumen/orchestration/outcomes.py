"""The kernel's port to failures, filled with the values of the language."""

from __future__ import annotations

from lumen.kernel.failures import Failures
from lumen.kernel.future import COMPLETED, FAILED
from lumen.values.display import describe
from lumen.values.errors import Failure, Halt, failure_of, failure_value, place_of
from lumen.values.model import Completed, ErrorState, Pending

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumen.kernel.future import Future


class LumenFailures(Failures):
    """Failures as Lumen programs know them."""

    __slots__ = ()

    def make(self, code: str, message: str, causes: Sequence[BaseException] = ()) -> BaseException:
        """See Failures.make."""
        return Failure(code, message, causes=tuple(failure_of(cause) for cause in causes))

    def of(self, exc: BaseException) -> BaseException:
        """Translates Python's own exceptions."""
        return failure_of(exc)

    def again(self, failure: BaseException, causes: Sequence[BaseException] = ()) -> BaseException:
        """Its `origin` is the failure, whose traceback shows where it happened."""
        known = failure_of(failure)
        fresh = Failure(
            known.code,
            known.message,
            data=known.data,
            origin=known,
            causes=tuple(failure_of(cause) for cause in causes) or known.causes,
            site=known.site,
        )
        return fresh

    def ends_run(self, failure: BaseException) -> bool:
        """Only `halt` does."""
        return isinstance(failure, Halt)

    def describe(self, failure: BaseException) -> str:
        """The message, with line and cell where it failed."""
        known = failure_of(failure)
        cell, line = place_of(known)
        if line is None:
            return known.message
        return f"{known.message} (line {line}, in {cell})"

    def show(self, value: object) -> str:
        """As the messages of built-ins show it."""
        return describe(value)

    def state_of(self, future: Future) -> object:
        """A variant of the built-in enum FutureState."""
        if future.phase == COMPLETED:
            return Completed(future.value)
        if future.phase == FAILED:
            return ErrorState(failure_of(future.value).message)
        if future.status == "cancelled":
            return ErrorState("cancelled")
        return Pending

    def error_value(self, failure: BaseException) -> object:
        """The `Error` record."""
        return failure_value(failure)
