"""Raw tokens to the tokens of the grammar: which line breaks count, and which words are keywords here.

One pass with a stack of what is open: brackets, blocks, and headers whose form is not known yet (`if c` may turn out
to be the short or the long form). The stack gives all the decisions one token of lookahead cannot make:

* a line break counts when a block is on top, and not when a bracket is; a block opened inside a bracket makes line
  breaks count again until its `end`;
* in a `match`, the body of an arm ends before the first line that is not indented deeper than its pattern
  (`_ARM_END`), or at the `end` of the match;
* `fn`, `if`, `(`, a name before `->`: patched to the kind of the form they turn out to open;
* contextual words become keywords only where their construct can stand (`contextual.py`).

After this pass every statement ends with exactly one `_NL`, also before `end` and at the end of the file, and no
block begins with one; so the grammar needs no optional line breaks.
"""

from __future__ import annotations

from lumen.syntax.contextual import classify_word
from lumen.syntax.tokens import CONTINUED_BY, CONTINUES, HABITS, OPERAND_END, Tokens

MAX_OPEN = 200
"""Brackets and blocks that may be open at once. Python's own compiler recurses on nested expressions."""

STATEMENT_START = frozenset({"_NL", "ARM", "then", "ELSE_INLINE", "pub", "async", "ATTRIBUTE", "DEFER_LINE", "extern"})
"""Kinds after which a statement (or the rest of a declaration) begins."""

_NEVER_IN_EXPRESSION = frozenset("let return import pub extern".split())
_BRACKETS = {"(": ")", "[": "]", "{": "}", "?[": "]", "INTERP_START": "INTERP_END"}
_ARMS = frozenset({"match", "when", "with"})
_PENDING = frozenset({"if?", "fn?", "head", "sig", "inline", "grant"})


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


class Layout:
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
        self.block_braces: set[int] = set()
        """Raw indexes of braces that close a block, from habit."""

    # --- The pass -----------------------------------------------------------------------------------------------

    def run(self) -> Tokens:
        """All tokens for the parser; the last one is an `_NL`."""
        raw, out = self.raw, self.out
        raw_kinds, raw_texts, raw_starts, raw_ends = raw.kinds, raw.texts, raw.starts, raw.ends
        kinds, texts, starts, ends = out.kinds, out.texts, out.starts, out.ends
        handlers = {kind: getattr(self, name) for kind, name in _HANDLERS.items()}
        get = handlers.get
        count = len(raw_kinds)
        last = count - 1
        i = 0
        while i < count:
            kind = raw_kinds[i]
            handler = get(kind)
            if i == self.newline_before and kind != "NL":
                self.i = i
                self.force_newline()
            if handler is None:
                kinds.append(kind)
                texts.append(raw_texts[i])
                starts.append(raw_starts[i])
                ends.append(raw_ends[i])
                i += 1
            else:
                self.i = i
                if i == last:
                    break
                handler()
                i = self.i + 1
        self.finish()
        return out

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
        level = self.stack[-1].level + (kind not in _BRACKETS)
        entry = Open(kind, word, len(self.out.kinds), self.i, self.indent, self.line, level)
        self.stack.append(entry)
        if len(self.stack) > self.deepest:
            self.deepest = len(self.stack)
        if len(self.stack) == MAX_OPEN:
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

    # --- Line breaks --------------------------------------------------------------------------------------------

    def newline(self) -> None:
        """A raw line break: decide whether it counts."""
        width = _width(self.raw.texts[self.i])
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
        if top.kind in _BRACKETS:
            if self.is_never_closed(width):
                self.unclosed()
                return False
            if following not in _NEVER_IN_EXPRESSION and (following != "end" or self.next_kind(2) in (":", "=")):
                if not (following in ("cell", "for", "while", "loop") and self.starts_statement_ahead(following)):
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
        if following == "cell" or (following == "WORD" and self.next_text() in _DECLARATIONS):
            return self.next_kind(2) in ("NAME", "WORD")
        return following in _NEVER_IN_EXPRESSION or following in ("end", "NL", "break", "continue", "defer")

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
        return top.kind == "block" and not top.in_header and top.word in _COMMA_BLOCKS

    def drop_last(self) -> None:
        """Take back the last token."""
        out = self.out
        out.kinds.pop()
        out.texts.pop()
        out.starts.pop()
        out.ends.pop()

    def else_is_inline(self, entry: Open, width: int) -> bool:
        """True when an `else` on the next line belongs to a short `if` rather than to the block around it."""
        for outer in reversed(self.stack[:-1]):
            if outer.kind == "block":
                if outer.word == "if" and outer.indent >= width:
                    return False
                break
            if outer.kind in _BRACKETS:
                return True
        return entry.word == "then" and width >= entry.indent

    def starts_statement_ahead(self, following: str) -> bool:
        """True when the next line begins a declaration or loop, which no bracket can contain."""
        if following == "cell":
            return self.next_kind(2) in ("NAME", "WORD")
        # A comprehension may begin a line with `for`; a statement `for` begins the line of an unclosed bracket
        # only when nothing was written since the bracket.
        return following in ("while", "loop") and self.previous not in ("(", "[", "{", ",", ":", "=")

    def is_never_closed(self, width: int) -> bool:
        """True when no closing bracket matches in the whole file and the next line is not indented deeper."""
        for entry in reversed(self.stack):
            if entry.kind not in _BRACKETS and entry.kind not in _PENDING:
                return False
            if entry.kind in _BRACKETS and entry.kind != "INTERP_START" and entry.raw not in self.raw.closers:
                return width <= entry.indent
        return False

    def unclosed(self) -> None:
        """A line that cannot stand inside a bracket begins: the bracket was forgotten."""
        last = self.stack[-1]
        is_unmatched = False
        while self.stack[-1].kind in _BRACKETS or self.stack[-1].kind in ("inline", "if?", "fn?"):
            entry = self.stack.pop()
            if entry.kind in _BRACKETS and not is_unmatched:
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
                top.kind = "block"
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
        if self.stack[-1].kind in _BRACKETS:
            self.emit_error("syntax-error", "unexpected `;`")
            return
        self.hint("a line break ends a statement; `;` is not needed")
        while self.stack[-1].kind == "inline":
            self.stack.pop()
        self.end_statement("", 1 << 20)

    # --- Brackets -----------------------------------------------------------------------------------------------

    def open_bracket(self) -> None:
        """`(`, `[`, `{`, `?[` or the `{` of an interpolation."""
        kind = self.raw.kinds[self.i]
        top = self.stack[-1]
        if kind == "{" and self.next_kind() == "NL" and self.is_block_brace(top):
            return
        entry = self.push(kind, self.raw.texts[self.i])
        if kind == "(":
            entry.declares = top.kind in ("head", "sig", "fn?") or (top.kind == "block" and top.word in _FIELD_BLOCKS)
        elif kind == "[" and top.declares:
            entry.declares = True
        self.emit(kind)

    def is_block_brace(self, top: Open) -> bool:
        """`cell f() {`: said once, then taken as if written without, with `end` for the `}`."""
        is_header = top.kind in ("head", "fn?", "if?") or (top.kind in ("block", "match", "when") and top.in_header)
        closer = self.raw.closers.get(self.i, -1)
        if not is_header or len(self.stack) == 1 or closer < 0 or self.previous not in OPERAND_END | {"else", "_NL"}:
            return False
        self.finding("syntax-error", "a block has no braces: it ends with `end`")
        self.block_braces.add(closer)
        return True

    def close_bracket(self) -> None:
        """A closing bracket: what is pending inside ends with it."""
        if self.i in self.block_braces:
            if self.next_kind() != "else":
                self.end()
            return
        kind = self.raw.kinds[self.i]
        stack = self.stack
        while stack[-1].kind in _PENDING:
            stack.pop()
        top = stack[-1]
        if _BRACKETS.get(top.kind) == kind:
            stack.pop()
            self.opened_by_last_close = top.at
            self.emit(kind)
            return
        shown = "}" if kind == "INTERP_END" else kind
        if top.kind in _BRACKETS:
            place = self.out.starts[top.at]
            self.emit_error("unmatched-bracket", f"`{shown}` does not close the `{top.word}` opened on line @{place}@")
            if any(_BRACKETS.get(entry.kind) == kind for entry in stack):
                while _BRACKETS.get(stack[-1].kind) != kind:
                    stack.pop()
            stack.pop()
            return
        for at in range(len(stack) - 1, 0, -1):
            if _BRACKETS.get(stack[at].kind) == kind:
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
        self.push(kind if kind in _ARMS else "block", kind)
        self.emit(kind)
        if kind == "comptime" and self.next_kind() != "NL":
            self.emit_virtual("_NL")

    def is_named_here(self) -> bool:
        """True (and emitted as a name) when a reserved word stands where only a name can: `.end`, `end: 3`."""
        previous = self.previous
        if previous in (".", "?.") or (
            self.next_kind() == ":" and previous in ("(", ",", "_NL", "{") and self.raw.kinds[self.i] not in _VALUES
        ):
            self.emit("NAME")
            return True
        top = self.stack[-1]
        if previous in _NAMES_FOLLOW or (top.declares and top.kind == "(" and previous in ("(", ",")):
            word = self.raw.texts[self.i]
            if self.raw.kinds[self.i] in _VALUES or (previous == "let" and word == "mut"):
                return False
            self.emit_error("syntax-error", f"`{word}` is a word of the language and can't be a name")
            return True
        return False

    def keyword(self) -> None:
        """Any other reserved word, which may still be a field or argument name."""
        if not self.is_named_here():
            self.emit(self.raw.kinds[self.i])

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
        if stack[-1].kind in _BRACKETS:
            if any(entry.kind == "block" and entry.at >= 0 for entry in stack) or stack[0] is not stack[-1]:
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

    # --- Functions and arrows -----------------------------------------------------------------------------------

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
        if self.next_kind() in ("WORD", "match", "when", "loop"):
            self.i += 1
            self.emit("NAME")

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
            if raw.kinds[at] == "=" :
                return False
            at = raw.closers.get(at, at) + 1
            if at >= len(raw.kinds):
                return True
        if at + 1 >= len(raw.kinds):
            return True
        return raw.kinds[at + 1] in ("cell", "end", "LABEL", "async", "pub") and _width(raw.texts[at]) <= self.indent

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
            after = self.header_end(closer + 1)
            if self.kind_at(after) not in ("=>", "NL", "=", "->", "/"):
                self.newline_before = after

    def kind_at(self, at: int) -> str:
        """Kind of a raw token, `NL` past the end."""
        return self.raw.kinds[at] if at < len(self.raw.kinds) else "NL"

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
            return top.declares or top.kind not in _BRACKETS
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
        if top.kind in _ARMS and not top.in_header:
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
        elif top.kind in _ARMS and not top.in_header:
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

    # --- Words, operators, small things -------------------------------------------------------------------------

    def async_(self) -> None:
        """`async`: before `cell`, or a block."""
        if self.is_named_here():
            return
        following = self.next_kind()
        if following == "NL" or following not in ("cell", "fn") and self.next_text() not in ("func", "def"):
            self.push("block", "async")
            self.emit("async")
            if following != "NL":
                self.emit_virtual("_NL")
            return
        self.emit("async")

    def name(self) -> None:
        """A NAME that is a habit: `func`, `def`."""
        self.emit("NAME")

    def word(self) -> None:
        """A contextual word."""
        classify_word(self)

    def operator(self) -> None:
        """Operators with a habit spelling, and `not in`."""
        text = self.raw.texts[self.i]
        if text in ("&&", "||"):
            self.hint(f"`{text}` is written `{HABITS[text]}`")
            self.raw.texts[self.i] = HABITS[text]
        if text in ("and", "or") and self.is_named_here():
            return
        self.emit("OP")

    def type_test(self) -> None:
        """`is`, `is not`, `as`."""
        if self.is_named_here():
            return
        kinds = self.out.kinds
        if self.raw.texts[self.i] == "as" and self.is_alias():
            self.emit("as")
            return
        self.emit("TYPE_TEST")
        if self.raw.texts[self.i] == "is" and self.next_kind() == "not":
            self.out.texts[-1] = "is not"
            self.i += 1
            self.out.ends[-1] = self.raw.ends[self.i]
        del kinds

    def is_alias(self) -> bool:
        """True in `import m: a as b` and `use tool a.b as C`."""
        at = self.statement_at
        kinds = self.out.kinds
        while at < len(kinds) and kinds[at] in ("_NL", "pub", "ARM"):
            at += 1
        return at < len(kinds) and kinds[at] in ("import", "use")

    def not_(self) -> None:
        """`not`, or `not in` after an operand."""
        if self.is_named_here():
            return
        if self.next_kind() == "in" and self.previous in OPERAND_END:
            self.emit("OP")
            self.out.texts[-1] = "not in"
            self.i += 1
            self.out.ends[-1] = self.raw.ends[self.i]
            return
        self.emit("not")

    def bang(self) -> None:
        """`!`: `not` from habit, or unwrap after an operand."""
        if self.previous not in OPERAND_END:
            self.hint("`!x` is written `not x`")
        self.emit("!")

    def dots(self) -> None:
        """`..` with nothing behind it in a slice."""
        kind = self.raw.kinds[self.i]
        following = self.next_kind()
        top = self.stack[-1]
        if following == "]" and top.kind in ("[", "?[") and top.at > 0:
            self.emit("SLICE_END")
        else:
            self.emit(kind)

    def error_token(self) -> None:
        """What the lexer could not accept, with its message."""
        self.emit_error(*self.raw.errors[self.i])

    def label(self) -> None:
        """`@name`: a loop label, an attribute, or a directive."""
        previous = self.previous
        if previous not in STATEMENT_START:
            self.emit("LABEL")
            return
        following = self.next_kind()
        if self.raw.texts[self.i] in _DIRECTIVES or (following in _VALUES or following in ("INT", "STRING", "FLOAT")):
            self.emit("DIRECTIVE")
            return
        self.emit("ATTRIBUTE")

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
                width = _width(raw.texts[at])
                if width <= indent:
                    return raw.kinds[at + 1] == "end" and width == indent
        return False

    def repair_line(self, following: str, width: int) -> None:
        """A declaration at or left of the indentation of open blocks: they were never closed."""
        if following not in _DECLARATIONS and not (following == "WORD" and self.next_text() in _DECLARATIONS):
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

    # --- The end ------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """End of the file: everything must be closed."""
        self.i = len(self.raw.kinds) - 1
        stack, out = self.stack, self.out
        if any(entry.kind in _BRACKETS for entry in stack):
            out.is_open = True
            at = next(index for index, entry in enumerate(stack) if entry.kind in _BRACKETS)
            del stack[at + 1 :]
            self.unclosed()
        elif self.previous in CONTINUES and not self.is_whole_import():
            out.is_open = True
        while stack[-1].kind == "inline":
            stack.pop()
        self.end_statement("end", 0)
        if stack[-1].kind == "arm":
            self.end_arm()
        if len(stack) > 1:
            out.is_open = True
            self.is_balanced = False
            if self.repair:
                self.close_missing(1)
                self.statement_end()
            else:
                self.close_missing(1)
                self.statement_end()


_NAMES_FOLLOW = frozenset({"let", "mut", "cell", "CELL_HEAD", "const"})
_VALUES = frozenset({"true", "false", "null", "not"})
_DIRECTIVES = frozenset({"deterministic", "strict", "doc_mode"})
_FIELD_BLOCKS = frozenset({"record", "enum", "effect", "machine", "state", "agent"})
_COMMA_BLOCKS = frozenset({"record", "enum", "parallel", "race", "vote", "select"})
_DECLARATIONS = frozenset("cell record enum trait impl import pub extern type const".split())
_HANDLERS = {
    "NL": "newline",
    ";": "semicolon",
    "(": "open_bracket",
    "[": "open_bracket",
    "{": "open_bracket",
    "?[": "open_bracket",
    "INTERP_START": "open_bracket",
    ")": "close_bracket",
    "]": "close_bracket",
    "}": "close_bracket",
    "INTERP_END": "close_bracket",
    "end": "end",
    "else": "else_",
    "elif": "elif_",
    "if": "if_",
    "then": "then",
    "cell": "cell",
    "fn": "fn",
    "->": "arrow",
    "=>": "fat_arrow",
    "=": "equals",
    "async": "async_",
    "WORD": "word",
    "OP": "operator",
    "TYPE_TEST": "type_test",
    "not": "not_",
    "!": "bang",
    "..": "dots",
    "..=": "dots",
    "LABEL": "label",
    "ERROR": "error_token",
} | dict.fromkeys(("for", "while", "loop", "match", "when", "defer", "comptime"), "open_block")
_HANDLERS |= dict.fromkeys(
    "let mut return break continue yield in true false null await try import pub extern".split(), "keyword"
)


def _width(text: str) -> int:
    """Columns of indentation after the last line break of a raw `NL`, a tab counting 4."""
    blanks = text[text.rfind("\n") + 1 :]
    return len(blanks) if "\t" not in blanks else len(blanks) + 3 * blanks.count("\t")


def lay_out(raw: Tokens) -> tuple[Tokens, int]:
    """The tokens for the parser, and how many levels deep the tree could be at most.

    A file whose blocks do not balance is laid out a second time, letting indentation say what is missing.
    """
    kinds, texts = list(raw.kinds), list(raw.texts)
    layout = Layout(raw)
    out = layout.run()
    if not layout.is_balanced:
        raw.kinds, raw.texts = kinds, texts
        layout = Layout(raw, repair=True)
        out = layout.run()
    return out, layout.longest + 4 * layout.deepest + 3 * layout.elifs
