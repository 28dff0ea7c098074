"""What answers the calls of one tool."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lumen.tools.schema import Schema


class Provider:
    """A tool as the outside sees it.

    Invariant: `call` gets arguments that the schema has accepted, as Lumen values by name, and gives a Lumen value;
    whatever goes wrong is raised as a Failure with one of the codes of spec/tools.md.
    """

    __slots__ = ("call", "is_async", "is_idempotent", "is_instant", "is_scripted", "name", "schema", "takes_messages")

    def __init__(
        self,
        name: str,
        schema: Schema,
        call: Callable[[dict[str, Any]], Any],
        *,
        is_async: bool = False,
    ) -> None:
        self.name = name
        self.schema = schema
        self.call = call
        self.is_async = is_async
        """`call` is to be awaited on Trio; otherwise it may block, and gets a thread."""
        self.takes_messages = schema.takes("messages")
        """Whether `role` lines go along."""
        self.is_idempotent = False
        """Calling it twice does what calling it once does: `lumen resume` may make a call again that was under way."""
        self.is_scripted = False
        """Its answers were written down beforehand: nothing outside is reached."""
        self.is_instant = False
        """`call` may be made in the thread of the run: it is over at once."""
