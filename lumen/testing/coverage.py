"""Which lines of a program its tests have run: for `lumen test --coverage`, and as a plugin of coverage.py.

Compiled code carries the lines of the `.lumen` file, so Python's own line events speak of them. What counts is the
bodies of cells, functions, branches and the script part; declarations are carried out when a module loads, so they say
nothing, and a cell on one line counts as its body. The standard library is left out.

    with Coverage() as coverage:
        coverage.watch(loader)          # after `load_program`, before the run
        ...
    print(render_coverage(coverage.files()))

For coverage.py, put this into `.coveragerc`; programs that Python tests run are then in its reports:

    [run]
    plugins = lumen.testing.coverage
"""

from __future__ import annotations

import os
import sys

from lumen import resources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import CodeType, FrameType, TracebackType
    from typing import Any

    from lumen.runtime.loader import Loader, Unit

DECLARATIONS = "<module>"
"""The name of the code that carries out a module's declarations."""
_TOOL_NAME = "lumen-coverage"


class FileCoverage:
    """One program file: its executable lines, and those that were run."""

    __slots__ = ("executable", "executed", "path")

    def __init__(self, path: str, executable: set[int], executed: set[int]) -> None:
        self.path = path
        """Absolute."""
        self.executable = executable
        self.executed = executed & executable

    @property
    def missing(self) -> list[int]:
        """The lines that were not run, in order."""
        return sorted(self.executable - self.executed)


class Coverage:
    """Notes the lines that run between `__enter__` and `__exit__`, in this thread, of the programs it watches.

    From Python 3.12 on each line is noted once and costs nothing more (`sys.monitoring`). On 3.11 every call and line
    is traced, which is some ten times slower, and a debugger can't be used meanwhile.
    """

    def __init__(self) -> None:
        self._executable: dict[str, set[int]] = {}
        self._executed: dict[str, set[int]] = {}
        self._watched: dict[int, tuple[CodeType, set[int]]] = {}
        """The code of what is watched, with the set its lines go to. By identity: equal code may stand in two files."""
        self._modules: dict[int, CodeType] = {}
        """The modules that were looked at, by identity."""
        self._stop: Callable[[], object] | None = None
        self._tool: int | None = None

    def __enter__(self) -> Coverage:
        # Looked up by name, since the oldest Python we support has none.
        monitoring: Any = getattr(sys, "monitoring", None)
        tool = None if monitoring is None else _free_tool(monitoring)
        if tool is None:
            before = sys.gettrace()
            sys.settrace(self._trace)
            self._stop = lambda: sys.settrace(before)
            return self
        self._tool = tool
        start, line = monitoring.events.PY_START, monitoring.events.LINE
        monitoring.use_tool_id(tool, _TOOL_NAME)
        monitoring.register_callback(tool, start, self._on_start)
        monitoring.register_callback(tool, line, self._on_line)
        # What another `Coverage` has seen is switched off, place by place, until this.
        monitoring.restart_events()
        for code, _ in self._watched.values():
            monitoring.set_local_events(tool, code, start | line)

        def stop() -> None:
            self._tool = None
            for code, _ in self._watched.values():
                monitoring.set_local_events(tool, code, 0)
            monitoring.register_callback(tool, start, None)
            monitoring.register_callback(tool, line, None)
            monitoring.free_tool_id(tool)

        self._stop = stop
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        if self._stop is not None:
            self._stop()
            self._stop = None

    def watch(self, loader: Loader) -> None:
        """Note the lines of the modules of a loaded program, but for those of the standard library.

        May be called for many programs, and often for one; a module that several import is one file in the report.
        """
        for unit in loader.units.values():
            if id(unit.code) in self._modules:
                continue
            self._modules[id(unit.code)] = unit.code
            path = os.path.abspath(unit.path)
            if not is_library(path):
                self._watch(unit, path)

    def _watch(self, unit: Unit, path: str) -> None:
        self._executable.setdefault(path, executable_lines(unit.code, _text(unit.raw)))
        lines = self._executed.setdefault(path, set())
        for code in _functions(unit.code):
            self._watched[id(code)] = (code, lines)
            if self._tool is not None:
                monitoring: Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
                events = monitoring.events
                monitoring.set_local_events(self._tool, code, events.PY_START | events.LINE)

    def files(self) -> list[FileCoverage]:
        """What was found, by path. Files of tests are left out, unless there are no others."""
        from lumen.testing.discover import is_test_path

        paths = sorted(self._executable)
        paths = [path for path in paths if not is_test_path(path)] or paths
        return [FileCoverage(path, self._executable[path], self._executed[path]) for path in paths]

    # --- listening -----------------------------------------------------------------------------------------------

    def _on_start(self, code: CodeType, offset: int) -> Any:
        # The line on which a function starts has no event of its own.
        return self._on_line(code, code.co_firstlineno)

    def _on_line(self, code: CodeType, line: int) -> Any:
        watched = self._watched.get(id(code))
        if watched is not None:
            watched[1].add(line)
        return sys.monitoring.DISABLE  # type: ignore[attr-defined, unused-ignore]

    def _trace(self, frame: FrameType, event: str, argument: object) -> Any:
        watched = self._watched.get(id(frame.f_code))
        if watched is None:
            return None
        add = watched[1].add

        def trace_lines(frame: FrameType, event: str, argument: object) -> Any:
            if event == "line":
                add(frame.f_lineno)
            return trace_lines

        return trace_lines


def _free_tool(monitoring: Any) -> int | None:
    """A number for us as `sys.monitoring` deals them out; None if all are taken."""
    wanted = (monitoring.COVERAGE_ID, 3, 4)
    return next((number for number in wanted if monitoring.get_tool(number) is None), None)


def is_library(path: str) -> bool:
    """Whether a file belongs to the standard library."""
    return path.startswith(resources.stdlib_dir() + os.sep)


def executable_lines(module: CodeType, text: str) -> set[int]:
    """The lines of a module that can run, by its compiled code.

    Args:
        text: its source; what only closes a block is no line of its own.
    """
    lines: set[int] = set()
    for code in _functions(module):
        lines |= _body_lines(code)
    source = text.split("\n")
    return {line for line in lines if line > len(source) or not _says_nothing(source[line - 1])}


def _body_lines(code: CodeType) -> set[int]:
    """The lines of one function without that of its head, unless it has no other.

    The head says when the function is made, which is the business of the code around it. Python gives it
    what it does at the start of a call, too.
    """
    name, first = code.co_name, code.co_firstlineno
    lines = {line for _, _, line in code.co_lines() if line}
    if name == "$top":
        # The start of the call has the place of the module's first line, what stands for the whole script that of all
        # of it; neither need be a line that does something.
        places = {(line, end, start, stop) for line, end, start, stop in code.co_positions() if line and end}
        last = max((end or 0 for _, end, _, _ in places), default=first)
        return {
            line for line, end, start, stop in places if (line, end) != (first, last) and (start, stop) != (0, 0)
        } or lines
    others = lines - {first}
    # What makes, copies and checks a record has a place of its own only where it computes defaults and constraints.
    if name.endswith((".$init", ".$copy")):
        return others
    return others or lines


def _says_nothing(line: str) -> bool:
    """Whether a line is empty, a comment, or only closes something: a jump back to the head of a loop may be there."""
    return line.partition("#")[0].strip(" \t)]},") in ("", "end")


def _functions(module: CodeType) -> Iterator[CodeType]:
    """All code of a module but that of its declarations, and of what only starts a task or a generator."""
    todo = [module]
    while todo:
        code = todo.pop()
        inner = [constant for constant in code.co_consts if constant.__class__ is module.__class__]
        names = {found.co_name for found in inner}
        for found in inner:
            if not names & {found.co_name + "$body", found.co_name + "$gen"}:
                yield found
        todo += inner


def _text(raw: bytes) -> str:
    return raw.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")


# --- reports -------------------------------------------------------------------------------------------------------


def percent_of(files: Iterable[FileCoverage]) -> float:
    """How much of these files was run, from 0 to 100; of no lines at all, everything."""
    files = list(files)
    lines = sum(len(file.executable) for file in files)
    return 100.0 * sum(len(file.executed) for file in files) / lines if lines else 100.0


def ranges_of(file: FileCoverage) -> str:
    """The lines that were not run: `3, 7-9`. Lines between which nothing can run are one range."""
    found: list[list[int]] = []
    going = False
    for line in sorted(file.executable):
        if line in file.executed:
            going = False
        elif going:
            found[-1][1] = line
        else:
            found.append([line, line])
            going = True
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def shown_percent(percent: float) -> str:
    """With one decimal, cut off: what is not quite 100 % must not read so."""
    tenths = int(percent * 10 + 1e-9)
    return f"{tenths // 10}.{tenths % 10} %"


def render_coverage(files: Sequence[FileCoverage], *, directory: str | None = None) -> str:
    """A table with a row for each file, and one for all of them.

    Args:
        directory: paths below it are shown relative to it; the current one unless given.
    """
    if not files:
        return "coverage: no program file was loaded"
    base = os.path.abspath(directory or os.curdir)
    rows = [("lines", "missed", "covered", "file", "missing")]
    for file in files:
        count, missed = len(file.executable), len(file.missing)
        rows.append(
            (str(count), str(missed), shown_percent(percent_of([file])), _shown(file.path, base), ranges_of(file))
        )
    if len(files) > 1:
        count = sum(len(file.executable) for file in files)
        missed = sum(len(file.missing) for file in files)
        rows.append((str(count), str(missed), shown_percent(percent_of(files)), "all files", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = []
    for lines_text, missed_text, percent, name, missing in rows:
        line = f"  {lines_text:>{widths[0]}}  {missed_text:>{widths[1]}}  {percent:>{widths[2]}}  {name:<{widths[3]}}"
        lines.append(f"{line}  {missing}".rstrip())
    return "\n".join(["coverage:", *lines])


def shortfall(files: Sequence[FileCoverage], fail_under: float) -> str | None:
    """What to say if less than `fail_under` percent was run; None if it was enough."""
    percent = percent_of(files)
    if percent + 1e-9 >= fail_under:
        return None
    return f"coverage: {shown_percent(percent)} is less than the {fail_under:g} % that `--fail-under` asks for"


def _shown(path: str, base: str) -> str:
    return os.path.relpath(path, base) if path.startswith(base.rstrip(os.sep) + os.sep) else path


# --- coverage.py ---------------------------------------------------------------------------------------------------


def coverage_init(registry: Any, options: dict[str, Any]) -> None:
    """Called by coverage.py when this module is among its plugins. Takes no options."""
    from lumen.testing.coverage_plugin import LumenCoverage

    registry.add_file_tracer(LumenCoverage())
