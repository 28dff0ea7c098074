"""`lumen replay PROGRAM --against DIR`: which recorded runs an edited program would break, and where."""

from __future__ import annotations

import os
import sys

from lumen.cli.arguments import UsageError
from lumen.cli.main import FAILED, OK, USAGE
from lumen.cli.run import choice
from lumen.journal.divergence import Divergence, describe
from lumen.journal.errors import JournalError, JournalStopped
from lumen.runtime.divergent import diverged
from lumen.runtime.output import Output
from lumen.runtime.replaying import Recorded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def replay_all(program: str | None, folder: str, single: dict[str, str]) -> int:
    """Replay every journal below a folder; the exit code: 3 if the program breaks one, 1 if one can't be read.

    Args:
        program: the edited program; None replays each journal with what it has stored.
    """
    as_json = choice(single, "--format", ("text", "json")) == "json"
    paths = _journals(folder)
    if not paths:
        raise UsageError(f"there is no journal (*.jsonl) in `{folder}`")
    results = [_one(path, program, "--strict" in single) for path in paths]
    broken = [result for result in results if result["status"] == "broken"]
    unread = [result for result in results if result["status"] == "unreadable"]
    if as_json:
        import json

        print(json.dumps({"status": "error" if broken or unread else "ok", "runs": results}, ensure_ascii=False))
    else:
        for result in results:
            _print(result)
        same = len(results) - len(broken) - len(unread)
        print(f"{same} of {len(results)} recorded runs repeat" + (f", {len(broken)} break" if broken else ""))
    return FAILED if broken else USAGE if unread else OK


def _journals(folder: str) -> list[str]:
    if os.path.isfile(folder):
        return [folder]
    if not os.path.isdir(folder):
        raise UsageError(f"there is no folder `{folder}`")
    found = []
    for place, _, names in os.walk(folder):
        found += [os.path.join(place, name) for name in names if name.endswith(".jsonl")]
    return sorted(found)


def _one(path: str, program: str | None, strict: bool) -> dict[str, Any]:
    result: dict[str, Any] = {"journal": path, "status": "same"}
    recorded = None
    try:
        recorded = Recorded(path, program=program, strict=strict)
        replayed = recorded.replay(Output(None))
        divergence = replayed.divergence
        if replayed.was_cut_off:
            result["status"] = "same so far"
    except Divergence as found:
        divergence = found
    except (JournalError, JournalStopped) as problem:
        error = problem.error if isinstance(problem, JournalStopped) else problem
        return {**result, "status": "unreadable", "error": {"code": error.code, "message": error.message}}
    if divergence is not None:
        report = diverged(divergence, recorded)
        result |= {"status": "broken", "error": report.as_json(), "divergence": divergence}
        result["error"]["text"] = report.as_text()
        del result["divergence"]
        was = "nothing" if divergence.recorded is None else describe(divergence.recorded)
        result["summary"] = f"recorded {was}, now {describe(divergence.actual)}"
    return result


def _print(result: dict[str, Any]) -> None:
    print(f"{result['status']:12} {result['journal']}")
    error = result.get("error")
    if error is None:
        return
    if result["status"] == "broken":
        for line in error["text"].split("\n"):
            print(f"    {line}")
    else:
        print(f"    error[{error['code']}]: {error['message']}", file=sys.stderr)
