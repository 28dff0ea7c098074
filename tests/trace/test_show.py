"""`lumen trace show`."""

from __future__ import annotations

import pytest

from lumen.journal.history import load_history
from lumen.trace.show import TaskUnknown, show_text

RACE = """\
async cell download(mirror: String, ms: Int)
  sleep(ms)
  return mirror
end

cell main()
  print(await race(download("near", 20), download("far", 5_000)))
  let late = await timeout(30, download("slow", 9_000))
  assert late == null
end
"""
MANY = """\
async cell work(n: Int)
  sleep(n % 3 + 1)
  return n
end

cell main()
  let xs = await parallel for i in 1..2000
    await work(i)
  end
  for x in xs
    print(x)
  end
end
"""


def lines_of(journal, **options):
    return list(show_text(load_history(journal), **options))


def test_the_whole_tree(trip):
    assert lines_of(trip, width=106) == [
        "trip.lumen, eager, recorded 2026-11-21T05:00:00Z",
        "43 events, 6 tasks, 3 outside calls, 100 ms",
        'arguments: city: "Łódź"',
        "",
        "                                                               began       took",
        "main #1                                                          0 s     100 ms  failed",
        '│     print "planning"                                           0 s',
        '│     emit {"best": "Lodz </script><b>", "key": [secret]}      80 ms',
        '│     http.get(url: "https://example.com")                     80 ms      20 ms  failed  unavailable: no …',
        "└─ race #2                                                       0 s      80 ms  branch 1 won",
        '   ├─ 1: ask("fast") #4                                          0 s      80 ms  won',
        '   │        llm.chat(model: "fast", temperature: 0.5, mes…       0 s      80 ms  → {"text": "Lodz </scrip…',
        '   └─ 2: ask("slow") #6                                          0 s      80 ms  lost',
        '            llm.chat(messages: [], model: "slow")                0 s      80 ms  cancelled',
        "",
        "error[unavailable]: no route to host",
        "  --> trip.lumen:11:3",
    ]


def test_virtual_times_winners_losers_and_deadlines(record):
    text = "\n".join(lines_of(record(RACE)))
    assert "deterministic" in text
    assert "of virtual time" in text
    rows = {line.split("#")[0].strip(" │├└─"): line.split() for line in text.splitlines() if "#" in line}
    assert rows['1: download("near", 20)'][-3:] == ["20", "ms", "won"]
    assert rows['2: download("far", 5_000)'][-1] == "lost"
    assert rows['timeout(30, download("slow", 9_000))'][-4:] == ["30", "ms", "timed", "out"]
    assert rows['1: download("slow", 9_000)'][-1] == "cancelled"


def test_many_alike_are_counted(record):
    lines = lines_of(record(MANY))
    assert len(lines) < 40
    assert sum("more like this, the longest of all 3 ms" in line for line in lines) == 1
    assert any("… 1,996 more like this" in line for line in lines), "prints, beyond the first three"


def test_one_task_is_shown_with_every_event(trip):
    text = "\n".join(lines_of(trip, task=6))
    assert "llm.chat" in text
    assert "(trip.lumen:7:11)" in text
    assert "cancellation is asked for" in text
    assert "runs 7.0" not in text, "that is another task's"
    assert "trip.lumen, eager" not in text


def test_a_branch_and_its_call_are_one_lane(trip):
    assert lines_of(trip, task=3) == lines_of(trip, task=4)


def test_a_task_that_there_is_not(trip):
    with pytest.raises(TaskUnknown, match="no task 7; its tasks are 1 to 6"):
        lines_of(trip, task=7)


def test_depth_counts_what_is_below(trip):
    lines = lines_of(trip, depth=1)
    assert any(line.endswith("… 2 tasks inside") for line in lines)
    assert not any("ask(" in line for line in lines)


def test_colours_only_when_asked_for(trip):
    assert "\x1b" not in "".join(lines_of(trip))
    assert "\x1b[32;1mwon" in "".join(lines_of(trip, colour=True))


def test_no_line_is_wider_than_the_terminal(trip):
    for width in (60, 80, 140):
        assert max(map(len, lines_of(trip, width=width))) <= max(width, 80)


def test_control_characters_do_not_reach_the_terminal(write_journal, tmp_path, trip_lines):
    trip_lines[2]["sites"][1][3] = 'ask("\x1b[2J")'
    journal = write_journal(tmp_path / "j", trip_lines)
    assert "\x1b" not in "".join(lines_of(journal))


def test_a_minimal_journal_still_shows_calls(write_journal, tmp_path, trip_lines):
    kept = [line for line in trip_lines if line["event"] != "tasks"]
    text = "\n".join(lines_of(write_journal(tmp_path / "j", kept, journal="minimal")))
    assert "http.get" in text
    assert "llm.chat" in text


def test_events_of_a_kind_that_is_not_known(write_journal, tmp_path, trip_lines):
    trip_lines.insert(2, {"event": "teleport", "task": 1, "to": "Mars"})
    assert any('teleport {"to": "Mars"}' in line for line in lines_of(write_journal(tmp_path / "j", trip_lines)))


def test_deeply_nested_tasks_keep_room_for_words(record):
    journal = record("async cell down(n: Int)\n  if n > 0\n    await spawn(down(n - 1))\n  end\nend\ndown(400)\n")
    lines = lines_of(journal, width=100)
    assert len(lines) > 400
    assert max(map(len, lines)) <= 100
    assert sum("down(n - 1)" in line for line in lines) == 400


def test_a_run_without_tasks(write_journal, tmp_path):
    lines = lines_of(write_journal(tmp_path / "j", []))
    assert lines[1].startswith("1 event, 0 tasks, 0 outside calls")
    assert lines[-1] == "the journal ends before the run does"
