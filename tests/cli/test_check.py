"""`lumen check`."""

from __future__ import annotations

import json


def test_a_clean_program(lumen):
    lumen.write("main.lumen", "print(1)\n")
    done = lumen.do("check", "main.lumen")
    assert (done.code, done.out, done.err) == (0, "no problems in 1 file\n", "")


def test_findings_as_text(lumen):
    lumen.write("main.lumen", "let price = 1\nprint(prise)\n")
    done = lumen.do("check", "main.lumen")
    assert done.code == 2
    assert "error[unresolved-name]" in done.out
    assert "--> main.lumen:2:7\n2 | print(prise)\n  |       ^^^^^\n" in done.out
    assert "did you mean `price`?" in done.out
    assert done.out.endswith("1 error in 1 file\n")


def test_findings_as_json(lumen):
    lumen.write("main.lumen", "let é = 1\nprint(é, prise)\n")
    done = lumen.do("check", "main.lumen", "--format", "json")
    assert done.code == 2
    assert done.json["status"] == "error"
    [found] = done.json["diagnostics"]
    assert list(found) == ["severity", "code", "message", "file", "line", "column", "end_line", "end_column", "hint"]
    assert (found["line"], found["column"], found["end_line"], found["end_column"]) == (2, 10, 2, 15)


def test_warnings_do_not_fail(lumen):
    lumen.write("main.lumen", "cell main()\n  let x = 1\n  x = 2\n  return x\nend\n")
    done = lumen.do("check", "main.lumen", "--format", "json")
    assert done.code == 0
    assert done.json["status"] == "ok"
    assert [d["severity"] for d in done.json["diagnostics"]] == ["warning"]


def test_several_files_and_the_worst_exit_code(lumen):
    lumen.write("good.lumen", "print(1)\n")
    lumen.write("names.lumen", "print(x)\n")
    lumen.write("syntax.lumen", "let = 3\n")
    assert lumen.do("check", "good.lumen", "names.lumen").code == 2
    done = lumen.do("check", "good.lumen", "names.lumen", "syntax.lumen", "--format", "json")
    assert done.code == 4
    assert {d["file"] for d in done.json["diagnostics"]} == {"names.lumen", "syntax.lumen"}


def test_a_missing_file_exits_1(lumen):
    done = lumen.do("check", "nothere.lumen", "--format", "json")
    assert done.code == 1
    assert json.loads(done.out)["diagnostics"][0]["code"] == "no-such-file"


def test_a_later_construct_is_refused_by_name(lumen):
    lumen.write("main.lumen", "agent A\n  cell f()\n    return 1\n  end\nend\n")
    done = lumen.do("check", "main.lumen")
    assert done.code == 2
    assert "`agent` is not supported yet" in done.out
