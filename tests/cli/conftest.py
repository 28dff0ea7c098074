"""Starts the command line as a user does, with a cache of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


class Finished:
    def __init__(self, process: subprocess.CompletedProcess[bytes]) -> None:
        self.code = process.returncode
        self.out = process.stdout.decode("utf-8")
        self.err = process.stderr.decode("utf-8")

    @property
    def json(self):
        assert self.out.count("\n") == 1, "exactly one object"
        return json.loads(self.out)


class CommandLine:
    """`lumen(program, …)` writes the program to `main.lumen` and runs it; `lumen.do(…)` takes the words as they are."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "LUMEN_CACHE_DIR": str(cache), "PYTHONHASHSEED": "random"}
        self.environment.pop("PYTHONUNBUFFERED", None)

    def do(self, *words: str, stdin: bytes = b"", **environment: str) -> Finished:
        process = subprocess.run(
            [sys.executable, "-m", "lumen", *words],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            env={**self.environment, **environment},
            timeout=60,
            check=False,
        )
        finished = Finished(process)
        assert "Traceback" not in finished.err, finished.err
        return finished

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def __call__(self, program: str | bytes, *options: str, **keywords) -> Finished:
        self.write("main.lumen", program)
        return self.do("run", "main.lumen", *options, **keywords)


@pytest.fixture
def lumen(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    folder = tmp_path / "program"
    folder.mkdir()
    return CommandLine(folder, tmp_path / "cache")
