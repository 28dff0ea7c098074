"""Bytes to text: encodings, line ends, Markdown."""

from __future__ import annotations

from pathlib import Path

import pytest

from lumen.source.markdown import blank_prose
from lumen.source.reading import SourceError, read_source, source_from_bytes, source_from_text


def test_line_ends_and_mark() -> None:
    assert source_from_bytes(b"\xef\xbb\xbfa\r\nb\rc\n", "x.lumen").text == "a\nb\nc\n"


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [(b"a\n\xff", "not-utf8", "line 2"), (b"a\n\n\0", "nul-byte", "line 3"), (b"\xe9", "not-utf8", "0xe9")],
)
def test_bad_bytes(data: bytes, code: str, words: str) -> None:
    with pytest.raises(SourceError) as caught:
        source_from_bytes(data, "x.lumen")
    assert caught.value.code == code
    assert words in caught.value.message


def test_missing_and_directory(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as missing:
        read_source(str(tmp_path / "no.lumen"))
    assert missing.value.code == "file-not-found"
    with pytest.raises(SourceError) as folder:
        read_source(str(tmp_path))
    assert folder.value.code == "is-a-directory"
    with pytest.raises(SourceError) as odd:
        read_source("a\0b")
    assert odd.value.code == "unreadable-file"


MARKDOWN = """# Title
```lumen
let a = 1
```
prose `let`
~~~~ lumen title="x"
let b = 2
~~~
let c = 3
~~~~~
```python
let d = 4
```
  - ```lumen
    let e = 5
    ```
```lumen
let f = 6"""


def test_markdown() -> None:
    file = source_from_text(MARKDOWN, "x.lumen.md")
    assert len(file.text) == len(MARKDOWN)
    lines = file.text.split("\n")
    code = [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
    assert code == [
        (3, "let a = 1"),
        (7, "let b = 2"),
        (8, "~~~"),
        (9, "let c = 3"),
        (15, "let e = 5"),
        (18, "let f = 6"),
    ]
    assert file.line_text(1) == "# Title"


def test_plain_files_are_not_markdown() -> None:
    assert source_from_text("# a\n", "x.lumen").text == "# a\n"
    assert blank_prose("text\n") == "    \n"
