"""The graph of modules of one program: from the cache when nothing has changed, compiled otherwise.

A cached entry lists the modules it imports with the digest of what each showed when it was compiled. Digests are
transitive (that of a module covers those of its imports), so an entry is good exactly when the source is the same and
all direct imports still have the digests it was compiled against. A warm start checks just that, and imports nothing of
the compile column; the other half of this room is `compiling.py`.
"""

from __future__ import annotations

import os

from lumen.compiler.cache import CodeCache, default_directory
from lumen.runtime.finder import Finder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

    from lumen.diagnostics.diagnostic import Diagnostic
    from lumen.runtime.compiling import Compiler


EXACT = "="
"""Begins a module name that is a path. What a module shows of its own imports is rewritten to such names, since the
same dotted name may mean another file from elsewhere."""


class LoadError(Exception):
    """The program can't be read at all: no such file, a directory, not UTF-8. `code` is a slug."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ProgramErrors(Exception):
    """The program has errors, and is not to be run. `diagnostics` are all findings, warnings included."""

    def __init__(self, diagnostics: list[Diagnostic], *, is_syntax: bool) -> None:
        super().__init__("the program has errors")
        self.diagnostics = diagnostics
        self.is_syntax = is_syntax
        """Whether it could not even be parsed."""


class Options:
    """What a program is compiled for; part of every cache key."""

    __slots__ = ("check_effects", "check_types", "counting", "deterministic", "seeded")

    def __init__(
        self,
        *,
        deterministic: bool = False,
        seeded: bool = False,
        check_types: bool = True,
        check_effects: bool = True,
        counting: bool = False,
    ) -> None:
        self.counting = counting
        """Loops and calls of plain code are counted in eager mode too, for a journal."""
        self.deterministic = deterministic
        self.seeded = seeded
        self.check_types = check_types
        self.check_effects = check_effects
        """Whether tool calls must be declared in deterministic mode."""

    @property
    def key(self) -> str:
        """The options as text."""
        return f"{self.deterministic:d}{self.seeded:d}{self.check_types:d}{self.check_effects:d}{self.counting:d}"


class Unit:
    """One module of the program, ready to be executed."""

    __slots__ = ("code", "dotted", "imports", "meta", "namespace", "path", "raw")

    def __init__(self, dotted: str, path: str, raw: bytes, meta: dict[str, Any], code: CodeType) -> None:
        self.dotted = dotted
        """The name it was first imported by; `main` for the program itself."""
        self.path = path
        """As shown to the user; compiled into the code."""
        self.raw = raw
        self.meta = meta
        self.code = code
        self.imports: dict[str, Unit] = {}
        """By the name written in this module."""
        self.namespace: dict[str, Any] = {}
        """The globals of its code; filled when the run begins."""


class Loader:
    """Loads one program."""

    def __init__(self, options: Options, cache: CodeCache | None = None) -> None:
        self.options = options
        self.cache = CodeCache(default_directory()) if cache is None else cache
        self.finder = Finder()
        self.units: dict[str, Unit] = {}
        """By absolute path, imports before those that import them."""
        self.chain: list[tuple[str, str]] = []
        """(absolute path, dotted name) of the modules being loaded, outermost first."""
        self._compiler: Compiler | None = None

    def load_program(self, path: str, raw: bytes | None = None) -> Unit:
        """The main module, with everything it imports in `units`.

        Args:
            raw: its text, if it doesn't come from the file `path`.
        Raises:
            LoadError: it can't be read.
            ProgramErrors: it, or something it imports, has errors.
        """
        return self._load("main", path, self.read(path) if raw is None else raw, is_main=True)

    def read(self, path: str) -> bytes:
        """The text of a module that `finder` has found; raises LoadError."""
        return read_bytes(path)

    def import_module(self, dotted: str, path: str) -> Unit:
        """A module found at `path`. Raises as `load_program`."""
        known = self.units.get(os.path.abspath(path))
        return known if known is not None else self._load(dotted, path, self.read(path), is_main=False)

    def _load(self, dotted: str, path: str, raw: bytes, *, is_main: bool) -> Unit:
        place = os.path.abspath(path)
        self.chain.append((place, dotted))
        try:
            # Made before anything is loaded: the main module's directive changes the options for its imports.
            key = self.cache.key(raw, path, self.options.key)
            unit = self._from_cache(key, dotted, path, raw, is_main)
            if unit is None:
                unit = self.compiler.compile(key, dotted, path, raw, is_main=is_main)
        finally:
            self.chain.pop()
        self.units[place] = unit
        return unit

    def _from_cache(self, key: bytes, dotted: str, path: str, raw: bytes, is_main: bool) -> Unit | None:
        entry = self.cache.load(key)
        if entry is None:
            return None
        meta, code = entry
        if is_main and meta["deterministic"]:
            # Before the imports: they are checked for the mode of the program they are part of.
            self.options.deterministic = True
        unit = Unit(dotted, path, raw, meta, code)
        for name, digest in meta["needs"]:
            found = name[1:] if name.startswith(EXACT) else self.finder.find(name, path)
            if found is None or any(place == os.path.abspath(found) for place, _ in self.chain):
                return None
            try:
                imported = self.import_module(name, found)
            except (LoadError, ProgramErrors):
                # Compiling this module again reports it at the place of the import.
                return None
            if imported.meta["digest"] != digest:
                return None
            unit.imports[name] = imported
        return unit

    @property
    def compiler(self) -> Compiler:
        """The cold half; importing it loads the whole compile column."""
        if self._compiler is None:
            from lumen.runtime.compiling import Compiler

            self._compiler = Compiler(self)
        return self._compiler


def read_bytes(path: str) -> bytes:
    """The content of a program file.

    Raises:
        LoadError: `no-such-file`, `is-a-directory`, or `unreadable`.
    """
    try:
        with open(path, "rb", 0) as file:
            return file.readall()
    except FileNotFoundError:
        raise LoadError("no-such-file", f"there is no file `{path}`") from None
    except IsADirectoryError:
        message = f"`{path}` is a directory; give a program file, such as `{path}/main.lumen`"
        raise LoadError("is-a-directory", message) from None
    except (OSError, ValueError) as error:
        text = getattr(error, "strerror", None) or str(error)
        raise LoadError("unreadable", f"can't read `{path}`: {text.lower()}") from None


def names_in(code: CodeType) -> list[str]:
    """The names of the run-time support that code and all functions in it refer to."""
    found: dict[str, None] = {}
    todo = [code]
    while todo:
        current = todo.pop()
        for name in current.co_names:
            if name[0] == "$":
                found[name] = None
        todo += [constant for constant in current.co_consts if constant.__class__ is code.__class__]
    return sorted(found)
