"""Text to raw tokens: one combined regular expression, and a small loop for strings.

Strings with interpolation become several tokens, `STR_START (STR_TEXT | INTERP_START … INTERP_END)* STR_END`, so
that the expressions inside are parsed by the same grammar in the same pass, at their true offsets. What the lexer
cannot accept becomes an `ERROR` token with its message; lexing always reaches the end of the text.
"""

from __future__ import annotations

import re

from lumen.syntax.strings import closing_quote, decode_escapes
from lumen.syntax.tokens import CONTEXTUAL, HABITS, RESERVED, Tokens

# Order matters: longer spellings first. The leading blanks are part of each match, which saves a match for each.
_TOKEN = re.compile(
    r"""[ \t\f]*(?:
      (?P<RAW>r(?:\"{3}|"|'))
    | (?P<BYTES>b"[^"\n]*"|b'[^'\n]*')
    | (?P<NAME>[^\W\d]\w*)
    | (?P<NL>\n[ \t\f\n]*)
    | (?P<COMMENT>\#[^\n]*)
    | (?P<NUMBER>0[xXbBoO]\w*|[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9][0-9_]*)?\w*)
    | (?P<STRING>"[^"\\{}\n]+"|""(?!"))
    | (?P<QUOTE>\"{3}|"|')
    | (?P<OPEN>[(\[{])
    | (?P<CLOSE>[)\]}])
    | (?P<LABEL>@[^\W\d]\w*)
    | (?P<ASSIGN_OP>(?:\*\*|//|<<|>>|\+\+|\?\?|[-+*/%&|^])=(?!=))
    | (?P<OP>\|>|~>|\?\?|\*\*|//(?!/)|<<|>>|\+\+|==|!=|<=|>=|&&|\|\||[+%&^<>])
    | (?P<PUNCT>\.\.\.|\.\.=|\.\.|\?\.|\?\[|->|=>|///|[-.,:;=|/*!?~])
    | (?P<END>\Z)
    | (?P<BAD>.)
    )""",
    re.VERBOSE | re.DOTALL,
)

_KINDS = {word: word for word in RESERVED} | dict.fromkeys(CONTEXTUAL, "WORD")
_KINDS |= {"_": "_", "and": "OP", "or": "OP", "is": "TYPE_TEST", "as": "TYPE_TEST", "role": "WORD"}
_KINDS |= {word: to for word, to in HABITS.items() if word.isalpha() and to in ("true", "false", "null", "elif")}
_KINDS_WITH_NONE = {word: kind for word, kind in _KINDS.items() if word != "None"}
_NONE_VARIANT = re.compile(
    r"^[ \t]*(?:pub[ \t]+)?enum\b(?:(?!\bend\b).)*?\bNone\b|^[ \t]*import\b[^\n]*\bNone\b", re.MULTILINE | re.DOTALL
)
"""A file with a variant called `None`: there the word is that variant, and no longer a habit for `null`."""
_CLOSER_OF = {"(": ")", "[": "]", "{": "}", "?[": "]"}
_ROLE = re.compile(r"role[ \t]+([^\W\d]\w*)[ \t]*(:|(?=\n|$))[ \t]*")
_ROLE_EXPRESSION = re.compile(r"\s*(?:[rb]?[\"']|[\[(]|\w+\s*(?:[(),.\[+|]|\?\?))")
_BLOCK_LINE = re.compile(r"\n([ \t]*)([^\n]*)")
_LITERAL_BRACE = re.compile(r"\{\s*(?:[}\\:]|\"[^\"\n]*\"\s*:)")
_LITERAL_BRACE_PLAIN = re.compile(r"\{[ \t]*[}\\\n:]")
_LITERAL_BRACE_QUOTE = re.compile(r"\{[ \t]*(?:[}\\\n:]|\"[^\"\n']*\"\s*:)")
_TEXT_RUN = {
    '"': re.compile(r'(?:[^"\\{\n]|\\u\{[^}"\n]*\}|\\[^\n])*'),
    "'": re.compile(r"(?:[^'\\{\n]|\\u\{[^}'\n]*\}|\\[^\n])*"),
    '"""': re.compile(r'(?:[^"\\{]|\\u\{[^}"\n]*\}|\\.|"(?!""))*', re.DOTALL),
    "\n": re.compile(r"(?:[^\\{\n]|\\u\{[^}\n]*\}|\\[^\n])*"),
}
_FORMAT = re.compile(r"[^{}\"'\n]*")


class Lexer:
    """One pass over one text. `modes` holds the strings whose interpolation we are inside, innermost last."""

    __slots__ = ("brackets", "dedent", "modes", "text", "tokens")

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = Tokens()
        self.modes: list[tuple[str, int, int, int, int]] = []
        """(quote, index of STR_START, bracket depth outside, and for raw text: its end, and where to go on)"""
        self.brackets: list[int] = []
        self.dedent = 0
        """Indentation to take off the lines of the role block we are in."""

    def run(self) -> Tokens:
        """All tokens of the text; the last one is an `NL` (with width 0) at its end."""
        tokens, text = self.tokens, self.text
        kinds, texts, starts, ends = tokens.kinds, tokens.texts, tokens.starts, tokens.ends
        match = _TOKEN.match
        kind_of = (_KINDS_WITH_NONE if "None" in text and _NONE_VARIANT.search(text) else _KINDS).get
        first = len(text) - len(text.lstrip(" \t\f\n"))
        pos = first
        indent = text.rfind("\n", 0, first) + 1
        kinds.append("NL")
        texts.append(text[indent:first])
        starts.append(first)
        ends.append(first)
        while True:
            found = match(text, pos)
            assert found is not None  # the last alternative takes anything
            group = found.lastgroup
            start, pos = found.span(group)  # type: ignore[arg-type]
            if group == "NAME":
                word = text[start:pos]
                kind = kind_of(word, "NAME")
                if kind == "WORD" and word == "role":
                    role_end = self.role(start)
                    if role_end >= 0:
                        pos = role_end
                        continue
                    kind = "NAME"
                kinds.append(kind)
                texts.append(word)
                starts.append(start)
                ends.append(pos)
            elif group == "NL":
                if self.modes and self.modes[-1][0] != '"""':
                    pos = self.unterminated(start)
                    continue
                if kinds[-1] == "NL":
                    texts[-1] = text[start:pos]
                    ends[-1] = pos
                    continue
                kinds.append("NL")
                texts.append(text[start:pos])
                starts.append(start)
                ends.append(pos)
            elif group == "OP" or group == "ASSIGN_OP":
                kinds.append(group)
                texts.append(text[start:pos])
                starts.append(start)
                ends.append(pos)
            elif group == "END":
                break
            else:
                pos = getattr(self, "on_" + group)(start, pos)  # type: ignore[operator]
        self.finish(start)
        return tokens

    # --- One method for each group that needs thought; each returns where to go on ------------------------------

    def push(self, kind: str, text: str, start: int, end: int) -> None:
        """Append one token."""
        tokens = self.tokens
        tokens.kinds.append(kind)
        tokens.texts.append(text)
        tokens.starts.append(start)
        tokens.ends.append(end)

    def error(self, code: str, message: str, start: int, end: int) -> None:
        """Append an ERROR token: the parser stops there and shows this message."""
        self.tokens.errors[len(self.tokens.kinds)] = (code, message)
        self.push("ERROR", self.text[start:end], start, end)

    def finding(self, code: str, message: str, start: int, end: int) -> None:
        """An error that does not disturb the parser."""
        self.tokens.findings.append(("error", code, start, end, message))

    def hint(self, message: str, start: int, end: int) -> None:
        """A habit that is accepted, and how Lumen writes it."""
        self.tokens.findings.append(("hint", "habit", start, end, message))

    def on_COMMENT(self, start: int, end: int) -> int:
        self.tokens.comments.append((start, end))
        return end

    def on_STRING(self, start: int, end: int) -> int:
        self.push("STRING", self.text[start + 1 : end - 1], start, end)
        return end

    def on_BYTES(self, start: int, end: int) -> int:
        self.push("BYTES", self.text[start + 2 : end - 1], start, end)
        return end

    def on_LABEL(self, start: int, end: int) -> int:
        self.push("LABEL", self.text[start + 1 : end], start, end)
        return end

    def on_NUMBER(self, start: int, end: int) -> int:
        text = self.text[start:end]
        if self.tokens.kinds[-1] in (".", "?."):
            # `t.0.1` are two tuple fields, not the number 0.1.
            text = text.split(".")[0]
            end = start + len(text)
        is_float = text[:2].lower() not in ("0x", "0b", "0o") and ("." in text or "e" in text or "E" in text)
        self.push("FLOAT" if is_float else "INT", text, start, end)
        return end

    def on_OPEN(self, start: int, end: int) -> int:
        self.brackets.append(len(self.tokens.kinds))
        self.push(self.text[start:end], self.text[start:end], start, end)
        return end

    def on_CLOSE(self, start: int, end: int) -> int:
        text = self.text[start]
        if text == "}" and self.modes and len(self.brackets) == self.modes[-1][2]:
            return self.resume(start, end)
        floor = self.modes[-1][2] if self.modes else 0
        if len(self.brackets) > floor and _CLOSER_OF[self.tokens.kinds[self.brackets[-1]]] == text:
            self.tokens.closers[self.brackets.pop()] = len(self.tokens.kinds)
        elif any(_CLOSER_OF[self.tokens.kinds[at]] == text for at in self.brackets[floor:]):
            while _CLOSER_OF[self.tokens.kinds[self.brackets.pop()]] != text:
                pass
        self.push(text, text, start, end)
        return end

    def on_PUNCT(self, start: int, end: int) -> int:
        text = self.text[start:end]
        if text == "?[":
            self.brackets.append(len(self.tokens.kinds))
        elif text == "///":
            stop = self.text.find("\n", start)
            stop = len(self.text) if stop < 0 else stop
            if self.tokens.kinds[-1] == "NL":
                return self.on_COMMENT(start, stop)
            self.push("OP", "//", start, start + 2)
            return start + 2
        elif text == ":" and self.modes and len(self.brackets) == self.modes[-1][2]:
            found = _FORMAT.match(self.text, end)
            assert found is not None
            self.push("FORMAT", found.group(), start, found.end())
            return found.end()
        self.push(text, text, start, end)
        return end

    def on_BAD(self, start: int, end: int) -> int:
        char = self.text[start]
        if char == "@":
            self.error("unexpected-character", "expected a name after `@`", start, end)
        elif char.isprintable():
            self.error("unexpected-character", f"unexpected character `{char}`", start, end)
        else:
            self.error("unexpected-character", f"unexpected character U+{ord(char):04X}", start, end)
        return end

    # --- Strings ------------------------------------------------------------------------------------------------

    def on_RAW(self, start: int, end: int) -> int:
        quote = self.text[start + 1 : end]
        stop = self.text.find(quote, end)
        line_end = self.text.find("\n", end)
        if stop < 0 or (quote != '"""' and 0 <= line_end < stop):
            return self.unterminated_from(start, end, quote)
        self.push("STRING", self.text[end:stop], start, stop + len(quote))
        return stop + len(quote)

    def on_QUOTE(self, start: int, end: int) -> int:
        quote = self.text[start:end]
        if quote == "'":
            self.hint('strings are written with double quotes: "…"', start, end)
        stop = closing_quote(self.text, end, quote)
        if stop >= 0:
            # No interpolation inside: one token.
            self.push("STRING", self.decode(end, stop), start, stop + len(quote))
            return stop + len(quote)
        self.push("STR_START", quote, start, end)
        self.modes.append((quote, len(self.tokens.kinds) - 1, len(self.brackets), -1, -1))
        return self.string_text(end)

    def decode(self, start: int, stop: int) -> str:
        """The text between two offsets with its escapes decoded; bad escapes are reported."""
        text = self.text[start:stop]
        if self.dedent and len(self.modes) == 1:
            text = re.sub(rf"\n[ \t]{{0,{self.dedent}}}", "\n", text)
        if "\\" not in text:
            return text
        decoded, faults = decode_escapes(text)
        for at, length, message in faults:
            self.finding("bad-escape", message, start + at, start + at + length)
        return decoded

    def string_text(self, pos: int) -> int:
        """Go on with the text of the innermost string: up to its end, or to the next interpolation."""
        text = self.text
        quote, _, _, raw_end, after = self.modes[-1]
        start, limit = pos, len(text) if raw_end < 0 else raw_end
        literal = {'"': _LITERAL_BRACE_PLAIN, "'": _LITERAL_BRACE_QUOTE}.get(quote, _LITERAL_BRACE)
        run = _TEXT_RUN["\n" if quote == "\n" else quote].match
        while True:
            found = run(text, pos, limit)
            assert found is not None
            pos = found.end()
            if pos < limit and text[pos] == "{":
                if literal.match(text, pos):
                    pos += 1
                    continue
                if pos > start:
                    self.push("STR_TEXT", self.decode(start, pos), start, pos)
                self.push("INTERP_START", "{", pos, pos + 1)
                return pos + 1
            if quote == "\n" and pos < limit:
                pos += 1
                continue
            break
        if pos > start:
            self.push("STR_TEXT", self.decode(start, pos), start, pos)
        if quote == "\n":
            self.dedent = 0
            self.push("STR_END", "", limit, limit)
            self.modes.pop()
            return after
        if text.startswith(quote, pos):
            self.push("STR_END", quote, pos, pos + len(quote))
            self.modes.pop()
            return pos + len(quote)
        return self.unterminated(pos)

    def resume(self, start: int, end: int) -> int:
        """A `}` that ends an interpolation: back to the text of the string."""
        self.push("INTERP_END", "}", start, end)
        return self.string_text(end)

    def unterminated_from(self, start: int, end: int, quote: str) -> int:
        """A raw string without an end: one ERROR token for the rest of the line."""
        self.tokens.is_open |= quote == '"""'
        self.error("unterminated-string", "this string is never closed", start, end)
        stop = len(self.text) if quote == '"""' else self.text.find("\n", end)
        return len(self.text) if stop < 0 else stop

    def unterminated(self, pos: int) -> int:
        """The line (or the text) ends inside a string: forget its parts, put one ERROR token in their place."""
        tokens = self.tokens
        quote, index, depth, _, _ = self.modes[0]
        start = tokens.starts[index]
        message = "this string is never closed"
        if quote == "\n":
            message = "`{` in this text is never closed (write `\\{` for a brace)"
        tokens.is_open |= any(mode[0] == '"""' for mode in self.modes)
        for column in (tokens.kinds, tokens.texts, tokens.starts, tokens.ends):
            del column[index:]
        for at in [at for at in tokens.errors if at >= index]:
            del tokens.errors[at]
        del self.brackets[depth:]
        self.modes.clear()
        self.error("unterminated-string", message, start, start + max(len(quote), 1))
        if quote == '"""':
            return len(self.text)
        stop = self.text.find("\n", pos)
        return len(self.text) if stop < 0 else stop

    # --- Role lines ---------------------------------------------------------------------------------------------

    def role(self, start: int) -> int:
        """`role user: text …`: its tokens when it is one, and where to go on; -1 when `role` is a name here."""
        found = _ROLE.match(self.text, start)
        kinds = self.tokens.kinds
        if found is None or kinds[-1] not in ("NL", "(", ",", "ARM", ";", "then"):
            return -1
        if kinds[-1] in ("(", ","):
            if not found.group(2):
                return -1
            return self.role_argument(start, found.group(1), found.end())
        line_end = self.text.find("\n", found.end())
        line_end = len(self.text) if line_end < 0 else line_end
        if self.text[found.end() : line_end].strip() and found.group(2):
            self.push("ROLE", found.group(1), start, found.end())
            stop = len(self.text[:line_end].rstrip())
            self.push("STR_START", "\n", found.end(), found.end())
            self.modes.append(("\n", len(kinds) - 1, len(self.brackets), stop, stop))
            return self.string_text(found.end())
        stop, after = self.role_block_end(start, line_end)
        if stop < 0:
            if not found.group(2):
                return -1
            self.push("ROLE", found.group(1), start, found.end())
            self.push("STRING", "", found.end(), found.end())
            return found.end()
        self.push("ROLE", found.group(1), start, found.end())
        begin, self.dedent = self.role_text_start(line_end + 1, stop)
        self.push("STR_START", "\n", begin, begin)
        self.modes.append(("\n", len(kinds) - 1, len(self.brackets), stop, after))
        return self.string_text(begin)

    def role_block_end(self, start: int, line_end: int) -> tuple[int, int]:
        """(end of the text, where to go on) of a role block closed by a line `end`; (-1, -1) when there is none."""
        text = self.text
        line_start = text.rfind("\n", 0, start) + 1
        own = len(text[line_start:start].expandtabs(4))
        is_first = True
        for found in _BLOCK_LINE.finditer(text, line_end):
            blanks, content = found.groups()
            if not content.strip():
                continue
            width = len(blanks.expandtabs(4))
            if content.strip() == "end" and width <= own:
                return (-1, -1) if is_first else (found.start(), found.end())
            if width <= own:
                break
            is_first = False
        return -1, -1

    def role_text_start(self, start: int, stop: int) -> tuple[int, int]:
        """(offset of the first character of a role block's text, the indentation that all its lines share)."""
        lines = [line for line in self.text[start:stop].split("\n") if line.strip()]
        shared = min(len(line) - len(line.lstrip(" \t")) for line in lines)
        blanks = len(self.text[start:stop]) - len(self.text[start:stop].lstrip("\n"))
        return min(start + blanks + shared, stop), shared

    def role_argument(self, start: int, name: str, end: int) -> int:
        """`role user: value` in a call: an expression when it looks like one, else text up to the `)`."""
        self.push("ROLE", name, start, end)
        if _ROLE_EXPRESSION.match(self.text, end):
            return end
        depth, pos = 0, end
        while pos < len(self.text) and self.text[pos] != "\n":
            char = self.text[pos]
            if char in "([{":
                depth += 1
            elif char in ")]}":
                if depth == 0:
                    break
                depth -= 1
            pos += 1
        self.push("STR_START", "\n", end, end)
        self.modes.append(("\n", len(self.tokens.kinds) - 1, len(self.brackets), pos, pos))
        return self.string_text(end)

    # --- The end ------------------------------------------------------------------------------------------------

    def finish(self, end: int) -> None:
        """Close what is open and append the last line break."""
        if self.modes:
            self.unterminated(end)
        if self.tokens.kinds[-1] == "NL":
            self.tokens.texts[-1] = "\n"
        else:
            self.push("NL", "\n", len(self.text.rstrip()), len(self.text))


def tokenize(text: str) -> Tokens:
    """Raw tokens of a text, `NL` and `WORD` not yet decided; never fails."""
    return Lexer(text).run()
