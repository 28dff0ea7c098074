"""The page as text: what is in it, and what can't get out of it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from lumen.journal.history import load_history
from lumen.trace.timeline import timeline_html

CHAT, GET = "llm.chat", "http.get"


class Reader(HTMLParser):
    """Collects the elements of a page, and the text of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {"script": [], "style": []}
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open = tag
        if tag in self.inside:
            self.inside[tag].append("")

    def handle_data(self, data):
        if self._open in self.inside and self.lasttag == self._open:
            self.inside[self._open][-1] += data

    def handle_endtag(self, tag):
        self._open = ""


def data_of(page):
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(found[1])


@pytest.fixture
def page(trip):
    return timeline_html(load_history(trip), name="trip.jsonl")


def test_the_page_needs_nothing_else(page):
    reader = Reader(page)
    assert not {tag for tag, _ in reader.elements} & {"iframe", "img", "object", "embed", "base", "audio", "video"}
    assert [attrs["method"] for tag, attrs in reader.elements if tag == "form"] == ["dialog"]
    for tag, attrs in reader.elements:
        assert "src" not in attrs
        assert not any(name.startswith("on") for name in attrs), "no handlers in attributes"
        assert "style" not in attrs
        if "href" in attrs:
            assert (tag, attrs["href"][:10]) == ("link", "data:image")


def test_the_policy_lets_only_our_own_script_and_style_run(page):
    reader = Reader(page)
    policy = next(attrs["content"] for tag, attrs in reader.elements if attrs.get("http-equiv"))
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy
    for kind, text in (("script", reader.inside["script"][-1]), ("style", reader.inside["style"][0])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[f"{kind}-src"] == f"'sha256-{digest}'"


def test_what_a_journal_holds_cannot_end_its_element(page):
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    assert "<b>" not in page
    assert any("Lodz </script><b>" in text for text in data_of(page)["text"])


@pytest.mark.parametrize("evil", ["</script><script>alert(1)</script>", "<!--<script>", "\u2028\u2029", "\ud800", "\0"])
def test_any_text_anywhere(write_journal, tmp_path, trip_lines, evil):
    trip_lines[1]["text"] = evil
    trip_lines[2]["sites"][1][3] = evil
    trip_lines[3]["input"] = {evil: evil}
    trip_lines[-1]["failure"]["message"] = evil
    journal = write_journal(
        tmp_path / "j", trip_lines, main=f"{evil}.lumen", sources={f"{evil}.lumen": evil}, input={"a": evil}
    )
    page = timeline_html(load_history(journal), name=evil, notes=[evil])
    page.encode("utf-8")
    tags = [tag for tag, _ in Reader(page).elements]
    assert tags.count("script") == 2
    assert evil in data_of(page)["text"]


def test_columns_have_one_length_and_point_at_texts(page):
    data = data_of(page)
    for name in ("rows", "items"):
        lengths = {len(column) for column in data[name].values()}
        assert len(lengths) == 1
    assert data["rows"]["parent"] == [-1, 0, 1, 1]
    assert data["items"]["row"] == sorted(data["items"]["row"])
    for row in range(4):
        starts = [s for r, s in zip(data["items"]["row"], data["items"]["s0"], strict=True) if r == row]
        assert starts == sorted(starts), "the script searches by bisection"
    top = len(data["text"])
    for name in ("name", "input", "output"):
        assert all(-1 <= index < top for index in data["items"][name])


def test_the_rows_of_a_race(page):
    rows, text = data_of(page)["rows"], data_of(page)["text"]
    assert [text[index] for index in rows["label"]] == ["main", "race", '1: ask("fast")', '2: ask("slow")']
    assert rows["number"] == ["1", "2", "3·4", "5·6"]
    assert rows["kind"] == ["task", "race", "branch", "branch"]
    assert [["", "won", "lost", "failed"][mark] for mark in rows["mark"]] == ["failed", "", "won", "lost"]
    assert text[rows["note"][1]] == "branch 1 won"
    assert rows["t1"] == [100_000_000, 80_000_000, 80_000_000, 80_000_000]


def test_secrets_and_source(page):
    data = data_of(page)
    assert any("[secret]" in text for text in data["text"])
    assert data["files"][0][0] == "trip.lumen"
    assert "cell main(city: String)" in data["files"][0][1]


def test_large_values_are_cut(write_journal, tmp_path, trip_lines):
    trip_lines[1]["text"] = "x" * 1_000_000
    page = timeline_html(load_history(write_journal(tmp_path / "j", trip_lines)), name="j")
    assert len(page) < 150_000
    assert "996,000 more" in page


def test_without_times_the_order_is_shown(record):
    data = data_of(timeline_html(load_history(record("print(1)\nprint(2)\n")), name="j"))
    assert data["run"]["axis"] == "order"
    assert data["run"]["virtual"]


def test_the_same_journal_gives_the_same_page(trip):
    assert timeline_html(load_history(trip), name="j") == timeline_html(load_history(trip), name="j")


def test_unknown_events_and_missing_parts(write_journal, tmp_path, trip_lines):
    trip_lines.insert(2, {"event": "teleport", "task": 1, "to": "Mars"})
    trip_lines.insert(3, {"event": "signal", "what": "interrupt"})
    journal = write_journal(tmp_path / "j", trip_lines, sources={}, recorded=None, main=None)
    data = data_of(timeline_html(load_history(journal), name="j"))
    assert '{"to": "Mars"}' in data["text"]
    assert "interrupted by Ctrl-C" in data["text"]
    assert all(text is None for _, text in data["files"])


def test_decisions_without_a_value_are_marked(record):
    source = "cell main()\n  await timeout(5, sleep(10))\n  await race(sleep(1), sleep(2))\nend\n"
    data = data_of(timeline_html(load_history(record(source)), name="j"))
    items, text = data["items"], data["text"]
    decided = {
        text[items["input"][i]]: items["status"][i]
        for i in range(len(items["row"]))
        if text[items["name"][i]] == "decides"
    }
    assert decided == {"time was up": 2, "branch 1 won": 1}
