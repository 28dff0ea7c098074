"""`lumen trace diff`."""

from __future__ import annotations

import pytest

from lumen.journal.history import load_history
from lumen.trace.diff import compare, diff_text

MS = 1_000_000


@pytest.fixture
def other(write_journal, tmp_path, trip_lines, trip):
    """`other(change)` compares the trip with itself after a change of its lines."""

    def made(change, **header):
        change(trip_lines)
        journal = write_journal(tmp_path / "other.jsonl", trip_lines, **header)
        return diff_text(load_history(trip), load_history(journal), names=("A", "B"))

    return made


def test_a_run_is_the_same_as_itself(other):
    same, lines = other(lambda lines: None)
    assert same
    assert lines == ["the runs are the same: 42 events"]


def test_what_only_a_clock_says_makes_no_difference(other):
    def slower(lines):
        lines[0]["ops"][5] = 3 * MS
        lines[7]["now"] = 81 * MS
        lines[7]["took"] = 7 * MS

    assert other(slower, recorded={"at": "2027-01-01T00:00:00Z", "program": "/elsewhere"})[0]


def test_a_changed_argument_is_named_with_both_places(other):
    def change(lines):
        lines[14]["input"]["url"] = "https://example.org"
        lines[14]["site"] = ["trip.lumen", 12, 3, "Get(url)"]

    same, lines = other(change)
    assert not same
    assert "equal events" in lines[0]
    assert len(lines) == 1 + 3 + 2 + 1
    assert lines[1].split() == ["13.4", "task", "2", "(race)", "is", "done", "(trip.lumen:6:20)"]
    assert "emits" in lines[3]
    assert lines[4] == '- A      15  asks http.get(url: "https://example.com")  (trip.lumen:11:3)'
    assert lines[5] == '+ B      15  asks http.get(url: "https://example.org")  (trip.lumen:12:3)'
    assert lines[6] == '    input.url: "https://example.com" | "https://example.org"'


def test_another_winner(other):
    def change(lines):
        lines[9]["result"] = 1

    _, lines = other(change)
    assert "branch 1 won" in lines[4]
    assert "branch 2 won" in lines[5]


@pytest.mark.parametrize("value", [1.0, True])
def test_one_is_not_one_point_nought_nor_true(value, trip, write_journal, tmp_path, trip_lines):
    journals = []
    for name, given in (("a", 1), ("b", value)):
        trip_lines[3]["input"]["temperature"] = given
        journals.append(load_history(write_journal(tmp_path / name, trip_lines)))
    same, lines = diff_text(*journals, names=("A", "B"))
    assert not same
    assert lines[-1] == f"    input.temperature: 1 | {str(value).lower()}"


def test_a_run_that_stops_earlier(other):
    _, lines = other(lambda lines: lines.__delitem__(slice(15, None)))
    assert "note: the second journal ends before its run does" in lines
    assert lines[-1] == "+ B  has no more events"


def test_lines_may_move_in_the_source(other):
    def change(lines):
        for line in lines:
            if line.get("site"):
                line["site"][1] += 10

    same, lines = other(change, program="cc" * 32)
    assert same
    assert lines[0] == "note: the programs differ"


def test_other_arguments_differ_at_once(other):
    same, lines = other(lambda lines: None, input={"city": "Oslo"})
    assert not same
    assert lines[0] == "the runs part after 0 equal events"
    assert '    input.city: "Łódź" | "Oslo"' in lines


def test_full_against_minimal(trip, write_journal, tmp_path, trip_lines):
    kept = [line for line in trip_lines if line["event"] != "tasks"]
    journal = write_journal(tmp_path / "j", kept, journal="minimal")
    comparison = compare(load_history(trip), load_history(journal))
    assert comparison.parting is None
    assert any("minimal" in note for note in comparison.notes)


def test_recorded_twice_is_the_same(record):
    program = "cell main()\n  print(await race(sleep(3), sleep(2)))\nend\n"
    first = load_history(record(program, "a"))
    second = load_history(record(program, "b"))
    assert compare(first, second).parting is None


def test_an_edited_program_parts_where_it_was_edited(record):
    first = record('cell main()\n  print("one")\n  print("two")\nend\n', "a")
    second = record('# why\ncell main()\n  print("one")\n  print("three")\nend\n', "b")
    same, lines = diff_text(load_history(first), load_history(second), names=("a", "b"))
    assert not same
    assert lines[-3].endswith('prints "two"  (a.lumen:3:3)')
    assert lines[-2].endswith('prints "three"  (b.lumen:4:3)')
