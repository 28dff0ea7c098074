"""Which provider answers which tool.

In this order: providers registered by the host, the one named in `use tool … from "…"`, `[providers]` of the nearest
`lumen.toml`, `[providers.scripted]` there, those built in.

In tests the scripted answers come first, and a tool without a provider takes any arguments: whether its call may go
anywhere is then decided at the door, by the test.
"""

from __future__ import annotations

import os

from lumen.tools.provider import Provider
from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from lumen.tools.providers.scripted import CallCell
    from lumen.tools.schema import Schema

_BUILT_IN = {
    "http.get": "http",
    "http.post": "http",
    "http.put": "http",
    "http.patch": "http",
    "http.delete": "http",
}
_IDEMPOTENT = ("http.get", "http.put", "http.delete")
"""Those of them that may be called twice without harm, as HTTP defines these methods."""
_LATER = ("openai-compatible", "anthropic", "mcp:")
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
        is_test: bool = False,
        call_cell: CallCell | None = None,
    ) -> None:
        """
        Args:
            configured: `[providers]` of `config_path`.
            registered: callables of the host, by tool name.
            call_cell: runs a cell of a program file, for scripted answers that are one.
        """
        self._configured = configured
        self._program_dir = program_dir
        self._registered = dict(registered or {})
        self._config_path = config_path
        self._is_test = is_test
        self._call_cell = call_cell
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
            known.is_idempotent = self._is_idempotent(tool, known)
        return known

    def _is_idempotent(self, tool: str, provider: Provider) -> bool:
        """Whether its table says so; built-in tools and scripted answers need none."""
        given = self._configured.get(tool)
        said = given.get("idempotent") if isinstance(given, dict) else None
        if said is None:
            is_ours = given is None and tool not in self._registered
            return provider.is_scripted or (is_ours and tool in _IDEMPOTENT)
        return bool(said)

    def _make(self, tool: str, wanted: str | None) -> Provider:
        if tool in self._registered:
            from lumen.tools.providers.python import provider_of

            return provider_of(tool, self._registered[tool])
        if self._is_test:
            return self._make_for_test(tool, wanted)
        return self._make_real(tool, wanted)

    def _make_for_test(self, tool: str, wanted: str | None) -> Provider:
        from lumen.tools.scripted import ANY_ARGUMENTS

        real = None
        try:
            real = self._make_real(tool, wanted, may_be_scripted=False)
        except Failure:
            pass  # what it says only matters to calls that really go out; those are made outside tests as well
        if tool in self._scripted_table():
            return self._make_scripted(tool, None if real is None else real.schema)
        if real is None:
            real = Provider(tool, ANY_ARGUMENTS, lambda arguments: self._make_real(tool, wanted).call(arguments))
            real.takes_messages = True
        return real

    def is_scripted(self, tool: str) -> bool:
        """Whether a test has written answers to this tool, which then come before its provider."""
        return self._is_test and tool not in self._registered and tool in self._scripted_table()

    def _scripted_table(self) -> dict[str, Any]:
        if "scripted" not in self._configured:
            return {}
        from lumen.tools.providers.scripted import scripted_table

        return scripted_table(self._configured, self._config_path or "`lumen.toml`")

    def _make_scripted(self, tool: str, schema: Schema | None = None) -> Provider:
        from lumen.tools.providers.scripted import provider_of

        where = self._config_path or "`lumen.toml`"
        table = self._scripted_table()
        if tool not in table:
            message = f'tool `{tool}` has the provider "scripted", but [providers.scripted] of {where} has no answers'
            raise Failure("tool-not-found", message)
        directory = os.path.dirname(self._config_path) if self._config_path else self._program_dir
        return provider_of(
            tool, table[tool], where=where, directory=directory, schema=schema, call_cell=self._call_cell
        )

    def _make_real(self, tool: str, wanted: str | None, *, may_be_scripted: bool = True) -> Provider:
        spec = wanted or self._spec(tool)
        if spec == "scripted" or (spec is None and may_be_scripted and tool in self._scripted_table()):
            return self._make_scripted(tool)
        spec = spec or _BUILT_IN.get(tool)
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
            f"tool `{tool}` has the unknown provider `{spec}`; "
            'known are "http", "scripted" and "python:module:function"',
        )

    def _spec(self, tool: str) -> Any:
        """What `lumen.toml` says: `"…"`, or `{ provider = "…", idempotent = true }`."""
        spec = self._configured.get(tool)
        if not isinstance(spec, dict):
            return spec
        unknown = next((name for name in spec if name not in ("provider", "idempotent")), None)
        if unknown is not None or type(spec.get("idempotent", False)) is not bool:
            wrong = f"has no `{unknown}`" if unknown is not None else "takes true or false for `idempotent`"
            message = f"the table of `{tool}` in {self._config_path} {wrong}; write {{ provider, idempotent }}"
            raise Failure("tool-not-found", message)
        return spec.get("provider")

    def _advice(self, tool: str) -> str:
        where = self._config_path or "a file `lumen.toml` beside the program"
        if tool.startswith("http."):
            return f"there is no tool `{tool}`; the built-in ones are {', '.join(_BUILT_IN)}"
        return (
            f"tool `{tool}` has no provider; name one in {where}, for example "
            f'[providers] "{tool}" = "python:module:function"'
        )
