"""Findings that need nothing but the tables: each file looks for one family of mistakes and fills no table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lumen.analysis.declared import Declared


def run_checks(declared: Declared, *, seeded: bool) -> None:
    """All checks, in an order that does not matter."""
