"""From the name in an `import` to a file."""

from __future__ import annotations

import os

from lumen import resources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lumen.runtime.config import Config

SUFFIXES = (".lumen", ".lm", ".lumen.md", ".lm.md")
"""What a program file may be called, in the order in which they are tried."""


class Finder:
    """Looks beside the importing file, then in the standard library (`std.…`), then in `[paths]` of `lumen.toml`.

    In `[paths]`, `name = "folder"` says where modules whose dotted name begins with `name` are, and every folder
    listed is searched for whole dotted names as well.
    """

    def __init__(self) -> None:
        self._configs: dict[str, Config] = {}

    def find(self, dotted: str, importer: str) -> str | None:
        """The path of a module as it is to be shown, for an import in the file `importer`; None if there is none."""
        parts = dotted.split(".")
        directory = os.path.dirname(importer)
        found = _file_of(os.path.join(directory, *parts))
        if found is not None:
            return found
        if parts[0] == "std" and len(parts) > 1:
            found = _file_of(os.path.join(resources.stdlib_dir(), *parts[1:]))
            if found is not None:
                return found
        return self._in_paths(parts, directory)

    def _in_paths(self, parts: list[str], directory: str) -> str | None:
        config = self.config(directory)
        paths = config.table("paths")
        for name, value in paths.items():
            for folder in value if isinstance(value, list) else [value]:
                if not isinstance(folder, str):
                    continue
                base = os.path.join(config.directory, folder)
                if name == parts[0]:
                    found = _file_of(os.path.join(base, *parts[1:])) if len(parts) > 1 else _file_of(base)
                    if found is not None:
                        return found
                found = _file_of(os.path.join(base, *parts))
                if found is not None:
                    return found
        return None

    def config(self, directory: str) -> Config:
        """The configuration for a folder, read once."""
        known = self._configs.get(directory)
        if known is None:
            from lumen.runtime.config import find_config

            known = self._configs[directory] = find_config(directory)
        return known


def _file_of(base: str) -> str | None:
    for suffix in SUFFIXES:
        if os.path.isfile(base + suffix):
            return os.path.normpath(base + suffix)
    if base.endswith(SUFFIXES) and os.path.isfile(base):
        return os.path.normpath(base)
    return None


def is_program_path(path: str) -> bool:
    """Whether a name looks like that of a program file."""
    return path.endswith(SUFFIXES)
