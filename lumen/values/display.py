"""How values look: what `print` shows, and the names of types.

`show` is the form of `print` and interpolation (strings bare), `represent` the literal form used inside
containers. Both walk with a stack of their own, so depth is no matter.
"""

from __future__ import annotations

from itertools import chain, repeat

from lumen.values.equality import from_key
from lumen.values.model import Enum, Record, Set, Variant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    Opened = tuple[str, Iterator[tuple[str, Any]], str]

_ESCAPES = {
    **{code: f"\\u{{{code:x}}}" for code in (*range(32), *range(127, 160), 0x2028, 0x2029)},
    10: "\\n",
    9: "\\t",
    13: "\\r",
    0: "\\0",
    92: "\\\\",
    34: '\\"',
    123: "\\{",
    125: "\\}",
}


def quote(text: str) -> str:
    """A string as a literal that reads back as the same string."""
    return '"' + text.translate(_ESCAPES) + '"'


_LEAVES: dict[type, Callable[[Any], str]] = {
    int: int.__repr__,
    str: quote,
    float: float.__repr__,
    bool: lambda value: "true" if value else "false",
    type(None): lambda value: "null",
    bytes: lambda value: f'b"{value.hex()}"',
}


def show(value: Any) -> str:
    """The text that `print` and `{…}` in strings give for a value."""
    if type(value) is str:
        return value
    leaf = _LEAVES.get(type(value))
    return leaf(value) if leaf is not None else represent(value)


def represent(value: Any, pieces: int = 0) -> str:
    """A value as it stands inside a container: strings quoted, all else as `show`.

    With `pieces`, roughly that many parts of it, then "…": so that a message needn't write out a large value.
    """
    leaf = _LEAVES.get(type(value))
    if leaf is not None:
        return leaf(value)
    start, parts, end = _open(value)
    out = [start]
    write = out.append
    leaf_of = _LEAVES.get
    enclosing: list[tuple[Iterator[tuple[str, Any]], str]] = []
    while True:
        for label, item in parts:
            write(label)
            leaf = leaf_of(type(item))
            if leaf is not None:
                write(leaf(item))
                if pieces and len(out) > pieces:
                    return "".join(out) + "…"
                continue
            enclosing.append((parts, end))
            start, parts, end = _open(item)
            write(start)
            break
        else:
            write(end)
            if not enclosing:
                return "".join(out)
            parts, end = enclosing.pop()


_NOTHING: tuple[tuple[str, Any], ...] = ()
_PLAIN_NUMBERS = frozenset({int, float})


def _separated(items: Iterator[Any]) -> Iterator[tuple[str, Any]]:
    return zip(chain(("",), repeat(", ")), items)  # noqa: B905 (the labels never end)


class Hidden:
    """Stands for the value of a `@secret` field where values are shown."""

    __slots__ = ()

    def _show(self) -> str:
        return "[secret]"


HIDDEN = Hidden()


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    label = ""
    secret = value._secret
    for field in value._fields:
        yield f"{label}{field}: ", HIDDEN if field in secret else getattr(value, field)
        label = ", "


def _entries(mapping: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
    label = ""
    for key, item in mapping.items():
        yield f"{label}{represent(from_key(key))}: ", item
        label = ", "


def _open(value: Any) -> Opened:
    """The opening text of a value, its labelled parts, and its closing text."""
    kind = type(value)
    if kind is list:
        if _PLAIN_NUMBERS.issuperset(map(type, value)):
            # Python writes numbers as we do, and 10 times faster than we can.
            return repr(value), iter(_NOTHING), ""
        return "[", _separated(iter(value)), "]"
    if kind is dict:
        return "{", _entries(value), "}"
    if kind is tuple:
        return "(", _separated(iter(value)), ",)" if len(value) == 1 else ")"
    if kind is Set:
        # `{}` is the empty map.
        return ("{", _separated(iter(value)), "}") if len(value) else ("set[", iter(_NOTHING), "]")
    if isinstance(value, Record):
        return f"{value._name}(", _fields(value), ")"
    if isinstance(value, Variant):
        if not value._fields:
            return value._name, iter(_NOTHING), ""
        values = (getattr(value, field) for field in value._fields)
        return f"{value._name}(", _separated(values), ")"
    return _opaque(value), iter(_NOTHING), ""


def _opaque(value: Any) -> str:
    """Things without parts: functions, types, futures, channels, generators."""
    shown = getattr(type(value), "_show", None)
    if shown is not None:
        # Futures, channels, tools: classes of other rooms say themselves how they look.
        return str(shown(value))
    if isinstance(value, type):
        return f"<{'variant' if issubclass(value, Variant) else 'record'} {getattr(value, '_name', value.__name__)}>"
    if isinstance(value, Enum):
        return f"<enum {value._name}>"
    if type(value) is range:
        return f"<range {value.start}..{value.stop}>"
    name = getattr(value, "__name__", None)
    if callable(value):
        from lumen.values.errors import cell_name

        plain = cell_name(name) if isinstance(name, str) else "fn"
        return "<fn>" if plain == "fn" else f"<cell {plain}>"
    if hasattr(value, "__next__") or hasattr(value, "__anext__"):
        return f"<generator {name}>" if isinstance(name, str) else "<generator>"
    if isinstance(value, BaseException):
        return f"<failure {value}>"
    return f"<{kind_name(value)}>"


# --- Names of types ---------------------------------------------------------------------------

_KINDS: dict[type, str] = {
    int: "Int",
    float: "Float",
    bool: "Bool",
    str: "String",
    bytes: "Bytes",
    type(None): "Null",
    list: "list",
    tuple: "tuple",
    dict: "map",
    Set: "set",
    range: "list",
}


def kind_name(value: Any) -> str:
    """The name of a value's type without its arguments: "Int", "list", "Point", "fn"."""
    kind = type(value)
    name = _KINDS.get(kind)
    return name if name is not None else class_name(kind)


def class_name(kind: type) -> str:
    """The Lumen name of a Python class."""
    name = _KINDS.get(kind)
    if name is not None:
        return name
    if issubclass(kind, Record):
        return kind._name or "Record"
    if issubclass(kind, Variant):
        return kind._enum._name
    given = getattr(kind, "_type_name", None)
    if isinstance(given, str):
        return given
    if kind.__name__ in ("generator", "async_generator"):
        return "Generator"
    if issubclass(kind, type) or hasattr(kind, "__call__"):  # noqa: B004 (asked of the class, not of a value)
        return "fn"
    return kind.__name__


def type_name(value: Any, depth: int = 40) -> str:
    """The full type: "list[Int]", "map[String, Int | Null]", "tuple[Int, String]"; an empty list is "list[Any]".

    Deeper than 40 levels only the outermost name is given.
    """
    kind = type(value)
    if not depth:
        return kind_name(value)
    if kind is list:
        return f"list[{_union(value, depth)}]"
    if kind is Set:
        return f"set[{_union(value, depth)}]"
    if kind is dict:
        return f"map[{_union(map(from_key, value), depth)}, {_union(value.values(), depth)}]"
    if kind is tuple:
        return f"tuple[{', '.join([type_name(item, depth - 1) for item in value])}]"
    if kind is range:
        return "list[Int]"
    return kind_name(value)


def _union(items: Iterable[Any], depth: int) -> str:
    # dict.fromkeys: in order of first appearance, whatever the hash seed.
    names = dict.fromkeys([type_name(item, depth - 1) for item in items])
    return " | ".join(names) or "Any"


def describe(value: Any) -> str:
    """A value with its type for a message: `Int 42`, `list[Int] [1, 2]`, `Null`; long values are cut."""
    if value is None:
        return "Null"
    kind = type(value)
    if kind in (list, dict, Set, tuple) and len(value) > 20:
        return f"{kind_name(value)} of {len(value)}"
    if hasattr(kind, "_type_name") or kind.__name__ == "generator":
        return class_name(kind)  # a future, a channel: its state is of no help where it does not belong
    text = represent(value, 60)
    if len(text) > 60:
        text = text[:57] + "…"
    if isinstance(value, Record | Variant) or text.startswith("<"):
        return text
    return f"{type_name(value)} {text}"
