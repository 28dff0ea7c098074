"""Strings. All count in code points; case and space are Unicode's.

The smallest ones test their arguments in line: a call of `need_string` would double what `upper` costs. Parameters
typed `str` here may be anything at run time, hence the tests.
"""

from __future__ import annotations

from lumen.prelude.conversion import format_value
from lumen.prelude.iteration import items_of
from lumen.prelude.wrong import need_int, need_string, wrong
from lumen.values.display import show
from lumen.values.equality import equal
from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def upper(s: str) -> str:
    """In capitals."""
    if type(s) is not str:
        raise wrong("upper", "a String", "s", s)
    return s.upper()


def lower(s: str) -> str:
    """In small letters."""
    if type(s) is not str:
        raise wrong("lower", "a String", "s", s)
    return s.lower()


def trim(s: str) -> str:
    """Without space at both ends."""
    if type(s) is not str:
        raise wrong("trim", "a String", "s", s)
    return s.strip()


def trim_start(s: str) -> str:
    """Without space at the start."""
    if type(s) is not str:
        raise wrong("trim_start", "a String", "s", s)
    return s.lstrip()


def trim_end(s: str) -> str:
    """Without space at the end."""
    if type(s) is not str:
        raise wrong("trim_end", "a String", "s", s)
    return s.rstrip()


def split(s: str, sep: Any = None) -> list[str]:
    """The parts between separators. Without one: the words between runs of space. An empty one: the characters."""
    if type(s) is not str:
        raise wrong("split", "a String", "s", s)
    if sep is None:
        return s.split()
    need_string("split", "sep", sep)
    return list(s) if not sep else s.split(sep)


def join(xs: Any, sep: Any = "") -> str:
    """The items as `print` shows them, with the separator between."""
    need_string("join", "sep", sep)
    if type(xs) is str:
        raise wrong("join", "a collection", "xs", xs)
    return str(sep.join(map(show, items_of("join", "xs", xs))))


def replace(s: str, old: str, new: str) -> str:
    """Every `old` replaced by `new`."""
    if type(s) is not str:
        raise wrong("replace", "a String", "s", s)
    if type(old) is not str:
        raise wrong("replace", "a String", "old", old)
    if type(new) is not str:
        raise wrong("replace", "a String", "new", new)
    if not old:
        raise Failure("value-error", "`replace` needs an `old` that is not empty")
    return s.replace(old, new)


def starts_with(s: str, prefix: str) -> bool:
    """Whether s begins with prefix."""
    if type(s) is not str:
        raise wrong("starts_with", "a String", "s", s)
    if type(prefix) is not str:
        raise wrong("starts_with", "a String", "prefix", prefix)
    return s.startswith(prefix)


def ends_with(s: str, suffix: str) -> bool:
    """Whether s ends with suffix."""
    if type(s) is not str:
        raise wrong("ends_with", "a String", "s", s)
    if type(suffix) is not str:
        raise wrong("ends_with", "a String", "suffix", suffix)
    return s.endswith(suffix)


def chars(s: str) -> list[str]:
    """The characters, one String each."""
    if type(s) is not str:
        raise wrong("chars", "a String", "s", s)
    return list(s)


def index_of(xs: Any, value: Any) -> int:
    """Where `value` first is in a String or list, counted from 0; -1 if it isn't. (`position` takes a function.)"""
    if type(xs) is str:
        need_string("index_of", "value", value)
        return int(xs.find(value))
    for at, other in enumerate(items_of("index_of", "xs", xs)):
        if equal(value, other):
            return at
    return -1


def substring(s: str, start: Any, stop: Any = None) -> str:
    """The characters from start up to, not including, stop; negative positions count from the end."""
    if type(s) is not str:
        raise wrong("substring", "a String", "s", s)
    need_int("substring", "start", start)
    if stop is not None:
        need_int("substring", "stop", stop)
    return s[start:stop]


def pad_left(s: Any, width: Any, fill: Any = " ") -> str:
    """Filled up at the left to at least `width` characters."""
    return _padding("pad_left", s, width, fill) + str(s)


def pad_right(s: Any, width: Any, fill: Any = " ") -> str:
    """Filled up at the right to at least `width` characters."""
    return str(s) + _padding("pad_right", s, width, fill)


def _padding(builtin: str, s: Any, width: Any, fill: Any) -> str:
    need_string(builtin, "s", s)
    need_int(builtin, "width", width)
    need_string(builtin, "fill", fill)
    if not fill:
        raise Failure("value-error", f"`{builtin}` needs a `fill` that is not empty")
    missing = max(0, width - len(s))
    return str((fill * (missing // len(fill) + 1))[:missing])


def repeat(s: Any, n: Any) -> Any:
    """A String or list several n in a row."""
    if type(s) is not str and type(s) is not list:
        raise wrong("repeat", "a String or a list", "s", s)
    need_int("repeat", "n", n, 0)
    return s * n


def lines(s: Any) -> list[str]:
    """The lines without their line breaks; a break at the end starts no further line."""
    need_string("lines", "s", s)
    parts = s.replace("\r\n", "\n").split("\n")
    if parts[-1] == "":
        parts.pop()
    return parts  # type: ignore[no-any-return]


def format_text(template: Any, *values: Any, **named: Any) -> str:
    """`format(r"{} and {name:.2f}", 1, name: 2.5)`: values put into `{}`, `{0}`, `{name}`, with optional formats.

    Names are looked up among the named arguments, then in a map if that is the only value. `{{` and `}}` are braces.
    """
    need_string("format", "template", template)
    out: list[str] = []
    at = 0
    taken = 0
    while True:
        brace = _next_brace(template, at)
        if brace < 0:
            out.append(template[at:])
            return "".join(out)
        out.append(template[at:brace])
        if template[brace : brace + 2] in ("{{", "}}"):
            out.append(template[brace])
            at = brace + 2
            continue
        end = template.find("}", brace)
        if template[brace] == "}" or end < 0:
            raise Failure("value-error", f"`format` found a single `{template[brace]}` in its template")
        name, colon, spec = template[brace + 1 : end].partition(":")
        if not name:
            name, taken = str(taken), taken + 1
        value = _value_for(name.strip(), values, named)
        out.append(format_value(value, spec) if colon else show(value))
        at = end + 1


def _next_brace(template: str, at: int) -> int:
    opening, closing = template.find("{", at), template.find("}", at)
    return max(opening, closing) if opening < 0 or closing < 0 else min(opening, closing)


def _value_for(name: str, values: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if name.isdecimal():
        if int(name) < len(values):
            return values[int(name)]
        raise Failure("invalid-args", f"`format` got {len(values)} values, too few for its template")
    if name in named:
        return named[name]
    if len(values) == 1 and type(values[0]) is dict and name in values[0]:
        return values[0][name]
    raise Failure("invalid-args", f"`format` got no value for `{name}`")
