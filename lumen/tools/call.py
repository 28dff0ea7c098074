"""Tool calls: check, then ask at the door."""

from __future__ import annotations

from lumen.tools.schema import Schema
from lumen.tools.tool import Tool
from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Any

    from lumen.kernel.kernel import Kernel
    from lumen.kernel.messages import Site
    from lumen.tools.registry import Registry
    from lumen.tools.scripted import ScriptedCalls

    Messages = list[tuple[str, Any]]
    """`role` lines so far: (role, text)."""


class ToolCalls:
    """The tool calls of one run."""

    __slots__ = ("_kernel", "_known", "_registry", "_scripted", "registry_of", "wanted")

    def __init__(self, kernel: Kernel, registry_of: Callable[[], Registry]) -> None:
        self._kernel = kernel
        self._known: dict[str, tuple[Schema, bool]] = {}
        self.wanted: dict[str, str | None] = {}
        """The provider that the program names, by tool."""
        self.registry_of = registry_of
        """Makes the registry at the first call: it reads `lumen.toml`."""
        self._registry: Registry | None = None
        self._scripted: ScriptedCalls | None = None

    @property
    def registry(self) -> Registry:
        """Which tool has which provider."""
        if self._registry is None:
            self._registry = self.registry_of()
        return self._registry

    def declare(self, name: str, provider: str | None = None) -> Tool:
        """`use tool name from "provider"`."""
        return Tool(name, provider, self)

    def with_roles(self, messages: Messages | None, *own: tuple[str, Any]) -> Messages:
        """`Chat(role user: …)`: the messages of the call go after those of the cell."""
        if messages is None:
            return list(own)
        messages.extend(own)
        return messages

    def with_tools(self, answers: Any, body: Callable[[], Any], site: Site | None = None) -> Awaitable[Any]:
        """`with_tools(answers) … end`; see `ScriptedCalls.run`."""
        if self._scripted is None:
            from lumen.tools.scripted import ScriptedCalls

            self._scripted = ScriptedCalls(self._kernel)
        return self._scripted.run(answers, body, site)

    async def call(
        self,
        tool: Any,
        args: Sequence[Any],
        named: dict[str, Any] | None,
        messages: Messages | None,
        site: Site | None,
    ) -> Any:
        """Call a tool and suspend until it answers.

        Args:
            messages: `role` lines; used up (emptied) when the tool takes them and the call gives no `messages` itself.
        """
        named = named or {}
        if not isinstance(tool, Tool):
            # A variable that hides the alias.
            found = tool(*args, **named)
            return await found if hasattr(found, "__await__") else found
        if self._scripted is not None:
            found = self._scripted.find(tool._name)
            if found is not None:
                bound = self._bound_freely(tool, args, named, messages)
                return await self._scripted.answer(tool._name, found, bound)
        schema, takes_messages = self._known.get(tool._name) or self._look_up(tool)
        if messages and takes_messages and "messages" not in named:
            named = {**named, "messages": _messages(messages)}
            messages.clear()
        bound = schema.bind(tool._name, args, named)
        return await self._kernel.ask("tool", tool._name, bound, site)

    def _look_up(self, tool: Tool) -> tuple[Schema, bool]:
        """What a tool takes. Asked for at the door, so that a replay needs no provider."""
        form = self._kernel.ask_now("tool", tool._name, (tool.provider,))
        self.wanted[tool._name] = tool.provider
        known = self._known[tool._name] = Schema.from_form(form), form["messages"]
        return known

    def described(self, name: str, wanted: str | None) -> dict[str, Any]:
        """The answer to that question: the form of the schema, and whether `role` lines go along as `messages`.

        Raises:
            Failure: as `Registry.provider`.
        """
        provider = self.registry.provider(name, wanted)
        return {**provider.schema.to_form(), "messages": provider.takes_messages}

    def _bound_freely(
        self, tool: Tool, args: Sequence[Any], named: dict[str, Any], messages: Messages | None
    ) -> dict[str, Any]:
        """The arguments of a call that a `with_tools` block answers: by the tool's schema if it has a provider."""
        from lumen.tools.scripted import ANY_ARGUMENTS

        schema, takes_messages = ANY_ARGUMENTS, True
        try:
            schema, takes_messages = self._known.get(tool._name) or self._look_up(tool)
        except Failure:
            pass  # nothing provides it, and nothing needs to
        if messages and takes_messages and "messages" not in named:
            named = {**named, "messages": _messages(messages)}
            messages.clear()
        return schema.bind(tool._name, args, named)


def _messages(lines: Messages) -> list[dict[str, str]]:
    return [{"role": role, "content": _text(text)} for role, text in lines]


def _text(value: Any) -> str:
    if type(value) is not str:
        raise Failure("type-mismatch", "a `role` line must be text")
    return value.strip()
