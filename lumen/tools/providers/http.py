"""`http.get`, `http.post`, and so on, through httpx2 on Trio. Answers are maps: status, headers, body, json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lumen.tools.provider import Provider
from lumen.tools.schema import Parameter, Schema
from lumen.values.convert import from_python, to_python
from lumen.values.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT_TIMEOUT_MS = 30_000


_COMMON = (
    Parameter("url", ["String"]),
    Parameter("headers", ["map", "Null"], is_required=False),
    Parameter("params", ["map", "Null"], is_required=False),
    Parameter("timeout_ms", ["Float", "Null"], is_required=False),
    Parameter("follow_redirects", ["Bool"], is_required=False),
)
_BODY = (
    Parameter("body", ["String", "Bytes", "Null"], is_required=False),
    Parameter("json", is_required=False),
    Parameter("form", ["map", "Null"], is_required=False),
)


def provider_of(tool: str, settings: Mapping[str, Any]) -> Provider:
    """The provider of `http.<method>`. `settings` are `[providers.config.http]`: `timeout_ms`, `headers`."""
    method = tool.rpartition(".")[2].upper()
    has_body = method in ("POST", "PUT", "PATCH")
    schema = Schema((_COMMON[0], *_BODY, *_COMMON[1:]) if has_body else _COMMON, doc=f"HTTP {method}.")

    async def call(arguments: dict[str, Any]) -> Any:
        return await _request(tool, method, arguments, settings)

    return Provider(tool, schema, call, is_async=True)


async def _request(tool: str, method: str, arguments: dict[str, Any], settings: Mapping[str, Any]) -> Any:
    try:
        # 200 ms and a dependency; only programs that use HTTP need either.
        import httpx2
    except ImportError:
        raise Failure(
            "unavailable", f"tool `{tool}` needs the package httpx2; install it with: pip install 'lumen-lang[http]'"
        ) from None
    timeout_ms = arguments.get("timeout_ms")
    if timeout_ms is None:
        timeout_ms = settings.get("timeout_ms", _DEFAULT_TIMEOUT_MS)
    given = {name: to_python(value) for name, value in arguments.items() if value is not None}
    headers = {**settings.get("headers", {}), **_texts(given.get("headers", {}))}
    content: dict[str, Any] = {}
    if "json" in given:
        content["content"] = json.dumps(given["json"], ensure_ascii=False).encode("utf-8", "surrogatepass")
        headers.setdefault("content-type", "application/json")
    elif "form" in given:
        content["data"] = _texts(given["form"])
    elif "body" in given:
        content["content"] = given["body"]
    params = _texts(given["params"]) if "params" in given else None
    url = given["url"]
    try:
        follows = given.get("follow_redirects", True)
        async with httpx2.AsyncClient(timeout=timeout_ms / 1000, follow_redirects=follows) as client:
            response = await client.request(method, url, headers=headers, params=params, **content)
            body = response.text
    except httpx2.TimeoutException:
        raise Failure("timeout", f"{method} {url} took longer than {timeout_ms} ms") from None
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise Failure("invalid-args", f"{method} {url}: {error}") from None
    except httpx2.HTTPError as error:
        raise Failure("unavailable", f"{method} {url}: {error or type(error).__name__}") from None
    try:
        parsed = from_python(json.loads(body)) if body else None
    except ValueError:
        parsed = None
    return {"status": response.status_code, "headers": dict(response.headers), "body": body, "json": parsed}


def _texts(values: Any) -> dict[str, str]:
    """Headers and parameters as HTTP has them: text. Numbers and the like as they print."""
    texts = {}
    for name, value in values.items():
        if isinstance(value, bool):
            value = "true" if value else "false"
        texts[str(name)] = str(value)
    return texts
