"""Built-ins that reach out of the program. Each is made for one run, from its World (see `world.py`)."""

from __future__ import annotations

import os
import sys

from lumen.prelude.wrong import need_int, need_string
from lumen.values.display import represent, show
from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from lumen.prelude.world import World


def make_print(world: World) -> Callable[..., None]:
    """`print(a, b)`: the values as text with a space between, as one line."""
    out = world.print

    def print(*values: Any) -> None:
        out(show(values[0]) if len(values) == 1 else " ".join(map(show, values)))

    return print


def make_debug(world: World) -> Callable[[Any], Any]:
    """`debug(value)`: the value as a literal to the programmer (stderr); gives it back."""

    def debug(value: Any) -> Any:
        world.debug(represent(value))
        return value

    return debug


def make_breakpoint(world: World) -> Callable[[], None]:
    """`breakpoint()`: opens the debugger on this line.

    What the host has set as `sys.breakpointhook`, or the user as PYTHONBREAKPOINT, goes first. Such a debugger looks at
    its caller: there must be no frame of ours between it and the program's.
    """
    if sys.breakpointhook is not sys.__breakpointhook__ or os.environ.get("PYTHONBREAKPOINT"):
        return breakpoint
    return world.breakpoint


def make_emit(world: World) -> Callable[[Any], None]:
    """`emit x`: an event for the journal and for observers of the host."""
    return world.emit


def make_random(world: World) -> Callable[[], float]:
    """`random()`: a Float from 0 up to, not including, 1."""

    def random() -> float:
        return world.ask_now("random", "random", ())  # type: ignore[no-any-return]

    return random


def make_random_int(world: World) -> Callable[[Any, Any], int]:
    """`random_int(low, high)`: an Int, both ends possible."""

    def random_int(low: Any, high: Any) -> int:
        need_int("random_int", "low", low)
        need_int("random_int", "high", high)
        if low > high:
            raise Failure("value-error", f"`random_int` needs `low` to be at most `high`, got {low} and {high}")
        return world.ask_now("random", "random_int", (low, high))  # type: ignore[no-any-return]

    return random_int


def make_uuid(world: World) -> Callable[[], str]:
    """`uuid()`: a random UUID as text."""

    def uuid() -> str:
        return world.ask_now("random", "uuid", ())  # type: ignore[no-any-return]

    return uuid


def make_timestamp(world: World) -> Callable[[], float]:
    """`timestamp()`: seconds since 1970 as a Float."""

    def timestamp() -> float:
        return world.ask_now("time", "timestamp", ())  # type: ignore[no-any-return]

    return timestamp


def make_timestamp_ms(world: World) -> Callable[[], int]:
    """`timestamp_ms()`: milliseconds since 1970 as an Int."""

    def timestamp_ms() -> int:
        return world.ask_now("time", "timestamp_ms", ())  # type: ignore[no-any-return]

    return timestamp_ms


def make_get_env(world: World) -> Callable[..., Any]:
    """`get_env(name, default)`: a variable of the environment, else the default, which is null unless given."""

    def get_env(name: Any, default: Any = None) -> Any:
        need_string("get_env", "name", name)
        value = world.ask_now("env", "get_env", (name,))
        return default if value is None else value

    return get_env


def make_read_file(world: World) -> Callable[[Any], Awaitable[str]]:
    """`read_file(path)`: the text of a file, which must be UTF-8."""

    async def read_file(path: Any) -> str:
        need_string("read_file", "path", path)
        return await world.ask("fs", "read_file", (path,))  # type: ignore[no-any-return]

    return read_file


def make_write_file(world: World) -> Callable[[Any, Any], Awaitable[None]]:
    """`write_file(path, text)`: replaces the file; text is a String, Bytes, or any value as `print` shows it."""

    async def write_file(path: Any, text: Any) -> None:
        need_string("write_file", "path", path)
        await world.ask("fs", "write_file", (path, text if type(text) is bytes else show(text)))

    return write_file


def make_read_line(world: World) -> Callable[..., Awaitable[Any]]:
    """`read_line(prompt)`: the next line of input without its line break, null at the end. Prints the prompt first."""

    async def read_line(prompt: Any = None) -> Any:
        if prompt is not None:
            world.print(show(prompt))
        return await world.ask("stdin", "read_line", ())

    return read_line
