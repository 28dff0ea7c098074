"""What values look like."""

import pytest

from lumen.values.display import describe, represent, show, type_name
from lumen.values.equality import to_key
from lumen.values.model import Err, FutureState, Ok, Pending, Set, make_enum, make_record, names_record

Point = make_record("Point", ("x", "y"))
Color = make_enum("Color", (("Red", ()), ("Rgb", ("r", "g", "b"))))


def a_cell():
    pass


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "plain"),
        (1.0, "1.0"),
        (1e100, "1e+100"),
        (-7, "-7"),
        (True, "true"),
        (None, "null"),
        (b"\xca\xfe", 'b"cafe"'),
        ([], "[]"),
        ([1, "a", None], '[1, "a", null]'),
        ((), "()"),
        ((1,), "(1,)"),
        ((1, "a"), '(1, "a")'),
        ({}, "{}"),
        ({"a": 1, to_key(True): [2]}, '{"a": 1, true: [2]}'),
        (Set(), "set[]"),
        (Set([1, 2]), "{1, 2}"),
        (Point(1, "y"), 'Point(x: 1, y: "y")'),
        (names_record(("a", "b"))(1, 2), "(a: 1, b: 2)"),
        (Color._variants["Red"], "Red"),
        (Color._variants["Rgb"](1, 2, 3), "Rgb(1, 2, 3)"),
        (Ok(3), "ok(3)"),
        (Err("no"), 'err("no")'),
        (Pending, "Pending"),
        (FutureState._variants["Completed"](Ok(())), "Completed(ok(()))"),
        (a_cell, "<cell a_cell>"),
        (lambda: 1, "<fn>"),
        (Point, "<record Point>"),
        (Color, "<enum Color>"),
        (['q"\\\n{x}\u200b\x01'], '["q\\"\\\\\\n\\{x\\}\u200b\\u{1}"]'),
    ],
)
def test_show(value, shown):
    assert show(value) == shown


def test_deep_values_are_shown_without_the_c_stack():
    value = 1
    for _ in range(100_000):
        value = [value]
    assert represent(value) == "[" * 100_000 + "1" + "]" * 100_000


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ([1], "list[Int]"),
        ([1, "a", 2], "list[Int | String]"),
        ([], "list[Any]"),
        ({"a": 1.0}, "map[String, Float]"),
        ((1, None), "tuple[Int, Null]"),
        (Set([True]), "set[Bool]"),
        (Point(1, 2), "Point"),
        (Color._variants["Red"], "Color"),
        (Ok(1), "result"),
        (a_cell, "fn"),
        (b"", "Bytes"),
        ([[1], [None]], "list[list[Int] | list[Null]]"),
    ],
)
def test_type_name(value, name):
    assert type_name(value) == name


def test_describe_keeps_messages_short():
    assert describe(42) == "Int 42"
    assert describe(None) == "Null"
    assert describe([1, 2]) == "list[Int] [1, 2]"
    assert describe(list(range(1000))) == "list of 1000"
    assert len(describe(["x" * 1000])) < 100
