"""What a journal says of each task, each question, and of time."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumen.journal.errors import JournalError
from lumen.journal.history import history_of, load_history
from lumen.journal.recorder import Recorder
from lumen.journal.store import MemoryJournal
from lumen.kernel.ops import (
    ADVANCE,
    ASIDE,
    CANCEL,
    CANCELLED,
    COMPLETED,
    FAILED,
    KINDS,
    PREEMPT,
    SETTLED,
    SLEEP,
    SPAWN,
    SPAWN_IN,
    TIMER,
    WAITS,
)
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, Options
from lumen.runtime.output import Output
from tests.journal.making import BODIES, HEADER, SITES, sample

MS = 1_000_000
MAIN = [SPAWN_IN, 0, -1, 0, 1]
RACE, TIMEOUT = KINDS.index("race"), KINDS.index("timeout")


def told(*lines, mode="fifo", **changes):
    """The history of these lines; a list of integers is a `tasks` line."""
    full = [{"event": "tasks", "ops": line, "sites": []} if type(line) is list else line for line in lines]
    return history_of([{**HEADER, "mode": mode, **changes}, *full])


def brief(history):
    """Every event of a task as text."""
    return [f"{event.kind} {event.data.get('task')}" for event in history.events if "." in event.seq]


def run(text, *, is_virtual=True, **options):
    """The history of a run of a program."""
    journal = MemoryJournal()
    loader = Loader(Options(deterministic=is_virtual, seeded=True, counting=True))
    unit = loader.load_program("main.lumen", text.encode())
    options_of_run = Settings()
    options_of_run.seed = 1
    options_of_run.recorder = Recorder(journal, **options)
    Run(loader, unit, Output(None, keep=True), options_of_run).run()
    return history_of(journal.lines())


def test_a_short_run(tmp_path):
    history = load_history(sample(tmp_path / "j"))
    assert [event.seq for event in history.events] == [
        "0", "1.0", "1.1", "1.2", "2", "3.0", "3.1", "3.2", "3.3", "4", "5", "6.0", "6.1", "6.2", "6.3", "7",
    ]  # fmt: skip
    assert brief(history) == [
        "spawn 1", "start 1", "spawn 2", "suspend 1", "start 2", "sleep 2", "suspend 2",
        "resume 2", "finish 2", "resume 1", "finish 1",
    ]  # fmt: skip
    first, second = history.tasks.values()
    assert (first.parent, first.kind, first.operation, first.outcome, first.children, first.asks) == (
        0, "task", "main", "value", [2], [1],
    )  # fmt: skip
    assert (second.parent, second.operation, second.site, second.start_ns, second.end_ns) == (
        1, "spawn work(1)", SITES[0], 0, 5 * MS,
    )  # fmt: skip
    assert [(begin.seq, end.seq) for begin, end in second.steps] == [("3.1", "3.3"), ("6.0", "6.1")]
    ask = history.asks[1]
    assert (ask.kind, ask.name, ask.input, ask.task, ask.outcome) == ("fs", "read", {"path": "a.txt"}, 1, "value")
    assert ask.answer is not None
    assert (ask.ask.seq, ask.answer.seq, ask.answer.task, ask.took_ns) == ("2", "4", 1, None)
    assert history.end is history.events[-1]
    assert history.show(history.end.data["value"]) == '(1, 1.0, "\ud800")'
    assert history.show("a\nb", quoted=False) == "a\nb"
    assert history.show([1, 2, 3, 4, 5, 6], 3) == "[1, 2, 3, 4, 5, 6]"
    assert history.show([["x"] * 50], 6).endswith("…")
    assert history.show({"$nonsense": 1}) == "<not a value>"
    assert history.source("main.lumen") == HEADER["sources"]["main.lumen"]
    assert history.source("std/list.lumen") is None
    assert history.duration_ns == 5 * MS
    assert not history.torn
    assert gc.isenabled()


def test_cut_off(tmp_path):
    path = sample(tmp_path / "j")
    path.write_bytes(path.read_bytes()[:-2])
    history = load_history(path)
    assert history.torn
    assert history.end is None
    assert history.lines == len(BODIES)
    path = sample(tmp_path / "j", BODIES[:2])
    history = load_history(path)
    assert not history.torn
    assert history.tasks[1].outcome is None
    assert history.tasks[1].end_ns is None
    assert history.tasks[1].steps[0][1] is None
    assert history.asks[1].answer is None
    assert history.asks[1].outcome is None
    assert history.asks[1].end_ns is None


def test_real_time_is_the_last_clock_read():
    history = told(
        [*MAIN, SLEEP, 9 * MS, 1 * MS, TIMER, 9 * MS, 2 * MS, WAITS, ADVANCE, 10 * MS, 1, PREEMPT, 0, 5, 11 * MS, 3],
        {"event": "print", "task": 1, "text": "x"},
        [ASIDE, 0, 7, WAITS],
        mode="eager",
    )
    assert [(event.kind, event.time_ns // MS) for event in history.events] == [
        ("run_start", 0), ("spawn", 0), ("start", 0), ("sleep", 1), ("timer", 2), ("suspend", 2), ("advance", 10),
        ("resume", 10), ("preempt", 11), ("print", 11), ("aside", 11), ("suspend", 11),
    ]  # fmt: skip
    preempt = history.events[8]
    assert preempt.data == {"at": 0, "flags": 3, "rounds": 5, "ns": 11 * MS, "task": 1}


def test_virtual_time_moves_when_a_sleep_is_over():
    history = history_of(
        [
            {**HEADER},
            {
                "event": "tasks",
                "ops": [*MAIN, SPAWN, SPAWN, SLEEP, 3 * MS, WAITS, 2, SLEEP, 5 * MS, WAITS, 3, SLEEP, 1 * MS, WAITS],
                "sites": SITES,
            },
            {
                "event": "tasks",
                "ops": [3, COMPLETED, 1, CANCEL, 2, SLEEP, 10 * MS, WAITS, 2, CANCELLED, 1, COMPLETED],
                "sites": [],
            },
        ]
    )
    ends = {number: (task.outcome, (task.end_ns or 0) // MS) for number, task in history.tasks.items()}
    assert ends == {3: ("value", 1), 2: ("cancelled", 3), 1: ("value", 13)}
    assert history.tasks[2].cancelled_at is not None
    assert history.tasks[2].cancelled_at.data == {"by": 1, "task": 2}


def test_virtual_time_moves_when_a_timeout_expires():
    history = told(
        [*MAIN, SPAWN_IN, 1, -1, TIMEOUT, TIMER, 7 * MS, SPAWN_IN, 2, -1, 0, WAITS, 3, WAITS],
        {"event": "decision", "future": 2, "kind": "timeout", "result": "expired"},
        [CANCEL, 3, TIMER, 5000 * MS, 3, CANCELLED, SETTLED, 2, COMPLETED, 1, COMPLETED],
    )
    assert [event.data for event in history.events if event.kind == "timer"] == [
        {"ns": 7 * MS, "task": 2},
        {"ns": 5000 * MS, "task": 0},
    ]
    assert history.duration_ns == 7 * MS
    assert history.tasks[2].decision is not None
    assert history.tasks[2].decision.time_ns == 7 * MS
    assert history.tasks[3].is_winner is False


def test_tasks_started_on_top_of_each_other():
    history = told(
        [*MAIN, SPAWN_IN, 1, -1, RACE, SPAWN_IN, 2, -1, 0, 3, SPAWN_IN, 3, -1, 0, 4],
        [COMPLETED, WAITS, SPAWN_IN, 2, -1, 0, 5, FAILED, WAITS],
    )
    assert brief(history) == [
        "spawn 1", "start 1", "spawn 2", "spawn 3", "start 3", "spawn 4", "start 4",
        "finish 4", "suspend 3", "spawn 5", "start 5", "finish 5", "suspend 1",
    ]  # fmt: skip
    assert history.tasks[2].children == [3, 5]
    assert history.tasks[2].start is None
    assert history.tasks[5].outcome == "failure"


def test_a_task_cancelled_before_it_could_start_takes_no_step():
    history = told([*MAIN, SPAWN_IN, 1, -1, 0, CANCEL, 2, SETTLED, 2, CANCELLED, WAITS, 2, 1, COMPLETED])
    assert brief(history)[-4:] == ["finish 2", "suspend 1", "resume 1", "finish 1"]
    assert history.events[-1].seq == "1.8"
    assert history.tasks[2].steps == []
    assert history.tasks[2].outcome == "cancelled"


@pytest.mark.parametrize(
    ("kind", "result", "winners"),
    [
        ("race", 1, [False, True]),
        ("select", 0, [True, False]),
        ("vote", ["winner", 1, "2 for x"], [False, True]),
        ("vote", "no-consensus", [False, False]),
        ("race", "all-failed", [False, False]),
        ("timeout", "in-time", [True, False]),
        ("parallel", "completed", [None, None]),
        ("parallel", ["failed", 1], [None, None]),
    ],
)
def test_winners(kind, result, winners):
    word = KINDS.index(kind)
    history = told(
        [*MAIN, SPAWN_IN, 1, -1, word, SPAWN_IN, 2, -1, 0, SPAWN_IN, 2, -1, 0, WAITS],
        {"event": "decision", "future": 2, "kind": kind, "result": result},
    )
    assert [history.tasks[number].is_winner for number in (3, 4)] == winners
    assert history.tasks[2].decision is history.events[-1]
    assert history.tasks[1].decision is None


def test_events_of_the_future_are_kept():
    history = told({"event": "applause", "loudness": 3}, MAIN)
    assert (history.events[1].kind, history.events[1].data["loudness"]) == ("applause", 3)


@pytest.mark.parametrize(
    "lines",
    [
        [[-50]],
        [[SLEEP]],
        [[SPAWN_IN, 0, -1]],
        [[5]],
        [[WAITS]],
        [[*MAIN, SPAWN - 3]],
        [[SPAWN_IN, 0, -1, 77]],
        [[SETTLED, 3, COMPLETED]],
        [["x"]],
        [None],
        [{"event": "tasks"}],
        [{"event": "answer", "id": 1}],
        [{"event": "ask"}],
        [{"event": "decision", "result": "expired"}],
    ],
)
def test_lines_that_make_no_sense(lines):
    with pytest.raises(JournalError) as caught:
        told(*[line if line is not None else {"event": "tasks", "ops": None, "sites": []} for line in lines])
    assert (caught.value.code, caught.value.line) == ("journal-broken", 2)
    assert gc.isenabled()


def test_nothing():
    with pytest.raises(JournalError) as caught:
        history_of([])
    assert caught.value.code == "journal-empty"


# --- Runs -----------------------------------------------------------------------------------------------------------

SLEEPERS = """
cell work(n)
  sleep(10 * n)
  return n
end

cell main()
  print(await race(work(2), work(1)))
  print(await timeout(5, work(100)))
  let f = spawn(work(3))
  f.cancel()
  emit {"a": 1}
end
"""


@pytest.mark.parametrize("is_virtual", [True, False])
def test_a_recorded_run(is_virtual):
    history = run(SLEEPERS, is_virtual=is_virtual)
    assert history.is_virtual is is_virtual
    kinds = [task.kind for task in history.tasks.values()]
    assert kinds == ["task", "race", "task", "task", "timeout", "task", "task"]
    assert [task.outcome for task in history.tasks.values()] == [
        "value", "value", "cancelled", "value", "value", "cancelled", "cancelled",
    ]  # fmt: skip
    assert [task.is_winner for task in history.tasks.values()] == [None, None, False, True, None, False, None]
    times = [event.time_ns for event in history.events]
    assert times == sorted(times)
    assert history.end is not None
    if is_virtual:
        assert history.duration_ns == 15 * MS
    prints = [event for event in history.events if event.kind == "print"]
    assert [(event.task, event.data["text"]) for event in prints] == [(1, "1"), (1, "null")]


def test_a_minimal_journal():
    history = run(SLEEPERS, is_minimal=True)
    assert {event.kind for event in history.events} >= {"run_start", "print", "decision", "sleep", "run_end"}
    assert not {event.kind for event in history.events} & {"spawn", "start", "finish"}
    assert history.end is not None
    assert all(task.kind in ("race", "timeout") for task in history.tasks.values())
    assert [task.start_ns for task in history.tasks.values()] == [None, None]


# --- Forgeries ------------------------------------------------------------------------------------------------------

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-120, 5) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
LINES = [
    *BODIES,
    {"event": "decision", "future": 2, "kind": "race", "result": 1},
    {"event": "answer", "id": 1, "now": 5, "outcome": "value", "value": 1, "took": 3},
    {"event": "tasks", "ops": [SPAWN_IN, 1, -1, 5, TIMER, 5, SETTLED, 2, -1, PREEMPT, 0, 0, 3, 1], "sites": []},
]


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(LINES), max_size=6), st.data())
def test_forged_lines_are_refused_or_harmless(lines, data):
    forged = [HEADER, *lines]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(forged) - 1))
        member = data.draw(st.sampled_from(sorted(forged[at])))
        forged[at] = {**forged[at], member: data.draw(anything)}
    try:
        history = history_of(forged)
    except JournalError:
        return
    for event in history.events:
        assert event.seq
        assert type(event.task) is int
        assert type(event.time_ns) is int
        assert isinstance(event.data, dict)
        for form in event.data.values():
            history.show(form)
    for task in history.tasks.values():
        assert isinstance(task.operation, str)
        assert type(task.start_ns) in (int, type(None))
        assert all(number in history.tasks for number in task.children)
        assert all(number in history.asks for number in task.asks)
    for ask in history.asks.values():
        assert (ask.kind, ask.name, ask.outcome is None) == (str(ask.kind), str(ask.name), ask.answer is None)
        assert type(ask.took_ns) in (int, type(None))
    assert isinstance(history.source("main.lumen"), str | None)
