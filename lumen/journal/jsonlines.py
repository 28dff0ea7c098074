"""JSON as the journal writes and reads it, straight on the C code that Python's json module uses.

The json package itself imports `re` and ten other modules; a replay that takes a millisecond can't spend ten on that.
"""

from __future__ import annotations

import sys
from _json import make_scanner

from lumen.journal.values import LONG_INT_BITS, encode_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class _Options:
    """What the C scanner wants to know; the same as json's defaults, except that NaN is no JSON."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(_refuse)
    memo: dict[str, str] = {}  # noqa: RUF012


_options: Any = _Options()
_scan: Callable[[str, int], tuple[Any, int]] = make_scanner(_options)
_DEEP = 6_000
"""A value nested 1,000 deep is at most four times as deep as JSON. Python 3.11's scanner keeps to the limit of
recursion, which is 1,000 for those who read a journal outside a run."""


def parse(text: str) -> Any:
    """The Python object of a JSON text.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        found, end = _scan(text, 0)
    except (StopIteration, SystemError):
        # Python 3.11 looks for its JSONDecodeError in a module that we don't import, and then for words.
        raise ValueError("not JSON") from None
    except RecursionError:
        found, end = _scan_deep(text)
    if end != len(text):
        raise ValueError("something follows the JSON text")
    return found


def _scan_deep(text: str) -> Any:
    try:
        try:
            return with_room(_scan, text, 0)
        except RecursionError:
            # Python 3.12 lets C code recurse 1,500 deep, whatever the limit; the same in Python has no such bounds.
            return with_room(_python_scanner(), text, 0, room=4 * _DEEP)
    except (RecursionError, StopIteration, SystemError):
        raise ValueError("not JSON, or nested too deep") from None


def _python_scanner() -> Callable[[str, int], tuple[Any, int]]:
    from json import JSONDecoder, decoder, scanner

    options: Any = JSONDecoder(parse_constant=_refuse)
    options.parse_string = decoder.py_scanstring  # type: ignore[attr-defined]
    scan: Callable[[str, int], tuple[Any, int]] = scanner.py_make_scanner(options)  # type: ignore[attr-defined]
    return scan


def with_room(fn: Callable[..., Any], *args: Any, room: int = _DEEP) -> Any:
    """Call `fn` where Python lets it recurse as deep as a value may be.

    Raises:
        RecursionError: that was not enough.
    """
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, room))
    try:
        return fn(*args)
    finally:
        try:
            sys.setrecursionlimit(limit)
        except RecursionError:
            pass  # we were called from deeper than that


def canonical(data: Any) -> str:
    """Plain JSON data (maps, lists, texts, numbers, booleans, null) as canonical text: the form of every line.

    Raises:
        ValueError: it is something else, or nested deeper than a line can be.
    """
    try:
        try:
            return _canonical(data)
        except RecursionError:
            text: str = with_room(_canonical, data, room=4 * _DEEP)
            return text
    except RecursionError:
        raise ValueError("nested too deep") from None


def _canonical(data: Any) -> str:
    kind = type(data)
    if kind is str:
        return encode_text(data)
    if data is None:
        return "null"
    if kind is bool:
        return "true" if data else "false"
    if kind is int or kind is float:
        if data - data != 0 or (kind is int and data.bit_length() > LONG_INT_BITS):
            raise ValueError(f"{data!r} is not JSON")
        return repr(data)
    if kind is list or kind is tuple:
        return f"[{','.join([_canonical(item) for item in data])}]"
    if kind is dict:
        return f"{{{','.join([f'{encode_text(key)}:{_canonical(data[key])}' for key in sorted(data)])}}}"
    raise ValueError(f"{kind.__name__} is not JSON")
