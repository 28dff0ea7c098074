"""Busy code can't hang the rest, Ctrl-C and limits; nothing of the process is left changed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from lumen import Interpreter, RunError

SPIN = """
cell spin()
  while true
  end
end
cell count(n: Int) -> Int
  let mut i = 0
  while i < n
    i += 1
  end
  return i
end
"""


def run(program: str, **options):
    return Interpreter(use_cache=False, **options).run(source=SPIN + program)


PROGRAMS = {
    "suspending": 'cell main()\n  return await timeout(30, spin()) ?? "late"\nend\n',
    "plain": 'cell main()\n  return await timeout(30, count(100000000000)) ?? "late"\nend\n',
    "in a builtin": 'cell main()\n  return await timeout(30, map([1], fn(x) => count(100000000000))) ?? "late"\nend\n',
    "lost race": (
        "cell main()\n  return await race\n    count(100000000000)\n"
        '    async\n      sleep(20)\n      "late"\n    end\n  end\nend\n'
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("deterministic", [False, True], ids=["eager", "fifo"])
def test_busy_code_is_stopped(name, deterministic):
    assert run(PROGRAMS[name], deterministic=deterministic).value == "late"


@pytest.mark.parametrize("name", ["suspending", "plain", "in a builtin"])
def test_busy_code_is_stopped_off_the_main_thread(name):
    # A lost race is missing: without signals nothing can let the other branch run on top of a plain one.
    found = []
    thread = threading.Thread(target=lambda: found.append(run(PROGRAMS[name]).value), daemon=True)
    thread.start()
    thread.join(30)
    assert found == ["late"]


def test_others_run_while_a_task_is_busy():
    program = """
cell tick()
  let mut n = 0
  while n < 3
    sleep(1)
    n += 1
  end
  return "ticked"
end
cell main()
  return await race
    spin()
    tick()
  end
end
"""
    assert run(program).value == "ticked"


def test_defers_run_when_busy_code_is_stopped():
    work = 'cell work()\n  defer\n    print("cleaned")\n  end\n  spin()\nend\n'
    program = work + "cell main()\n  await timeout(20, work())\nend\n"
    assert run(program).output == "cleaned\n"


def test_the_timeout_of_the_host():
    with pytest.raises(RunError) as caught:
        run("cell main()\n  spin()\nend\n", timeout_s=0.03)
    assert caught.value.code == "timeout"


def test_the_process_is_as_before():
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGALRM, signal.SIGVTALRM)}
    limits = sys.getrecursionlimit(), sys.get_int_max_str_digits(), _stack_limit()
    run(PROGRAMS["plain"])
    assert handlers == {number: signal.getsignal(number) for number in handlers}
    assert limits == (sys.getrecursionlimit(), sys.get_int_max_str_digits(), _stack_limit())
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def _stack_limit():
    resource = pytest.importorskip("resource")
    return resource.getrlimit(resource.RLIMIT_STACK)


def test_a_program_run_by_an_extern_function_of_another():
    interpreter = Interpreter(use_cache=False)

    @interpreter.register
    def inner(ms):
        return run(f'cell main()\n  return await timeout({ms}, spin()) ?? "inner"\nend\n').value

    program = (
        "extern cell inner(ms: Int) -> Any\ncell main()\n  let a = inner(20)\n"
        "  return [a, await timeout(20, count(100000000000))]\nend\n"
    )
    assert interpreter.run(source=SPIN + program).value == ["inner", None]


INTERRUPTED = """
cell nap()
  defer
    print("nap cleaned")
  end
  sleep(60000)
end
cell main()
  defer
    print("main cleaned")
  end
  print("ready")
  await parallel
    nap()
    %s
  end
end
"""


class Started:
    def __init__(self, folder, program: str) -> None:
        (folder / "m.lumen").write_text(SPIN + program)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lumen", "run", "m.lumen"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "LUMEN_CACHE_DIR": str(folder / "cache")},
        )  # fmt: skip
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize("branch", ["sleep(1000)", "spin()", "count(100000000000)"])
def test_ctrl_c_cancels_runs_defers_and_exits_130(tmp_path, branch):
    started = Started(tmp_path, INTERRUPTED % branch)
    started.interrupt()
    code, out, err = started.end()
    assert code == 130
    assert sorted(out.split("\n")) == ["", "main cleaned", "nap cleaned"]
    assert err == "interrupted\n"


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_a_second_ctrl_c_leaves_at_once(tmp_path):
    program = (
        'cell main()\n  defer\n    print("cleaning")\n    sleep(60000)\n  end\n  print("ready")\n  sleep(60000)\nend\n'
    )
    started = Started(tmp_path, program)
    started.interrupt()
    assert started.process.stdout is not None
    assert started.process.stdout.readline() == "cleaning\n"
    before = time.monotonic()
    started.interrupt()
    code, _, err = started.end()
    assert (code, err) == (130, "")
    assert time.monotonic() - before < 20
