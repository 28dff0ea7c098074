"""Values keep everything that a program can see of them on their way through JSON text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumen.journal.errors import JournalError
from lumen.journal.jsonlines import canonical, parse
from lumen.journal.secrets import Scrubber
from lumen.journal.values import LONG_INT_BITS, decode_value, encode_value
from lumen.values.canonical import MAX_DEPTH
from lumen.values.display import represent
from lumen.values.equality import equal, to_key
from lumen.values.errors import Failure
from lumen.values.model import (
    Completed,
    Err,
    Error,
    Ok,
    Pending,
    Set,
    make_enum,
    make_record,
    names_record,
)

Point = make_record("Point", ("x", "y"))
Shape = make_enum("Shape", [("Dot", ()), ("Circle", ("radius",)), ("Box", ("width", "height"))])
TYPES = {
    ("record", "Point"): Point,
    ("variant", "Shape.Dot"): Shape._variants["Dot"],
    ("variant", "Shape.Circle"): Shape._variants["Circle"],
    ("variant", "Shape.Box"): Shape._variants["Box"],
}


def types(kind, name, fields):
    return TYPES.get((kind, name))


def back(value, **options):
    return decode_value(json.loads(encode_value(value, **options)), types)


def identical(a, b):
    """Equal, and also in what `==` leaves out: Int or Float, the sign of zero, order."""
    return type(a) is type(b) and represent(a) == represent(b)


any_text = st.text(st.characters(exclude_categories=[]))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(2**5000), max_value=2**5000),
    st.floats(),
    any_text,
    st.binary(),
)
keys = st.one_of(any_text, st.text("$ab", max_size=2), st.integers(), st.booleans(), st.tuples(st.integers(), any_text))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=6),
        st.lists(inner, max_size=3).map(tuple),
        st.lists(inner, max_size=3).map(Set),
        st.dictionaries(any_text, inner, max_size=4),
        st.lists(st.tuples(keys, inner), max_size=3).map(lambda pairs: {to_key(k): v for k, v in pairs}),
        st.tuples(inner, inner).map(lambda pair: Point(*pair)),
        inner.map(Shape._variants["Circle"]),
        st.tuples(inner, inner).map(lambda pair: Shape._variants["Box"](*pair)),
        inner.map(Ok),
        inner.map(Err),
        inner.map(Completed),
        inner.map(names_record(("left",))),
        st.just(Shape._variants["Dot"]),
        st.just(Pending),
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(values)
def test_round_trip(value):
    assert identical(back(value), value)


@settings(deadline=None)
@given(values)
def test_the_text_is_canonical_json(value):
    text = encode_value(value)
    assert canonical(json.loads(text)) == text
    text.encode()  # no surrogate is left bare


@settings(deadline=None)
@given(values)
def test_the_room_needs_no_json_module(value):
    text = encode_value(value)
    assert repr(parse(text)) == repr(json.loads(text))


@settings(deadline=None)
@given(st.lists(st.tuples(keys, scalars), max_size=5), st.randoms())
def test_canonical_text_does_not_know_order(pairs, random):
    mapping = {to_key(key): value for key, value in pairs}
    items = list(mapping.items())
    random.shuffle(items)
    assert encode_value(dict(items), canonical=True) == encode_value(mapping, canonical=True)
    shuffled = Set.of_keys(dict.fromkeys([key for key, _ in items]))
    assert encode_value(shuffled, canonical=True) == encode_value(Set.of_keys(dict.fromkeys(mapping)), canonical=True)
    if len(items) > 1 and list(mapping) != [key for key, _ in items]:
        assert encode_value(dict(items)) != encode_value(mapping)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1, "1"),
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (1e300, "1e+300"),
        (float("nan"), '{"$float":"nan"}'),
        (float("-inf"), '{"$float":"-inf"}'),
        (1 << LONG_INT_BITS, '{"$int":"0x1' + "0" * (LONG_INT_BITS // 4) + '"}'),
        ("é\n\x7f", '"é\\n\x7f"'),
        ("\udc80", '"\\udc80"'),
        ("\ud83d\ude00", '{"$string":[55357,56832]}'),
        (b"\x00\xff", '{"$bytes":"AP8="}'),
        ([], "[]"),
        ((), '{"$tuple":[]}'),
        (Set([2, 1]), '{"$set":[2,1]}'),
        ({}, "{}"),
        ({"a": 1, "b": 2}, '{"a":1,"b":2}'),
        ({"b": 1, "a": 2}, '{"$map":[["b",1],["a",2]]}'),
        ({"$a": 1}, '{"$map":[["$a",1]]}'),
        ({1: 2}, '{"$map":[[1,2]]}'),
        (Point(1, [2]), '{"$record":["Point",[["x",1],["y",[2]]]]}'),
        (Ok(1), '{"$variant":["result","ok",[["value",1]]]}'),
        (Pending, '{"$variant":["FutureState","Pending",[]]}'),
        (len, '{"$opaque":"<cell len>"}'),
    ],
)
def test_forms(value, text):
    assert encode_value(value) == text


@pytest.mark.parametrize("wrap", [lambda v: [v], lambda v: {1: v}, lambda v: Point(v, 0), Ok])
def test_depth(wrap):
    value = 0
    for _ in range(MAX_DEPTH):
        value = wrap(value)
    # Python's limit of recursion is lower here than a value may be deep.
    text = encode_value(value)
    assert canonical(parse(text)) == text
    assert equal(decode_value(parse(text), types), value)
    with pytest.raises(Failure, match="nested deeper than 1000 levels"):
        encode_value(wrap(wrap(value)))


@pytest.mark.parametrize("last", [3, 2**5000, -(2**5000), True, 1.0, "x", "é", "\udc80", "\ud83d\ude00", None])
@pytest.mark.parametrize("wrap", [list, tuple, Set])
@pytest.mark.parametrize("first", [[1, 2, 3, 4, 5, 6], ["a", "b", "c", "d", "e"]])
def test_long_lists_of_one_type_and_of_nearly_one(first, wrap, last):
    value = wrap([*first, last])
    assert identical(back(value), value)
    assert encode_value(value, scrubber=Scrubber()) == encode_value(value)


def test_a_value_that_contains_itself():
    value = []
    value.append(value)
    with pytest.raises(Failure) as caught:
        encode_value(value)
    assert caught.value.code == "value-error"


def test_made_up_classes_show_and_compare():
    text = encode_value([Point(1, 2), Shape._variants["Box"](1, 2), Shape._variants["Dot"], Error("m")])
    first, second = decode_value(json.loads(text)), decode_value(json.loads(text))
    assert (
        represent(first)
        == '[Point(x: 1, y: 2), Box(1, 2), Dot, Error(message: "m", code: "failed", cell: null, line: null)]'
    )
    assert equal(first, second)
    assert encode_value(first) == text


def test_a_class_with_other_fields_is_not_used():
    changed = make_record("Point", ("x", "y", "z"))
    value = decode_value(json.loads(encode_value(Point(1, 2))), lambda kind, name, fields: changed)
    assert type(value) is not changed
    assert represent(value) == "Point(x: 1, y: 2)"


def test_things_with_identity_come_back_as_what_they_looked_like():
    value = decode_value(json.loads(encode_value([len])))
    assert represent(value) == "[<cell len>]"
    assert encode_value(value) == '[{"$opaque":"<cell len>"}]'


@pytest.mark.parametrize(
    "form",
    [
        {"$nothing": 1},
        {"$map": [[1]]},
        {"$map": 3},
        {"$int": "zz"},
        {"$int": 5},
        {"$float": "much"},
        {"$bytes": "é"},
        {"$bytes": "A"},
        {"$string": [-1]},
        {"$set": 1},
        {"$record": ["Point"]},
        {"$record": ["Point", [["x", 1], ["x", 2]]]},
        {"$record": ["Point", [["__init__", 1]]]},
        {"$record": [5, [["x", 1]]]},
        {"$record": ["Point", [["no name", 1]]]},
        {"$record": ["a\x00b", [["x", 1]]]},
        {"$variant": ["Shape", "Circle", 5]},
        {"$variant": [[], "Circle", []]},
        {"$opaque": 5},
        {"$blob": 5},
        {"$blob": "../../etc/passwd"},
    ],
)
def test_what_no_value_looks_like(form):
    with pytest.raises(JournalError) as caught:
        decode_value([form])
    assert caught.value.code in ("journal-value", "missing-blob")


def test_secret_fields_are_left_out():
    login = make_record("Login", ("user", "password"))
    login._secret = frozenset({"password"})
    text = encode_value(login("ann", "hunter22"))
    assert text == '{"$record":["Login",[["user","ann"],["password",{"$secret":true}]]]}'
    assert represent(decode_value(json.loads(text))) == 'Login(user: "ann", password: "[secret]")'


def test_secret_fields_are_remembered():
    login = make_record("Login", ("password",))
    login._secret = frozenset({"password"})
    scrubber = Scrubber()
    encode_value(login("hunter22"), scrubber=scrubber)
    assert encode_value(["is hunter22 it?"], scrubber=scrubber) == '["is [secret] it?"]'


def test_bombs_of_brackets():
    for text in ("[" * 5_000_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000):
        with pytest.raises(ValueError, match="JSON"):
            parse(text)
