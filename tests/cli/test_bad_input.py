"""Programs and surroundings gone wrong: one clear message, the right exit code, never a traceback."""

from __future__ import annotations

import os
import sys

import pytest


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"print(1)\n\xff\xfe\n", 1, "not UTF-8"),
        (b"print(1)\n\x00\n", 1, "NUL"),
        (b"(" * 10_000 + b"1" + b")" * 10_000, 4, "too-deep"),
        (b"let = = =\n", 4, "syntax-error"),
    ],
    ids=["not-utf8", "nul", "parentheses", "garbage"],
)
def test_text_that_is_no_program(lumen, content, code, words):
    done = lumen(content)
    assert (done.code, done.out) == (code, "")
    assert words in done.err


@pytest.mark.parametrize(
    ("content", "out"),
    [
        (b"", ""),
        (b"\n\n# nothing\n", ""),
        (b"\xef\xbb\xbfprint(1)\n", "1\n"),
        (b'print(1)\r\nif true\r\n  print("\xc3\xa9")\r\nend\r\n', "1\né\n"),
        (b'print(length("' + b"x" * 1_000_000 + b'"))\n', "1000000\n"),
        (b"print(length(to_string(" + b"9" * 100_000 + b")))\n", "100000\n"),
    ],
    ids=["empty", "comments", "bom", "crlf", "megabyte-line", "huge-integer"],
)
def test_unusual_text_that_is_a_program(lumen, content, out):
    done = lumen(content)
    assert (done.code, done.out, done.err) == (0, out, "")


def test_a_missing_file_and_a_directory(lumen):
    done = lumen.do("run", "nothere.lumen")
    assert (done.code, done.err) == (1, "error[no-such-file]: there is no file `nothere.lumen`\n")
    done = lumen.do("run", ".")
    assert done.code == 1
    assert "is a directory" in done.err
    assert lumen.do("run", "nothere.lumen", "--format", "json").json["error"]["code"] == "no-such-file"


def test_circular_imports_show_the_chain(lumen):
    lumen.write("a.lumen", "import b: f\ncell g()\n  return 1\nend\n")
    lumen.write("b.lumen", "import a: g\ncell f()\n  return 1\nend\n")
    done = lumen("import a: g\nprint(g())\n")
    assert done.code == 2
    assert "import-cycle" in done.err
    assert "`a` → `b` → `a`" in done.err


def test_missing_modules_and_names(lumen):
    lumen.write("shapes.lumen", "cell area()\n  return 1\nend\n")
    done = lumen("import shaps: area\n")
    assert done.code == 2
    assert "missing-module" in done.err
    assert "did you mean `shapes`?" in done.err
    done = lumen("import shapes: aera\n")
    assert done.code == 2
    assert "did you mean `area`?" in done.err


def test_an_error_in_an_imported_module_is_shown_there(lumen):
    lumen.write("lib/util.lumen", "cell f()\n  return nope\nend\n")
    done = lumen("import lib.util: f\nprint(f())\n")
    assert done.code == 2
    assert os.path.join("lib", "util.lumen") + ":2:10" in done.err
    assert "main.lumen:1" in done.err


def test_a_failure_in_an_imported_module_is_shown_there(lumen):
    lumen.write("lib/util.lumen", "# é\ncell f(x)\n  let é = 1\n  let y = é / x\n  return y\nend\n")
    done = lumen("import lib.util: f\nprint(f(0))\n")
    assert done.code == 3
    assert os.path.join("lib", "util.lumen") + ":4:11" in done.err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs permissions that bind")
def test_a_read_only_cache_for_others(lumen, tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    assert lumen("print(1)\n", LUMEN_CACHE_DIR=str(home / "cache")).out == "1\n"


@pytest.mark.parametrize("place", ["/proc/nowhere/cache", "/dev/null/cache", ""])
def test_a_cache_that_cannot_be_written(lumen, place):
    done = lumen("print(1)\n", LUMEN_CACHE_DIR=place)
    assert (done.code, done.out, done.err) == (0, "1\n", "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_for_output(lumen):
    import subprocess

    lumen.write("main.lumen", "print(1)\n")
    with open("/dev/full", "wb") as full:
        process = subprocess.run(
            [sys.executable, "-m", "lumen", "run", "main.lumen"],
            cwd=lumen.folder, env=lumen.environment, stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert process.returncode == 1
    assert b"Traceback" not in process.stderr
    assert b"No space left" in process.stderr


def test_a_broken_lumen_toml(lumen):
    lumen.write("lumen.toml", "[providers\n")
    done = lumen("use tool x.y as Y\nY(a: 1)\n")
    assert done.code == 3
    assert "lumen.toml" in done.err
