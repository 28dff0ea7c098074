"""Finds `grammar/` and `stdlib/`, which stand at the top of a checkout and inside an installed wheel."""

from __future__ import annotations

import os

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_DATA = os.path.join(_PACKAGE, "_data")


def root() -> str:
    """The folder that holds `grammar/` and `stdlib/`: `lumen/_data` of a wheel, else the checkout."""
    return _DATA if os.path.isdir(_DATA) else os.path.dirname(_PACKAGE)


def grammar_path() -> str:
    """The grammar file of the language."""
    return os.path.join(root(), "grammar", "lumen.lark")


def stdlib_dir() -> str:
    """The folder of the modules imported as `std.…`."""
    return os.path.join(root(), "stdlib")
