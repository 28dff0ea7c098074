"""How two values differ, for a failed `assert_eq`: short ones side by side, long ones as a diff of their parts."""

from __future__ import annotations

from difflib import SequenceMatcher, unified_diff
from typing import Any

from lumen.diagnostics.excerpt import paint
from lumen.values.display import represent
from lumen.values.equality import from_key
from lumen.values.model import Record, Set, Variant

WIDTH = 72
"""A value whose literal is wider is written with a line for each part."""
MAX_LINES = 60
MAX_CHARS = 400
"""Longer lines are cut around the first difference."""
_MAX_PARTS = 20_000
"""Of larger values only this much is compared as text."""
_GREEN, _RED, _PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[0m"


def difference(actual: Any, expected: Any, *, colour: bool = False) -> list[str]:
    """Lines that show where two unequal values differ: `-` what was expected, `+` what came instead."""
    if type(actual) is str and type(expected) is str and ("\n" in actual or "\n" in expected):
        before, after = _text_lines(expected), _text_lines(actual)
        if before != after:  # not only in line breaks at the end
            return _block(before, after, colour)
    left, right = _flat(expected), _flat(actual)
    if left == right:
        return _look_alike(actual, expected, colour)
    if len(left) <= WIDTH and len(right) <= WIDTH:
        return _inline(left, right, colour)
    before, after = pretty(expected), pretty(actual)
    if len(before) == len(after) == 1:
        return _inline(*_around_difference(left, right), colour)
    return _block(before, after, colour)


def pretty(value: Any, indent: str = "", depth: int = 0) -> list[str]:
    """A value as lines: on one if it fits, else with a line for each of its parts."""
    flat = _flat(value)
    if len(indent) + len(flat) <= WIDTH or depth > 20:
        return [indent + flat]
    kind = type(value)
    inner = indent + "  "
    if kind in (list, tuple, Set):
        start, end = "[]" if kind is list else "()" if kind is tuple else "{}"
        parts = [pretty(item, inner, depth + 1) for item in value]
    elif kind is dict:
        start, end = "{", "}"
        parts = [_labelled(f"{represent(from_key(key))}: ", item, inner, depth) for key, item in value.items()]
    elif isinstance(value, Record) and value._fields:
        start, end = f"{value._name}(", ")"
        parts = [_labelled(f"{name}: ", getattr(value, name), inner, depth) for name in value._fields]
    elif isinstance(value, Variant) and value._fields:
        start, end = f"{value._name}(", ")"
        parts = [pretty(getattr(value, name), inner, depth + 1) for name in value._fields]
    else:
        return [indent + flat]
    lines = [indent + start]
    for part in parts:
        part[-1] += ","
        lines += part
    return [*lines, indent + end]


def _labelled(label: str, value: Any, indent: str, depth: int) -> list[str]:
    lines = pretty(value, indent, depth + 1)
    lines[0] = indent + label + lines[0].removeprefix(indent)
    return lines


def _flat(value: Any) -> str:
    return represent(value, _MAX_PARTS)


def _text_lines(text: str) -> list[str]:
    """The lines of a text, with what can't be seen made visible where it matters."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [_visible(line) for line in lines]


def _visible(line: str) -> str:
    """Control characters as their pictures, and trailing spaces as dots."""
    if not line.isprintable():
        line = "".join(c if c.isprintable() else chr(0x2400 + ord(c)) if ord(c) < 32 else "\ufffd" for c in line)
    kept = line.rstrip(" ")
    return kept + "·" * (len(line) - len(kept))


def _inline(left: str, right: str, colour: bool) -> list[str]:
    lines = [_removed(f"- {left}", colour), _added(f"+ {right}", colour)]
    at = _first_difference(left, right)
    if at > 8:
        lines.append("  " + " " * at + paint("^", "note", colour))
    return lines


def _first_difference(left: str, right: str) -> int:
    for at, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return at
    return min(len(left), len(right))


def _around_difference(left: str, right: str) -> tuple[str, str]:
    """Two long lines, cut to what is around their first difference."""
    if len(left) <= MAX_CHARS and len(right) <= MAX_CHARS:
        return left, right
    start = max(0, _first_difference(left, right) - MAX_CHARS // 4)

    def cut(text: str) -> str:
        shown = text[start : start + MAX_CHARS // 2]
        return f"{'…' if start else ''}{shown}{'…' if start + MAX_CHARS // 2 < len(text) else ''}"

    return cut(left), cut(right)


def _block(expected: list[str], actual: list[str], colour: bool) -> list[str]:
    """A unified diff, the headlines of which are left to what is written above it."""
    cut = False
    if len(expected) + len(actual) > _MAX_PARTS:
        # difflib takes minutes for these; the start of the difference is what matters.
        same = _common(expected, actual)
        expected, actual, cut = expected[max(0, same - 3) : same + 200], actual[max(0, same - 3) : same + 200], True
    lines = list(unified_diff(expected, actual, lineterm="", n=3))[2:]
    if cut:
        # What stands at the end of what was compared differs only because of that.
        last = max(at for at, line in enumerate(lines) if line.startswith("@@"))
        lines = lines[:last] if last else lines[:MAX_LINES]
    if len(lines) > 2 and lines[0].startswith("@@") and sum(line.startswith("@@") for line in lines) == 1:
        del lines[0]
    shown = [_painted(_short(line), colour) for line in lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        shown.append(f"… and {len(lines) - MAX_LINES:,} more lines")
    elif cut:
        shown.append("… the rest was not compared")
    return shown


def _common(left: list[str], right: list[str]) -> int:
    for at, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return at
    return min(len(left), len(right))


def _short(line: str) -> str:
    return line if len(line) <= MAX_CHARS else line[: MAX_CHARS - 1] + "…"


def _painted(line: str, colour: bool) -> str:
    if line.startswith("-"):
        return _removed(f"- {line[1:]}", colour)
    if line.startswith("+"):
        return _added(f"+ {line[1:]}", colour)
    return paint(line, "frame", colour) if line.startswith("@@") else f" {line}"


def _removed(text: str, colour: bool) -> str:
    return f"{_RED}{text}{_PLAIN}" if colour else text


def _added(text: str, colour: bool) -> str:
    return f"{_GREEN}{text}{_PLAIN}" if colour else text


def _look_alike(actual: Any, expected: Any, colour: bool) -> list[str]:
    """Unequal, but written in the same way: types of the same name, or things that equal only themselves."""
    shown = represent(expected, 40)
    if type(actual) is not type(expected):
        return [f"both are written `{shown}`, but they are values of two types of the same name"]
    return [f"both are written `{shown}`, but one of them, or a part of it, is only equal to itself"]


def likeness(left: str, right: str) -> float:
    """How alike two texts are, from 0 to 1; of long ones the first 2,000 characters count."""
    return SequenceMatcher(None, left[:2000], right[:2000], autojunk=False).quick_ratio()
