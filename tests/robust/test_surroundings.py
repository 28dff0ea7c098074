"""Streams that are closed, full or gone, odd files, odd arguments: through the command line, as a user meets them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

PROGRAM = 'print("hi")\nlet x = read_line()\nprint(x)\n'
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX shells and files")


def shell(lumen, command: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["/bin/sh", "-c", command.replace("LUMEN ", f"'{sys.executable}' -m lumen ")],
        cwd=lumen.folder, env=lumen.environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False,
    )  # fmt: skip


@posix
@pytest.mark.parametrize(
    ("command", "out"),
    [
        ("LUMEN run main.lumen <&-", b"hi\nnull\n"),
        ("LUMEN run main.lumen >&-", b""),
        ("LUMEN run main.lumen 2>&-", b"hi\nnull\n"),
        ("LUMEN run main.lumen <&- >&- 2>&-", b""),
        ("LUMEN run main.lumen --format json >&-", b""),
        ("LUMEN check main.lumen >&- 2>&-", b""),
        ("cat main.lumen | LUMEN run -", b"hi\nnull\n"),
        ("cat main.lumen | LUMEN run /dev/stdin", b"hi\nnull\n"),
        ("LUMEN run /dev/null", b""),
    ],
)
def test_closed_streams_and_programs_from_pipes(lumen, command, out):
    lumen.write("main.lumen", PROGRAM)
    done = shell(lumen, command)
    assert (done.returncode, done.stdout, done.stderr) == (0, out, b"")


@posix
@pytest.mark.parametrize(
    "words", ["run main.lumen", "run main.lumen --format json", "check main.lumen", "--version", "--help"]
)
def test_output_to_a_full_disk(lumen, words):
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    lumen.write("main.lumen", PROGRAM)
    done = shell(lumen, f"LUMEN {words} >/dev/full")
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert b"o space left" in done.stderr
    assert b"internal" not in done.stderr


@posix
@pytest.mark.parametrize("words", ["run main.lumen", "run main.lumen --format json"])
def test_a_reader_that_leaves(lumen, words):
    lumen.write("main.lumen", 'for i in 0..300000\n  print("line {i}")\nend\n')
    done = shell(lumen, f"LUMEN {words} | head -c 10")
    assert done.stderr == b""


@posix
def test_a_fifo_as_program(lumen):
    fifo = lumen.folder / "pipe"
    os.mkfifo(fifo)
    writer = threading.Thread(target=lambda: fifo.write_bytes(b"print(1)\n"))
    writer.start()
    assert lumen.do("run", "pipe").out == "1\n"
    writer.join()


@posix
@pytest.mark.parametrize(
    "name", ['odd "name`.lumen', "é 中.lumen", "a\nb.lumen", "-.lumen", "x.lumen.lumen", "noending"]
)
def test_odd_file_names(lumen, name):
    lumen.write(name, "print(1 // 0)\n")
    done = lumen.do("run", "./" + name)
    assert done.code == 3
    assert "division-by-zero" in done.err


@posix
def test_a_file_name_that_is_no_text(lumen):
    path = os.fsencode(lumen.folder) + b"/\xff.lumen"
    with open(path, "wb") as file:
        file.write(b"print(1 // 0)\n")
    done = subprocess.run(
        [sys.executable, "-m", "lumen", "run", b"\xff.lumen"],
        cwd=lumen.folder, env=lumen.environment, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert b"Traceback" not in done.stderr
    assert b"division-by-zero" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "give one program file"),
        (["main.lumen", "main.lumen"], "give one program file"),
        ([""], "no-such-file"),
        (["x" * 5000], "unreadable"),
        (["main.lumen", "--bogus"], "--bogus"),
        (["main.lumen", "--format", "xml"], "--format"),
        (["main.lumen", "--timeout", "0"], "--timeout"),
        (["main.lumen", "--timeout", "soon"], "--timeout"),
        (["main.lumen", "--seed", "x"], "--seed"),
        (["main.lumen", "--cell", "mian"], "main"),
        (["main.lumen"], "--arg n=…"),
        (["main.lumen", "--arg", "n"], "name=value"),
        (["main.lumen", "--arg", "n=x"], "Int"),
        (["main.lumen", "--arg", "n=1.5"], "Int"),
        (["main.lumen", "--arg", "n="], "Int"),
        (["main.lumen", "--arg", "m=1"], "`m`"),
        (["main.lumen", "--arg", "n=1", "--arg", "xs=[1,"], "JSON"),
        (["main.lumen", "--arg", "n=1", "--arg", "xs=" + "[" * 20_000 + "]" * 20_000], "nested too deep"),
        (["main.lumen", "--arg", "n=1", "--arg", "b=yes"], "Bool"),
    ],
)
def test_wrong_usage(lumen, words, told):
    lumen.write("main.lumen", "cell main(n: Int, xs: list[Int] = [], b: Bool = true)\n  return [n, xs, b]\nend\n")
    done = lumen.do("run", *words)
    assert (done.code, done.out) == (1, "")
    assert told in done.err
    assert "internal" not in done.err


def test_long_and_deep_values_on_the_command_line(lumen):
    lumen.write("main.lumen", "cell main(n: Int)\n  return n\nend\n")
    assert lumen.do("run", "main.lumen", "--arg", "n=" + "9" * 10_000).out == "9" * 10_000 + "\n"
    assert len(lumen("cell main()\n  return 10 ** 20000\nend\n", "--format", "json").out) > 20_000
    nest = "cell main()\n  let mut x = 1\n  for i in 0..{}\n    x = [x]\n  end\n  return x\nend\n"
    assert lumen(nest.format(990), "--format", "json").out.startswith('{"status": "ok"')
    done = lumen(nest.format(5000), "--format", "json")
    assert done.code == 3
    assert done.json["error"]["code"] == "value-error"


def test_a_check_of_a_missing_file_finds_no_absence_of_problems(lumen):
    done = lumen.do("check", "nothere.lumen")
    assert (done.code, done.out) == (1, "")


def test_a_tool_that_closes_stdout(lumen):
    lumen.write("closing.py", "import sys\ndef f():\n    sys.stdout.close()\n")
    lumen.write("lumen.toml", '[providers]\n"t.f" = "python:closing:f"\n')
    done = lumen("use tool t.f as F\nF()\nprint(1)\n")
    assert done.code == 1
    assert done.err.count("\n") == 1


def test_more_loops_than_python_can_nest(lumen):
    done = lumen("for i in [1]\n" * 25 + "print(1)\n" + "end\n" * 25)
    assert done.code == 4
    assert "too-deep" in done.err
    # Python says at which loop it gave up: the 21st up to 3.12, the 22nd from 3.13 on.
    assert "main.lumen:21:1" in done.err or "main.lumen:22:1" in done.err
