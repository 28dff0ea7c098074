"""Changed programs are what they are said to be, and the harness notices what it should."""

from __future__ import annotations

from collections import Counter

import pytest

from lumen.journal.divergence import Divergence
from tests.soak import mutations
from tests.soak.mutants import mutants
from tests.soak.recording import Told

PROGRAM = """use tool soak.find as Find

cell one(n: Int) -> Int
  sleep(n)
  return n + 1
end

cell main() / {soak.find}
  Find(key: "a", limit: 2)
  print("found")
  let x = await vote(quorum: 2)
    one(1)
    one(2)
  end
  print(await timeout(5, one(3)))
end
"""


@pytest.mark.parametrize(
    ("kind", "line", "what"),
    [
        ("tool", 1, "soak.find … soak.find → soak.find2 … soak.find2"),
        ("deadline", 4, "n → (n) + 1"),
        ("result", 5, "1 → 2"),
        ("argument", 9, "2 → 3"),
        ("argument", 9, '" → ~"'),
        ("removed", 9, 'Find(key: "a", limit: 2) → null'),
        ("added", 9, '→ print("added");'),
        ("rule", 11, "2 → 3"),
        ("branches", 12, "one(1) … one(2) → one(2) … one(1)"),
        ("value", 13, "2 → 3"),
        ("deadline", 15, "5 → 6"),
        ("spawns", 9, 'Find(key: "a", limit: 2) … print("found") → print("found") … Find(key: "a", limit: 2)'),
    ],
)
def test_kinds(kind, line, what):
    assert f"{kind} in line {line}: {what}" in [str(mutant) for mutant in mutants(PROGRAM)]


def test_each_text_once():
    texts = [mutant.text for mutant in mutants(PROGRAM)]
    assert len(set(texts)) == len(texts)
    assert PROGRAM not in texts


def test_markdown_prose_is_left_alone():
    found = mutants("# 3 things\n\n```lumen\nprint(3)\n```\n", is_markdown=True)
    assert all(mutant.text.startswith("# 3 things\n\n") for mutant in found)
    assert any("print(4)" in mutant.text for mutant in found)


@pytest.fixture
def harness(tmp_path, monkeypatch):
    """Checks one program with one mutant, with a replay that is made up."""

    def run(found):
        program = tmp_path / "few" / "few.lumen"
        program.parent.mkdir()
        program.write_text("cell main() -> Int\n  return 1\nend\n")
        whole = mutations.replay

        def replay(journal, changed, cache):
            unchanged = program.read_text() == changed.read_text()
            return whole(journal, changed, cache) if unchanged else found

        monkeypatch.setattr(mutations, "replay", replay)
        problems: list[str] = []
        figures: Counter[str] = Counter()
        mutations.check(program, problems, figures, mutations.random.Random(1), 100)
        return problems, figures

    return run


def test_a_missed_change_is_a_problem(harness):
    problems, figures = harness(Told("", "1", None, ()))
    assert figures["do something else"] > 0
    assert figures["of them caught"] == 0
    assert all(problem.startswith("MISSED few.lumen") for problem in problems)
    assert len(problems) == figures["do something else"]


def test_a_divergence_without_a_place_is_a_problem(harness):
    end = {"event": "run_end", "outcome": "value", "value": 1}
    place = ["few.lumen", 2, 3, "main"]
    problems, figures = harness(Divergence(3, end, {**end, "value": 2}, recorded_place=place))
    assert figures["of them caught"] == figures["do something else"] > 0
    assert all(problem.startswith("NO PLACE (actual)") for problem in problems)
    assert problems
