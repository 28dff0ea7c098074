"""The cold half of the loader: source → code, through every stage of the compile column."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from lumen.analysis.analyze import analyze
from lumen.analysis.interface import ImportFailed, import_cycle
from lumen.compiler.cache import blake2b
from lumen.compiler.codegen import TooDeep, compile_module
from lumen.diagnostics.codes import is_about_types
from lumen.diagnostics.diagnostic import Diagnostic
from lumen.diagnostics.sink import Sink
from lumen.diagnostics.spelling import nearest
from lumen.runtime.config import ConfigError
from lumen.runtime.finder import SUFFIXES
from lumen.runtime.loader import EXACT, LoadError, ProgramErrors, Unit, names_in
from lumen.source.reading import SourceError, source_from_bytes
from lumen.source.span import Span
from lumen.syntax.parse import parse_module

if TYPE_CHECKING:
    from lumen.runtime.loader import Loader
    from lumen.source.file import SourceFile


class Compiler:
    """Compiles the modules of one program, and gathers what was found on the way."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self.sink = Sink()
        self.saw_syntax_error = False

    def compile(self, key: bytes, dotted: str, path: str, raw: bytes, *, is_main: bool) -> Unit:
        """Compile one module and put it into the cache.

        Raises:
            LoadError: the bytes are no text.
            ProgramErrors: the module, or one that it imports, has errors.
        """
        loader = self._loader
        options = loader.options
        try:
            file = source_from_bytes(raw, path)
        except SourceError as error:
            raise LoadError(error.code, error.message) from None
        parsed = parse_module(file)
        self.sink.extend(parsed.diagnostics)
        if parsed.module is None or any(d.severity == "error" for d in parsed.diagnostics):
            # Half a tree would only give errors that follow from the first.
            self.saw_syntax_error = True
            raise self.errors()
        if is_main:
            for directive in parsed.module.directives:
                if directive.name == "deterministic" and getattr(directive.value, "value", True) is True:
                    options.deterministic = True
        imports: dict[str, Unit] = {}

        def interfaces(name: str) -> dict[str, Any]:
            if name not in imports:
                imports[name] = self._imported(name, path)
            interface: dict[str, Any] = imports[name].meta["interface"]
            return interface

        analysis = analyze(
            parsed.module, file, interfaces, seeded=options.seeded, deterministic=options.deterministic or None
        )
        self.sink.extend(analysis.diagnostics)
        if any(self._is_fatal(diagnostic) for diagnostic in analysis.diagnostics):
            raise self.errors()
        try:
            compiled = compile_module(analysis, is_counting=options.deterministic or options.counting)
        except TooDeep as error:
            self.sink.extend([Diagnostic("too-deep", error.message, file, _line_span(file, error.line))])
            self.saw_syntax_error = True
            raise self.errors() from None
        meta = compiled.meta
        places = {name: EXACT + os.path.abspath(unit.path) for name, unit in imports.items()}
        meta["interface"] = _absolute(meta["interface"], places)
        meta["needs"] = [(name, unit.meta["digest"]) for name, unit in imports.items()]
        meta["digest"] = blake2b(repr((meta["interface"], meta["needs"])).encode(), digest_size=16).digest()
        meta["names"] = names_in(compiled.code)
        loader.cache.store(key, meta, compiled.code)
        unit = Unit(dotted, path, raw, meta, compiled.code)
        unit.imports = imports
        return unit

    def errors(self) -> ProgramErrors:
        """Everything found so far, as the exception that stops the program."""
        return ProgramErrors(self.sink.sorted(), is_syntax=self.saw_syntax_error)

    def _is_fatal(self, diagnostic: Diagnostic) -> bool:
        if diagnostic.severity != "error":
            return False
        if diagnostic.code == "undeclared-effect" and not self._loader.options.check_effects:
            return False
        return self._loader.options.check_types or not is_about_types(diagnostic.code)

    def _imported(self, name: str, importer: str) -> Unit:
        """A module that the file `importer` imports; raises ImportFailed."""
        loader = self._loader
        try:
            found = name[1:] if name.startswith(EXACT) else loader.finder.find(name, importer)
        except ConfigError as error:
            raise ImportFailed("import-failed", str(error)) from None
        if found is None:
            raise ImportFailed(
                "missing-module", f"there is no module `{name}`", self._chain(name), _similar(name, importer)
            )
        place = os.path.abspath(found)
        for index, (loading, _) in enumerate(loader.chain):
            if loading == place:
                raise import_cycle((*(dotted for _, dotted in loader.chain[index:]), loader.chain[index][1]))
        try:
            return loader.import_module(name, found)
        except LoadError as error:
            raise ImportFailed("import-failed", f"can't import `{name}`: {error.message}", self._chain(name)) from None
        except ProgramErrors:
            raise ImportFailed("import-failed", f"module `{name}` has errors", self._chain(name)) from None

    def _chain(self, name: str) -> tuple[str, ...]:
        names = [dotted for _, dotted in self._loader.chain]
        if len(names) < 2:
            return ()
        return ("imported along " + " → ".join(f"`{n}`" for n in (*names, name)),)


def _line_span(file: SourceFile, line: int) -> Span:
    """A whole line without its indentation."""
    text = file.line_text(line)
    start = file.line_start(line) + len(text) - len(text.lstrip())
    return Span(start, start + len(text.strip()))


def _similar(name: str, importer: str) -> str | None:
    """A hint at a module with almost this name beside the importing file or in the standard library."""
    from lumen import resources

    head, _, last = name.rpartition(".")
    folder = os.path.join(os.path.dirname(importer), *head.split("."))
    if head == "std":
        folder = resources.stdlib_dir()
    try:
        entries = sorted(os.listdir(folder or "."))
    except OSError:
        return None
    names = [entry.removesuffix(suffix) for suffix in SUFFIXES for entry in entries if entry.endswith(suffix)]
    found = nearest(last, names)
    if found is None:
        return None
    return f"did you mean `{head + '.' if head else ''}{found}`?"


def _absolute(data: Any, places: dict[str, str]) -> Any:
    """An interface with the names of other modules replaced by exact ones; see `interface.py` for where they stand."""
    if isinstance(data, dict):
        made = {key: _absolute(value, places) for key, value in data.items()}
        if isinstance(data.get("origin"), tuple):
            module, name = data["origin"]
            made["origin"] = (places.get(module, module), name)
        if data.get("kind") == "module":
            made["module"] = places.get(data["module"], data["module"])
        return made
    if isinstance(data, tuple):
        if len(data) == 3 and data[0] == "@":
            return ("@", places.get(data[1], data[1]), data[2])
        return tuple([_absolute(item, places) for item in data])
    if isinstance(data, list):
        return [_absolute(item, places) for item in data]
    return data
