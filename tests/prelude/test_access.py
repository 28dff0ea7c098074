"""Parts of values: indexing, slices, fields, methods, updated copies."""

import pytest

from lumen.prelude import access, iteration, methods, typetests
from lumen.values.equality import to_key
from lumen.values.errors import Failure
from lumen.values.model import END, PARK, Error, Ok, Set, make_enum, make_record

Point = make_record("Point", ("x", "y"), methods={"sum": lambda self: self.x + self.y})
Color = make_enum("Color", (("Red", ()), ("Rgb", ("r",))))


class World:
    impls: dict = {}  # noqa: RUF012


attr = methods.make_attr(World)
attr_opt = methods.make_attr_opt(World)
method = methods.make_method(World)


def fails(function, *args):
    with pytest.raises(Failure) as caught:
        function(*args)
    return caught.value.message


def test_index():
    assert access.index([1, 2], -1) == 2
    assert access.index("héé", 1) == "é"
    assert access.index({to_key(True): 1, 1: 2}, True) == 1
    assert access.index(Point(1, 2), "y") == 2
    assert access.index_opt(None, 1) is None
    assert access.index_opt([1], 5) is None
    assert access.index_opt({}, "a") is None
    assert fails(access.index, [1, 2, 3], 10) == "index 10 is out of range for a list of 3"
    assert fails(access.index, [], 0) == "index 0 is out of range for an empty list"
    assert fails(access.index, [1], True) == "a list is indexed by an Int, got Bool true"
    assert fails(access.index, {"a": 1}, "b") == 'the map has no key "b"; it has "a"'
    assert fails(access.index, 5, 0) == "can't index Int 5"


def test_slices():
    assert access.cut([1, 2, 3], 1, None) == [2, 3]
    assert access.cut([1, 2, 3], 0, -1) == [1, 2]
    assert access.cut([1, 2, 3], 0, -1, True) == [1, 2, 3]
    assert access.cut("abc", 0, 1, True) == "ab"
    assert access.cut([1], 5, 9) == []
    assert fails(access.cut, [1], "a", None) == 'a slice goes from Int to Int, got String "a"'


def test_updated_copies_leave_the_original():
    xs, m, p = [1, 2], {"a": 1}, Point(1, 2)
    assert access.set_index(xs, 0, 9) == [9, 2]
    assert access.set_index(m, "b", 2) == {"a": 1, "b": 2}
    assert access.set_index((1, 2), 1, 5) == (1, 5)
    assert access.set_attr(p, "x", 5) == Point(5, 2)
    assert access.set_attr(m, "a", 5) == {"a": 5}
    assert (xs, m, p) == ([1, 2], {"a": 1}, Point(1, 2))
    assert access.set_index_own(xs, 0, 9) is xs
    assert access.set_attr_own(p, "x", 9) is p
    assert fails(access.set_index, [1], 1, 0) == "index 1 is out of range for a list of 1"
    assert fails(access.set_attr, p, "z", 0) == "Point has no field `z`; it has `x`, `y`, `sum`"


def test_an_owned_record_with_constraints_is_never_left_broken():
    def check(self):
        if self.x < 0:
            raise Failure("constraint", "x")

    record = make_record("R", ("x",), check=check)
    one = record(1)
    fails(access.set_attr_own, one, "x", -1)
    assert one.x == 1


def test_copies():
    for value in ([1], {"a": 1}, Set([1]), Point(1, 2)):
        copied = access.copy(value)
        assert copied == value
        assert copied is not value
    assert access.copy(None) is None


def test_spread_into_a_record():
    assert access.build_with(Point, (None, Point(1, 2)), ("x", 5)) == Point(5, 2)
    assert access.build_with(Point, ("x", 5), (None, {"x": 1, "y": 2, "z": 3})) == Point(1, 2)
    assert "takes a record or a map" in fails(access.build_with, Point, (None, 5))


def test_attributes():
    assert attr(Point(1, 2), "x") == 1
    assert attr(Point(1, 2), "sum")() == 3
    assert attr({"a": 1}, "a") == 1
    assert attr((1, 2), "1") == 2
    assert attr(Color, "Red") is Color._variants["Red"]
    assert attr_opt(None, "x") is None
    assert attr_opt({}, "x") is None
    assert fails(attr, None, "x") == "null has no `x`; `?.x` gives null here"
    assert fails(attr, {}, "x") == 'the map has no key "x"; it is empty'
    assert fails(attr, 5, "x") == "Int has no field or method `x`"
    assert fails(attr, Color, "Blue") == "Color has no variant `Blue`; it has Red, Rgb"


def test_method_calls():
    assert method(Point(1, 2), "sum", None, ()) == 3
    assert method([1, 2], "length", len, ()) == 2
    assert method({"f": lambda x: x + 1}, "f", None, (1,)) == 2
    assert method({"length": 5}, "length", len, ()) == 1, "an entry that can't be called hides no built-in"
    assert method([3], "both", lambda xs, *, extra: (xs, extra), (), {"extra": 1}) == ([3], 1)
    assert fails(method, 5, "foo", None, ()) == "Int has no method `foo`"
    assert fails(method, Point(1, 2), "x", None, ()) == "`.x` is Int 1, which can't be called"


def test_impl_gives_methods_to_any_type():
    class Run:
        impls: dict = {}  # noqa: RUF012

    methods.make_impl(Run)("Int", "double", lambda self: self * 2)
    methods.make_impl(Run)(Point, "swap", lambda self: Point(self.y, self.x))
    call = methods.make_method(Run)
    assert call(4, "double", None, ()) == 8
    assert call(Point(1, 2), "swap", None, ()) == Point(2, 1)
    assert methods.make_attr(Run)(4, "double")() == 8
    fails(method, 4, "double", None, ())


def test_iteration():
    assert list(iteration.iterate({to_key(True): 1, "a": 2})) == [True, "a"]
    assert list(iteration.iterate_entries({"a": 1})) == [("a", 1)]
    assert list(iteration.iterate("añ")) == ["a", "ñ"]
    assert list(iteration.iterate(Color)) == [Color._variants["Red"]]
    assert fails(iteration.iterate, None) == "can't loop over Null"
    assert fails(iteration.iterate, 5) == "can't loop over Int 5"
    assert list(iteration.range_of(0, 3, True)) == [0, 1, 2, 3]
    assert list(iteration.range_of(3, 0, True, -1)) == [3, 2, 1, 0]
    assert fails(iteration.range_of, 0, 3, False, 0) == "the step of a range can't be 0"
    assert iteration.map_spread({"a": 1}, ("b", 2), Point(1, 2)) == {"a": 1, "b": 2, "x": 1, "y": 2}
    assert PARK is not END


def test_type_tests():
    assert typetests.is_type(1, "Int")
    assert not typetests.is_type(True, "Int")
    assert typetests.is_type(Ok(1), "result")
    assert typetests.is_type(len, "fn")
    assert typetests.is_type([], "Json")
    assert typetests.is_type(None, "Any")
    assert not typetests.is_type(Error("x"), "Any")
    assert typetests.is_type({}, "Message")
    assert not typetests.is_type(None, "T")
    assert not typetests.is_type(Error("x"), "T")


def test_as():
    assert typetests.as_type(3.9, "Int") == 3
    assert typetests.as_type("42", "Int") == 42
    assert typetests.as_type(1, "Float") == 1.0
    assert typetests.as_type([1], "String") == "[1]"
    assert typetests.as_type((1, 1), "set") == Set([1])
    assert typetests.as_type(5, "Whatever") == 5
    assert fails(typetests.as_type, "x", "Int") == 'String "x" is not an Int'
    assert fails(typetests.as_type, 1, "list") == "Int 1 is not list"
