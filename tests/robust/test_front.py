"""The whole front, parse, analyse and compile, under any bytes and damaged programs: nothing but diagnostics."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumen.compiler.cache import CodeCache
from lumen.runtime.loader import Loader, LoadError, Options, ProgramErrors

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@cache
def programs() -> list[list[str]]:
    files = sorted(path for folder in ("examples", "tests", "stdlib") for path in (ROOT / folder).rglob("*.lumen"))
    texts = [path.read_text("utf-8", errors="replace") for path in files]
    return [re.findall(r"\w+|\n|[^\S\n]+|[^\w\s]", text) for text in texts if 0 < len(text) < 3000]


@cache
def words() -> list[str]:
    return sorted({word for tokens in programs() for word in tokens})


def front(raw: bytes, *, is_fifo: bool = False) -> str:
    """What the front says: "ok", "refused" or "unreadable". Anything it raises but these is a bug."""
    loader = Loader(Options(deterministic=is_fifo), CodeCache(None))
    try:
        unit = loader.load_program("fuzz.lumen", raw)
    except ProgramErrors as errors:
        found = errors.diagnostics
    except LoadError:
        return "unreadable"
    else:
        assert unit.code.co_filename == "fuzz.lumen"
        return "ok"
    assert any(d.severity == "error" for d in found)
    assert all(d.message and "\n" not in d.message for d in found)
    return "refused"


@st.composite
def damaged(draw) -> str:
    tokens = list(draw(st.sampled_from(programs())))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(tokens)))
        end = min(len(tokens), at + draw(st.integers(1, 12)))
        how = draw(st.sampled_from(["delete", "double", "swap", "replace", "insert", "lines"]))
        if how == "delete":
            del tokens[at:end]
        elif how == "double":
            tokens[at:at] = tokens[at:end]
        elif how == "swap":
            other = draw(st.integers(0, len(tokens)))
            tokens[at:end], tokens[other : other + 1] = tokens[other : other + 1], tokens[at:end]
        elif how == "replace":
            tokens[at : at + 1] = [draw(st.sampled_from(words()))]
        elif how == "insert":
            tokens[at:at] = [" ", draw(st.sampled_from(words())), " "]
        else:
            lines = "".join(tokens).split("\n")
            line = draw(st.integers(0, len(lines) - 1))
            lines.insert(draw(st.integers(0, len(lines))), lines.pop(line))
            tokens = re.findall(r"\w+|\n|[^\S\n]+|[^\w\s]", "\n".join(lines))
    return "".join(tokens)


@settings(max_examples=250, deadline=None)
@given(damaged(), st.booleans())
def test_damaged_programs(text, is_fifo):
    front(text.encode("utf-8", "surrogatepass"), is_fifo=is_fifo)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(raw):
    front(raw)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text(text):
    front(text.encode("utf-8", "surrogatepass"))


NESTS = {
    "for": ("for i in [1]\n", "print(1)\n", "end\n", 200),
    "while": ("while true\n", "print(1)\n", "end\n", 200),
    "if": ("if true\n", "print(1)\n", "end\n", 1000),
    "else if": ("if a == 0\n", "", "else\n", 0),
    "cell": ("cell f()\n", "return 1\n", "end\n", 300),
    "fn": ("fn(x) => ", "1", "", 600),
    "brackets": ("(", "1", ")", 10_000),
    "lists": ("[", "1", "]", 10_000),
    "maps": ('{"a": ', "1", "}", 1000),
    "calls": ("f(", "1", ")", 1000),
    "not": ("not ", "true", "", 5000),
    "minus": ("-", "1", "", 5000),
    "sum": ("1 + ", "1", "", 20_000),
    "power": ("2 ** ", "1", "", 5000),
    "comprehension": ("[x for x in ", "[1]", "]", 300),
    "interpolation": ('"{', "1", '}"', 500),
    "try": ("defer\n", "print(1)\n", "end\n", 200),
    "async": ("async\n", "1\n", "end\n", 300),
    "inline if": ("if true then ", "1", " else 2", 600),
}


@pytest.mark.parametrize("name", NESTS)
def test_nested_without_end(name):
    before, middle, after, count = NESTS[name]
    for depth in {10, 19, 21, 60, count}:
        front((before * depth + middle + after * depth + "\n").encode())


def test_long_programs():
    many = "".join(f"  x = x + {i}\n  let y{i} = x * 2\n" for i in range(2500))
    assert front(f"cell f()\n  let mut x = 0\n{many}  return x\nend\n".encode()) == "ok"
    arms = "".join(f"  {i} -> print({i})\n" for i in range(1000))
    assert front(f"let a = 1\nmatch a\n{arms}  _ -> print(0)\nend\n".encode()) == "ok"
    elifs = "".join(f"else if a == {i}\n  print({i})\n" for i in range(90))
    assert front(f"let a = 1\nif a == 0\n  print(0)\n{elifs}end\n".encode()) == "ok"
    assert front(("let x = " + " ++ ".join(['"a"'] * 400) + "\n").encode()) == "ok"
    assert front(("let x = [" + "1, " * 20_000 + "]\n").encode()) == "ok"
    assert front(("let " + "x" * 100_000 + " = 1\n").encode()) == "ok"
