"""Journals for tests, written as the recorder writes them."""

from __future__ import annotations

from lumen.journal.jsonlines import canonical
from lumen.journal.store import JournalWriter

HEADER = {
    "entry": "main",
    "event": "run_start",
    "format": 1,
    "input": {"name": "Łódź 🚀"},
    "journal": "full",
    "language": "1.0",
    "main": "main.lumen",
    "mode": "fifo",
    "recorded": {"at": "2026-11-21T05:00:00Z", "program": "/somewhere/main.lumen"},
    "seed": None,
    "seq": 0,
    "sources": {"main.lumen": 'cell main(name)\n  print("hi")\nend\n'},
}
SITES = [["main.lumen", 2, 3, "spawn work(1)"], ["main.lumen", 5, 1, "race"]]
BODIES = [
    {"event": "tasks", "ops": [-5, 0, -1, 0, 1, -100], "sites": SITES[:1]},
    {"event": "ask", "id": 1, "input": {"path": "a.txt"}, "kind": "fs", "name": "read", "site": None, "task": 1},
    {"event": "tasks", "ops": [0, 2, -7, 5_000_000, 0], "sites": []},
    {"event": "answer", "id": 1, "outcome": "value", "value": "ćma"},
    {"event": "print", "site": None, "task": 1, "text": "hi"},
    {"event": "tasks", "ops": [2, -1, 1, -1], "sites": []},
    {"event": "run_end", "outcome": "value", "value": {"$tuple": [1, 1.0, "\ud800"]}},
]


def body(line):
    """What `JournalWriter.write` takes, for the members of a line."""
    return canonical(line)[1:]


def write_lines(writer, lines):
    """Give the lines their numbers and write them."""
    for line in lines:
        writer.write(body({**line, "seq": writer.seq}))


def sample(path, lines=None, **changes):
    """A journal at `path`: a header and `lines`, by default those of a short finished run."""
    if path.exists():
        path.unlink()
    writer = JournalWriter.create(path)
    write_lines(writer, [{**HEADER, **changes}, *(BODIES if lines is None else lines)])
    writer.close()
    return path
