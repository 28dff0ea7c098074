"""What makes a test pass or fail."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from lumen.cli import test as command
from lumen.testing import runner
from lumen.testing.discover import collect
from lumen.testing.runner import RunOptions, run_case


def test_time_is_virtual(project):
    finished = project.run("cell test_x()\n  sleep(3600000)\n  assert_eq(timestamp(), 1000003600.0)\nend\n")
    assert finished.code == 0


def test_eager_tests_run_in_real_time(project):
    found = project.outcomes(
        """
        @test(mode: "eager")
        cell test_eager()
          let seen = channel(10)
          spawn(seen.send("task"))
          seen.send("test")
          assert_eq(seen.receive(), "task")
        end

        cell test_fifo()
          let seen = channel(10)
          let task = spawn(seen.send("task"))
          seen.send("test")
          await task
          assert_eq(seen.receive(), "test")
        end
        """
    )
    assert found == {"test_eager": "passed", "test_fifo": "passed"}


def test_skipped_tests_do_not_run(project):
    finished = project.run('@test(skip: "no network")\ncell test_x()\n  fail("ran")\nend\n')
    assert finished.code == 0
    assert "skip  test_x  no network" in finished.out
    assert "1 skipped" in finished.out


def test_an_expected_failure(project):
    found = project.outcomes(
        """
        @test(fails: "division-by-zero")
        cell test_fails()
          1 / 0
        end
        @test(fails: "division-by-zero")
        cell test_passes() = 1
        @test(fails: "division-by-zero")
        cell test_fails_else()
          fail("other")
        end
        """
    )
    assert found == {"test_fails": "passed", "test_passes": "did-not-fail", "test_fails_else": "failed"}


def test_a_leaked_task_names_its_place(project):
    finished = project.run("cell test_x()\n  spawn(sleep(5))\n  spawn(sleep(6))\nend\n")
    assert finished.code == 3
    assert "error[leaked-task]: 2 tasks still run when the test has ended: spawn(sleep(5))" in finished.out
    assert "m_test.lumen:2:3" in finished.out
    assert "m_test.lumen:3:3 (`spawn(sleep(6))`)" in finished.out


def test_leaks_may_be_allowed(project):
    program = "@test(leaks: true)\ncell test_x()\n  spawn(channel().receive())\nend\n"
    assert project.run(program).code == 0


def test_a_construct_that_unwinds_is_no_leak(project):
    program = """
    cell test_x()
      let first = await race
        wait(1)
        wait(100000)
      end
      assert_eq(first, 1)
    end
    cell wait(ms)
      defer
        sleep(5)
      end
      sleep(ms)
      return ms
    end
    """
    assert project.outcomes(program) == {"test_x": "passed"}


def test_a_task_nobody_awaited_fails_the_test(project):
    finished = project.run('cell test_x()\n  spawn(bad())\n  sleep(1)\nend\ncell bad()\n  fail("alone")\nend\n')
    assert finished.code == 3
    assert "error[failed]: alone" in finished.out
    assert "nobody awaited the future spawned at m_test.lumen:2" in finished.out


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('halt("stop")', "halt"),
        ("channel().receive()", "deadlock"),
        ("test_x()", "stack-overflow"),
        ("1 / 0", "division-by-zero"),
        ("assert 1 == 2", "assertion-failed"),
        ("null!", "null-unwrap"),
    ],
)
def test_every_kind_of_failure(project, body, code):
    finished = project.run(f"cell test_x()\n  {body}\nend\ncell test_next() = 1\n")
    assert finished.code == 3
    assert f"error[{code}]" in finished.out
    assert "m_test.lumen:2:" in finished.out
    assert "1 failed, 1 passed" in finished.out


def test_an_endless_loop_ends_by_its_time_limit(project):
    finished = project.run(
        '@test(mode: "eager")\ncell test_x()\n  while true\n    null\n  end\nend\ncell test_next() = 1\n',
        "--timeout", "200",
    )  # fmt: skip
    assert finished.code == 3
    assert "error[timeout]: the test took longer than the 0.2 s that `--timeout` allows" in finished.out
    assert "1 failed, 1 passed" in finished.out


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("while true\n    null\n  end", "m_test.lumen:3"),
        ("while true\n    sleep(0)\n  end", " at m_test.lumen:"),
        ("sleep(100000)", "it waited for a timer at m_test.lumen:3"),
    ],
)
def test_a_time_limit_says_where(project, body, said):
    finished = project.run(f'@test(mode: "eager")\ncell test_x()\n  {body}\nend\n', "--timeout", "100")
    assert said in finished.out
    assert "--> m_test.lumen:" in finished.out


def test_the_seed_is_the_same_in_every_run(project):
    program = 'cell test_x()\n  fail("{random()} {uuid()} {timestamp()}")\nend\n'
    first = project.run(program, "--format", "json").json["tests"][0]["error"]["message"]
    assert project.run(program, "--format", "json").json["tests"][0]["error"]["message"] == first
    assert project.run(program, "--format", "json", "--seed", "1").json["tests"][0]["error"]["message"] != first


def test_tool_calls_need_no_declared_effect(project):
    program = "use tool llm.chat as Chat\ncell test_x() = Chat(prompt: 1)\n"
    assert project.outcomes(program) == {"test_x": "unscripted-call"}


def test_the_script_part_runs_before_each_test(project):
    program = 'print("top")\ncell test_x()\n  fail("x")\nend\n'
    assert "    top\n" in project.run(program).out


def test_main_is_not_run(project):
    assert project.run('cell main()\n  fail("main")\nend\ncell test_x() = 1\n').code == 0


def test_programs_beside_the_test_are_imported(project):
    project.write("shop.lumen", "cell total(xs) = sum(xs)\n")
    assert project.run("import shop: total\ncell test_x() = assert_eq(total([1, 2]), 3)\n").code == 0


def test_records_are_of_the_run_that_compares_them(project):
    program = """
    record Point
      x: Int
    end
    cell origin() = Point(x: 0)
    cell test_x(origin) = assert_eq(origin, Point(x: 0))
    """
    assert project.outcomes(program) == {"test_x": "passed"}


# --- run twice -------------------------------------------------------------------------------------------------------


def case_of(project, program):
    return collect(str(project.write("m_test.lumen", program))).cases[0]


@pytest.fixture
def answers(monkeypatch):
    """Lets the environment change between two runs, as nothing in a test can."""
    given = iter(range(100))
    monkeypatch.setattr(runner.Door, "answer_now", lambda self, kind, name, args, answer: f"value {next(given)}")


def test_a_test_that_does_something_else_the_second_time_fails(project, answers):
    case = case_of(project, 'cell test_x()\n  print("x")\n  print(get_env("X"))\nend\n')
    result = run_case(case, RunOptions())
    assert (result.verdict, result.code) == ("failed", "not-repeatable")
    notes = "\n".join(result.report.notes)
    assert 'first:  asked     get_env("X") = "value 0"' in notes
    assert 'second: asked     get_env("X") = "value 1"' in notes


def test_once_does_not_compare(project, answers):
    case = case_of(project, 'cell test_x()\n  print(get_env("X"))\nend\n')
    assert run_case(case, RunOptions(repeats=False)).verdict == "passed"


def test_a_failing_test_is_run_once(project, monkeypatch):
    runs = []
    attempt = runner.attempt
    monkeypatch.setattr(runner, "attempt", lambda *args: runs.append(1) or attempt(*args))
    assert run_case(case_of(project, 'cell test_x()\n  fail("x")\nend\n'), RunOptions()).verdict == "failed"
    assert len(runs) == 1
    assert run_case(case_of(project, "cell test_x() = 1\n"), RunOptions()).verdict == "passed"
    assert len(runs) == 3


def test_ctrl_c_in_the_second_run_is_no_difference(project, monkeypatch):
    runs = []
    attempt = runner.attempt

    def interrupted(*args):
        made = attempt(*args)
        runs.append(made)
        made.outcome.was_interrupted = len(runs) == 2
        args[3].bodies.append(f"run {len(runs)}")
        return made

    monkeypatch.setattr(runner, "attempt", interrupted)
    result = run_case(case_of(project, "cell test_x() = 1\n"), RunOptions())
    assert len(runs) == 2
    assert result.was_interrupted
    assert result.code is None


def test_ctrl_c_ends_the_session(project, monkeypatch):
    original = command.run_case

    def interrupted(case, options):
        if case.cell == "test_b":
            options.timeout_ms = 20_000
            threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        return original(case, options)

    monkeypatch.setattr(command, "run_case", interrupted)
    finished = project.run(
        """
        cell test_a() = 1
        @test(mode: "eager")
        cell test_b()
          while true
            sleep(5)
          end
        end
        cell test_c() = 1
        """
    )
    assert finished.code == 130
    assert "interrupted: 1 passed" in finished.out
