"""What `lumen test` prints. The whole reports stand in `reports/*.out`, beside the programs they are of.

`pytest tests/testing/test_report.py --update-golden` rewrites them; read the difference as code.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

REPORTS = Path(__file__).parent / "reports"
PROGRAMS = sorted(REPORTS.glob("*.lumen"))
VARIANTS = [("", ()), ("-verbose", ("-v",)), ("-quiet", ("-q",))]


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden", default=False))


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant[0] or "plain")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_the_whole_report(project, program, variant, update_golden):
    suffix, words = variant
    project.write(f"{program.stem}_test.lumen", program.read_bytes())
    finished = project.test(*words)
    golden = program.with_name(f"{program.stem}{suffix}.out")
    found = f"{finished.plain}exit code {finished.code}\n"
    if update_golden:
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


def test_colours_on_terminals_only(project, monkeypatch):
    import sys

    project.write("m_test.lumen", 'cell test_a() = 1\ncell test_b() = assert_eq("a b c d e f", "a b c d e F")\n')
    assert "\x1b[" not in project.test().out
    monkeypatch.setattr(sys.stdout.__class__, "isatty", lambda self: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = project.test().out
    assert "\x1b[32mok  \x1b[0m  test_a" in coloured
    assert "\x1b[31;1mFAIL\x1b[0m  test_b" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in project.test().out


def test_exit_codes(project):
    project.write("a_test.lumen", "cell test_a() = 1\n")
    assert project.test().code == 0
    project.write("b_test.lumen", "cell test_b(\n")
    finished = project.test()
    assert finished.code == 2
    assert "1 passed, 1 file with errors" in finished.out
    assert "b_test.lumen:" in finished.out
    project.write("c_test.lumen", 'cell test_c() = fail("x")\n')
    finished = project.test()
    assert finished.code == 3
    assert "1 failed, 1 passed, 1 file with errors" in finished.out


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"cell test_x()\n  nosuch()\nend\n", "error[unresolved-name]"),
        (b"import nowhere: x\ncell test_x() = x\n", "error[missing-module]"),
        (b"\xff\xfe\x00", "error["),
        (b"cell test_x() = 1 +\n", "error["),
        (b'@test(mode: "slow")\ncell test_x() = 1\n', "error["),
    ],
)
def test_files_that_do_not_compile(project, data, said):
    project.write("m_test.lumen", data)
    finished = project.test()
    assert finished.code == 2
    assert said in finished.out
    assert "1 file with errors" in finished.out
    assert project.test("--format", "json").json["errors"]
    assert project.test("--list").code == 2


def test_a_file_that_can_not_be_read(project):
    (project.path / "m_test.lumen").symlink_to("nowhere")
    finished = project.test()
    assert finished.code == 2
    assert "error[no-such-file]" in finished.out


def test_stop_at_the_first_failure(project):
    project.write("a_test.lumen", 'cell test_a() = 1\ncell test_b() = fail("x")\ncell test_c() = 1\n')
    project.write("b_test.lumen", "cell test_d() = 1\n")
    finished = project.test("-x")
    assert finished.code == 3
    assert "1 failed, 1 passed in" in finished.out
    assert "stopped at the first failure" in finished.out
    project.write("0_test.lumen", "cell\n")
    assert project.test("-x").code == 2


def test_durations(project):
    project.write("m_test.lumen", "cell test_a() = 1\ncell test_b() = 2\ncell test_c() = 3\n")
    listed = project.test("--durations", "2").plain.partition("slowest tests:\n")[2]
    assert listed.count("m_test.lumen::test_") == 2
    assert "slowest" not in project.test().out


def test_what_a_test_prints_is_shown_when_it_fails(project):
    program = (
        'cell test_x()\n  for i in 0..30\n    print("line {i}")\n  end\n  print("\\u{1b}[31mred")\n  fail("x")\nend\n'
    )
    finished = project.run(program)
    assert "    … 11 more lines\n    line 11\n" in finished.out
    assert "�[31mred" in finished.out
    assert "    … 21 earlier events\n" in finished.out


def test_surrogates(project):
    program = r"""
    cell test_x()
      print(json_parse("\"\\ud83d lone\""))
      assert_eq(json_parse("\"\\ud83d\""), "x")
    end
    """
    finished = project.run(program, "--junit", "out.xml")
    assert finished.code == 3
    assert "lone" in finished.out
    ET.parse(project.path / "out.xml")
    assert project.test("--format", "json").json["failed"] == 1


def test_a_terminal_that_knows_few_characters():
    import io

    from lumen.testing.discover import TestCase, TestFile
    from lumen.testing.report import TextReport
    from lumen.testing.results import CaseResult
    from lumen.testing.runner import plain_report
    from lumen.testing.session import Session

    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    result = CaseResult(TestCase(TestFile("ä_test.lumen"), "test_x", 1), "failed", report=plain_report("failed", "日"))
    TextReport(stream).finish(Session([result]))
    stream.flush()
    text = stream.buffer.getvalue().decode("ascii")
    assert "-- \\xe4_test.lumen::test_x ---" in text
    assert "error[failed]: \\u65e5" in text


# --- JSON ------------------------------------------------------------------------------------------------------------


def test_json(project):
    project.write(
        "m_test.lumen",
        'cell test_a() = 1\n@test(skip: "why")\ncell test_b() = 1\n@test(cases: [5])\ncell test_c(n)\n'
        '  print("out")\n  assert_eq(n, 6)\nend\n',
    )
    found = project.test("--format", "json").json
    assert (found["status"], found["passed"], found["failed"], found["skipped"]) == ("failed", 1, 1, 1)
    first, second, third = found["tests"]
    assert (first["id"], first["outcome"], first["error"]) == ("m_test.lumen::test_a", "passed", None)
    assert (second["outcome"], second["reason"]) == ("skipped", "why")
    assert third["case"] == "5"
    assert third["output"] == "out\n"
    assert third["events"] == ['printed   "out"  (m_test.lumen:6)']
    assert third["error"]["code"] == "assertion-failed"
    assert (third["error"]["line"], third["error"]["column"]) == (7, 3)
    assert third["text"].startswith("error[assertion-failed]: expected 6, got 5")


def test_json_of_broken_files(project):
    project.write("m_test.lumen", "cell test_x() = nosuch\n")
    finished = project.test("--format", "json")
    assert finished.code == 2
    (error,) = finished.json["errors"]
    assert (error["code"], error["line"]) == ("unresolved-name", 1)


# --- JUnit -----------------------------------------------------------------------------------------------------------


def test_junit(project):
    project.write("deep/m_test.lumen", (REPORTS / "verdicts.lumen").read_bytes())
    project.write("broken_test.lumen", "cell\n")
    assert project.test("--junit", "results/out.xml").code == 3
    root = ET.parse(project.path / "results" / "out.xml").getroot()
    assert root.tag == "testsuites"
    suites = {suite.get("name"): suite for suite in root}
    suite = suites["deep/m_test.lumen"]
    cases = {case.get("name"): case for case in suite}
    assert suite.get("tests") == str(len(cases)) == "11"
    assert int(suite.get("failures")) == sum(case.find("failure") is not None for case in cases.values())
    assert suite.get("skipped") == "1"
    assert cases["test_total"].get("classname") == "deep.m_test"
    assert cases["test_printing"].find("skipped").get("message") == "needs a printer"
    failure = cases["test_wrong_total"].find("failure")
    assert failure.get("type") == "assertion-failed"
    assert failure.get("message") == "the sum of the cart: expected 8, got 7"
    assert "m_test.lumen:22:3" in failure.text
    assert cases["test_wrong_total"].find("system-out").text == "cart is filled\ncart is emptied"
    (broken,) = suites["broken_test.lumen"]
    assert broken.find("error") is not None
    assert root.get("errors") == "1"


def test_junit_that_can_not_be_written(project):
    project.write("m_test.lumen", "cell test_x() = 1\n")
    finished = project.test("--junit", "m_test.lumen/out.xml")
    assert finished.code == 1
    assert "can't write" in finished.err


def test_text_that_xml_can_not_hold(project):
    project.write(
        "m_test.lumen", 'cell test_x()\n  print("a\\u{0}b <&> ]]>")\n  fail("\\u{1} \\"quoted\\" <tag>")\nend\n'
    )
    project.test("--junit", "out.xml")
    (failure,) = ET.parse(project.path / "out.xml").getroot().iter("failure")
    assert failure.get("message") == '\ufffd "quoted" <tag>'


# --- coverage, debugger, help ----------------------------------------------------------------------------------------


def test_coverage(project):
    project.write("shop.lumen", 'cell price(x)\n  if x == 0\n    return "free"\n  end\n  return x\nend\n')
    project.write("m_test.lumen", "import shop: price\ncell test_x() = assert_eq(price(1), 1)\n")
    finished = project.test("--coverage")
    assert finished.code == 0
    assert "shop.lumen" in finished.out
    assert project.test("--coverage", "--fail-under", "100").code == 3
    assert "coverage" in project.test("--coverage", "--fail-under", "100%").err
    assert project.test("--coverage", "--fail-under", "10").code == 0
    assert json.loads(project.test("--coverage", "--format", "json").out)["status"] == "ok"


def test_help(project):
    shown = project.test("--help")
    assert shown.code == 0
    assert shown.out.startswith("usage: lumen test")
