"""Which line breaks end a statement, and what indentation says when blocks do not balance."""

from __future__ import annotations

from lumen.syntax.layout_state import (
    BRACKETS,
    COMMA_BLOCKS,
    DECLARATIONS,
    NEVER_IN_EXPRESSION,
    PENDING,
    STATEMENT_START,
    LayoutState,
    Open,
    indentation,
)
from lumen.syntax.tokens import CONTINUED_BY, CONTINUES


class LineBreaks(LayoutState):
    """The decisions at the end of a line."""

    def newline(self) -> None:
        """A raw line break: decide whether it counts."""
        width = indentation(self.raw.texts[self.i])
        following = self.next_kind()
        if self.is_ignored(following, width):
            self.begin_line(width)
            return
        self.end_statement(following, width)
        self.begin_line(width)
        if self.repair:
            self.repair_line(following, width)

    def begin_line(self, width: int) -> None:
        """Remember where the next line begins."""
        self.line += 1
        self.indent = width
        self.line_raw = self.i + 1

    def is_ignored(self, following: str, width: int) -> bool:
        """True when the statement goes on in the next line."""
        stack = self.stack
        while stack[-1].kind == "inline":
            if following == "else" and self.else_is_inline(stack[-1], width):
                return True
            stack.pop()
        top = stack[-1]
        previous = self.previous
        if top.kind in BRACKETS:
            if self.is_never_closed(width):
                self.unclosed()
                return False
            if self.can_go_on_in_bracket(following):
                return True
            self.unclosed()
            return False
        if top.kind == "grant":
            if width > top.indent and following != "end":
                return True
            stack.pop()
            return self.is_ignored(following, width)
        if top.kind == "stages":
            return False
        if following == "then":
            return True
        if previous == "," and self.comma_ends_line(top, width, following):
            return False
        if previous in CONTINUES and not self.is_whole_import():
            return not self.begins_statement(following)
        if following in CONTINUED_BY:
            return not (following == "*" or (following == "=" and previous in STATEMENT_START))
        return following == "." and self.next_kind(2) in ("NAME", "WORD", "INT")

    def begins_statement(self, following: str) -> bool:
        """True when the next line can't be the rest of an expression, whatever this one ends with."""
        if following == "cell" or (following == "WORD" and self.next_text() in DECLARATIONS):
            return self.next_kind(2) in ("NAME", "WORD")
        return following in NEVER_IN_EXPRESSION or following in ("end", "NL", "break", "continue", "defer")

    def is_whole_import(self) -> bool:
        """True after `import m: *`."""
        kinds = self.out.kinds
        return kinds[-1] == "*" and len(kinds) > 1 and kinds[-2] == ":"

    def comma_ends_line(self, top: Open, width: int, following: str) -> bool:
        """True when a trailing comma at statement level only separates: arms, branches, fields, variants."""
        if top.kind == "arm":
            if width <= top.indent:
                self.drop_last()
                return True
            return False
        return top.kind == "block" and not top.in_header and top.word in COMMA_BLOCKS

    def else_is_inline(self, entry: Open, width: int) -> bool:
        """True when an `else` on the next line belongs to a short `if` rather than to the block around it."""
        for outer in reversed(self.stack[:-1]):
            if outer.kind == "block":
                if outer.word == "if" and outer.indent >= width:
                    return False
                break
            if outer.kind in BRACKETS:
                return True
        return entry.word == "then" and width >= entry.indent

    def can_go_on_in_bracket(self, following: str) -> bool:
        """False when the next line begins a statement or declaration, which no bracket can contain."""
        if following == "end":
            return self.next_kind(2) in (":", "=")
        if following == "cell":
            return self.next_kind(2) not in ("NAME", "WORD")
        if following in ("while", "loop"):
            return self.previous in ("(", "[", "{", ",", ":", "=")
        return following not in NEVER_IN_EXPRESSION

    def is_never_closed(self, width: int) -> bool:
        """True when no closing bracket matches in the whole file and the next line is not indented deeper."""
        for entry in reversed(self.stack):
            if entry.kind not in BRACKETS and entry.kind not in PENDING:
                return False
            if entry.kind in BRACKETS and entry.kind != "INTERP_START" and entry.raw not in self.raw.closers:
                return width <= entry.indent
        return False

    def unclosed(self) -> None:
        """A line that cannot stand inside a bracket begins: the bracket was forgotten."""
        last = self.stack[-1]
        is_unmatched = False
        while self.stack[-1].kind in BRACKETS or self.stack[-1].kind in ("inline", "if?", "fn?"):
            entry = self.stack.pop()
            if entry.kind in BRACKETS and not is_unmatched:
                last = entry
                is_unmatched = entry.raw not in self.raw.closers
        out, word = self.out, last.word
        out.errors[len(out.kinds)] = ("unclosed-bracket", f"`{word}` is never closed")
        start = out.starts[last.at]
        out.kinds.append("ERROR")
        out.texts.append(word)
        out.starts.append(start)
        out.ends.append(start + len(word))

    def end_statement(self, following: str, width: int) -> None:
        """A line break that counts: end the statement, and turn pending headers into blocks."""
        stack = self.stack
        while True:
            top = stack[-1]
            kind = top.kind
            if kind == "if?":
                top.kind, top.word = "block", "if"
            elif kind == "fn?" or kind == "head":
                top.kind = "block"
                top.word = "fn" if kind == "fn?" else "cell"
            elif kind == "sig" or kind == "inline":
                stack.pop()
                continue
            elif kind == "arm":
                if width <= top.indent or following == "end":
                    self.end_arm()
                    return
                if self.previous == "ARM":
                    return
            elif kind == "stages":
                if width > top.indent and following != "end":
                    if self.previous not in ("STAGES", "STAGE_SEP") and following not in ("->", "OP"):
                        self.emit_virtual("STAGE_SEP")
                    return
                self.emit_virtual("STAGES_END")
                stack.pop()
                continue
            top.in_header = False
            self.statement_end()
            return

    def statement_end(self) -> None:
        """Put out `_NL` unless one was just put out."""
        self.is_type_line = False
        kinds = self.out.kinds
        if kinds and kinds[-1] != "_NL":
            length = len(kinds) - self.statement_at
            if length > self.longest:
                self.longest = length
            self.statement_at = len(kinds)
            if kinds[-1] != "_ARM_END" and kinds[-1] != "ATTRIBUTE_END":
                self.emit_virtual("_NL")

    def force_newline(self) -> None:
        """The line break that a block on one line leaves out."""
        self.newline_before = -1
        self.end_statement(self.raw.kinds[self.i], 1 << 20)

    def end_arm(self) -> None:
        """End the body of a match arm."""
        if self.previous == ",":
            self.drop_last()
        if self.previous == "ARM":
            self.out.findings.append(
                ("error", "syntax-error", self.out.starts[-1], self.out.ends[-1], "expected something after `->`")
            )
        else:
            self.statement_end()
        if self.previous == "_NL" or self.previous == "ARM":
            self.emit_virtual("_ARM_END")
        else:
            self.emit_virtual("_NL")
            self.emit_virtual("_ARM_END")
        self.stack.pop()
        top = self.stack[-1]
        self.out.boundaries[len(self.out.kinds) - 1] = (top.level, top.word)

    def semicolon(self) -> None:
        """`;` between statements."""
        if self.stack[-1].kind in BRACKETS:
            self.emit_error("syntax-error", "unexpected `;`")
            return
        self.hint("a line break ends a statement; `;` is not needed")
        while self.stack[-1].kind == "inline":
            self.stack.pop()
        self.end_statement("", 1 << 20)

    # --- Repair by indentation ----------------------------------------------------------------------------------

    def repair_end(self) -> bool:
        """Before an `end` in a file whose blocks do not balance; False when the `end` is superfluous."""
        if self.line_raw != self.i:
            return True
        stack = self.stack
        blocks = [at for at, entry in enumerate(stack) if at and entry.kind in ("block", "match", "when", "with")]
        if not blocks:
            return True
        if stack[blocks[-1]].indent == self.indent:
            return True
        fitting = [at for at in blocks if stack[at].indent == self.indent]
        if fitting:
            self.close_missing(fitting[-1] + 1)
            return True
        if stack[blocks[-1]].indent < self.indent and self.is_superfluous(stack[blocks[-1]].indent):
            self.emit_error("unexpected-end", "unexpected `end`: no block is open here")
            return False
        return True

    def is_superfluous(self, indent: int) -> bool:
        """True when another `end`, at the indentation of the open block, follows before any other block opens there."""
        raw = self.raw
        for at in range(self.i + 1, len(raw.kinds) - 1):
            if raw.kinds[at] == "NL":
                width = indentation(raw.texts[at])
                if width <= indent:
                    return raw.kinds[at + 1] == "end" and width == indent
        return False

    def repair_line(self, following: str, width: int) -> None:
        """A declaration at or left of the indentation of open blocks: they were never closed."""
        if following not in DECLARATIONS and not (following == "WORD" and self.next_text() in DECLARATIONS):
            return
        stack = self.stack
        for at in range(1, len(stack)):
            if stack[at].kind in ("block", "match", "when", "with") and stack[at].indent >= width:
                self.close_missing(at)
                return

    def close_missing(self, at: int) -> None:
        """Close what is open from stack position `at` on, reporting the outermost block once."""
        stack = self.stack
        culprit: Open | None = None
        while len(stack) > at:
            top = stack[-1]
            if top.kind == "arm":
                self.end_arm()
                continue
            if top.kind in ("block", "match", "when", "with"):
                culprit = top
                self.statement_end()
                self.emit_virtual("end")
                stack.pop()
                self.out.boundaries[len(self.out.kinds) - 1] = (stack[-1].level, stack[-1].word)
                self.report_missing(culprit)
            else:
                stack.pop()
        if culprit is not None and self.previous != "_NL":
            self.statement_end()

    def report_missing(self, entry: Open) -> None:
        """The diagnostic for a block without `end`."""
        out = self.out
        start = out.starts[entry.at] if entry.at < len(out.starts) else 0
        word = out.texts[entry.at] if entry.at < len(out.texts) else entry.word
        out.findings.append(
            ("error", "missing-end", start, start + len(word), f"`end` missing for `{word}` opened on line @{start}@")
        )
