"""Equality, hashing and map keys: the examples of the reference, and the laws under hypothesis."""

from hypothesis import given
from hypothesis import strategies as st

from lumen.values.canonical import encode
from lumen.values.equality import Key, equal, from_key, hash_of, keys_of, to_key
from lumen.values.model import Err, Ok, Set, make_enum, make_record, names_record

Point = make_record("Point", ("x", "y"))
Spot = make_record("Spot", ("x", "y"))
Shape = make_enum("Shape", (("Dot", ()), ("Circle", ("radius",)), ("Box", ("w", "h"))))
Dot, Circle = Shape._variants["Dot"], Shape._variants["Circle"]


def lumen_map(entries):
    return {to_key(key): value for key, value in entries}


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.0, 1.0, -1.0, 2.5]),
    st.sampled_from(["", "a", "b"]),
    st.sampled_from([b"", b"a"]),
    st.just(Dot),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.lists(inner, max_size=3).map(Set),
        st.lists(st.tuples(inner, inner), max_size=3).map(lumen_map),
        st.builds(Point, inner, inner),
        inner.map(Circle),
        inner.map(Ok),
    ),
    max_leaves=8,
)


def test_a_bool_is_no_number_at_any_depth():
    assert not equal(True, 1)
    assert not equal([True], [1])
    assert not equal({"a": (0,)}, {"a": (False,)})
    assert not equal(Point(1, 2), Point(True, 2))
    assert Set([1]) != Set([True])
    assert len(Set([1, True, 1.0])) == 2


def test_int_and_float_of_the_same_value_are_equal():
    assert equal(1, 1.0)
    assert equal([1, {"a": 2}], [1.0, {"a": 2.0}])
    assert to_key(1) == to_key(1.0)
    assert encode([1]) == encode([1.0])


def test_maps_and_sets_ignore_order():
    assert equal({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert equal(Set([1, 2]), Set([2, 1]))
    assert encode({"a": 1, "b": 2}) == encode({"b": 2, "a": 1})


def test_kinds_are_told_apart():
    assert not equal([1], (1,))
    assert not equal("1", 1)
    assert not equal("a", b"a")
    assert not equal({}, Set())
    assert not equal(None, False)


def test_records_compare_by_type_and_fields():
    assert equal(Point(1, 2), Point(1.0, 2))
    assert not equal(Point(1, 2), Point(2, 1))
    assert not equal(Point(1, 2), Spot(1, 2))
    assert equal(names_record(("a",))(1), names_record(("a",))(1))
    assert equal(Ok([1]), Ok([1]))
    assert not equal(Ok(1), Err(1))


def test_things_with_identity_equal_only_themselves():
    def f():
        pass

    assert equal([f], [f])
    assert not equal(f, lambda: None)


def test_nan_differs_from_itself():
    nan = float("nan")
    assert not equal(nan, nan)


def test_deep_values_compare_without_the_c_stack():
    def deep():
        value = []
        for level in range(100_000):
            value = [value] if level % 2 else {"k": value}
        return value

    one, other = deep(), deep()
    assert equal(one, other)
    assert hash_of(one) == hash_of(other)


def test_any_value_can_be_a_map_key():
    made = lumen_map(
        [([1], "list"), (True, "true"), (1, "one"), ({"a": 1}, "map"), ((True,), "tuple"), ((1,), "one-tuple")]
    )
    assert made[to_key([1.0])] == "list"
    assert made[to_key(1.0)] == "one"
    assert made[to_key(True)] == "true"
    assert made[to_key((1.0,))] == "one-tuple"
    assert list(keys_of(made))[:3] == [[1], True, 1]


@given(values)
def test_equality_is_reflexive(a):
    assert equal(a, a)


@given(values, values)
def test_equality_is_symmetric_and_agrees_with_hash_key_and_encoding(a, b):
    assert equal(a, b) == equal(b, a)
    assert equal(a, b) == (to_key(a) == to_key(b))
    assert equal(a, b) == (encode(a) == encode(b))
    if equal(a, b):
        assert hash_of(a) == hash_of(b)
        assert hash(to_key(a)) == hash(to_key(b))


@given(values, values, values)
def test_equality_is_transitive(a, b, c):
    if equal(a, b) and equal(b, c):
        assert equal(a, c)


@given(values)
def test_keys_round_trip(a):
    key = to_key(a)
    assert equal(from_key(key), a)
    assert type(from_key(key)) is type(a)
    assert type(to_key(from_key(key))) is type(key)
    hash(key)
    assert type(key) is Key or type(key) is type(a)
