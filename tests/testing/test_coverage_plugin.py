"""coverage.py measures `.lumen` files."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

PROGRAM = """\
import prices: price

cell used(n: Int) -> Int
  sleep(1)
  n * price()
end

cell unused() -> Int
  let x = 1
  x
end

cell main()
  let all = await parallel for n in 0..2
    used(n)
  end
  print(all)
end
"""


@pytest.fixture
def project(tmp_path):
    """A program of two modules, measured with our plugin."""
    (tmp_path / "main.lumen").write_text(PROGRAM)
    (tmp_path / "prices.lumen").write_text("cell price() -> Int\n  3\nend\n\ncell other() -> Int\n  4\nend\n")
    (tmp_path / "never.lumen.md").write_text("# Notes\n\n```lumen\ncell main()\n  print(1)\nend\n```\n")
    (tmp_path / ".coveragerc").write_text("[run]\nplugins = lumen.testing.coverage\nsource = .\n")
    return tmp_path


def coverage(folder, *words):
    done = subprocess.run(
        [sys.executable, "-m", "coverage", *words], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr, done.returncode


def test_lines_of_programs(project):
    said, code = coverage(project, "run", "-m", "lumen", "run", "main.lumen")
    assert (said, code) == ("[0, 3]\n", 0)
    coverage(project, "json", "-o", "out.json")
    files = json.loads((project / "out.json").read_text())["files"]
    found = {name: (file["executed_lines"], file["missing_lines"]) for name, file in files.items()}
    assert found == {
        "main.lumen": ([4, 5, 14, 15, 17], [9, 10]),
        "prices.lumen": ([2], [6]),
        "never.lumen.md": ([], [5]),
    }


def test_reports(project):
    coverage(project, "run", "-m", "lumen", "run", "main.lumen")
    text, code = coverage(project, "report", "-m", "--fail-under=90")
    assert code == 2
    assert "main.lumen" in text
    assert "9-10" in text
    coverage(project, "html", "-d", "html")
    assert any("main_lumen" in path.name for path in (project / "html").iterdir())
    coverage(project, "xml", "-o", "out.xml")
    assert "main.lumen" in (project / "out.xml").read_text()


def test_a_file_that_has_changed_for_the_worse_is_named(project):
    coverage(project, "run", "-m", "lumen", "run", "main.lumen")
    (project / "prices.lumen").write_text("cell price() -> Int\n  3 +\nend\n")
    text, code = coverage(project, "report")
    assert code != 0
    assert "prices.lumen" in text


def test_python_tests_that_run_programs(project):
    (project / "test_main.py").write_text(
        "def test_it(lumen):\n    assert lumen.run('main.lumen').output == '[0, 3]\\n'\n"
    )
    text, code = coverage(project, "run", "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_main.py")
    assert code == 0, text
    coverage(project, "json", "-o", "out.json")
    files = json.loads((project / "out.json").read_text())["files"]
    assert files["main.lumen"]["executed_lines"] == [4, 5, 14, 15, 17]
    assert files["prices.lumen"]["missing_lines"] == [6]
