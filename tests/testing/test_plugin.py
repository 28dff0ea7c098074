"""Tests written in Lumen, as pytest sees them. Each test here starts a pytest of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

pytestmark = pytest.mark.slow

SHOP = """\
cell price(n: Int) -> Int
  n * 3
end

cell test_one()
  print("hello")
  assert_eq(price(2), 6)
end

@test(cases: [(1, 3), (2, 6), (3, 10)])
cell test_price(n: Int, want: Int)
  assert_eq(price(n), want)
end

cell test_far()
  print("on the way")
  let x = spawn(inner())
  await x
end

cell inner()
  sleep(1000)
  fail("deep down")
end

@test(skip: "not today")
cell test_later()
  fail("x")
end
"""


@pytest.fixture
def project(tmp_path):
    """A folder with one file of tests."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "shop_test.lumen").write_text(SHOP)
    (tmp_path / "tests" / "shop.lumen").write_text('cell test_not_a_test_file()\n  fail("no")\nend\n')
    return tmp_path


@pytest.fixture
def run_pytest(project):
    """Run pytest there; (what it prints, exit code)."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHONBREAK"))}

    def run(*options):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options],
            cwd=project,
            capture_output=True,
            text=True,
            timeout=120,
            env={**environment, "COLUMNS": "100"},
            input="",
        )
        assert "INTERNALERROR" not in done.stdout + done.stderr
        return done.stdout + done.stderr, done.returncode

    return run


def test_node_ids(run_pytest):
    text, code = run_pytest("--collect-only", "-q")
    assert code == 0
    assert text.split("\n")[:7] == [
        "tests/shop_test.lumen::test_one",
        "tests/shop_test.lumen::test_price[1-3]",
        "tests/shop_test.lumen::test_price[2-6]",
        "tests/shop_test.lumen::test_price[3-10]",
        "tests/shop_test.lumen::test_far",
        "tests/shop_test.lumen::test_later",
        "",
    ]


def test_outcomes_and_failures_in_lumen_lines_only(run_pytest):
    text, code = run_pytest("-rs", "-p", "no:cacheprovider", "-p", "no:xdist")
    assert code == 1
    assert "2 failed, 3 passed, 1 skipped" in text
    assert "SKIPPED [1] tests/shop_test.lumen: not today" in text
    assert (
        """\
error[assertion-failed]: expected 10, got 9
  --> tests/shop_test.lumen:12:3
12 |   assert_eq(price(n), want)
   |   ^^^^^^^^^^^^^^^^^^^^^^^^^
   = in `test_price`

  case: (3, 10)
"""
        in text
    )
    assert (
        """\
error[failed]: deep down
  --> tests/shop_test.lumen:23:3
23 |   fail("deep down")
   |   ^^^^^^^^^^^^^^^^^
   = in `inner`
   = awaited by `test_far` at tests/shop_test.lumen:18:3
"""
        in text
    )
    assert "Captured stdout call" in text
    assert "on the way" in text
    assert "Captured last events of call" in text
    assert "hello" not in text
    assert ".py" not in re.sub(r"platform .*|rootdir.*|plugins.*|cachedir.*", "", text)


def test_selecting_and_stopping(run_pytest):
    assert "2 passed, 1 failed" in _counts(run_pytest("-q", "-k", "price and not far"))
    text, _ = run_pytest("-q", "-x")
    assert "stopping after 1 failures" in text
    assert "3 passed, 1 failed" in _counts((text, 1))
    words = ("tests/shop_test.lumen::test_price[2-6]", "tests/shop_test.lumen::test_one")
    assert "2 passed, 0 failed" in _counts(run_pytest("-q", *words))


def _counts(said):
    found = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed)", said[0])}
    return f"{found.get('passed', 0)} passed, {found.get('failed', 0)} failed"


def test_last_failed(run_pytest, project):
    run_pytest("-q")
    file = project / "tests" / "shop_test.lumen"
    file.write_text(SHOP.replace("(3, 10)", "(3, 9)"))
    text, code = run_pytest("-q", "--lf")
    assert code == 1
    assert "FAILED tests/shop_test.lumen::test_far" in text
    assert "1 failed in" in text


def test_spread_over_processes(run_pytest):
    text, code = run_pytest("-n", "2", "-p", "no:cacheprovider")
    assert code == 1
    assert "2 failed, 3 passed, 1 skipped" in text
    assert "FAILED tests/shop_test.lumen::test_far - deep down [failed]" in text
    assert '23 |   fail("deep down")' in text


def test_junit(run_pytest, project):
    run_pytest("-q", "--junitxml", "out.xml")
    tests = list(ElementTree.parse(project / "out.xml").getroot().iter("testcase"))
    assert [test.get("name") for test in tests][:2] == ["test_one", "test_price[1-3]"]
    assert {test.get("classname") for test in tests} == {"tests.shop_test.lumen"}
    failed = tests[4].find("failure")
    assert failed.get("message") == "deep down [failed]"
    assert "--> tests/shop_test.lumen:23:3" in failed.text


def test_a_file_that_does_not_compile_is_one_error(run_pytest, project):
    (project / "tests" / "test_broken.lumen").write_text("cell test_a()\n  let x = foo\nend\ncell test_b()\n  y\nend\n")
    text, code = run_pytest("-p", "no:cacheprovider")
    assert code == 2
    assert "1 error" in text
    assert (
        """\
error[unresolved-name]: `foo` is not defined
 --> tests/test_broken.lumen:2:11
2 |   let x = foo
"""
        in text
    )
    assert ":5:3" in text
    assert ".py" not in re.sub(r"platform .*|rootdir.*|plugins.*", "", text)


def test_a_file_that_cannot_be_read(run_pytest, project):
    (project / "tests" / "test_latin.lumen").write_bytes(b"# \xe9\xff\n")
    text, code = run_pytest("-p", "no:cacheprovider")
    assert code == 2
    assert "UTF-8" in text


def test_markdown_and_marked_tests(run_pytest, project):
    (project / "tests" / "test_notes.lumen.md").write_text(
        "# Notes\n\n```lumen\n@test\ncell holds()\n  assert_eq(1, 1)\nend\n```\n"
    )
    text, code = run_pytest("-v", "tests/test_notes.lumen.md")
    assert code == 0
    assert "tests/test_notes.lumen.md::holds PASSED" in text


def test_excluded_files(run_pytest, project):
    (project / "pytest.ini").write_text("[pytest]\nlumen_exclude = tests/data\n  */generated_test.lumen\n")
    (project / "tests" / "data").mkdir()
    (project / "tests" / "data" / "a_test.lumen").write_text("nonsense(\n")
    (project / "tests" / "generated_test.lumen").write_text("nonsense(\n")
    text, code = run_pytest("--collect-only", "-q")
    assert code == 0
    assert "6 tests" in text


def test_durations_and_fixtures_of_pytest_do_not_stumble(run_pytest, project):
    (project / "conftest.py").write_text(
        "import pytest\n@pytest.fixture(autouse=True)\ndef always(request):\n    yield\n"
        "def pytest_collection_modifyitems(items):\n    for item in items:\n"
        "        item.add_marker(pytest.mark.filterwarnings('error'))\n"
    )
    text, code = run_pytest("--durations=3", "-p", "no:cacheprovider")
    assert code == 1
    assert "2 failed, 3 passed, 1 skipped" in text


def test_pdb_opens_at_the_lumen_line(run_pytest):
    text, _ = run_pytest("--pdb", "-k", "far", "-p", "no:cacheprovider")
    assert re.search(r"> .*tests/shop_test\.lumen\(23\)inner\(\)\n-> fail\(\"deep down\"\)", text)


def test_the_fixture_reaches_python_tests(run_pytest, project):
    (project / "tests" / "test_it.py").write_text(
        "def test_runs(lumen):\n"
        "    lumen.tools['llm.chat'] = ['four']\n"
        "    result = lumen.run('use tool llm.chat as Chat\\ncell main() = Chat(prompt: \"2+2\")')\n"
        "    assert result.value == 'four'\n"
        "def test_file(lumen):\n"
        "    assert lumen.run('lib.lumen', cell='three').value == 3\n"
    )
    (project / "tests" / "lib.lumen").write_text("cell three() = 3\n")
    text, code = run_pytest("tests/test_it.py", "-q", "-p", "no:cacheprovider")
    assert code == 0, text
    assert "2 passed" in text


def test_a_run_without_lumen_files_imports_nothing_of_lumen(run_pytest, project):
    (project / "tests" / "test_plain.py").write_text(
        "import sys\ndef test_it():\n"
        "    loaded = sorted(name for name in sys.modules if name == 'lumen' or name.startswith('lumen.'))\n"
        "    assert loaded == ['lumen', 'lumen.testing', 'lumen.testing.plugin']\n"
    )
    text, code = run_pytest("tests/test_plain.py", "-q", "-p", "no:cacheprovider")
    assert code == 0, text


def test_our_own_programs_are_collected_once(tmp_path):
    """The suite of this repository has programs that its conftest.py collects."""
    from pathlib import Path

    root = Path(__file__).parents[2]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--collect-only",
            "-q",
            "-p",
            "no:cacheprovider",
            "tests/lang",
            "tests/stdlib",
        ],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
    )
    ids = [line for line in done.stdout.split("\n") if ".lumen" in line]
    assert len(ids) == len(set(ids)) > 100
    assert all(re.search(r"::(eager|fifo|check)$|::.*(eager|fifo)", line) for line in ids), done.stdout[-500:]


def test_breakpoint_opens_the_debugger_of_pytest(run_pytest, project):
    (project / "tests" / "look_test.lumen").write_text(
        "cell test_look()\n  let n = 41\n  breakpoint()\n  assert_eq(n, 41)\nend\n"
    )
    text, code = run_pytest("tests/look_test.lumen", "-p", "no:cacheprovider")
    assert re.search(r"> .*look_test\.lumen\((3|4)\)test_look\(\)", text)
    assert "Quitting debugger" in text
    assert code == 2


def test_a_tool_function_may_skip(run_pytest, project):
    (project / "tests" / "test_it.py").write_text(
        "import pytest\ndef test_runs(lumen):\n"
        "    lumen.tools['llm.chat'] = lambda prompt: pytest.skip('no key')\n"
        "    lumen.run('use tool llm.chat as Chat\\ncell main() = Chat(prompt: \"2+2\")')\n"
    )
    text, code = run_pytest("tests/test_it.py", "-q", "-rs", "-p", "no:cacheprovider")
    assert code == 0
    assert "no key" in text


def test_recording_when_asked(run_pytest, project):
    (project / "tests" / "writes_test.lumen").write_text(
        'cell test_writes()\n  write_file("tests/made.txt", "hi")\nend\n'
    )
    file = "tests/writes_test.lumen"
    text, code = run_pytest(file, "-q", "-p", "no:cacheprovider")
    assert (code, "[unscripted-call]" in text) == (1, True)
    assert not (project / "tests" / "made.txt").exists()
    assert run_pytest(file, "-q", "-p", "no:cacheprovider", "--lumen-record")[1] == 0
    (project / "tests" / "made.txt").unlink()
    assert run_pytest(file, "-q", "-p", "no:cacheprovider")[1] == 0
    assert not (project / "tests" / "made.txt").exists()
