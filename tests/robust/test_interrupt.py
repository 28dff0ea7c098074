"""Ctrl-C: the run is cancelled, `defer`s run, exit code 130, no traceback; the second one leaves at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="signals")]

DEFER = 'cell main()\n  defer\n    print("bye")\n  end\n  print("ready")\n  {}\nend\n'
BODIES = {
    "sleep": "sleep(100_000)",
    "busy": "while true\n  end",
    "busy call": "spin(1)",
    "busy built-in": "sort_by(range(0, 3_000_000), fn(y) => 0 - y)",
    "branches": "await parallel(sleep(100_000), spin(1))",
    "attempt": "attempt(fn() => sleep(100_000))\n  print(2)",
    "boundary": "match await spawn(sleep(100_000))\n    err(e) -> print(e)\n    _ -> print(2)\n  end\n  print(3)",
    "receive": "spawn(sleep(100_000))\n  let ch = channel()\n  ch.receive()",
    "generator": "for x in ones()\n    let y = x\n  end",
    "tool": "Wait()",
    "async tool": "AWait()",
    "stdin": "read_line()",
    "cleanup that waits": "await parallel for i in 0..3\n    slowly()\n  end",
}
HELPERS = """
use tool t.wait as Wait
use tool t.await_ as AWait

cell spin(n)
  while true
  end
end

cell ones() -> yield Int
  while true
    yield 1
  end
end

cell slowly()
  defer
    sleep(30)
  end
  sleep(100_000)
end
"""
TOOLS = (
    "import threading\nimport trio\n\ndef wait():\n    threading.Event().wait(5)\n\n\n"
    "async def await_():\n    await trio.sleep(100)\n"
)


def start(lumen, program, *options):
    lumen.write("waiting.py", TOOLS)
    lumen.write("lumen.toml", '[providers]\n"t.wait" = "python:waiting:wait"\n"t.await_" = "python:waiting:await_"\n')
    lumen.write("main.lumen", program)
    process = subprocess.Popen(
        [sys.executable, "-m", "lumen", "run", "main.lumen", *options],
        cwd=lumen.folder, env=lumen.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == b"ready\n"
    return process


@pytest.mark.parametrize("name", BODIES)
def test_an_interrupt_cancels_the_run(lumen, name):
    process = start(lumen, HELPERS + DEFER.format(BODIES[name]))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == b"bye\n"
    told = [line for line in err.decode().split("\n") if line and not line.startswith("warning: `t.wait`")]
    assert told == ["interrupted"]


def test_in_virtual_time(lumen):
    process = start(lumen, "@deterministic true\n" + DEFER.format("while true\n    sleep(1)\n  end"))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"bye\n", b"interrupted\n")


def test_the_second_leaves_at_once(lumen):
    process = start(
        lumen,
        'cell main()\n  defer\n    print("cleaning")\n    sleep(100_000)\n  end\n  print("ready")\n'
        "  sleep(100_000)\nend\n",
    )
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == b"cleaning\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=4)
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err


def test_a_failing_defer_is_told(lumen):
    process = start(lumen, 'cell main()\n  defer\n    fail("no")\n  end\n  print("ready")\n  sleep(100_000)\nend\n')
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"cleanup" in err
    assert b"Traceback" not in err


def test_json_is_still_one_object(lumen):
    # Nothing is printed before the end, so stderr can't say when to go on; the interrupt may even come before main.
    lumen.write("main.lumen", "cell main()\n  sleep(100_000)\nend\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "lumen", "run", "main.lumen", "--format", "json", "--timeout", "50"],
        cwd=lumen.folder, env=lumen.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 3
    assert out.count(b"\n") == 1
    assert b'"timeout"' in out
