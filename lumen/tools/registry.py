"""Which provider answers which tool.

In this order: providers registered by the host, the one named in `use tool … from "…"`, `[providers]` of the nearest
`lumen.toml`, those built in.
"""

from __future__ import annotations

from lumen.tools.provider import Provider
from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_BUILT_IN = {
    "http.get": "http",
    "http.post": "http",
    "http.put": "http",
    "http.patch": "http",
    "http.delete": "http",
}
_LATER = ("openai-compatible", "anthropic", "scripted", "mcp:")
"""Providers that the configuration may name and that come in a later version."""


class Registry:
    """The providers of one run; each is made once, at its first call."""

    def __init__(
        self,
        configured: Mapping[str, Any],
        program_dir: str,
        *,
        registered: Mapping[str, Callable[..., Any]] | None = None,
        config_path: str | None = None,
    ) -> None:
        """`configured` is `[providers]` of `config_path`; `registered` are callables of the host, by tool name."""
        self._configured = configured
        self._program_dir = program_dir
        self._registered = dict(registered or {})
        self._config_path = config_path
        self._made: dict[str, Provider] = {}
        self._settings: dict[str, Any] = {}
        config = configured.get("config")
        if isinstance(config, dict):
            self._settings = config

    def made(self, tool: str) -> Provider:
        """The provider of a tool that has been called before."""
        return self._made[tool]

    def provider(self, tool: str, wanted: str | None = None) -> Provider:
        """The provider of a tool.

        Raises:
            Failure: `tool-not-found`, saying what to put into `lumen.toml`; `unavailable` if it can't be loaded.
        """
        known = self._made.get(tool)
        if known is None:
            known = self._made[tool] = self._make(tool, wanted)
        return known

    def _make(self, tool: str, wanted: str | None) -> Provider:
        if tool in self._registered:
            from lumen.tools.providers.python import provider_of

            return provider_of(tool, self._registered[tool])
        spec = wanted or self._configured.get(tool) or _BUILT_IN.get(tool)
        if spec is None:
            raise Failure("tool-not-found", self._advice(tool))
        if not isinstance(spec, str):
            message = f"the provider of `{tool}` in {self._config_path} must be a string, not {spec!r}"
            raise Failure("tool-not-found", message)
        if spec.startswith("python:"):
            from lumen.tools.providers.python import load

            return load(tool, spec.removeprefix("python:"), self._program_dir)
        if spec == "http":
            from lumen.tools.providers.http import provider_of as http_provider

            return http_provider(tool, self._settings.get("http", {}))
        if spec.startswith(_LATER):
            raise Failure("not-supported", f"the provider `{spec}` of tool `{tool}` is not supported yet")
        raise Failure(
            "tool-not-found",
            f'tool `{tool}` has the unknown provider `{spec}`; known are "http" and "python:module:function"',
        )

    def _advice(self, tool: str) -> str:
        where = self._config_path or "a file `lumen.toml` beside the program"
        if tool.startswith("http."):
            return f"there is no tool `{tool}`; the built-in ones are {', '.join(_BUILT_IN)}"
        return (
            f"tool `{tool}` has no provider; name one in {where}, for example "
            f'[providers] "{tool}" = "python:module:function"'
        )
