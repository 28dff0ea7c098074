"""Analysis never raises, whatever tree the parser gives: programs of the test suite, damaged at random."""

from __future__ import annotations

import marshal
import random
import re
from pathlib import Path

import pytest

from lumen.analysis.analyze import analyze
from lumen.analysis.interface import ImportFailed
from lumen.analysis.tables import Interface
from lumen.source.file import SourceFile
from lumen.syntax.parse import parse_module
from tests.analysis.programs import analysed

ROOT = Path(__file__).parents[2]
ROUNDS = 400

MODULE = "cell thing() = 1\nenum Color\n  Red\nend\nrecord P(x: Int) end"


def _sources() -> list[list[str]]:
    files = sorted(path for folder in ("examples", "tests", "stdlib") for path in (ROOT / folder).rglob("*.lumen"))
    texts = [path.read_text("utf-8", errors="replace") for path in files]
    return [re.findall(r"\w+|\s+|[^\w\s]", text) for text in texts if len(text) < 6_000]


def _damaged(tokens: list[str], words: list[str], chance: random.Random) -> str:
    tokens = list(tokens)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(tokens) + 1)
        what = chance.random()
        if what < 0.3:
            del tokens[at : at + chance.randrange(1, 4)]
        elif what < 0.7:
            tokens[at : at + 1] = [chance.choice(words)]
        else:
            tokens[at:at] = [" ", chance.choice(words), " "]
    return "".join(tokens)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_damaged_programs(seed: int) -> None:
    chance = random.Random(seed)
    sources = [tokens for tokens in _sources() if tokens]
    words = sorted({token for tokens in sources for token in tokens if token.strip()})
    known = analysed(MODULE).interface

    def interfaces(name: str) -> Interface:
        if len(name) % 2:
            raise ImportFailed("missing-module", f"there is no module `{name}`")
        return known

    for _ in range(ROUNDS):
        text = _damaged(chance.choice(sources), words, chance)
        file = SourceFile("damaged.lumen", text)
        module = parse_module(file).module
        if module is not None:
            try:
                analysis = analyze(module, file, interfaces)
            except Exception as error:
                raise AssertionError(text) from error
            marshal.dumps(analysis.interface)


def test_deep_programs() -> None:
    for text in (
        "let x = " + "(" * 150 + "1" + ")" * 150,
        "let x = " + "[" * 150 + "1" + "]" * 150,
        "let x = " + "not " * 150 + "1",
        "\n".join("if true" for _ in range(100)) + "\nprint(1)\n" + "end\n" * 100,
        "let x = " + " + ".join(["1"] * 3000),
        "let x = 1" + " |> string" * 300,
    ):
        file = SourceFile("deep.lumen", text)
        module = parse_module(file).module
        if module is not None:
            assert [d.code for d in analyze(module, file, lambda name: {}).diagnostics] == []
