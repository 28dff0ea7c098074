"""Lumen: a small language for work that waits, compiled to CPython and scheduled by a kernel of its own.

`lumen.run("program.lumen")` runs a program; `lumen.Interpreter` embeds one. Both live in `lumen.api` and are
imported when first used, because every start of the command line passes through this file.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lumen.api import (
        CheckError,
        CheckResult,
        Interpreter,
        LumenError,
        ReplayError,
        RunError,
        RunResult,
        check,
        replay,
        resume,
        run,
        run_async,
    )

__version__ = "0.1.0"

__all__ = [
    "CheckError",
    "CheckResult",
    "Interpreter",
    "LumenError",
    "ReplayError",
    "RunError",
    "RunResult",
    "__version__",
    "check",
    "replay",
    "resume",
    "run",
    "run_async",
]


def __getattr__(name: str) -> object:
    if name in __all__:
        from lumen import api

        return getattr(api, name)
    raise AttributeError(f"module 'lumen' has no attribute {name!r}")
