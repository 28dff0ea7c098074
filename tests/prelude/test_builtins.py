"""Built-ins by example: what they give, and what they say of wrong arguments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen.prelude.registry import load
from lumen.values.equality import equal, to_key
from lumen.values.errors import Failure
from lumen.values.model import Err, Error, Ok, Set, make_record

Point = make_record("Point", ("x", "y"))
M = {"a": 1, "b": 2}

GIVES = [
    ("length", ("héé",), 3),
    ("count", ([1, 2, 3], lambda x: x > 1), 2),
    ("append", ([1], 2), [1, 2]),
    ("insert", ([1, 3], 1, 2), [1, 2, 3]),
    ("insert", (M, "c", 3), {"a": 1, "b": 2, "c": 3}),
    ("insert", (Set([1]), 2), Set([1, 2])),
    ("remove", ([1, 2, 3], 0), [2, 3]),
    ("remove", (M, "a"), {"b": 2}),
    ("remove", (Set([1, 2]), 1), Set([2])),
    ("contains", ([1, [2]], [2.0]), True),
    ("get", (M, "z", 9), 9),
    ("get", ([1], 5), None),
    ("keys", ({to_key(True): 1},), [True]),
    ("values", (M,), [1, 2]),
    ("entries", (M,), [("a", 1), ("b", 2)]),
    ("has_key", (M, "a"), True),
    ("merge", (M, {"b": 5}, {"c": 6}), {"a": 1, "b": 5, "c": 6}),
    ("enumerate", (["a"], 1), [(1, "a")]),
    ("zip", ([1, 2], "ab", (True,)), [(1, "a", True)]),
    ("range", (3,), [0, 1, 2]),
    ("range", (3, 0, -1), [3, 2, 1]),
    ("take", ([1, 2, 3], 2), [1, 2]),
    ("take", ("abc", 2), "ab"),
    ("take", ((i for i in iter(int, 1)), 2), [0, 0]),
    ("drop", (M, 1), {"b": 2}),
    ("first", ([],), None),
    ("last", ((1, 2),), 2),
    ("slice", ([1, 2, 3], -2), [2, 3]),
    ("chunk", ([1, 2, 3], 2), [[1, 2], [3]]),
    ("window", ("abc", 2), ["ab", "bc"]),
    ("reverse", ("abc",), "cba"),
    ("reverse", (M,), {"b": 2, "a": 1}),
    ("sort", ([3, 1.5, 2],), [1.5, 2, 3]),
    ("sort", ([[2], [1, 5]], True), [[2], [1, 5]]),
    ("unique", ([1, True, 1.0, [1], [1]],), [1, True, [1]]),
    ("flatten", ([[1], 2, (3, [4])],), [1, 2, 3, [4]]),
    ("sum", ([],), 0),
    ("sum", ([1, 2.5],), 3.5),
    ("min", (3, 1, 2), 1),
    ("max", (["b", "c", "a"],), "c"),
    ("is_empty", (None,), True),
    ("to_list", (M,), [("a", 1), ("b", 2)]),
    ("to_map", ([("a", 1), ("a", 2)],), {"a": 2}),
    ("to_set", ([1, 1],), Set([1])),
    ("add", (Set([1]), 2), Set([1, 2])),
    ("union", ([1, 2], [2, 3]), [1, 2, 3]),
    ("intersection", (Set([1, 2]), Set([2, 3])), Set([2])),
    ("difference", ([1, 2, 3], [2], [3]), [1]),
    ("map", (M, lambda k, v: f"{k}{v}"), ["a1", "b2"]),
    ("map", (M, lambda k: k), ["a", "b"]),
    ("map", (Set([1]), lambda x: x + 1), [2]),
    ("filter", (M, lambda k, v: v > 1), {"b": 2}),
    ("filter", (Set([1, 2]), lambda x: x > 1), Set([2])),
    ("filter", ([0, 1, ""], lambda x: x), [1]),
    ("reduce", ([1, 2, 3], 10, lambda a, x: a - x), 4),
    ("reduce", ([1, 2, 3], lambda a, x: a - x, 10), 4),
    ("reduce", ([1, 2, 3], lambda a, x: a - x), -4),
    ("flat_map", ([1, 2], lambda x: [x, x]), [1, 1, 2, 2]),
    ("any", ([0, 1],), True),
    ("all", ([1, 2], lambda x: x > 1), False),
    ("find", ([1, 2], lambda x: x > 1), 2),
    ("find", ([1], lambda x: x > 1), None),
    ("position", ([1, 2], lambda x: x > 1), 1),
    ("group_by", ([1, 2, 3], lambda x: x % 2 == 0), {to_key(False): [1, 3], to_key(True): [2]}),
    ("partition", ([1, 2, 3], lambda x: x > 1), ([2, 3], [1])),
    ("sort_by", (["bb", "a", "cc"], len), ["a", "bb", "cc"]),
    ("sort_by", (["bb", "a", "cc"], len, True), ["bb", "cc", "a"]),
    ("map_ok", (Ok(1), lambda x: x + 1), Ok(2)),
    ("map_err", (Ok(1), lambda x: x + 1), Ok(1)),
    ("upper", ("straße",), "STRASSE"),
    ("trim", (" a\n",), "a"),
    ("split", ("a b  c",), ["a", "b", "c"]),
    ("split", ("a,b,,c", ","), ["a", "b", "", "c"]),
    ("split", ("abc", ""), ["a", "b", "c"]),
    ("join", ([1, "a", None], "-"), "1-a-null"),
    ("replace", ("aXbX", "X", "-"), "a-b-"),
    ("starts_with", ("abc", "ab"), True),
    ("chars", ("añ",), ["a", "ñ"]),
    ("index_of", ("hello", "l"), 2),
    ("index_of", ([1, 2], 5), -1),
    ("substring", ("hello", 1, 3), "el"),
    ("pad_left", ("7", 3, "0"), "007"),
    ("pad_right", ("ab", 5, "xy"), "abxyx"),
    ("repeat", ([0], 3), [0, 0, 0]),
    ("format", ("{} {1} {:.1f} {{}}", "a", 2), "a 2 2.0 {}"),
    ("format", ("{name}", {"name": "x"}), "x"),
    ("lines", ("a\r\nb\n",), ["a", "b"]),
    ("to_string", ([1.0],), "[1.0]"),
    ("to_int", (" 1_000 ",), 1000),
    ("to_int", ("0xff",), 255),
    ("to_int", ("3.5",), None),
    ("to_int", (float("inf"),), None),
    ("to_int", (-3.9,), -3),
    ("to_float", ("1e3",), 1000.0),
    ("to_float", ("nan",), None),
    ("parse_int", ("12",), Ok(12)),
    ("parse_int", ("x",), Err('String "x" is not an Int')),
    ("parse_float", ("x",), Err('String "x" is not a number')),
    ("type_of", ([1, "a"],), "list[Int | String]"),
    ("bytes_from_ascii", ("ab",), b"ab"),
    ("bytes_slice", (b"abc", 1), b"bc"),
    ("bytes_concat", (b"a", b"b", b"c"), b"abc"),
    ("sha256", ("",), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("base64_encode", ("héé",), "aMOpw6k="),
    ("base64_decode", ("aMOpw6k",), "héé"),
    ("base64_decode", ("_w==",), b"\xff"),
    ("hex_decode", ("cafe",), b"\xca\xfe"),
    ("hex_encode", (b"\xca\xfe",), "cafe"),
    ("json_parse", ('{"a": [1, 2.5, null, true]}',), {"a": [1, 2.5, None, True]}),
    ("json_stringify", ({"a": Point(1, b"\x00")},), '{"a": {"$type": "Point", "x": 1, "y": {"$bytes": "00"}}}'),
    ("json_stringify", ([1], 2), "[\n  1\n]"),
    ("json_get", ({"a": [{"b": 5}]}, "a[0].b"), 5),
    ("json_get", ('{"a": 1}', "b"), None),
    ("abs", (-3,), 3),
    ("round", (2.5,), 3),
    ("round", (-2.5,), -3),
    ("round", (3.14159, 2), 3.14),
    ("floor", (-1.5,), -2),
    ("ceil", (1.2,), 2),
    ("sqrt", (9,), 3.0),
    ("log", (8, 2), 3.0),
    ("exp", (1000,), float("inf")),
    ("clamp", (15, 0, 10), 10),
    ("unwrap", (Ok(1),), 1),
    ("unwrap_or", (Err("x"), 5), 5),
    ("is_ok", (Ok(None),), True),
]


@pytest.mark.parametrize(("name", "args", "expected"), GIVES)
def test_gives(name, args, expected):
    before = repr([arg for arg in args if not hasattr(arg, "__next__")])
    result = load(f"${name}")(*args)
    assert type(result) is type(expected)
    assert equal(result, expected)
    assert repr([arg for arg in args if not hasattr(arg, "__next__")]) == before, "an argument was changed"
    if type(result) in (list, dict, Set):
        assert all(result is not arg for arg in args), "a new collection is promised"


FAILS = [
    ("upper", (42,), "type-mismatch", "`upper` takes a String as `s`, got Int 42"),
    ("length", (5,), "type-mismatch", "`length` takes a collection as `xs`, got Int 5"),
    ("append", ("a", 1), "type-mismatch", '`append` takes a list as `xs`, got String "a"'),
    ("map", ([1], 5), "type-mismatch", "`map` takes a function as `fn`, got Int 5"),
    ("map", (5, len), "type-mismatch", "`map` takes a collection as `xs`, got Int 5"),
    ("take", ([1], -1), "value-error", "`take` needs `n` to be at least 0, got -1"),
    ("chunk", ([1], 0), "value-error", "`chunk` needs `size` to be at least 1, got 0"),
    ("remove", ([1], 5), "index-out-of-range", "index 5 is out of range for a list of 1"),
    ("sort", ([1, "a"],), "type-mismatch", "`sort` can't order Int and String together"),
    ("sort", ([True, 1],), "type-mismatch", "`sort` can't order Bool and Int together"),
    ("sum", ([1, "a"],), "type-mismatch", '`sum` takes numbers in `xs`, got String "a"'),
    ("min", ([],), "value-error", "`min` needs at least one value"),
    ("reduce", ([], lambda a, b: a), "value-error", "`reduce` of an empty collection needs `init`"),
    ("split", ("a", 1), "type-mismatch", "`split` takes a String as `sep`, got Int 1"),
    ("format", ("{} {}", 1), "invalid-args", "`format` got 1 values, too few for its template"),
    ("format", ("{", 1), "value-error", "`format` found a single `{` in its template"),
    ("json_parse", ('{"a": }',), "value-error", "not JSON: expecting value at line 1, column 7"),
    ("json_parse", ("NaN",), "value-error", "not JSON: NaN is no JSON value"),
    ("json_parse", ("[" * 100_000,), "value-error", "not JSON for Lumen: nested deeper than 1000 levels"),
    ("base64_decode", ("a",), "value-error", "`base64_decode` got a text that is not base64"),
    ("sqrt", (-1,), "value-error", "`sqrt` of -1 is not a real number"),
    ("floor", (float("nan"),), "value-error", "`floor` has no Int for nan"),
    ("clamp", (1, 5, 0), "value-error", "`clamp` needs `low` to be at most `high`, got 5 and 0"),
    ("unwrap", (Err("no"),), "failed", 'unwrapped err("no")'),
    ("unwrap", (Err(Error("boom", "timeout")),), "timeout", "boom"),
    ("is_ok", (5,), "type-mismatch", "`is_ok` takes a result as `r`, got Int 5"),
    ("assert", (0, "no"), "assertion-failed", "no"),
    ("assert_eq", ([1], [2]), "assertion-failed", "expected [2], got [1]"),
    ("assert_ne", (1, 1.0), "assertion-failed", "expected anything but 1"),
    ("fail", ("boom", "timeout"), "timeout", "boom"),
    ("halt", ("stop",), "halt", "stop"),
    ("hash", (len,), "value-error", "fn has no lasting form: it is only equal to itself"),
]


@pytest.mark.parametrize(("name", "args", "code", "message"), FAILS)
def test_fails(name, args, code, message):
    with pytest.raises(Failure) as caught:
        load(f"${name}")(*args)
    assert (caught.value.code, caught.value.message) == (code, message)


def run(coroutine):
    """Step a coroutine that waits for nothing outside."""
    with pytest.raises(StopIteration) as stop:
        coroutine.send(None)
    return stop.value.value


async def later(value):
    return value


ASYNC = [case for case in GIVES if any(callable(arg) for arg in case[1])]


@pytest.mark.parametrize(("name", "args", "expected"), ASYNC)
@pytest.mark.parametrize("suspends", [False, True])
def test_the_async_forms_give_the_same(name, args, expected, suspends):
    def changed(fn):
        if not suspends or fn is len:
            return fn
        if fn.__code__.co_argcount == 2:
            return lambda a, b: later(fn(a, b))
        return lambda a: later(fn(a))

    args = [changed(arg) if callable(arg) else arg for arg in args]
    result = run(load(f"${name}~")(*args))
    assert type(result) is type(expected)
    assert equal(result, expected)


@pytest.mark.parametrize("name", ["map", "filter", "any", "find", "sort_by", "group_by", "reduce"])
def test_a_plain_form_never_swallows_a_coroutine(name):
    with pytest.raises(Failure, match="suspends where only plain functions"):
        load(f"${name}")([1, 2], (lambda a, b: later(a)) if name == "reduce" else later)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers())))
def test_sorts_are_stable(pairs):
    assert load("$sort_by")(pairs, lambda pair: pair[0]) == sorted(pairs, key=lambda pair: pair[0])
    down = load("$sort_by")(pairs, lambda pair: pair[0], True)
    assert down == sorted(pairs, key=lambda pair: pair[0], reverse=True)
    assert load("$sort")([list(pair) for pair in pairs]) == sorted(list(pair) for pair in pairs)


@given(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back(i, f):
    assert load("$parse_int")(str(i)).value == i
    assert load("$to_float")(load("$to_string")(f)) == f


def test_hash_does_not_depend_on_the_hash_seed():
    assert load("$hash")({"a": [1, 2.5, None], "b": Point(1, True)}) == 5256237424468510828


def test_in_place_forms_change_the_owned_collection():
    xs, m, s = [1], {"a": 1}, Set([1])
    assert load("$append_own")(xs, 2) is xs
    assert load("$insert_own")(m, "b", 2) is m
    assert load("$add_own")(s, 2) is s
    assert load("$remove_own")(xs, 0) is xs
    assert load("$merge_own")(m, {"c": 3}) is m
    assert (xs, m, list(s)) == ([2], {"a": 1, "b": 2, "c": 3}, [1, 2])
