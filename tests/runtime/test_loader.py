"""The graph of modules: what is compiled again, and what comes from the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from lumen.compiler.cache import CodeCache
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, LoadError, Options, ProgramErrors
from lumen.runtime.output import Output


class Project:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = CodeCache(str(folder / "cache"))

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def load(self, name: str = "main.lumen", **options) -> Loader:
        loader = Loader(Options(**options), self.cache)
        self.main = loader.load_program(str(self.folder / name))
        return loader

    def compiled(self, **options) -> list[str]:
        """Names of the modules that a load compiles, in order."""
        loader = Loader(Options(**options), self.cache)
        seen: list[str] = []
        original = loader.compiler.compile

        def compile(key, dotted, *rest, **named):
            unit = original(key, dotted, *rest, **named)
            seen.append(dotted)
            return unit

        loader.compiler.compile = compile
        loader.load_program(str(self.folder / "main.lumen"))
        return seen

    def run(self, **options) -> tuple[object, str]:
        loader = self.load(**options)
        output = Output(None, keep=True)
        outcome = Run(loader, self.main, output, Settings()).run()
        assert outcome.report is None, outcome.report.as_text()
        return outcome.value, output.text()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_only_what_changed_is_compiled_again(project):
    project.write("main.lumen", "import a: f\ncell main()\n  return f(1)\nend\n")
    project.write("a.lumen", "import b: g\ncell f(x)\n  return g(x) + 1\nend\n")
    project.write("b.lumen", "cell g(x)\n  return x * 10\nend\n")
    assert project.compiled() == ["b", "a", "main"]
    assert project.compiled() == []
    project.write("b.lumen", "cell g(x)\n  return x * 20\nend\n")
    assert project.compiled() == ["b"]
    assert project.run()[0] == 21
    # What a module shows has changed: all that see it, directly or not, are compiled again.
    project.write("b.lumen", "cell g(x, y = 1)\n  return x * 20 + y\nend\n")
    assert project.compiled() == ["b", "a", "main"]
    assert project.run()[0] == 22


def test_options_have_entries_of_their_own(project):
    project.write("main.lumen", "import a: f\nprint(f())\n")
    project.write("a.lumen", "cell f()\n  return 1\nend\n")
    assert project.compiled() == ["a", "main"]
    assert project.compiled(deterministic=True) == ["a", "main"]
    assert project.compiled() == project.compiled(deterministic=True) == []


def test_the_directive_of_the_program_holds_for_its_imports(project):
    project.write("main.lumen", "@deterministic true\nimport a: f\nprint(f())\n")
    project.write("a.lumen", "cell f()\n  return random()\nend\n")
    for _ in range(2):
        with pytest.raises(ProgramErrors) as caught:
            project.load()
        assert any("random" in d.message for d in caught.value.diagnostics)


def test_an_import_that_breaks_after_caching_is_reported(project):
    project.write("main.lumen", "import a: f\nprint(f())\n")
    project.write("a.lumen", "cell f()\n  return 1\nend\n")
    project.load()
    project.write("a.lumen", "cell h()\n  return 1\nend\n")
    with pytest.raises(ProgramErrors) as caught:
        project.load()
    assert [d.code for d in caught.value.diagnostics] == ["missing-name"]
    (project.folder / "a.lumen").unlink()
    with pytest.raises(ProgramErrors) as caught:
        project.load()
    assert [d.code for d in caught.value.diagnostics] == ["missing-module"]


def test_the_same_name_may_mean_another_file_elsewhere(project):
    project.write(
        "main.lumen", "import util: name\nimport pkg.x: Shape, make, who\nprint(name(), who(), make().size)\n"
    )
    project.write("util.lumen", 'cell name()\n  return "outer"\nend\n')
    project.write("pkg/util.lumen", 'record Shape(size: Int) end\ncell name()\n  return "inner"\nend\n')
    project.write(
        "pkg/x.lumen",
        "pub import util: Shape\nimport util: name\npub cell who()\n  return name()\nend\n"
        "pub cell make() -> Shape\n  return Shape(3)\nend\n",
    )
    assert project.run()[1] == project.run()[1] == "outer inner 3\n"


def test_script_parts_of_imports_run_first_and_once(project):
    project.write("main.lumen", 'import a: x\nimport b: y\nprint("main {x} {y}")\n')
    project.write("a.lumen", 'import b: y\nprint("a")\nlet x = y + 1\n')
    project.write("b.lumen", 'print("b")\nsleep(1)\nlet y = 1\n')
    assert project.run()[1] == "b\na\nmain 2 1\n"


def test_places_to_find_modules(project, tmp_path):
    project.write("main.lumen", "import lib.tools: one\nimport two: two\nimport std.list: *\nprint(one(), two())\n")
    project.write("lumen.toml", '[paths]\nlib = "elsewhere/library"\nmore = ["more", "evenmore"]\n')
    project.write("elsewhere/library/tools.lm", "cell one()\n  return 1\nend\n")
    project.write("evenmore/two.lumen.md", "# Two\n\n```lumen\ncell two()\n  return 2\nend\n```\n")
    assert project.run()[1] == "1 2\n"


def test_a_module_beside_the_program_goes_before_the_library(project):
    project.write("main.lumen", "import std.list: mine\nprint(mine())\n")
    project.write("std/list.lumen", 'cell mine()\n  return "mine"\nend\n')
    assert project.run()[1] == "mine\n"


def test_a_long_cycle_shows_the_chain(project):
    project.write("main.lumen", "import a: f\n")
    project.write("a.lumen", "import b: f\n")
    project.write("b.lumen", "import c: f\n")
    project.write("c.lumen", "import a: f\n")
    with pytest.raises(ProgramErrors) as caught:
        project.load()
    [cycle] = [d for d in caught.value.diagnostics if d.code == "import-cycle"]
    assert "`a` → `b` → `c` → `a`" in " ".join(cycle.notes)


def test_what_cannot_be_read(project):
    with pytest.raises(LoadError) as caught:
        project.load("not.lumen")
    assert caught.value.code == "no-such-file"
    with pytest.raises(LoadError) as caught:
        project.load("")
    assert caught.value.code == "is-a-directory"
