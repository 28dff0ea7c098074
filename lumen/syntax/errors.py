"""A parse that stopped: what to say about it.

`explain` looks at three things only: the token before, the token that did not fit, and what would have
fitted. The examples in `EXAMPLES` show each message; tests/syntax/test_errors.py parses them.
"""

from __future__ import annotations

from lumen.syntax.driver import Machine
from lumen.syntax.recovery import statement_end
from lumen.syntax.tokens import OPERAND_END, OPERAND_START, RESERVED

Finding = tuple[str, str, int, int, str]
"""(severity, code, start, end, message)"""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "expected an expression after `=`": ("cell f()\n  let x =\nend", "let x = ]", "x = *"),
    "expected an expression after `+`": ("let x = 1 +\n\n", "let x = (1 + )"),
    "expected an expression after `(`": ("print(*)",),
    "expected an expression after `,`": ("print(1,, 2)",),
    "expected an expression after `if`": ("if\n  1\nend",),
    "expected a name after `cell`": ("cell (a)\n  1\nend",),
    "expected `(` after `main`": ("cell main\n  1\nend",),
    "expected a name after `.`": ("x.\n",),
    "expected a pattern after `let`": ("let = 3", "let + = 3"),
    "expected a type after `:`": ("let x: = 3", "cell f(a: ) = 1"),
    "expected `=` after `x`": ("let x\n", "let x 3"),
    "expected `in` after `x`": ("for x xs\n  1\nend",),
    "expected `->` after `1`": ("match x\n  1\nend", "match x\n  1 print(2)\nend"),
    "unexpected `)`": ("print(1))", ")"),
    "`]` does not close the `(` opened on line 1": ("print(1]",),
    "`(` is never closed": ("print(1\nlet x = 2", "let a = (1 + 2\nlet b = 3", "f(1, (2, 3)\nlet x = 4"),
    "unexpected `b` after `a`": ("a b",),
    "expected `,` or `)` before `2`": ("print(1 2)",),
    "expected `,` or `]` before `2`": ("let x = [1 2]",),
    "`==` compares; `=` can't stand here": ("if x = 3\n  1\nend", "a + b = 2"),
    "`=` can't stand here: an argument is named by `:`, and `==` compares": ("print(x = 3)", "P(1, y=2)"),
    "`end` is a word of the language and can't be a name": ("let end = 3", "cell f(end)\n  1\nend"),
    "this string is never closed": ('let x = "abc', 'print("abc)\n', 'let x = """abc'),
    "unexpected `if` after `a` (the short form is `if c then a else b`)": ("let x = a if b else c",),
    "unexpected `else`: there is no `if` for it here": ("else\nlet x = 1",),
    "`try` takes an expression; a block is tried by `attempt(fn() … end)`, and `match await` takes its failure": (
        "try\n  a()\nend",
        "try\n  a()\ncatch e\n  b(e)\nend",
        "try:\n  a()\nexcept e:\n  b(e)\nend",
        "try {\n  a()\n} catch (e) {\n  b(e)\n} finally {\n  c()\n}\nlet x = 1",
    ),
    "blocks begin without `:`": (
        "cell f(x):\n  1\nend",
        "if x > 5:\n  1\nend",
        "for x in xs:\n  1\nend",
        "if x\n  1\nelse:\n  2\nend",
        "match x:\n  1 -> 2\nend",
        "loop:\n  break\nend",
        "let f = fn(x):\n  x\nend",
    ),
    "blocks begin without `do`": ("for x in xs do\n  1\nend", "while f(x) do\n  1\nend"),
    "write `x += 1`": ("x++", "if a\n  x++\nend", "x++; y"),
    "`===` is written `==`": ("print(a === b)",),
    "`!==` is written `!=`": ("if a !== b\n  1\nend",),
    "a record is made by a call: write `Point(x: …)`": ("let p = Point { x: 1, y: f({1}) }\nlet q = 2",),
    "`elsif` is written `else if`": ("if a\n  1\nelsif b\n  2\nelse\n  3\nend",),
    "write `let mut x`, or `let` if it never changes": ("var x = 3", "cell f()\n  var x: Int = 3\nend"),
    "a block has no braces: it ends with `end`": ("cell f() {\n  1\n}", "if a {\n  1\n} else {\n  2\n}"),
    "unexpected `end`: no block is open here": ("end", "cell f()\n  1\nend\nend"),
    "`end` missing for `cell` opened on line 1": ("cell f()\n  1\n", "cell f()\n  1\ncell g()\n  2\nend"),
    "`end` missing for `parallel` opened on line 2": ("cell f()\n  let x = await parallel\n    g()\nend",),
    "unexpected character `$`": ("let x = $3",),
    "`12ab` is not a number": ("let x = 12ab",),
    "unknown escape `\\q`": ('let x = "a\\q"',),
    "only a variable, field or entry can stand left of `=`": ("1 = 2",),
    "only a variable, field or entry can stand left of `=` (`==` compares)": ("f() = 3",),
    "expected something after `->`": ("match x\n  1 ->\n  2 -> 3\nend",),
}
"""Messages, each with programs whose only diagnostic it is."""


def explain(index: int, machine: Machine) -> Finding:
    """The finding for the token at which the parser stopped."""
    tokens = machine.tokens
    last = len(tokens.kinds) - 1
    at = min(index, last)
    if at in tokens.errors:
        return _of_error_token(at, machine)
    for ahead in range(at, statement_end(tokens, at) + 1):
        code = tokens.errors.get(ahead, ("", ""))[0]
        if code == "unclosed-bracket" and tokens.starts[ahead] < tokens.starts[at]:
            return _of_error_token(ahead, machine)
    row = machine.accepts()
    kind = tokens.kinds[at]
    start, end = tokens.starts[at], tokens.ends[at]
    before = _spelling(machine, at - 1)
    message = _message(kind, _spelling(machine, at), tokens.kinds[at - 1] if at else "_NL", before, row)
    if kind in ("_NL", "_ARM_END") and at:
        # Point behind what is there, not at the next line.
        start = tokens.starts[at - 1] if start == end == 0 else start
        start, end = max(start - 1, 0), max(start, 1)
    return ("error", "syntax-error", start, end, message)


def _of_error_token(at: int, machine: Machine) -> Finding:
    tokens = machine.tokens
    code, message = tokens.errors[at]
    return ("error", code, tokens.starts[at], tokens.ends[at], message)


def _spelling(machine: Machine, at: int) -> str:
    """How a token looks in the source, shortened; empty for line breaks."""
    tokens = machine.tokens
    if at < 0 or tokens.kinds[at] in ("_NL", "_ARM_END"):
        return ""
    kind, text = tokens.kinds[at], tokens.texts[at]
    if kind == "STRING" or kind == "STR_START":
        return f'"{_clip(text)}"' if kind == "STRING" else '"'
    if kind in ("LABEL", "ATTRIBUTE", "DIRECTIVE"):
        return "@" + text
    if kind == "STR_END":
        return '"'
    return _clip(text)


def _clip(text: str) -> str:
    text = text.replace("\n", " ")
    return text if len(text) <= 20 else text[:19] + "…"


def _message(kind: str, shown: str, previous: str, before: str, row: frozenset[str]) -> str:
    """What to say; `row` has what would have fitted."""
    wants_expression = "INT" in row and "(" in row and "await" in row
    wants_pattern = "_" in row and "NAME" in row and not wants_expression
    if kind in RESERVED and "NAME" in row and kind not in ("if", "in", "then", "else") and previous in _NAME_WANTED:
        return f"`{shown}` is a word of the language and can't be a name"
    if kind == "FILTER":
        return f"unexpected `if` after `{before}` (the short form is `if c then a else b`)"
    if previous in ("_NL", "_ARM_END", "ARM") or not before:
        if not shown:
            return "expected an expression"
        return f"unexpected `{shown}`"
    if wants_expression and previous not in OPERAND_END:
        return f"expected an expression after `{before}`"
    if kind == "=" and previous in OPERAND_END and "=" not in row:
        if ")" in row and "," in row:
            return "`=` can't stand here: an argument is named by `:`, and `==` compares"
        return "`==` compares; `=` can't stand here"
    wanted = _wanted(row, previous, kind)
    if wanted:
        return (
            f"expected {wanted} after `{before}`"
            if wanted[-1] != "`" or " or " not in wanted
            else (f"expected {wanted} before `{shown}`" if shown else f"expected {wanted} after `{before}`")
        )
    if wants_pattern and previous not in OPERAND_END:
        return f"expected a pattern after `{before}`"
    if not shown:
        return f"expected more after `{before}`"
    return f"unexpected `{shown}` after `{before}`"


_NAME_WANTED = frozenset("let mut cell . ?. ( , for const type record enum as".split())


def _wanted(row: frozenset[str], previous: str, kind: str) -> str:
    """The one thing that is missing, when the row says so."""
    if (previous in (":", "->", "is", "TYPE_TEST", "|", "[") and "FN_TYPE" in row) or (
        previous == "TYPE_TEST" and "NAME" in row
    ):
        return "a type"
    if set(row) <= {"NAME", "_", "*"} or (previous in (".", "?.") and "NAME" in row):
        return "a name"
    if "ARM" in row and "FILTER" in row:
        return "`->`"
    if "in" in row and "INT" not in row and "*" not in row:
        return "`in`"
    if "=" in row and "INT" not in row and "*" not in row:
        return "`=`"
    if previous in OPERAND_END:
        for closer in (")", "]", "}"):
            if closer in row and "," in row:
                return f"`,` or `{closer}`" if kind in OPERAND_START or kind == "_NL" else ""
        if "INTERP_END" in row and "_NL" not in row:
            return "`}`"
        if "ARM" in row and "_NL" not in row:
            return "`->`"
        if "then" in row and "_NL" not in row:
            return "`then`"
        if ELSE in row and "_NL" not in row:
            return "`else`"
    if set(row) <= {"(", "[", "."}:
        return "`(`" if "(" in row else "`[`"
    if len(row) == 1:
        (only,) = row
        return f"`{only}`" if not only.isupper() and only != "_NL" else ""
    return ""


ELSE = "ELSE_INLINE"
