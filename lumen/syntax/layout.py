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

from lumen.syntax import foreign
from lumen.syntax.contextual import classify_word
from lumen.syntax.layout_functions import Functions
from lumen.syntax.layout_state import BRACKETS, DIRECTIVES, STATEMENT_START, VALUES
from lumen.syntax.tokens import CONTINUES, HABITS, OPERAND_END, Tokens


class Layout(Functions):
    """The pass over one token list."""

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
                if self.is_too_deep:
                    return out  # nothing will be parsed; what follows could only cost time
        self.finish()
        return out

    def async_(self) -> None:
        """`async`: before `cell`, or a block."""
        if self.is_named_here():
            return
        following = self.next_kind()
        if following == "NL" or (following not in ("cell", "fn") and self.next_text() not in ("func", "def")):
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
        if text in ("==", "!=") and foreign.triple_equals(self):
            return
        if text == "++" and foreign.increment(self):
            return
        self.emit("OP")

    def colon(self) -> None:
        """`:`, which begins a block elsewhere."""
        foreign.colon(self)

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
            top = self.stack[-1]
            is_field = previous in ("(", ",") and (top.kind == "(" or top.word == "record")
            self.emit("ATTRIBUTE" if is_field else "LABEL")
            return
        following = self.next_kind()
        if self.raw.texts[self.i] in DIRECTIVES or (following in VALUES or following in ("INT", "STRING", "FLOAT")):
            self.emit("DIRECTIVE")
            return
        self.emit("ATTRIBUTE")

    def finish(self) -> None:
        """End of the file: everything must be closed."""
        self.i = len(self.raw.kinds) - 1
        stack, out = self.stack, self.out
        if any(entry.kind in BRACKETS for entry in stack):
            out.is_open = True
            at = next(index for index, entry in enumerate(stack) if entry.kind in BRACKETS)
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
    ":": "colon",
    "TYPE_TEST": "type_test",
    "not": "not_",
    "!": "bang",
    "..": "dots",
    "..=": "dots",
    "LABEL": "label",
    "ERROR": "error_token",
} | dict.fromkeys("for while loop match when defer comptime".split(), "open_block")
_HANDLERS |= dict.fromkeys(
    "let mut return break continue yield in true false null await try import pub extern".split(), "keyword"
)


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
