"""What a test is called with: the values of its case, and fixtures.

A parameter of a test is filled in this order: by the case; by its default; by the cell of the same name (a *fixture*),
of the test file or imported by it, whose parameters are filled in the same way; those of an imported one by cells of
the module it is from, if the test file has none of that name. Each fixture is made once for each test, when it is first
needed. If its cell is a generator, what it yields is the value, and the code after the `yield` runs when the test has
ended, however it has; last made, first cleaned up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

from lumen.diagnostics.spelling import nearest
from lumen.kernel.future import Future
from lumen.kernel.kernel import Kernel
from lumen.kernel.task import CoroutineType
from lumen.orchestration.cleanup import run_defers
from lumen.orchestration.generators import SuspendingGenerator
from lumen.runtime.loader import Unit
from lumen.values.display import describe, represent
from lumen.values.errors import Failure
from lumen.values.model import END, Record

Params = Sequence[tuple[str, str | None, bool]]
"""(name, type as written, whether it has a default) of each parameter."""

_MAX_ID = 40


def case_id(value: Any) -> tuple[str | None, str]:
    """A short name for a case, None if its values give no readable one, and the case as a literal."""
    text = represent(value, 200)
    parts = list(value) if type(value) in (tuple, list) else [value]
    names = []
    for part in parts:
        name = part if type(part) is str else represent(part) if type(part) in (int, bool, float, type(None)) else ""
        if not re.fullmatch(r"[\w.+-]+", name, re.ASCII):
            return None, text
        names.append(name)
    name = "-".join(names)
    return (name if name and len(name) <= _MAX_ID else None), text


@frozen
class Cell:
    """A cell of a loaded module."""

    unit: Unit
    name: str

    @property
    def info(self) -> dict[str, Any]:
        """What the compiler has noted of it."""
        found: dict[str, Any] = self.unit.meta["cells"][self.name]
        return found

    @property
    def params(self) -> Params:
        """Its parameters."""
        found: Params = self.info["params"]
        return found


class Fixtures:
    """The values that one run of one test is called with."""

    def __init__(self, kernel: Kernel, unit: Unit) -> None:
        self._kernel = kernel
        self._unit = unit
        self._made: dict[Cell, Any] = {}
        self._making: list[Cell] = []
        self._cleanups: list[Callable[[], Any]] = []

    async def call(self, cell: str, cases: str | None = None, index: int | None = None) -> Any:
        """Call a test, with what its parameters need, and clean up after it.

        Args:
            cases: the hidden cell that lists the cases; `index` is the one to take.
        """
        try:
            test = Cell(self._unit, cell)
            given: dict[str, Any] = {}
            if cases is not None and index is not None:
                given = self._bound(test, self._unit.namespace[cases]()[index])
            return await self._called(test, await self._arguments(test, given))
        finally:
            if self._cleanups:
                await run_defers(self._kernel, self._cleanups)

    def _find(self, name: str, home: Unit) -> Cell | None:
        """The cell that a fixture of this name is, for a parameter of a cell in `home`."""
        for unit in (self._unit, home):
            if name in unit.meta["cells"]:
                return Cell(unit, name)
            if name in unit.meta["borrowed"]:
                module, original = unit.meta["borrowed"][name]
                origin = unit.imports.get(module)
                if origin is not None and original in origin.meta["cells"]:
                    return Cell(origin, original)
        return None

    def _bound(self, test: Cell, case: Any) -> dict[str, Any]:
        """The values of a case by parameter.

        One free parameter takes the case as it is; several take a tuple or list in their order, or a map or record by
        their names. Parameters that are fixtures are free only where the case gives that many values.
        """
        cell, params = test.name, test.params
        free = [name for name, _, has_default in params if has_default or self._find(name, test.unit) is None]
        names = [name for name, _, _ in params]
        if not names:
            raise Failure("invalid-case", f"`{cell}` has cases, but takes no arguments")
        if len(free or names) == 1:
            return {(free or names)[0]: case}
        if isinstance(case, Record):
            case = {name: getattr(case, name) for name in case._fields}
        if type(case) is dict:
            for name in case:
                if name not in names:
                    near = nearest(name, names) if type(name) is str else None
                    hint = f"; did you mean `{near}`?" if near else f"; it takes {', '.join(f'`{n}`' for n in names)}"
                    raise Failure("invalid-case", f"`{cell}` has no parameter {represent(name)}{hint}")
            return case
        if type(case) not in (tuple, list):
            wanted = f"{len(free)} values as a tuple, or a map by their names"
            raise Failure("invalid-case", f"a case of `{cell}` is {wanted}, not {describe(case)}")
        if len(case) == len(names):
            free = names
        if len(case) != len(free):
            raise Failure("invalid-case", f"a case of `{cell}` has {len(case)} values, and it takes {len(free)}")
        return dict(zip(free, case, strict=True))

    async def _arguments(self, cell: Cell, given: dict[str, Any]) -> dict[str, Any]:
        values = dict(given)
        for name, _, has_default in cell.params:
            if name in values or has_default:
                continue
            fixture = self._find(name, cell.unit)
            if fixture is None:
                known = [*cell.unit.meta["cells"], *cell.unit.meta["borrowed"]]
                near = nearest(name, [other for other in known if other != cell.name])
                hint = f"; did you mean `{near}`?" if near else ""
                message = f"`{cell.name}` takes `{name}`, and there is no cell `{name}` that could give it{hint}"
                raise Failure("missing-fixture", message)
            values[name] = await self._fixture(fixture)
        return values

    async def _fixture(self, cell: Cell) -> Any:
        if cell in self._made:
            return self._made[cell]
        if cell in self._making:
            way = " → ".join(f"`{other.name}`" for other in [*self._making[self._making.index(cell) :], cell])
            raise Failure("fixture-cycle", f"fixtures need each other in a circle: {way}")
        self._making.append(cell)
        value = await self._called(cell, await self._arguments(cell, {}))
        if _is_generator_of(cell.name, value):
            value = await self._first(cell.name, value)
        self._making.pop()
        self._made[cell] = value
        return value

    async def _called(self, cell: Cell, arguments: dict[str, Any]) -> Any:
        value = cell.unit.namespace[cell.name](**arguments)
        if value.__class__ is CoroutineType or (cell.info["is_async"] and isinstance(value, Future)):
            value = await value
        return value

    async def _first(self, name: str, generator: Any) -> Any:
        value = await _next(generator)
        if value is END:
            raise Failure("value-error", f"fixture `{name}` has ended without a `yield`")

        async def clean_up() -> None:
            if await _next(generator) is not END:
                raise Failure("value-error", f"fixture `{name}` yields more than once")

        self._cleanups.append(clean_up)
        return value


async def _next(generator: Any) -> Any:
    return await generator.pull() if isinstance(generator, SuspendingGenerator) else next(generator, END)


def _is_generator_of(cell: str, value: Any) -> bool:
    """Whether a value is what the generator cell itself gives, rather than some other generator it was handed."""
    items = value._items if isinstance(value, SuspendingGenerator) else value
    code = getattr(items, "gi_code", None) or getattr(items, "ag_code", None)
    return code is not None and code.co_name.partition("$")[0] == cell
