"""Journals to look at: one written by hand with exact times, and programs that are really recorded."""

from __future__ import annotations

from pathlib import Path

from lumen.cli.main import main
from lumen.journal.jsonlines import canonical
from lumen.journal.store import JournalWriter

MS = 1_000_000
SOURCE = """\
use tool llm.chat as Chat
use tool http.get as Get

cell main(city: String)
  print("planning")
  let best = await race
    await ask("fast")
    await ask("slow")
  end
  emit {"best": best}
  Get(url: "https://example.com")
end
"""
HEADER = {
    "entry": None,
    "event": "run_start",
    "format": 1,
    "input": {"city": "Łódź"},
    "journal": "full",
    "language": "1.0",
    "main": "trip.lumen",
    "mode": "eager",
    "options": {"on_exit": "wait", "timeout_ms": None},
    "program": "aa" * 32,
    "recorded": {"at": "2026-11-21T05:00:00Z", "program": "/home/me/trip.lumen"},
    "seed": None,
    "sources": {"trip.lumen": SOURCE},
    "stdlib": "bb" * 32,
}
CHAT = ["trip.lumen", 7, 11, "Chat(model: model)"]
TRIP = [
    # Task 1 is main; 2 the race; 3 and 5 its branches; 4 and 6 the calls in them.
    {
        "event": "tasks",
        "ops": [-5, 0, -1, 0, -9, 0, 1],
        "sites": [],
    },
    {"event": "print", "site": ["trip.lumen", 5, 3, "main"], "task": 1, "text": "planning"},
    {
        "event": "tasks",
        "ops": [-5, 1, 0, 2, -5, 2, 0, 0, 3, -101, 4],
        "sites": [
            ["trip.lumen", 6, 20, "race"],
            ["trip.lumen", 7, 11, 'ask("fast")'],
            ["trip.lumen", 8, 11, 'ask("slow")'],
        ],
    },
    {
        "event": "ask",
        "id": 1,
        "input": {"messages": [{"content": "Where to?", "role": "user"}], "model": "fast", "temperature": 0.5},
        "kind": "tool",
        "name": "llm.chat",
        "site": CHAT,
        "task": 4,
    },
    {"event": "tasks", "ops": [0, 0, -5, 2, 0, 0, 5, -102, 6], "sites": []},
    {
        "event": "ask",
        "id": 2,
        "input": {"messages": [], "model": "slow"},
        "kind": "tool",
        "name": "llm.chat",
        "site": CHAT,
        "task": 6,
    },
    {"event": "tasks", "ops": [0, 0, 0], "sites": []},
    {
        "event": "answer",
        "id": 1,
        "now": 80 * MS,
        "outcome": "value",
        "took": 79 * MS,
        "value": {
            "$map": [
                ["text", "Lodz </script><b>"],
                ["model", "fast-2"],
                ["usage", {"input_tokens": 12, "output_tokens": 3}],
            ]
        },
    },
    {"event": "tasks", "ops": [4, -1, 3, -1], "sites": []},
    {"event": "decision", "future": 2, "kind": "race", "result": 0},
    {"event": "tasks", "ops": [-6, 6, -6, 5], "sites": []},
    {"event": "answer", "id": 2, "outcome": "cancelled"},
    {"event": "tasks", "ops": [6, -3, 5, -3, -4, 2, -1, 1], "sites": []},
    {
        "event": "emit",
        "site": ["trip.lumen", 10, 3, "main"],
        "task": 1,
        "value": {"best": "Lodz </script><b>", "key": {"$secret": True}},
    },
    {
        "event": "ask",
        "id": 3,
        "input": {"url": "https://example.com"},
        "kind": "tool",
        "name": "http.get",
        "site": ["trip.lumen", 11, 3, "Get(url)"],
        "task": 1,
    },
    {"event": "tasks", "ops": [0], "sites": []},
    {
        "event": "answer",
        "failure": {"code": "unavailable", "data": None, "message": "no route to host"},
        "id": 3,
        "now": 100 * MS,
        "outcome": "failure",
        "took": 15 * MS,
    },
    {"event": "tasks", "ops": [1, -2], "sites": []},
    {
        "event": "run_end",
        "failure": {
            "code": "unavailable",
            "column": 3,
            "file": "trip.lumen",
            "line": 11,
            "message": "no route to host",
        },
        "outcome": "failure",
    },
]


def write_journal(path: Path, lines: list[dict] | None = None, **header: object) -> Path:
    """A chained journal of the given lines, those of the trip by default."""
    writer = JournalWriter.create(path)
    for line in [{**HEADER, **header}, *(TRIP if lines is None else lines)]:
        writer.write(canonical({**line, "seq": writer.seq})[1:])
    writer.close()
    return path


def record(folder: Path, source: str, name: str = "main", *options: str) -> Path:
    """Run a program in deterministic mode, and give its journal. What it prints stays with the caller's capsys."""
    program = folder / f"{name}.lumen"
    program.write_text(source, "utf-8")
    journal = folder / f"{name}.jsonl"
    if journal.exists():
        journal.unlink()
    main(["run", str(program), "--deterministic", "--record", str(journal), *options])
    return journal
