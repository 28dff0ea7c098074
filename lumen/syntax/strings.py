"""Escapes of string literals."""

from __future__ import annotations

import re

_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", '"': '"', "'": "'", "{": "{", "}": "}", "\n": ""}
_ESCAPE = re.compile(r"\\(u\{[^}\"\n]*\}?|x[0-9a-fA-F]{0,2}|.|\Z)", re.DOTALL)
_PLAIN_END = {
    '"': re.compile(r'(?:[^"\\{\n]|\\u\{[^}"\n]*\}|\\[^\n])*"'),
    "'": re.compile(r"(?:[^'\\{\n]|\\u\{[^}'\n]*\}|\\[^\n])*'"),
    '"""': re.compile(r'(?:[^"\\{]|\\u\{[^}"\n]*\}|\\.|"(?!""))*"""', re.DOTALL),
}


def closing_quote(text: str, start: int, quote: str) -> int:
    """Offset of the closing quote of a string without interpolation whose text begins at `start`; -1 if there is a `{`
    or no end."""
    found = _PLAIN_END[quote].match(text, start)
    return -1 if found is None else found.end() - len(quote)


def decode_escapes(text: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The text with its escapes decoded, and the faults as (offset, length, message).

    A bad escape stands for itself, so that the rest of the program can still be checked.
    """
    faults: list[tuple[int, int, str]] = []

    def replace(found: re.Match[str]) -> str:
        body = found.group(1)
        simple = _SIMPLE.get(body)
        if simple is not None:
            return simple
        if body[:1] == "x" and len(body) == 3:
            return chr(int(body[1:], 16))
        if body[:2] == "u{" and body.endswith("}"):
            digits = body[2:-1]
            if re.fullmatch("[0-9a-fA-F]{1,6}", digits):
                value = int(digits, 16)
                if value <= 0x10FFFF and not 0xD800 <= value <= 0xDFFF:
                    return chr(value)
            faults.append((found.start(), len(found.group()), f"`\\{body}` is not a character"))
        elif body[:1] == "x":
            faults.append((found.start(), len(found.group()), "`\\x` needs two hexadecimal digits"))
        elif body[:1] == "u":
            faults.append((found.start(), len(found.group()), "`\\u` is written `\\u{…}` with hexadecimal digits"))
        else:
            faults.append((found.start(), len(found.group()), f"unknown escape `\\{body}`"))
        return found.group()

    return _ESCAPE.sub(replace, text), faults
