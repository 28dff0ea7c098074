"""What we tell people about a program, before it is turned into text or JSON."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from lumen.source.file import SourceFile
from lumen.source.span import Span

Severity = Literal["error", "warning", "hint"]


@frozen
class Label:
    """A second place worth showing, with what is to be seen there."""

    span: Span
    message: str
    file: SourceFile | None = None
    """None means the file of the diagnostic."""


@frozen
class Diagnostic:
    """One finding. `code` is a slug registered in `codes.py`; `message` is one line without a full stop."""

    code: str
    message: str
    file: SourceFile
    span: Span
    severity: Severity = "error"
    hint: str | None = None
    """What to do about it, as a sentence fragment: "did you mean `price`?"."""
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
