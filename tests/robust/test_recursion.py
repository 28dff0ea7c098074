"""Deep recursion works, endless recursion ends with a failure that names the cells."""

from __future__ import annotations

import pytest

import lumen

DEEP = {
    "plain": "cell f(n: Int) -> Int\n  if n == 0 then 0 else 1 + f(n - 1)\nend\nprint(f(10000))",
    "closure": "let f = fn(g, n) => if n == 0 then 0 else 1 + g(g, n - 1)\nprint(f(f, 10000))",
    "method": "record P(x: Int)\n  cell down(self) -> Int\n"
    "    if self.x == 0 then 0 else 1 + P(self.x - 1).down()\n  end\nend\n"
    "print(P(10000).down())",
    "mutual": "cell a(n)\n  if n == 0 then 0 else 1 + b(n - 1)\nend\ncell b(n)\n"
    "  if n == 0 then 0 else 1 + a(n - 1)\nend\nprint(a(10000))",
    "tasks": "async cell f(n)\n  if n == 0\n    return 0\n  end\n  return 1 + await f(n - 1)\nend\n"
    "print(await f(10000))",
}


@pytest.mark.parametrize("is_fifo", [False, True], ids=["eager", "fifo"])
@pytest.mark.parametrize("name", DEEP)
def test_ten_thousand_deep(name, is_fifo):
    result = lumen.Interpreter(deterministic=is_fifo).run(source=DEEP[name] + "\n", check=False)
    assert result.error is None, str(result.error)
    assert result.output == "10000\n"


ENDLESS = {
    "plain": ("cell f(n)\n  return f(n + 1)\nend\nprint(f(0))", ["`f`"]),
    "mutual": (
        "cell even(n)\n  return odd(n + 1)\nend\ncell odd(n)\n  return even(n + 1)\nend\nprint(even(0))",
        ["`even`", "`odd`"],
    ),
    "closure": ("let f = fn(g, n) => g(g, n + 1)\nprint(f(f, 0))", ["a function"]),
    "callback of map": ("cell f(n)\n  return map([1, 2], fn(x) => f(n + x))\nend\nprint(f(0))", ["`f`"]),
    "callback of sort_by": ("cell f(n)\n  return sort_by([2, 1], fn(x) => f(n + x))\nend\nprint(f(0))", ["`f`"]),
    "method": (
        "record P(x: Int)\n  cell go(self)\n    return P(self.x + 1).go()\n  end\nend\nprint(P(1).go())",
        ["`P.go`"],
    ),
    "generator": (
        "cell g(n) -> yield Int\n  for x in g(n + 1)\n    yield x\n  end\nend\nfor x in g(0)\n  print(x)\nend",
        ["`g`"],
    ),
    "constraint": (
        "record P\n  x: Int where fine(x)\nend\ncell fine(x)\n  return P(x + 1) != null\nend\nprint(P(1))",
        ["`fine`"],
    ),
    "show": ('cell text(x)\n  return "{text(x)}"\nend\nprint(text(1))', ["`text`"]),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_endless(name):
    source, cells = ENDLESS[name]
    result = lumen.Interpreter().run(source=source + "\n", check=False)
    assert result.error is not None
    assert result.error.code == "stack-overflow"
    report = str(result.error)
    assert report.count("\n") < 40
    assert "more calls of" in report
    for cell in cells:
        assert cell in report


@pytest.mark.slow
@pytest.mark.parametrize("is_fifo", [False, True], ids=["eager", "fifo"])
@pytest.mark.parametrize(
    "source",
    [
        "async cell f(n)\n  return await f(n + 1)\nend\nprint(await f(0))\n",
        "cell f(n)\n  return await spawn(f(n + 1))\nend\nprint(f(0))\n",
        "cell f(n)\n  return await parallel(f(n + 1), sleep(1))\nend\nprint(f(0))\n",
    ],
    ids=["async cell", "spawn", "parallel"],
)
def test_endless_through_tasks(source, is_fifo, monkeypatch):
    from lumen.kernel import kernel

    monkeypatch.setattr(kernel, "MAX_DEPTH", 2000)
    monkeypatch.setattr(kernel, "LOOK_EVERY", 1000)
    result = lumen.Interpreter(deterministic=is_fifo).run(source=source, check=False)
    assert result.error is not None
    assert result.error.code == "stack-overflow"
    report = str(result.error)
    assert report.count("\n") < 40
    assert "`f`" in report or "branch" in report


@pytest.mark.parametrize("is_fifo", [False, True], ids=["eager", "fifo"])
def test_an_endless_tree_of_tasks(is_fifo, monkeypatch):
    from lumen.kernel import kernel

    monkeypatch.setattr(kernel, "MAX_TASKS", 5000)
    monkeypatch.setattr(kernel, "LOOK_EVERY", 1000)
    source = "cell f(n)\n  return await parallel(f(n + 1), f(n + 2))\nend\nprint(f(0))\n"
    result = lumen.Interpreter(deterministic=is_fifo).run(source=source, check=False)
    assert result.error is not None
    assert result.error.code == "out-of-memory"


def test_an_overflow_is_a_failure_like_others():
    source = (
        "cell f(n)\n  return f(n + 1)\nend\nlet r = attempt(fn() => f(0))\nmatch r\n"
        "  err(e) -> print(e.code)\n  _ -> print(0)\nend\nprint(1)\n"
    )
    assert lumen.Interpreter().run(source=source).output == "stack-overflow\n1\n"


def test_deep_values():
    source = (
        "record N(next: Any) end\nlet mut a = null\nlet mut b = null\nlet mut xs = []\nfor i in 0..100000\n"
        "  a = N(a)\n  b = N(b)\n  xs = [xs]\nend\nprint(a == b)\nprint(length(to_set([a, b])))\n"
        "print(length(to_string(xs)))\nprint(await xs == xs)\n"
    )
    result = lumen.Interpreter().run(source=source)
    assert result.output == "true\n1\n200002\ntrue\n"
