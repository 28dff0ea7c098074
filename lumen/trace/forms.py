"""Values as a journal holds them, as text in Lumen's own notation, clipped to what a reader can take in.

Works on the JSON forms themselves: nothing is decoded, so a value that is missing, damaged, or of a later version is
shown as far as it can be.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from lumen.journal.errors import JournalError

if TYPE_CHECKING:
    from lumen.journal.blobs import BlobStore

MAX_DEPTH = 24
"""Deeper values end in "…": nobody reads on, and it keeps recursion within Python's limit."""


class FormText:
    """Writes forms as text.

    Args:
        blobs: where large values are; without it, or if one is missing, its hash is shown instead.
        limit: characters after which a text is cut, saying how many are left.
    """

    def __init__(self, blobs: BlobStore | None = None, limit: int = 4_000) -> None:
        self._blobs = blobs
        self._limit = limit
        self._loaded: dict[str, str] = {}
        """Blob → its text: a value that is large once is often passed on."""

    def line(self, form: Any, limit: int | None = None) -> str:
        """On one line."""
        return clip(self._flat(form, 0), self._limit if limit is None else limit)

    def block(self, form: Any, width: int = 60) -> str:
        """On as many lines as it takes: what is longer than `width` is opened. A string stands as its own text."""
        if type(form) is str:
            return clip(form, self._limit)
        out: list[str] = []
        self._open(form, 0, width, "", "", out)
        return clip("\n".join(out), self._limit)

    def arguments(self, form: Any, limit: int = 200) -> str:
        """The input of a call, as between its parentheses; the short ones come first, for they tell calls apart."""
        if type(form) is dict and not any(key.startswith("$") for key in form):
            parts = sorted((f"{name}: {self._flat(item, 1)}" for name, item in form.items()), key=len)
        elif type(form) is list:
            parts = [self._flat(item, 1) for item in form]
        else:
            return "" if form is None else self.line(form, limit)
        return clip(", ".join(parts), limit)

    # --- flat ------------------------------------------------------------------------------------------------------

    def _flat(self, form: Any, depth: int) -> str:
        leaf = self._leaf(form)
        if leaf is not None:
            return leaf
        if depth > MAX_DEPTH:
            return "…"
        start, parts, end = self._parts(form)
        out = [start]
        size = 0
        for index, (label, item) in enumerate(parts):
            text = (", " if index else "") + label + self._flat(item, depth + 1)
            out.append(text)
            size += len(text)
            if size > self._limit:
                out.append(", …")
                break
        out.append(end)
        return "".join(out)

    def _leaf(self, form: Any) -> str | None:
        """The text of what has no parts; None for what has."""
        kind = type(form)
        if kind is str:
            return json.dumps(clip(form, self._limit), ensure_ascii=False)
        if form is None:
            return "null"
        if kind is bool:
            return "true" if form else "false"
        if kind in (int, float):
            return repr(form)
        if kind is list:
            return None
        if kind is dict and len(form) <= 2:
            return self._special(form)
        return None

    def _special(self, form: dict[str, Any]) -> str | None:
        for name, value in form.items():
            if name == "$float":
                return str(value)
            if name == "$secret":
                return "[secret]"
            if name == "$opaque":
                return str(value)
            if name == "$blob":
                return self._blob(str(value), form.get("size"))
            if name == "$bytes":
                return _bytes_text(value)
        return None

    def _blob(self, digest: str, size: Any) -> str:
        shown = f"{digest[:16]}…, {bytes_in_words(size)}" if type(size) is int else f"{digest[:16]}…"
        if self._blobs is None:
            return f"<large value {shown}>"
        text = self._loaded.get(digest)
        if text is None:
            try:
                inside = self._blobs.load(digest)
            except (JournalError, ValueError):
                text = f"<large value {shown}: its file is missing>"
            else:
                # One blob never names another; a journal that says so was not written by us.
                is_blob = type(inside) is dict and "$blob" in inside
                text = f"<large value {shown}>" if is_blob else self._flat(inside, 1)
            self._loaded[digest] = text
        return text

    def _parts(self, form: Any) -> tuple[str, list[tuple[str, Any]], str]:
        if type(form) is list:
            return "[", [("", item) for item in form], "]"
        if len(form) == 1:
            ((name, value),) = form.items()
            if name.startswith("$"):
                try:
                    return _special_parts(name, value)
                except (TypeError, ValueError, IndexError):
                    pass  # not what its name says: shown as the object it is
        return "{", [(f"{json.dumps(name, ensure_ascii=False)}: ", item) for name, item in form.items()], "}"

    # --- open ------------------------------------------------------------------------------------------------------

    def _open(self, form: Any, depth: int, width: int, label: str, after: str, out: list[str]) -> None:
        indent = "  " * depth
        flat = self._flat(form, depth)
        if len(indent) + len(label) + len(flat) <= width or self._leaf(form) is not None or depth > MAX_DEPTH:
            out.append(f"{indent}{label}{flat}{after}")
            return
        start, parts, end = self._parts(form)
        out.append(f"{indent}{label}{start}")
        for index, (name, item) in enumerate(parts):
            if sum(map(len, out[-50:])) > self._limit or len(out) > self._limit:
                out.append(f"{indent}  … {len(parts) - index:,} more")
                break
            self._open(item, depth + 1, width, name, ",", out)
        out.append(f"{indent}{end}{after}")


def _special_parts(name: str, value: Any) -> tuple[str, list[tuple[str, Any]], str]:
    if name == "$tuple":
        return "(", [("", item) for item in value], ",)" if len(value) == 1 else ")"
    if name == "$set":
        return "set(", [("", item) for item in value], ")"
    if name == "$map":
        return "{", [(f"{FormText().line(key, 200)}: ", item) for key, item in value], "}"
    if name == "$record":
        title, fields = value
        return f"{title}(", [(f"{field}: ", item) for field, item in fields], ")"
    if name == "$variant":
        _, title, fields = value
        if not fields:
            return str(title), [], ""
        return f"{title}(", [(f"{field}: ", item) for field, item in fields], ")"
    raise ValueError(name)


def _bytes_text(encoded: Any) -> str:
    try:
        data = base64.b64decode(encoded, validate=True)
    except (ValueError, TypeError):
        return json.dumps(encoded, ensure_ascii=False)
    return f'b"{data[:64].hex()}{"…" if len(data) > 64 else ""}" ({bytes_in_words(len(data))})'


def clip(text: str, limit: int) -> str:
    """The text, cut at `limit` characters; then it says how many are left."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text) - limit:,} more)" if limit >= 400 else f"{text[: limit - 1]}…"


def one_line(text: str, limit: int = 160) -> str:
    """Source text on one line, its spaces folded."""
    return clip(" ".join(text[: limit * 8].split()), limit)


def bytes_in_words(size: int) -> str:
    """A size for people: "812 bytes", "1.4 MB"."""
    if size < 1_000:
        return f"{size} bytes" if size != 1 else "1 byte"
    for unit, scale in (("kB", 1_000), ("MB", 1_000_000)):
        if size < scale * 999.5:
            return f"{size / scale:.3g} {unit}"
    return f"{size / 1_000_000_000:.3g} GB"


def duration_in_words(ns: int) -> str:
    """A time for people, to three digits: "812 ns", "1.25 ms", "2.5 s", "3 min 4 s", "2 h 5 min"."""
    if ns < 1_000:
        return f"{ns} ns" if ns else "0 s"
    for unit, scale, most in (("µs", 1_000, 999.5), ("ms", 1_000_000, 999.5), ("s", 1_000_000_000, 60)):
        if ns < scale * most:
            return f"{ns / scale:.3g} {unit}"
    seconds = round(ns / 1_000_000_000)
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"
