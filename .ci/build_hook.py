"""Generates the parse tables when a wheel or an editable install is built.

Lark needs over a second to compute them, so they are made once here rather than at a user's start.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TablesHook(BuildHookInterface[Any]):
    """Runs `python -m lumen.syntax.tables` in the source tree."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        if not os.path.exists(os.path.join(self.root, "lumen", "syntax", "tables.py")):
            return
        subprocess.run([sys.executable, "-m", "lumen.syntax.tables"], cwd=self.root, check=True)
        if version == "editable":
            # pip compiles what it installs, but not a checkout; with PYTHONDONTWRITEBYTECODE set, nobody ever would,
            # and every start would take twice as long.
            subprocess.run([sys.executable, "-m", "compileall", "-q", "lumen"], cwd=self.root, check=False)
