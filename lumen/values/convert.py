"""Values in and out of the program: Python objects of hosts and tools, and the JSON form.

JSON form (`--format json`, `json_stringify`): numbers, strings, booleans, null, lists and maps with string keys are
natural; all else is tagged, so that nothing is lost:

    other maps {"$map": [[k, v], …]}     record  {"$type": "Point", "x": 1, …}
    bytes      {"$bytes": "cafe"}        variant {"$variant": "Some", "values": […]}
    future     {"$future": id, "status": "…"}       function, channel, … {"$opaque": "<cell f>"}
    infinity and NaN {"$float": "inf"}

Nothing here recurses deeper than MAX_DEPTH: beyond it, and for things that contain themselves, a failure says so.
"""

from __future__ import annotations

from lumen.values.canonical import MAX_DEPTH, too_deep
from lumen.values.display import represent
from lumen.values.equality import from_key, to_key
from lumen.values.errors import Failure
from lumen.values.model import Enum, Record, Set, Variant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


# --- To JSON ----------------------------------------------------------------------------------


def to_jsonable(value: Any) -> Any:
    """The JSON form of a value, made of Python's dict, list, str, int, float, bool and None: fresh ones.

    Raises:
        Failure: `value-error` when nested deeper than MAX_DEPTH.
    """
    try:
        return _jsonable(value, 0)
    except RecursionError:
        raise too_deep() from None


def _jsonable(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is float:
        return value if value - value == 0 else {"$float": repr(value)}
    if depth > MAX_DEPTH:
        raise too_deep()
    depth += 1
    if kind is list or kind is tuple or kind is Set:
        return [_jsonable(item, depth) for item in value]
    if kind is dict:
        if all(type(key) is str for key in value):
            return {key: _jsonable(item, depth) for key, item in value.items()}
        return {"$map": [[_jsonable(from_key(k), depth), _jsonable(v, depth)] for k, v in value.items()]}
    if kind is bytes:
        return {"$bytes": value.hex()}
    if isinstance(value, Record):
        fields = {field: _jsonable(getattr(value, field), depth) for field in value._fields}
        return {"$type": value._name, **fields} if value._name else fields
    if isinstance(value, Variant):
        values = [_jsonable(getattr(value, field), depth) for field in value._fields]
        return {"$variant": value._name, "values": values}
    if getattr(kind, "_type_name", None) == "Future":
        return {"$future": value.id, "status": value.status}
    return {"$opaque": represent(value)}


# --- From Python ------------------------------------------------------------------------------

_AS_IS = frozenset({str, int, float, bool, type(None), bytes})


def from_python(obj: Any, what: str = "the result") -> Any:
    """The Lumen value for a Python object that a tool, an extern cell or a host gives.

    list, tuple, dict, set and str keep their kind; dataclasses, attrs and pydantic objects and named tuples become maps
    of their fields; an Enum member its value; sets are ordered by their canonical encoding, since Python's order
    changes from run to run. Lumen's own values are themselves.

    Args:
        what: names the object in messages: "the result of `db.rows`".
    Raises:
        Failure: `output-invalid` for anything else (dates, files, generators, …), naming the Python type and where in
            the object it is.
    """
    if type(obj) in _AS_IS:
        return obj
    try:
        return _FromPython(what).convert(obj, (), 0)
    except RecursionError:
        raise Failure("output-invalid", too_deep(what).message) from None


class _FromPython:
    """One conversion: what it is about, and the objects that are being converted around the current one."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.open: set[int] = set()

    def refuse(self, path: tuple[str, ...], why: str) -> Failure:
        return Failure("output-invalid", f"{self.what}{' at ' + ''.join(path).lstrip('.') if path else ''} {why}")

    def convert(self, obj: Any, path: tuple[str, ...], depth: int) -> Any:
        kind = type(obj)
        if kind in _AS_IS or isinstance(obj, Record | Variant | Set | Enum) or hasattr(kind, "_type_name"):
            return obj
        if isinstance(obj, str | int | float | bytes | bytearray):
            return self.scalar(obj)
        if depth > MAX_DEPTH:
            raise Failure("output-invalid", too_deep(self.what).message)
        if id(obj) in self.open:
            raise self.refuse(path, "contains itself")
        self.open.add(id(obj))
        try:
            return self.container(obj, path, depth + 1)
        finally:
            self.open.discard(id(obj))

    def scalar(self, obj: Any) -> Any:
        """Subclasses of plain types: the member of an IntEnum, a numpy float, a bytearray, …"""
        if isinstance(obj, str):
            return str.__str__(obj)
        if isinstance(obj, int):
            return int(obj)
        return float(obj) if isinstance(obj, float) else bytes(obj)

    def container(self, obj: Any, path: tuple[str, ...], depth: int) -> Any:
        if isinstance(obj, dict):
            return {
                to_key(self.convert(key, (*path, ".keys"), depth)): self.convert(item, (*path, _step(key)), depth)
                for key, item in obj.items()
            }
        if isinstance(obj, tuple) and hasattr(obj, "_fields"):
            return {name: self.convert(getattr(obj, name), (*path, f".{name}"), depth) for name in obj._fields}
        if isinstance(obj, list | tuple):
            items = [self.convert(item, (*path, f"[{at}]"), depth) for at, item in enumerate(obj)]
            return tuple(items) if isinstance(obj, tuple) else items
        if isinstance(obj, set | frozenset):
            from lumen.values.canonical import encode

            return Set(sorted([self.convert(item, (*path, "{…}"), depth) for item in obj], key=encode))
        fields = _fields_of(obj)
        if fields is not None:
            return {name: self.convert(getattr(obj, name), (*path, f".{name}"), depth) for name in fields}
        if hasattr(obj, "model_dump") and not isinstance(obj, type):
            return self.convert(obj.model_dump(), path, depth)
        if callable(obj) and not isinstance(obj, type):
            return obj
        return self.other(obj, path, depth)

    def other(self, obj: Any, path: tuple[str, ...], depth: int) -> Any:
        from enum import Enum as PythonEnum

        if isinstance(obj, PythonEnum):
            return self.convert(obj.value, path, depth)
        name = type(obj).__qualname__
        module = type(obj).__module__
        full = name if module == "builtins" else f"{module}.{name}"
        hint = _HINTS.get(full) or _HINTS.get(name, "")
        raise self.refuse(path, f"is a Python object of type {full}, for which Lumen has no value{hint}")


_HINTS = {
    "datetime": "; return it as text (`.isoformat()`)",
    "date": "; return it as text (`.isoformat()`)",
    "time": "; return it as text (`.isoformat()`)",
    "datetime.datetime": "; return it as text (`.isoformat()`)",
    "timedelta": "; return its `.total_seconds()`",
    "datetime.timedelta": "; return its `.total_seconds()`",
    "decimal.Decimal": "; return it as text or as a float",
    "uuid.UUID": "; return it as text (`str(…)`)",
    "generator": "; return a list",
    "coroutine": "; await it first",
}


def _fields_of(obj: Any) -> list[str] | None:
    """The field names of a dataclass or attrs instance."""
    if isinstance(obj, type):
        return None
    found = getattr(type(obj), "__dataclass_fields__", None)
    if found is not None:
        return [name for name, field in found.items() if field._field_type.name == "_FIELD"]
    attributes = getattr(type(obj), "__attrs_attrs__", None)
    return None if attributes is None else [attribute.name for attribute in attributes]


def _step(key: Any) -> str:
    return f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]"


# --- To Python --------------------------------------------------------------------------------


def to_python(value: Any) -> Any:
    """The Python object that a tool or extern cell gets for a value: fresh, so that changing it changes nothing here.

    Records become dicts of their fields; a set becomes a set, or a list if its items don't hash in Python; lists as map
    keys become tuples. A variant without fields becomes its name, another one the tagged dict of
    the JSON form, `ok(v)` and `err(e)` too. Functions, futures and channels stay what they are.

    Raises:
        Failure: `value-error` when nested deeper than MAX_DEPTH.
    """
    try:
        return _python(value, 0)
    except RecursionError:
        raise too_deep() from None


def _python(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind in _AS_IS:
        return value
    if depth > MAX_DEPTH:
        raise too_deep()
    depth += 1
    if kind is list:
        return [_python(item, depth) for item in value]
    if kind is dict:
        return {_hashable(from_key(key)): _python(item, depth) for key, item in value.items()}
    if kind is tuple:
        return tuple([_python(item, depth) for item in value])
    if kind is Set:
        items = [_python(item, depth) for item in value]
        try:
            return set(items)
        except TypeError:
            return items
    if isinstance(value, Record):
        return {field: _python(getattr(value, field), depth) for field in value._fields}
    if isinstance(value, Variant):
        if not value._fields:
            return value._name
        values = [_python(getattr(value, field), depth) for field in value._fields]
        return {"$variant": value._name, "values": values}
    return value


def _hashable(key: Any) -> Any:
    """A map key for Python: lists become tuples."""
    if type(key) in (list, tuple, Set):
        return tuple([_hashable(item) for item in key])
    if type(key) is dict:
        return tuple([(_hashable(from_key(k)), _hashable(v)) for k, v in key.items()])
    return key
