"""`lumen trace WHAT JOURNAL`: look at a recorded run."""

from __future__ import annotations

import os
import sys

from lumen.cli.arguments import FLAG, VALUE, UsageError, read_arguments
from lumen.cli.main import OK, USAGE
from lumen.journal.errors import JournalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lumen.journal.history import History

HELP = """\
usage: lumen trace show JOURNAL [--task N] [--depth N]
       lumen trace timeline JOURNAL [-o FILE]
       lumen trace diff JOURNAL JOURNAL
       lumen trace stats JOURNAL [--format text|json]
       lumen trace export JOURNAL [--format otlp-json] [-o FILE]
       lumen trace verify JOURNAL

Looks at a run that `lumen run --record JOURNAL` has recorded. Nothing is run, and the program isn't needed.

  show       the tasks as a tree, with times, answers and decisions
               --task N    only this task, with every event
               --depth N   so many levels; what is below is counted
  timeline   one HTML page that works offline: a lane for each task, what it asked and was answered, and the source
               -o FILE     where to write it; otherwise beside the journal
  diff       the first event in which two runs differ, and what each did; exit code 1 if there is one
  stats      counts and times by tool and by cell, the slowest calls, the size of the journal
  export     OpenTelemetry spans in OTLP/JSON, for any collector; to standard output without -o
  verify     check every line and every large value; names the first that is broken

exit codes: 0 fine (diff: the runs are the same), 1 not
"""

_NO_OPTIONS: dict[str, str] = {}
_OPTIONS = {
    "show": {"--task": VALUE, "--depth": VALUE},
    "timeline": {"-o": VALUE, "--output": VALUE},
    "diff": _NO_OPTIONS,
    "stats": {"--format": VALUE},
    "export": {"--format": VALUE, "-o": VALUE, "--output": VALUE},
    "verify": _NO_OPTIONS,
}
_HELP = {"--help": FLAG, "-h": FLAG}


def trace(words: list[str]) -> int:
    """The subcommand; returns the exit code."""
    try:
        if not words or words[0] in ("--help", "-h", "help"):
            print(HELP, end="", file=sys.stdout if words else sys.stderr)
            return OK if words else USAGE
        what, *rest = words
        if what not in _OPTIONS:
            raise UsageError(_unknown(what))
        files, single, _ = read_arguments(rest, _OPTIONS[what] | _HELP, {})
        if "--help" in single or "-h" in single:
            print(HELP, end="")
            return OK
        return _do(what, files, single)
    except UsageError as error:
        print(f"lumen trace: {error}", file=sys.stderr)
        return USAGE
    except JournalError as error:
        print(f"error[{error.code}]: {error.message}", file=sys.stderr)
        return USAGE


def _unknown(what: str) -> str:
    from lumen.diagnostics.spelling import nearest

    near = nearest(what, list(_OPTIONS))
    if near is None and (os.path.exists(what) or what.endswith(".jsonl")):
        return f"say what to do with it: `lumen trace show {what}`, or {', '.join(list(_OPTIONS)[1:])}"
    hint = f"; did you mean `{near}`?" if near else f"; there is {', '.join(_OPTIONS)}"
    return f"there is no `{what}`{hint}"


def _do(what: str, files: list[str], single: dict[str, str]) -> int:
    wanted = 2 if what == "diff" else 1
    if len(files) != wanted:
        raise UsageError(f"`{what}` takes {'two journals' if wanted == 2 else 'one journal'}, not {len(files)}")
    if what == "verify":
        return _verify(files[0])
    if what == "diff":
        return _diff(files[0], files[1])
    if what == "show":
        return _show(files[0], single)
    if what == "timeline":
        return _timeline(files[0], single)
    if what == "stats":
        return _stats(files[0], single)
    return _export(files[0], single)


# --- what there is to do ---------------------------------------------------------------------------------------------


def _show(path: str, single: dict[str, str]) -> int:
    from lumen.trace.show import TaskUnknown, show_text

    task, depth = _number(single, "--task"), _number(single, "--depth")
    history = _load(path)
    try:
        lines = show_text(history, colour=_colour(), task=task, depth=depth, width=_width())
    except TaskUnknown as error:
        raise UsageError(f"`--task`: {error}") from None
    _print(lines)
    return OK


def _timeline(path: str, single: dict[str, str]) -> int:
    from lumen.trace.timeline import timeline_html

    target = _target(single)
    if target is None:
        target = (path.removesuffix(".jsonl") or path) + ".html"
        _keep_what_is_not_ours(target)
    history = _load(path, quiet=True)
    notes = ["The last line of the journal is cut off, and was left out."] if history.torn else []
    page = timeline_html(history, name=os.path.basename(path), notes=notes)
    if target == "-":
        _print([page])
        return OK
    _warn_torn(history)
    _write(target, page, path)
    print(target)
    return OK


def _diff(one: str, other: str) -> int:
    from lumen.trace.diff import diff_text

    same, lines = diff_text(_load(one), _load(other), names=(one, other), colour=_colour())
    _print(lines)
    return OK if same else USAGE


def _stats(path: str, single: dict[str, str]) -> int:
    from lumen.trace.stats import stats_of, stats_text

    form = _choice(single, "--format", ("text", "json"))
    numbers = stats_of(_load(path), path)
    if form == "json":
        _print([_json(numbers)])
    else:
        _print(stats_text(numbers, colour=_colour()))
    return OK


def _export(path: str, single: dict[str, str]) -> int:
    from lumen.trace.export import otlp_json

    _choice(single, "--format", ("otlp-json",))
    target = _target(single)
    text = _json(otlp_json(_load(path)))
    if target is None or target == "-":
        _print([text])
    else:
        _write(target, text + "\n", path)
        print(target)
    return OK


def _verify(path: str) -> int:
    from lumen.journal.reading import verify

    try:
        found = verify(path)
    except JournalError as error:
        if error.line is None:
            raise
        # The number of the line is what the caller came for; some messages have it, some don't.
        where = f"line {error.line}: " if error.code == "missing-blob" else ""
        print(f"error[{error.code}]: {where}{error.message}", file=sys.stderr)
        return USAGE
    events = len(_load(path, quiet=True).events)
    blobs = f", {found.blobs:,} large value{'s' if found.blobs != 1 else ''} whole" if found.blobs else ""
    lines = f"{found.lines:,} line{'s' if found.lines != 1 else ''}"
    print(f"{events:,} event{'s' if events != 1 else ''} in {lines}, chain intact{blobs}; last chain {found.chain}")
    if found.torn:
        print("warning: the last line is cut off; what is before it is whole", file=sys.stderr)
    elif not found.finished:
        print("warning: the run had not ended, so lines missing at the end would not be noticed", file=sys.stderr)
    return OK


# --- in and out ------------------------------------------------------------------------------------------------------


def _load(path: str, *, quiet: bool = False) -> History:
    from lumen.journal.history import load_history

    history = load_history(path)
    if not quiet:
        _warn_torn(history)
    return history


def _warn_torn(history: History) -> None:
    if history.torn:
        print("warning: the last line of the journal is cut off, and was left out", file=sys.stderr)


def _json(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _print(lines: Iterable[str]) -> None:
    """In UTF-8, whatever the locale; lone surrogates as escapes."""
    out = sys.stdout.buffer
    sys.stdout.flush()
    for line in lines:
        out.write(line.encode("utf-8", "backslashreplace") + b"\n")
    out.flush()


def _write(target: str, text: str, journal: str) -> None:
    """Aside first, so that what is there stays whole if the disk is full."""
    if os.path.exists(target) and os.path.exists(journal) and os.path.samefile(target, journal):
        raise UsageError(f"{target} is the journal itself; it won't be overwritten")
    data = text.encode("utf-8", "backslashreplace")
    target = os.path.realpath(target)
    aside = f"{target}.{os.getpid()}.new"
    try:
        if os.path.exists(target) and not os.path.isfile(target):
            # A pipe or a device is written to, not replaced.
            with open(target, "wb") as file:
                file.write(data)
            return
        with open(aside, "wb") as file:
            file.write(data)
        os.replace(aside, target)
    except OSError as error:
        try:
            os.unlink(aside)
        except OSError:
            pass
        raise UsageError(f"{target} can't be written: {(error.strerror or str(error)).lower()}") from None


def _keep_what_is_not_ours(target: str) -> None:
    """Where the user hasn't named the file, only an older timeline may be overwritten."""
    try:
        with open(target, "rb") as file:
            is_ours = b'name="generator" content="lumen' in file.read(4096)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"{target} can't be written: {(error.strerror or str(error)).lower()}") from None
    if not is_ours:
        raise UsageError(f"{target} is there already and is no timeline; say where to write with `-o`")


def _target(single: dict[str, str]) -> str | None:
    if "-o" in single and "--output" in single:
        raise UsageError("`-o` and `--output` are the same; give one")
    return single.get("-o", single.get("--output"))


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _width() -> int:
    if not sys.stdout.isatty():
        return 120
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 120
    except OSError:
        return 120


def _number(single: dict[str, str], name: str) -> int | None:
    text = single.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise UsageError(f"`{name}` takes a whole number, not `{text}`")
    return int(text)


def _choice(single: dict[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = single.get(name, choices[0])
    if value not in choices:
        raise UsageError(f"`{name}` takes {' or '.join(choices)}, not `{value}`")
    return value
