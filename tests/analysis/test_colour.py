"""Which functions may suspend, and where."""

from __future__ import annotations

import pytest

from tests.analysis.programs import analysed, colour, function, texts

PLAIN = {
    "arithmetic": "cell f(a: Int) -> Int = a + 1",
    "recursion": "cell f(n: Int) -> Int\n  if n < 2\n    return n\n  end\n  f(n - 1) + f(n - 2)\nend",
    "mutual recursion": "cell f(n: Int) -> Bool = g(n)\ncell g(n: Int) -> Bool = f(n - 1)",
    "loop over a list": "cell f(xs: list[Int])\n  for x in xs\n    print(x)\n  end\nend",
    "loop over a range": "cell f()\n  for x in 0..10\n    print(x)\n  end\nend",
    "map of a plain lambda": "cell f(xs: list[Int]) = map(xs, fn(x) => x + 1)",
    "map of a plain cell": "cell f(xs: list[Int]) = map(xs, g)\ncell g(x: Int) = x",
    "map of a built-in": "cell f(xs: list[String]) = map(xs, upper)",
    "a local lambda": "cell f()\n  let g = fn(x) => x + 1\n  g(3)\nend",
    "a local name for a cell": "cell f()\n  let h = g\n  h(3)\nend\ncell g(x) = x",
    "spawn only starts": "cell f()\n  let t = spawn(g())\n  3\nend\ncell g()\n  sleep(1)\nend",
    "constructs only start": "cell f()\n  let t = race\n    g()\n    g()\n  end\n  3\nend\ncell g() = sleep(1)",
    "an async cell only starts": "cell f() = g()\nasync cell g()\n  sleep(1)\nend",
    "a loop that can end": "cell f()\n  while true\n    break\n  end\nend",
    "a loop that returns": "cell f()\n  loop\n    return 3\n  end\nend",
    "a break out of an outer loop": "cell f()\n  loop @a\n    loop\n      break @a\n    end\n  end\nend",
    "an endless generator": "cell f() -> yield Int\n  let mut i = 0\n  while true\n    yield i\n    i += 1\n  end\nend",
    "a for over a generator": "cell f()\n  for x in g()\n    x\n  end\nend\ncell g() -> yield Int\n  yield 1\nend",
    "a method of a known record": "record P(x: Int)\n  cell m(self) = self.x\nend\ncell f(p: P) = p.m()",
    "a method by name": "record P(x: Int)\n  cell m(self) = self.x\nend\ncell f(p) = p.m()",
    "methods of strings": 'cell f(s: String) = s.upper().split(",")',
    "methods of maps": "cell f(m: map[String, Int])\n  for k in m.keys()\n    k\n  end\nend",
    "a built-in as a method of a map of anything": "cell f(m: map[String, Any]) = m.keys()",
    "a record's method does not disturb strings": """record Bag(n: Int)
  cell length(self) = sleep(1)
end
cell f(s: String) = s.length()""",
    "a cell with a parameter called self": "cell f(p) = area(p)\ncell area(self) = 1",
    "a built-in as a method of anything": "cell f(xs) = xs.length()",
    "reduce, function first": "cell f(xs: list[Int], start) = reduce(xs, fn(a, b) => a + b, start)",
    "reduce, function last": "cell f(xs: list[Int], start) = reduce(xs, start, fn(a, b) => a + b)",
    "pipes": "cell f(xs: list[Int]) = xs |> map(fn(x) => x + 1) |> sum",
    "methods of a future that do not wait": "cell f(t: Future[Int]) = t.is_done()",
    "a constructor": "record P(x: Int) end\ncell f() = P(x: 1)",
    "sorting by a field": "record P(x: Int) end\ncell f(ps: list[P]) = sort_by(ps, fn(p) => p.x)",
}

SUSPENDS = {
    "await": "cell f(t) = await t",
    "a suspending built-in": "cell f() = sleep(1)",
    "scripted tools": "cell f()\n  with_tools({})\n    1\n  end\nend",
    "a suspending cell": "cell f() = g()\ncell g()\n  sleep(1)\nend",
    "a suspending cell, later in the file and far away": "cell f() = g()\ncell g() = h()\ncell h() = sleep(1)",
    "an unknown function": "cell f(g) = g(1)",
    "a field": "record P(run: fn() -> Int) end\ncell f(p: P) = p.run()",
    "a parameter called like a cell": "cell f(g) = g()\ncell g() = 1",
    "an unknown method": "cell f(p) = p.zork()",
    "a channel method": "cell f(c) = c.receive()",
    "a known channel": "cell f()\n  let c = channel()\n  c.send(1)\nend",
    "a for over anything": "cell f(xs)\n  for x in xs\n    print(x)\n  end\nend",
    "a for over a channel": "cell f(c: Channel[Int])\n  for x in c\n    print(x)\n  end\nend",
    "a for over a waiting generator": """cell f()
  for x in g()
    print(x)
  end
end
cell g() -> yield Int
  sleep(1)
  yield 1
end""",
    "map of a waiting lambda": "cell f(xs: list[Int]) = map(xs, fn(x) => await x)",
    "map of a waiting cell": "cell f(xs: list[Int]) = map(xs, g)\ncell g(x) = sleep(x)",
    "map of an unknown function": "cell f(xs: list[Int], g) = map(xs, g)",
    "a pipe into a waiting cell": "cell f(x) = x |> g\ncell g(x) = sleep(x)",
    "an endless loop": "cell f()\n  while true\n    print(1)\n  end\nend",
    "an endless loop, break inside an inner one": "cell f()\n  loop\n    loop\n      break\n    end\n  end\nend",
    "a defer that waits": "cell f()\n  defer\n    sleep(1)\n  end\nend",
    "a tool": "use tool llm.chat as Chat\ncell f() / {llm} = Chat(prompt: 1)",
    "attempt of a waiting lambda": "cell f() = attempt(fn() => sleep(1))",
    "a variable that is assigned again": "cell f()\n  let mut g = fn() => 1\n  g = fn() => 2\n  g()\nend",
    "a method that waits, by name": "record P(x: Int)\n  cell m(self) = sleep(self.x)\nend\ncell f(p) = p.m()",
    "a default that waits": "cell f(a = sleep(1)) = a",
    "waiting for a future by method": "cell f(t: Future[Int]) = t.result(10)",
}


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_plain(text: str) -> None:
    assert colour(analysed(text), "f") == "plain"


@pytest.mark.parametrize("text", SUSPENDS.values(), ids=SUSPENDS)
def test_suspends(text: str) -> None:
    assert colour(analysed(text), "f") == "suspends"


def test_only_the_calls_that_wait_are_marked() -> None:
    analysis = analysed("cell f(g)\n  let a = h(1)\n  let b = g(a)\n  k(b)\nend\ncell h(x) = x\ncell k(x) = sleep(x)")
    assert texts(analysis, analysis.suspends) == ["g(a)", "k(b)", "sleep(x)"]
    assert texts(analysis, analysis.maybe) == ["g(a)"]


def test_spawned_calls_are_marked_but_do_not_colour() -> None:
    analysis = analysed("cell f() = spawn(k(1))\ncell k(x) = sleep(x)")
    assert texts(analysis, analysis.suspends) == ["k(1)", "sleep(x)"]
    assert colour(analysis, "f") == "plain"


def test_arguments_of_a_spawned_call_are_evaluated_by_the_spawner() -> None:
    assert colour(analysed("cell f(t) = spawn(k(await t))\ncell k(x) = x"), "f") == "suspends"


def test_higher_order_calls_say_which_form() -> None:
    analysis = analysed("cell f(xs: list[Int])\n  map(xs, fn(x) => await x)\n  map(xs, fn(x) => x)\nend")
    assert [target.higher_order_async for target in analysis.calls.values()] == [True, False]


def test_branches_have_colours_of_their_own() -> None:
    analysis = analysed("cell f()\n  let t = parallel\n    sleep(1)\n    2\n  end\n  3\nend")
    branches = [fn.colour.value for node, fn in analysis.functions.items() if type(node).__name__ == "Branch"]
    assert branches == ["suspends", "plain"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cell f(x: Int) = x + 1", False),
        ("cell f() = spawn(g())\ncell g() = 1", True),
        ("cell f() = h()\ncell h() = spawn(g())\ncell g() = 1", True),
        ("cell f() = g()\nasync cell g() = 1", True),
        ("cell f() = random()", True),
        ("cell f() = print(1)", False),
        ("cell f(xs: list[Int]) = map(xs, fn(x) => timestamp_ms())", True),
    ],
)
def test_can_spawn(text: str, expected: bool) -> None:
    assert function(analysed(text), "f").can_spawn is expected


def test_colours_cross_modules() -> None:
    modules = {"m": "cell slow() = sleep(1)\ncell fast() = 1\nrecord P(x: Int)\n  cell go(self) = sleep(1)\nend"}
    assert colour(analysed("import m: slow\ncell f() = slow()", modules), "f") == "suspends"
    assert colour(analysed("import m: fast\ncell f() = fast()", modules), "f") == "plain"
    assert colour(analysed("import m\ncell f() = m.fast()", modules), "f") == "plain"
    assert colour(analysed("import m\ncell f() = m.slow()", modules), "f") == "suspends"
    assert colour(analysed("import m: P\ncell f(p: P) = p.go()", modules), "f") == "suspends"
    assert colour(analysed("import m\ncell f(p) = p.go()", modules), "f") == "suspends"


def test_methods_are_known_through_modules_between() -> None:
    modules = {
        "deep": "record P(x: Int)\n  cell go(self) = sleep(1)\nend\ncell make() = P(x: 1)",
        "middle": "import deep: make\npub cell give() = make()",
    }
    assert colour(analysed("import middle: give\ncell f() = give().go()", modules), "f") == "suspends"
