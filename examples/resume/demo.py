"""Kills a run twice, goes on with it each time, and shows that nothing was lost, and nothing bought twice.

`python examples/resume/demo.py`; exit code 1 if anything is not as it says.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = HERE / "orders.lumen"
PATIENCE_S = 60
KILLS_WITH = "TerminateProcess" if sys.platform == "win32" else "SIGKILL"


def start(folder: Path, *words: str, hangs: str = "") -> subprocess.Popen[str]:
    """`lumen WORDS`, whose shop writes to the ledger of a folder. `hangs`: the call that is never answered."""
    checkout = str(HERE.parent.parent)
    path = os.pathsep.join(filter(None, (checkout, os.environ.get("PYTHONPATH"))))
    env = {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1", "LEDGER": str(folder / "ledger"), "HANGS": hangs}
    return subprocess.Popen(
        [sys.executable, "-m", "lumen", *words], cwd=folder, env=env, text=True, encoding="utf-8",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(folder: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, output and errors of `lumen WORDS`."""
    process = start(folder, *words)
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


def kill_when(process: subprocess.Popen[str], is_time: Callable[[], bool]) -> None:
    """Kill the process at a moment of its work, without telling it."""
    give_up = time.monotonic() + PATIENCE_S
    while not is_time():
        if process.poll() is not None or time.monotonic() > give_up:
            process.kill()
            sys.exit(f"the run did not come so far: {process.communicate()[1]}")
        time.sleep(0.001)
    process.kill()
    process.communicate()


def lines(file: Path) -> list[str]:
    """Of a file that may not be there yet."""
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def claim(what: str, is_so: bool) -> None:
    """Say it, and stop if it is not so."""
    print(f"  {'yes' if is_so else 'NO '}  {what}", flush=True)
    if not is_so:
        sys.exit(1)


def say(text: str) -> None:
    """A line, or several, of the story."""
    print(text, flush=True)


def main(top: Path) -> None:
    """The whole story."""
    calm, killed = top / "calm", top / "killed"
    calm.mkdir()
    killed.mkdir()
    ledger, journal = killed / "ledger", killed / "run.jsonl"

    say("1. Five orders, undisturbed.")
    code, expected, err = finish(calm, "run", str(PROGRAM))
    claim(f"the run ends well: {expected.splitlines()[-2]}{err}", code == 0)

    say(f"2. The same with a journal, killed ({KILLS_WITH}) while order 3 is being packed.")
    process = start(killed, "run", "--record", str(journal), str(PROGRAM), hangs="pack 3 late")
    kill_when(process, lambda: len(lines(ledger)) == 9)
    say(f"     done so far, as the shop and the bank know it: {', '.join(_short(line) for line in lines(ledger))}")
    asked, answered = _calls(journal)
    say(f"     in the journal: {asked} calls, {answered} answers")

    say("3. `lumen resume`. Packing is idempotent, so 3 is packed again. Killed while the bank is asked for order 5.")
    process = start(killed, "resume", str(journal), hangs="charge 5 early")
    kill_when(process, lambda: '"input":{"cents":640,"order":5}' in "".join(lines(journal)))
    claim("no charge that had an answer was made again", _most(ledger, "charge") == 1)

    say("4. `lumen resume` again. Nobody knows whether the bank has the money for order 5, so it asks.")
    code, out, err = finish(killed, "resume", str(journal))
    say("".join(f"     | {line}\n" for line in err.splitlines()[:2]).rstrip())
    claim("it stops before it does anything", code == 3 and out == "" and "bank.charge" in err)
    claim("the bank's own books have no charge for order 5", not any(_short(x) == "charge 5" for x in lines(ledger)))

    say("5. So it may be made: `lumen resume --retry-inflight`.")
    code, out, err = finish(killed, "resume", "--retry-inflight", str(journal))
    claim("the run ends well", code == 0 and err == "")
    claim("it has printed what the undisturbed run printed", out == expected)
    claim("every order was charged once", sorted(_counts(ledger, "charge").values()) == [1] * 5)
    again = Counter(map(_short, lines(ledger))) - Counter(map(_short, lines(calm / "ledger")))
    claim(f"made twice: {', '.join(again)}; nothing else", set(again) <= {"pack 3", "mail 3"} and "pack 3" in again)

    say("6. The journal is that of a whole run.")
    before = lines(ledger)
    claim("it verifies", finish(killed, "trace", "verify", str(journal))[0] == 0)
    code, out, err = finish(killed, "replay", str(journal))
    claim("it replays to the same output, and neither shop nor bank is asked",
          (code, out, err) == (0, expected, "") and lines(ledger) == before)  # fmt: skip


def _short(line: str) -> str:
    """What was done, and for which order."""
    return " ".join(line.split()[:2])


def _counts(ledger: Path, what: str) -> Counter[str]:
    return Counter(_short(line) for line in lines(ledger) if line.startswith(what))


def _most(ledger: Path, what: str) -> int:
    return max(_counts(ledger, what).values())


def _calls(journal: Path) -> tuple[int, int]:
    kept = lines(journal)
    return (sum('"event":"ask"' in line for line in kept), sum('"event":"answer"' in line for line in kept))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="lumen-resume-", ignore_cleanup_errors=True) as folder:
        main(Path(folder))
