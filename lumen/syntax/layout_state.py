"""What the layout pass knows at each token: its stack, the raw tokens around it, and the tokens put out so far."""

from __future__ import annotations

from lumen.syntax.tokens import Tokens

MAX_OPEN = 200
"""Brackets and blocks that may be open at once. Python's own compiler recurses on nested expressions."""

STATEMENT_START = frozenset({"_NL", "ARM", "then", "ELSE_INLINE", "pub", "async", "ATTRIBUTE", "DEFER_LINE", "extern"})
"""Kinds after which a statement (or the rest of a declaration) begins."""

# Words and kinds that several parts of the pass ask about; the parts say why.
NEVER_IN_EXPRESSION = frozenset("let return import pub extern".split())
BRACKETS = {"(": ")", "[": "]", "{": "}", "?[": "]", "INTERP_START": "INTERP_END"}
ARMS = frozenset({"match", "when", "with"})
PENDING = frozenset({"if?", "fn?", "head", "sig", "inline", "grant"})
NAMES_FOLLOW = frozenset({"let", "mut", "cell", "CELL_HEAD", "const"})
VALUES = frozenset({"true", "false", "null", "not"})
DIRECTIVES = frozenset({"deterministic", "strict", "doc_mode"})
FIELD_BLOCKS = frozenset({"record", "enum", "effect", "machine", "state", "agent"})
COMMA_BLOCKS = frozenset({"record", "enum", "parallel", "race", "vote", "select"})
DECLARATIONS = frozenset("cell record enum trait impl import pub extern type const".split())


class Open:
    """One thing that is open. `kind` is a bracket, a pending header (`if?`, `fn?`, `head`, `sig`, `inline`), `arm`,
    `match`/`when`/`with`, `grant`, `stages`, or `block`."""

    __slots__ = ("at", "declares", "in_header", "indent", "kind", "level", "line", "raw", "word")

    def __init__(self, kind: str, word: str, at: int, raw: int, indent: int, line: int, level: int) -> None:
        self.kind = kind
        self.level = level
        """How many blocks (and pending headers) are open, this one included."""
        self.word = word
        """The keyword or bracket, for messages."""
        self.at = at
        """Index of its token in the output."""
        self.raw = raw
        self.indent = indent
        """Indentation of the line it stands on; of an arm, the column of its pattern."""
        self.line = line
        self.declares = False
        """True of the parentheses of parameters and fields, where `:` is followed by a type."""
        self.in_header = True


class LayoutState:
    """The pass over one token list. `stack` is never empty: its first entry is the file itself."""

    def __init__(self, raw: Tokens, repair: bool = False) -> None:
        self.raw = raw
        self.repair = repair
        """True in the second pass over a file whose blocks do not balance: indentation tells what is missing."""
        self.out = Tokens(errors={}, comments=raw.comments, findings=list(raw.findings), is_open=raw.is_open)
        self.stack = [Open("block", "file", -1, -1, -1, 0, 0)]
        self.line = 0
        self.indent = 0
        self.line_raw = 0
        self.i = 0
        self.newline_before = -1
        """Raw index before which a line break is put in (a block that begins on the line of its header)."""
        self.opened_by_last_close = -1
        self.is_type_line = False
        self.depths: list[int] = []
        self.is_balanced = True
        self.longest = 0
        """Tokens of the longest statement, and how deep it could be for the blocks and `else if`s around it."""
        self.deepest = 0
        self.elifs = 0
        self.statement_at = 0
        self.concurrent_for = -1
        """Raw index of the `for` of a `parallel for`, which opens no block of its own."""
        self.declared: frozenset[str] | None = None
        self.is_too_deep = False
        self.block_braces: set[int] = set()
        """Raw indexes of braces that close a block, from habit."""

    def emit(self, kind: str) -> None:
        """Append the current raw token under a kind."""
        raw, out, i = self.raw, self.out, self.i
        out.kinds.append(kind)
        out.texts.append(raw.texts[i])
        out.starts.append(raw.starts[i])
        out.ends.append(raw.ends[i])

    def emit_virtual(self, kind: str) -> None:
        """Append a token without text, just behind the last one."""
        out = self.out
        at = out.ends[-1] if out.ends else 0
        top = self.stack[-1]
        out.boundaries[len(out.kinds)] = (top.level, top.word)
        out.kinds.append(kind)
        out.texts.append("")
        out.starts.append(at)
        out.ends.append(at)

    def emit_error(self, code: str, message: str) -> None:
        """Append the current token as an ERROR with its message."""
        self.out.errors[len(self.out.kinds)] = (code, message)
        self.emit("ERROR")

    def push(self, kind: str, word: str) -> Open:
        """Open something at the token about to be emitted."""
        if self.previous == ",":
            while self.stack[-1].kind == "inline":
                self.stack.pop()  # a short `if` ended at the comma
        level = self.stack[-1].level + (kind not in BRACKETS)
        entry = Open(kind, word, len(self.out.kinds), self.i, self.indent, self.line, level)
        self.stack.append(entry)
        if len(self.stack) > self.deepest:
            self.deepest = len(self.stack)
        if len(self.stack) == MAX_OPEN:
            self.is_too_deep = True
            self.finding("too-deep", f"more than {MAX_OPEN} brackets and blocks are nested here")
        return entry

    def finding(self, code: str, message: str, severity: str = "error") -> None:
        """A diagnostic at the current raw token that does not stop the parser."""
        raw, i = self.raw, self.i
        self.out.findings.append((severity, code, raw.starts[i], raw.ends[i], message))

    def hint(self, message: str) -> None:
        """A habit at the current raw token."""
        self.finding("habit", message, "hint")

    @property
    def previous(self) -> str:
        """Kind of the last token put out; `_NL` at the beginning."""
        return self.out.kinds[-1] if self.out.kinds else "_NL"

    def next_kind(self, ahead: int = 1) -> str:
        """Kind of a raw token after the current one; `NL` past the end."""
        at = self.i + ahead
        return self.raw.kinds[at] if at < len(self.raw.kinds) else "NL"

    def next_text(self, ahead: int = 1) -> str:
        """Text of a raw token after the current one."""
        at = self.i + ahead
        return self.raw.texts[at] if at < len(self.raw.texts) else ""

    def column(self) -> int:
        """Column (tabs count as 4) of the current raw token on its line."""
        return self.indent + self.raw.starts[self.i] - self.line_start_offset()

    def line_start_offset(self) -> int:
        """Offset of the first token of the current line."""
        return self.raw.starts[self.line_raw] if self.line_raw < len(self.raw.starts) else 0

    def at_statement_start(self) -> bool:
        """True when the current token begins a statement or declaration."""
        return self.previous in STATEMENT_START

    def kind_at(self, at: int) -> str:
        """Kind of a raw token, `NL` past the end."""
        return self.raw.kinds[at] if at < len(self.raw.kinds) else "NL"

    def next_is_deeper(self, newline: int = -1) -> bool:
        """True when the line after a raw `NL` (the next token if none is given) is indented deeper than this one."""
        newline = self.i + 1 if newline < 0 else newline
        return newline + 1 < len(self.raw.kinds) and indentation(self.raw.texts[newline]) > self.indent

    def drop_last(self) -> None:
        """Take back the last token."""
        out = self.out
        out.kinds.pop()
        out.texts.pop()
        out.starts.pop()
        out.ends.pop()

    def is_named_here(self) -> bool:
        """True (and emitted as a name) when a reserved word stands where only a name can: `.end`, `end: 3`."""
        previous = self.previous
        if self.raw.kinds[self.i] in ("else", "loop", "try") and self.next_kind() == ":" and self.next_kind(2) == "NL":
            return False  # a block as in Python
        if previous in (".", "?.") or (
            self.next_kind() == ":" and previous in ("(", ",", "_NL", "{") and self.raw.kinds[self.i] not in VALUES
        ):
            self.emit("NAME")
            return True
        top = self.stack[-1]
        if previous in NAMES_FOLLOW or (top.declares and top.kind == "(" and previous in ("(", ",")):
            word = self.raw.texts[self.i]
            if self.raw.kinds[self.i] in VALUES or (previous == "let" and word == "mut"):
                return False
            self.emit_error("syntax-error", f"`{word}` is a word of the language and can't be a name")
            return True
        return False


def indentation(text: str) -> int:
    """Columns of indentation after the last line break of a raw `NL`, a tab counting 4."""
    blanks = text[text.rfind("\n") + 1 :]
    return len(blanks) if "\t" not in blanks else len(blanks) + 3 * blanks.count("\t")
