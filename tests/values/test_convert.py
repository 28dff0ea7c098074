"""Python and JSON in and out."""

import datetime
import enum
import json
from collections import namedtuple
from dataclasses import dataclass

import pytest
from attrs import define

from lumen.values.convert import from_python, to_jsonable, to_python
from lumen.values.equality import equal, to_key
from lumen.values.errors import Failure
from lumen.values.model import Ok, Pending, Set, make_record

Point = make_record("Point", ("x", "y"))


@dataclass
class Row:
    name: str
    tags: set


@define
class Cell:
    at: int


class Level(enum.Enum):
    LOW = 1


class Small(enum.IntEnum):
    ONE = 1


Pair = namedtuple("Pair", "left right")


@pytest.mark.parametrize(
    ("value", "jsonable"),
    [
        ((1, 2.5, "a", None, True), [1, 2.5, "a", None, True]),
        ({"a": [1]}, {"a": [1]}),
        ({1: "x"}, {"$map": [[1, "x"]]}),
        (Point(1, Set([2])), {"$type": "Point", "x": 1, "y": [2]}),
        (Ok(3), {"$variant": "ok", "values": [3]}),
        (Pending, {"$variant": "Pending", "values": []}),
        (b"\xca\xfe", {"$bytes": "cafe"}),
        (float("inf"), {"$float": "inf"}),
    ],
)
def test_to_jsonable(value, jsonable):
    assert to_jsonable(value) == jsonable
    json.dumps(to_jsonable(value), allow_nan=False)


def test_from_python():
    assert from_python(Row("a", {"y", "x"})) == {"name": "a", "tags": Set(["x", "y"])}
    assert from_python([Cell(1), Pair(1, (2,)), Level.LOW]) == [{"at": 1}, {"left": 1, "right": (2,)}, 1]
    assert type(from_python(Small.ONE)) is int
    assert equal(from_python({True: 1, (1, 2): 2}), {to_key(True): 1, (1, 2): 2})
    assert from_python(bytearray(b"x")) == b"x"


def test_the_order_of_a_python_set_does_not_show():
    assert list(from_python({"b", "a", "c"})) == ["a", "b", "c"]


def test_from_python_refuses_by_name_and_place():
    with pytest.raises(Failure) as caught:
        from_python({"rows": [1, datetime.date(2026, 1, 1)]}, "the result of `db.rows`")
    assert caught.value.code == "output-invalid"
    assert str(caught.value) == (
        "the result of `db.rows` at rows[1] is a Python object of type datetime.date, for which Lumen has no value; "
        "return it as text (`.isoformat()`)"
    )
    with pytest.raises(Failure, match="type object"):
        from_python(object())
    with pytest.raises(Failure, match="type generator"):
        from_python(x for x in [1])


def test_from_python_refuses_what_contains_itself_or_is_too_deep():
    loop: list = []
    loop.append(loop)
    with pytest.raises(Failure, match="contains itself"):
        from_python(loop)
    deep: list = []
    for _ in range(50_000):
        deep = [deep]
    for convert in (from_python, to_jsonable, to_python):
        with pytest.raises(Failure, match="nested deeper"):
            convert(deep)


def test_to_python_gives_fresh_objects():
    value = {"a": [Point(1, Set([2])), Ok(1), Pending], to_key([1]): None}
    assert to_python(value) == {
        "a": [{"x": 1, "y": {2}}, {"$variant": "ok", "values": [1]}, "Pending"],
        (1,): None,
    }
    assert to_python(value)["a"] is not value["a"]
