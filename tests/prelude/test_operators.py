"""Operators on values of unknown type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen.prelude import operators as op
from lumen.values.equality import equal
from lumen.values.errors import Failure
from lumen.values.model import Set

ints = st.integers(-50, 50)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (op.plus(1, 2), 3),
        (op.plus(1, 2.0), 3.0),
        (op.plus("a", "b"), "ab"),
        (op.div(7, 2), 3),
        (op.div(-7, 2), -3),
        (op.div(7, -2), -3),
        (op.div(7.0, 2), 3.5),
        (op.floordiv(-7, 2), -4),
        (op.mod(-7, 2), -1),
        (op.mod(7, -2), 1),
        (op.mod(-7.5, 2), -1.5),
        (op.power(2, 10), 1024),
        (op.power(2, -1), 0.5),
        (op.power(10.0, 400), float("inf")),
        (op.concat("a", 1.0), "a1.0"),
        (op.concat(["x"], "a"), '["x"]a'),
        (op.concat([1], [2]), [1, 2]),
        (op.concat({"a": 1, "b": 1}, {"b": 2}), {"a": 1, "b": 2}),
        (op.contains(1.0, [1]), True),
        (op.contains(True, [1]), False),
        (op.contains([1], [[1.0]]), True),
        (op.contains("b", "abc"), True),
        (op.contains("b", {"b": 1}), True),
        (op.lt([1, 2], [1, 3]), True),
        (op.le([1], [1]), True),
        (op.gt("b", "a"), True),
        (op.ge(1, 1.0), True),
        (op.bitor(Set([1]), Set([2])), Set([1, 2])),
        (op.sub(Set([1, 2]), Set([2])), Set([1])),
        (op.bitxor(6, 3), 5),
        (op.shr(-8, 1), -4),
    ],
)
def test_results(result, expected):
    assert equal(result, expected)


FAILING = [
    (op.plus, (1, "a"), "can't add Int and String; `++` joins text with anything"),
    (op.plus, (True, 1), "can't add Bool and Int"),
    (op.sub, (1, None), "can't subtract Null from Int"),
    (op.mul, ("ab", 2), "can't multiply String and Int; `repeat(text, n)` repeats text"),
    (op.div, (1, 0), "division by zero"),
    (op.mod, (1.0, 0), "modulo by zero"),
    (op.power, (0, -1), "0 can't be raised to a negative power"),
    (op.power, (-8, 0.5), "-8 ** 0.5 is not a real number"),
    (op.neg, (True,), "can't negate Bool true"),
    (op.lt, (1, "a"), "can't compare Int with String by order"),
    (op.shl, (1, -1), "`<<` needs a count of at least 0, got -1"),
    (op.shl, (1, 1 << 40), "`<<` by 1099511627776 makes a number too large for memory"),
    (op.concat, (1, 2), "can't join Int and Int with `++`"),
    (op.contains, (1, "abc"), "a String can't contain Int 1"),
    (op.contains, (1, 2), "`in` needs a collection, got Int 2"),
]


@pytest.mark.parametrize(("function", "args", "message"), FAILING)
def test_failures(function, args, message):
    with pytest.raises(Failure) as caught:
        function(*args)
    assert caught.value.message == message


@pytest.mark.parametrize("value", [None, False, 0, 0.0, "", [], (), Set()])
def test_false_values(value):
    assert not op.truth(value)


@pytest.mark.parametrize("value", [True, 1, "0", [0], {}, b"", float("nan"), len])
def test_true_values(value):
    assert op.truth(value)


@given(ints, ints.filter(bool))
def test_division_and_remainder_belong_together(a, b):
    assert op.idiv(a, b) * b + op.imod(a, b) == a
    assert op.idiv(a, b) == int(a / b)
    assert op.imod(a, b) == 0 or (op.imod(a, b) < 0) == (a < 0)


def test_compose():
    assert op.compose(lambda x: x + 1, str)(1) == "2"

    async def later(x):
        return x + 1

    waiting = op.compose(later, str)(1)
    with pytest.raises(StopIteration) as stop:
        waiting.send(None)
    assert stop.value.value == "2"


def test_in_place_joining_changes_only_the_owned_one():
    xs = [1]
    assert op.concat_own(xs, [2]) is xs
    other = [3]
    assert op.concat(xs, other) == [1, 2, 3]
    assert (xs, other) == ([1, 2], [3])
