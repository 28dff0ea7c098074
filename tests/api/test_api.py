"""Lumen from Python."""

from __future__ import annotations

import io

import pytest
import trio

import lumen
from lumen import CheckResult, Interpreter, LumenError, RunResult
from lumen.api import CheckError, RunError


def test_run_a_text_and_a_path(tmp_path):
    result = lumen.run('print("x")\ncell main()\n  return [1, 2.5, null, {"a": "b"}]\nend\n')
    assert isinstance(result, RunResult)
    assert (result.value, result.output, result.is_ok) == ([1, 2.5, None, {"a": "b"}], "x\n", True)
    path = tmp_path / "p.lumen"
    path.write_text("cell main()\n  return 7\nend\n")
    assert lumen.run(path).value == lumen.run(str(path)).value == 7
    assert lumen.run("1 + 1").value is None


def test_errors_are_exceptions_with_the_whole_report():
    with pytest.raises(CheckError) as check:
        lumen.run("print(x)\n")
    assert check.value.code == "unresolved-name"
    assert check.value.diagnostics[0]["line"] == 1
    with pytest.raises(RunError) as run:
        lumen.run('print("before")\ncell main()\n  return 1 / 0\nend\n')
    assert run.value.output == "before\n"
    assert "^^^^^" in str(run.value)
    with pytest.raises(LumenError) as missing:
        lumen.run("nothere.lumen")
    assert missing.value.code == "no-such-file"


def test_errors_as_results():
    result = lumen.run("cell main()\n  return 1 / 0\nend\n", check=False)
    assert not result.is_ok
    assert result.to_json()["error"]["line"] == 2
    assert lumen.run("print(x)\n", check=False).to_json()["error"]["code"] == "unresolved-name"


def test_check():
    found = lumen.check("print(x)\n")
    assert isinstance(found, CheckResult)
    assert not found.is_ok
    assert found.diagnostics[0]["code"] == "unresolved-name"
    assert lumen.check("print(1)\n").is_ok


def test_cells_and_arguments():
    program = "cell greet(name: String, times: Int = 1)\n  return repeat(name, times)\nend\n"
    assert lumen.run(program, cell="greet", args={"name": "ab", "times": 2}).value == "abab"
    with pytest.raises(LumenError, match="no cell `grete`"):
        lumen.run(program, cell="grete")


def test_externs():
    interpreter = Interpreter()

    @interpreter.register
    def lookup(name: str) -> dict:
        return {"name": name, "tags": ["a"]}

    @interpreter.register(name="wait_for")
    async def some_name(n):
        await trio.sleep(0)
        return n + 1

    @interpreter.register
    def broken():
        raise ValueError("no good")

    program = (
        "extern cell lookup(name: String) -> Any\nextern cell wait_for(n: Int) -> Int\nextern cell broken() -> Any\n"
        'cell main()\n  return [lookup("x").tags, wait_for(1), attempt(fn() => broken())]\nend\n'
    )
    tags, number, failed = interpreter.run(source=program).value
    assert (tags, number) == (["a"], 2)
    assert "ValueError: no good" in failed.error.message
    with pytest.raises(RunError, match=r"Interpreter\.register"):
        lumen.run("extern cell nobody() -> Any\nnobody()\n")


def test_output_and_events():
    stream = io.StringIO()
    events = []
    interpreter = Interpreter(capture=False, stdout=stream, on_emit=events.append)
    result = interpreter.run(source='print("x")\nemit {"step": 1}\nprint("y")\n')
    assert (stream.getvalue(), result.output, events) == ("x\ny\n", "", [{"step": 1}])


def test_a_seed_makes_chance_repeatable():
    program = "cell main()\n  return [random(), random_int(1, 1000000), uuid()]\nend\n"
    assert lumen.run(program, seed=3).value == lumen.run(program, seed=3).value
    assert lumen.run(program, seed=3).value != lumen.run(program, seed=4).value


def test_inside_a_trio_program():
    log = []

    async def main():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(others)
            result = await lumen.run_async(
                'cell main()\n  await parallel for i in 0..3\n    sleep(20)\n  end\n  return "done"\nend\n'
            )
            log.append(result.value)

    async def others():
        await trio.sleep(0.001)
        log.append("others ran")

    trio.run(main)
    assert log == ["others ran", "done"]


def test_several_runs_in_one_trio_program():
    async def one(number, found):
        spin = "cell spin()\n  while true\n  end\nend\n"
        main = f"cell main()\n  await timeout(30, spin())\n  sleep({number})\n  return {number}\nend\n"
        program = spin + main
        found.append((await lumen.run_async(program)).value)

    async def main():
        found = []
        async with trio.open_nursery() as nursery:
            for number in range(3):
                nursery.start_soon(one, number, found)
        return found

    assert sorted(trio.run(main)) == [0, 1, 2]


def test_cancelling_the_trio_task_runs_defers():
    async def main():
        interpreter = Interpreter(capture=False, stdout=stream)
        with trio.move_on_after(0.02) as scope:
            await interpreter.run_async(
                source='defer\n  print("cleaning")\n  sleep(1)\n  print("cleaned")\nend\nsleep(60000)\n'
            )
        return scope.cancelled_caught

    stream = io.StringIO()
    assert trio.run(main)
    assert stream.getvalue() == "cleaning\ncleaned\n"


def test_an_async_provider_shares_the_trio_program():
    async def main():
        send, receive = trio.open_memory_channel(0)
        interpreter = Interpreter()

        async def ask(x):
            return x + await receive.receive()

        interpreter.provide("my.ask", ask)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send.send, 41)
            result = await interpreter.run_async(
                source="use tool my.ask as Ask\ncell main()\n  return Ask(x: 1)\nend\n"
            )
        return result.value

    assert trio.run(main) == 42
