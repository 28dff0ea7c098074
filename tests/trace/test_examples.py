"""Every example is recorded, and everything that there is to show of it is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from lumen.journal.history import load_history
from lumen.trace.diff import compare
from lumen.trace.export import otlp_json
from lumen.trace.scene import scene_of
from lumen.trace.show import show_text
from lumen.trace.stats import stats_of, stats_text
from lumen.trace.timeline import timeline_html

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("[0-9]*.lumen*"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_what_an_example_did(example, record_example, otlp, capsys):
    has_tools = "use tool" in example.read_text("utf-8")
    options = [] if has_tools else ["--deterministic", "--seed", "1"]
    if "scraper" in example.name:
        options += ["--arg", "base_url=http://127.0.0.1:9"]  # where nobody answers
    journal = record_example(example, *options)
    assert journal.exists(), capsys.readouterr().err
    history = load_history(journal)
    assert history.end is not None
    scene = scene_of(history)
    assert sum(len(lane.numbers) for lane in scene.lanes) == len(history.tasks), "each task is in one lane"
    for lane in scene.lanes:
        assert lane.start_ns is not None
        assert lane.end_ns is not None
        assert [item.start_at for item in lane.items] == sorted(item.start_at for item in lane.items)
        for item in lane.items:
            assert item.end_ns is not None
            assert lane.start_ns <= item.start_ns <= item.end_ns <= lane.end_ns
    lines = list(show_text(history))
    assert lines[0].startswith(f"{example.name}, {'eager' if has_tools else 'deterministic, seed 1'}")
    assert stats_text(stats_of(history, journal))
    otlp.checked(otlp_json(history))
    assert example.name in timeline_html(history, name="j")
    assert compare(history, load_history(journal)).parting is None
