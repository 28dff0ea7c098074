"""What a run may meet is in its journal and comes back from there: answers, signals, interruptions."""

from __future__ import annotations

import io
import math
import os
import signal
import threading

import pytest
import trio

import lumen
from lumen.journal.errors import JournalError
from lumen.journal.reading import read_lines, verify
from lumen.journal.recorder import Recorder
from lumen.journal.store import JournalWriter
from lumen.kernel.ops import ASIDE, PREEMPT
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, Options
from lumen.runtime.output import Output
from lumen.runtime.replaying import InFlight, Recorded
from lumen.values.display import show
from lumen.values.errors import Failure

MODES = pytest.mark.parametrize("is_fifo", [False, True], ids=["eager", "fifo"])


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "run.jsonl"


def told(result):
    """All of a result that a replay must repeat."""
    error = result.error
    failure = None if error is None else (error.code, error.message, error.details["line"], error.details["column"])
    return result.output, show(result.value), failure


def events(journal, kind):
    return [line for _, line in read_lines(journal) if line["event"] == kind]


def replayed(journal):
    return told(lumen.replay(journal, check=False))


# --- answers ----------------------------------------------------------------------------------------------------------

ANSWERS = [
    None, True, 0, -1, 2**80, 1.0, 0.1, -0.0, 1e300, math.nan, math.inf, -math.inf, "",
    "\ud800 \x00 \u2028 é 日",
    b"", b"\x00\xff", [], [[1], [1.0], [True]], {}, {"b": 1, "a": 2}, {"$map": 1, "$blob": "x"}, {"$secret": True},
    {"deep": {"er": [{"still": None}]}}, "x" * 100_000, b"y" * 100_000, ["z" * 70_000, {"w": "v" * 70_000}],
]  # fmt: skip

ASKING = """
use tool world.answer as Answer
cell main() -> Any / {external}
  let mut found = []
  for n in 0..COUNT
    let value = Answer(n: n)
    print(value)
    found = append(found, value)
  end
  return found
end
"""


@MODES
def test_answers_come_back_as_they_were(journal, is_fifo):
    interpreter = lumen.Interpreter(deterministic=is_fifo)
    interpreter.provide("world.answer", lambda n: ANSWERS[n])
    then = interpreter.run(source=ASKING.replace("COUNT", str(len(ANSWERS))), record=journal)
    now = lumen.replay(journal)
    assert repr(now.value) == repr(then.value)  # tells 1 from 1.0, and nan is like nan
    assert now.output == then.output
    assert list(journal.with_name("run.jsonl.blobs").iterdir())


SAME = """
extern cell same(x: Any, twice: Any = null) -> Any
cell main()
  let mut found = []
  for value in [(1, "a"), to_set([3, 1]), {2: "i", "2": "s", (1, 2): [()]}, 2 ** 70]
    let back = same(value)
    assert_eq(back, value)
    found = append(found, [back, same(x: 1, twice: [value])])
  end
  print(found)
  return found
end
"""


@MODES
def test_tuples_sets_and_maps_of_any_keys_are_answers(journal, is_fifo):
    interpreter = lumen.Interpreter(deterministic=is_fifo)
    interpreter.register(lambda x, twice=None: twice or x, name="same")
    then = interpreter.run(source=SAME, record=journal)
    assert repr(lumen.replay(journal).value) == repr(then.value)
    assert replayed(journal) == told(then)


FAILING = """
use tool world.fail as Fail
cell main() -> Any / {external}
  let mut found = []
  for n in 0..4
    match attempt(fn() => Fail(n: n))
      ok(v) -> found = append(found, v)
      err(e) -> found = append(found, [e.code, e.message])
    end
  end
  print(found)
  return Fail(n: 1)
end
"""


class Odd(Exception):
    lumen_code = "odd"


def fail(n: int):
    raise [
        Failure("planned", "as planned", data={"n": [1, 2.5, None], "z": "x" * 70_000}),
        Odd("strange \ud800 " + "w" * 70_000),
        ValueError("a bug\nof two lines"),
        Failure("empty", ""),
    ][n]


@MODES
def test_failures_come_back_as_they_were(journal, is_fifo):
    interpreter = lumen.Interpreter(deterministic=is_fifo)
    interpreter.provide("world.fail", fail)
    then = interpreter.run(source=FAILING, record=journal, check=False)
    assert then.error.code == "odd"
    assert replayed(journal) == told(then)


WORLD = """
cell main()
  print(read_line())
  let before = timestamp()
  print(attempt(fn() => read_file("PLACE/missing")))
  write_file("PLACE/file", "text")
  print(read_file("PLACE/file"))
  print(uuid(), random_int(1, 1000000), random())
  print(get_env("LUMEN_TEST_VARIABLE"), get_env("LUMEN_TEST_NONE"))
  print(read_line(), read_line())
  sleep(2)
  print(timestamp() > before, timestamp())
end
"""


@MODES
def test_the_rest_of_the_world(journal, tmp_path, is_fifo, monkeypatch):
    monkeypatch.setenv("LUMEN_TEST_VARIABLE", "then")
    interpreter = lumen.Interpreter(deterministic=is_fifo, seed=3 if is_fifo else None, stdin=io.StringIO("one\ntwo\n"))
    then = interpreter.run(source=WORLD.replace("PLACE", tmp_path.as_posix()), record=journal)
    (tmp_path / "file").write_text("other")
    monkeypatch.setenv("LUMEN_TEST_VARIABLE", "now")
    assert replayed(journal) == told(then)
    assert (tmp_path / "file").read_text() == "other"


# --- busy code --------------------------------------------------------------------------------------------------------

SPUN = """
cell spun(n: Int) -> Int
  defer
    print("spun")
  end
  let mut i = 0
  while i < n
    i += 1
  end
  return i
end

"""

NESTED = """
cell ticks(ch: Channel[Int])
  defer
    print("no more ticks")
    ch.close()
  end
  let mut n = 0
  while n < 100000
    sleep(1)
    ch.send(n)
    n += 1
  end
end

cell heard(ch: Channel[Int]) -> Int
  let mut count = 0
  for n in ch
    count += spun(2000) / 2000
    if count % 3 == 0
      print("heard {count}")
    end
  end
  return count
end

cell main()
  let ch = channel[Int](capacity: 2)
  let ticker = spawn(ticks(ch))
  let hearer = spawn(heard(ch))
  let late = await timeout(9, spun(1000000000))
  let first = await race
    spun(1000000000)
    async
      sleep(4)
      spun(40000)
    end
    async
      while true
        spun(7)
      end
    end
  end
  ticker.cancel()
  print(late, first, await hearer)
end
"""


@pytest.mark.slow
def test_busy_code_is_interrupted_at_the_same_places_50_times(journal):
    then = lumen.Interpreter(deterministic=False, timeout_s=20).run(source=SPUN + NESTED, record=journal)
    assert "null 40000" in then.output
    ops = {op for line in events(journal, "tasks") for op in line["ops"]}
    assert {PREEMPT, ASIDE} <= ops
    recorded = Recorded(str(journal), keeps_lines=True)
    for _ in range(50):
        output = Output(None, keep=True)
        again = recorded.replay(output)
        assert again.divergence is None, str(again.divergence)
        assert (output.text(), again.outcome.report) == (then.output, None)


@pytest.mark.slow
@pytest.mark.parametrize("is_async", [False, True], ids=["run", "run_async"])
def test_busy_code_that_was_killed_goes_on(journal, is_async):
    interpreter = lumen.Interpreter(timeout_s=20)

    async def main():
        await interpreter.run_async(source=SPUN + NESTED, record=journal)

    if is_async:
        trio.run(main)
    else:
        interpreter.run(source=SPUN + NESTED, record=journal)
    whole = journal.read_bytes()
    header = whole.index(b"\n") + 1
    for cut in (0.0, 0.1, 0.37, 0.5, 0.83, 0.999, 1.0):
        journal.write_bytes(whole[: header + int(cut * (len(whole) - header))])
        resumed = interpreter.resume(journal)
        assert "null 40000" in resumed.output
        assert replayed(journal) == told(resumed)


@pytest.mark.parametrize(
    ("body", "is_fifo"),
    [("spun(1000000000)", False), ("spun(1000000000)", True), ("while true\n    1\n  end", False), ("Wait()", False),
     ("Wait()", True)],
)  # fmt: skip
def test_the_time_limit(journal, body, is_fifo):
    cleaned = 'defer\n    print("cleaned")\n  end'
    source = f"use tool world.wait as Wait\n{SPUN}cell main() -> Any / {{external}}\n  {cleaned}\n  {body}\nend\n"
    interpreter = lumen.Interpreter(deterministic=is_fifo, timeout_s=0.15)
    interpreter.provide("world.wait", trio.sleep_forever)
    then = interpreter.run(source=source, record=journal, check=False)
    assert then.error.code == "timeout"
    assert then.output.endswith("cleaned\n")
    assert replayed(journal) == told(then)
    assert verify(journal).finished


# --- how a run is ended from outside ----------------------------------------------------------------------------------

ENDED = """
extern cell pull(n: Int) -> Int
cell watched(n: Int)
  defer
    print("left {n}")
  end
  sleep(100000)
end
cell main()
  defer
    print("main left")
  end
  let a = spawn(watched(1))
  let b = spawn(watched(2))
  sleep(1)
  print("pulled", pull(1))
  BODY
end
"""


def run_with(journal, source, stream=None, *, is_fifo=False, **given):
    """A run at the level below the API; its outcome and what was printed."""
    loader = Loader(Options(deterministic=is_fifo, counting=True))
    unit = loader.load_program("ended.lumen", source.encode())
    settings = Settings()
    for name, value in given.items():
        setattr(settings, name, value)
    settings.recorder = Recorder(JournalWriter.create(journal))
    output = Output(stream, keep=True)
    try:
        outcome = Run(loader, unit, output, settings).run()
    finally:
        settings.recorder.close()
    return outcome, output.text()


def replay_with(journal, *, stream=None):
    output = Output(stream, keep=True)
    again = Recorded(str(journal)).replay(output)
    assert again.divergence is None, str(again.divergence)
    return again.outcome, output.text()


@pytest.mark.skipif(os.name == "nt", reason="sends itself a signal")
@pytest.mark.parametrize("body", ["sleep(100000)", "while true\n    1\n  end", "await a", "channel().receive()"])
@MODES
def test_ctrl_c(journal, body, is_fifo):
    def pull(n):
        signal.raise_signal(signal.SIGINT)
        return n

    outcome, text = run_with(
        journal, ENDED.replace("BODY", body), is_fifo=is_fifo, externs={"pull": pull}, take_interrupt=True
    )
    assert outcome.was_interrupted
    assert text.endswith("main left\n")
    again, said = replay_with(journal)
    assert (again.report.code, again.was_interrupted, said) == ("cancelled", True, text)
    assert [line["what"] for line in events(journal, "signal")] == ["interrupt"]


class Broken(io.StringIO):
    def write(self, text):
        raise BrokenPipeError


@MODES
def test_output_that_nobody_reads(journal, is_fifo):
    outcome, text = run_with(
        journal, ENDED.replace("BODY", "sleep(5)\n  print(await a)"), Broken(), is_fifo=is_fifo, externs={"pull": int}
    )
    assert outcome.report is None
    assert "main left\n" in text
    assert replay_with(journal)[1] == text


@MODES
def test_a_deadlock(journal, is_fifo):
    source = "cell main()\n  let ch = channel()\n  spawn(fn() => ch.receive())\n  print(1)\n  ch.receive()\nend\n"
    then = lumen.Interpreter(deterministic=is_fifo).run(source=source, record=journal, check=False)
    assert then.error.code == "deadlock"
    assert replayed(journal) == told(then)


@pytest.mark.parametrize("on_exit", ["wait", "cancel"])
@MODES
def test_tasks_that_outlive_main(journal, on_exit, is_fifo):
    source = """
cell later(n: Int)
  defer
    sleep(1)
    print("left {n}")
  end
  sleep(n)
  print("done {n}")
end
cell main()
  spawn(later(2))
  spawn(later(300))
  sleep(3)
end
"""
    then = lumen.Interpreter(deterministic=is_fifo, on_exit=on_exit).run(source=source, record=journal)
    assert ("done 300" in then.output) == (on_exit == "wait")
    assert replayed(journal) == told(then)


# --- what runs it -----------------------------------------------------------------------------------------------------

FETCHING = """
use tool world.fetch as Fetch
cell main() -> Any / {external}
  let found = await parallel
    Fetch(n: 1)
    Fetch(n: 2)
    async
      sleep(2)
      print("slept")
    end
  end
  print(await race(Fetch(n: 3), sleep(1000000)))
  return found
end
"""


async def fetch(n: int) -> int:
    await trio.sleep(0.001 * n)
    return n * 10


@MODES
def test_a_run_inside_a_trio_program(journal, is_fifo):
    interpreter = lumen.Interpreter(deterministic=is_fifo)
    interpreter.provide("world.fetch", fetch)
    results = []

    async def main():
        results.append(await interpreter.run_async(source=FETCHING, record=journal))

    trio.run(main)
    assert results[0].value == [10, 20, None]
    assert replayed(journal) == told(results[0])


def test_a_trio_program_that_cancels_the_run(journal):
    source = 'cell main()\n  defer\n    sleep(1)\n    print("cleaned")\n  end\n  sleep(100000)\nend\n'
    finished = []

    async def main():
        with trio.CancelScope() as scope:
            interpreter = lumen.Interpreter(on_emit=lambda value: scope.cancel())
            await interpreter.run_async(
                source=source.replace("  sleep(100000)", "  emit 1\n  sleep(100000)"), record=journal
            )
            finished.append(True)

    trio.run(main)
    assert not finished
    assert verify(journal).finished
    output, _, failure = replayed(journal)
    assert (output, failure[0]) == ("cleaned\n", "cancelled")


@pytest.mark.parametrize("is_async", [False, True], ids=["run", "run_async"])
def test_a_journal_that_can_not_be_written_ends_the_run(journal, monkeypatch, is_async):
    sent = []

    def flush(self, *, sync=True):
        raise JournalError("journal-full", "no room")

    def call(n):
        sent.append(n)

    monkeypatch.setattr(JournalWriter, "flush", flush)
    monkeypatch.setattr(JournalWriter, "close", lambda self: None)
    interpreter = lumen.Interpreter()
    interpreter.provide("world.fetch", call)

    async def main():
        return await interpreter.run_async(source=FETCHING, record=journal, check=False)

    result = trio.run(main) if is_async else interpreter.run(source=FETCHING, record=journal, check=False)
    assert (result.error.code, sent) == ("journal-full", [])


@pytest.mark.parametrize("is_async", [False, True], ids=["run", "run_async"])
def test_a_program_with_errors_leaves_the_journal_alone(journal, is_async):
    journal.write_text("mine")
    interpreter = lumen.Interpreter()

    async def main():
        return await interpreter.run_async(source="print(x)\n", record=journal, check=False)

    result = trio.run(main) if is_async else interpreter.run(source="print(x)\n", record=journal, check=False)
    assert result.error.code == "unresolved-name"
    assert journal.read_text() == "mine"


@MODES
def test_off_the_main_thread(journal, is_fifo):
    source = SPUN + "cell main()\n  print(await timeout(15, spun(1000000000)))\n  spawn(fn() => print(spun(7)))\nend\n"
    results = []

    def work():
        results.append(told(lumen.Interpreter(deterministic=is_fifo).run(source=source, record=journal)))
        results.append(replayed(journal))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(30)
    assert results[0] == results[1] == replayed(journal)
    assert results[0][0] == "spun\nnull\nspun\n7\n"


def test_several_at_once(tmp_path):
    """Journals of runs in several threads do not mix."""
    journals = [tmp_path / f"{n}.jsonl" for n in range(4)]
    results = {}

    def work(path):
        interpreter = lumen.Interpreter()
        interpreter.provide("world.answer", lambda n: f"{path.name} {n}")
        results[path] = told(interpreter.run(source=ASKING.replace("COUNT", "20"), record=path))

    threads = [threading.Thread(target=work, args=(path,)) for path in journals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for path in journals:
        assert replayed(path) == results[path]
        assert results[path][0].startswith(f"{path.name} 0\n")


# --- killed while calls are under way ---------------------------------------------------------------------------------

UNDER_WAY = """
use tool world.quick as Quick
use tool world.slow as Slow
extern cell outer(n: Int) -> Any
cell main() -> Any / {external}
  let before = Quick(n: 0)
  let gone = await timeout(0, Slow(n: 9))
  print("before", before, gone)
  return await parallel
    Slow(n: 1)
    Slow(n: 2)
    outer(3)
    Quick(n: 4)
    read_file("PLACE")
  end
end
"""


@pytest.fixture
def under_way(journal, tmp_path):
    """The journal of a run, as it is when the process is killed while five calls are under way."""
    place = tmp_path / "file"
    place.write_text("text")
    interpreter = providing()
    whole = interpreter.run(source=UNDER_WAY.replace("PLACE", place.as_posix()), record=journal)
    assert whole.value == [1, 2, 3, 4, "text"]
    lines = journal.read_bytes().splitlines(keepends=True)
    asked = [number for number, line in enumerate(lines) if b'"event":"ask"' in line]
    assert len(asked) == 7
    journal.write_bytes(b"".join(lines[: asked[-1] + 1]))
    return journal, whole


def providing(made=None, **declared):
    made = [] if made is None else made

    def call(n):
        made.append(n)
        return n

    interpreter = lumen.Interpreter(deterministic=True)
    interpreter.provide("world.quick", call, idempotent=True)
    interpreter.provide("world.slow", call, **declared)
    interpreter.register(call, name="outer", **declared)
    return interpreter


def test_calls_that_are_not_idempotent_are_all_named_and_none_is_made(under_way):
    journal, _ = under_way
    kept = journal.read_bytes()
    stream = io.StringIO()
    with pytest.raises(InFlight) as caught:
        Recorded(str(journal)).resume(Output(stream), settings=providing()._settings())
    assert [(ask.kind, ask.name) for ask in caught.value.asks] == [
        ("tool", "world.slow"), ("tool", "world.slow"), ("extern", "outer"),
    ]  # fmt: skip
    assert stream.getvalue() == ""
    made = []
    result = providing(made).resume(journal, check=False)
    assert (result.error.code, made) == ("in-flight", [])
    for words in ('world.slow({"n":1})', 'world.slow({"n":2})', "outer"):
        assert words in str(result.error)
    assert "world.quick" not in str(result.error)
    assert journal.read_bytes() == kept


@pytest.mark.parametrize("how", [{"retry_in_flight": True}, {}])
def test_calls_that_may_be_made_again_are(under_way, how):
    journal, whole = under_way
    made = []
    result = providing(made, **({} if how else {"idempotent": True})).resume(journal, **how)
    assert told(result) == told(whole)
    assert sorted(made) == [1, 2, 3, 4]  # neither 0, which was answered, nor 9, which nobody waits for
    assert replayed(journal) == told(whole)


def test_an_answer_is_in_the_file_before_the_run_waits(journal):
    """A process that is killed while it waits for one call has not lost the answer of another."""
    seen = threading.Event()

    def slow(n):
        for _ in range(5000):
            if seen.wait(0.001) or events(journal, "answer"):
                seen.set()
                return n
        return -1

    interpreter = lumen.Interpreter()
    interpreter.provide("world.quick", lambda n: n)
    interpreter.provide("world.slow", slow)
    source = (
        "use tool world.quick as Quick\nuse tool world.slow as Slow\n"
        "cell main() -> Any / {external}\n  return await parallel(Quick(n: 1), Slow(n: 2))\nend\n"
    )
    assert interpreter.run(source=source, record=journal).value == [1, 2]
