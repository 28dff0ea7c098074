"""Values as text, and sizes and times in words."""

from __future__ import annotations

import json

import pytest

from lumen.journal.blobs import BlobStore
from lumen.trace.forms import MAX_DEPTH, FormText, bytes_in_words, clip, duration_in_words


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1, "1"),
        (1.0, "1.0"),
        ("a\n", '"a\\n"'),
        ([1, [2]], "[1, [2]]"),
        ({"a": 1}, '{"a": 1}'),
        ({}, "{}"),
        ({"$map": [[2, "b"], [1, "a"]]}, '{2: "b", 1: "a"}'),
        ({"$tuple": [1]}, "(1,)"),
        ({"$tuple": []}, "()"),
        ({"$set": [1, 2]}, "set(1, 2)"),
        ({"$float": "nan"}, "nan"),
        ({"$record": ["P", [["x", 1], ["y", {"$secret": True}]]]}, "P(x: 1, y: [secret])"),
        ({"$variant": ["E", "none", []]}, "none"),
        ({"$variant": ["E", "ok", [["value", 1]]]}, "ok(value: 1)"),
        ({"$opaque": "<function f>"}, "<function f>"),
        ({"$bytes": "AQI="}, 'b"0102" (2 bytes)'),
        # Not what they say, or of a later version: shown as they are.
        ({"$bytes": "§"}, '"§"'),
        ({"$tuple": 3}, '{"$tuple": 3}'),
        ({"$record": []}, '{"$record": []}'),
        ({"$future": 1}, '{"$future": 1}'),
    ],
)
def test_every_form(form, text):
    assert FormText().line(form) == text


def test_arguments_stand_as_in_a_call():
    forms = FormText()
    assert forms.arguments({"messages": [1, 2, 3], "model": "m"}) == 'model: "m", messages: [1, 2, 3]'
    assert forms.arguments([1, "a"]) == '1, "a"'
    assert forms.arguments(None) == ""
    assert forms.arguments({"$tuple": [1]}) == "(1,)"


def test_what_is_too_wide_is_opened():
    assert FormText().block({"name": "x" * 30, "list": ["y" * 30, 1]}) == "\n".join(
        ["{", f'  "name": "{"x" * 30}",', f'  "list": ["{"y" * 30}", 1],', "}"]
    )
    assert FormText().block("two\nlines") == "two\nlines"


def test_large_values_are_clipped():
    forms = FormText(None, 500)
    assert len(forms.line(list(range(100_000)))) < 600
    assert len(forms.block([{"a": "x" * 100}] * 100_000)) < 600
    assert clip("x" * 10, 5) == "xxxx…"


def test_deep_values_end():
    form: object = 1
    for _ in range(3_000):
        form = [form]
    for text in (FormText().line(form), FormText().block(form, 10)):
        assert "…" in text
        assert text.count("[") <= MAX_DEPTH + 2


def test_blobs(tmp_path):
    store = BlobStore(tmp_path / "j")
    text = store.put_large('"' + "long " * 20_000 + '"')
    form = json.loads(text)
    assert FormText(store, 400).line(form).startswith('"long long')
    (tmp_path / "j.blobs" / form["$blob"]).unlink()
    assert FormText(store).line(form) == f"<large value {form['$blob'][:16]}…, 100 kB: its file is missing>"
    assert FormText().line(form).startswith("<large value ")


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0 s"), (1, "1 ns"), (999, "999 ns"), (1_000, "1 µs"), (1_250_000, "1.25 ms"), (999_600, "1 ms"),
        (2_500_000_000, "2.5 s"), (59_990_000_000, "60 s"), (61_000_000_000, "1 min 1 s"), (120_000_000_000, "2 min"),
        (3_600_000_000_000, "1 h"), (3_900_000_000_000, "1 h 5 min"),
    ],
)  # fmt: skip
def test_durations(ns, text):
    assert duration_in_words(ns) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_000, "1 kB"), (1_234_567, "1.23 MB"), (5e9, "5 GB")],
)
def test_sizes(size, text):
    assert bytes_in_words(int(size)) == text
