"""`--arg name=value`: text from the command line as the values a cell takes."""

from __future__ import annotations

import sys

from lumen.cli.arguments import UsageError
from lumen.diagnostics.spelling import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lumen.runtime.loader import Unit


def cell_arguments(unit: Unit, cell: str | None, arguments: list[str]) -> dict[str, Any]:
    """The keyword arguments for `cell` (or `main`).

    Raises:
        UsageError: no such cell, an unknown or missing argument, or a value that its type can't be read from.
    """
    cells = unit.meta["cells"]
    name = cell or "main"
    if name not in cells:
        if cell is None:
            raise UsageError("`--arg` needs a cell `main` in the program, or `--cell`")
        near = nearest(name, cells)
        raise UsageError(f"the program has no cell `{name}`" + (f"; did you mean `{near}`?" if near else ""))
    params = {param[0]: (param[1], param[2]) for param in cells[name]["params"]}
    found: dict[str, Any] = {}
    sys.set_int_max_str_digits(0)
    for argument in arguments:
        key, equals, text = argument.partition("=")
        if not equals:
            raise UsageError(f"`--arg` takes name=value, not `{argument}`")
        if key not in params:
            near = nearest(key, params)
            listed = ", ".join(f"`{param}`" for param in params) or "no arguments"
            raise UsageError(
                f"cell `{name}` has no argument `{key}`; "
                + (f"did you mean `{near}`?" if near else f"it takes {listed}")
            )
        found[key] = _value(key, text, params[key][0])
    missing = [param for param, (_, has_default) in params.items() if not has_default and param not in found]
    if missing:
        listed = " ".join(f"--arg {param}=…" for param in missing)
        raise UsageError(f"cell `{name}` needs {listed}")
    return found


def _value(name: str, text: str, type_name: str | None) -> Any:
    wanted = (type_name or "").replace(" ", "")
    if wanted.endswith(("?", "|Null")):
        if text == "null":
            return None
        wanted = wanted.removesuffix("?").removesuffix("|Null")
    if wanted == "String":
        return text
    if wanted == "Bool":
        if text in ("true", "false"):
            return text == "true"
    elif wanted == "Int":
        try:
            return int(text, 0)
        except ValueError:
            pass
    elif wanted == "Float":
        try:
            return float(text)
        except ValueError:
            pass
    else:
        return _read_json(name, text, wanted)
    raise UsageError(f"`--arg {name}={text}`: the argument is of type {type_name}")


def _read_json(name: str, text: str, wanted: str) -> Any:
    """Without a simple type: JSON when it is that, else the text itself."""
    import json

    from lumen.values.convert import from_python
    from lumen.values.errors import Failure

    try:
        return from_python(json.loads(text), f"the value of `{name}`")
    except RecursionError:
        raise UsageError(f"the value of `--arg {name}` is nested too deep") from None
    except Failure as failure:
        raise UsageError(failure.message) from None
    except ValueError:
        if wanted.startswith(("list[", "map[", "set[", "tuple[")):
            raise UsageError(f"`--arg {name}={text}`: a {wanted} is given as JSON") from None
        return text
