"""Changed programs against journals of the unchanged ones: every change that shows must stop the replay.

For each program, in both modes: record it; its own replay must agree. Then for every mutant (see `mutants.py`) two
things are found out without any journal, by runs in virtual time: did its line run at all, and does it do anything
else than the original? What a run does is what it calls outside and with what, what it spawns, waits for (ms), decides,
prints, emits and gives. Then the journal is replayed with the mutant:

* it does something else: the replay must diverge, name a place on both sides, and nothing may be sent outside; for one
  mutant of each program the command line must say so too, with exit code 3 and both places;
* its line does not run: the replay must agree;
* its line runs, but it does the same (`n + 0`): equal in meaning in this run, either is right. They are counted.

Left out are mutants that do not compile, and those that never end by themselves.
"""

from __future__ import annotations

import io
import random
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from lumen.cli.main import main
from lumen.compiler.cache import CodeCache
from lumen.journal.divergence import Divergence
from lumen.journal.values import encode_value
from lumen.kernel.kernel import Kernel
from lumen.kernel.trace import Observer
from lumen.runtime.interpreter import Run
from lumen.runtime.loader import ProgramErrors
from lumen.runtime.output import Output
from lumen.runtime.outside import Outside
from tests.soak.mutants import Mutant, mutants
from tests.soak.recording import Told, loaded, record, replay, settings_for

COUNT = 10_000
"""Mutants of each program at most, chosen by chance: by default all of them."""
ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "tests/soak/recorded", ROOT / "examples")
MODES = ("eager", "fifo")
_ENDLESS_MS = 4_000


def programs() -> list[Path]:
    """The programs that are changed."""
    return [path for folder in FOLDERS for path in sorted(folder.glob("*.lumen*"))]


def soak(count: int, seed: int) -> tuple[list[str], dict[str, object]]:
    """Problems found, and figures."""
    problems: list[str] = []
    figures: Counter[str] = Counter()
    chance = random.Random(seed)
    for path in programs():
        check(path, problems, figures, chance, count)
    return problems, dict(sorted(figures.items()))


def check(path: Path, problems: list[str], figures: Counter[str], chance: random.Random, count: int) -> None:
    """One program and its mutants."""
    with tempfile.TemporaryDirectory(prefix="lumen-soak-") as top:
        folder = Path(top) / path.parent.name
        shutil.copytree(path.parent, folder)
        copy = folder / path.name
        cache = CodeCache(Path(top) / "cache")
        text = path.read_text()
        journals = {}
        for mode in MODES:
            journal = journals[mode] = Path(top) / f"{mode}.jsonl"
            told = record(loaded(copy, is_fifo=mode == "fifo"), copy, journal)
            again = replay(journal, copy, cache)
            if not isinstance(again, Told) or again != told:
                problems.append(f"FALSE ALARM {path.name}, {mode}: {_described(again)}")
        original, lines = observe(copy, text)
        figures["programs"] += 1
        is_told = False
        all_of_it = mutants(text, is_markdown=path.name.endswith(".md"))
        for mutant in sorted(chance.sample(all_of_it, min(count, len(all_of_it))), key=lambda m: m.line):
            try:
                seen, _ = observe(copy, mutant.text)
            except ProgramErrors:
                figures["not counted: do not compile"] += 1
                continue
            if seen is None:
                figures["not counted: never end"] += 1
                continue
            copy.write_text(mutant.text)
            for mode in MODES:
                with nothing_sent() as sent:
                    found = replay(journals[mode], copy, cache)
                where = f"{path.name}, {mode}, {mutant}"
                figures["replays"] += 1
                if sent:
                    problems.append(f"SENT {where}: {sent}")
                _judge(mutant, found, where, seen != original, mutant.line in lines, problems, figures)
            if not is_told and seen != original:
                is_told = True
                _check_command_line(journals["eager"], copy, f"{path.name}, {mutant}", problems)
            copy.write_text(text)


def _judge(
    mutant: Mutant,
    found: Told | Divergence | str,
    where: str,
    is_other: bool,
    is_reached: bool,
    problems: list[str],
    figures: Counter[str],
) -> None:
    is_caught = isinstance(found, Divergence)
    if isinstance(found, str):
        problems.append(f"ENDED EARLY {where}: {found}")
    elif is_other:
        figures["do something else"] += 1
        figures["of them caught"] += is_caught
        if not is_caught:
            problems.append(f"MISSED {where}")
    elif not is_reached:
        figures["line not reached"] += 1
        if is_caught:
            problems.append(f"FALSE ALARM {where}: {_described(found)}")
    else:
        figures["equal in meaning"] += 1
        figures[f"equal in meaning, {'caught' if is_caught else 'not caught'}, {mutant.kind}"] += 1
    if isinstance(found, Divergence):
        for side, place in (("recorded", found.recorded_place), ("actual", found.actual_place)):
            if not place or not place[0] or not place[1] or not place[2]:
                figures[f"divergences without a place, {side}"] += 1
                problems.append(f"NO PLACE ({side}) {where}: {_described(found)}")


def _check_command_line(journal: Path, changed: Path, where: str, problems: list[str]) -> None:
    """`lumen replay` of a program that does something else."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(["replay", str(journal), "--program", str(changed)])
    said = err.getvalue()
    places = re.findall(r"--> \S+\.(?:lumen|md):\d+:\d+", said)
    if code != 3 or "replay-divergence" not in said or len(places) < 2 or "Traceback" in said:
        problems.append(f"COMMAND LINE {where}: exit {code}, {said}")


def _described(found: object) -> str:
    if isinstance(found, Divergence):
        return f"{found.message} (recorded at {found.recorded_place}, actual at {found.actual_place}; {found.hint})"
    return str(found)


@contextmanager
def nothing_sent() -> Iterator[list[Any]]:
    """A list of the commands that were carried out inside, which should stay empty."""
    sent: list[Any] = []
    execute = Outside.execute

    def told(self: Outside, commands: Any) -> None:
        sent.extend(commands)
        execute(self, commands)

    Outside.execute = told  # type: ignore[method-assign]
    try:
        yield sent
    finally:
        Outside.execute = execute  # type: ignore[method-assign]


# --- what a program does, found out without a journal -----------------------------------------------------------------


class _Seen(Observer):
    """Writes down what shows."""

    def __init__(self) -> None:
        self.events: list[object] = []

    def asked(self, ask: Any) -> None:
        payload = ask.payload
        given = encode_value(list(payload) if type(payload) is tuple else payload, canonical=True)
        self.events.append(("ask", ask.kind, ask.name, given))

    def asked_now(self, kind: str, name: str, payload: Any, answer: Any) -> Any:
        self.events.append(("now", kind, name, encode_value(list(payload), canonical=True)))
        return answer(kind, name, payload)

    def decided(self, construct: Any, decision: object) -> None:
        self.events.append(("decided", construct.word, repr(decision)))

    def printed(self, text: str) -> None:
        self.events.append(("print", text))

    def emitted(self, value: object) -> None:
        self.events.append(("emit", encode_value(value)))


def observe(path: Path, text: str) -> tuple[list[object] | None, set[int]]:
    """What a run in virtual time does, and which of its lines ran; None if it has to be ended.

    Raises:
        ProgramErrors: it can't run.
    """
    program = loaded(path, is_fifo=True, text=text)
    settings = settings_for(path)
    settings.timeout_ms = _ENDLESS_MS
    settings.observer = seen = _Seen()
    events = seen.events
    output = Output(None, keep=True)
    with _told_of(events), _lines_of(str(path)) as lines:
        outcome = Run(*program, output, settings).run()
    report = outcome.report
    if report is not None and report.code == "timeout" and "the run took longer" in report.message:
        return None, lines
    events.append(("end", encode_value(outcome.value) if report is None else (report.code, report.message)))
    return events, lines


@contextmanager
def _told_of(events: list[object]) -> Iterator[None]:
    """Spawns (by the name of what is called) and waits (by their ms) go to `events` as well."""
    spawn, sleep, duration = Kernel.spawn, Kernel._start_sleep, Kernel.duration_ns

    def told_spawn(self: Kernel, coro: Any, site: Any = None) -> Any:
        events.append(("spawn", getattr(coro, "__name__", "")))
        return spawn(self, coro, site)

    def told_duration(self: Kernel, ms: Any, what: str) -> int:
        events.append((what, repr(ms)))
        return duration(self, ms, what)

    def told_sleep(self: Kernel, ms: Any) -> None:
        events.append(("sleep", repr(ms)))
        sleep(self, ms)

    Kernel.spawn, Kernel._start_sleep, Kernel.duration_ns = told_spawn, told_sleep, told_duration  # type: ignore
    try:
        yield
    finally:
        Kernel.spawn, Kernel._start_sleep, Kernel.duration_ns = spawn, sleep, duration  # type: ignore


@contextmanager
def _lines_of(path: str) -> Iterator[set[int]]:
    """The lines of a file that run inside."""
    lines: set[int] = set()

    def traced(frame: Any, event: str, arg: object) -> Any:
        if frame.f_code.co_filename != path:
            return None
        if event == "line":
            lines.add(frame.f_lineno)
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        yield lines
    finally:
        sys.settrace(before)
