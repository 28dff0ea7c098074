"""The lines of a program that were run, by our own listener."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lumen.cli.main import main
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, Options
from lumen.runtime.output import Output
from lumen.testing.coverage import Coverage, FileCoverage, percent_of, ranges_of, render_coverage, shortfall

EXAMPLES = Path(__file__).parents[2] / "examples"

LISTENERS = ["trace"] + (["monitoring"] if sys.version_info >= (3, 12) else [])


@pytest.fixture(params=LISTENERS)
def listener(request, monkeypatch):
    """Both ways of listening, where Python has both."""
    if request.param == "trace" and sys.version_info >= (3, 12):
        monkeypatch.setattr("lumen.testing.coverage._free_tool", lambda monitoring: None)
    return request.param


def run(coverage, path, **kwargs):
    loader = Loader(Options(deterministic=True, seeded=True))
    unit = loader.load_program(str(path))
    coverage.watch(loader)
    settings = Settings()
    settings.seed = 1
    settings.kwargs = kwargs
    return Run(loader, unit, Output(None, keep=True), settings).run()


def covered(tmp_path, source, **kwargs):
    """(executable lines, executed lines) of a program run once."""
    path = tmp_path / "program.lumen"
    path.write_text(source)
    with Coverage() as coverage:
        run(coverage, path, **kwargs)
    (file,) = coverage.files()
    return sorted(file.executable), sorted(file.executed)


def marked(source):
    """The lines that the marks of a program say: + runs, - doesn't."""
    lines = list(enumerate(source.split("\n"), 1))
    run_lines = [number for number, text in lines if text.endswith("# +")]
    missed = [number for number, text in lines if text.endswith("# -")]
    return sorted(run_lines + missed), run_lines


PROGRAMS = {
    "cells": """
cell used(x: Int) -> Int
  let y = x + 1  # +
  return y * 2  # +
end

cell unused(x: Int) -> Int
  let y = x + 1  # -
  return y  # -
end

cell one_line(x: Int) -> Int = x  # +
cell never(x: Int) -> Int = x  # -

cell main()
  print(used(1) + one_line(2))  # +
end
""",
    "branches": """
cell main()
  let n = 3  # +
  if n > 2  # +
    print("big")  # +
  else
    print("small")  # -
  end
  match n  # +
    1 -> print("one")  # +
    3 ->  # +
      print("three")  # +
    _ ->
      print("many")  # -
  end
  for i in 0..0  # +
    print(i)  # -
  end
  while n > 5  # +
    print("no")  # -
  end
end
""",
    "functions": """
cell main()
  let double = fn(x)  # +
    x * 2  # +
  end
  let triple = fn(x)  # +
    x * 3  # -
  end
  print(double(2))  # +
end
""",
    "generators": """
cell count(to: Int) -> yield Int
  let mut n = 0  # +
  loop  # +
    n += 1  # +
    if n > to  # +
      print("over")  # -
    end
    yield n  # +
  end
end

cell main()
  for n in count(5)  # +
    if n == 3  # +
      break  # +
    end
  end
end
""",
    "tasks": """
async cell slow(n: Int) -> Int
  sleep(n * 1000)  # +
  n  # +
end

cell main()
  let all = await parallel for n in 0..3  # +
    await slow(n)  # +
  end
  let first = await race  # +
    await slow(1)  # +
    [10, await slow(50)][0]  # +
  end
  let cut = await timeout(5)  # +
    sleep(100)  # +
    print("too late")  # -
  end
  print(all, first, cut)  # +
  defer  # +
    print("bye")  # +
  end
  let settled = attempt(fn() => fail("no"))  # +
  print(settled)  # +
end
""",
    "records": """
record Point(x: Int, y: Int = 0)
  cell sum(self) -> Int
    self.x + self.y  # +
  end
  cell unused(self) -> Int
    self.x  # -
  end
end

enum Color
  Red
  Green
end

cell main()
  print(Point(x: 1).sum(), Color.Red)  # +
end
""",
    "many lines": """
trait Sized
  cell go(self) -> Int
    1  # +
  end
  cell stop(self) -> Int
    2  # -
  end
end

record R(x: Int,
  y: Int = make(),  # +
  z: Int = 3 where z > 0)  # +
end

impl Sized for R
end

cell make()
  5  # +
end

cell other(x: Int) -> String
  when
    x > 1 -> "a"  # +
    _ -> "b"  # -
  end
end

cell main()
  let got = [x for x in 0..3  # +
    if x > 0]  # +
  let r = R(x: 1)  # +
  print(r.go(), other(2), got)  # +
  let s = if r.x > 1  # +
    "big"  # -
  else
    "small"  # +
  end
  let f = fn(a) => a +  # +
    1  # +
  print(f(2), s)  # +
end
""",
    "script": """
# A comment.
let n = [  # +
  1,  # +
  2  # +
]
print(n)  # +
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_lines_that_ran(tmp_path, listener, name):
    executable, executed = covered(tmp_path, PROGRAMS[name])
    wanted, ran = marked(PROGRAMS[name])
    assert (executable, executed) == (wanted, ran)


def test_imported_modules_count_and_the_standard_library_does_not(tmp_path, listener):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "prices.lumen").write_text("cell price()\n  3\nend\n\ncell gone()\n  4\nend\n")
    (tmp_path / "main.lumen").write_text(
        "import shop.prices: price\nimport std.list: compact\n\ncell main()\n  print(price(), compact([1]))\nend\n"
    )
    with Coverage() as coverage:
        run(coverage, tmp_path / "main.lumen")
    found = {Path(file.path).name: file.missing for file in coverage.files()}
    assert found == {"main.lumen": [], "prices.lumen": [6]}


def test_several_runs_add_up(tmp_path, listener):
    path = tmp_path / "sign.lumen"
    path.write_text("cell main(n: Int)\n  if n > 0\n    1\n  else\n    2\n  end\nend\n")
    with Coverage() as coverage:
        run(coverage, path, n=1)
        assert [file.missing for file in coverage.files()] == [[5]]
        run(coverage, path, n=-1)
    (file,) = coverage.files()
    assert file.missing == []


def test_what_runs_outside_the_block_is_not_counted(tmp_path, listener):
    path = tmp_path / "program.lumen"
    path.write_text("cell main()\n  print(1)\nend\n")
    coverage = Coverage()
    with coverage:
        pass
    run(coverage, path)
    assert coverage.files()[0].missing == [2]


def test_a_second_coverage_counts_afresh(tmp_path, listener):
    path = tmp_path / "program.lumen"
    path.write_text("cell main()\n  print(1)\nend\n")
    loader = Loader(Options(deterministic=True))
    unit = loader.load_program(str(path))
    for _ in range(2):
        with Coverage() as coverage:
            coverage.watch(loader)
            Run(loader, unit, Output(None, keep=True), Settings()).run()
        assert coverage.files()[0].missing == []


def test_equal_code_in_two_files(tmp_path, listener):
    for name in ("a", "b"):
        (tmp_path / f"{name}.lumen").write_text("cell main()\n  print(1)\nend\n")
    with Coverage() as coverage:
        loader = Loader(Options(deterministic=True))
        loader.load_program(str(tmp_path / "a.lumen"))
        coverage.watch(loader)
        run(coverage, tmp_path / "b.lumen")
    assert {Path(file.path).name: file.missing for file in coverage.files()} == {"a.lumen": [2], "b.lumen": []}


def test_busy_code_that_is_interrupted(tmp_path, listener):
    """Other tasks run on top of a busy one; their lines count all the same."""
    source = """
cell busy()
  let mut n = 0  # +
  loop  # +
    n += 1  # +
    if n < 0  # +
      break  # -
    end
  end
end

cell other()
  sleep(1)  # +
  print("other")  # +
end

cell main()
  spawn(other())  # +
  await timeout(60, busy())  # +
end
"""
    path = tmp_path / "program.lumen"
    path.write_text(source)
    with Coverage() as coverage:
        loader = Loader(Options())
        unit = loader.load_program(str(path))
        coverage.watch(loader)
        output = Output(None, keep=True)
        Run(loader, unit, output, Settings()).run()
    (file,) = coverage.files()
    assert output.text() == "other\n"
    assert (sorted(file.executable), sorted(file.executed)) == marked(source)


# What an example keeps for a bad day: a retry that gives up.
LEFT_OUT = {"06_retry.lumen": [11]}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.lumen*")), ids=lambda path: path.name)
def test_examples_are_covered(path, listener, monkeypatch):
    if "base_url" in path.read_text() or "use tool" in path.read_text():
        pytest.skip("needs a server")
    monkeypatch.chdir(EXAMPLES.parent)
    with Coverage() as coverage:
        outcome = run(coverage, path)
    if outcome.report is not None:
        pytest.skip(f"needs more than a seed: {outcome.report.message}")
    missing = {Path(file.path).name: file.missing for file in coverage.files() if file.missing}
    assert missing == {name: lines for name, lines in LEFT_OUT.items() if name == path.name}


# --- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A program with a test of half of it, in the current folder."""
    (tmp_path / "shop.lumen").write_text("cell price() -> Int\n  3\nend\n\ncell other() -> Int\n  4\nend\n")
    (tmp_path / "shop_test.lumen").write_text(
        "import shop: price\n\ncell test_price()\n  assert_eq(price(), 3)\nend\n\n"
        '@test(mode: "eager")\ncell test_again()\n  assert_eq(price(), 3)\nend\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_command(shop, listener, capsys):
    assert main(["test", "--coverage"]) == 0
    printed = capsys.readouterr().out
    assert printed.endswith("""\
coverage:
  lines  missed  covered  file        missing
      2       1   50.0 %  shop.lumen  6
""")


def test_command_with_too_little(shop, listener, capsys):
    assert main(["test", "--coverage", "--fail-under", "50", "-q"]) == 0
    assert main(["test", "--coverage", "--fail-under", "50.1", "-q"]) == 3
    assert "50.0 % is less than the 50.1 %" in capsys.readouterr().err
    assert main(["test", "--fail-under", "50"]) == 1
    assert main(["test", "--coverage", "--fail-under", "much"]) == 1


def test_command_with_exploration(shop, listener, capsys):
    assert main(["test", "--coverage", "--explore", "5"]) == 0
    assert "50.0 %  shop.lumen" in capsys.readouterr().out


# --- the report ----------------------------------------------------------------------------------------------------


def test_ranges_leap_over_lines_that_cannot_run():
    file = FileCoverage("/p.lumen", {2, 3, 5, 9, 12, 14}, {9})
    assert ranges_of(file) == "2-5, 12-14"


def test_report(tmp_path):
    files = [
        FileCoverage(str(tmp_path / "cart.lumen"), set(range(1, 13)), set(range(4, 13))),
        FileCoverage("/elsewhere/shop.lumen", {1, 2, 3}, {1, 2, 3}),
    ]
    assert (
        render_coverage(files, directory=str(tmp_path))
        == """\
coverage:
  lines  missed  covered  file                   missing
     12       3   75.0 %  cart.lumen             1-3
      3       0  100.0 %  /elsewhere/shop.lumen
     15       3   80.0 %  all files"""
    )


def test_almost_everything_is_not_everything():
    file = FileCoverage("/p.lumen", set(range(10_000)), set(range(9_999)))
    assert "99.9 %" in render_coverage([file])
    assert shortfall([file], 100) == "coverage: 99.9 % is less than the 100 % that `--fail-under` asks for"
    assert shortfall([file], 99.99) is None


def test_no_lines_are_all_of_them():
    assert percent_of([]) == percent_of([FileCoverage("/p.lumen", set(), set())]) == 100.0
    assert render_coverage([]) == "coverage: no program file was loaded"
