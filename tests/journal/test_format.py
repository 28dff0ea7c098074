"""FORMAT.md is enough to read a journal: the reader below was written from that page alone, and agrees with ours."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

import lumen
from lumen.journal.history import load_history
from lumen.journal.reading import verify
from lumen.journal.recorder import Recorder
from lumen.journal.store import JournalWriter
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, Options
from lumen.runtime.output import Output
from tests.journal.making import BODIES, sample

PAGE = Path(lumen.__file__).parent / "journal" / "FORMAT.md"
PROGRAMS = Path(__file__).parents[1] / "lang"


# --- A reader that knows nothing but FORMAT.md ----------------------------------------------------------------------


def canonical(data):
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def read(path):
    """The lines of a journal, and whether the last one was torn."""
    pieces = Path(path).read_bytes().split(b"\n")
    before, lines = "0" * 32, []
    for number, piece in enumerate(pieces[:-1]):
        try:
            line = json.loads(piece)
            rest = {key: value for key, value in line.items() if key not in ("chain", "recorded")}
            hashed = canonical(rest) if number == 0 else b"{" + piece[len('{"chain":"') + 34 :]
            assert line["chain"] == hashlib.sha256(before.encode() + hashed).hexdigest()[:32]
        except (ValueError, AssertionError):
            if number == len(pieces) - 2 and not pieces[-1]:
                return lines, True
            raise ValueError(f"line {number + 1}") from None
        before = line["chain"]
        lines.append(line)
    return lines, bool(pieces[-1])


def expand(lines):
    """Every event as (address, what, task, time), and every task as [parent, kind, site, outcome]."""
    eager = lines[0]["mode"] == "eager"
    lengths = {-4: 3, -5: 4, -6: 2, -7: 3 if eager else 2, -8: 3 if eager else 2, -9: 2, -10: 5, -11: 3}
    now, sites, tasks, stack, events, wakes, deadlines, began = 0, [], {0: []}, [], [], {}, {}, set()
    for line in lines:
        if line["event"] != "tasks":
            if line.get("result") == "expired":
                now = max(now, deadlines.get(line["future"], 0))
            events.append((f"{line['seq']}", line["event"], line.get("task"), now))
            continue
        sites += line["sites"]
        ops, at, place = line["ops"], 0, -1
        while at < len(ops):
            op, *args = ops[at : at + lengths.get(ops[at], 1)]
            at, place = at + 1 + len(args), place + 1
            if op > 0 and tasks[op][3]:
                continue
            what, task = "", stack[-1] if stack else 0
            if op > 0:
                what, task = "resume" if op in began else "start", op
                now = max(now, wakes.pop(op, 0))
                began.add(op)
                stack.append(op)
            elif op in (0, -1, -2, -3):
                stack.pop()
                what = "finish" if op else "suspend"
                tasks[task][3] = -op
            elif op == -4:
                what, task = "finish", args[0]
                tasks[task][3] = -args[1]
            elif op == -5 or op <= -100:
                parent, site, kind = args or (task, -100 - op, 0)
                what, task = "spawn", len(tasks)
                tasks[task] = [parent, kind, sites[site] if site >= 0 else None, 0]
            elif op == -6:
                what, task = "cancel", args[0]
                wakes.pop(task, None)
            elif op in (-7, -8):
                now = max([now, *args[1:]])
                what, last = "sleep" if op == -7 else "timer", len(tasks) - 1
                if op == -7:
                    wakes[task] = 0 if eager else now + args[0]
                elif tasks[last] and tasks[last][1] == 5 and last not in deadlines:
                    deadlines[last], task = now + args[0], last
            elif op == -9:
                what, task, now = "advance", 0, max(now, args[0])
            else:
                what, now = "preempt" if op == -10 else "aside", max([now, *args[2:3]])
            events.append((f"{line['seq']}.{place}", what, task, now))
    return events, tasks


# --- It agrees with ours --------------------------------------------------------------------------------------------

NAMES = set(re.findall(r"`(\w+)`", PAGE.read_text("utf-8")))
KINDS = ["task", "parallel", "race", "vote", "select", "timeout"]
OUTCOMES = [None, "value", "failure", "cancelled"]


def compare(path):
    lines, torn = read(path)
    assert {name for line in lines for name in (*line, line["event"])} <= NAMES  # nothing that the page is silent about
    history = load_history(path)
    assert history.torn == torn
    assert history.lines == len(lines)
    events, tasks = expand(lines)
    ours = [(event.seq, event.kind, event.data.get("task"), event.time_ns) for event in history.events]
    assert [(*event[:2], event[3]) for event in events] == [(*event[:2], event[3]) for event in ours]
    in_tasks = [event for event in events if "." in event[0] and event[1] != "advance"]
    assert in_tasks == [event for event in ours if "." in event[0] and event[1] != "advance"]
    del tasks[0]
    assert [(parent, KINDS[kind], site, OUTCOMES[outcome]) for parent, kind, site, outcome in tasks.values()] == [
        (task.parent, task.kind, task.site, task.outcome) for task in history.tasks.values()
    ]
    return history


def test_the_example_of_the_page(tmp_path):
    example = PAGE.read_text("utf-8").split("```jsonl\n")[1].split("```")[0]
    path = tmp_path / "j"
    path.write_text(example, "utf-8", newline="\n")
    history = compare(path)
    assert verify(path).finished
    assert history.source("race.lumen") in "".join(f"{line[4:]}\n" for line in PAGE.read_text("utf-8").splitlines())
    decision = next(event for event in history.events if event.kind == "decision")
    assert decision.time_ns == 10_000_000
    assert [history.tasks[number].is_winner for number in (3, 4)] == [False, True]


def test_a_torn_journal(tmp_path):
    path = sample(tmp_path / "j")
    path.write_bytes(path.read_bytes()[:-7])
    assert compare(path).torn
    path = sample(tmp_path / "j", BODIES[:4])
    whole = path.read_bytes()
    path.write_bytes(whole[:-3] + b"7}\n")
    assert compare(path).torn
    path.write_bytes(whole.replace(b"a.txt", b"b.txt"))
    with pytest.raises(ValueError, match="line 3"):
        read(path)


FOLDERS = ("busy", "cancel", "defer", "parallel", "race", "select", "timeout", "vote")
RECORDED = [
    pytest.param(path, mode, id=f"{folder}/{path.stem}-{mode}")
    for folder in FOLDERS
    for path in sorted(PROGRAMS.glob(f"{folder}/*.lumen"))
    for mode in ("eager", "fifo")
    if "# error" not in (text := path.read_text("utf-8")) and ("# mode: " not in text or f"# mode: {mode}" in text)
]


def test_there_are_programs():
    assert len(RECORDED) > 200


@pytest.mark.parametrize(("program", "mode"), RECORDED)
def test_recorded_programs(tmp_path, program, mode):
    loader = Loader(Options(deterministic=mode == "fifo", seeded=True, counting=True))
    unit = loader.load_program(str(program))
    settings = Settings()
    settings.seed = 1
    settings.recorder = Recorder(JournalWriter.create(tmp_path / "j"))
    Run(loader, unit, Output(None, keep=True), settings).run()
    settings.recorder.close()
    history = compare(tmp_path / "j")
    assert history.end is not None
    assert all(task.outcome for task in history.tasks.values())
