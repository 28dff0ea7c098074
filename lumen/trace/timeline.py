"""A run as one HTML page that needs nothing else: `lumen trace timeline`.

The page is put together from the files in `page/`. What is in the journal goes into it as JSON, in columns, with each
text only once; the script there draws it. A content security policy with the hashes of our own script and style keeps
anything else from running, whatever a journal may hold.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lumen import __version__
from lumen.trace.forms import FormText, clip, duration_in_words
from lumen.trace.scene import Item, Lane, Scene, decision_in_words, failure_of, is_bad_end, scene_of, signal_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumen.journal.history import History

_PAGE = Path(__file__).parent / "page"
_SCRIPTS = ("data.js", "draw.js", "tree.js", "panel.js", "main.js")
_KINDS = "run sleep tool fs stdin extern call print emit now decision cancel warn signal aside other".split()
_MARKS = (None, "won", "lost", "failed", "cancelled", "timed out", "running")
_OUTCOMES = {None: 0, "value": 1, "failure": 2, "cancelled": 3}
_VALUE_CHARS = 4_000
"""Of each argument, result and printed text, so many characters are in the page; the journal has the rest."""


def timeline_html(history: History, *, name: str, notes: Sequence[str] = ()) -> str:
    """The page.

    Args:
        name: of the journal, shown with the run.
        notes: warnings for the reader, such as that the journal is torn.
    """
    scene = scene_of(history)
    style = (_PAGE / "style.css").read_text("utf-8")
    script = "(() => {\n'use strict';\n" + "\n".join((_PAGE / s).read_text("utf-8") for s in _SCRIPTS) + "\n})();\n"
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    heading = Path(str(history.header.get("main") or name)).name
    parts = {
        "csp": policy,
        "generator": _text(f"lumen {__version__}"),
        "title": _text(f"{heading}: timeline"),
        "heading": _text(heading),
        "badge": _badge(history),
        "facts": "".join(f"<div><dt>{_text(term)}</dt><dd>{_text(fact)}</dd></div>" for term, fact in _facts(scene)),
        "notes": "".join(f'<p class="note">{_text(note)}</p>' for note in notes) + _end_note(history),
        "style": style,
        "data": _as_data(_Columns(scene, name, heading).data()),
        "script": script,
    }
    template = (_PAGE / "page.html").read_text("utf-8")
    return re.sub(r"\$(\w+)", lambda found: parts[found[1]], template)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _text(text: str) -> str:
    """For between tags and in attributes, whatever is in it."""
    visible = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return html.escape(visible)


def _as_data(value: object) -> str:
    """JSON that can stand in a script element: nothing in it can end the element. Lone surrogates become escapes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _badge(history: History) -> str:
    end = history.end
    if end is None:
        return '<span class="badge cut">cut off</span>'
    if end.data.get("outcome") == "value":
        return '<span class="badge good">finished</span>'
    failure = failure_of(end.data)
    return f'<span class="badge bad">failed: {_text("?" if failure is None else failure.code)}</span>'


def _end_note(history: History) -> str:
    end = history.end
    if end is None:
        return '<p class="note">The journal ends before the run does: it was killed, or is still running.</p>'
    failure = failure_of(end.data)
    return "" if failure is None else f'<p class="note bad">{_text(clip(str(failure), 600))}</p>'


def _facts(scene: Scene) -> list[tuple[str, str]]:
    history = scene.history
    header = history.header
    took = duration_in_words(history.duration_ns)
    facts = [
        ("Mode", "deterministic" if history.is_virtual else "eager"),
        ("Virtual time" if history.is_virtual else "Took", took),
        ("Tasks", f"{len(history.tasks):,}"),
        ("Outside calls", f"{len(history.asks):,}"),
        ("Events", f"{len(history.events):,}"),
    ]
    if header.get("seed") is not None:
        facts.append(("Seed", str(header["seed"])))
    recorded = header.get("recorded")
    if isinstance(recorded, dict) and recorded.get("at"):
        facts.append(("Recorded", str(recorded["at"]).replace("T", " ").replace("Z", " UTC")))
    return facts


class _Columns:
    """Turns a scene into columns of numbers and a table of texts."""

    def __init__(self, scene: Scene, name: str, title: str) -> None:
        self.scene = scene
        self.name = name
        self.title = title
        self.texts: dict[str, int] = {}
        self.forms = FormText(scene.history.blobs, _VALUE_CHARS)
        sources = scene.history.header.get("sources")
        self.files: dict[str, int] = {}
        self.file_texts: list[str | None] = []
        main = scene.history.header.get("main")
        known = dict(sources) if isinstance(sources, dict) else {}
        for path in sorted(known, key=lambda path: (path != main, path)):
            self.files[path] = len(self.files)
            self.file_texts.append(known[path] if isinstance(known[path], str) else None)
        self.end_ns = scene.history.duration_ns
        self.end_at = len(scene.history.events)

    def data(self) -> dict[str, Any]:
        """What the script reads."""
        lanes = self.scene.lanes
        if self.scene.loose and lanes:
            # What is nobody's happened to the run as a whole: it stands in the first lane.
            lanes[0].items = sorted([*lanes[0].items, *self.scene.loose], key=lambda item: item.start_at)
        rows = self._rows(lanes)
        items = self._items(lanes)
        return {
            "version": 1,
            "run": self._run(items["t0"]),
            "rows": rows,
            "items": items,
            "files": [[path, self.file_texts[index]] for path, index in self.files.items()],
            "text": list(self.texts),
        }

    def _run(self, times: list[int]) -> dict[str, Any]:
        history = self.scene.history
        header = history.header
        end = history.end
        outcome = None if end is None else str(end.data.get("outcome"))
        failure = None if end is None else failure_of(end.data)
        recorded = header.get("recorded")
        recorded = recorded if isinstance(recorded, dict) else {}
        if failure is not None:
            result = str(failure)
        else:
            result = "" if end is None or end.data.get("value") is None else self.forms.block(end.data["value"])
        place = None
        if failure is not None and failure.site is not None and failure.site[0] in self.files:
            place = self._place(failure.site)
        return {
            "title": f"{self.title}, {self.scene.entry}",
            "journal": self.name,
            "path": str(recorded.get("program") or ""),
            "recorded": str(recorded.get("at") or ""),
            "hash": str(header.get("program") or "")[:16],
            "input": self.forms.arguments(header.get("input"), 2_000) if header.get("input") else "",
            "outcome": outcome,
            "result": clip(result, _VALUE_CHARS),
            "place": place,
            "virtual": history.is_virtual,
            "duration": self.end_ns,
            "events": self.end_at,
            # Where little virtual time passes, only the order tells events apart.
            "axis": "time" if self.end_ns and len(set(times)) > 2 else "order",
        }

    def _rows(self, lanes: list[Lane]) -> dict[str, list[Any]]:
        number_of = {id(lane): index for index, lane in enumerate(lanes)}
        names = "parent number kind label t0 t1 s0 s1 outcome mark note file line col".split()
        rows: dict[str, list[Any]] = {name: [] for name in names}
        for lane in lanes:
            span = lane.span
            known = lane.start_ns is not None
            decision = span.decision
            note = -1
            if decision is not None:
                note = self._index(decision_in_words(span.kind, decision.data.get("result")))
            file, line, column = self._place(lane.site)
            fields = (
                -1 if lane.parent is None else number_of[id(lane.parent)],
                "·".join(map(str, lane.numbers)),
                lane.kind,
                self._index(lane.label(self.scene.entry)),
                lane.start_ns if known else -1,
                (self.end_ns if lane.end_ns is None else lane.end_ns) if known else -1,
                lane.start_at if known else -1,
                (self.end_at if lane.end_at is None else lane.end_at) if known else -1,
                _OUTCOMES.get(span.outcome, 0),
                _MARKS.index(lane.mark),
                note,
                file,
                line,
                column,
            )
            for name, value in zip(names, fields, strict=True):
                rows[name].append(value)
        return rows

    def _items(self, lanes: list[Lane]) -> dict[str, list[Any]]:
        names = "row type t0 t1 s0 s1 seq name input output status took file line col".split()
        columns: list[list[Any]] = [[] for _ in names]
        appends = [column.append for column in columns]
        for row, lane in enumerate(lanes):
            for item in lane.items:
                is_open = item.end_at is None
                kind, name, given, result, status = self._told(item)
                took = -1 if item.took_ns is None else item.took_ns
                fields = (
                    row,
                    kind,
                    item.start_ns,
                    self.end_ns if item.end_ns is None else item.end_ns,
                    item.start_at,
                    self.end_at if item.end_at is None else item.end_at,
                    item.event.seq,
                    name,
                    given,
                    result,
                    4 if is_open else status,
                    took,
                    *self._place(item.event.data.get("site")),
                )
                for append, value in zip(appends, fields, strict=True):
                    append(value)
        return dict(zip(names, columns, strict=True))

    def _told(self, item: Item) -> tuple[int, int, int, int, int]:
        """Of an item: its type, and the indexes of its name, what went in and what came out, and its status."""
        kind = item.kind
        data = item.event.data
        if kind in ("run", "sleep", "aside"):
            name = {"run": "runs", "sleep": "sleeps", "aside": "steps aside for others"}[kind]
            return _KINDS.index(kind), self._index(name), -1, -1, 0
        if kind == "call":
            sort = str(data.get("kind"))
            type_ = _KINDS.index(sort if sort in ("tool", "fs", "stdin", "extern") else "call")
            answer = {} if item.answer is None else item.answer.data
            status = _OUTCOMES.get(item.outcome, 0)
            return type_, self._index(str(data.get("name") or sort)), self._input(data), self._came(answer), status
        if kind == "now":
            name = str(data.get("name") or data.get("kind"))
            status = 2 if data.get("failure") is not None else 1
            return _KINDS.index(kind), self._index(name), self._input(data), self._came(data), status
        type_ = _KINDS.index(kind if kind in _KINDS else "other")
        if kind == "print" or kind == "warn":
            return type_, self._index(kind), self._index(clip(str(data.get("text")), _VALUE_CHARS)), -1, 0
        if kind == "emit":
            return type_, self._index(kind), self._index(self.forms.block(data.get("value"))), -1, 0
        if kind == "decision":
            result = data.get("result")
            words = decision_in_words(str(data.get("kind")), result)
            return type_, self._index("decides"), self._index(words), -1, 2 if is_bad_end(result) else 1
        if kind == "cancel":
            by = data.get("by")
            words = f"asked for by task #{by}" if by else "asked for by the construct or run around it"
            return type_, self._index("cancelled"), self._index(words), -1, 0
        if kind == "signal":
            words = signal_in_words(data.get("what"))
            return type_, self._index("the run is cancelled"), self._index(words), -1, 0
        rest = {key: value for key, value in data.items() if key not in ("chain", "seq", "event", "task", "site")}
        return type_, self._index(kind), self._index(self.forms.block(rest)), -1, 0

    def _input(self, data: dict[str, Any]) -> int:
        given = data.get("input")
        return -1 if given in (None, {}, []) else self._index(self._block(given))

    def _came(self, data: dict[str, Any]) -> int:
        failure = failure_of(data)
        if failure is not None:
            text = str(failure)
            if failure.data is not None:
                text += "\n" + self.forms.block(failure.data)
            return self._index(clip(text, _VALUE_CHARS))
        return self._index(self.forms.block(data["value"])) if "value" in data else -1

    def _block(self, given: Any) -> str:
        if isinstance(given, dict) and not any(key.startswith("$") for key in given):
            # The short ones tell calls apart, and are what fits into a bar.
            shown = sorted((f"{name}: {self.forms.block(value)}" for name, value in given.items()), key=len)
            return clip("\n".join(shown), _VALUE_CHARS)
        return self.forms.block(given)

    def _index(self, text: str) -> int:
        return self.texts.setdefault(text, len(self.texts))

    def _place(self, site: Any) -> tuple[int, int, int]:
        if not isinstance(site, list) or len(site) < 3 or not isinstance(site[1], int):
            return -1, 0, 0
        path = str(site[0])
        if path not in self.files:
            self.files[path] = len(self.files)
            self.file_texts.append(None)
        return self.files[path], site[1], site[2] if isinstance(site[2], int) else 0
