"""Brackets and blocks: what opens them, and what closes them."""

from __future__ import annotations

from lumen.syntax.foreign import HANDLES, braced_record
from lumen.syntax.layout_lines import LineBreaks
from lumen.syntax.layout_state import ARMS, BRACKETS, FIELD_BLOCKS, PENDING, Open
from lumen.syntax.tokens import CONTINUES, OPERAND_END

_TRY = "`try` takes an expression; a block is tried by `attempt(fn() … end)`, and `match await` takes its failure"


class Blocks(LineBreaks):
    """Brackets, `end`, and the words that open blocks."""

    # --- Brackets -----------------------------------------------------------------------------------------------

    def open_bracket(self) -> None:
        """`(`, `[`, `{`, `?[` or the `{` of an interpolation."""
        kind = self.raw.kinds[self.i]
        top = self.stack[-1]
        if kind == "{" and self.next_kind() == "NL" and self.is_block_brace(top):
            return
        if kind == "{" and braced_record(self):
            kind = "("
        entry = self.push(kind, self.raw.texts[self.i])
        if kind == "(":
            entry.declares = top.kind in ("head", "sig", "fn?") or (top.kind == "block" and top.word in FIELD_BLOCKS)
        elif kind == "[" and top.declares:
            entry.declares = True
        self.emit(kind)

    def is_block_brace(self, top: Open) -> bool:
        """`cell f() {`: said once, then taken as if written without, with `end` for the `}`."""
        is_header = top.kind in ("head", "fn?", "if?") or (top.kind in ("block", "match", "when") and top.in_header)
        closer = self.raw.closers.get(self.i, -1)
        if not is_header or len(self.stack) == 1 or closer < 0 or self.previous not in OPERAND_END | {"else", "_NL"}:
            return False
        if not self.block_braces:
            self.finding("syntax-error", "a block has no braces: it ends with `end`")
        self.block_braces.add(closer)
        return True

    def close_bracket(self) -> None:
        """A closing bracket: what is pending inside ends with it."""
        if self.i in self.block_braces:
            if self.next_text() in HANDLES and self.stack[-1].word == "try":
                self.statement_end()
            elif self.next_kind() != "else":
                self.end()
            return
        kind = self.raw.kinds[self.i]
        stack = self.stack
        while stack[-1].kind in PENDING:
            stack.pop()
        top = stack[-1]
        if BRACKETS.get(top.kind) == kind:
            stack.pop()
            self.opened_by_last_close = top.at
            self.emit(kind)
            return
        shown = "}" if kind == "INTERP_END" else kind
        if top.kind in BRACKETS:
            place = self.out.starts[top.at]
            self.emit_error("unmatched-bracket", f"`{shown}` does not close the `{top.word}` opened on line @{place}@")
            if any(BRACKETS.get(entry.kind) == kind for entry in stack):
                while BRACKETS.get(stack[-1].kind) != kind:
                    stack.pop()
            stack.pop()
            return
        for at in range(len(stack) - 1, 0, -1):
            if BRACKETS.get(stack[at].kind) == kind:
                inner = stack[at + 1]
                place = self.out.starts[inner.at] if inner.at < len(self.out.starts) else 0
                self.emit_error("missing-end", f"`end` missing for `{inner.word}` opened on line @{place}@")
                del stack[at:]
                return
        if self.previous in CONTINUES:
            self.emit(kind)  # the parser knows better what is missing here
        else:
            self.emit_error("unmatched-bracket", f"unexpected `{shown}`")

    # --- Blocks -------------------------------------------------------------------------------------------------

    def open_block(self) -> None:
        """A keyword that opens a block right away."""
        kind = self.raw.kinds[self.i]
        if self.is_named_here():
            return
        top = self.stack[-1]
        if self.i == self.concurrent_for or (kind == "for" and top.word == "impl" and top.in_header):
            self.emit("for")
            return
        if kind == "for" and self.previous in OPERAND_END and self.previous != "CONCURRENT":
            self.emit("COMP_FOR")
            return
        if kind == "when" and self.next_kind() != "NL":
            self.emit("WHEN_FILTER" if self.previous in OPERAND_END else "NAME")
            return
        if kind == "defer" and self.next_kind() != "NL":
            self.emit("DEFER_LINE")
            return
        self.push(kind if kind in ARMS else "block", kind)
        self.emit(kind)
        if kind == "comptime" and self.next_kind() != "NL":
            self.emit_virtual("_NL")

    def keyword(self) -> None:
        """Any other reserved word, which may still be a field or argument name."""
        if self.is_named_here():
            return
        kind = self.raw.kinds[self.i]
        if kind == "try" and self.at_statement_start() and self.opens_try_block():
            return
        self.emit(kind)

    def opens_try_block(self) -> bool:
        """`try` with a block, from other languages: reported, and its `end` (or braces) kept in balance."""
        closer = self.raw.closers.get(self.i + 1, -1) if self.next_kind() == "{" else -1
        if self.next_kind() != "NL" and ((closer < 0 and self.next_kind() != ":") or self.next_kind(2) != "NL"):
            return False
        self.push("block", "try")
        self.emit_error("syntax-error", _TRY)
        if closer >= 0:
            self.block_braces.add(closer)
        if self.next_kind() != "NL":
            self.i += 1
        return True

    def end(self) -> None:
        """`end`: close the innermost block."""
        if self.is_named_here():
            return
        stack = self.stack
        if self.ends_inline_if():
            return
        if self.repair and not self.repair_end():
            return
        while stack[-1].kind in ("inline", "fn?", "head", "sig", "grant"):
            stack.pop()
        if stack[-1].kind == "stages":
            self.emit_virtual("STAGES_END")
            stack.pop()
        if stack[-1].kind in BRACKETS:
            self.unclosed()
        if stack[-1].kind == "arm":
            self.end_arm()
        if len(stack) == 1:
            self.is_balanced = False
            self.emit_error("unexpected-end", "unexpected `end`: no block is open here")
            return
        self.statement_end()
        stack.pop()
        self.out.boundaries[len(self.out.kinds)] = (stack[-1].level, stack[-1].word)
        self.emit("end")

    def ends_inline_if(self) -> bool:
        """`if a then b end` on one line: the `end` is not needed, and dropped."""
        stack = self.stack
        top = stack[-1]
        if top.kind != "inline" or top.line != self.line:
            return False
        for outer in reversed(stack[:-1]):
            if outer.kind in ("block", "match", "when", "with") and outer.at >= 0:
                if outer.line == self.line:
                    return False
                break
        self.hint("a short `if … then …` takes no `end`")
        stack.pop()
        return True

    def else_(self) -> None:
        """`else`: of the short `if`, of the long one, or the last arm of `match`/`when`."""
        if self.is_named_here():
            return
        stack = self.stack
        top = stack[-1]
        at = len(stack) - 1
        while at > 0 and stack[at].kind in ("inline", "if?", "fn?") and stack[at].word != "then":
            at -= 1
        if stack[at].kind == "inline" and stack[at].word == "then":
            del stack[at + 1 :]
            entry = stack[at]
            entry.word = "else"
            self.out.kinds[entry.at] = "IF_THEN_ELSE"
            self.emit("ELSE_INLINE")
            return
        if top.kind in ("match", "when") and not top.in_header:
            self.emit("_")
            return
        if top.kind != "block" or top.word != "if":
            self.emit_error("syntax-error", "unexpected `else`: there is no `if` for it here")
            return
        self.statement_end()
        if self.next_kind() == "if":
            self.elif_ahead()
            return
        self.emit("else")
        if top.kind == "block" and top.word == "if" and self.next_kind() != "NL":
            self.emit_virtual("_NL")
        top.in_header = True

    def elif_ahead(self) -> None:
        """`else if` of a long `if`: one token, no block of its own."""
        self.emit("elif")
        self.i += 1
        self.elif_header()

    def elif_(self) -> None:
        """The habit `elif`."""
        if self.is_named_here():
            return
        self.hint("`elif` is written `else if`")
        self.statement_end()
        self.emit("elif")
        self.elif_header()

    def elif_header(self) -> None:
        """The condition after `else if` belongs to the block that is already open."""
        self.elifs += 1
        top = self.stack[-1]
        if top.kind == "block" and top.word == "if":
            top.kind = "if?"
            top.word = "elif"

    def if_(self) -> None:
        """`if`: a filter after a complete operand, else a header whose form is not known yet."""
        if self.is_named_here():
            return
        if self.previous in OPERAND_END and not self.at_statement_start():
            self.emit("FILTER")
            return
        self.push("if?", "if")
        self.emit("if")

    def then(self) -> None:
        """`then`: the short form, or (before a line break) nothing."""
        if self.is_named_here():
            return
        top = self.stack[-1]
        if top.kind != "if?":
            self.emit("then")
            return
        if self.next_kind() == "NL" or top.word == "elif":
            self.hint("no `then` before a line break")
            top.word = "if"
            if self.next_kind() != "NL":
                self.end_statement("", 1 << 20)
            return
        top.kind = "inline"
        top.word = "then"
        self.out.kinds[top.at] = "IF_THEN"
        self.emit("then")
