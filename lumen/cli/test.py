"""`lumen test [PATH…]`: find tests, run them, say what became of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from lumen.cli.arguments import FLAG, VALUE, UsageError, read_arguments
from lumen.cli.findings import use_colour
from lumen.cli.main import CHECK_ERRORS, FAILED, INTERRUPTED, OK, USAGE
from lumen.cli.run import choice, integer
from lumen.testing.discover import SelectionError, TestCase, TestFile, collect_all
from lumen.testing.report import TextReport, session_json, write
from lumen.testing.results import CaseResult
from lumen.testing.runner import RunOptions, orphans, run_case
from lumen.testing.selecting import ExpressionError, parse_expression
from lumen.testing.session import Session, run_session

_OPTIONS = {
    "-k": VALUE,
    "-x": FLAG,
    "-v": FLAG,
    "-q": FLAG,
    "--once": FLAG,
    "--seed": VALUE,
    "--timeout": VALUE,
    "--durations": VALUE,
    "--junit": VALUE,
    "--format": VALUE,
    "--list": FLAG,
    "--record": FLAG,
    "--update": FLAG,
    "--yes": FLAG,
    "--explore": VALUE,
    "--exhaustive": FLAG,
    "--budget": VALUE,
    "--faults": FLAG,
    "--schedule": VALUE,
    "--coverage": FLAG,
    "--fail-under": VALUE,
    "--pdb": FLAG,
    "--help": FLAG,
    "-h": FLAG,
}
_EXPLORES = ("--explore", "--exhaustive", "--schedule")


def test(words: list[str]) -> int:
    """The subcommand; returns the exit code."""
    try:
        paths, single, _ = read_arguments(words, _OPTIONS, {})
        if "--help" in single or "-h" in single:
            from lumen.cli.help import show_help

            show_help("test")
            return OK
        return _test(paths, single)
    except (UsageError, SelectionError, ExpressionError) as error:
        print(f"lumen test: {error}", file=sys.stderr)
        return USAGE


def _test(paths: Sequence[str], single: dict[str, str]) -> int:
    as_json = choice(single, "--format", ("text", "json")) == "json"
    options = _run_options(single, as_json)
    runner = _runner(single, options)
    files = collect_all(paths)
    if "-k" in single:
        chooses = parse_expression(single["-k"])
        for file in files:
            file.cases = [case for case in file.cases if chooses(case.id)]
    if "--list" in single:
        return _list(files)
    if not any(file.cases or file.is_broken for file in files):
        raise UsageError(_nothing(files, single))
    verbosity = ("-v" in single) - ("-q" in single)
    durations = integer(single, "--durations", least=0) or 0
    report = TextReport(sys.stdout, colour=use_colour(sys.stdout), verbosity=verbosity, durations=durations)
    listener: Any = _Silent() if as_json else report
    coverage = _coverage(single)
    if coverage is not None:
        options.watch = coverage.watch
    with coverage or _Nothing():
        session = run_session(files, runner, listener, stops_at_first="-x" in single)
    if as_json:
        _print_object(session_json(session))
    else:
        if not any("::" in path for path in paths) and "-k" not in single:
            report.orphans(orphans([file for file in files if not file.is_broken]))
        report.finish(session)
    code = _exit_code(session)
    if coverage is not None:
        code = _print_coverage(coverage, single, code, as_json=as_json)
    if "--junit" in single:
        code = _write_junit(single["--junit"], session, code)
    return code


def _exit_code(session: Session) -> int:
    if session.was_interrupted:
        return INTERRUPTED
    if session.failures:
        return FAILED
    return CHECK_ERRORS if session.broken else OK


def _nothing(files: Sequence[TestFile], single: dict[str, str]) -> str:
    if not files:
        return "there are no test files here; they are called `…_test.lumen` or `test_….lumen`"
    if "-k" in single:
        return f"no test fits `-k {single['-k']}`"
    return "there are no tests here; a test is a cell named `test_…`, or marked `@test`"


# --- options ---------------------------------------------------------------------------------------------------------


def _run_options(single: dict[str, str], as_json: bool) -> RunOptions:
    if "-v" in single and "-q" in single:
        raise UsageError("`-v` and `-q` say opposite things")
    if "--yes" in single and "--update" not in single:
        raise UsageError("`--yes` goes with `--update`")
    seed = 0 if any(name in single for name in _EXPLORES) else integer(single, "--seed") or 0
    options = RunOptions(seed=seed, repeats="--once" not in single, take_interrupt=True)
    timeout = integer(single, "--timeout", least=0)
    if timeout is not None:
        options.timeout_ms = timeout or None
    if "--update" in single:
        options.record = "again"
    elif "--record" in single:
        options.record = "missing"
    can_ask = not as_json and sys.stdin.isatty() and sys.stdout.isatty()
    agrees = "--yes" in single

    def confirm(case: TestCase, changed: list[str]) -> bool:
        if not agrees and not can_ask:
            return False  # the report of the test shows the changes
        if not as_json:
            write(sys.stdout, f"\n{case.id}: the answers have changed (- recorded, + now)\n")
            write(sys.stdout, "".join(f"  {line}\n" for line in changed))
        if agrees:
            return True
        sys.stdout.write("replace the recording? [y/N] ")
        sys.stdout.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    options.confirm = confirm
    return options


def _runner(single: dict[str, str], options: RunOptions) -> Any:
    """What runs one test: as usual, or under many schedules."""
    wanted = [name for name in _EXPLORES if name in single]
    if len(wanted) > 1:
        raise UsageError(f"give one of {', '.join(f'`{name}`' for name in wanted)}")
    needs = {"--faults": ("--explore", "--exhaustive"), "--budget": ("--exhaustive",)}
    for name, ones in needs.items():
        if name in single and not any(one in single for one in ones):
            raise UsageError(f"`{name}` goes with {' or '.join(f'`{one}`' for one in ones)}")
    if not wanted:
        run: Any = run_case
        return lambda case: _debugged(run(case, options), single)
    if options.record != "never":
        raise UsageError(f"`{wanted[0]}` runs against recordings; it doesn't make them")
    from lumen.testing.exploring import ExploreOptions, explore_case
    from lumen.testing.schedules import Schedule, ScheduleError

    search = ExploreOptions(faults="--faults" in single, is_exhaustive="--exhaustive" in single)
    search.seed = integer(single, "--seed") or 0
    search.schedules = integer(single, "--explore", least=1) or search.schedules
    search.budget = integer(single, "--budget", least=1) or search.budget
    if "--schedule" in single:
        try:
            search.schedule = Schedule.parse(single["--schedule"])
        except ScheduleError as error:
            raise UsageError(str(error)) from None
    return lambda case: _debugged(explore_case(case, options, search), single)


def _debugged(result: CaseResult, single: dict[str, str]) -> CaseResult:
    """With `--pdb`, look at a failure where it happened."""
    failure = None if result.report is None else getattr(result.report, "failure", None)
    if "--pdb" in single and failure is not None:
        from lumen.runtime.debugger import look_back

        write(sys.stdout, result.failure_text(colour=use_colour(sys.stdout)) + "\n")
        loader, _ = result.case.file.load(is_virtual=result.case.is_virtual)
        look_back(failure, loader.units.values())
    return result


def _list(files: Sequence[TestFile]) -> int:
    for file in files:
        for case in file.cases:
            write(sys.stdout, case.id + "\n")
    broken = [file for file in files if file.is_broken]
    report = TextReport(sys.stderr, colour=use_colour(sys.stderr))
    for file in broken:
        report.file(file)
    return CHECK_ERRORS if broken else OK


# --- coverage, JUnit, JSON -------------------------------------------------------------------------------------------


class _Silent:
    """A listener that shows nothing until the end."""

    def file(self, file: TestFile) -> None:
        """See Listener."""

    def case(self, result: CaseResult) -> None:
        """See Listener."""


class _Nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *exc: object) -> None: ...


def _coverage(single: dict[str, str]) -> Any:
    if "--coverage" not in single:
        if "--fail-under" in single:
            raise UsageError("`--fail-under` goes with `--coverage`")
        return None
    _fail_under(single)
    from lumen.testing.coverage import Coverage

    return Coverage()


def _fail_under(single: dict[str, str]) -> float | None:
    text = single.get("--fail-under")
    if text is None:
        return None
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise UsageError(f"`--fail-under` takes a percentage from 0 to 100, not `{text}`")
    return value


def _print_coverage(coverage: Any, single: dict[str, str], code: int, *, as_json: bool) -> int:
    from lumen.testing.coverage import render_coverage, shortfall

    files = coverage.files()
    stream = sys.stderr if as_json else sys.stdout
    write(stream, f"\n{render_coverage(files)}\n")
    least = _fail_under(single)
    said = None if least is None else shortfall(files, least)
    if said is None:
        return code
    print(f"lumen test: {said}", file=sys.stderr)
    return code or FAILED


def _write_junit(path: str, session: Session, code: int) -> int:
    from lumen.testing.junit import write_junit

    try:
        write_junit(path, session)
    except OSError as error:
        print(f"lumen test: can't write `{path}`: {(error.strerror or str(error)).lower()}", file=sys.stderr)
        return code or USAGE
    return code


def _print_object(printed: dict[str, Any]) -> None:
    import json

    text = json.dumps(printed, ensure_ascii=False)
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.flush()
