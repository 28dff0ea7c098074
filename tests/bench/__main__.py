"""`python -m tests.bench`: Lumen's speed as ratios against hand-written Python, Trio, asyncio, Temporal and DBOS.

    python -m tests.bench [--quick] [--only WORD] [--json FILE]

Both sides of every ratio are measured in this run, in turn, and the medians compared. The exit code is 1 if a goal
is missed, which on a loaded machine may just mean: measure again.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys

from tests.bench import compute, concurrency, durable, explore, parsing, startup
from tests.bench.measure import Row

GROUPS = {
    "compute": compute,
    "concurrency": concurrency,
    "startup": startup,
    "parsing": parsing,
    "explore": explore,
    "durable": durable,
}


def main() -> int:
    """Run the groups, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure Lumen against its goals.")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, no run with 1,000,000 tasks")
    parser.add_argument("--only", metavar="WORD", help=f"one group: {', '.join(GROUPS)}")
    parser.add_argument("--json", metavar="FILE", help="write the rows to a JSON file as well")
    options = parser.parse_args()
    rows: list[Row] = []
    for name, group in GROUPS.items():
        if options.only in (None, name):
            rows += group.run(options.quick)
    print(f"{'what':<48} {'against':<20} {'ratio':>10}  goal")
    for row in rows:
        sign = "≤" if row.at_most else "≥"
        value = f"{row.ratio:,.2f}{row.unit}" if row.ratio < 1000 else f"{row.ratio:,.0f}{row.unit}"
        print(f"{row.what:<48} {row.against:<20} {value:>10}  {sign} {row.goal:g}  {'' if row.holds else 'MISSED'}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            made = {"python": platform.python_version(), "machine": platform.machine(), "rows": [vars(r) for r in rows]}
            json.dump(made, file, indent=2)
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
