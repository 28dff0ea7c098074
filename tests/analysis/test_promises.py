"""How far annotations that name records are believed."""

from __future__ import annotations

import pytest

from lumen.analysis.promises import trusted
from lumen.analysis.scopes import Binding, Kind
from lumen.analysis.types import ANY, INT, NEVER, STRING, Type, list_of, map_of
from tests.analysis.programs import analysed, variable_types

POINT = Type("P", (), Binding("P", Kind.RECORD, None))


@pytest.mark.parametrize(
    ("promised", "actual", "expected"),
    [
        (INT, ANY, INT),
        (INT, STRING, ANY),
        (POINT, POINT, POINT),
        (POINT, NEVER, POINT),
        (POINT, ANY, ANY),
        (list_of(POINT), ANY, list_of(ANY)),
        (list_of(POINT), list_of(NEVER), list_of(POINT)),
        (list_of(POINT), list_of(ANY), list_of(ANY)),
        (map_of(STRING, POINT), map_of(STRING, ANY), map_of(STRING, ANY)),
        (list_of(INT), list_of(ANY), list_of(INT)),
        (list_of(INT), list_of(STRING), ANY),
    ],
)
def test_trusted(promised: Type, actual: Type, expected: Type) -> None:
    assert trusted(promised, actual) == expected


BEFORE = """
record P(x: Int) end
record Box(p: P) end
use tool llm.chat as Chat
"""


@pytest.mark.parametrize(
    ("cells", "body", "expected"),
    [
        ("cell get() -> P = P(1)", "let it = get()", "P"),
        ("cell get() -> P = Chat(prompt: 1)", "let it = get()", "Any"),
        ("cell get() -> list[P] = Chat(prompt: 1)", "let it = get()", "list[Any]"),
        ("cell get() -> Int = Chat(prompt: 1)", "let it = get()", "Int"),
        ("", "let it: P = Chat(prompt: 1)", "Any"),
        ("", "let it = Box(p: P(1)).p", "P"),
        ("", "let it = Box(p: Chat(prompt: 1)).p", "Any"),
        ("", 'let b = Box(...{"p": 1})\nlet it = b.p', "Any"),
        ("", "let mut b = Box(p: P(1))\nb.p = Chat(prompt: 1)\nlet it = b.p", "Any"),
        ("", "let bs = map([1], Box)\nlet it = Box(p: P(1)).p", "Any"),
    ],
)
def test_what_unknown_values_take_back(cells: str, body: str, expected: str) -> None:
    lines = "\n".join("  " + line for line in body.split("\n"))
    assert variable_types(analysed(f"{BEFORE}{cells}\ncell main()\n{lines}\nend"))["it"] == expected


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ("f(P(1))", "P"),
        ("1", "P"),
        ("f(Chat(prompt: 1))", "Any"),
        ("f(p: Chat(prompt: 1))", "Any"),
        ("map(Chat(prompt: 1), f)", "Any"),
        ("Chat(prompt: 1) |> f", "Any"),
        ("f(...Chat(prompt: 1))", "Any"),
        ("spawn(f(Chat(prompt: 1)))", "Any"),
    ],
)
def test_parameters(calls: str, expected: str) -> None:
    text = f"{BEFORE}cell f(p: P) = p.x\ncell main()\n  {calls}\nend"
    assert variable_types(analysed(text), "f")["p"] == expected


def test_self_is_always_believed() -> None:
    text = "record P(x: Int)\n  cell m(self)\n    let it = self.x\n    it\n  end\nend\ncell main(v) = v.m()"
    assert variable_types(analysed(text), "m") == {"self": "P", "it": "Int"}


def test_modules_say_what_they_believe() -> None:
    modules = {"m": f"{BEFORE}cell get() -> P = Chat(prompt: 1)\ncell make() -> P = P(1)"}
    text = "import m: get, make\ncell main()\n  let a = get()\n  let b = make()\nend"
    assert variable_types(analysed(text, modules)) == {"a": "Any", "b": "P"}
