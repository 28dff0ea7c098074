"""Runs that were cut off: which calls of the host's functions a resumed run may make again."""

import pytest

from lumen import Interpreter, LumenError

PROGRAM = """
use tool ledger.write as Write
extern cell save(n: Int) -> Int
cell main()
  CALL
end
"""
CALLS = {"tool": "Write(amount: 3)", "extern": "save(3)"}


def interpreter(calls, **declared):
    made = Interpreter()

    def write(amount: int) -> int:
        calls.append(amount)
        return amount + 1

    made.provide("ledger.write", write, **declared)
    made.register(write, name="save", **declared)
    return made


def cut_after_the_question(journal):
    lines = journal.read_bytes().splitlines(keepends=True)
    asked = next(number for number, line in enumerate(lines) if b'"event":"ask"' in line)
    journal.write_bytes(b"".join(lines[: asked + 1]))


@pytest.fixture(params=CALLS)
def cut_off(request, tmp_path):
    journal = tmp_path / "run.jsonl"
    calls = []
    result = interpreter(calls).run(source=PROGRAM.replace("CALL", CALLS[request.param]), record=journal)
    assert (result.value, calls) == (4, [3])
    cut_after_the_question(journal)
    return journal


def test_idempotent_functions_are_called_again(cut_off):
    calls = []
    assert interpreter(calls, idempotent=True).resume(cut_off).value == 4
    assert calls == [3]


def test_others_are_not(cut_off):
    calls = []
    with pytest.raises(LumenError) as caught:
        interpreter(calls).resume(cut_off)
    assert "idempotent" in str(caught.value)
    assert calls == []


def test_the_last_word_counts(cut_off):
    calls = []
    made = interpreter(calls, idempotent=True)
    made.provide("ledger.write", lambda amount: amount)
    made.register(lambda n: n, name="save")
    with pytest.raises(LumenError):
        made.resume(cut_off)
