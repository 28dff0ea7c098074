"""Runs that are killed, that find the disk full, whose journal is cut: `lumen resume` brings each to its end.

`crashing/orders.lumen` writes files through a tool that is declared idempotent and charges customers through one that
isn't; every call leaves a line in a log outside. A run is started in a forked child and killed with SIGKILL after a
random time, gone on with by `lumen resume`, killed again, and so on to the end. Then:

* every journal on the way was readable, the last one verifies, and replays to the same output and value;
* output, value and files are those of a run that nobody disturbed; in FIFO mode so are the bytes of the journal;
* each charge was made once, but for those that resume refused to make again until `--retry-inflight` told it to;
* what resume refused was under way indeed, and named with its place.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import lumen.cli.record
import lumen.cli.replay
import lumen.runtime.workers  # noqa: F401  (forked children need not load them again)
from lumen.cli.main import main
from lumen.journal.errors import JournalError
from lumen.journal.reading import read_lines, verify

COUNT = 500
"""Kills."""
CUTS_OF_FULL = 4096
PROGRAM = Path(__file__).parent / "crashing" / "orders.lumen"
_FAILED = 3
_HANGS_S = 8.0


def soak(count: int, seed: int) -> tuple[list[str], dict[str, object]]:
    """Problems found, and figures. The cuts and full disks are in proportion to `count`."""
    chance = random.Random(seed)
    problems: list[str] = []
    figures: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="lumen-soak-") as top:
        for mode in ("eager", "fifo"):
            ward = Ward(Path(top) / mode, mode, chance, problems, figures)
            ward.undisturbed()
            while figures[f"{mode}: kills"] < count // 2:
                ward.killed_and_resumed()
            for _ in range(max(3, count // 20)):
                ward.disk_full()
            step = 1 if count >= COUNT else max(1, CUTS_OF_FULL // count)
            ward.cut_everywhere(step)
    return problems, dict(sorted(figures.items()))


class Ward:
    """Runs of the program in one mode."""

    def __init__(
        self, folder: Path, mode: str, chance: random.Random, problems: list[str], figures: Counter[str]
    ) -> None:
        self.folder = folder
        self.mode = mode
        self.chance = chance
        self.problems = problems
        self._figures = figures
        self.expected = b""
        self.expected_files: dict[str, str] = {}
        self.takes_s = 0.0
        self.whole = b""
        """The journal of the undisturbed run."""
        folder.mkdir(parents=True)

    def wrong(self, what: str) -> None:
        self.problems.append(f"{self.mode}: {what}")
        kept = self.folder.parent.parent / f"lumen-crash-{os.getpid()}-{len(self.problems)}"
        if len(self.problems) < 4 and (self.folder / "case").exists():
            shutil.copytree(self.folder / "case", kept, dirs_exist_ok=True)
            self.problems[-1] += f" (kept in {kept})"

    def count(self, what: str, more: int = 1) -> None:
        self._figures[f"{self.mode}: {what}"] += more

    # --- one process --------------------------------------------------------------------------------------------------

    def fresh(self) -> Path:
        """An empty folder for one case; it has `j`, the journal, and `effects`."""
        case = self.folder / "case"
        shutil.rmtree(case, ignore_errors=True)
        (case / "effects").mkdir(parents=True)
        return case

    def start(self, case: Path, words: list[str], limit_bytes: int | None = None) -> int:
        """Run the command line in a forked child; its process id. What it prints goes to `out` and `err`."""
        pid = os.fork()
        if pid:
            return pid
        code = 99
        faulthandler.enable(open(case / "trace", "w"))  # noqa: SIM115
        try:
            os.environ["LUMEN_SOAK_EFFECTS"] = str(case / "effects")
            for number, name in ((1, "out"), (2, "err")):
                descriptor = os.open(case / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
                os.dup2(descriptor, number)
            sys.unraisablehook = sys.__unraisablehook__  # not that of the test session around us
            warnings.resetwarnings()
            sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            if limit_bytes is not None:
                import resource  # Windows has none, and no fork either

                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
            code = main(words)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)

    def run_words(self, journal: Path) -> list[str]:
        mode = ["--deterministic"] if self.mode == "fifo" else []
        return ["run", *mode, "--record", str(journal), str(PROGRAM)]

    def finish(self, case: Path, words: list[str], limit_bytes: int | None = None) -> int:
        return self.wait(self.start(case, words, limit_bytes), words)

    def wait(self, pid: int, words: list[str]) -> int:
        """Its exit code; a child that hangs is a problem, and is killed."""
        for _ in range(int(_HANGS_S / 0.005)):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        self.wrong(f"{words} hangs")
        os.kill(pid, signal.SIGABRT)
        os.waitpid(pid, 0)
        return 99

    def undisturbed(self) -> None:
        """What everything else is compared with."""
        case = self.fresh()
        for _ in range(2):  # the first fills the cache of compiled programs
            (case / "j").unlink(missing_ok=True)
            began = time.monotonic()
            code = self.finish(case, self.run_words(case / "j"))
            self.takes_s = time.monotonic() - began
        if code:
            raise SystemExit(f"the undisturbed run fails: {(case / 'err').read_text()}")
        self.expected = (case / "out").read_bytes()
        self.expected_files = _files(case)
        self.whole = (case / "j").read_bytes()

    # --- kills --------------------------------------------------------------------------------------------------------

    def killed_and_resumed(self) -> None:
        """One run, killed until it gets through."""
        case = self.fresh()
        journal = case / "j"
        again: Counter[str] = Counter()
        words = self.run_words(journal)
        kills = self.chance.choice((1, 1, 1, 2, 3, 5))
        while True:
            pid = self.start(case, words)
            if kills:
                kills -= 1
                time.sleep(self.chance.random() * self.takes_s)
                os.kill(pid, signal.SIGKILL)
            code = self.wait(pid, words)
            if code == -signal.SIGKILL:
                self.count(
                    "kills" if (case / "j").exists() and (case / "j").stat().st_size else "killed while it starts"
                )
            elif code == _FAILED and words[0] == "resume" and "--retry-inflight" not in words:
                if not self.refused(case, again):
                    return
                words = ["resume", "--retry-inflight", str(journal)]
                continue
            elif code:
                self.wrong(f"exit {code} of {words}: {(case / 'err').read_text()}")
                return
            else:
                break
            if not self.is_begun(case):
                words = self.run_words(journal)
                continue
            words = ["resume", str(journal)]
        self.compare(case, again)

    def is_begun(self, case: Path) -> bool:
        """Whether there is a journal to go on with; nothing may have happened outside when there is none."""
        try:
            for _ in read_lines(case / "j"):
                pass
        except JournalError as error:
            effects = case / "effects" / "log"
            if error.code not in ("journal-empty", "no-such-file") or effects.exists():
                self.wrong(f"the journal of a killed run can't be read: {error.code}: {error.message}")
            with contextlib.suppress(FileNotFoundError):
                # A first line that is torn is no journal that one could go on with, and no empty file.
                (case / "j").unlink()
            return False
        return True

    def refused(self, case: Path, again: Counter[str]) -> bool:
        """Resume stopped: it must have named what was under way. Those charges may be made once more."""
        said = (case / "err").read_text()
        unsure = _under_way(case / "j")
        if "in-flight" not in said or not unsure:
            self.wrong(f"resume failed, with {sorted(unsure)} under way: {said}")
            return False
        if any(key not in said for key in unsure):
            self.wrong(f"resume does not name all of {sorted(unsure)}: {said}")
        if not re.search(r"orders\.lumen:\d+:\d+", said):
            self.wrong(f"resume names no place: {said}")
        if (case / "out").read_bytes():
            self.wrong(f"resume printed before it refused: {(case / 'out').read_bytes()!r}")
        again.update(unsure)
        self.count("refused, then told to retry")
        return True

    def compare(self, case: Path, again: Counter[str]) -> None:
        """The run has come to its end: is it as if nothing had happened?"""
        self.count("runs brought to their end")
        if (case / "out").read_bytes() != self.expected:
            self.wrong(f"other output: {(case / 'out').read_bytes()!r}")
        if _files(case) != self.expected_files:
            self.wrong("other files")
        self.compare_effects(case, again)
        journal = case / "j"
        try:
            found = verify(journal)
        except JournalError as error:
            self.wrong(f"the journal does not verify: {error.message}")
            return
        if not found.finished or found.torn:
            self.wrong("the journal has no end")
        if self.mode == "fifo" and _but_for_the_time(journal.read_bytes()) != _but_for_the_time(self.whole):
            self.wrong("the journal is not that of an undisturbed run")
        code = self.finish(case, ["replay", str(journal)])
        if code or (case / "out").read_bytes() != self.expected:
            self.wrong(f"the journal does not replay: exit {code}, {(case / 'err').read_text()}")

    def compare_effects(self, case: Path, again: Counter[str]) -> None:
        """Every call was made, and no charge more often than allowed."""
        made = Counter((case / "effects" / "log").read_text().split("\n"))
        for key in _keys(self.whole):
            if f"charge {key}" in made and made[f"charge {key}"] > 1 + again[key]:
                self.wrong(f"{key} was charged {made[f'charge {key}']} times")
            if f"charge {key}" not in made and f"save {key}" not in made:
                self.wrong(f"{key} was never called")

    # --- a full disk --------------------------------------------------------------------------------------------------

    def disk_full(self) -> None:
        """The journal can't grow beyond some size: the run stops there, and goes on when there is room."""
        case = self.fresh()
        journal = case / "j"
        limit = self.chance.randrange(100, len(self.whole) - 1)
        code = self.finish(case, self.run_words(journal), limit)
        said = (case / "err").read_text()
        self.count("full disks")
        if code not in (1, 3) or "journal-full" not in said or "Traceback" in said:
            self.wrong(f"full at {limit} bytes: exit {code}, {said!r}")
            return
        again: Counter[str] = Counter()
        if not self.is_begun(case):
            if self.finish(case, self.run_words(journal)):
                self.wrong(f"full at {limit} bytes: a new run fails: {(case / 'err').read_text()}")
                return
        elif (code := self.finish(case, ["resume", str(journal)])) == _FAILED:
            if not self.refused(case, again):
                return
            code = self.finish(case, ["resume", "--retry-inflight", str(journal)])
        if code not in (0, 1, 3) or (code and self.is_begun(case) and (case / "err").read_text()):
            self.wrong(f"full at {limit} bytes, resume: exit {code}, {(case / 'err').read_text()}")
            return
        self.compare(case, again)

    # --- a journal that is cut ----------------------------------------------------------------------------------------

    def cut_everywhere(self, step: int) -> None:
        """The journal of a whole run without its last n bytes, for every n: what is missing is done again."""
        size = len(self.whole)
        for length in range(size - 1, max(size - CUTS_OF_FULL, 0) - 1, -step):
            case = self.fresh()
            journal = case / "j"
            journal.write_bytes(self.whole[:length])
            (case / "effects" / "log").touch()
            self.count("cuts")
            code = self.finish(case, ["resume", str(journal)])
            unsure = _under_way_in(self.whole[:length])
            if unsure:
                if code != _FAILED or "in-flight" not in (case / "err").read_text():
                    self.wrong(f"cut at {length}: exit {code} with {sorted(unsure)} under way")
                    continue
                if (case / "effects" / "log").read_text():
                    self.wrong(f"cut at {length}: called something before it refused")
                code = self.finish(case, ["resume", "--retry-inflight", str(journal)])
            said = (case / "err").read_text()
            if code or (case / "out").read_bytes() != self.expected or "Traceback" in said:
                self.wrong(f"cut at {length}: exit {code}, {said}")
                continue
            if self.mode == "fifo" and _but_for_the_time(journal.read_bytes()) != _but_for_the_time(self.whole):
                self.wrong(f"cut at {length}: another journal than that of an undisturbed run")
            code = self.finish(case, ["replay", str(journal)])
            if code or (case / "out").read_bytes() != self.expected:
                self.wrong(f"cut at {length}: resumed, but does not replay: {(case / 'err').read_text()}")
            called = Counter((case / "effects" / "log").read_text().split("\n"))
            answered = _answered_in(self.whole[:length])
            twice = [line for line in called if line and (called[line] > 1 or line in answered)]
            if twice:
                self.wrong(f"cut at {length}: called although it was answered, or twice: {twice}")


# --- journals and files -----------------------------------------------------------------------------------------------


def _files(case: Path) -> dict[str, str]:
    folder = case / "effects"
    return {path.name: path.read_text() for path in folder.iterdir() if path.name != "log" and path.suffix != ".new"}


def _but_for_the_time(journal: bytes) -> bytes:
    """A journal without the one member that differs between two equal runs; the chain leaves it out as well."""
    first, _, rest = journal.partition(b"\n")
    return re.sub(rb'"recorded":\{[^}]*\}', b"", first) + b"\n" + rest


def _asks(journal: bytes) -> tuple[dict[int, str], set[int]]:
    """(asks by number as "tool key", the numbers of those that are answered or given up) in whole lines."""
    import json

    asked: dict[int, str] = {}
    answered: set[int] = set()
    for line in journal.split(b"\n")[:-1]:
        event = json.loads(line)
        if event["event"] == "ask":
            asked[event["id"]] = f"{event['name'].removeprefix('soak.')} {event['input']['key']}"
        elif event["event"] == "answer":
            answered.add(event["id"])
    return asked, answered


def _keys(journal: bytes) -> set[str]:
    return {text.split(" ")[1] for text in _asks(journal)[0].values()}


def _answered_in(journal: bytes) -> set[str]:
    asked, answered = _asks(journal)
    return {asked[number] for number in answered}


def _under_way_in(journal: bytes) -> set[str]:
    """Keys of the charges that were asked for and not answered."""
    asked, answered = _asks(journal)
    return {
        text.split(" ")[1] for number, text in asked.items() if number not in answered and text.startswith("charge ")
    }


def _under_way(journal: Path) -> set[str]:
    return _under_way_in(journal.read_bytes())
