"""Answers what the kernel asks: the one place where a run reaches out of the process.

An `Ask` has a kind: `fs` and `stdin` come from built-ins, `tool` from tool calls, `extern` from extern cells. Answers
come back through the mailbox.
"""

from __future__ import annotations

from lumen.kernel.messages import UNANSWERED, Arrival, Ask, CancelAsk
from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Any, Protocol, TextIO

    from lumen.runtime.mailbox import Mailbox
    from lumen.runtime.stdin import LineReader
    from lumen.runtime.workers import Workers
    from lumen.tools.provider import Provider

    class AsyncLane(Protocol):
        """Where async calls run: a TrioThread, or a TrioNursery."""

        def submit(self, seq: int, name: str, fn: Callable[[], Awaitable[Any]]) -> None:
            """Start a call."""

        def cancel(self, seq: int) -> None:
            """Cancel a call."""

        def close(self, grace_s: float) -> list[str]:
            """End all; names of those that ignored it."""


class Outside:
    """All lanes to the outside; each is made with the first ask that needs it."""

    def __init__(
        self,
        mailbox: Mailbox,
        *,
        provider: Callable[[str], Provider],
        extern: Callable[[str], Callable[..., Any]],
        stdin: TextIO | None = None,
        async_lane: AsyncLane | None = None,
        door: Callable[[Ask], Arrival | None] | None = None,
    ) -> None:
        """
        Args:
            provider: finds the provider of a tool that has been called before.
            extern: finds the host's function behind an extern cell, or raises a Failure.
            stdin: None is the process's own.
            door: asked first; an Arrival is the answer (or UNANSWERED), and nothing goes outside.
        """
        self._mailbox = mailbox
        self._provider = provider
        self._extern = extern
        self._stdin = stdin
        self._door = door
        self._async = async_lane
        self._workers: Workers | None = None
        self._lines: LineReader | None = None
        self._lane_of: dict[int, Any] = {}

    def execute(self, commands: Sequence[Ask | CancelAsk]) -> None:
        """Carry out what a step asked for, in order."""
        for command in commands:
            if type(command) is CancelAsk:
                lane = self._lane_of.pop(command.seq, None)
                if lane is not None:
                    lane.cancel(command.seq)
                continue
            assert isinstance(command, Ask)
            try:
                arrival = None if self._door is None else self._door(command)
                if arrival is not None:
                    if arrival is not UNANSWERED:
                        self._mailbox.put(arrival)
                    continue
                lane = self._begin(command)
                if lane is not None:
                    self._lane_of[command.seq] = lane
            except Exception as exc:
                self._mailbox.put(Arrival(command.seq, None, exc))

    def answered(self, arrivals: list[Arrival]) -> list[Arrival]:
        """Forget the lanes of answered asks; the arrivals again."""
        for arrival in arrivals:
            self._lane_of.pop(arrival.seq, None)
        return arrivals

    @property
    def is_waiting(self) -> bool:
        """Whether an answer may still come."""
        return bool(self._lane_of)

    def _begin(self, ask: Ask) -> object:
        kind, name, payload = ask.kind, ask.name, ask.payload
        if kind == "tool":
            provider = self._provider(name)
            arguments: Any = payload
            if provider.is_async:
                lane = self._async_lane()
                lane.submit(ask.seq, name, lambda: provider.call(arguments))
                return lane
            return self._block(ask.seq, name, lambda: provider.call(arguments))
        if kind == "stdin":
            if self._lines is None:
                from lumen.runtime.stdin import LineReader

                self._lines = LineReader(self._mailbox, self._stdin)
            self._lines.ask(ask.seq)
            return self._lines
        if kind == "fs":
            from lumen.tools.providers import files

            operation: Callable[..., Any] = getattr(files, name)
            args: Any = payload
            return self._block(ask.seq, name, lambda: operation(*args))
        if kind == "extern":
            return self._call_host(ask.seq, name, payload)
        raise Failure("not-supported", f"nothing outside answers `{kind}`")

    def _call_host(self, seq: int, name: str, payload: Any) -> object:
        """An extern cell: plain functions are called here, in the thread of the host, which may count on it."""
        from inspect import iscoroutinefunction

        from lumen.tools.providers.python import failure_from
        from lumen.values.convert import from_python, to_python

        function = self._extern(name)
        who = f"extern cell `{name}`"
        args = [to_python(value) for value in payload[0]]
        named = {key: to_python(value) for key, value in payload[1].items()}
        if iscoroutinefunction(function):
            import trio

            async def call() -> Any:
                try:
                    return from_python(await function(*args, **named), f"the result of {who}")
                except (trio.Cancelled, KeyboardInterrupt):
                    raise
                except BaseException as error:
                    raise failure_from(who, error) from error

            lane = self._async_lane()
            lane.submit(seq, name, call)
            return lane
        try:
            value = from_python(function(*args, **named), f"the result of {who}")
        except KeyboardInterrupt:
            raise  # in the host's own thread that may be the user
        except BaseException as error:
            raise failure_from(who, error) from error
        self._mailbox.put(Arrival(seq, value))
        return None

    def _block(self, seq: int, name: str, job: Callable[[], Any]) -> Workers:
        if self._workers is None:
            from lumen.runtime.workers import Workers

            self._workers = Workers(self._mailbox)
        self._workers.submit(seq, name, job)
        return self._workers

    def _async_lane(self) -> AsyncLane:
        if self._async is None:
            from lumen.runtime.triothread import TrioThread

            self._async = TrioThread(self._mailbox)
        return self._async

    def close(self, grace_s: float) -> list[str]:
        """End threads and async calls; the names of calls that go on regardless, and were abandoned."""
        left = [] if self._workers is None else self._workers.close()
        if self._async is not None:
            left += self._async.close(grace_s)
        return left
