"""Counts and times of a run: `lumen trace stats`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from lumen.diagnostics.excerpt import paint
from lumen.trace.forms import FormText, bytes_in_words, clip, duration_in_words, one_line
from lumen.trace.scene import Item, Lane, Scene, place_in_words, scene_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lumen.journal.history import History

_SLOWEST = 5


def stats_of(history: History, path: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """The numbers, as plain data for `--format json`. Times are in nanoseconds.

    Args:
        path: the journal's file, for its size.
    """
    scene = scene_of(history)
    calls = [(lane, item) for lane in scene.lanes for item in lane.calls()]
    end = history.end
    kinds: dict[str, int] = {}
    for event in history.events:
        kinds[event.kind] = kinds.get(event.kind, 0) + 1
    outcomes = [span.outcome for span in history.tasks.values()]
    return {
        "program": history.header.get("main"),
        "mode": "deterministic" if history.is_virtual else "eager",
        "outcome": None if end is None else end.data.get("outcome"),
        "torn": history.torn,
        "duration_ns": history.duration_ns,
        "events": len(history.events),
        "kinds": dict(sorted(kinds.items())),
        "tasks": {
            "total": len(outcomes),
            "failed": outcomes.count("failure"),
            "cancelled": outcomes.count("cancelled"),
            "unfinished": outcomes.count(None),
        },
        "calls": _calls(item for _, item in calls) | {"retries": _retries(calls)},
        "tools": _by_tool(calls),
        "cells": _by_cell(scene),
        "slowest": _slowest(calls, FormText(history.blobs, 200)),
        "journal": _sizes(history, path),
    }


def _calls(items: Iterable[Item]) -> dict[str, Any]:
    listed = list(items)
    times = sorted(taken for item in listed if (taken := _taken(item)) is not None)
    return {
        "total": len(listed),
        "failed": sum(item.outcome == "failure" for item in listed),
        "cancelled": sum(item.outcome == "cancelled" for item in listed),
        "unanswered": sum(item.outcome is None for item in listed),
        "total_ns": sum(times),
        "median_ns": times[len(times) // 2] if times else None,
        "longest_ns": times[-1] if times else None,
    }


def _taken(item: Item) -> int | None:
    """How long a call took: outside if that was measured, else until its answer was taken."""
    return item.took_ns if item.took_ns is not None else item.duration_ns


def _name(item: Item) -> str:
    data = item.event.data
    kind, name = str(data.get("kind")), str(data.get("name") or "")
    return name if kind == "tool" and name else f"{kind}.{name}" if name and name != kind else kind


def _by_tool(calls: Sequence[tuple[Lane, Item]]) -> dict[str, Any]:
    groups: dict[str, list[tuple[Lane, Item]]] = {}
    for lane, item in calls:
        groups.setdefault(_name(item), []).append((lane, item))
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return {name: _calls(item for _, item in group) | {"retries": _retries(group)} for name, group in ordered}


def _retries(calls: Sequence[tuple[Lane, Item]]) -> int:
    """Calls that ask again, with the same arguments and from the same place, what has failed before."""
    failed: set[tuple[object, ...]] = set()
    retries = 0
    for lane, item in sorted(calls, key=lambda call: call[1].start_at):
        data = item.event.data
        site = data.get("site") or ()
        parent = lane.number if lane.parent is None else lane.parent.number
        given = repr(data.get("input"))
        key = (_name(item), given, *site[:3], lane.number), (_name(item), given, *site[:3], "beside", parent)
        retries += key[0] in failed or key[1] in failed
        if item.outcome == "failure":
            failed.add(key[0])
            failed.add(key[1])
    return retries


def _by_cell(scene: Scene) -> dict[str, Any]:
    groups: dict[str, list[Lane]] = {}
    for lane in scene.lanes:
        if lane.inner.kind == "task":
            groups.setdefault(_cell(lane, scene.entry), []).append(lane)
    out = {}
    for name, lanes in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        times = sorted(lane.duration_ns for lane in lanes if lane.duration_ns is not None)
        outcomes = [lane.inner.outcome for lane in lanes]
        out[name] = {
            "total": len(lanes),
            "failed": outcomes.count("failure"),
            "cancelled": outcomes.count("cancelled"),
            "unfinished": outcomes.count(None),
            "total_ns": sum(times),
            "median_ns": times[len(times) // 2] if times else None,
            "longest_ns": times[-1] if times else None,
        }
    return out


def _cell(lane: Lane, entry: str) -> str:
    """The name of the cell that a task runs, as far as the source of its site says."""
    if lane.site is None:
        return entry if lane.number == 1 else "task"
    if lane.branch is not None and lane.inner is lane.span and lane.parent is not None:
        return f"(branch of {lane.parent.inner.kind})"  # its code stands in the cell that has the construct
    text = one_line(lane.inner.operation, 400)
    for word in ("await ", "spawn "):
        text = text.removeprefix(word)
    if text.startswith("spawn("):
        text = text[len("spawn(") :].lstrip()
    name = text.partition("(")[0].strip()
    return name if name.replace(".", "_").isidentifier() else clip(text, 40)


def _slowest(calls: Sequence[tuple[Lane, Item]], forms: FormText) -> list[dict[str, Any]]:
    timed = [(taken, lane, item) for lane, item in calls if (taken := _taken(item)) is not None]
    timed.sort(key=lambda call: (-call[0], call[2].start_at))
    return [
        {
            "seq": item.event.seq,
            "name": _name(item),
            "input": forms.arguments(item.event.data.get("input"), 120),
            "outcome": item.outcome,
            "task": lane.number,
            "place": place_in_words(item.event.data.get("site")),
            "took_ns": taken,
        }
        for taken, lane, item in timed[:_SLOWEST]
    ]


def _sizes(history: History, path: str | os.PathLike[str] | None) -> dict[str, Any]:
    size = blobs = None
    if path is not None:
        try:
            size = os.path.getsize(path)
        except OSError:
            pass
    if history.blobs is not None:
        names = history.blobs.names()
        blobs = {"count": len(names), "bytes": 0}
        for name in names:
            try:
                blobs["bytes"] += os.path.getsize(os.path.join(history.blobs.folder, name))
            except OSError:
                pass
    events = len(history.events)
    per_event = round(size / events, 1) if size is not None and events else None
    return {"lines": history.lines, "bytes": size, "bytes_per_event": per_event, "blobs": blobs}


def stats_text(stats: dict[str, Any], *, colour: bool = False) -> list[str]:
    """The numbers as tables."""
    journal = stats["journal"]
    tasks = stats["tasks"]
    calls = stats["calls"]
    virtual = " of virtual time" if stats["mode"] == "deterministic" else ""
    outcome = {"value": "finished", "failure": "failed", None: "cut off"}.get(stats["outcome"], stats["outcome"])
    size = "" if journal["bytes"] is None else f", {bytes_in_words(journal['bytes'])}"
    per_event = journal["bytes_per_event"]
    rows = [
        ("run", f"{stats['program']}, {stats['mode']}, {outcome}, {duration_in_words(stats['duration_ns'])}{virtual}"),
        ("tasks", _phrase(tasks, ("failed", "cancelled", "unfinished"))),
        ("calls", _phrase(calls, ("failed", "cancelled", "unanswered", "retries"))),
        (
            "journal",
            f"{stats['events']:,} events in {journal['lines']:,} lines{size}"
            + ("" if per_event is None else f", {per_event:g} bytes per event"),
        ),
    ]
    if journal["blobs"] and journal["blobs"]["count"]:
        count = journal["blobs"]["count"]
        words = f"{count:,} large value{'' if count == 1 else 's'}"
        rows.append(("", f"{words}, {bytes_in_words(journal['blobs']['bytes'])}"))
    lines = [f"{paint(f'{name:8}', 'bold', colour)}{text}" for name, text in rows]
    if stats["tools"]:
        columns = "calls failed cancelled retries median longest all".split()
        lines += ["", *_table("tool", columns, stats["tools"], colour)]
    if stats["cells"]:
        columns = "tasks failed cancelled median longest all".split()
        lines += ["", *_table("cell", columns, stats["cells"], colour)]
    if stats["slowest"]:
        lines += ["", paint("slowest calls", "bold", colour)]
        for call in stats["slowest"]:
            mark = {"failure": "  failed", "cancelled": "  cancelled"}.get(call["outcome"], "")
            where = f"  ({call['place']})" if call["place"] else ""
            took = duration_in_words(call["took_ns"])
            lines.append(f"{took:>10}  {call['seq']:>5}  {call['name']}({call['input']}){mark}{where}")
    return lines


def _phrase(counts: dict[str, Any], names: Sequence[str]) -> str:
    parts = [f"{counts['total']:,}", *(f"{counts[name]:,} {name}" for name in names if counts[name])]
    return ", ".join(parts)


def _table(title: str, columns: Sequence[str], groups: dict[str, Any], colour: bool) -> list[str]:
    keys = {"calls": "total", "tasks": "total", "median": "median_ns", "longest": "longest_ns", "all": "total_ns"}
    names = {name: clip(name, 40) for name in groups}
    width = max(len(title), *map(len, names.values())) + 2
    lines = [paint(f"{title:{width}}" + "".join(f"{name:>11}" for name in columns), "bold", colour)]
    for name, group in groups.items():
        cells = []
        for column in columns:
            key = keys.get(column, column)
            value = group[key]
            text = "" if value is None else duration_in_words(value) if key.endswith("_ns") else f"{value:,}"
            cells.append(f"{text:>11}")
        lines.append(f"{names[name]:{width}}{''.join(cells)}".rstrip())
    return lines
