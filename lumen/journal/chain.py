"""The chain that holds a journal together.

    {"chain":"<32 hex digits>","event":…,"seq":0}\\n

`chain` is the first half of the SHA-256 of the chain before (32 zeros at first) and of the rest of the line: the line
without `"chain":"…",` and without its newline. Of the first line, the member `recorded` (when, where) is left out of
what is hashed, so that two runs of a deterministic program have the same chains.
"""

from __future__ import annotations

from hashlib import sha256

from lumen.journal.jsonlines import canonical, parse

FORMAT = 1
"""The version of the format that this Lumen writes; it reads this one and all before."""
MAGIC = b'{"chain":"'
"""What every line begins with."""
FIRST_CHAIN = b"0" * 32
BODY_AT = len(MAGIC) + 32 + len(b'",')
"""Where the rest of a line begins, its brace left out."""


def chain_of(before: bytes, rest: bytes) -> bytes:
    """The chain of a line, given that of the line before and its own rest, brace included."""
    return sha256(before + rest).hexdigest()[:32].encode()


def header_parts(rest: str) -> tuple[bytes, bytes]:
    """The rest of a first line in canonical form, and what is hashed of it: everything but `recorded`.

    Raises:
        ValueError: it is not a JSON object.
    """
    header = parse(rest)
    if type(header) is not dict:
        raise ValueError("not an object")
    whole = utf8(canonical(header))
    header.pop("recorded", None)
    return whole, utf8(canonical(header))


def utf8(text: str) -> bytes:
    """A line's bytes. Lone surrogates, which JSON texts hold only inside strings, become escapes."""
    return text.encode("utf-8", "backslashreplace")
