"""Which comments document a declaration."""

from __future__ import annotations

from lumen.syntax.tokens import Tokens


def doc_comments(text: str, tokens: Tokens) -> dict[int, str]:
    """Doc text by the offset of the token that follows it.

    A doc comment is a run of comment lines (`#`, `##` or `///`) directly above something, without an empty line
    between. The marks and one blank behind them are taken off.
    """
    found: dict[int, str] = {}
    run: list[str] = []
    expected = -1
    for start, end in tokens.comments:
        line_start = text.rfind("\n", 0, start) + 1
        if text[line_start:start].strip():
            run, expected = [], -1
            continue
        if line_start != expected:
            run = []
        run.append(_content(text[start:end]))
        expected = end + 1
        following = expected
        while following < len(text) and text[following] in " \t":
            following += 1
        if following < len(text) and text[following] not in "#\n" and not text.startswith("///", following):
            found[following] = "\n".join(run)
    return found


def _content(comment: str) -> str:
    stripped = comment.lstrip("#") if comment.startswith("#") else comment[3:]
    return stripped[1:].rstrip() if stripped.startswith(" ") else stripped.rstrip()
