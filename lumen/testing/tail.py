"""The journal of a test in words: its last events, and where two runs of it part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lumen.journal.jsonlines import parse
from lumen.testing.cassette import call_text, short_json

_WIDTH = 110
_SILENT = ('"event":"tasks"', '"event":"run_')


def readable(line: dict[str, Any], asked: dict[int, str]) -> str | None:
    """One line of a journal in words; None for those that say nothing to a user.

    Args:
        asked: the calls seen so far by their number; a call is added.
    """
    event = line["event"]
    if event == "ask":
        asked[line["id"]] = line["name"]
        text = f"asked     {call_text(line['kind'], line['name'], line['input'], _WIDTH)}"
    elif event == "answer":
        name = asked.get(line["id"], f"call {line['id']}")
        if line["outcome"] == "failure":
            text = f"failed    {name} [{line['failure']['code']}]: {_first_line(line['failure']['message'])}"
        elif line["outcome"] == "cancelled":
            text = f"cancelled {name}"
        else:
            text = f"answered  {name}: {short_json(line['value'], _WIDTH)}"
    elif event == "now" and line["kind"] == "tool":
        return None  # what a tool takes, not a call of it
    elif event == "now":
        value = short_json(line["value"]) if "value" in line else f"failure {line['failure']['code']}"
        text = f"asked     {call_text(line['kind'], line['name'], line['input'])} = {value}"
    elif event == "print":
        text = f"printed   {_one_line(line['text'])}"
    elif event == "emit":
        text = f"emitted   {short_json(line['value'], _WIDTH)}"
    elif event == "decision":
        text = f"decided   {line['kind']} {line['future']}: {short_json(line['result'], _WIDTH)}"
    elif event == "warn":
        text = f"warned    {line['text']}"
    elif event == "signal":
        text = f"stopped   {line['what']}"
    else:
        return None
    site = line.get("site")
    text = text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
    return text if not site else f"{text}  ({site[0]}:{site[1]})"


def _first_line(form: Any) -> str:
    text = form if type(form) is str else short_json(form)
    first, rest, _ = text.partition("\n")
    return first + (" …" if rest else "")


def _one_line(form: Any) -> str:
    return short_json(form, _WIDTH)


def tail(bodies: Sequence[str], count: int = 10) -> list[str]:
    """The last readable events of a journal."""
    asked: dict[int, str] = {}
    events = [body for body in bodies if not body.startswith(_SILENT) and not _is_about_a_tool(body)]
    left_out = max(0, len(events) - count)
    for body in events[:left_out]:
        if body.startswith('"event":"ask"'):  # what is answered later
            readable(parse("{" + body), asked)
    shown = [f"… {left_out:,} earlier events"] if left_out else []
    return [*shown, *(readable(parse("{" + body), asked) or "" for body in events[left_out:])]


def _is_about_a_tool(body: str) -> bool:
    return body.startswith('"event":"now"') and ',"kind":"tool",' in body


def parting(first: Sequence[str], second: Sequence[str]) -> list[str] | None:
    """Where two journals of the same test differ first, in words; None if they are the same byte for byte."""
    at = next((at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
    if at is None:
        if len(first) == len(second):
            return None
        at = min(len(first), len(second))
    lines = [f"event {at} of the journal is another in the second run:"]
    for name, bodies in (("first", first), ("second", second)):
        asked: dict[int, str] = {}
        for body in bodies[:at]:
            if body.startswith('"event":"ask"'):
                readable(parse("{" + body), asked)
        lines.append(f"  {name + ':':8}{_described(bodies[at], asked) if at < len(bodies) else 'the run has ended'}")
    return lines


def _described(body: str, asked: dict[int, str]) -> str:
    line = parse("{" + body)
    if line["event"] == "tasks":
        ops = line["ops"]
        shown = ", ".join(map(str, ops[:12])) + (", …" if len(ops) > 12 else "")
        return f"tasks run in another order (steps {shown})"
    if line["event"] == "run_end":
        return f"the end, with {short_json(line['value']) if 'value' in line else line['failure']['message']}"
    return readable(line, asked) or line["event"]
