"""What README shows is true: its programs pass `check` and run, its Python runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lumen

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.S | re.M)


@pytest.mark.parametrize("program", blocks("lumen"))
def test_programs_pass_check(program: str) -> None:
    found = lumen.Interpreter().check(source=program)
    assert found.is_ok, found.diagnostics


def test_nothing_is_left_to_fill_in() -> None:
    assert "BENCH-TABLE" not in README


def test_first_program_runs() -> None:
    interpreter = lumen.Interpreter(use_cache=False)

    def chat(model: str, messages: list[dict[str, str]]) -> str:
        assert messages[0] == {"role": "system", "content": "You answer in one word."}
        if model == "c":
            raise ConnectionError("no such host")
        return "Paris" if model in "be" else model

    interpreter.provide("llm.chat", chat)
    assert interpreter.run(source=blocks("lumen")[0]).output == "Paris\n"


def test_python_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ask.lumen").write_text(blocks("lumen")[0], encoding="utf-8")
    namespace: dict[str, object] = {}
    exec(blocks("python")[0], namespace)
    result = namespace["result"]
    assert isinstance(result, lumen.RunResult)
    assert result.output == "Paris\n"
