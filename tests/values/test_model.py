"""Records, enums, and what every program has."""

import pytest

from lumen.values.errors import Failure
from lumen.values.model import Error, FutureState, Set, Variant, make_enum, make_record, replace_field


@pytest.mark.parametrize("count", range(8))
def test_plain_constructors_take_fields_by_position_and_name(count):
    names = tuple("abcdefgh"[:count])
    record = make_record("R", names)
    made = record(*range(count))
    assert [getattr(made, name) for name in names] == list(range(count))
    assert record(**{name: i for i, name in enumerate(names)}) == made
    with pytest.raises(TypeError, match=r"R\(\)"):
        record(*range(count + 1))
    if count:
        with pytest.raises(TypeError, match="missing 1 required"):
            record(*range(count - 1))


def test_a_record_may_have_a_constructor_of_its_own():
    def init(self, x, y=10):
        self.x = x
        self.y = y

    record = make_record("P", ("x", "y"), init)
    assert record(1).y == 10
    assert not hasattr(record(1), "__dict__")


def test_an_updated_copy_is_checked():
    def check(self):
        if self.x < 0:
            raise Failure("constraint", "x >= 0")

    record = make_record("P", ("x",), check=check)
    one = record(1)
    assert replace_field(one, "x", 2) == record(2)
    assert one.x == 1
    with pytest.raises(Failure) as caught:
        replace_field(one, "x", -1)
    assert caught.value.code == "constraint"


def test_enums():
    enum = make_enum("E", (("A", ()), ("B", ("value",))))
    a, b = enum._variants["A"], enum._variants["B"]
    assert isinstance(a, Variant)
    assert isinstance(a, enum)
    assert isinstance(b(1), enum)
    assert not isinstance(1, enum)
    assert b(value=1).value == 1


def test_future_state_written_again_is_the_built_in_one():
    variants = (("Pending", ()), ("Completed", ("value",)), ("Error", ("message",)))
    assert make_enum("FutureState", variants) is FutureState
    assert make_enum("FutureState", variants[:2]) is not FutureState


def test_sets_keep_the_order_of_insertion():
    assert list(Set([3, 1, 3, True, 2])) == [3, 1, True, 2]


def test_error_has_defaults():
    error = Error("no")
    assert (error.code, error.cell, error.line) == ("failed", None, None)
