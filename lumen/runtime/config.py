"""`lumen.toml`: the nearest one upwards from the program. Read only when something in it could matter."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ConfigError(Exception):
    """`lumen.toml` can't be read or is not TOML; the message says which and why."""


class Config:
    """The parsed file; empty when there is none."""

    __slots__ = ("data", "directory", "path")

    def __init__(self, path: str | None, data: dict[str, Any]) -> None:
        self.path = path
        self.directory = os.path.dirname(path) if path is not None else ""
        self.data = data

    def table(self, name: str) -> dict[str, Any]:
        """A top-level table; empty when it is missing."""
        found = self.data.get(name, {})
        if not isinstance(found, dict):
            raise ConfigError(f"{self.path}: `{name}` must be a table, [{name}]")
        return found


def find_config(directory: str) -> Config:
    """The configuration that holds for programs in a folder.

    Raises:
        ConfigError: there is one, and it can't be used.
    """
    folder = os.path.abspath(directory)
    while True:
        path = os.path.join(folder, "lumen.toml")
        if os.path.isfile(path):
            return _read(path)
        parent = os.path.dirname(folder)
        if parent == folder:
            return Config(None, {})
        folder = parent


def _read(path: str) -> Config:
    # 20 ms to import; most programs need no configuration.
    import tomllib

    try:
        with open(path, "rb") as file:
            return Config(path, tomllib.load(file))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from None
