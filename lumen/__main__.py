"""`python -m lumen` is the `lumen` command."""

from __future__ import annotations

import sys

from lumen.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
