"""What a journal says of the program it is about, and how such a program is found again."""

from __future__ import annotations

import os
import posixpath
from hashlib import sha256

from lumen import __version__, resources
from lumen.journal.jsonlines import canonical
from lumen.journal.values import encode_value
from lumen.runtime.finder import SUFFIXES
from lumen.values.model import Enum, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lumen.journal.secrets import Scrubber
    from lumen.runtime.interpreter import Settings
    from lumen.runtime.loader import Loader, Unit

FORMAT = 1
STD = "std/"
"""Begins the logical path of a module of the standard library."""


def place_namer(loader: Loader, main: Unit) -> Callable[[str], str]:
    """Turns the path that a module is shown by into its logical path: relative to the folder of the main module, so
    that a journal says the same wherever the program lies and from wherever it is run."""
    known = {unit.path: logical_path(unit, main) for unit in loader.units.values()}

    def name_of(path: str) -> str:
        return known.get(path, path)

    return name_of


def logical_path(unit: Unit, main: Unit) -> str:
    """See `place_namer`."""
    if unit is main and unit.path.startswith("<"):
        return unit.path
    path = os.path.abspath(unit.path)
    library = os.path.abspath(resources.stdlib_dir())
    if path.startswith(library + os.sep):
        return STD + os.path.relpath(path, library).replace(os.sep, "/")
    try:
        return os.path.relpath(path, os.path.dirname(os.path.abspath(main.path))).replace(os.sep, "/")
    except ValueError:  # Windows: another drive
        return path


def digests(loader: Loader, main: Unit) -> tuple[str, str]:
    """sha256 of the program's modules, and of those of the standard library that it uses."""
    own, library = sha256(), sha256()
    for path, unit in sorted((logical_path(unit, main), unit) for unit in loader.units.values()):
        digest = library if path.startswith(STD) else own
        digest.update(f"{path}\n{len(unit.raw)}\n".encode("utf-8", "surrogatepass"))
        digest.update(unit.raw)
    return own.hexdigest(), library.hexdigest()


def header(
    loader: Loader, main: Unit, settings: Settings, is_virtual: bool, scrubber: Scrubber | None
) -> dict[str, str]:
    """The members of `run_start`, as JSON texts."""
    program, library = digests(loader, main)
    sources = {
        path: unit.raw.decode("utf-8", "replace")
        for unit in loader.units.values()
        if not (path := logical_path(unit, main)).startswith(STD)
    }
    if main.path.startswith("<"):
        where = None
    else:
        where = os.path.abspath(main.path)
    given: dict[str, Any] = {
        "entry": settings.cell,
        "format": FORMAT,
        "language": __version__,
        "main": logical_path(main, main),
        "mode": "fifo" if is_virtual else "eager",
        "options": {"on_exit": settings.on_exit, "timeout_ms": settings.timeout_ms},
        "program": program,
        "recorded": {"at": _now(), "program": where},
        "seed": settings.seed,
        "sources": sources,
        "stdlib": library,
    }
    imports = _imports(loader, main)
    if imports:
        given["imports"] = imports
    members = {name: canonical(value) for name, value in given.items()}
    if scrubber is not None:
        # An argument called `password` is not written; nor is it wherever else it turns up.
        for name, value in settings.kwargs.items():
            if scrubber.is_credential(name):
                scrubber.remember(value)
    members["input"] = encode_value(settings.kwargs, canonical=True, scrubber=scrubber, is_input=True)
    return members


def _imports(loader: Loader, main: Unit) -> dict[str, dict[str, str]]:
    """What the imports of each module were found to be, where its name alone does not say so."""
    found: dict[str, dict[str, str]] = {}
    for unit in loader.units.values():
        importer = logical_path(unit, main)
        folder = posixpath.dirname(importer)
        for name, imported in unit.imports.items():
            path = logical_path(imported, main)
            beside = posixpath.normpath(posixpath.join(folder, *name.split(".")))
            if not name.startswith("std.") and path.partition(beside)[::2] not in [("", suffix) for suffix in SUFFIXES]:
                found.setdefault(importer, {})[name] = path
    return found


def _now() -> str:
    from time import gmtime, strftime

    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime())


def type_finder(loader: Loader) -> Callable[[str, str, tuple[str, ...]], Any]:
    """Finds the records and enums of a running program by name, for values that come out of a journal."""

    def find(kind: str, name: str, fields: tuple[str, ...]) -> Any:
        first, _, variant = name.partition(".")
        for unit in loader.units.values():
            found = unit.namespace.get(first)
            if kind == "record" and isinstance(found, type) and issubclass(found, Record):
                return found
            if kind == "variant" and isinstance(found, Enum):
                return found._variants.get(variant)
        return None

    return find
