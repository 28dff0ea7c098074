"""`project`: a folder with programs, and `lumen test` run in it, in this process."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest

from lumen.cli.main import main


def pytest_addoption(parser: pytest.Parser) -> None:
    try:
        parser.addoption("--update-golden", action="store_true", help="rewrite golden files")
    except ValueError:
        pass  # another folder's conftest has it already


TIMES = re.compile(r"\b\d+(\.\d+)? m?s\b")


class Finished:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def plain(self) -> str:
        """The output with every time replaced, and no blanks at the ends of lines."""
        return TIMES.sub("… ms", self.out)

    @property
    def json(self):
        assert self.out.count("\n") == 1, "exactly one object"
        return json.loads(self.out)

    @property
    def outcomes(self) -> dict[str, str]:
        """Of `--format json`: outcome of each test, its code if it failed, by the name after `::`."""
        return {
            test["id"].partition("::")[2]: test["error"]["code"] if test["error"] else test["outcome"]
            for test in self.json["tests"]
        }


class Project:
    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self._capsys = capsys

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = text if isinstance(text, bytes) else textwrap.dedent(text).lstrip("\n").encode()
        path.write_bytes(data)
        return path

    def test(self, *words: str) -> Finished:
        """`lumen test …`."""
        self._capsys.readouterr()
        code = main(["test", *words])
        captured = self._capsys.readouterr()
        assert "Traceback" not in captured.err
        assert "error[internal]" not in captured.err
        return Finished(code, captured.out, captured.err)

    def run(self, program: str, *words: str) -> Finished:
        """Write the program to `m_test.lumen` and test it."""
        self.write("m_test.lumen", program)
        return self.test(*words)

    def outcomes(self, program: str, *words: str) -> dict[str, str]:
        """What became of each test of a program."""
        return self.run(program, "--format", "json", *words).outcomes


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Project(folder, capsys)
