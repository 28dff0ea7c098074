"""The port through which the kernel makes and translates failures, without knowing Lumen's values."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumen.kernel.future import Future


class KernelError(Exception):
    """The host used the kernel wrongly (time went backwards, an answer nobody asked for). Always our bug."""


class PlainFailure(Exception):
    """What a failure is when no Lumen values are plugged in (tests of the kernel alone)."""

    def __init__(
        self,
        code: str,
        message: str,
        causes: tuple[BaseException, ...] = (),
        origin: BaseException | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.causes = causes
        self.origin = origin


class Failures:
    """How failures are made. `orchestration.outcomes.LumenFailures` is the one of real runs."""

    __slots__ = ()

    def make(self, code: str, message: str, causes: Sequence[BaseException] = ()) -> BaseException:
        """A new failure, to be raised by the caller or stored in a future."""
        return PlainFailure(code, message, tuple(causes))

    def of(self, exc: BaseException) -> BaseException:
        """The failure that `exc`, raised by program code, stands for; called when a task ends."""
        return exc

    def again(self, failure: BaseException, causes: Sequence[BaseException] = ()) -> BaseException:
        """A fresh failure like `failure`, which stays its origin: raising one object twice would grow its traceback."""
        if not isinstance(failure, PlainFailure):
            return failure
        return PlainFailure(failure.code, failure.message, tuple(causes) or failure.causes, failure)

    def ends_run(self, failure: BaseException) -> bool:
        """Whether this failure ends the whole run (`halt`)."""
        return False

    def describe(self, failure: BaseException) -> str:
        """One line about it for lists of causes, with its place when that is known."""
        return str(failure)

    def show(self, value: object) -> str:
        """A value in a message, with its type."""
        return repr(value)

    def state_of(self, future: Future) -> object:
        """The value of `future.state`."""
        return future.status

    def error_value(self, failure: BaseException) -> object:
        """The failure as a value of the language."""
        return failure
