"""What `use tool x.y as Z` binds: a value that can be called."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from lumen.tools.call import ToolCalls


class Tool:
    """A tool by its name. Nothing is looked up before the first call, so a program may name tools it never calls."""

    __slots__ = ("_calls", "_name", "provider")

    _type_name = "Tool"

    def __init__(self, name: str, provider: str | None, calls: ToolCalls) -> None:
        self._name = name
        self.provider = provider
        """From `use tool x.y from "provider"`; goes before `lumen.toml`."""
        self._calls = calls

    def __call__(self, *args: Any, **named: Any) -> Coroutine[Any, Any, Any]:
        """Ask for an answer; for calls through a variable, which carry no `role` lines."""
        return self._calls.call(self, args, named, None, None)

    def __repr__(self) -> str:
        return f"<tool {self._name}>"
