"""`lumen run FILE`: check, run, print."""

from __future__ import annotations

import sys

from lumen.cli.arguments import FLAG, MANY, VALUE, UsageError, read_arguments
from lumen.cli.main import CHECK_ERRORS, FAILED, INTERRUPTED, OK, SYNTAX_ERROR, USAGE
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.limits import Limits
from lumen.runtime.loader import Loader, LoadError, Options, ProgramErrors
from lumen.runtime.output import Output, silence_stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lumen.runtime.interpreter import Outcome

_OPTIONS = {
    "--cell": VALUE,
    "--arg": MANY,
    "--deterministic": FLAG,
    "--seed": VALUE,
    "--format": VALUE,
    "--timeout": VALUE,
    "--on-exit": VALUE,
    "--record": VALUE,
    "--journal": VALUE,
    "--fsync": VALUE,
    "--pdb": FLAG,
    "-W": FLAG,
    "--no-check": FLAG,
    "--help": FLAG,
    "-h": FLAG,
}
_LATER = {"--sandbox": "denying tools without a grant"}


def run(words: list[str]) -> int:
    """The subcommand; returns the exit code."""
    try:
        files, single, repeated = read_arguments(words, _OPTIONS, _LATER)
        if "--help" in single or "-h" in single:
            from lumen.cli.help import show_help

            show_help("run")
            return OK
        if len(files) != 1:
            raise UsageError("give one program file" if not files else f"give one program file, not {len(files)}")
        return _run(files[0], single, repeated.get("--arg", []))
    except UsageError as error:
        print(f"lumen run: {error}", file=sys.stderr)
        return USAGE


def _run(path: str, single: dict[str, str], arguments: list[str]) -> int:
    as_json = choice(single, "--format", ("text", "json")) == "json"
    settings = Settings()
    settings.cell = single.get("--cell")
    settings.seed = integer(single, "--seed")
    settings.timeout_ms = integer(single, "--timeout", least=1)
    settings.on_exit = "cancel" if choice(single, "--on-exit", ("wait", "cancel")) == "cancel" else "wait"
    settings.take_interrupt = True
    choice(single, "--journal", ("full", "minimal"))
    choice(single, "--fsync", ("never", "always"))
    for name in ("--journal", "--fsync"):
        if name in single and "--record" not in single:
            raise UsageError(f"`{name}` says how `--record FILE` writes; give both")
    settings.is_debugged = "--pdb" in single
    options = Options(
        deterministic="--deterministic" in single,
        seeded=settings.seed is not None,
        check_types="--no-check" not in single,
        counting="--record" in single,
    )
    if path == "-":
        raw = sys.stdin.buffer.read()
        path = "<stdin>"
    else:
        raw = None
    try:
        loader = Loader(options, _no_cache() if "-W" in single else None)
        unit = loader.load_program(path, raw)
    except LoadError as error:
        return _not_loaded(error, path, as_json)
    except ProgramErrors as errors:
        from lumen.cli.findings import print_findings

        print_findings(errors.diagnostics, as_json=as_json, with_warnings="-W" in single)
        return SYNTAX_ERROR if errors.is_syntax else CHECK_ERRORS
    if "-W" in single:
        from lumen.cli.findings import print_findings

        print_findings(loader.compiler.sink.sorted(), as_json=False, with_warnings=True)
    if settings.cell is not None or arguments or (unit.meta["main"] or {}).get("params"):
        from lumen.cli.cellargs import cell_arguments

        settings.kwargs = cell_arguments(unit, settings.cell, arguments)
    if not as_json and not settings.is_debugged and sys.stderr.isatty():
        from lumen.runtime.progress import Progress

        settings.progress = Progress(sys.stderr)
    output = Output(None, keep=True) if as_json else Output(sys.stdout)
    if "--record" in single:
        from lumen.cli.record import run_recorded

        outcome = run_recorded(loader, unit, output, settings, single)
        if outcome is None:
            return FAILED
    else:
        outcome = Run(loader, unit, output, settings).run()
    if settings.progress is not None:
        settings.progress.clear()
    code = print_outcome(outcome, output, as_json=as_json)
    if settings.is_debugged and outcome.report is not None and outcome.report.failure is not None:
        from lumen.runtime.debugger import look_back

        look_back(outcome.report.failure, loader.units.values())
    return code


def print_outcome(outcome: Outcome, output: Output, *, as_json: bool) -> int:
    """Print how a run ended; the exit code."""
    with Limits():  # the value may be as deep or long as any in the program
        return _print_json(outcome, output) if as_json else _print_text(outcome, output)


def _print_text(outcome: Outcome, output: Output) -> int:
    if outcome.value is not None and outcome.report is None:
        from lumen.values.display import show

        output.write_line(show(outcome.value))
    output.flush()
    if output.broken is not None:
        silence_stdout()
        if isinstance(output.broken, BrokenPipeError):
            return INTERRUPTED if outcome.was_interrupted else OK
        print(f"error[unavailable]: can't write what the program prints: {output.broken.strerror}", file=sys.stderr)
        return USAGE
    for warning in outcome.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    report = outcome.report
    if report is None:
        return OK
    if outcome.was_interrupted:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    from lumen.cli.findings import use_colour

    print(report.as_text(colour=use_colour(sys.stderr)), file=sys.stderr)
    return FAILED


def _print_json(outcome: Outcome, output: Output) -> int:
    from lumen.values.convert import to_jsonable
    from lumen.values.errors import Failure

    report = outcome.report
    value = None
    try:
        value = to_jsonable(outcome.value)
    except Failure as failure:
        from lumen.runtime.reports import Report

        report = Report(failure.code, f"the value of `main` can't be given as JSON: {failure.message}", [], _no_line)
    printed: dict[str, Any] = {
        "status": "ok" if report is None else "error",
        "value": value,
        "output": output.text(),
        "error": None if report is None else report.as_json(),
    }
    for warning in outcome.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    _print_object(printed)
    if report is None:
        return OK
    return INTERRUPTED if outcome.was_interrupted else FAILED


def _print_object(printed: dict[str, Any]) -> None:
    """One line of JSON in UTF-8, whatever the locale; lone surrogates as JSON's own escapes."""
    import json

    text = json.dumps(printed, ensure_ascii=False)
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.flush()


def _no_line(path: str, line: int) -> None:
    """A report without places has no lines to show."""


def _not_loaded(error: LoadError, path: str, as_json: bool) -> int:
    if as_json:
        problem: dict[str, Any] = {"code": error.code, "message": error.message, "file": path}
        problem |= {"line": None, "column": None, "stack": []}
        _print_object({"status": "error", "value": None, "output": "", "error": problem})
    else:
        print(f"error[{error.code}]: {error.message}", file=sys.stderr)
    return USAGE


def _no_cache() -> Any:
    """Warnings come from the stages, which a cached program does not pass through."""
    from lumen.compiler.cache import CodeCache

    return CodeCache(None)


def choice(single: dict[str, str], name: str, choices: tuple[str, ...]) -> str:
    """The value of an option that takes one of a few words; the first is the default."""
    value = single.get(name, choices[0])
    if value not in choices:
        raise UsageError(f"`{name}` takes {' or '.join(choices)}, not `{value}`")
    return value


def integer(single: dict[str, str], name: str, least: int | None = None) -> int | None:
    """The value of an option that takes a whole number; None if it is not given."""
    text = single.get(name)
    if text is None:
        return None
    try:
        value = int(text)
    except ValueError:
        value = None
    if value is None or (least is not None and value < least):
        limit = "" if least is None else f" of at least {least}"
        raise UsageError(f"`{name}` takes a whole number{limit}, not `{text}`")
    return value
