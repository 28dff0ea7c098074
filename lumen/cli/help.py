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
  -W                 show warnings of the check
  --no-check         run in spite of type errors; names must still be known
"""

_CHECK = """\
usage: lumen check FILE… [options]

Says what is wrong with programs, without running them: names, imports, arguments, patterns, matches that miss a case.

  --format FORMAT    text (default), or json: one object with status and diagnostics
  --deterministic    check as for `lumen run --deterministic`
"""


def show_help(command: str | None) -> None:
    """Print the help of a command, or in general."""
    print({"run": _RUN, "check": _CHECK}.get(command or "", _GENERAL), end="")


def unknown_command(command: str) -> int:
    """Say that there is no such command, and which one may be meant."""
    from lumen.runtime.finder import is_program_path

    hint = ""
    if is_program_path(command):
        hint = f"; did you mean `lumen run {command}`?"
    else:
        near = nearest(command, ["run", "check", *LATER])
        if near is not None:
            hint = f"; did you mean `{near}`?"
    print(f"lumen: there is no command `{command}`{hint}", file=sys.stderr)
    print("  = `lumen --help` lists the commands", file=sys.stderr)
    return USAGE
