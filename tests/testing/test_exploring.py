"""`--explore`, `--exhaustive` and `--schedule` on the command line. The search itself is tested in tests/explore."""

from __future__ import annotations

import re

import pytest

RACE = """
cell test_order()
  let seen = channel(5)
  let tasks = [spawn(seen.send("a")), spawn(seen.send("b"))]
  await tasks
  print("sent")
  assert_eq(seen.receive(), "a")
end

cell test_no_choice() = 1
"""


def test_a_race_is_found_and_can_be_repeated(project):
    assert project.run(RACE).code == 0
    finished = project.test("--explore", "200")
    assert finished.code == 3
    assert "1 failed, 1 passed" in finished.out
    assert "error[assertion-failed]" in finished.out
    assert "departure" in finished.out
    assert "its last events:" in finished.out
    command = re.search(r"repeat it: lumen test (\S+) --schedule (\S+)", finished.out)
    repeated = project.test(command[1], "--schedule", command[2])
    assert repeated.code == 3
    assert "error[assertion-failed]" in repeated.out


def test_the_same_seed_finds_the_same(project):
    first = project.run(RACE, "--explore", "200", "--seed", "7")
    again = project.test("--explore", "200", "--seed", "7")
    assert first.plain == again.plain


def test_all_schedules(project):
    program = RACE.replace('"a")', '"a") or true').replace('assert_eq(seen.receive(), "a") or true', "null")
    finished = project.run(program, "--exhaustive")
    assert finished.code == 0
    assert "all " in finished.out
    assert "schedules" in finished.out


def test_a_search_that_is_cut_says_so(project):
    program = """
    cell test_many()
      await parallel for n in 0..6
        sleep(0)
        sleep(0)
        n
      end
    end
    """
    finished = project.run(program, "--exhaustive", "--budget", "20")
    assert finished.code == 0
    assert "cut at 20 schedules: not all have been run" in finished.out


def test_leaks_and_deadlocks_are_found(project):
    program = """
    cell test_leak()
      let c = channel(1)
      let worker = spawn(c.send(1))
      sleep(0)
      assert_eq(c.receive(), 1)
      if not worker.is_done()
        worker.cancel()
      end
    end
    """
    project.run(program, "--explore", "50")  # whatever it finds, it says so in order
    assert project.outcomes(program, "--explore", "50").keys() == {"test_leak"}


def test_tests_in_real_time_run_once(project):
    finished = project.run('@test(mode: "eager")\ncell test_x() = 1\n', "--explore", "10")
    assert finished.code == 0
    assert "no schedules were explored" in finished.out


def test_skipped_tests_and_expected_failures(project):
    found = project.outcomes(
        """
        @test(skip: "later")
        cell test_skipped() = fail("x")
        @test(fails: "failed")
        cell test_fails() = fail("x")
        @test(fails: "other")
        cell test_fails_else() = fail("x")
        @test(fails: "failed")
        cell test_passes() = 1
        """,
        "--explore", "5",
    )  # fmt: skip
    assert found == {
        "test_skipped": "skipped", "test_fails": "passed", "test_fails_else": "failed", "test_passes": "did-not-fail",
    }  # fmt: skip


def test_recordings_answer_whatever_the_schedule(project):
    project.write("explored_tool.py", "def chat(prompt):\n    return prompt.upper()\n")
    project.write("lumen.toml", '[providers]\n"llm.chat" = "python:explored_tool:chat"\n')
    program = """
    use tool llm.chat as Chat
    cell ask(word)
      let first = Chat(prompt: word)
      return [first, Chat(prompt: word)]
    end
    cell test_x()
      let answers = await parallel for word in ["a", "b", "a"]
        ask(word)
      end
      assert_eq(answers, [["A", "A"], ["B", "B"], ["A", "A"]])
    end
    """
    assert project.run(program, "--record").code == 0
    project.write("lumen.toml", "")
    finished = project.test("--explore", "300")
    assert finished.code == 0, finished.out


@pytest.mark.parametrize("words", [("--explore", "20"), ("--exhaustive", "--budget", "20")])
def test_unscripted_calls_are_found(project, words):
    program = "use tool llm.chat as Chat\ncell test_x() = Chat(prompt: 1)\n"
    assert project.outcomes(program, *words) == {"test_x": "unscripted-call"}


def test_faults(project):
    project.write("lumen.toml", '[providers.scripted]\n"llm.chat" = [{ answer = 1 }]\n')
    program = "use tool llm.chat as Chat\ncell test_x() = assert_eq(Chat(prompt: 1), 1)\n"
    assert project.run(program, "--explore", "100").code == 0
    finished = project.test("--explore", "100", "--faults")
    assert finished.code == 3
    assert "--schedule" in finished.out


def test_an_answer_that_was_never_given_is_no_failure(project):
    """The recorded loser of a `select` has no answer; an order in which it would win can't be judged."""
    project.write("selected_tool.py", "def chat(prompt):\n    return prompt\n")
    project.write("lumen.toml", '[providers]\n"llm.chat" = "python:selected_tool:chat"\n')
    program = """
    use tool llm.chat as Chat
    cell test_x()
      let first = await select
        Chat(prompt: "a")
        Chat(prompt: "b")
      end
      assert first in ["a", "b"]
    end
    """
    assert project.run(program, "--record").code == 0
    assert '"outcome":"cancelled"' in (project.path / "replays" / "m_test.test_x.jsonl").read_text()
    finished = project.test("--explore", "100")
    assert finished.code == 0, finished.out
    assert "1 schedule" not in finished.out
