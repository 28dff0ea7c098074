"""Scripted answers that are a cell of a program: `"llm.chat" = "answers.lumen:chat"`."""

from __future__ import annotations

from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, LoadError, Options, ProgramErrors
from lumen.runtime.output import Output
from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def cell_caller(path: str, cell: str) -> Callable[[dict[str, Any]], Any]:
    """A function that runs a cell of the program at `path` on its own, with the map it is given as the only argument.

    Raises:
        Failure: `tool-not-found`: there is no such program or cell, or the program has errors.
    """
    loader = Loader(Options())
    try:
        unit = loader.load_program(path)
    except LoadError as error:
        raise Failure("tool-not-found", f"scripted answers: {error.message}") from None
    except ProgramErrors as errors:
        first = next(found for found in errors.diagnostics if found.severity == "error")
        line, column = first.file.position(first.span.start)
        where = f"{first.file.path}:{line}:{column}"
        raise Failure("tool-not-found", f"scripted answers: {where}: {first.message}") from None
    found = unit.meta["cells"].get(cell)
    if found is None or len(found["params"]) != 1:
        what = "has no cell" if found is None else "must take one argument, the map of those of the call:"
        raise Failure("tool-not-found", f"scripted answers: `{path}` {what} `{cell}`")
    parameter = found["params"][0][0]

    def call(arguments: dict[str, Any]) -> Any:
        settings = Settings()
        settings.cell = cell
        settings.kwargs = {parameter: arguments}
        settings.seed = 0
        outcome = Run(loader, unit, Output(None), settings).run()
        if outcome.report is not None:
            raise Failure(outcome.report.code, outcome.report.message)
        return outcome.value

    return call
