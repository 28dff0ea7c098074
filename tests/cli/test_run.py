"""`lumen run`: what it prints, and its exit codes."""

from __future__ import annotations

import pytest

FAILING = """\
cell inner(x)
  return 10 / x
end

cell main()
  print("before")
  return await spawn(inner(0))
end
"""


def test_prints_and_then_shows_the_value_of_main(lumen):
    done = lumen('print("top")\ncell main()\n  print("in main")\n  return [1, "a"]\nend\n')
    assert (done.code, done.out, done.err) == (0, 'top\nin main\n[1, "a"]\n', "")


def test_a_null_value_is_not_shown(lumen):
    assert lumen("cell main()\n  return null\nend\n").out == ""


def test_json_is_exactly_one_object(lumen):
    done = lumen('cell main()\n  print("x")\n  return {"a": (1, true)}\nend\n', "--format", "json")
    assert done.code == 0
    assert done.json == {"status": "ok", "value": {"a": [1, True]}, "output": "x\n", "error": None}


def test_a_failure_as_json_has_its_place_and_stack(lumen):
    done = lumen(FAILING, "--format", "json")
    assert done.code == 3
    assert done.json["output"] == "before\n"
    assert done.json["error"] == {
        "code": "division-by-zero",
        "message": done.json["error"]["message"],
        "file": "main.lumen",
        "line": 2,
        "column": 10,
        "stack": [
            {"cell": "inner", "file": "main.lumen", "line": 2, "column": 10},
            {"cell": "main", "file": "main.lumen", "line": 7, "column": 10},
        ],
    }


def test_a_failure_as_text_shows_line_caret_and_both_stacks(lumen):
    done = lumen(FAILING)
    assert (done.code, done.out) == (3, "before\n")
    assert done.err.startswith("error[division-by-zero]: ")
    assert "main.lumen:2:10\n2 |   return 10 / x\n  |          ^^^^^^\n" in done.err
    assert "awaited by `main` at main.lumen:7:10" in done.err


def test_no_colour_when_stderr_is_no_terminal(lumen):
    assert "\x1b" not in lumen(FAILING).err


def test_syntax_errors_exit_4_and_check_errors_2(lumen):
    assert lumen("cell main(\n").code == 4
    done = lumen("cell main()\n  return nmae\nend\n")
    assert done.code == 2
    assert "unresolved-name" in done.err
    assert "main.lumen:2:10" in done.err


def test_errors_as_json_have_the_shape_of_a_failed_run(lumen):
    done = lumen("print(nmae)\n", "--format", "json")
    assert done.code == 2
    assert done.json["status"] == "error"
    assert done.json["error"]["code"] == "unresolved-name"
    assert (done.json["error"]["line"], done.json["error"]["column"]) == (1, 7)


def test_warnings_only_with_W(lumen):
    program = "cell main()\n  let x = 1\n  x = 2\n  return x\nend\n"
    assert lumen(program).err == ""
    done = lumen(program, "-W")
    assert "warning[assign-to-let]" in done.err
    assert done.out == "2\n"


def test_a_program_from_standard_input(lumen):
    done = lumen.do("run", "-", stdin=b"print(1 + 1)\n")
    assert (done.code, done.out) == (0, "2\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--arg", "n=20"], "20 String x"),
        (["--arg", "n=0x10", "--arg", "s=1"], "16 String 1"),
        (["--arg=n=-3", "--arg", "s=a=b"], "-3 String a=b"),
    ],
)
def test_arguments_are_read_by_the_type_of_the_parameter(lumen, arguments, expected):
    program = 'cell show(n: Int, s: String = "x")\n  print("{n} {type_of(s)} {s}")\nend\n'
    assert lumen(program, "--cell", "show", *arguments).out == expected + "\n"


def test_arguments_without_a_simple_type_are_json_or_text(lumen):
    program = "cell main(x, y: list[Int])\n  return [x, y]\nend\n"
    assert lumen(program, "--arg", "x=[1, true]", "--arg", "y=[2]").out == "[[1, true], [2]]\n"
    assert lumen(program, "--arg", "x=abc", "--arg", "y=[]").out == '["abc", []]\n'


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--cell", "mian"], "did you mean `main`?"),
        (["--arg", "m=1"], "no argument `m`"),
        (["--arg", "n=x"], "type Int"),
        (["--arg", "n"], "name=value"),
        ([], "needs --arg n=…"),
        (["--sed", "1"], "did you mean `--seed`?"),
        (["--seed"], "needs a value"),
        (["--seed", "abc"], "whole number"),
        (["--timeout", "0"], "at least 1"),
        (["--format", "xml"], "text or json"),
        (["--sandbox"], "not supported yet"),
        (["--journal", "full"], "give both"),
        (["--record", "x.jsonl", "--journal", "half"], "full or minimal"),
        (["--record", "x.jsonl", "--fsync", "often"], "never or always"),
        (["other.lumen"], "one program file"),
    ],
)
def test_a_wrong_command_line_exits_1_with_one_message(lumen, options, words):
    done = lumen("cell main(n: Int)\n  return n\nend\n", *options)
    assert done.code == 1
    assert words in done.err
    assert done.err.count("\n") == 1
    assert done.out == ""


def test_commands_of_later_versions_are_refused_by_name(lumen):
    done = lumen.do("fmt", "x.lumen")
    assert done.code == 1
    assert "`lumen fmt`" in done.err
    assert "not supported yet" in done.err


def test_an_unknown_command_suggests_one(lumen):
    assert "did you mean `check`?" in lumen.do("chekc").err
    assert "lumen run main.lumen" in lumen.do("main.lumen").err


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["help", "run"], ["run", "--help"], ["check", "-h"]])
def test_version_and_help_exit_0(lumen, words):
    done = lumen.do(*words)
    assert done.code == 0
    assert "lumen" in done.out


def test_main_gets_its_seed(lumen):
    program = "@deterministic true\ncell main()\n  return [random(), uuid(), timestamp_ms()]\nend\n"
    assert lumen(program).code == 2
    first = lumen(program, "--seed", "7")
    assert first.code == 0, first.err
    assert first.out == lumen(program, "--seed", "7").out
    assert first.out != lumen(program, "--seed", "8").out


def test_deterministic_mode_by_option(lumen):
    program = """\
cell say(x)
  print(x)
  return x
end
cell main()
  let f1 = spawn(say("one"))
  let f2 = spawn(say("two"))
  print("spawned")
  await [f1, f2]
  sleep(3600000)
end
"""
    assert lumen(program, "--deterministic").out == "spawned\none\ntwo\n"


def test_the_run_timeout_runs_defers_and_fails(lumen):
    done = lumen('cell main()\n  defer\n    print("cleaned")\n  end\n  sleep(60000)\nend\n', "--timeout", "50")
    assert (done.code, done.out) == (3, "cleaned\n")
    assert "error[timeout]" in done.err


def test_on_exit_cancel_does_not_wait(lumen):
    program = 'cell late()\n  sleep(20)\n  print("late")\nend\ncell main()\n  let f = spawn(late())\nend\n'
    assert lumen(program).out == "late\n"
    assert lumen(program, "--on-exit", "cancel").out == ""


def test_a_failed_future_that_nobody_looked_at_fails_the_run(lumen):
    done = lumen('cell bad()\n  fail("oh no")\nend\ncell main()\n  spawn(bad())\n  print("end")\nend\n')
    assert (done.code, done.out) == (3, "end\n")
    assert "oh no" in done.err
    assert "nobody awaited the future spawned at main.lumen:5:3 (`spawn(bad())`)" in done.err


def test_a_deadlock_says_who_waits_for_what_and_where(lumen):
    program = "cell main()\n  let c = channel()\n  let f = spawn(fn() => c.receive())\n  return await f\nend\n"
    for options in ([], ["--deterministic"]):
        done = lumen(program, *options)
        assert done.code == 3
        assert "error[deadlock]" in done.err
        assert "channel 1 at main.lumen:3" in done.err
        assert "the main task waits for future" in done.err


def test_all_failing_branches_are_listed_with_their_places(lumen):
    done = lumen('cell bad(n)\n  fail("bad {n}")\nend\ncell main()\n  await race\n    bad(1)\n    bad(2)\n  end\nend\n')
    assert done.code == 3
    assert done.err.index("bad 1") < done.err.index("bad 2")
    assert "a branch at main.lumen:6:5" in done.err
    assert "a branch at main.lumen:7:5" in done.err


def test_recursion_10000_deep(lumen):
    done = lumen("cell down(n)\n  if n == 0\n    return 0\n  end\n  return 1 + down(n - 1)\nend\nprint(down(10000))\n")
    assert (done.code, done.out) == (0, "10000\n")


@pytest.mark.parametrize(
    "program",
    [
        "cell f(n)\n  return g(n)\nend\ncell g(n)\n  return f(n)\nend\nf(1)\n",
        "cell f(n)\n  if n == 0\n    sleep(0)\n  end\n  return g(n)\nend\ncell g(n)\n  return f(n)\nend\nf(1)\n",
        "cell f(n)\n  return sort_by([n], fn(x) => g(x))\nend\ncell g(n)\n  return f(n)\nend\nf(1)\n",
    ],
    ids=["plain", "suspending", "through-a-builtin"],
)
def test_endless_recursion_is_a_clean_failure_with_the_repeating_cells(lumen, program):
    done = lumen(program)
    assert done.code == 3
    assert "error[stack-overflow]" in done.err
    assert "more calls of" in done.err
    assert "`f`" in done.err
    assert "`g`" in done.err
    assert len(done.err.splitlines()) < 25


def test_a_reader_that_goes_away_is_no_error(lumen):
    import subprocess
    import sys

    lumen.write("main.lumen", "for i in 0..200000\n  print(i)\nend\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "lumen", "run", "main.lumen"],
        cwd=lumen.folder,
        env=lumen.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"0\n"
    process.stdout.close()
    assert process.stderr is not None
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), errors) == (0, b"")


def test_an_endless_program_ends_when_its_reader_goes_away(lumen):
    import subprocess
    import sys

    lumen.write("main.lumen", "let mut i = 0\nwhile true\n  i += 1\n  print(i)\nend\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "lumen", "run", "main.lumen"],
        cwd=lumen.folder, env=lumen.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"1\n"
    process.stdout.close()
    assert (process.wait(timeout=30), process.stderr.read()) == (0, b"")
    process.stderr.close()


def test_lone_surrogates_can_be_printed(lumen):
    done = lumen('print(json_parse("\\"a\\\\ud800b\\""))\n')
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("a")
