"""JSON as text: `json_parse`, `json_stringify`, `json_get`. Python's json module is loaded by the first call."""

from __future__ import annotations

from lumen.prelude.wrong import need_string, wrong
from lumen.values.canonical import MAX_DEPTH
from lumen.values.convert import to_jsonable
from lumen.values.errors import Failure
from lumen.values.model import MISSING, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


def json_parse(s: Any) -> Any:
    """The value of a JSON text: maps, lists, Strings, Ints, Floats, Bools, null.

    A text that is no JSON is a failure `value-error` that names the line and column.
    """
    need_string("json_parse", "s", s)
    import json

    _check_depth(s)
    try:
        return json.loads(s, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        what = error.msg[0].lower() + error.msg[1:]
        raise Failure("value-error", f"not JSON: {what} at line {error.lineno}, column {error.colno}") from None
    except ValueError as error:
        raise Failure("value-error", f"not JSON: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _check_depth(text: str) -> None:
    """Refuse nesting that would bring Python's parser, which is recursive C, near the end of the stack."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    import re

    depth = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        sign = match[0]
        if sign in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Failure("value-error", f"not JSON for Lumen: nested deeper than {MAX_DEPTH} levels")
        elif sign in "]}":
            depth -= 1


def json_stringify(value: Any, indent: Any = None) -> str:
    """A value as JSON text on one line, or indented by so many spaces.

    What JSON doesn't have is tagged as in `lumen run --format json`: a record is `{"$type": "Point", …}`.
    """
    import json

    if indent is True:
        indent = 2
    if indent is not None and indent is not False and type(indent) is not int:
        raise wrong("json_stringify", "an Int", "indent", indent)
    if not indent:
        return json.dumps(to_jsonable(value), ensure_ascii=False)
    return json.dumps(to_jsonable(value), ensure_ascii=False, indent=indent)


def json_get(value: Any, path: Any) -> Any:
    """What a path leads to in maps, lists and records: `"items[0].name"`, `"items.0.name"`; a list of steps works too.

    Null if it leads nowhere (`json_get(v, path) ?? default`). A String given as value is parsed first.
    """
    if type(value) is str:
        value = json_parse(value)
    if type(path) is int:
        path = [path]
    steps = path if type(path) is list else _steps(path)
    for step in steps:
        value = _follow(value, step)
        if value is MISSING:
            return None
    return value


def _steps(path: Any) -> list[str]:
    if type(path) is not str:
        raise wrong("json_get", "a String or a list", "path", path)
    steps = path.removeprefix("$").replace("[", ".").replace("]", "").split(".")
    return [step.strip("\"'") for step in steps if step]


def _follow(x: Any, step: Any) -> Any:
    if type(x) is dict:
        return x.get(str(step), MISSING)
    if type(x) is list or type(x) is tuple:
        try:
            return x[int(step)]
        except (ValueError, IndexError):
            return MISSING
    if isinstance(x, Record) and step in x._fields:
        return getattr(x, step)
    return MISSING
