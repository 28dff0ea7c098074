"""What built-ins that touch the world ask of the run. The runtime gives the object; this room only names it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any, Protocol

    class World(Protocol):
        """One run's way out. Built-ins hold it; programs never see it."""

        impls: dict[str, dict[str, Callable[..., Any]]]
        """Methods that `impl … for T` gave to types which are no records: type name → method name → function."""

        def print(self, text: str) -> None:
            """One line of output; the world adds the line break."""

        def debug(self, text: str) -> None:
            """One line for the programmer, on stderr."""

        def breakpoint(self) -> None:
            """Open the debugger in the frame that calls this."""

        def keep_secret(self, value: Any) -> None:
            """What is written down of this run must not show this value from now on."""

        def emit(self, value: Any) -> None:
            """An event for the journal and for observers of the host."""

        def ask_now(self, kind: str, name: str, args: tuple[Any, ...]) -> Any:
            """An answer that needs no waiting.

            `("random", "random", ())` a Float in [0, 1) · `("random", "random_int", (low, high))` both ends included ·
            `("random", "uuid", ())` a String · `("time", "timestamp", ())` seconds since 1970 as a Float ·
            `("time", "timestamp_ms", ())` an Int · `("env", "get_env", (name,))` a String or null.
            """

        def ask(self, kind: str, name: str, args: tuple[Any, ...]) -> Awaitable[Any]:
            """An answer that may take time; awaiting it suspends the task.

            `("fs", "read_file", (path,))` a String · `("fs", "write_file", (path, text))` null,
            the text a String or Bytes ·
            `("stdin", "read_line", ())` a String without its line break, null at the end of input.
            """
