"""A program out of a journal: its modules as they were when it was recorded."""

from __future__ import annotations

import os
import posixpath

from lumen.runtime.config import Config
from lumen.runtime.finder import SUFFIXES, Finder
from lumen.runtime.loader import Loader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from lumen.compiler.cache import CodeCache
    from lumen.runtime.loader import Options


class StoredFinder(Finder):
    """Finds modules among stored texts; those of the standard library where they always are."""

    def __init__(self, sources: Mapping[str, str], imports: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__()
        self._sources = sources
        self._imports = imports
        self.is_configured = False
        """Whether `lumen.toml` counts: for a run that goes on with the tools of today."""

    def find(self, dotted: str, importer: str) -> str | None:
        """See Finder.find."""
        known = self._imports.get(importer, {}).get(dotted)
        if known is not None:
            return known
        parts = dotted.split(".")
        base = posixpath.normpath(posixpath.join(posixpath.dirname(importer), *parts))
        found = self._stored(base)
        if found is not None:
            return found
        return super().find(dotted, importer) if parts[0] == "std" or os.path.isabs(importer) else None

    def _stored(self, base: str) -> str | None:
        for suffix in SUFFIXES:
            if base + suffix in self._sources:
                return base + suffix
        return base if base in self._sources else None

    def config(self, directory: str) -> Config:
        """See Finder.config: what was configured then shows in the journal's answers."""
        return super().config(directory) if self.is_configured else Config(None, {})


class StoredLoader(Loader):
    """Loads a program whose modules are given as text, by logical path; `imports` as in the header of a journal."""

    def __init__(
        self,
        options: Options,
        sources: Mapping[str, str],
        imports: Mapping[str, Mapping[str, str]],
        cache: CodeCache | None = None,
    ) -> None:
        super().__init__(options, cache)
        self._stored = sources
        self.finder: StoredFinder = StoredFinder(sources, imports)

    def read(self, path: str) -> bytes:
        """See Loader.read."""
        text = self._stored.get(path)
        return super().read(path) if text is None else text.encode("utf-8", "surrogatepass")
