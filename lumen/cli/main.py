"""`lumen`: the first word decides."""

from __future__ import annotations

import sys

OK, USAGE, CHECK_ERRORS, FAILED, SYNTAX_ERROR, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""Exit codes (spec: Errors)."""

LATER = {
    "repl": "an interactive session",
    "fmt": "formatting",
    "serve": "running programs for others",
    "lsp": "the language server",
    "explain": "explaining a code",
}
"""Subcommands of later versions, refused by name."""


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code; never lets an exception of ours reach the user."""
    args = sys.argv[1:] if argv is None else argv
    if sys.stdout is None or sys.stderr is None:
        _open_streams()
    try:
        code = _dispatch(args)
        if not sys.stdout.closed:
            sys.stdout.flush()  # here, where an error can be told
        return code
    except KeyboardInterrupt:
        # While compiling; a run takes Ctrl-C itself.
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        from lumen.runtime.output import silence_stdout

        silence_stdout()
        return OK
    except OSError as error:
        from lumen.runtime.output import silence_stdout

        silence_stdout()
        print(f"error[unavailable]: {(error.strerror or str(error)).lower()}", file=sys.stderr)
        return USAGE
    except Exception as error:
        return _internal(error)


def _open_streams() -> None:
    """Started without stdout or stderr (`>&-`): what would go there is dropped."""
    import os

    null = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  (for as long as the process)
    sys.stdout = sys.stdout or null
    sys.stderr = sys.stderr or null


def _dispatch(args: list[str]) -> int:
    command = args[0] if args else "--help"
    if command == "run":
        from lumen.cli.run import run

        return run(args[1:])
    if command in ("replay", "resume"):
        from lumen.cli import replay

        return replay.replay(args[1:]) if command == "replay" else replay.resume(args[1:])
    if command == "trace":
        from lumen.cli.trace import trace

        return trace(args[1:])
    if command == "check":
        from lumen.cli.check import check

        return check(args[1:])
    if command == "test":
        from lumen.cli.test import test

        return test(args[1:])
    if command in ("--version", "-V", "version"):
        from lumen import __version__

        print(f"lumen {__version__}")
        return OK
    if command in ("--help", "-h", "help"):
        from lumen.cli.help import show_help

        show_help(args[1] if len(args) > 1 else None)
        return OK if args else USAGE
    if command in LATER:
        print(f"lumen: `lumen {command}` ({LATER[command]}) is not supported yet", file=sys.stderr)
        return USAGE
    from lumen.cli.help import unknown_command

    return unknown_command(command)


def _internal(error: Exception) -> int:
    """A mistake of ours: say so in one line, and keep the traceback for those who ask."""
    import os

    print(f"error[internal]: {type(error).__name__}: {error}", file=sys.stderr)
    print("  = this is a mistake in Lumen, not in the program; LUMEN_TRACEBACK=1 shows where", file=sys.stderr)
    if os.environ.get("LUMEN_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
    return FAILED


if __name__ == "__main__":
    sys.exit(main())
