"""`breakpoint()`, `lumen run --pdb` and Python's own pdb, fed through standard input or a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.slow

PROGRAM = """\
cell total(items: list[Int], factor: Int) -> Int
  let mut sum = 0
  for x in items
    sum += x * factor
  end
  breakpoint()
  sum
end

cell work(n: Int) -> Int
  sleep(1)
  let t = total([n, n + 1], 2)
  t
end

cell main()
  defer
    print("cleaned up")
  end
  let both = await parallel
    work(3)
    10
  end
  print(both)
end
"""


@pytest.fixture
def debug(tmp_path):
    """Run a program with commands for the debugger; (what is printed, exit code)."""

    def run(source, commands, *options, tool=("-m", "lumen", "run"), environment=None):
        path = tmp_path / "program.lumen"
        path.write_text(textwrap.dedent(source))
        done = subprocess.run(
            [sys.executable, *tool, path.name, *options],
            cwd=tmp_path,
            input="\n".join(commands) + "\n",
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONBREAKPOINT": "", **(environment or {})},
        )
        assert "Traceback" not in done.stderr
        assert "internal" not in done.stderr
        return done.stdout + done.stderr, done.returncode

    return run


def answers(text):
    """What the debugger said to each command."""
    return [part.strip() for part in text.split("(Pdb) ")[1:]]


def test_breakpoint_stops_on_its_line_and_shows_lumen_names(debug):
    commands = ["l 5,7", "p items", "p sum", "items[1] * factor", "p length(items)", "p {'a': true, 'b': null}", "c"]
    text, code = debug(PROGRAM, commands)
    assert code == 0
    assert text.startswith("> program.lumen(6)total()\n-> breakpoint()\n")
    assert answers(text) == [
        "5  \t  end\n  6  ->\t  breakpoint()\n  7  \t  sum",
        "[3, 4]",
        "14",
        "8",
        "2",
        '{"a": true, "b": null}',
        "[14, 10]\ncleaned up",
    ]


def test_the_stack_is_that_of_the_program(debug):
    text, code = debug(PROGRAM, ["w", "up", "p n", "up", "up", "c"])
    stack, up, n, branch, top, _ = answers(text)
    assert code == 0
    assert [line for line in stack.split("\n") if not line.startswith("->")] == [
        "program.lumen(21)branch()",
        "  program.lumen(12)work()",
        "> program.lumen(6)total()",
    ]
    assert up == "> program.lumen(12)work()\n-> let t = total([n, n + 1], 2)"
    assert n == "3"
    assert branch.startswith("> program.lumen(21)branch()")
    assert top == "*** Oldest frame"


def places(text):
    return [part.split("\n")[0].split("> ")[-1] for part in answers(text)]


def test_next_goes_from_line_to_line_through_awaits(debug):
    source = """\
    cell twice(n: Int) -> Int
      sleep(1)
      n * 2
    end

    cell main()
      breakpoint()
      let a = twice(1)
      sleep(1)
      let b = await race
        twice(2)
        twice(30)
      end
      print(a + b)
    end
    """
    text, code = debug(source, ["n"] * 20)
    lines = [int(place.partition("(")[2].partition(")")[0]) for place in places(text)[:-1]]
    assert code == 0
    # The branches of a race are lines of `main`: that is where they are made.
    assert (lines[:2], set(lines[2:-1]), lines[-1]) == ([8, 9], {10, 11, 12}, 14)
    assert not any(")twice()" in part or "lumen/" in part for part in answers(text))
    assert answers(text)[-1] == "6"


def test_step_goes_into_cells_and_into_what_runs_next(debug):
    text, code = debug(
        PROGRAM.replace("  breakpoint()\n", "").replace("  defer", "  breakpoint()\n  defer"), ["s"] * 60
    )
    entered = [part.split("\n")[1] for part in answers(text) if part.startswith("--Call--")]
    assert code == 0
    assert entered == [
        "> program.lumen(21)branch()",
        "> program.lumen(9)work()",
        "> program.lumen(22)branch()",
        "> program.lumen(1)total()",
        "> program.lumen(17)defer()",
    ]
    assert "lumen/" not in text


def test_return_shows_the_value(debug):
    text, _ = debug(PROGRAM, ["r", "c"])
    assert answers(text)[0] == "--Return--\n> program.lumen(7)total()->14\n-> sum"


def test_breakpoints_by_line_cell_and_condition(debug):
    source = """\
    cell each(n: Int)
      print("each", n)
    end

    cell main()
      for n in 0..5
        each(n)
      end
      print("done")
    end
    """
    commands = ["b 7, n == 3", "b each", "b program.lumen:9", "b", "c", "p n", "cl 2", "c", "p n", "c", "c"]
    text, code = debug(source, commands, "--pdb")
    said = answers(text)
    assert code == 0
    assert said[0].startswith("Breakpoint 1 at ")
    assert said[0].endswith("program.lumen:7")
    assert said[2].endswith("program.lumen:9")
    assert said[4].startswith("> program.lumen(2)each()")
    assert said[5] == "0"
    assert said[7].endswith("> program.lumen(7)main()\n-> each(n)")
    assert said[8] == "3"
    assert said[9].endswith('> program.lumen(9)main()\n-> print("done")')
    assert said[10] == "done"


def test_quit_cancels_the_run_and_cleans_up(debug):
    text, code = debug(PROGRAM, ["q"])
    assert code == 130
    assert answers(text) == ["cleaned up\ninterrupted"]


def test_end_of_input_quits(debug):
    text, code = debug(PROGRAM, [])
    assert code == 130
    assert "cleaned up" in text


def test_quit_is_no_failure_that_can_be_caught(debug):
    source = """\
    cell main()
      let r = attempt(fn()
        breakpoint()
        1
      end)
      print("went on", r)
    end
    """
    text, code = debug(source, ["q"])
    assert code == 130
    assert "went on" not in text


def test_captured_and_redeclared_variables_have_their_names(debug):
    source = """\
    cell main()
      let limit = 2
      let limit = limit + 1
      let kept = filter([1, 5], fn(x)
        breakpoint()
        x > limit
      end)
      print(kept)
    end
    """
    text, code = debug(source, ["p x", "p limit", "up", "p limit", "c", "c"])
    said = answers(text)
    assert code == 0
    assert said[0] == "1"
    assert said[1] == said[3] == "3"


def test_what_cannot_be_shown_is_told(debug):
    text, code = debug(PROGRAM, ["p nothing", "p work(1)", "p 1 +", "1 // 0", "c"])
    said = answers(text)
    assert code == 0
    assert said[0] == "*** NameError: name 'nothing' is not defined"
    assert "suspends" in said[1]
    assert said[2].startswith("*** SyntaxError")
    assert said[3].startswith("*** ZeroDivisionError")


def test_time_spent_at_the_prompt_does_not_count(tmp_path):
    """Nothing sleeps here: the debugger's own prompt makes the clock go on, if it does."""
    from lumen.runtime.clock import Clock
    from lumen.runtime.debugger import LumenPdb

    clock = Clock()
    clock.start_at(5_000_000_000)
    debugger = LumenPdb([], clock=clock)
    with debugger._at_rest():
        clock.start_at(9_000_000_000)
    assert 5_000_000_000 <= clock.now_ns() < 6_000_000_000


def test_sys_breakpointhook_is_honoured(tmp_path, monkeypatch):
    import lumen

    seen = []

    def hook(*args, **kwargs):
        seen.append((sys._getframe(1).f_code.co_filename, sys._getframe(1).f_lineno, sys._getframe(1).f_locals["x"]))

    monkeypatch.setattr(sys, "breakpointhook", hook)
    lumen.run("cell main()\n  let x = 4\n  breakpoint()\nend\n", path="here.lumen")
    assert seen == [("here.lumen", 3, 4)]


def test_pythonbreakpoint_switches_it_off(debug):
    text, code = debug(PROGRAM, [], environment={"PYTHONBREAKPOINT": "0"})
    assert (text, code) == ("[14, 10]\ncleaned up\n", 0)


def test_failure_is_looked_at_where_it_happened(debug):
    source = """\
    cell divide(a: Int) -> Int
      let zero = a - a
      a // zero
    end

    cell far(n: Int) -> Int
      sleep(1)
      divide(n)
    end

    cell main()
      let f = spawn(far(7))
      await f
    end
    """
    text, code = debug(source, ["c", "p zero", "up", "p n", "up", "q"], "--pdb")
    said = answers(text)
    assert code == 3
    assert said[0].startswith("> program.lumen(3)divide()\n-> a // zero")
    assert said[1] == "0"
    assert said[2].startswith("> program.lumen(8)far()")
    assert said[3] == "7"
    assert said[4].startswith("> program.lumen(13)main()")
    assert "error[division-by-zero]" in text


def test_deadlock_has_no_place_to_look_at(debug):
    text, code = debug("cell main()\n  channel[Int]().receive()\nend\n", ["c"], "--pdb")
    assert code == 3
    assert "error[deadlock]" in text


def test_deterministic_mode(debug):
    text, code = debug(PROGRAM, ["p sum", "n", "c"], "--deterministic")
    assert code == 0
    assert answers(text)[0] == "14"


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="pdb of Python 3.13 takes breakpoints in .py files only")
def test_pythons_own_pdb(debug):
    commands = ["b program.lumen:12", "c", "p n", "n", "p t", "q", "q"]
    text, _ = debug(PROGRAM.replace("  breakpoint()\n", ""), commands, tool=("-m", "pdb", "-m", "lumen", "run"))
    said = answers(text)
    assert said[1].endswith("program.lumen(12)work()\n-> t")
    assert said[2] == "3"
    assert "stopped by the debugger" in text


def test_pythons_own_pdb_at_a_breakpoint_of_the_program(debug):
    text, _ = debug(PROGRAM, ["c", "p sum", "n", "c", "q"], tool=("-m", "pdb", "-m", "lumen", "run"))
    said = answers(text)
    assert said[0].startswith("> program.lumen(6)total()")
    assert said[1] == "14"
    assert "[14, 10]" in text


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal")
def test_on_a_terminal_ctrl_c_and_ticks_leave_the_prompt_alone(tmp_path):
    import pty
    import select

    path = tmp_path / "program.lumen"
    path.write_text(
        "cell busy() -> Int\n  let mut n = 0\n  while n < 300_000\n    n += 1\n  end\n  breakpoint()\n  n\nend\n\n"
        'cell main()\n  spawn(print("other"))\n  print(await timeout(600_000, busy()))\nend\n'
    )
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover
        os.environ |= {"TERM": "dumb", "PYTHONBREAKPOINT": ""}
        os.execv(sys.executable, [sys.executable, "-m", "lumen", "run", str(path)])
    said = ""

    def wait_for(text):
        nonlocal said
        while text not in said:
            if not select.select([terminal], [], [], 10)[0]:
                # Python's readline may miss a signal that comes between two keys, until the next one.
                os.write(terminal, b"\n")
                assert select.select([terminal], [], [], 60)[0], f"nothing more after {said!r}"
            said += os.read(terminal, 4096).decode()
        before, _, said = said.partition(text)
        return before

    wait_for("(Pdb) ")
    os.write(terminal, b"p n")
    wait_for("p n")
    os.write(terminal, b"\x03")
    wait_for("--KeyboardInterrupt--")
    wait_for("(Pdb) ")
    os.write(terminal, b"p n\n")
    assert "300000" in wait_for("(Pdb) ")
    os.write(terminal, b"c\n")
    wait_for("300000")
    assert os.waitpid(pid, 0)[1] == 0
    os.close(terminal)


TESTS = """\
cell price(n: Int) -> Int
  let base = 3
  n * base
end

cell test_price()
  let got = price(2)
  BREAKPOINT
  assert_eq(got, 7)
end
"""


@pytest.fixture
def debug_test(tmp_path):
    """`lumen test` with commands for the debugger; (what is printed, exit code)."""

    def run(source, commands, *options):
        (tmp_path / "price_test.lumen").write_text(source)
        done = subprocess.run(
            [sys.executable, "-m", "lumen", "test", *options],
            cwd=tmp_path,
            input="\n".join(commands) + "\n",
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONBREAKPOINT": ""},
        )
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr, done.returncode

    return run


def test_lumen_test_opens_where_a_test_fails(debug_test):
    text, code = debug_test(TESTS.replace("  BREAKPOINT\n", ""), ["p got", "q"], "--pdb")
    assert code == 3
    assert "error[assertion-failed]" in text
    assert answers(text)[0].startswith("6")
    assert "-> assert_eq(got, 7)\n(Pdb)" in text


def test_a_breakpoint_in_a_test_is_met_once(debug_test):
    source = TESTS.replace("BREAKPOINT", "breakpoint()").replace("7)", "6)")
    text, code = debug_test(source, ["p got", "c"])
    assert code == 0, text
    assert text.count("(Pdb)") == 2
    assert answers(text)[0] == "6"


def test_coverage_goes_on_after_a_look(debug_test):
    source = TESTS.replace("BREAKPOINT", "breakpoint()\n  let more = price(1)").replace("7)", "6)")
    text, code = debug_test(source, ["c"], "--coverage")
    assert code == 0, text
    assert "100.0 %" in text
