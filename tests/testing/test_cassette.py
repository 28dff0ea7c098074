"""Recordings: made on request, matched by content, never silently out of date."""

from __future__ import annotations

import json
import re
import shutil
import sys
import threading

import pytest

from lumen.journal.reading import verify
from lumen.journal.store import JournalWriter, MemoryJournal
from lumen.testing.cassette import Cassette, Miss
from lumen.testing.discover import collect
from lumen.testing.door import Door
from lumen.testing.runner import RunOptions, attempt

PROGRAM = """use tool llm.chat as Chat

cell test_x()
  let a = Chat(prompt: "one")
  let b = Chat(prompt: "two", model: "large")
  print(a)
  print(b)
end
"""


@pytest.fixture
def world(project, request):
    """A tool that counts how often it is called, and says so in its answers."""
    module = "recorded_" + "".join(c if c.isalnum() else "_" for c in request.node.name)
    project.write(
        f"{module}.py",
        """
        calls = []
        answer = None
        def chat(prompt, model="small", **more):
            calls.append(prompt)
            if answer is not None:
                return answer(prompt)
            return f"{model} says {prompt} ({len(calls)})"
        """,
    )
    project.write("lumen.toml", f'[providers]\n"llm.chat" = "python:{module}:chat"\n')

    class World:
        @property
        def module(self):
            return sys.modules[module]

        @property
        def calls(self):
            return list(sys.modules[module].calls) if module in sys.modules else []

    return World()


def recording(project, name="m_test.test_x"):
    return project.path / "replays" / f"{name}.jsonl"


# --- recording -------------------------------------------------------------------------------------------------------


def test_recorded_once_and_replayed(project, world):
    finished = project.run(PROGRAM, "--record")
    assert finished.code == 0
    assert "recorded replays/m_test.test_x.jsonl (2 answers)" in finished.plain
    assert world.calls == ["one", "two"]
    before = recording(project).read_bytes()
    for _ in range(3):
        assert project.test().code == 0
    assert project.test("--record").code == 0  # it has a recording already
    assert world.calls == ["one", "two"]
    assert recording(project).read_bytes() == before


def test_a_recording_is_a_journal(project, world):
    project.run(PROGRAM, "--record")
    assert verify(recording(project)).finished
    header = json.loads(recording(project).read_text().splitlines()[0])
    assert header["recorded"] == {}
    assert str(project.path) not in recording(project).read_text()


def test_equal_answers_give_equal_recordings(project, world):
    project.run(PROGRAM, "--record")
    world.module.answer = lambda prompt: prompt.upper()
    assert project.test("--update", "--yes").code == 0
    before = recording(project).read_bytes()
    recording(project).unlink()
    assert project.test("--record").code == 0
    assert recording(project).read_bytes() == before


def test_a_test_without_questions_needs_no_recording(project, world):
    assert project.run("cell test_x() = 1\n", "--record").code == 0
    assert not (project.path / "replays").exists()


def test_a_failing_test_is_not_recorded(project, world):
    finished = project.run(PROGRAM.replace("print(b)", "fail(b)"), "--record")
    assert finished.code == 3
    assert "nothing was recorded" in finished.out
    assert not (project.path / "replays").exists()
    assert world.calls == ["one", "two"]


def test_only_what_asks_the_world_is_recorded(project, world):
    config = (project.path / "lumen.toml").read_text()
    project.write("lumen.toml", config + '[providers.scripted]\n"my.tool" = [{ answer = 1 }]\n[test.env]\nHERE = "x"\n')
    project.write("data.txt", "text")
    program = (
        'use tool my.tool as Tool\ncell test_x()\n  Tool()\n  read_file("data.txt")\n  get_env("HERE")\n'
        '  get_env("PATH")\nend\n'
    )
    finished = project.run(program, "--record")
    assert "(1 answer)" in finished.out
    assert project.test("-v").out.count("not asked for") == 0


def test_failures_are_recorded(project, world):
    program = """use tool llm.chat as Chat
cell test_x()
  match attempt(fn() => Chat(prompt: "x"))
    ok(v) -> fail("no")
    err(e) -> assert_eq(e.code, "rate-limit")
  end
end
"""
    project.write(
        "failing.py", "def chat(prompt):\n    e = OSError('no')\n    e.lumen_code = 'rate-limit'\n    raise e\n"
    )
    project.write("lumen.toml", '[providers]\n"llm.chat" = "python:failing:chat"\n')
    assert project.run(program, "--record").code == 0
    project.write("lumen.toml", "")
    assert project.test().code == 0


def test_cases_have_recordings_of_their_own(project, world):
    program = 'use tool llm.chat as Chat\n@test(cases: ["a", "b c"])\ncell test_x(w) = print(Chat(prompt: w))\n'
    assert project.run(program, "--record").code == 0
    assert sorted(path.name for path in (project.path / "replays").iterdir()) == [
        "m_test.test_x.2.jsonl", "m_test.test_x.a.jsonl",
    ]  # fmt: skip


def test_files_stdin_and_environment_are_recorded(project, monkeypatch):
    outside = project.path.parent / "outside.txt"
    outside.write_text("first")
    monkeypatch.setenv("GREETING", "hello")
    program = f"""
cell test_x()
  print(read_file("{outside}"))
  print(get_env("GREETING"))
  print(get_env("GREETING"))
end
"""
    assert project.run(program, "--record").code == 0
    outside.unlink()
    monkeypatch.delenv("GREETING")
    assert project.test().code == 0


def test_secrets_stay_out(project, world, monkeypatch):
    monkeypatch.setenv("API_TOKEN", "tok-12345678")
    program = """use tool llm.chat as Chat
cell test_x()
  let token = get_env("API_TOKEN")
  print(Chat(prompt: "with {token}", api_key: token))
end
"""
    assert project.run(program, "--record").code == 0
    assert "tok-12345678" not in recording(project).read_text()
    assert world.calls == ["with tok-12345678"]
    monkeypatch.delenv("API_TOKEN")
    assert project.test().code == 0


def test_large_values_lie_beside_the_recording(project, world):
    program = 'use tool llm.chat as Chat\ncell test_x() = assert_eq(len(Chat(prompt: "x")), 200000)\n'
    project.run("cell test_x() = 1\n")
    project.write("m_test.lumen", program)
    project.write("large.py", "def chat(prompt):\n    return 'y' * 200000\n")
    project.write("lumen.toml", '[providers]\n"llm.chat" = "python:large:chat"\n')
    assert project.test("--record").code == 0
    folder = project.path / "replays" / "m_test.test_x.jsonl.blobs"
    assert len(list(folder.iterdir())) == 1
    assert project.test().code == 0
    before = list(folder.iterdir())
    sys.modules["large"].chat = lambda prompt: "z" * 200000
    assert project.test("--update", "--yes").code == 0
    assert len(list(folder.iterdir())) == 1
    assert list(folder.iterdir()) != before
    assert project.test().code == 0
    shutil.rmtree(folder)
    finished = project.test()
    assert finished.code == 3
    assert "error[missing-blob]" in finished.out


# --- updating --------------------------------------------------------------------------------------------------------


def test_update_shows_what_has_changed(project, world):
    project.run(PROGRAM, "--record")
    before = recording(project).read_bytes()
    finished = project.test("--update")
    assert finished.code == 3
    assert "error[recording-changed]" in finished.out
    assert '- "small says one (1)"' in finished.out.replace("-   ", "- ")
    assert '+ "small says one (3)"' in finished.out.replace("+   ", "+ ")
    assert recording(project).read_bytes() == before
    assert project.test("--update", "--yes").code == 0
    assert b"small says one (5)" in recording(project).read_bytes()
    assert project.test().code == 0


def test_update_that_changes_nothing(project, world):
    project.run(PROGRAM, "--record")
    world.module.answer = lambda prompt: prompt
    project.test("--update", "--yes")
    before = recording(project).read_bytes()
    finished = project.test("--update")
    assert finished.code == 0
    assert "is up to date" in finished.out
    assert recording(project).read_bytes() == before


def test_update_of_a_test_that_fails_leaves_the_recording(project, world):
    project.run(PROGRAM, "--record")
    before = recording(project).read_bytes()
    finished = project.run(PROGRAM.replace("print(b)", "fail(b)"), "--update", "--yes")
    assert finished.code == 3
    assert "left as it was" in finished.out
    assert recording(project).read_bytes() == before


def test_a_terminal_is_asked(project, world, monkeypatch):
    import io

    project.run(PROGRAM, "--record")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys.stdout.__class__, "isatty", lambda self: True, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    for said, code in (("n\n", 3), ("\n", 3), ("y\n", 0)):
        monkeypatch.setattr(sys, "stdin", Terminal(said))
        finished = project.test("--update")
        assert "replace the recording? [y/N]" in finished.out
        assert finished.code == code
    assert b"small says one (7)" in recording(project).read_bytes()


# --- misses ----------------------------------------------------------------------------------------------------------


def missed(project, world, before, after):
    assert project.run(before, "--record").code == 0
    calls = world.calls
    finished = project.run(after)
    assert finished.code == 3
    assert world.calls == calls
    assert "error[unrecorded-call]" in finished.out
    assert "`lumen test --update` records it again" in finished.out
    return finished.out


def test_a_changed_argument(project, world):
    out = missed(project, world, PROGRAM, PROGRAM.replace('"two"', '"too"'))
    assert 'has no answer to `llm.chat(model: "large", prompt: "too")`' in out
    assert 'the nearest is `llm.chat(model: "large", prompt: "two")`, made at m_test.lumen:5' in out
    assert '=   prompt: recorded "two"\n' in out
    assert '=           asked    "too"\n' in out
    assert "m_test.lumen:5:11" in out


def test_an_argument_more_and_one_less(project, world):
    out = missed(project, world, PROGRAM, PROGRAM.replace('model: "large"', "temperature: 1"))
    assert 'model: recorded "large", not given now' in out
    assert "temperature: 1 is new" in out


def test_types_count(project, world):
    before = PROGRAM.replace('"two"', "2")
    out = missed(project, world, before, before.replace("prompt: 2", "prompt: 2.0"))
    assert "prompt: recorded 2\n" in out
    assert "asked    2.0\n" in out


def test_one_call_too_many(project, world):
    out = missed(project, world, PROGRAM, PROGRAM.replace("  print(b)", '  Chat(prompt: "one")'))
    assert "the recording has this call once in this task, and it is made once more" in out


def test_a_call_in_another_task(project, world):
    out = missed(
        project,
        world,
        PROGRAM,
        PROGRAM.replace('let a = Chat(prompt: "one")', 'let a = await spawn(Chat(prompt: "one"))'),
    )
    assert "the call was recorded in another task: the main task" in out
    assert 'here it is made in `spawn(Chat(prompt: "one"))`' in out


def test_another_tool(project, world):
    after = PROGRAM.replace("use tool llm.chat as Chat", "use tool llm.chat as Other\nuse tool my.tool as Chat")
    out = missed(project, world, PROGRAM, after)
    assert "the recording only has calls of `llm.chat`" in out


def test_a_miss_fails_a_test_that_handles_it(project, world):
    missed(
        project,
        world,
        PROGRAM,
        PROGRAM.replace('let b = Chat(prompt: "two", model: "large")', 'let b = attempt(fn() => Chat(prompt: "new"))'),
    )


def test_what_is_not_asked_for_is_a_remark(project, world):
    project.run(PROGRAM, "--record")
    project.write("m_test.lumen", PROGRAM.replace('Chat(prompt: "two", model: "large")', "1"))
    assert project.test().code == 0
    assert 'recorded and not asked for: llm.chat(model: "large", prompt: "two")' in project.test("-v").out


def test_lines_may_move_and_other_calls_come(project, world):
    project.run(PROGRAM, "--record")
    moved = "# a comment\n\n" + PROGRAM.replace("  let a", "  print(0)\n  let a").replace("print(a)", "print([a])")
    assert project.run(moved).code == 0


# --- by content, whatever the order ----------------------------------------------------------------------------------

TASKS = """use tool llm.chat as Chat

cell ask(name)
  sleep(random_int(0, 9))
  let first = Chat(prompt: "same")
  sleep(random_int(0, 9))
  let second = Chat(prompt: "same")
  return [name, first, second]
end

cell test_x()
  let spawned = [spawn(ask(n)) for n in 0..3]
  let together = await parallel for n in 3..6
    ask(n)
  end
  print(together)
  print(await spawned)
end
"""


@pytest.mark.slow
def test_tasks_may_be_answered_in_any_order(project, world):
    """1,000 orders in which six tasks ask the same question twice, one recording: each gets what it was told."""
    project.run(TASKS, "--record")
    case = collect("m_test.lumen").cases[0]
    cassette = Cassette.load(str(recording(project)))
    assert len(cassette.entries) == len({entry.value for entry in cassette.entries}) == 12
    printed = set()
    orders = set()
    for seed in range(1000):
        lines = MemoryJournal()
        door = Door(case.file.folder, cassette=cassette.fresh())
        made = attempt(case, RunOptions(seed=seed), door, lines)
        assert made.outcome.report is None
        assert door.cassette.unused() == []
        printed.add(made.output.text())
        orders.add(tuple(re.findall(r'"event":"ask".*"task":(\d+)', "\n".join(lines.bodies))))
    assert len(printed) == 1
    assert len(orders) > 300


def test_tests_in_real_time_are_answered_as_well(project, world):
    program = """
    use tool llm.chat as Chat

    cell ask(name)
      let mut sum = 0
      for n in 0..20000
        sum += n
      end
      return Chat(prompt: name) ++ Chat(prompt: name)
    end

    @test(mode: "eager")
    cell test_x()
      let all = await parallel for name in ["a", "b", "c", "a"]
        await spawn(ask(name))
      end
      print(all)
      let first = await select
        Chat(prompt: "slow")
        Chat(prompt: "fast")
      end
      Chat(prompt: "go on")
      assert first.contains("fast")
    end
    """
    project.run("use tool llm.chat as Chat\ncell test_y() = print(Chat(prompt: 1))\n", "--record")

    released = threading.Event()

    def answer_fast_first(prompt):
        if prompt == "slow":
            released.wait(20)
        elif prompt == "go on":
            released.set()
        return f"{prompt}{len(world.calls)} "

    world.module.answer = answer_fast_first
    assert project.run(program, "--record").code == 0
    calls = world.calls
    for _ in range(5):
        assert project.test().code == 0
    assert world.calls == calls


# --- files that can't be used ----------------------------------------------------------------------------------------


def newer(data: bytes) -> bytes:
    return data.replace(b'"format":1', b'"format":99', 1)


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda data: b"", "journal-empty"),
        (lambda data: b"\x00\xff" * 100, "not-a-journal"),
        (lambda data: b"hello\n", "not-a-journal"),
        (newer, "journal-version"),
        (lambda data: data.replace(b"small says one", b"small said one"), "journal-broken"),
        (lambda data: data[:-20], "journal-torn"),
        (lambda data: b"\n".join(data.split(b"\n")[:-3]) + b"\n", "journal-torn"),
    ],
    ids=["empty", "binary", "text", "newer", "changed", "torn", "short"],
)
@pytest.mark.parametrize("words", [(), ("--record",), ("--update", "--yes"), ("--explore", "3")], ids=str)
def test_a_recording_that_is_none(project, world, damage, code, words):
    project.run(PROGRAM, "--record")
    calls = world.calls
    damaged = damage(recording(project).read_bytes())
    recording(project).write_bytes(damaged)
    finished = project.test(*words)
    assert finished.code == 3
    assert f"error[{code}]" in finished.out
    assert "is left as it is" in finished.out
    assert recording(project).read_bytes() == damaged
    assert world.calls == calls


def test_a_minimal_journal_is_no_recording(project, world):
    project.run(PROGRAM, "--record")
    data = recording(project).read_text().splitlines()
    writer = JournalWriter.create(str(recording(project)))
    for line in data:
        parsed = json.loads(line)
        body = line[line.index(",") + 1 :].replace('"journal":"full"', '"journal":"minimal"')
        assert parsed["chain"]
        writer.write(body)
    writer.close()
    finished = project.test()
    assert finished.code == 3
    assert "minimal journal" in finished.out


def test_a_folder_in_the_way(project, world):
    recording(project).mkdir(parents=True)
    finished = project.run(PROGRAM)
    assert finished.code == 3
    assert "error[is-a-directory]" in finished.out


def test_nothing_can_be_written(project, world):
    project.write("replays", "a file")
    finished = project.run(PROGRAM, "--record")
    assert finished.code == 3
    assert "the recording can't be written" in finished.out
    assert (project.path / "replays").read_text() == "a file"


def test_find_uses_up(project, world):
    project.run(PROGRAM, "--record")
    cassette = Cassette.load(str(recording(project)))
    entry = cassette.find("tool", "llm.chat", '{"prompt":"one"}', "")
    assert not isinstance(entry, Miss)
    assert entry.value == "small says one (1)"
    assert isinstance(cassette.find("tool", "llm.chat", '{"prompt":"one"}', ""), Miss)
    assert not isinstance(cassette.fresh().find("tool", "llm.chat", '{"prompt":"one"}', ""), Miss)
    assert [entry.name for entry in cassette.unused()] == ["llm.chat"]


def test_a_replay_needs_no_provider(project, world):
    program = PROGRAM.replace('prompt: "one"', '"one"')
    assert project.run(program, "--record").code == 0
    for module in project.path.glob("recorded_*.py"):
        module.write_text("raise ImportError('not installed here')\n")
    assert project.test().code == 0
    project.write("lumen.toml", "")
    assert project.test().code == 0
    finished = project.run(program.replace('model: "large"', 'modell: "large"').replace('"two"', '"two", "x", "y"'))
    assert finished.code == 3
    assert "what a tool takes is part of the recording" in finished.out


def test_files_of_one_name_have_recordings_of_their_own(project, world):
    body = PROGRAM.replace("use tool", "use tool", 1)
    project.write("m_test.lumen", body)
    project.write("m_test.lumen.md", f"# Doc\n\n```lumen\n{body}```\n")
    assert project.test("--record").code == 0
    assert len(list((project.path / "replays").iterdir())) == 2


def test_recordings_without_a_test_are_named(project, world):
    project.run(PROGRAM, "--record")
    assert "belongs to no test" not in project.test().out
    project.write("m_test.lumen", PROGRAM.replace("test_x", "test_y"))
    finished = project.test("--record")
    assert finished.code == 0
    assert "replays/m_test.test_x.jsonl belongs to no test; remove it" in finished.out
    assert "belongs to no test" not in project.test("m_test.lumen::test_y").out
    assert "belongs to no test" not in project.test("-k", "test_y").out
    assert recording(project).exists()
