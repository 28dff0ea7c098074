"""The `check_*.lumen` files: programs separated by `---`, each line saying what is found in it.

A comment `# error: [code] "words"` (or `warning`, `hint`) names a finding that must begin on its line; a line without
one must have no finding. Words are looked for in the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lumen.analysis.tables import Analysis
from tests.analysis.programs import analysed

MODULES = {
    "tools": "cell thing() = 1",
    "asking": """use tool llm.chat as Chat
cell ask(p: String) -> Any / {llm} = Chat(prompt: p)
cell far() -> Any / {llm} = ask("x")
record Bot(name: String)
  cell go(self) -> Any / {llm} = far()
end
""",
}

EXPECTED = re.compile(r"#\s*(error|warning|hint): \[([\w-]+)\](?:\s*\"(.*)\")?\s*$")


def chunks() -> Iterator[object]:
    for path in sorted(Path(__file__).parent.glob("check_*.lumen")):
        lines = path.read_text().split("\n")
        start = 0
        for at, line in enumerate([*lines, "---"]):
            if line == "---":
                # Padded, so that line numbers are those of the file.
                text = "\n" * start + "\n".join(lines[start:at])
                yield pytest.param(text, id=f"{path.stem}:{start + 1}")
                start = at + 1


def found(analysis: Analysis) -> list[tuple[int, str, str, str]]:
    return [(analysis.file.line_of(d.span.start), d.severity, d.code, d.message) for d in analysis.diagnostics]


@pytest.mark.parametrize("text", list(chunks()))
def test_chunk(text: str) -> None:
    findings = found(analysed(text, MODULES))
    for number, line in enumerate(text.split("\n"), 1):
        here = [(severity, code, message) for at, severity, code, message in findings if at == number]
        expected = EXPECTED.search(line)
        if expected is None:
            assert here == [], f"line {number}"
            continue
        severity, code, words = expected.groups()
        assert [found[:2] for found in here] == [(severity, code)], f"line {number}"
        assert words is None or words in here[0][2], f"line {number}"
