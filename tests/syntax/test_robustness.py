"""Whatever the text, the parser gives diagnostics and nothing else."""

from __future__ import annotations

import random
import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lumen.source.file import SourceFile
from lumen.source.reading import SourceError, source_from_bytes
from lumen.syntax.parse import parse_module

PROGRAMS = [path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("ok/*.lumen"))]
PIECES = sorted(set(re.findall(r"\w+|[^\w\s]+|\n *", "\n".join(PROGRAMS))))


def check(text: str) -> None:
    result = parse_module(SourceFile("x", text))
    assert result.module is not None or result.has_errors
    for item in result.diagnostics:
        assert 0 <= item.span.start <= item.span.end <= len(text) + 1
        assert "\n" not in item.message
        assert "_NL" not in item.message


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes(data: bytes) -> None:
    try:
        file = source_from_bytes(data, "x.lumen")
    except SourceError:
        return
    check(file.text)


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text(text: str) -> None:
    check(text)


@given(st.lists(st.sampled_from(PIECES), max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_tokens(pieces: list[str]) -> None:
    check(" ".join(pieces))


@given(st.sampled_from(PROGRAMS), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_damaged_programs(program: str, rng: random.Random) -> None:
    parts = re.findall(r"\w+|[^\w\s]|\s+", program)
    at = rng.randrange(max(1, len(parts) - 200))
    parts = parts[at : at + 200]
    for _ in range(rng.randrange(1, 5)):
        where = rng.randrange(len(parts))
        if rng.random() < 0.5:
            del parts[where]
        else:
            parts.insert(where, rng.choice(PIECES))
    check("".join(parts))
