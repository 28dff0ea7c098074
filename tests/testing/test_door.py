"""What a test may reach: scripted answers, files beside it, its environment; nothing else."""

from __future__ import annotations

import pytest

TOOLS = "use tool llm.chat as Chat\nuse tool my.tool as Tool\n"


def config(project, text):
    project.write("lumen.toml", text)


# --- refusing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        ('Chat(prompt: "hi")', 'llm.chat(prompt: "hi")'),
        ("Tool(1, b: [2])", "my.tool(1, b: [2])"),
        ('read_file("/etc/passwd")', 'read_file("/etc/passwd")'),
        ('read_file("../secret.txt")', 'read_file("../secret.txt")'),
        ('read_file("missing.txt")', 'read_file("missing.txt")'),
        ('write_file("x.txt", "y")', 'write_file("x.txt", "y")'),
        ("read_line()", "read_line()"),
        ('get_env("HOME")', 'get_env("HOME")'),
        ("outside(1)", "outside(1)"),
    ],
)
def test_what_nothing_answers_is_a_failure(project, call, shown):
    (project.path.parent / "secret.txt").write_text("x")
    finished = project.run(f"{TOOLS}extern cell outside(n: Int)\ncell test_x()\n  {call}\nend\n")
    assert finished.code == 3
    assert f"error[unscripted-call]: nothing answers `{shown}` in this test" in finished.out
    assert "m_test.lumen:5:3" in finished.out
    assert "lumen test --record" in finished.out
    assert not (project.path / "x.txt").exists()


def test_a_refused_call_fails_a_test_that_handles_it(project):
    finished = project.run(f"{TOOLS}cell test_x()\n  attempt(fn() => Chat(1))\nend\n")
    assert finished.code == 3
    assert "the program has handled this failure" in finished.out
    assert "m_test.lumen:4:" in finished.out


def test_a_refused_call_can_be_expected(project):
    assert project.run(f'{TOOLS}@test(fails: "unscripted-call")\ncell test_x() = Chat(1)\n').code == 0


def test_nothing_is_called(project, monkeypatch):
    calls = []
    monkeypatch.setattr("lumen.tools.providers.http.provider_of", lambda *args: calls.append(args))
    project.write("provider_unreached.py", "def chat(prompt):\n    open('called', 'w').close()\n")
    config(project, '[providers]\n"llm.chat" = "python:provider_unreached:chat"\n')
    assert project.outcomes(f"{TOOLS}cell test_x() = Chat(prompt: 1)\n") == {"test_x": "unscripted-call"}
    assert not (project.path / "called").exists()


def test_arguments_are_still_checked(project):
    project.write("provider_checked.py", "def chat(prompt: str):\n    return prompt\n")
    config(project, '[providers]\n"llm.chat" = "python:provider_checked:chat"\n')
    assert project.outcomes(f"{TOOLS}cell test_x() = Chat(promt: 1)\n") == {"test_x": "invalid-args"}


# --- files and environment -------------------------------------------------------------------------------------------


def test_files_beside_the_test_may_be_read(project, monkeypatch):
    project.write("deep/data/a.txt", "content")
    project.write("deep/m_test.lumen", 'cell test_x() = assert_eq(read_file("data/a.txt"), "content")\n')
    assert project.test().code == 0
    monkeypatch.chdir(project.path / "deep" / "data")
    assert project.test("..").code == 0


def test_a_link_out_of_the_folder_is_outside(project):
    (project.path.parent / "secret.txt").write_text("x")
    (project.path / "link.txt").symlink_to(project.path.parent / "secret.txt")
    assert project.outcomes('cell test_x() = read_file("link.txt")\n') == {"test_x": "unscripted-call"}


def test_a_file_that_is_no_text_fails_as_it_always_does(project):
    project.write("data.bin", b"\xff\xfe\x00")
    assert project.outcomes('cell test_x() = read_file("data.bin")\n') == {"test_x": "value-error"}


def test_the_environment_is_written_down(project):
    config(project, '[test.env]\nAPI_URL = "http://x"\nPORT = 80\n')
    program = 'cell test_x()\n  assert_eq(get_env("API_URL"), "http://x")\n  assert_eq(get_env("PORT"), "80")\nend\n'
    assert project.run(program).code == 0


@pytest.mark.parametrize("text", ["[test]\nenv = 3\n", "test = 3\n", "[test.env\n"])
def test_a_configuration_that_makes_no_sense(project, text):
    config(project, text)
    finished = project.run("cell test_x() = 1\n")
    assert finished.code == 1
    assert "lumen.toml" in finished.err


# --- [providers.scripted] --------------------------------------------------------------------------------------------

SCRIPTED = """
[providers]
"llm.chat" = "openai-compatible"

[providers.scripted]
"llm.chat" = [
  { when = { prompt = "hi" }, answer = "hello" },
  { when = { prompt = "later" }, error = "rate-limit", message = "slow down", times = 1 },
  { when = { messages = "Anyone?" }, answer = { text = "no" } },
  { when = { prompt = "later" }, answer = [1, 2.5, true] },
]
"""


def test_answers_by_content(project):
    config(project, SCRIPTED)
    found = project.outcomes(
        f"""{TOOLS}
cell again() = attempt(fn() => Chat(prompt: "later"))
cell test_first() = assert_eq(Chat(prompt: "hi", model: "any"), "hello")
cell test_times()
  match again()
    ok(x) -> fail("first")
    err(e) -> assert_eq([e.code, e.message], ["rate-limit", "slow down"])
  end
  assert_eq(Chat(prompt: "later"), [1, 2.5, true])
end
cell test_messages()
  role system: Be brief.
  role user: Anyone?
  assert_eq(Chat().text, "no")
end
cell test_none() = Chat(prompt: "no entry")
"""
    )
    assert found == {
        "test_first": "passed", "test_times": "passed", "test_messages": "passed", "test_none": "unscripted-call",
    }  # fmt: skip


def test_answers_in_a_file_of_lines(project):
    config(project, '[providers.scripted]\n"llm.chat" = "answers/chat.jsonl"\n')
    project.write("answers/chat.jsonl", '{"when": {"prompt": 1}, "answer": {"n": 1}}\n\n{"answer": null}\n')
    program = f'{TOOLS}cell test_x()\n  assert_eq(Chat(prompt: 1), {{"n": 1}})\n  assert_eq(Chat(), null)\nend\n'
    assert project.run(program).code == 0


def test_answers_of_a_cell(project):
    config(project, '[providers.scripted]\n"llm.chat" = "answers.lumen:chat"\n')
    project.write("answers.lumen", 'cell chat(args)\n  sleep(1)\n  "got {args["prompt"]}"\nend\n')
    assert project.run(f'{TOOLS}cell test_x() = assert_eq(Chat(prompt: "x"), "got x")\n').code == 0


def test_a_failing_cell_is_the_failure_of_the_call(project):
    config(project, '[providers.scripted]\n"llm.chat" = "answers.lumen:chat"\n')
    project.write("answers.lumen", 'cell chat(args) = fail("none left", "rate-limit")\n')
    assert project.outcomes(f"{TOOLS}cell test_x() = Chat()\n") == {"test_x": "rate-limit"}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('"llm.chat" = 5', "must be a list of tables"),
        ('"llm.chat" = [5]', "answer 1 of `llm.chat`"),
        ('"llm.chat" = [{}]', "needs either `answer` or `error`"),
        ('"llm.chat" = [{ answer = 1, error = "x" }]', "needs either `answer` or `error`"),
        ('"llm.chat" = [{ answr = 1 }]', "unknown key `answr`"),
        ('"llm.chat" = [{ answer = 1, times = 0 }]', "`times`"),
        ('"llm.chat" = [{ answer = 1, when = 2 }]', "`when`"),
        ('"llm.chat" = [{ error = 3 }]', "must be the code"),
        ('"llm.chat" = "missing.jsonl"', "can't be read"),
        ('"llm.chat" = "broken.jsonl"', "line 2 of"),
        ('"llm.chat" = "broken.lumen:chat"', "broken.lumen:1:"),
        ('"llm.chat" = "fine.lumen:chatt"', "has no cell `chatt`"),
        ('"llm.chat" = "fine.lumen:two"', "must take one argument"),
        ('"llm.chat" = "nowhere.lumen:chat"', "there is no file"),
    ],
)
def test_scripts_that_make_no_sense(project, table, said):
    config(project, f"[providers.scripted]\n{table}\n")
    project.write("broken.jsonl", '{"answer": 1}\nnonsense\n')
    project.write("broken.lumen", "cell chat(\n")
    project.write("fine.lumen", "cell chat(args) = 1\ncell two(a, b) = 1\n")
    finished = project.run(f"{TOOLS}cell test_x() = Chat()\n")
    assert finished.code == 3
    assert "error[tool-not-found]" in finished.out
    assert said in finished.out


def test_scripted_answers_outside_tests(project, capsys):
    from lumen.cli.main import main

    config(project, '[providers]\n"llm.chat" = "scripted"\n[providers.scripted]\n"llm.chat" = [{ answer = "hi" }]\n')
    project.write("main.lumen", f"{TOOLS}print(Chat(prompt: 1))\n")
    assert main(["run", "main.lumen"]) == 0
    assert capsys.readouterr().out == "hi\n"
    config(project, '[providers]\n"llm.chat" = "scripted"\n')
    assert main(["run", "main.lumen"]) == 3
    assert "has no answers" in capsys.readouterr().err


def test_scripted_calls_let_other_tasks_run(project):
    config(project, '[providers.scripted]\n"llm.chat" = [{ answer = 1 }]\n')
    program = f"""{TOOLS}
cell note(seen, word)
  Chat()
  seen.send(word)
end
cell test_x()
  let seen = channel(2)
  await parallel
    note(seen, "a")
    seen.send("b")
  end
  assert_eq([seen.receive(), seen.receive()], ["b", "a"])
end
"""
    assert project.outcomes(program) == {"test_x": "passed"}
