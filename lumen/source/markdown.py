"""Markdown programs: the code is what stands in fenced blocks tagged `lumen`.

Everything else is blanked out, not cut out: the text keeps its length and its line breaks, so every offset, line and
column is true in the Markdown file without any mapping.
"""

from __future__ import annotations

import re

_FENCE = re.compile(r"[ \t]*(?:(?:[-*+]|[0-9]+[.)])[ \t]+)*(`{3,}|~{3,})(.*)")
"""An opening fence, also as the first thing of a list item."""


def is_markdown(path: str) -> bool:
    """True for `.lumen.md` and `.lm.md`."""
    return path.endswith((".lumen.md", ".lm.md"))


def blank_prose(text: str) -> str:
    """The text with everything outside `lumen` fences replaced by spaces.

    As in CommonMark: a fence is three or more backticks or tildes, indented or not; it is closed by the same
    character, at least as many times, with nothing behind it; an open fence lasts to the end of the file. The tag is
    the first word behind the fence, other words may follow. In an indented fence that much indentation is taken off,
    which blanks do anyway.
    """
    result: list[str] = []
    fence = ""
    is_code = False
    for line in text.split("\n"):
        if fence:
            stripped = line.strip()
            if len(stripped) >= len(fence) and stripped == fence[0] * len(stripped):
                fence, is_code = "", False
            elif is_code:
                result.append(line)
                continue
        elif found := _FENCE.match(line):
            run, info = found.groups()
            if run[0] == "~" or "`" not in info:
                fence = run
                words = info.replace("{", " ").replace("}", " ").replace(",", " ").split()
                is_code = bool(words) and words[0].lstrip(".").lower() in ("lumen", "lm")
        result.append(" " * len(line))
    return "\n".join(result)
