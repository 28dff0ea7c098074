"""`python -m tests.soak NAME [--count N] [--seed N]`: one soak run, at its full count unless told otherwise."""

from __future__ import annotations

import argparse
import sys
import time

from tests.soak import cache, crash, deterministic, explore, journals, mutations, races, receives

SOAKS = {
    "cache": cache,
    "crash": crash,
    "deterministic": deterministic,
    "explore": explore,
    "journals": journals,
    "mutations": mutations,
    "races": races,
    "receives": receives,
}


def main() -> int:
    """Run, print the figures; 1 if something was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Soak tests at full length.")
    parser.add_argument("name", choices=sorted(SOAKS))
    parser.add_argument("--count", type=int, help="how often (default: the count the project promises)")
    parser.add_argument("--seed", type=int, default=None, help="for whatever is random about the surroundings")
    options = parser.parse_args()
    soak = SOAKS[options.name]
    count = options.count or soak.COUNT
    seed = options.seed if options.seed is not None else time.time_ns() % 1_000_000
    began = time.monotonic()
    problems, figures = soak.soak(count, seed)
    print(f"{options.name}: {count:,} in {time.monotonic() - began:.0f} s (seed {seed})")
    for name, value in figures.items():
        print(f"  {name}: {value}")
    for problem in problems[:10]:
        print(f"  WRONG: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
