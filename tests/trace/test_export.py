"""`lumen trace export`: what a collector takes, by the rules of OTLP's JSON mapping."""

from __future__ import annotations

import pytest

from lumen.journal.history import load_history
from lumen.trace.export import otlp_json

START = 1_795_237_200_000_000_000
"""2026-11-21T05:00:00Z"""


def test_spans_of_a_run(trip, otlp):
    spans = otlp.checked(otlp_json(load_history(trip)))
    by_name = {span["name"]: span for span in spans}
    assert set(by_name) == {
        "trip.lumen main", "main", "race", '1: ask("fast")', '2: ask("slow")', "chat fast", "chat slow", "http.get",
    }  # fmt: skip
    run = by_name["trip.lumen main"]
    assert (run["startTimeUnixNano"], run["endTimeUnixNano"]) == (str(START), str(START + 100_000_000))
    assert run["status"] == {"code": 2, "message": "unavailable: no route to host"}
    get = by_name["http.get"]
    assert get["kind"] == 3
    assert get["parentSpanId"] == by_name["main"]["spanId"]
    assert get["status"]["code"] == 2
    assert otlp.attributes_of(get)["code.line.number"] == "11"
    assert otlp.attributes_of(by_name["race"])["lumen.decision"] == "branch 1 won"
    assert [event["name"] for event in by_name["main"]["events"]] == ["print", "emit"]


def test_calls_of_models_have_genai_attributes(trip, otlp):
    spans = otlp.checked(otlp_json(load_history(trip)))
    chat = otlp.attributes_of(next(span for span in spans if span["name"] == "chat fast"))
    assert {key: value for key, value in chat.items() if key.startswith("gen_ai.")} == {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "fast",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.response.model": "fast-2",
        "gen_ai.usage.input_tokens": "12",
        "gen_ai.usage.output_tokens": "3",
    }


def test_ids_follow_from_the_journal(trip, write_journal, tmp_path, trip_lines, otlp):
    assert otlp_json(load_history(trip)) == otlp_json(load_history(trip))
    trip_lines[1]["text"] = "planning!"
    other = otlp_json(load_history(write_journal(tmp_path / "other", trip_lines)))
    mine = {span["spanId"] for span in otlp.checked(otlp_json(load_history(trip)))}
    assert mine.isdisjoint(span["spanId"] for span in otlp.checked(other))


def test_a_run_that_was_cut_off_is_exported_too(write_journal, tmp_path, trip_lines, otlp):
    spans = otlp.checked(otlp_json(load_history(write_journal(tmp_path / "j", trip_lines[:8]))))
    unfinished = {span["name"] for span in spans if otlp.attributes_of(span).get("lumen.unfinished")}
    assert "trip.lumen main" in unfinished
    assert "chat slow" in unfinished
    assert "chat fast" not in unfinished


@pytest.mark.parametrize("recorded", [None, {}, {"at": "some day"}, {"at": "2026-11-21T06:00:00+01:00"}])
def test_times_without_a_clock(write_journal, tmp_path, recorded, otlp):
    spans = otlp.checked(otlp_json(load_history(write_journal(tmp_path / "j", recorded=recorded))))
    start = START if recorded and "+01" in recorded.get("at", "") else 0
    assert spans[0]["startTimeUnixNano"] == str(start)


def test_secrets_stay_out(trip):
    assert '"key": [secret]' in str(otlp_json(load_history(trip)))
