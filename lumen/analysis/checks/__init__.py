"""Findings that need nothing but the tables: each file looks for one family of mistakes and fills no table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.checks.arguments import check_arguments
from lumen.analysis.checks.attributes import check_attributes
from lumen.analysis.checks.declarations import check_declarations
from lumen.analysis.checks.determinism import check_determinism
from lumen.analysis.checks.exhaustive import check_matches
from lumen.analysis.checks.futures import check_futures
from lumen.analysis.checks.placement import check_placement
from lumen.analysis.checks.results import check_results
from lumen.analysis.checks.testing import check_tests

if TYPE_CHECKING:
    from lumen.analysis.declared import Declared


def run_checks(declared: Declared, *, seeded: bool) -> None:
    """All checks; the order matters only to the last, which has no advice for what has been found wrong."""
    check_declarations(declared)
    check_attributes(declared)
    check_tests(declared)
    check_arguments(declared)
    check_placement(declared)
    check_matches(declared)
    check_futures(declared)
    check_determinism(declared, seeded=seeded)
    check_results(declared)
