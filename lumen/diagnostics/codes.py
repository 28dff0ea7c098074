"""The one registry of codes: what each finding of a check, and each failure of a run, is about. Never reuse one.

`tests/diagnostics/test_codes.py` finds every code that the sources use and fails if one is missing here.
"""

from __future__ import annotations

FINDINGS: dict[str, tuple[str, str]] = {
    # Text
    "syntax-error": ("syntax", "something stands where it can't"),
    "missing-end": ("syntax", "a block is never closed by `end`"),
    "unexpected-end": ("syntax", "an `end` closes nothing"),
    "unexpected-character": ("syntax", "a character that begins nothing"),
    "unterminated-string": ("syntax", "a string is never closed"),
    "unclosed-bracket": ("syntax", "a bracket is never closed"),
    "unmatched-bracket": ("syntax", "a closing bracket has no partner"),
    "bad-number": ("syntax", "a number is written wrongly"),
    "bad-escape": ("syntax", "an unknown escape in a string"),
    "bad-bytes": ("syntax", "a bytes literal is not pairs of hex digits"),
    "bad-assignment": ("syntax", "the left of `=` can't be assigned to"),
    "too-deep": ("syntax", "nested more deeply than the compiler can follow"),
    "macro-refused": ("syntax", "Lumen has no macros"),
    "habit": ("style", "accepted from other languages, written otherwise in Lumen"),
    # Names
    "unresolved-name": ("name", "a name that is not defined"),
    "missing-name": ("name", "a module does not have what is imported from it"),
    "missing-module": ("name", "there is no such module"),
    "import-cycle": ("name", "modules that import each other"),
    "import-failed": ("name", "an imported module has errors itself"),
    "duplicate-definition": ("name", "two things of one name in one place"),
    "duplicate-binding": ("name", "a pattern binds a name twice"),
    "duplicate-parameter": ("name", "two parameters of one name"),
    "or-pattern-bindings": ("name", "the sides of `|` in a pattern bind different names"),
    "constant-cycle": ("name", "constants whose values need each other"),
    "unknown-variant": ("name", "an enum has no such variant"),
    "unknown-field": ("name", "a record or variant has no such field"),
    "unknown-label": ("name", "no loop around has this label"),
    "not-a-pattern": ("name", "a name in a pattern that is no variant or record"),
    "missing-let": ("style", "a variable that begins without `let`"),
    # Calls
    "too-many-arguments": ("call", "more arguments than the callee takes"),
    "missing-argument": ("call", "an argument without default is not given"),
    "unknown-argument": ("call", "no parameter has this name"),
    "duplicate-argument": ("call", "an argument given twice"),
    "unknown-option": ("call", "a construct has no such option"),
    "bad-test": ("call", "`@test` with options that mean nothing, or where nothing can be tested"),
    "pattern-arity": ("call", "a pattern with more or fewer parts than the variant has"),
    # Places
    "break-outside-loop": ("place", "`break` or `continue` outside a loop"),
    "return-outside-cell": ("place", "`return` outside a cell"),
    "yield-outside-cell": ("place", "`yield` outside a cell"),
    "propagate-outside-cell": ("place", "`?` where there is no cell to leave"),
    "await-not-possible": ("place", "waiting where nothing can wait"),
    "misplaced-declaration": ("place", "a declaration that must stand elsewhere"),
    "not-assignable": ("place", "something that is not a variable is assigned to"),
    "unknown-directive": ("place", "no directive has this name"),
    "bad-directive": ("place", "a directive with a wrong value or in a wrong place"),
    "handler-arm": ("place", "an arm of a handler that handles nothing"),
    "missing-method": ("type", "an `impl` lacks methods of its trait"),
    "undeclared-effect": ("type", "a deterministic program does what its row does not declare"),
    "not-repeatable": ("name", "chance or time in a deterministic program without a seed"),
    "not-supported-yet": ("place", "a construct of a later version"),
    # Advice
    "non-exhaustive": ("style", "a match that does not cover every case"),
    "unreachable-arm": ("style", "an arm that is never reached"),
    "assign-to-let": ("style", "a `let` without `mut` is assigned again"),
    "unknown-attribute": ("style", "an attribute that no construct knows"),
    "deprecated": ("style", "a use of something that is marked `@deprecated`"),
    "missing-await": ("type", "a future used as if it were its value"),
    "unused-result": ("style", "a call that only gives a value, which nothing takes"),
    "mixed-branches": ("style", "branches with and without names in one `parallel`"),
    "assigned-copy": ("style", "a closure assigns to its own copy of a variable"),
    # Files
    "file-not-found": ("file", "there is no such file"),
    "no-such-file": ("file", "there is no such file"),
    "is-a-directory": ("file", "a directory, not a program"),
    "unreadable": ("file", "the file can't be read"),
    "unreadable-file": ("file", "the file can't be read"),
    "not-utf8": ("file", "the file is not UTF-8 text"),
    "nul-byte": ("file", "the file contains a NUL byte"),
    "bad-config": ("file", "`lumen.toml` can't be used"),
    # Journals
    "not-a-journal": ("journal", "the file is no recording of a run"),
    "journal-empty": ("journal", "nothing was recorded"),
    "journal-version": ("journal", "recorded by a later Lumen, in a format that this one doesn't know"),
    "journal-broken": ("journal", "a line has been changed or damaged"),
    "journal-value": ("journal", "something that should stand for a value doesn't"),
    "missing-blob": ("journal", "a large value, kept in a file of its own, is missing or damaged"),
    "journal-exists": ("journal", "a file in the way that may not be overwritten"),
    "journal-busy": ("journal", "another run is writing the journal"),
    "journal-full": ("journal", "no room on the disk to go on recording"),
    "journal-unwritable": ("journal", "the journal can't be written"),
}
"""Code of a Diagnostic → (family, what it is about)."""

FAILURES: dict[str, str] = {
    "division-by-zero": "dividing by zero",
    "index-out-of-range": "an index beyond the end",
    "missing-key": "a map without the key",
    "missing-field": "a value without the field or method",
    "type-mismatch": "a value of the wrong type",
    "value-error": "a value that makes no sense there",
    "assertion-failed": "an `assert` that did not hold",
    "halt": "the program ended itself",
    "failed": "`fail(…)`, or an error of a tool without a code of its own",
    "no-match": "a `match` without an arm for the value",
    "constraint": "a `where` constraint of a record that did not hold",
    "no-consensus": "a `vote` that can no longer reach its quorum",
    "all-failed": "every branch of a `race` or `vote` failed",
    "deadlock": "every task waits for another",
    "stack-overflow": "recursion without end",
    "out-of-memory": "no memory left",
    "channel-closed": "sending to a closed channel",
    "null-unwrap": "`!` on null",
    "invalid-args": "a call whose arguments don't fit",
    "tool-not-found": "a tool without a provider",
    "timeout": "time was up",
    "unavailable": "something outside can't be reached or loaded",
    "cancelled": "a cancelled future was asked for its value",
    "output-invalid": "a tool gave what Lumen has no value for",
    "policy": "a tool call that a grant forbids",
    "auth": "a tool refused who is asking",
    "rate-limit": "a tool was asked too often",
    "not-supported": "something of a later version",
    "unresolved-name": "a name that is not defined, in a `@doc_mode` program",
    "unscripted-call": "a test asked the outside, and nothing was written down or recorded that answers",
    "internal": "a mistake in Lumen itself",
}
"""Code of a failure → what it is about."""


def is_about_types(code: str) -> bool:
    """Whether `--no-check` lets a program with this error run."""
    family = FINDINGS.get(code)
    return family is not None and family[0] == "type"
