"""A warm start imports nothing slow; that is what keeps it under four times bare Python."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {
    "argparse", "ast", "asyncio", "attr", "attrs", "collections", "contextlib", "dataclasses", "enum", "functools",
    "hashlib", "inspect", "json", "lark", "logging", "pathlib", "prompt_toolkit", "re", "signal", "threading",
    "tomllib", "trio", "typing", "lumen.syntax", "lumen.analysis", "lumen.compiler.codegen",
    "lumen.diagnostics.diagnostic", "lumen.tools",
}  # fmt: skip
PROBE = """
import sys
before = set(sys.modules)
from lumen.cli.main import main
code = main(sys.argv[1:])
print(*sorted(set(sys.modules) - before))
sys.exit(code)
"""


def imported_by(lumen, *words: str) -> set[str]:
    process = subprocess.run(
        [sys.executable, "-c", PROBE, *words],
        cwd=lumen.folder, env=lumen.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(process.stdout.splitlines()[-1].split())


def test_a_warm_run_imports_nothing_slow(lumen):
    lumen('print("hello")\n')
    imported = imported_by(lumen, "run", "main.lumen")
    assert "lumen.runtime.interpreter" in imported
    assert not imported & HEAVY


def test_a_warm_run_with_imports_and_tasks_neither(lumen):
    lumen.write("util.lumen", "cell double(x)\n  sleep(1)\n  return x * 2\nend\n")
    program = "import util: double\ncell main()\n  return await parallel for i in 1..4\n    double(i)\n  end\nend\n"
    assert lumen(program).out == "[2, 4, 6]\n"
    assert not imported_by(lumen, "run", "main.lumen") & HEAVY


def test_version_imports_next_to_nothing(lumen):
    assert imported_by(lumen, "--version") == {"__future__", "lumen", "lumen.cli", "lumen.cli.main"}
