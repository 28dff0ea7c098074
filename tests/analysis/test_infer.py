"""What is certain about types."""

from __future__ import annotations

import pytest

from tests.analysis.programs import analysed, variable_types


def types_of(body: str, before: str = "", params: str = "") -> dict[str, str]:
    lines = "\n".join("  " + line for line in body.splitlines())
    return variable_types(analysed(f"{before}\ncell main({params})\n{lines}\nend"))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1", "Int"),
        ("1.5", "Float"),
        ("true", "Bool"),
        ("null", "Null"),
        ('"a {1}"', "String"),
        ('b"00"', "Bytes"),
        ("[1, 2]", "list[Int]"),
        ('[1, "a"]', "list[Any]"),
        ("[]", "list[Any]"),
        ("[[1], []]", "list[list[Int]]"),
        ('(1, "a")', "tuple[Int, String]"),
        ('{"a": 1}', "map[String, Int]"),
        ("{1, 2}", "set[Int]"),
        ("[...[1], 2]", "list[Int]"),
        ("1 + 2", "Int"),
        ("1 / 2", "Int"),
        ("1 / 2.0", "Float"),
        ("1 + true", "Any"),
        ("2 ** 3", "Int"),
        ("1 < 2", "Bool"),
        ("1 in [1]", "Bool"),
        ("not 1", "Bool"),
        ("-1.5", "Float"),
        ("1 & 2", "Int"),
        ('"a" ++ 1', "String"),
        ("[1] ++ [2]", "list[Int]"),
        ('[1] ++ ["a"]', "list[Any]"),
        ("0..10", "list[Int]"),
        ("[1, 2][0]", "Int"),
        ("[1, 2][0..1]", "list[Int]"),
        ('"abc"[0]', "String"),
        ('{"a": 1}["a"]', "Int"),
        ('(1, "a").1', "String"),
        ("[x * 2 for x in [1, 2]]", "list[Int]"),
        ("{x: 1.0 for x in [1, 2]}", "map[Int, Float]"),
        ("if true then 1 else 2", "Int"),
        ("if true then 1 else 2.0", "Any"),
        ('length("a")', "Int"),
        ("append([1], 2)", "list[Int]"),
        ('append([1], "a")', "list[Any]"),
        ("map([1], fn(x) => x + 0.5)", "list[Float]"),
        ("filter([1], fn(x) => x > 0)", "list[Int]"),
        ('"a,b".split(",")', "list[String]"),
        ("[1, 2] |> map(fn(x) => x * 2)", "list[Int]"),
        ('keys({"a": 1})', "list[String]"),
        ("sqrt(2)", "Float"),
        ("1 as Float", "Float"),
        ("1 is Int", "Bool"),
        ("spawn(inc(1))", "Future[Int]"),
        ("await spawn(inc(1))", "Int"),
        ("await [spawn(inc(1))]", "list[Int]"),
        ("await parallel for i in 0..3\n    inc(i)\n  end", "list[Int]"),
        ("await race\n    inc(1)\n    inc(2)\n  end", "Int"),
        ("await timeout(5, inc(1))", "Any"),
        ("async\n    3\n  end", "Future[Int]"),
        ("later(1)", "Future[Int]"),
        ("await later(1)", "Int"),
        ("guess(3)", "Int"),
        ("inc", "fn(Int) -> Int"),
        ("fn(a: Int) => a + 1", "fn(Int) -> Int"),
        ("P(x: 1, y: 2.0)", "P"),
        ("P(x: 1, y: 2.0).y", "Float"),
        ("P(x: 1, y: 2.0).double()", "Int"),
        ("Some(3)", "Opt"),
        ("Nothing", "Opt"),
        ("gen()", "yield[Int]"),
    ],
)
def test_expressions(expression: str, expected: str) -> None:
    before = """
cell inc(n: Int) -> Int = n + 1
async cell later(n: Int) -> Int = n
cell guess(n: Int)
  if n < 1
    return 0
  end
  guess(n - 1) + 1
end
cell gen() -> yield Int
  yield 1
end
record P(x: Int, y: Float)
  cell double(self) -> Int = self.x * 2
end
enum Opt
  Some(value: Int)
  Nothing
end
"""
    assert types_of(f"let it = {expression}", before)["it"] == expected


def test_a_variable_has_the_join_of_all_it_is_given() -> None:
    found = types_of('let mut a = 1\na = a + 1\nlet mut b = 1\nb = "x"\nlet mut c = []\nc = append(c, 1)')
    assert found == {"a": "Int", "b": "Any", "c": "list[Int]"}


def test_updates_of_parts_count() -> None:
    found = types_of('let mut m = {}\nm["a"] = 1\nlet mut xs = [1]\nxs[0] = 2.5\nlet mut g = [[1]]\ng[0][0] = "a"')
    assert found == {"m": "map[String, Int]", "xs": "list[Any]", "g": "list[list[Any]]"}


def test_annotations_are_taken_at_their_word_unless_contradicted() -> None:
    found = types_of('let a: Int = p\nlet b: Int = "x"\nlet c: list[Int] = []\nlet d: Int? = 3', params="p")
    assert (found["a"], found["b"], found["c"], found["d"]) == ("Int", "Any", "list[Int]", "Any")


def test_an_int_will_do_where_a_float_is_promised() -> None:
    found = types_of("let mut a: Float = 0\na = a + 1\nlet b: list[Float] = [1, 2.5]\nlet c: Int = 2.5")
    assert found == {"a": "Float", "b": "list[Float]", "c": "Any"}


def test_a_bool_is_never_an_int() -> None:
    assert types_of("let mut a = 1\na = true")["a"] == "Any"


def test_patterns() -> None:
    found = types_of(
        """let (a, b) = (1, "x")
let [c, ...d] = [1, 2]
for k, v in {"a": 1.0}
  print(k, v)
end
match p
  n: Int -> n
  Some(s) -> s
  ok(r) -> r
end""",
        "enum Opt\n  Some(value: String)\nend",
        "p",
    )
    expected = {
        "a": "Int", "b": "String", "c": "Int", "d": "list[Int]", "k": "String", "v": "Float", "n": "Int", "s": "String",
        "r": "Any",
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


def test_what_grows_for_ever_becomes_any() -> None:
    assert types_of("let mut xs = []\nfor i in 0..3\n  xs = [xs]\nend")["xs"].startswith(("Any", "list[Any"))


def test_names_of_a_parallel_block() -> None:
    found = types_of("await parallel\n  a = 1\n  b = spawn(f())\nend", "cell f() = 2.0")
    assert (found["a"], found["b"]) == ("Int", "Float")


def test_the_copy_of_an_outer_variable() -> None:
    found = analysed('cell main()\n  let mut n = 1\n  let f = fn()\n    n = "a"\n    n\n  end\n  f()\nend')
    (copies,) = found.copies.values()
    ((outer, own),) = copies.items()
    assert (str(outer.type), str(own.type)) == ("Int", "Any")


def test_types_cross_modules() -> None:
    modules = {
        "m": "record P(x: Int) end\ncell make(n: Int) -> P = P(x: n)\nconst SIZE = 3\nenum E\n  A\n  B(v: String)\nend"
    }
    text = """import m: P, make, SIZE, E
cell main()
  let p = make(1)
  let x = p.x
  let s = SIZE
  let b = B("x")
  let q = P(x: 2)
end"""
    analysis = analysed(text, modules)
    assert variable_types(analysis) == {"p": "P", "x": "Int", "s": "Int", "b": "E", "q": "P"}


def test_results_reach_callers_that_stand_far_before() -> None:
    chain = "\n".join(f"cell f{at}() = f{at + 1}()" for at in range(300))
    analysis = analysed(f"cell main()\n  let it = f0()\nend\n{chain}\ncell f300() = 1")
    assert variable_types(analysis)["it"] == "Int"
