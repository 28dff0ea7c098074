"""What is said about programs that do not parse: the table of examples, `err/*.lumen`, and one fault, one message."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lumen.source.file import SourceFile
from lumen.syntax.errors import EXAMPLES
from lumen.syntax.parse import MAX_DIAGNOSTICS, parse_fragment, parse_module

FILES = sorted(Path(__file__).parent.glob("err/*.lumen"))
EXPECTED = re.compile(r'# error(?P<above> above)?: \[(?P<code>[\w-]+)\] "(?P<words>.*)"$')


def errors(text: str) -> list[tuple[int, str, str]]:
    file = SourceFile("test.lumen", text)
    found = parse_module(file).diagnostics
    return [(file.line_of(d.span.start), d.code, d.message) for d in found if d.severity == "error"]


@pytest.mark.parametrize(("message", "text"), [(m, t) for m, texts in EXAMPLES.items() for t in texts])
def test_example(message: str, text: str) -> None:
    assert [found for _, _, found in errors(text)] == [message]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    wanted = []
    for number, line in enumerate(text.split("\n"), 1):
        if found := EXPECTED.search(line):
            wanted.append((number - bool(found["above"]), found["code"], found["words"]))
    assert wanted, "the file expects nothing"
    found_errors = errors(text)
    assert [(line, code) for line, code, _ in found_errors] == [(line, code) for line, code, _ in wanted], found_errors
    for (_, _, message), (_, _, words) in zip(found_errors, wanted, strict=True):
        assert words in message


def test_at_most_twenty() -> None:
    assert len(errors("let = 1\n" * 100)) == MAX_DIAGNOSTICS


def test_the_rest_of_the_file_is_there() -> None:
    file = SourceFile("x", "let a = )\ncell f() = 1\nlet b = 2\n")
    module = parse_module(file).module
    assert module is not None
    assert len(module.body) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("if x then\n  1\nend", "then"),
        ("x = !a", "not x"),
        ("def f()\n  1\nend", "cell"),
        ("x = 'a'", "double quotes"),
        ("x = a && b", "`and`"),
        ("f(x -> x)", "fn(x)"),
        ("a; b", "line break"),
    ],
)
def test_habits_are_hints(text: str, words: str) -> None:
    result = parse_module(SourceFile("x", text))
    assert not result.has_errors
    assert [d.code for d in result.diagnostics] == ["habit"]
    assert words in result.diagnostics[0].message


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("let x = 1", "complete"),
        ("", "complete"),
        ("cell f()\n  1\nend", "complete"),
        ("cell f()", "incomplete"),
        ("cell f()\n  let x = 1", "incomplete"),
        ("let x = 1 +", "incomplete"),
        ("x |>", "incomplete"),
        ("print(", "incomplete"),
        ("print(1,", "incomplete"),
        ('"""abc', "incomplete"),
        ("match x\n  1 -> 2", "incomplete"),
        ("await parallel\n  a()", "incomplete"),
        ("let = 3", "errors"),
        ("end", "errors"),
        ('let x = "abc', "errors"),
        ("f(1 2", "errors"),
        ("cell f()\n  let x = 3 4", "errors"),
    ],
)
def test_fragment(text: str, answer: str) -> None:
    assert parse_fragment(text)[0] == answer


@pytest.mark.parametrize(
    "text",
    [
        "let x = " + "(" * 10_000 + "1" + ")" * 10_000,
        "[" * 10_000,
        "let x = " + "-" * 10_000 + "1",
        "let x = a" + ".b" * 10_000,
        "let x = " + "+".join(["1"] * 10_000),
        "let x = " + "fn(x) => " * 2_000 + "1",
        "if a\n" * 1_000 + "end\n" * 1_000,
        "if a\n  1\n" + "else if b\n  2\n" * 1_000 + "end",
        "let x: " + "list[" * 3_000 + "Int" + "]" * 3_000 + " = 1",
    ],
    ids=["parens", "brackets", "minus", "fields", "sum", "lambdas", "blocks", "else-if", "types"],
)
def test_too_deep(text: str) -> None:
    assert {code for _, code, _ in errors(text)} == {"too-deep"}


def test_long_lines_and_numbers() -> None:
    assert errors('let x = "' + "a" * 1_000_000 + '"') == []
    assert errors("let x = " + "9" * 100_000) == []
    assert [code for _, code, _ in errors("let x = " + "9" * 1_000_000)] == ["bad-number"]
