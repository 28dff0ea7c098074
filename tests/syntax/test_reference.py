"""The programs in grammar/README.md parse, without errors and without habits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lumen.resources import grammar_path
from lumen.source.file import SourceFile
from lumen.syntax.parse import parse_module

TEXT = (Path(grammar_path()).parent / "README.md").read_text(encoding="utf-8")
BLOCKS = [(TEXT.count("\n", 0, m.start()) + 2, m[1]) for m in re.finditer(r"```lumen.*\n((?s:.*?))```", TEXT)]


@pytest.mark.parametrize(("line", "text"), BLOCKS, ids=[f"line {line}" for line, _ in BLOCKS])
def test_block(line: int, text: str) -> None:
    file = SourceFile("README.md", "\n" * (line - 1) + text)
    found = [(file.line_of(d.span.start), d.message) for d in parse_module(file).diagnostics]
    assert found == []
