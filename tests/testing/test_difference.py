"""How two values differ."""

from __future__ import annotations

import pytest

from lumen.testing.difference import MAX_LINES, difference, pretty
from lumen.values.model import Set, make_record

Point = make_record("Point", ("x", "y"))


def test_short_values_stand_below_each_other():
    assert difference([1, 2, 3], [1, 2, 4]) == ["- [1, 2, 4]", "+ [1, 2, 3]"]


def test_a_caret_below_a_late_difference():
    assert difference("the quick brown fox", "the quick brown box") == [
        '- "the quick brown box"', '+ "the quick brown fox"', "                   ^",
    ]  # fmt: skip


def test_texts_of_lines_are_compared_by_line():
    expected = "\n".join(f"line {n}" for n in range(20))
    actual = expected.replace("line 10", "line ten  ")
    assert difference(actual, expected) == [
        "  line 7", "  line 8", "  line 9", "- line 10", "+ line ten··", "  line 11", "  line 12", "  line 13",
    ]  # fmt: skip


def test_only_the_last_line_break_differs():
    assert difference("a\nb\n", "a\nb") == ['- "a\\nb"', '+ "a\\nb\\n"']


def test_control_characters_are_seen():
    assert difference("a\x1b[31m\nb", "a\nb") == ["- a", "+ a␛[31m", "  b"]


def test_long_lists_have_a_line_for_each_part():
    expected = [f"element number {n}" for n in range(10)]
    actual = [*expected[:5], "another", *expected[6:]]
    lines = difference(actual, expected)
    assert '-   "element number 5",' in lines
    assert '+   "another",' in lines
    assert len(lines) == 8


def test_maps_and_records_by_field():
    expected = {"name": "a" * 40, "point": Point(1, 2), "list": list(range(30))}
    actual = {**expected, "point": Point(1, 3)}
    lines = difference(actual, expected)
    assert '-   "point": Point(x: 1, y: 2),' in lines
    assert '+   "point": Point(x: 1, y: 3),' in lines


def test_types_show():
    assert difference(1, 1.0) == ["- 1.0", "+ 1"]
    assert difference("1", 1) == ["- 1", '+ "1"']
    assert difference(None, False) == ["- false", "+ null"]


def test_what_looks_alike_is_told_apart():
    other = make_record("Point", ("x", "y"))
    assert "two types of the same name" in difference(Point(1, 2), other(1, 2))[0]


def test_long_lines_are_cut_around_the_difference():
    lines = difference("x" * 5000 + "a" + "y" * 5000, "x" * 5000 + "b" + "y" * 5000)
    assert all(len(line) < 300 for line in lines)
    assert "b" in lines[0]
    assert "a" in lines[1]


@pytest.mark.parametrize("size", [300, 50_000])
def test_large_values_are_cut(size):
    lines = difference(
        [f"some longer element {n}" for n in range(size)], [f"an expected element {n}" for n in range(size)]
    )
    assert len(lines) <= MAX_LINES + 1
    assert lines[-1].startswith("…")


def test_deep_values_are_shown():
    value = None
    for _ in range(5000):
        value = [value]
    assert difference(value, [])


def test_pretty_fits_what_fits():
    assert pretty([1, 2]) == ["[1, 2]"]
    assert pretty(Set([])) == ["set[]"]
    assert pretty(()) == ["()"]
    wide = pretty({"k": ["x" * 30, "y" * 50]})
    assert wide == ["{", '  "k": [', f'    "{"x" * 30}",', f'    "{"y" * 50}",', "  ],", "}"]


def test_colours():
    assert difference(1, 2, colour=True) == ["\x1b[31m- 2\x1b[0m", "\x1b[32m+ 1\x1b[0m"]
