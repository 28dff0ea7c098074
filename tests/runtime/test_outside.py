"""Files, standard input, environment, and the lanes that answer asks."""

from __future__ import annotations

import io
import threading

import pytest

from lumen import Interpreter, RunError
from lumen.runtime.mailbox import Mailbox
from lumen.runtime.workers import MAX_THREADS, Workers


def run(program: str, **options):
    return Interpreter(use_cache=False, **options).run(source=program)


def test_files(tmp_path):
    place = str(tmp_path / "x.txt")
    program = f'cell main()\n  write_file("{place}", "é\\n")\n  return read_file("{place}")\nend\n'
    assert run(program).value == "é\n"
    with pytest.raises(RunError, match="no such file"):
        run(f'read_file("{place}.not")\n')
    (tmp_path / "bytes").write_bytes(b"a\xff")
    with pytest.raises(RunError, match="not UTF-8"):
        run(f'read_file("{tmp_path}/bytes")\n')


def test_lines_of_standard_input():
    program = "cell main()\n  return [read_line(), read_line(), read_line(), read_line()]\nend\n"
    assert run(program, stdin=io.StringIO("a\nb\r\n\n")).value == ["a", "b", "", None]


def test_a_cancelled_read_takes_no_line():
    class Slow(io.StringIO):
        def readline(self, *args):
            released.wait(30)
            return super().readline(*args)

    released = threading.Event()
    interpreter = Interpreter(use_cache=False, stdin=Slow("first\nsecond\n"))

    @interpreter.register
    def release():
        released.set()

    program = (
        "extern cell release()\ncell main()\n  let a = await timeout(20, read_line())\n  release()\n"
        "  return [a, read_line(), read_line()]\nend\n"
    )
    assert interpreter.run(source=program).value == [None, "first", "second"]


def test_environment(monkeypatch):
    monkeypatch.setenv("LUMEN_TEST_VARIABLE", "x")
    assert run('cell main()\n  return [get_env("LUMEN_TEST_VARIABLE"), get_env("LUMEN_NOT_THERE")]\nend\n').value == [
        "x",
        None,
    ]


def test_workers_run_many_jobs_and_end():
    mailbox = Mailbox()
    workers = Workers(mailbox)
    jobs = 3 * MAX_THREADS
    for number in range(jobs):
        workers.submit(number, "job", lambda number=number: number * 2)
    found = {}
    while len(found) < jobs:
        mailbox.wait(10)
        found.update((arrival.seq, arrival.value) for arrival in mailbox.drain())
    assert found == {number: number * 2 for number in range(jobs)}
    assert workers.close() == []


def test_a_cancelled_job_never_starts_and_a_running_one_is_named():
    mailbox = Mailbox()
    workers = Workers(mailbox)
    gate = threading.Event()
    running = threading.Barrier(MAX_THREADS + 1)

    def block():
        running.wait(30)
        gate.wait(30)

    ran = []
    for number in range(MAX_THREADS):
        workers.submit(number, "blocker", block)
    running.wait(30)
    workers.submit(1000, "late", lambda: ran.append(1))
    workers.cancel(1000)
    assert set(workers.close()) == {"blocker"}
    gate.set()
    assert ran == []


def test_no_threads_are_left_after_many_cancelled_races():
    before = set(threading.enumerate())
    program = (
        "cell main()\n  let mut i = 0\n  while i < 2000\n    await race\n      sleep(0)\n      sleep(60000)\n    end\n"
        "    i += 1\n  end\n  return i\nend\n"
    )
    assert run(program).value == 2000
    assert set(threading.enumerate()) <= before
