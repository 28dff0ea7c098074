"""What a journal never writes down.

Three sources of secrets: environment variables whose name says so, fields that a record marks `@secret`, and what
stands under a key such as `authorization` in what goes out. The first two are remembered, and their text is replaced
wherever it turns up later in the run: in a header, a URL, an error message, a print. A run that is replayed gets
`[secret]` where the secret was, and replaces it again before anything is compared, so redaction alone never makes a
replay diverge. What a program computes *from* a secret (its length, a signature) can't be recognised.
"""

from __future__ import annotations

from lumen.values.equality import from_key
from lumen.values.model import Record, Set, Variant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SHOWN = "[secret]"
MIN_LENGTH = 4
"""Shorter texts are in too many others."""
_PLAIN = frozenset({"true", "false", "none", "null"})
"""Values of variables such as USE_AUTH, which hide nothing."""
_SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "AUTH", "AUTHORIZATION", "PASSPHRASE")
_CREDENTIALS = frozenset(
    "authorization proxyauthorization cookie setcookie xapikey apikey password token secret".split()
)


class Scrubber:
    """The secrets of one run."""

    __slots__ = ("_credentials", "_names", "_secrets")

    def __init__(self) -> None:
        self._secrets: list[str] = []
        """Longest first, so that one which contains another is replaced whole."""
        self._names: dict[str, bool] = {}
        self._credentials: dict[str, bool] = {}

    @property
    def knows_nothing(self) -> bool:
        """Whether there is nothing to hide so far."""
        return not self._secrets

    def hide(self, text: str) -> str:
        """The text with every secret known so far replaced by `[secret]`."""
        for secret in self._secrets:
            if secret in text:
                return self._hide(text)
        return text

    def _hide(self, text: str) -> str:
        # What is hidden already takes no part in a match, so hiding twice gives what hiding once gives.
        parts = text.split(SHOWN)
        for secret in self._secrets:
            if secret in text:
                parts = [piece for part in parts for piece in part.split(secret)]
        return SHOWN.join(parts)

    def remember(self, value: Any) -> None:
        """Hide this value from now on: a String, and every String inside a list, map or record."""
        todo = [value]
        while todo:
            item = todo.pop()
            kind = type(item)
            if kind is str:
                self._add(item)
            elif kind is bytes:
                self._add(item.decode("latin-1"))
            elif kind is list or kind is tuple or kind is Set:
                todo.extend(item)
            elif kind is dict:
                todo.extend(map(from_key, item))
                todo.extend(item.values())
            elif isinstance(item, Record | Variant):
                todo.extend([getattr(item, field) for field in item._fields])

    def _add(self, text: str) -> None:
        # The lines of a longer secret (a private key) may turn up alone.
        for part in {text, text.strip(), *text.splitlines()}:
            if len(part) < MIN_LENGTH or part.lower() in _PLAIN or part in SHOWN or part in self._secrets:
                continue
            self._secrets.append(part)
        self._secrets.sort(key=lambda secret: (-len(secret), secret))

    def is_secret_variable(self, name: str) -> bool:
        """Whether an environment variable of this name holds a secret: `GITHUB_TOKEN`, `MY_APIKEY`, `DB_PASSWORDS`."""
        known = self._names.get(name)
        if known is None:
            words = "".join([char if char.isalnum() else " " for char in name.upper()]).split()
            known = any(
                word.endswith(_SECRET_WORDS) or word.removesuffix("S").endswith(_SECRET_WORDS) for word in words
            )
            self._names[name] = known
        return known

    def is_credential(self, key: str) -> bool:
        """Whether what stands under this key of an input is left out: `Authorization`, `x-api-key`, `api_key`, …"""
        known = self._credentials.get(key)
        if known is None:
            known = len(key) < 40 and "".join([char for char in key.lower() if char not in "-_ "]) in _CREDENTIALS
            if len(self._credentials) < 10_000:
                self._credentials[key] = known
        return known
