"""How findings are shown, and suggested names."""

from __future__ import annotations

import pytest

from lumen.diagnostics.diagnostic import Diagnostic, Label
from lumen.diagnostics.excerpt import excerpt
from lumen.diagnostics.render import as_json, render_text, summary
from lumen.diagnostics.sink import Sink
from lumen.diagnostics.spelling import nearest
from lumen.source.file import SourceFile
from lumen.source.span import Span

FILE = SourceFile("a.lumen", "let price = 1\nlet é = prise(3)\n\tx\n")


def found(start: int, end: int, **fields) -> Diagnostic:
    return Diagnostic("unresolved-name", "`prise` is not defined", FILE, Span(start, end), **fields)


def test_the_whole_rendering():
    diagnostic = found(
        22, 27, hint="did you mean `price`?", labels=(Label(Span(4, 9), "defined here"),), notes=("a note",)
    )
    assert render_text(diagnostic) == (
        "error[unresolved-name]: `prise` is not defined\n"
        " --> a.lumen:2:9\n"
        "2 | let é = prise(3)\n"
        "  |         ^^^^^\n"
        "1 | let price = 1\n"
        "  |     ^^^^^ defined here\n"
        "  = note: a note\n"
        "  = help: did you mean `price`?"
    )


def test_colour_changes_nothing_but_colour():
    import re

    diagnostic = found(22, 27, hint="did you mean `price`?")
    painted = render_text(diagnostic, colour=True)
    assert "\x1b[31;1m" in painted
    assert re.sub("\x1b\\[[0-9;]*m", "", painted) == render_text(diagnostic)


def test_json():
    assert as_json(found(22, 27)) == {
        "severity": "error", "code": "unresolved-name", "message": "`prise` is not defined", "file": "a.lumen",
        "line": 2, "column": 9, "end_line": 2, "end_column": 14, "hint": None,
    }  # fmt: skip


def carets(text: str, column: int, width: int) -> str:
    line, marks = excerpt(text, 1, column, width, gutter=1)
    return line[4:] + "\n" + marks[4:]


@pytest.mark.parametrize(
    ("text", "column", "width", "shown"),
    [
        ("abc", 2, 1, "abc\n ^"),
        ("abc", 2, 9, "abc\n ^^"),
        ("abc", 4, 1, "abc\n   ^"),
        ("", 1, 0, "\n^"),
        ("\tx", 2, 1, "    x\n    ^"),
        ("ab\tx", 4, 1, "ab  x\n    ^"),
        ("日本x", 3, 1, "日本x\n    ^"),
        ("日本x", 2, 1, "日本x\n  ^^"),
        ("e\u0301x", 3, 1, "e\u0301x\n ^"),
        ("a\x1b[31mb", 7, 1, "a\ufffd[31mb\n      ^"),
    ],
)
def test_carets_stand_under_what_they_mean(text, column, width, shown):
    assert carets(text, column, width) == shown.rstrip(" ")


def test_a_very_long_line_is_cut_around_the_place():
    line, marks = excerpt("x" * 500_000 + "HERE" + "y" * 500_000, 1, 500_001, 4, gutter=1)
    assert len(line) < 200
    assert line[marks.index("^") : marks.index("^") + 4] == "HERE"
    assert marks.count("^") == 4


def test_a_span_over_several_lines_marks_the_first():
    assert render_text(found(0, 30)).splitlines()[3] == "  | ^^^^^^^^^^^^^"


def test_the_sink_sorts_and_drops_repetitions():
    other = SourceFile("b.lumen", "x\n")
    sink = Sink()
    sink.extend([found(22, 27), found(4, 9, severity="warning"), found(22, 27)])
    sink.add(Diagnostic("missing-end", "m", other, Span(0, 1)))
    assert [(d.file.path, d.span.start) for d in sink.sorted()] == [("a.lumen", 4), ("a.lumen", 22), ("b.lumen", 0)]
    assert sink.has_errors
    assert summary(sink.sorted(), 2) == "2 errors, 1 warning in 2 files"
    assert summary([], 1) == "no problems in 1 file"


@pytest.mark.parametrize(
    ("name", "candidates", "expected"),
    [
        ("prise", ["price", "print"], "price"),
        ("lenght", ["length", "len"], "length"),
        ("myvar", ["other", "my_var"], "my_var"),
        ("X", ["x"], "x"),
        ("ab", ["ac"], None),
        ("price", ["price"], None),
        ("zebra", ["price", "print"], None),
        ("cat", ["bat", "car"], "bat"),
        ("anything", [], None),
    ],
)
def test_nearest(name, candidates, expected):
    assert nearest(name, candidates) == expected
