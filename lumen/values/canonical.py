"""The one byte encoding of a value: equal values, and only they, have equal bytes, on every machine and run.

Form: a letter for the kind, then the content. Texts and numbers carry their length, containers their count, so
encodings can't run into each other. The entries of maps and sets are sorted by their encodings, because order is
no part of equality; a Float that is a whole number is encoded as that Int, because `1 == 1.0`.

    n · t · f                      null, true, false
    i<length>:<two's complement>   Int, big-endian          d<8 bytes>   Float, IEEE big-endian
    s<length>:<utf-8>              String                   b<length>:<bytes>
    l<count>: … · u<count>: …      list, tuple              e<count>: … · m<count>: …   set, map (key, value)
    r<name><count>: …              record: (field, value)   v<enum><name><count>: …     variant
"""

from __future__ import annotations

from lumen.values.display import kind_name
from lumen.values.equality import from_key
from lumen.values.errors import Failure
from lumen.values.model import Record, Set, Variant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_DEPTH = 1000
"""Deeper values are refused: nobody means them, and recursion would reach the limits of the stack."""


def too_deep(what: str = "the value") -> Failure:
    """The failure for a value nested deeper than MAX_DEPTH, or than the stack allows where we are."""
    return Failure("value-error", f"{what} is nested deeper than {MAX_DEPTH} levels")


def encode(value: Any) -> bytes:
    """The encoding of a value.

    Raises:
        Failure: `value-error` for functions, futures and other things with identity, and beyond MAX_DEPTH.
    """
    out: list[bytes] = []
    try:
        _encode(value, out, 0)
    except RecursionError:
        raise too_deep() from None
    return b"".join(out)


def _text(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return b"%d:%s" % (len(data), data)


def _int(number: int) -> bytes:
    data = number.to_bytes((number.bit_length() + 8) // 8, "big", signed=True)
    return b"i%d:%s" % (len(data), data)


def _float(number: float) -> bytes:
    if number.is_integer():
        return _int(int(number))
    from struct import pack

    return b"d" + pack(">d", number)


def _encode(value: Any, out: list[bytes], depth: int) -> None:
    kind = type(value)
    if depth > MAX_DEPTH:
        raise too_deep()
    depth += 1
    if value is None:
        out.append(b"n")
    elif kind is bool:
        out.append(b"t" if value else b"f")
    elif kind is int:
        out.append(_int(value))
    elif kind is float:
        out.append(_float(value))
    elif kind is str:
        out.append(b"s" + _text(value))
    elif kind is bytes:
        out.append(b"b%d:%s" % (len(value), value))
    elif kind is list or kind is tuple:
        out.append(b"%c%d:" % (b"l" if kind is list else b"u", len(value)))
        for item in value:
            _encode(item, out, depth)
    elif kind is Set or kind is dict:
        parts = sorted(_entries(value, depth))
        out.append(b"%c%d:" % (b"e" if kind is Set else b"m", len(parts)))
        out.extend(parts)
    elif isinstance(value, Record):
        out.append(b"r%s%d:" % (_text(value._name), len(value._fields)))
        _fields(value, out, depth)
    elif isinstance(value, Variant):
        out.append(b"v%s%s%d:" % (_text(value._enum._name), _text(value._name), len(value._fields)))
        _fields(value, out, depth)
    else:
        raise Failure("value-error", f"{kind_name(value)} has no lasting form: it is only equal to itself")


def _entries(value: Any, depth: int) -> list[bytes]:
    parts = []
    for key in value if type(value) is dict else value._items:
        out: list[bytes] = []
        _encode(from_key(key), out, depth)
        if type(value) is dict:
            _encode(value[key], out, depth)
        parts.append(b"".join(out))
    return parts


def _fields(value: Any, out: list[bytes], depth: int) -> None:
    for field in value._fields:
        out.append(_text(field))
        _encode(getattr(value, field), out, depth)
