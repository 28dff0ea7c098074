"""The programs in grammar/README.md pass `check`, as far as their tags promise.

`lumen` blocks pass as they stand; `lumen fragment` blocks with `@doc_mode true`, which allows names that are defined
elsewhere; `lumen later` blocks are refused, and for nothing but being of a later step.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lumen

TEXT = (Path(__file__).parents[2] / "grammar" / "README.md").read_text(encoding="utf-8")
BLOCKS = [
    pytest.param(found[1].strip(), found[2], id=f"line {TEXT.count(chr(10), 0, found.start()) + 2}")
    for found in re.finditer(r"^```lumen(.*)\n((?s:.*?))^```", TEXT, re.M)
]


@pytest.mark.parametrize(("tag", "program"), BLOCKS)
def test_block(tag: str, program: str) -> None:
    assert tag in ("", "fragment", "later")
    prefix = "@doc_mode true\n" if tag else ""
    found = lumen.Interpreter().check(source=prefix + program)
    if tag == "later":
        assert {item["code"] for item in found.diagnostics} == {"not-supported-yet"}
        return
    assert not found.diagnostics
    if tag == "fragment":
        assert not lumen.Interpreter().check(source=program).is_ok, "it passes without the tag"
