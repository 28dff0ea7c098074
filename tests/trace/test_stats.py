"""`lumen trace stats`."""

from __future__ import annotations

import json

from lumen.journal.history import load_history
from lumen.trace.stats import stats_of, stats_text

MS = 1_000_000


def test_the_numbers_of_a_run(trip):
    stats = stats_of(load_history(trip), trip)
    assert stats["outcome"] == "failure"
    assert stats["duration_ns"] == 100 * MS
    assert stats["events"] == sum(stats["kinds"].values()) == 43
    assert stats["tasks"] == {"total": 6, "failed": 1, "cancelled": 2, "unfinished": 0}
    assert stats["calls"]["total"] == 3
    assert stats["tools"] == {
        "llm.chat": {
            "total": 2,
            "failed": 0,
            "cancelled": 1,
            "unanswered": 0,
            "total_ns": 159 * MS,
            "median_ns": 80 * MS,
            "longest_ns": 80 * MS,
            "retries": 0,
        },
        "http.get": {
            "total": 1,
            "failed": 1,
            "cancelled": 0,
            "unanswered": 0,
            "total_ns": 15 * MS,
            "median_ns": 15 * MS,
            "longest_ns": 15 * MS,
            "retries": 0,
        },
    }
    assert stats["cells"]["ask"]["total"] == 2
    assert stats["cells"]["main"]["failed"] == 1
    assert [call["name"] for call in stats["slowest"]] == ["llm.chat", "llm.chat", "http.get"]
    assert stats["slowest"][2]["place"] == "trip.lumen:11:3"
    assert stats["journal"]["bytes"] == trip.stat().st_size
    assert stats["journal"]["bytes_per_event"] == round(trip.stat().st_size / 43, 1)
    json.dumps(stats, allow_nan=False)


def test_asking_again_what_has_failed_is_a_retry(write_journal, tmp_path, trip_lines):
    again = [{**trip_lines[14], "id": 4}, {"event": "tasks", "ops": [0], "sites": []}]
    answer = {**trip_lines[16], "id": 4, "now": 120 * MS}
    lines = [*trip_lines[:17], {"event": "tasks", "ops": [1], "sites": []}, *again, answer, *trip_lines[17:]]
    stats = stats_of(load_history(write_journal(tmp_path / "j", lines)))
    assert stats["calls"]["retries"] == 1
    assert stats["tools"]["http.get"]["retries"] == 1
    assert stats["tools"]["llm.chat"]["retries"] == 0


def test_as_text(trip):
    lines = stats_text(stats_of(load_history(trip), trip))
    assert lines[0] == "run     trip.lumen, eager, failed, 100 ms"
    assert lines[1] == "tasks   6, 1 failed, 2 cancelled"
    assert lines[2] == "calls   3, 1 failed, 1 cancelled"
    row = next(line for line in lines if line.startswith("llm.chat"))
    assert row.split() == ["llm.chat", "2", "0", "1", "0", "80", "ms", "80", "ms", "159", "ms"]
    assert any("http.get(url: " in line and line.endswith("failed  (trip.lumen:11:3)") for line in lines)


def test_virtual_time_says_so(record):
    stats = stats_of(load_history(record("cell main()\n  sleep(3_600_000)\nend\n")))
    assert stats_text(stats)[0].endswith("deterministic, finished, 1 h of virtual time")
    assert stats["tools"] == {}
