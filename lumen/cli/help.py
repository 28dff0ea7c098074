"""What `--help` prints."""

from __future__ import annotations

import sys

from lumen import __version__
from lumen.cli.main import LATER, USAGE
from lumen.diagnostics.spelling import nearest

_GENERAL = f"""\
lumen {__version__}: a language for work that waits

usage:
  lumen run FILE [options]     check and run a program; `-` reads it from standard input
  lumen check FILE… [options]  say what is wrong with programs, without running them
  lumen test [PATH…] [options] run the tests in `*_test.lumen` and `test_*.lumen`
  lumen replay JOURNAL         repeat a recorded run: no network, no tools, no waiting
  lumen resume JOURNAL         go on with a recorded run that was cut off
  lumen trace WHAT JOURNAL     show a recorded run, compare two, or check one
  lumen help COMMAND           all options of a command
  lumen --version

exit codes: 0 fine, 1 usage or files, 2 errors found by the check, 3 the run failed, 4 syntax error, 130 interrupted
"""

_RUN = """\
usage: lumen run FILE [options]

Checks the program, runs it, prints what it prints and then the value of `main`, unless that is null.

  --cell NAME        call this cell instead of `main`
  --arg NAME=VALUE   an argument for it; repeat for more. Read by the parameter's type:
                     `--arg n=3`, `--arg names='["a", "b"]'`
  --deterministic    tasks run in the order they were started, and time is virtual, as with `@deterministic true`
  --seed N           random numbers, uuids and (in deterministic mode) the time follow from N
  --format FORMAT    text (default), or json: exactly one object with status, value, output and error
  --timeout MS       cancel the run after so many milliseconds
  --on-exit WHAT     tasks that still run when `main` ends: wait (default) or cancel
  --record FILE      keep a journal of the run, for `lumen replay`, `lumen resume` and `lumen trace`
  --journal WHAT     full (default), or minimal: without the steps of tasks
  --fsync WHEN       never (default): a killed run loses nothing; always: nor does a power cut
  --pdb              stop in the debugger at the first line, and again where the program fails
  -W                 show warnings of the check
  --no-check         run in spite of type errors; names must still be known
"""

_REPLAY = """\
usage: lumen replay JOURNAL [options]
       lumen replay PROGRAM --against FOLDER

Repeats a recorded run: prints what it printed and ends as it ended, with no network, no tools and no waiting. All
that the program does is compared with the journal; the first difference stops it, with both places in the source.
The program is the one that the journal has stored.

  --program FILE     use this program instead; it may differ as long as it asks for the same
  --strict           … but it must be the very one that was recorded
  --to N             stop after event N, and show tasks, variables and the ready queue
  --speed real       take as long as the recorded run did
  --against FOLDER   replay every journal in a folder with an edited program: which of them would it break, and where?
  --format FORMAT    text (default), or json: one object

exit codes: 0 the same, 1 usage or no journal, 3 the program does something else, or failed then too
"""

_RESUME = """\
usage: lumen resume JOURNAL [options]

Goes on with a recorded run that was killed, or whose disk was full: repeats what the journal has, without asking
anybody, then runs on and writes to the same journal. Prints the whole output, from the start. Calls that were under
way are made again if their tools are declared idempotent; else it stops and names them.

  --retry-inflight   make those calls again all the same
  --program FILE     go on with this program instead of the stored one; the finished journal then replays with
                     `--program` only, since it holds the source of the first
  --fsync WHEN       never (default), or always, as for `lumen run`
  --format FORMAT    text (default), or json: one object
"""

_CHECK = """\
usage: lumen check FILE… [options]

Says what is wrong with programs, without running them: names, imports, arguments, patterns, matches that miss a case.

  --format FORMAT    text (default), or json: one object with status and diagnostics
  --deterministic    check as for `lumen run --deterministic`
"""


_TEST = """\
usage: lumen test [PATH…] [options]

Runs the tests in files, or in folders and below: cells named `test_…` or marked `@test`, in files named
`…_test.lumen` or `test_….lumen`. `FILE::TEST` is one test, `FILE::TEST[CASE]` one case of it. Tests run in virtual
time and reach nothing outside; each that passes is run twice, and must do the same.

  -k EXPR            only tests whose names contain the words: `-k "cart and not slow"`
  -x                 stop at the first failure
  -v, -q             say more, or only what failed
  --list             say which tests there are, and run none
  --once             run each test once
  --seed N           of random numbers in the tests (default 0); with --explore, of the search
  --timeout MS       real time that one test may take (default 60000; 0 is for ever)
  --durations N      list the slowest N tests
  --junit FILE       write the results as JUnit XML
  --format FORMAT    text (default), or json: one object
  --pdb              open the debugger where a test has failed

recordings, in `replays/` beside the test; tests that have one run against it:
  --record           ask the world on behalf of tests that have no recording, and keep its answers
  --update           ask again for all, show what has changed, and replace recordings; --yes without asking

schedules:
  --explore N        run each test under N schedules that are all legal, and shrink the first that fails: ready
                     tasks and answers in any order, sleeps that end within 10 ms of each other too
  --faults           tools may fail, too, and tasks be cancelled
  --exhaustive       all schedules, or as many as --budget N allows (default 10000)
  --schedule S       just this one, as a failure has printed it

coverage:
  --coverage         say which lines the tests have run
  --fail-under N     fail if that is less than N percent

exit codes: 0 all passed, 1 usage or nothing found, 2 a file has errors and no other test failed, 3 a test failed
"""


_PAGES = {"run": _RUN, "check": _CHECK, "test": _TEST, "replay": _REPLAY, "resume": _RESUME}


def show_help(command: str | None) -> None:
    """Print the help of a command, or in general."""
    if command == "trace":
        from lumen.cli.trace import HELP

        print(HELP, end="")
        return
    print(_PAGES.get(command or "", _GENERAL), end="")


def unknown_command(command: str) -> int:
    """Say that there is no such command, and which one may be meant."""
    from lumen.runtime.finder import is_program_path

    hint = ""
    if is_program_path(command):
        hint = f"; did you mean `lumen run {command}`?"
    else:
        near = nearest(command, ["run", "check", "test", "replay", "resume", "trace", *LATER])
        if near is not None:
            hint = f"; did you mean `{near}`?"
    print(f"lumen: there is no command `{command}`{hint}", file=sys.stderr)
    print("  = `lumen --help` lists the commands", file=sys.stderr)
    return USAGE
