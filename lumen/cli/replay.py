"""`lumen replay J` and `lumen resume J`."""

from __future__ import annotations

import sys

from lumen.cli.arguments import FLAG, VALUE, UsageError, read_arguments
from lumen.cli.main import CHECK_ERRORS, FAILED, OK, SYNTAX_ERROR, USAGE
from lumen.cli.record import fsync_policy, journal_failed
from lumen.cli.run import choice, integer, print_outcome
from lumen.journal.divergence import Divergence
from lumen.journal.errors import JournalError, JournalStopped
from lumen.runtime.divergent import diverged, under_way
from lumen.runtime.interpreter import Settings
from lumen.runtime.loader import LoadError, ProgramErrors
from lumen.runtime.output import Output
from lumen.runtime.replaying import InFlight, Recorded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen.runtime.replaying import Replayed
    from lumen.runtime.reports import Report

_REPLAY_OPTIONS = {
    "--program": VALUE,
    "--strict": FLAG,
    "--to": VALUE,
    "--speed": VALUE,
    "--against": VALUE,
    "--format": VALUE,
    "--help": FLAG,
    "-h": FLAG,
}
_RESUME_OPTIONS = {
    "--program": VALUE,
    "--retry-inflight": FLAG,
    "--fsync": VALUE,
    "--format": VALUE,
    "--help": FLAG,
    "-h": FLAG,
}
_LATER = {"--repl": "a session in the middle of a run"}


def replay(words: list[str]) -> int:
    """`lumen replay`; returns the exit code."""
    return _command("replay", words, _REPLAY_OPTIONS, _replay)


def resume(words: list[str]) -> int:
    """`lumen resume`; returns the exit code."""
    return _command("resume", words, _RESUME_OPTIONS, _resume)


def _command(
    name: str, words: list[str], options: dict[str, str], body: Callable[[list[str], dict[str, str]], int]
) -> int:
    try:
        files, single, _ = read_arguments(words, options, _LATER)
        if "--help" in single or "-h" in single:
            from lumen.cli.help import show_help

            show_help(name)
            return OK
        return body(files, single)
    except UsageError as error:
        print(f"lumen {name}: {error}", file=sys.stderr)
        return USAGE
    except JournalError as error:
        journal_failed(error)
        return USAGE
    except JournalStopped as stopped:
        journal_failed(stopped.error)
        return USAGE if stopped.error.code in ("journal-broken", "missing-blob") else FAILED
    except LoadError as error:
        print(f"error[{error.code}]: {error.message}", file=sys.stderr)
        return USAGE
    except ProgramErrors as errors:
        from lumen.cli.findings import print_findings

        print_findings(errors.diagnostics, as_json=choice(single, "--format", ("text", "json")) == "json",
                       with_warnings=False)  # fmt: skip
        return SYNTAX_ERROR if errors.is_syntax else CHECK_ERRORS


def _one(files: list[str]) -> str:
    if len(files) != 1:
        raise UsageError("give one journal" if not files else f"give one journal, not {len(files)}")
    return files[0]


def _replay(files: list[str], single: dict[str, str]) -> int:
    if "--against" in single:
        from lumen.cli.against import replay_all

        if len(files) > 1 or (files and "--program" in single):
            raise UsageError("`--against DIR` takes one program: `lumen replay PROGRAM --against DIR`")
        return replay_all(single.get("--program", files[0] if files else None), single["--against"], single)
    path = _one(files)
    as_json = choice(single, "--format", ("text", "json")) == "json"
    speed = choice(single, "--speed", ("fast", "real"))
    stop_after = integer(single, "--to", least=0)
    recorded = None
    output = Output(None, keep=True) if as_json else Output(sys.stdout)
    try:
        recorded = Recorded(path, program=single.get("--program"), strict="--strict" in single)
        replayed = recorded.replay(output, stop_after=stop_after, real_speed=speed == "real")
    except Divergence as divergence:
        return _failed(diverged(divergence, recorded), output, as_json)
    if stop_after is not None and replayed.outcome is not None:
        last = replayed.replayer.sink.seq - 1
        print(f"note: the run ends with event {last}, before event {stop_after}", file=sys.stderr)
    if recorded.lines.torn:
        print("warning: the last line of the journal is cut off, and was left out", file=sys.stderr)
    return _ended(replayed, recorded, output, as_json)


def _ended(replayed: Replayed, recorded: Recorded, output: Output, as_json: bool) -> int:
    if replayed.divergence is not None:
        return _failed(diverged(replayed.divergence, recorded), output, as_json)
    if replayed.outcome is not None:
        return print_outcome(replayed.outcome, output, as_json=as_json)
    output.flush()
    state = replayed.state
    assert state is not None
    if as_json:
        _print_json({"status": "stopped", "value": None, "output": output.text(), "error": None, "state": state.data})
    elif replayed.was_cut_off:
        print(f"the journal ends here: the run was cut off; `lumen resume {recorded.path}` goes on", file=sys.stderr)
        print(state.text(), file=sys.stderr)
    else:
        print(state.text())
    return OK if replayed.stopped else FAILED


def _resume(files: list[str], single: dict[str, str]) -> int:
    path = _one(files)
    as_json = choice(single, "--format", ("text", "json")) == "json"
    output = Output(None, keep=True) if as_json else Output(sys.stdout)
    recorded = Recorded(path, program=single.get("--program"))
    settings = Settings()
    settings.take_interrupt = True
    try:
        replayed = recorded.resume(
            output, retry_in_flight="--retry-inflight" in single, fsync=fsync_policy(single), settings=settings
        )
    except InFlight as calls:
        output.drop()
        return _failed(under_way(calls, recorded), output, as_json)
    if replayed.outcome is not None and not replayed.replayer.is_live and not as_json:
        print("note: the run has ended already; there is nothing to go on with", file=sys.stderr)
    return _ended(replayed, recorded, output, as_json)


def _failed(report: Report, output: Output, as_json: bool) -> int:
    if as_json:
        _print_json({"status": "error", "value": None, "output": output.text(), "error": report.as_json()})
    else:
        from lumen.cli.findings import use_colour

        output.flush()
        print(report.as_text(colour=use_colour(sys.stderr)), file=sys.stderr)
    return FAILED


def _print_json(data: dict[str, object]) -> None:
    import json

    text = json.dumps(data, ensure_ascii=False)
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.flush()
