"""Python's exceptions in the user's words."""

import ast
import math

import pytest

from lumen.values.errors import Failure, Halt, failure_of, failure_value
from lumen.values.model import Set, make_enum, make_record

Point = make_record("Point", ("x", "y"))
Color = make_enum("Color", (("Red", ()),))

NAMES = {
    "$lumen": True,
    "p": Point(1, 2),
    "Point": Point,
    "Color": Color,
    "Set": Set,
    "m": {"a": 1},
    "e": {},
    "$direct.sqrt": math.sqrt,
}

CASES = [
    ("1 // 0", "division-by-zero", "division by zero"),
    ("xs[10]", "index-out-of-range", "index 10 is out of range for a list of 3"),
    ("xs[i + 2]", "index-out-of-range", "index 5 is out of range for a list of 3"),
    ("[][0]", "index-out-of-range", "index 0 is out of range for an empty list"),
    ("[1, 2, 3][4]", "index-out-of-range", "index 4 is out of range for a list of 3"),
    ("[i, n][-i]", "index-out-of-range", "index -3 is out of range for a list of 2"),
    ("list('ab')[i]", "index-out-of-range", "index 3 is out of range"),
    ("xs[len(xs)]", "index-out-of-range", "the index is out of range"),
    ("'ab'[i]", "index-out-of-range", "index 3 is out of range for a String of 2"),
    ("m['b']", "missing-key", 'the map has no key "b"; it has "a"'),
    ("e['b']", "missing-key", 'the map has no key "b"; it is empty'),
    ("p.z", "missing-field", "Point has no field `z`; it has `x`, `y`"),
    ("n.z", "missing-field", "null has no `z`; `?.z` gives null here"),
    ("i.z", "missing-field", "Int has no field or method `z`"),
    ("i + 'a'", "type-mismatch", "can't add Int and String"),
    ("'a' + i", "type-mismatch", "can't add String and Int; `++` joins text with anything"),
    ("i - n", "type-mismatch", "can't subtract Null from Int"),
    ("p < p", "type-mismatch", "can't compare Point with Point by order"),
    ("i < 'a'", "type-mismatch", "can't compare Int with String by order"),
    ("-n", "type-mismatch", "the operator doesn't work on Null"),
    ("i()", "type-mismatch", "Int can't be called: it is no cell or function"),
    ("i[0]", "type-mismatch", "can't index Int"),
    ("f(1)", "invalid-args", "`f` needs the argument `b`"),
    ("f(1, 2, 3)", "invalid-args", "`f` takes 2 arguments, got 3"),
    ("f(1, c=2)", "invalid-args", "`f` has no parameter `c`"),
    ("f(1, a=2)", "invalid-args", "`f` got `a` twice"),
    ("Point(1)", "invalid-args", "`Point` needs the argument `y`"),
    ("10 ** 400 * 1.0", "value-error", "the number is too large for a Float"),
    ("1 << -i", "value-error", "a shift needs a count of at least 0"),
    ("int(1e400)", "value-error", "infinity can't become an Int"),
    ("sqrt(-i)", "value-error", "`sqrt` of -3 is not a real number"),
    ("deep(deep)", "stack-overflow", "cells called each other too deep; the stack is full"),
]


@pytest.mark.parametrize(("source", "code", "message"), CASES)
def test_translation(source, code, message):
    names = dict(NAMES)
    body = f"""
def f(a, b):
    pass
def deep(g):
    return g(g)
def work(xs, i, n):
    return {source}
"""
    # Compiled code names such functions so.
    tree = ast.parse(body)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "sqrt":
            node.id = "$direct.sqrt"
    exec(compile(tree, "test.lumen", "exec"), names)
    with pytest.raises(Exception) as caught:  # noqa: PT011
        names["work"]([1, 2, 3], 3, None)
    failure = failure_of(caught.value)
    assert (failure.code, failure.message) == (code, message)


def test_the_error_value_names_cell_and_line():
    names = dict(NAMES)
    exec(compile("def work(xs):\n    return 1 + \\\n        xs[9]\n", "test.lumen", "exec"), names)
    with pytest.raises(IndexError) as caught:
        names["work"]([])
    error = failure_value(caught.value)
    assert (error.cell, error.line, error.code) == ("work", 3, "index-out-of-range")


def test_a_failure_is_itself_and_origin_gives_the_place():
    names = dict(NAMES)
    exec(compile("def inner():\n\n    return 1 // 0\n", "test.lumen", "exec"), names)
    with pytest.raises(ZeroDivisionError) as caught:
        names["inner"]()
    first = failure_of(caught.value)
    assert failure_of(first) is first
    again = Failure(first.code, first.message, origin=first)
    assert failure_value(again).line == 3


def test_halt_is_a_failure():
    assert Halt("stop").code == "halt"
    assert str(Halt("stop")) == "stop"


def test_what_we_do_not_know_is_our_bug_and_says_so():
    class Odd(Exception):
        pass

    class Broken(ValueError):
        def __str__(self):
            raise RuntimeError

    assert failure_of(Odd("x")).message == "internal error: Odd: x"
    assert failure_of(Broken()).message == "internal error: Broken"
