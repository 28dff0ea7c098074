"""`lumen check FILE…`: everything that can be found without running."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lumen.cli.arguments import FLAG, VALUE, UsageError, read_arguments
from lumen.cli.findings import print_check
from lumen.cli.main import CHECK_ERRORS, OK, SYNTAX_ERROR, USAGE
from lumen.compiler.cache import CodeCache
from lumen.diagnostics.sink import Sink
from lumen.runtime.loader import Loader, LoadError, Options, ProgramErrors

if TYPE_CHECKING:
    from lumen.diagnostics.diagnostic import Diagnostic

_OPTIONS = {"--format": VALUE, "--deterministic": FLAG, "--seed": VALUE, "--help": FLAG, "-h": FLAG}


def check(words: list[str]) -> int:
    """The subcommand; returns the exit code."""
    try:
        files, single, _ = read_arguments(words, _OPTIONS, {"--strict": "strict effects", "--fix": "applying fixes"})
        if "--help" in single or "-h" in single:
            from lumen.cli.help import show_help

            show_help("check")
            return OK
        if not files:
            raise UsageError("give at least one program file")
        if single.get("--format", "text") not in ("text", "json"):
            raise UsageError(f"`--format` takes text or json, not `{single['--format']}`")
    except UsageError as error:
        print(f"lumen check: {error}", file=sys.stderr)
        return USAGE
    as_json = single.get("--format") == "json"
    sink = Sink()
    problems: list[dict[str, object]] = []
    has_syntax_error = False
    for path in files:
        options = Options(deterministic="--deterministic" in single, seeded="--seed" in single)
        try:
            found, is_syntax = findings_of(path, options)
            sink.extend(found)
            has_syntax_error |= is_syntax
        except LoadError as error:
            problems.append(_unreadable(path, error))
            if not as_json:
                print(f"error[{error.code}]: {error.message}", file=sys.stderr)
    diagnostics = sink.sorted()
    print_check(diagnostics, len(files), as_json=as_json, problems=problems)
    if problems:
        return USAGE
    if has_syntax_error:
        return SYNTAX_ERROR
    return CHECK_ERRORS if sink.has_errors else OK


def findings_of(path: str, options: Options, raw: bytes | None = None) -> tuple[list[Diagnostic], bool]:
    """All findings about a program and what it imports, and whether there is a syntax error among them.

    Raises:
        LoadError: it can't be read.
    """
    # Without the cache: a program from there has passed no stage that could find anything.
    loader = Loader(options, CodeCache(None))
    try:
        if path == "-":
            path, raw = "<stdin>", sys.stdin.buffer.read()
        loader.load_program(path, raw)
    except ProgramErrors as errors:
        return errors.diagnostics, errors.is_syntax
    return loader.compiler.sink.sorted(), False


def _unreadable(path: str, error: LoadError) -> dict[str, object]:
    place = {"line": 1, "column": 1, "end_line": 1, "end_column": 1}
    return {"severity": "error", "code": error.code, "message": error.message, "file": path, **place, "hint": None}
