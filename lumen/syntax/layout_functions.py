"""Cells, functions and arrows: which form a header opens, and what `->`, `=>` and `=` mean there."""

from __future__ import annotations

from lumen.syntax.layout_blocks import Blocks
from lumen.syntax.layout_state import ARMS, BRACKETS, Open, indentation
from lumen.syntax.tokens import OPERAND_END


class Functions(Blocks):
    """Headers of cells and lambdas, function types, and match arms."""

    def cell(self) -> None:
        """`cell`: with a body, or (in traits and effects, and after `extern`) only a head."""
        if self.is_named_here():
            return
        self.open_cell("cell")

    def open_cell(self, word: str) -> None:
        """The header of a cell begins at the current token."""
        if self.next_kind() == "NL":
            self.emit("cell")  # nothing follows: an error of this line only
            return
        if self.is_head_only():
            self.push("sig", "cell")
            self.emit("CELL_HEAD")
        else:
            self.push("head", "cell")
            self.emit("cell")
            self.find_body_on_line()
        if self.next_kind() in ("WORD", "match", "when", "loop"):
            self.i += 1
            self.emit("NAME")

    def find_body_on_line(self) -> None:
        """`cell f() 1 end`: remember where the body begins when no line break says it."""
        at = self.i + 2
        if self.kind_at(at) == "[":
            at = self.raw.closers.get(at, at) + 1
        closer = self.raw.closers.get(at, -1)
        if self.kind_at(at) != "(" or closer < 0:
            return
        self.find_body(self.header_end(closer + 1))

    def find_body(self, body: int) -> None:
        """The body begins at a raw index, if it is neither `= …` nor `=> …` and its `end` is on this line."""
        if self.kind_at(body) in ("=>", "NL", "=", "->", "/", "{"):
            return
        last = body
        # The bound keeps a line of a megabyte from being read again and again.
        while self.kind_at(last) not in ("NL", "end") and last < body + 200:
            last = self.raw.closers.get(last, last) + 1
        if self.kind_at(last) == "end":
            self.newline_before = body

    def is_head_only(self) -> bool:
        """True for `extern cell`, and in a trait or effect when the next line is no body."""
        kinds = self.out.kinds
        if kinds and (kinds[-1] == "extern" or (kinds[-1] == "async" and len(kinds) > 1 and kinds[-2] == "extern")):
            return True
        top = self.stack[-1]
        if top.kind != "block" or top.word not in ("trait", "effect"):
            return False
        if top.word == "effect":
            return True
        raw = self.raw
        at = self.i + 1
        while raw.kinds[at] != "NL":
            if raw.kinds[at] == "=":
                return False
            at = raw.closers.get(at, at) + 1
            if at >= len(raw.kinds):
                return True
        if at + 1 >= len(raw.kinds):
            return True
        return (
            raw.kinds[at + 1] in ("cell", "end", "LABEL", "async", "pub") and indentation(raw.texts[at]) <= self.indent
        )

    def fn(self) -> None:
        """`fn`: a type, a declaration from habit, or a lambda whose form is not known yet."""
        if self.is_named_here():
            return
        if self.at_statement_start() and self.next_kind() in ("NAME", "WORD") and self.next_kind(2) in ("(", "["):
            self.hint("a named function is declared with `cell`")
            self.open_cell("fn")
            return
        if self.next_kind() != "(":
            self.emit("FN_TYPE" if self.previous in (":", "->") else "fn")
            return
        closer = self.raw.closers.get(self.i + 1, -1)
        if self.is_type_position(closer):
            self.emit("FN_TYPE")
            return
        self.push("fn?", "fn")
        self.emit("fn")
        if closer >= 0:
            self.find_body(self.header_end(closer + 1))

    def header_end(self, at: int) -> int:
        """Raw index behind `-> type / {effects}` if that stands at `at`."""
        if self.kind_at(at) == "->":
            at = self.skip_type(at + 1)
        if self.kind_at(at) == "/" and self.kind_at(at + 1) == "{":
            at = self.raw.closers.get(at + 1, at) + 1
        return at

    def skip_type(self, at: int) -> int:
        """Raw index behind the type that begins at `at`."""
        while True:
            kind = self.kind_at(at)
            if kind == "fn" and self.kind_at(at + 1) == "(":
                at = self.header_end(self.raw.closers.get(at + 1, at + 1) + 1)
            elif kind in ("NAME", "WORD", "null"):
                at += 1
                while self.kind_at(at) == "." and self.kind_at(at + 1) in ("NAME", "WORD"):
                    at += 2
                if self.kind_at(at) == "[":
                    at = self.raw.closers.get(at, at) + 1
            elif kind == "(":
                at = self.raw.closers.get(at, at) + 1
            else:
                return at
            while self.kind_at(at) == "?":
                at += 1
            if self.kind_at(at) != "|":
                return at
            at += 1

    def is_type_position(self, closer: int) -> bool:
        """True when this `fn(` begins a function type."""
        previous = self.previous
        if previous == "->":
            return True
        top = self.stack[-1]
        if previous == ":":
            return top.declares or top.kind not in BRACKETS
        if previous == "=" and self.is_type_line:
            return True
        if closer < 0 or previous not in ("[", "(", ",", "|"):
            return False
        if previous == "|" and self.is_type_line:
            return True
        if self.kind_at(closer + 1) == "=>" or self.kind_at(closer + 1) == "NL":
            return False
        after = self.header_end(closer + 1)
        if after == closer + 1:
            return self.kind_at(after) in (",", "]", ")", "|")
        return self.kind_at(after) not in ("=>", "NL") and self.kind_at(after) in (",", "]", ")", "|", "=")

    def arrow(self) -> None:
        """`->`: before the body of an arm, before a result type, or of a lambda from habit."""
        top = self.stack[-1]
        if top.kind in ARMS and not top.in_header:
            self.open_arm(top)
            return
        if top.kind in ("head", "sig", "fn?") or self.closes_fn_type():
            self.emit("->")
            return
        if top.kind == "stages":
            self.emit("STAGE_SEP" if self.previous not in ("STAGES", "STAGE_SEP") else "->")
            return
        if self.is_type_line or not self.patch_lambda():
            self.emit("->")
            return
        self.hint("a short function is written `fn(x) => …`")
        self.emit("LAMBDA_ARROW")

    def fat_arrow(self) -> None:
        """`=>`: of a lambda, or (from habit) `->`."""
        top = self.stack[-1]
        if top.kind == "fn?":
            self.stack.pop()
            self.emit("=>")
        elif top.kind in ARMS and not top.in_header:
            if top.kind != "with":
                self.hint("the arrow of an arm is written `->`")
            self.open_arm(top)
        elif top.kind == "head" or top.kind == "sig":
            self.stack.pop()
            self.emit("=>")
        elif self.patch_lambda():
            self.hint("a short function is written `fn(x) => …`")
            self.emit("LAMBDA_ARROW")
        else:
            self.emit("=>")

    def closes_fn_type(self) -> bool:
        """True when the last token closed the parameters of a function type."""
        kinds = self.out.kinds
        return bool(kinds) and kinds[-1] == ")" and kinds[self.opened_by_last_close - 1] == "FN_TYPE"

    def patch_lambda(self) -> bool:
        """Mark the name or parenthesis before an arrow as the parameters of a lambda; False when there is none."""
        kinds = self.out.kinds
        if not kinds:
            return False
        if kinds[-1] == "NAME" or kinds[-1] == "_":
            before = kinds[-2] if len(kinds) > 1 else "_NL"
            if before in OPERAND_END or before == ":":
                return False
            kinds[-1] = "LAMBDA_NAME"
            return True
        if kinds[-1] == ")":
            at = self.opened_by_last_close
            if at > 0 and kinds[at - 1] in OPERAND_END:
                return False
            kinds[at] = "LAMBDA_PAREN"
            return True
        return False

    def open_arm(self, match: Open) -> None:
        """The body of an arm begins: it lasts while lines are indented deeper than this one."""
        entry = self.push("arm", "arm")
        entry.in_header = False
        self.out.boundaries[len(self.out.kinds)] = (entry.level, match.word)
        self.emit("ARM")

    def equals(self) -> None:
        """`=`: ends the header of `cell f() = …`."""
        top = self.stack[-1]
        if top.kind == "head" or top.kind == "sig":
            self.stack.pop()
        elif top.kind == "fn?":
            self.hint("the body of a short function follows `=>`")
            self.stack.pop()
            self.raw.kinds[self.i] = "=>"
            self.emit("=>")
            return
        self.emit("=")
