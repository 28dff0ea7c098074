"""Generated programs with answers, chance, time and busy code: recorded in both modes, repeated, cut off, resumed."""

from __future__ import annotations

import time
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lumen.compiler.cache import CodeCache
from lumen.journal.reading import read_lines, verify
from lumen.journal.recorder import Recorder
from lumen.journal.store import JournalWriter
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, Options
from lumen.runtime.output import Output
from lumen.runtime.replaying import Recorded
from lumen.values.display import show
from lumen.values.errors import Failure
from tests.robust.test_generated_programs import Writer, inner

pytestmark = pytest.mark.slow

CACHE = CodeCache(None)

leaf = st.one_of(
    st.tuples(st.sampled_from(["nap", "ask", "ask", "refuse", "busy", "give"]), st.integers(0, 3)),
    st.sampled_from([("chance",), ("now",), ("variable",), ("emit",), ("fail",), ("pass on",), ("loose",), ("whole",)]),
)
trees = st.recursive(leaf, inner, max_leaves=8)

PRELUDE = """
use tool oracle.ask as Ask

extern cell whole(n: Int) -> Any

cell leaf(number: Int, body) -> Any / {external, random, time, env}
  print("+ {number}")
  defer
    print("- {number}")
  end
  return body()
end

cell spun(n: Int)
  let mut i = 0
  while i < n
    i += 1
  end
  return i
end

cell passed(n: Int) -> Int
  let ch = channel(capacity: 1)
  spawn(fn() => sent(ch, n))
  let mut sum = 0
  for x in ch
    sum += x
  end
  return sum
end

cell emitted(x: String)
  emit x
  return x
end

cell loose(n: Int)
  spawn(fn() => leaf(0, fn() => sleep(n % 4)))
end

cell sent(ch, n: Int)
  for i in 0..n
    ch.send(i)
  end
  ch.close()
end
"""

LEAVES = {
    "nap": "sleep({n})",
    "ask": "Ask(n: {n}).answer",
    "refuse": "Ask(n: -{n} - 1)",
    "busy": "spun({n} * 30000)",
    "give": "{n}",
    "chance": "random_int(1, 3)",
    "now": "timestamp() > 5",
    "variable": 'get_env("HOME") != null',
    "emit": 'emitted("{number}")',
    "fail": 'fail("leaf {number}")',
    "pass on": "passed(3)",
    "loose": "loose({number})",
    "whole": "whole(2)",
}


class RecordedWriter(Writer):
    """A leaf does something that a journal has to know of."""

    def call(self, tree) -> str:
        text = LEAVES.get(tree[0])
        if text is None:
            return super().call(tree)
        self.count += 1
        filled = text.replace("{n}", str(tree[-1])).replace("{number}", str(self.count))
        return f"leaf({self.count}, fn() => {filled})"


def program_of(tree) -> str:
    writer = RecordedWriter()
    call = writer.call(tree)
    return f"{PRELUDE}{''.join(writer.cells)}\ncell main()\n  print(attempt(fn() => {call}))\n  return {call}\nend\n"


def ask(n: int):
    if n < 0:
        raise Failure("unknown", f"no {n}", data={"n": n, "why": [1.5, None]})
    time.sleep(n * 0.0005)
    return {"answer": n, "half": n / 2}


def settings_of_a_run() -> Settings:
    made = Settings()
    made.seed = 5
    made.timeout_ms = 20_000
    made.providers = {"oracle.ask": ask}
    made.externs = {"whole": lambda n: [n] * n}
    made.repeatable = frozenset([("tool", "oracle.ask"), ("extern", "whole")])
    return made


def told(outcome, output):
    report = outcome.report
    failure = None if report is None else (report.code, report.message, report.as_json()["line"])
    return output.text(), show(outcome.value), failure


def record(program: str, journal: Path, *, is_fifo: bool, is_minimal: bool = False):
    loader = Loader(Options(deterministic=is_fifo, seeded=True, counting=True, check_effects=False), CACHE)
    unit = loader.load_program("generated.lumen", program.encode())
    given = settings_of_a_run()
    given.recorder = Recorder(JournalWriter.create(journal), is_minimal=is_minimal)
    output = Output(None, keep=True)
    outcome = Run(loader, unit, output, given).run()
    given.recorder.close()
    return told(outcome, output)


def replay(journal: Path):
    output = Output(None, keep=True)
    replayed = Recorded(str(journal), cache=CACHE).replay(output)
    assert replayed.divergence is None, str(replayed.divergence)
    assert replayed.outcome is not None
    return told(replayed.outcome, output)


def resume(journal: Path):
    output = Output(None, keep=True)
    replayed = Recorded(str(journal), cache=CACHE).resume(output, settings=settings_of_a_run())
    assert replayed.divergence is None, str(replayed.divergence)
    return told(replayed.outcome, output)


@settings(max_examples=20, deadline=None, phases=[Phase.generate])
@given(trees)
def test_repeated(tree):
    program = program_of(tree)
    with TemporaryDirectory() as folder:
        said = {}
        for is_fifo, is_minimal in product((False, True), (False, True)):
            journal = Path(folder) / f"{is_fifo}-{is_minimal}"
            recorded = said[journal.name] = record(program, journal, is_fifo=is_fifo, is_minimal=is_minimal)
            assert replay(journal) == recorded
        assert said["True-False"] == said["True-True"]


@settings(max_examples=12, deadline=None, phases=[Phase.generate])
@given(trees, st.lists(st.floats(0, 1, exclude_max=True), min_size=3, max_size=3))
def test_cut_off_in_deterministic_mode(tree, cuts):
    program = program_of(tree)
    with TemporaryDirectory() as folder:
        journal = Path(folder) / "run"
        recorded = record(program, journal, is_fifo=True)
        whole = journal.read_bytes()
        header = whole.index(b"\n") + 1
        for cut in cuts:
            journal.write_bytes(whole[: header + int(cut * (len(whole) - header))])
            assert resume(journal) == recorded
            assert journal.read_bytes() == whole


@settings(max_examples=12, deadline=None, phases=[Phase.generate])
@given(trees, st.lists(st.floats(0, 1, exclude_max=True), min_size=3, max_size=3))
def test_cut_off_in_real_time(tree, cuts):
    """What comes after the cut may come in another order; what came before it stays, and all of it repeats."""
    program = program_of(tree)
    with TemporaryDirectory() as folder:
        journal = Path(folder) / "run"
        record(program, journal, is_fifo=False)
        whole = journal.read_bytes()
        header = whole.index(b"\n") + 1
        for cut in cuts:
            journal.write_bytes(kept := whole[: header + int(cut * (len(whole) - header))])
            printed = "".join(line["text"] + "\n" for _, line in read_lines(journal) if line["event"] == "print")
            resumed = resume(journal)
            assert resumed[0].startswith(printed)
            lines = kept[: kept.rindex(b"\n") + 1].splitlines(keepends=True)
            if b'"event":"tasks"' in lines[-1]:
                lines.pop()
            assert journal.read_bytes().startswith(b"".join(lines))
            assert verify(journal).finished
            assert replay(journal) == resumed
