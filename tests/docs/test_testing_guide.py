"""The test files shown in lumen/testing/GUIDE.md pass, with the configuration shown before them."""

from __future__ import annotations

import re
from pathlib import Path

import lumen
from lumen.cli.main import main

GUIDE = Path(lumen.__file__).parent / "testing" / "GUIDE.md"


def test_every_block(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    for kind, text in blocks:
        if kind == "python":
            compile(text, "GUIDE.md", "exec")
            continue
        if kind == "toml":
            (tmp_path / "lumen.toml").write_text(text, encoding="utf-8")
            continue
        (tmp_path / "guide_test.lumen").write_text(text, encoding="utf-8")
        code = main(["test"])
        assert code == 0, capsys.readouterr().out
        passed = int(re.search(r"(\d+) passed", capsys.readouterr().out)[1])
        assert passed >= 1
