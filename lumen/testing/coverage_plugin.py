"""The plugin that makes coverage.py measure `.lumen` files; named to it by `lumen.testing.coverage`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from types import FrameType

from coverage.exceptions import NoSource
from coverage.plugin import CoveragePlugin, FileReporter, FileTracer

from lumen.compiler.cache import CodeCache
from lumen.diagnostics.render import as_json
from lumen.runtime.finder import is_program_path
from lumen.runtime.loader import Loader, LoadError, Options, ProgramErrors
from lumen.source.reading import SourceError, source_from_bytes
from lumen.testing.coverage import DECLARATIONS, executable_lines, is_library


class LumenCoverage(CoveragePlugin):
    """Claims `.lumen` files but for the standard library."""

    def file_tracer(self, filename: str) -> FileTracer | None:
        """One tracer a file, since the file name is what it reports."""
        return ProgramTracer(filename) if is_program_path(filename) and not is_library(filename) else None

    def file_reporter(self, filename: str) -> FileReporter:
        """What can run in it."""
        return ProgramReporter(filename)

    def find_executable_files(self, src_dir: str) -> Iterable[str]:
        """All programs below a folder of `--source`, so that those never run count as well."""
        for folder, folders, names in os.walk(src_dir):
            folders[:] = [name for name in folders if not name.startswith((".", "__"))]
            yield from (os.path.join(folder, name) for name in names if is_program_path(name))


class ProgramTracer(FileTracer):
    """Line events of compiled code are already those of the `.lumen` file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def source_filename(self) -> str:
        """The file itself."""
        return self._path

    def line_number_range(self, frame: FrameType) -> tuple[int, int]:
        """The line; none for declarations, which run when the module loads."""
        if frame.f_code.co_name == DECLARATIONS:
            return -1, -1
        return frame.f_lineno, frame.f_lineno


class ProgramReporter(FileReporter):
    """Compiles the file to learn its lines."""

    def __init__(self, filename: str) -> None:
        super().__init__(filename)
        self._lines: set[int] | None = None

    def source(self) -> str:
        """The text, as the compiler reads it."""
        try:
            with open(self.filename, "rb") as file:
                return source_from_bytes(file.read(), "").text
        except (OSError, SourceError) as error:
            raise NoSource(f"No source for {self.filename}: {error}") from None

    def lines(self) -> set[int]:
        """The executable lines."""
        if self._lines is None:
            try:
                unit = Loader(Options(check_types=False), CodeCache(None)).load_program(self.filename)
            except LoadError as error:
                raise NoSource(f"No source for {self.filename}: {error.message}") from None
            except ProgramErrors as errors:
                first = as_json(next(d for d in errors.diagnostics if d.severity == "error"))
                place = f"{first['file']}:{first['line']}:{first['column']}"
                raise NoSource(f"{place}: {first['message']} [{first['code']}]") from None
            self._lines = executable_lines(unit.code, self.source())
        return self._lines
