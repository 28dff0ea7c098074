"""Async calls to the outside: Trio, in a thread of its own, or in the nursery of a Trio program that embeds us.

The kernel keeps the calling thread, so a branch that computes can't keep answers from arriving, and a
program that never makes an async call never imports Trio.
"""

from __future__ import annotations

from threading import Lock, Thread

from lumen.kernel.messages import Arrival
from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    import trio

    from lumen.runtime.mailbox import Mailbox


class AsyncCalls:
    """One Trio task with its own cancel scope per call. Methods but `submit_here` may be called from any thread."""

    _is_own_thread = False
    """Whether Ctrl-C is sure to go elsewhere."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._scopes: dict[int, trio.CancelScope] = {}
        self._names: dict[int, str] = {}

    async def call(self, seq: int, fn: Callable[[], Awaitable[Any]]) -> None:
        """Run `fn()` to its end and put its outcome into the mailbox, unless it is cancelled first."""
        import trio

        scope = self._scopes.setdefault(seq, trio.CancelScope())
        value: Any = None
        error: BaseException | None = None
        try:
            with scope:
                try:
                    value = await fn()
                except trio.Cancelled:
                    raise
                except KeyboardInterrupt as exc:
                    if not self._is_own_thread:
                        raise
                    # Signals don't arrive here: the tool has raised it.
                    error = Failure("failed", f"`{self._names.get(seq, 'a tool')}` failed with {type(exc).__name__}")
                except BaseException as exc:
                    error = exc
            if not scope.cancelled_caught:
                self._mailbox.put(Arrival(seq, value, error))
        finally:
            self._scopes.pop(seq, None)
            self._names.pop(seq, None)

    def cancel_scope(self, seq: int) -> None:
        """Cancel a call; on Trio's thread."""
        scope = self._scopes.get(seq)
        if scope is not None:
            scope.cancel()


class TrioThread(AsyncCalls):
    """Trio in a daemon thread, started with the first call."""

    _is_own_thread = True

    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__(mailbox)
        self._lock = Lock()
        self._early: list[tuple[int, Callable[[], Awaitable[Any]]]] = []
        """Calls submitted before Trio was up; None of them has started."""
        self._token: trio.lowlevel.TrioToken | None = None
        self._nursery: trio.Nursery | None = None
        self._closing = False
        self._thread = Thread(target=self._run, name="lumen-trio", daemon=True)
        self._thread.start()

    def submit(self, seq: int, name: str, fn: Callable[[], Awaitable[Any]]) -> None:
        """Start `fn()` on Trio; its outcome is the answer to ask `seq`."""
        with self._lock:
            self._names[seq] = name
            if self._token is None:
                self._early.append((seq, fn))
                return
        self._soon(self._start, seq, fn)

    def cancel(self, seq: int) -> None:
        """Cancel a call; it gets Trio's `Cancelled` at its next checkpoint."""
        with self._lock:
            if self._token is None:
                self._early = [call for call in self._early if call[0] != seq]
                return
        self._soon(self.cancel_scope, seq)

    def close(self, grace_s: float) -> list[str]:
        """Cancel everything and end the thread; the names of calls that ignored it for so long."""
        with self._lock:
            self._closing = True
        if self._token is not None:
            self._soon(self._end)
        self._thread.join(grace_s)
        return list(self._names.values()) if self._thread.is_alive() else []

    def _soon(self, fn: Callable[..., object], *args: Any) -> None:
        import trio

        assert self._token is not None
        try:
            self._token.run_sync_soon(fn, *args)
        except trio.RunFinishedError:
            pass

    def _run(self) -> None:
        import trio

        trio.run(self._main)

    async def _main(self) -> None:
        import trio

        async with trio.open_nursery() as nursery:
            with self._lock:
                self._nursery = nursery
                early, self._early = self._early, []
                self._token = trio.lowlevel.current_trio_token()
            if self._closing:
                return
            for seq, fn in early:
                self._start(seq, fn)
            await trio.sleep_forever()

    def _start(self, seq: int, fn: Callable[[], Awaitable[Any]]) -> None:
        import trio

        if self._nursery is None or self._closing:
            return
        # Made here, so that a cancel that follows at once finds it.
        self._scopes[seq] = trio.CancelScope()
        self._nursery.start_soon(self.call, seq, fn)

    def _end(self) -> None:
        if self._nursery is not None:
            self._nursery.cancel_scope.cancel()


class TrioNursery(AsyncCalls):
    """Calls as tasks of a nursery in the Trio program that we run in."""

    def __init__(self, mailbox: Mailbox, nursery: trio.Nursery) -> None:
        super().__init__(mailbox)
        self._nursery = nursery

    def submit(self, seq: int, name: str, fn: Callable[[], Awaitable[Any]]) -> None:
        """Start `fn()` in the nursery."""
        import trio

        self._names[seq] = name
        self._scopes[seq] = trio.CancelScope()
        self._nursery.start_soon(self.call, seq, fn)

    def cancel(self, seq: int) -> None:
        """Cancel a call."""
        self.cancel_scope(seq)

    def close(self, grace_s: float) -> list[str]:
        """Cancel what still runs; the nursery waits for it."""
        self._nursery.cancel_scope.cancel()
        return []
