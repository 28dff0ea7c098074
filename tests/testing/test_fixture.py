"""The fixture `lumen`, used as a test of somebody's program would use it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import lumen as package
from lumen.testing.fixture import Call, Decision
from lumen.values.errors import Failure

CHAT = """\
use tool llm.chat as Chat

cell main(question: String) -> String
  let answer = Chat(prompt: question)
  print("asked")
  answer
end
"""


def test_value_and_output(lumen):
    result = lumen.run("let x = 20\nprint(x + 1)\ncell main() = x * 2\n")
    assert (result.value, result.output, result.error, result.is_ok) == (40, "21\n", None, True)


def test_a_file_beside_the_test_with_arguments_and_imports(lumen, tmp_path):
    lumen = type(lumen)(tmp_path, tmp_path)
    (tmp_path / "shop.lumen").write_text("import prices: price\ncell total(n: Int) = price() * n\n")
    (tmp_path / "prices.lumen").write_text("cell price() = 3\n")
    assert lumen.run("shop.lumen", cell="total", args={"n": 4}).value == 12


def test_a_function_answers_a_tool(lumen):
    asked = []

    def chat(prompt: str) -> str:
        asked.append(prompt)
        return prompt.upper()

    lumen.tools["llm.chat"] = chat
    result = lumen.run(CHAT, args={"question": "why?"})
    assert (result.value, asked) == ("WHY?", ["why?"])
    assert result.journal.asks("llm.chat") == [
        Call("tool", "llm.chat", {"prompt": "why?"}, "value", "WHY?", None, 4, 0.0)
    ]
    assert result.journal.asks("http.get") == []
    assert result.journal.prints == ["asked"]


def test_an_async_function_answers_a_tool(lumen):
    async def chat(prompt: str) -> str:
        return prompt + "!"

    lumen.tools["llm.chat"] = chat
    assert lumen.run(CHAT, args={"question": "a"}).value == "a!"


def test_a_list_of_answers_is_used_up(lumen):
    program = 'use tool llm.chat as Chat\ncell main() = [Chat(prompt: "{n}") for n in 0..3]\n'
    lumen.tools["llm.chat"] = ["one", {"two": 2}, [3]]
    assert lumen.run(program).value == ["one", {"two": 2}, [3]]
    lumen.tools["llm.chat"] = ["one"]
    result = lumen.run(program, check=False)
    assert result.error.code == "unscripted-call"
    assert "more often than the 1 answers" in str(result.error)


def test_an_answer_that_is_an_exception_is_the_failure_of_the_call(lumen):
    program = (
        'use tool llm.chat as Chat\ncell main()\n  match attempt(fn() => Chat(prompt: "x"))\n'
        '    ok(v) -> v\n    err(e) -> "{e.code}: {e.message}"\n  end\nend\n'
    )
    lumen.tools["llm.chat"] = [Failure("rate-limit", "slow down"), RuntimeError("broken"), 7]
    assert [lumen.run(program).value, lumen.run(program).value] == ["rate-limit: slow down"] * 2  # each run begins anew
    lumen.tools["llm.chat"] = RuntimeError("broken")
    assert lumen.run(program).value == "failed: broken"


def test_what_nothing_answers_fails_even_if_the_program_handles_it(lumen):
    program = 'use tool llm.chat as Chat\ncell main()\n  let r = attempt(fn() => Chat(prompt: "x"))\n  1\nend\n'
    with pytest.raises(package.RunError) as caught:
        lumen.run(program)
    assert caught.value.code == "unscripted-call"
    assert caught.value.details["line"] == 3
    assert "llm.chat" in str(caught.value)


def test_externs_stdin_and_environment(lumen, monkeypatch):
    monkeypatch.setenv("HOME_TOWN", "not for tests")
    lumen.externs["double"] = lambda n: n * 2
    lumen.stdin = "first\nsecond\n"
    lumen.env["USER_NAME"] = "ada"
    program = """\
    extern cell double(n: Int) -> Int
    cell main()
      [double(4), read_line(), read_line(), read_line(), get_env("USER_NAME"), get_env("HOME_TOWN", "nowhere")]
    end
    """
    result = lumen.run(program)
    assert result.value == [8, "first", "second", None, "ada", "nowhere"]
    assert [call.kind for call in result.journal.asks()] == ["extern", "stdin", "stdin", "stdin"]


def test_time_is_virtual(lumen):
    result = lumen.run("cell main()\n  sleep(3_600_000)\n  timestamp()\nend\n")
    assert result.elapsed_s == 3600
    assert result.value == 1_000_003_600.0


def test_now_is_when_programs_start(lumen):
    noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
    seen = []
    lumen.tools["llm.chat"] = lambda prompt: seen.append(lumen.now)
    lumen.now = noon
    result = lumen.run(
        'use tool llm.chat as Chat\ncell main()\n  sleep(1500)\n  Chat(prompt: "")\n  timestamp_ms()\nend\n'
    )
    assert result.value == noon.timestamp() * 1000 + 1500
    assert seen == [noon + timedelta(seconds=1.5)]
    assert lumen.now == noon
    lumen.now += timedelta(days=1)
    assert lumen.run("cell main() = timestamp()").value == (noon + timedelta(days=1)).timestamp()
    lumen.now = 0
    assert lumen.run("cell main() = timestamp()").value == 0


def test_now_needs_a_time_zone(lumen):
    with pytest.raises(ValueError, match="time zone"):
        lumen.now = datetime(2030, 1, 1)


def test_random_numbers_follow_from_the_seed(lumen):
    program = "cell main() = [uuid(), random_int(1, 1_000_000)]\n"
    first = lumen.run(program).value
    assert lumen.run(program).value == first
    lumen.seed = 1
    assert lumen.run(program).value != first


def test_decisions_and_emits(lumen):
    result = lumen.run(
        """\
        cell slow(n: Int) -> Int
          sleep(n)
          emit n
          n
        end
        cell main()
          let first = await race
            slow(20)
            slow(10)
          end
          let late = await timeout(5, slow(50))
          [first, late]
        end
        """
    )
    assert result.value == [10, None]
    assert [decision.kind for decision in result.journal.decisions] == ["race", "timeout"]
    assert isinstance(result.journal.decisions[0], Decision)
    assert result.journal.emits == [10]
    assert result.journal.history.tasks[1].kind == "task"


def test_leaked_tasks_are_named(lumen):
    result = lumen.run("cell work()\n  sleep(10)\nend\ncell main()\n  let f = spawn(work())\n  1\nend\n")
    assert len(result.leaked) == 1
    assert "work" in result.leaked[0]


def test_failures_are_raised_or_given(lumen):
    with pytest.raises(package.RunError, match="division by zero"):
        lumen.run("print(1)\nprint(1 // 0)\n")
    result = lumen.run("print(1)\nprint(1 // 0)\n", check=False)
    assert (result.failure.code, result.failure.details["line"], result.output) == ("division-by-zero", 2, "1\n")
    with pytest.raises(package.CheckError, match="not defined"):
        lumen.run("print(y)\n")
    assert lumen.run("print(1)", cell="other", check=False).error.code == "unresolved-name"
    assert lumen.run("nowhere.lumen", check=False).error.code == "no-such-file"
    assert lumen.run("cell main(f: Any) = f", args={"f": object()}, check=False).error.code == "invalid-args"


def test_replay_needs_no_tools(lumen, tmp_path):
    lumen.tools["llm.chat"] = ["Paris"]
    result = lumen.run(CHAT, args={"question": "?"})
    lumen.tools.clear()
    for again in (lumen.replay(result), lumen.replay(result.journal.save(tmp_path / "kept.jsonl"))):
        assert (again.value, again.output) == ("Paris", "asked\n")


def test_replay_of_a_changed_program(lumen, tmp_path):
    lumen.tools["llm.chat"] = ["Paris"]
    result = lumen.run(CHAT, args={"question": "?"})
    changed = tmp_path / "changed.lumen"
    changed.write_text("# The same, three lines further down.\n\n\n" + CHAT)
    assert lumen.replay(result, program=changed).value == "Paris"
    changed.write_text(CHAT.replace("prompt: question", 'prompt: "{question}!"'))
    with pytest.raises(package.ReplayError) as caught:
        lumen.replay(result, program=changed)
    assert caught.value.code == "replay-divergence"


def test_real_time_if_wanted(lumen):
    lumen.deterministic = False
    lumen.tools["llm.chat"] = ["Paris"]
    result = lumen.run(CHAT, args={"question": "?"})
    assert result.value == "Paris"
    assert len(result.journal.asks()) == 1


def test_files_are_real(lumen, tmp_path):
    path = tmp_path / "notes.txt"
    result = lumen.run('cell main(p: String)\n  write_file(p, "hi")\n  read_file(p)\nend\n', args={"p": str(path)})
    assert (result.value, path.read_text()) == ("hi", "hi")


def test_either_a_program_or_a_source(lumen):
    with pytest.raises(TypeError, match="either"):
        lumen.run()
    assert lumen.run(source="cell main() = 1", path="here.lumen").value == 1
