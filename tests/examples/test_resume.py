"""examples/resume: a run that is killed twice and brought to its end, as its demonstration claims."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "examples" / "resume" / "demo.py"


@pytest.mark.slow
def test_every_claim_holds(tmp_path):
    done = subprocess.run(
        [sys.executable, str(DEMO)], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", timeout=120
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.count("  yes  ") == 10
    assert "NO " not in done.stdout
    assert 'bank.charge({"cents":640,"order":5}) at orders.lumen:11:17' in done.stdout
    assert list(tmp_path.iterdir()) == []
