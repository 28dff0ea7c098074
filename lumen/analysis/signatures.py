"""What is known of the built-ins before a program runs: parameters, result types, colour.

Names and parameters are those of `prelude/registry.py`; the two rooms do not import each other, a test
(`tests/analysis/test_signatures.py`) proves that they agree.

The table below reads like Lumen. In a parameter list `x?` may be left out, `f*` is a function that the built-in
calls, `...xs` takes what is left. The result is a type, or `@rule` for one that depends on the arguments (`_RULES`);
no result means: nothing certain. Words after `/` say more: `suspends`, `world` (asks the outside), `own` (seeded
only in deterministic mode, see `determinism.py`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from lumen.analysis.types import (
    ANY,
    BOOL,
    BYTES,
    FLOAT,
    INT,
    NEVER,
    NULL,
    STRING,
    Type,
    channel_of,
    join,
    list_of,
    map_of,
    result_of,
    set_of,
    tuple_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@frozen
class BuiltinParam:
    """One parameter of a built-in."""

    name: str
    is_optional: bool = False
    is_function: bool = False
    is_rest: bool = False


@frozen
class BuiltinSignature:
    """What analysis knows of one built-in."""

    name: str
    params: tuple[BuiltinParam, ...]
    result: Type | Callable[[Sequence[Type]], Type]
    suspends: bool = False
    """Calling it may suspend, whatever its arguments."""
    asks_world: bool = False
    """It asks the outside: time, chance, files, the environment."""

    def result_type(self, arguments: Sequence[Type]) -> Type:
        """The type of a call with positional arguments of these types."""
        return self.result if isinstance(self.result, Type) else self.result(arguments)

    @property
    def function_positions(self) -> tuple[int, ...]:
        """Where functions stand among the parameters."""
        return tuple(at for at, param in enumerate(self.params) if param.is_function)


# --- Results that depend on the arguments -----------------------------------------------------------------


def element_of(container: Type) -> Type:
    """What a `for` over a value of this type gives; NEVER for an empty literal, ANY when not known."""
    if container.name in ("list", "set", "yield", "Channel") and container.args:
        return container.args[0]
    if container.name == "map" and container.args:
        return container.args[0]
    if container.name == "tuple":
        element = NEVER
        for item in container.args:
            element = join(element, item)
        return element
    if container is STRING or container == STRING:
        return STRING
    return NEVER if container == NEVER else ANY


def _at(arguments: Sequence[Type], position: int) -> Type:
    return arguments[position] if position < len(arguments) else ANY


def _same(arguments: Sequence[Type]) -> Type:
    first = _at(arguments, 0)
    return first if first.name in ("list", "set", "map", "String", "Bytes") else ANY


def _same_list(arguments: Sequence[Type]) -> Type:
    first = _at(arguments, 0)
    if first == NEVER or first.name == "list":
        return first
    element = element_of(first)
    return ANY if element == ANY else list_of(element)


def _append(arguments: Sequence[Type]) -> Type:
    first, value = _at(arguments, 0), _at(arguments, 1)
    if first == NEVER:
        return NEVER
    return Type(first.name, (join(first.args[0], value),)) if first.name in ("list", "set") and first.args else ANY


def _insert(arguments: Sequence[Type]) -> Type:
    first = _at(arguments, 0)
    if first == NEVER:
        return NEVER
    if first.name == "map" and first.args:
        return map_of(join(first.args[0], _at(arguments, 1)), join(first.args[1], _at(arguments, 2)))
    if first.name == "list" and first.args:
        return list_of(join(first.args[0], _at(arguments, 2)))
    if first.name == "set" and first.args:
        return set_of(join(first.args[0], _at(arguments, 1)))
    return ANY


def _merge(arguments: Sequence[Type]) -> Type:
    first, second = _at(arguments, 0), _at(arguments, 1)
    if NEVER in (first, second):
        return NEVER
    return join(first, second) if first.name == second.name and first.name in ("map", "set") else ANY


def _list_of_element(arguments: Sequence[Type]) -> Type:
    if _at(arguments, 0).name == "map":
        return _entries(arguments)
    element = element_of(_at(arguments, 0))
    return ANY if element == ANY else list_of(element)


def _set_of_element(arguments: Sequence[Type]) -> Type:
    return set_of(element_of(_at(arguments, 0))) if arguments else set_of(NEVER)


def _keys(arguments: Sequence[Type]) -> Type:
    first = _at(arguments, 0)
    return list_of(first.args[0]) if first.name == "map" else NEVER if first == NEVER else list_of(ANY)


def _values(arguments: Sequence[Type]) -> Type:
    first = _at(arguments, 0)
    return list_of(first.args[1]) if first.name == "map" else NEVER if first == NEVER else list_of(ANY)


def _entries(arguments: Sequence[Type]) -> Type:
    first = _at(arguments, 0)
    if first == NEVER:
        return NEVER
    return list_of(tuple_of(*first.args)) if first.name == "map" and first.args else list_of(ANY)


def _enumerate(arguments: Sequence[Type]) -> Type:
    return list_of(tuple_of(INT, element_of(_at(arguments, 0))))


def _zip(arguments: Sequence[Type]) -> Type:
    return list_of(tuple_of(*map(element_of, arguments)))


def _chunks(arguments: Sequence[Type]) -> Type:
    first = _at(arguments, 0)
    return list_of(first) if first.name in ("list", "String", "Never") else ANY


def _partition(arguments: Sequence[Type]) -> Type:
    inner = _same_list(arguments)
    return ANY if inner == ANY else tuple_of(inner, inner)


def _map(arguments: Sequence[Type]) -> Type:
    function = _at(arguments, 1)
    return list_of(function.args[-1]) if function.name == "fn" else ANY


def _number(arguments: Sequence[Type]) -> Type:
    result = NEVER
    for argument in arguments:
        if argument not in (INT, FLOAT, NEVER):
            return ANY
        result = join(result, argument)
    return result


def _sum(arguments: Sequence[Type]) -> Type:
    element = element_of(_at(arguments, 0))
    return element if element in (INT, NEVER) else ANY


def _least(arguments: Sequence[Type]) -> Type:
    return _number(arguments) if len(arguments) > 1 else ANY


def _clone(arguments: Sequence[Type]) -> Type:
    return _at(arguments, 0)


def _unwrap(arguments: Sequence[Type]) -> Type:
    first = _at(arguments, 0)
    return first.args[0] if first.name == "result" else ANY


def _ok(arguments: Sequence[Type]) -> Type:
    return result_of(_at(arguments, 0), NEVER)


def _err(arguments: Sequence[Type]) -> Type:
    return result_of(NEVER, _at(arguments, 0))


_RULES: dict[str, Callable[[Sequence[Type]], Type]] = {
    "append": _append, "chunks": _chunks, "clone": _clone, "element": lambda _: ANY, "entries": _entries,
    "enumerate": _enumerate, "err": _err, "insert": _insert, "keys": _keys, "least": _least,
    "list": _list_of_element, "map": _map, "merge": _merge, "number": _number, "ok": _ok, "partition": _partition,
    "same": _same, "same_list": _same_list, "set": _set_of_element, "sum": _sum, "unwrap": _unwrap,
    "values": _values, "zip": _zip,
}  # fmt: skip

_TYPES: dict[str, Type] = {
    "": ANY, "Int": INT, "Float": FLOAT, "Bool": BOOL, "String": STRING, "Bytes": BYTES, "Null": NULL,
    "Never": NEVER, "Channel": channel_of(ANY), "list[String]": list_of(STRING), "list[Int]": list_of(INT),
    "result[Int, String]": result_of(INT, STRING), "result[Float, String]": result_of(FLOAT, STRING),
    "result": result_of(ANY, ANY),
}  # fmt: skip

# --- The table --------------------------------------------------------------------------------------------

_TABLE = """
length(xs)           -> Int
len(xs)              -> Int
size(xs)             -> Int
count(xs, pred*?) -> Int
append(xs, value)    -> @append
push(xs, value)      -> @append
insert(xs, at, value?) -> @insert
remove(xs, at)       -> @same
contains(xs, value)   -> Bool
get(xs, key, default?)
keys(m)              -> @keys
values(m)            -> @values
entries(m)           -> @entries
has_key(m, key)      -> Bool
merge(a, b, ...more)         -> @merge
enumerate(xs, start?)       -> @enumerate
zip(xs, ys, ...more)       -> @zip
range(start, stop?, step?) -> list[Int]
take(xs, n)          -> @same
drop(xs, n)          -> @same
first(xs)
last(xs)
slice(xs, start, stop?) -> @same
chunk(xs, size)       -> @chunks
window(xs, size)      -> @chunks
reverse(xs)          -> @same
sort(xs, descending?)           -> @same_list
sort_by(xs, key*, descending?)    -> @same_list
unique(xs)           -> @same_list
flatten(xs)
flat_map(xs, fn*)
map(xs, fn*)          -> @map
filter(xs, pred*) -> @same
reduce(xs, init*, fn*?)
any(xs, pred*?) -> Bool
all(xs, pred*?) -> Bool
find(xs, pred*)
position(xs, pred*)
group_by(xs, key*)
partition(xs, pred*) -> @partition
sum(xs)              -> @sum
min(...xs)       -> @least
max(...xs)       -> @least
is_empty(xs)         -> Bool
to_list(xs)          -> @list
to_map(entries)
to_set(xs)           -> @set
add(s, value)        -> @append
union(a, b, ...more)         -> @merge
intersection(a, b, ...more)  -> @same
difference(a, b, ...more)   -> @same
clone(value)            -> @clone

upper(s)             -> String
lower(s)             -> String
trim(s)              -> String
trim_start(s)        -> String
trim_end(s)          -> String
split(s, sep?) -> list[String]
join(xs, sep?) -> String
replace(s, old, new) -> String
starts_with(s, prefix) -> Bool
ends_with(s, suffix) -> Bool
chars(s)             -> list[String]
index_of(xs, value)
substring(s, start, stop?) -> String
pad_left(s, width, fill?) -> String
pad_right(s, width, fill?) -> String
repeat(s, n)     -> @same
format(template, ...values) -> String
lines(s)             -> list[String]
to_string(value)        -> String
string(value)           -> String
to_int(value)
int(value)
to_float(value)
float(value)
parse_int(s)         -> result[Int, String]
parse_float(s)       -> result[Float, String]
type_of(value)          -> String
bytes_from_ascii(s)  -> Bytes
bytes_to_ascii(b)    -> String
bytes_len(b)         -> Int
bytes_slice(b, start, stop?) -> Bytes
bytes_concat(a, b, ...more)  -> Bytes

abs(x)               -> @number
round(x, digits?)
floor(x)             -> Int
ceil(x)              -> Int
sqrt(x)              -> Float
pow(x, y)
log(x, base?)        -> Float
exp(x)               -> Float
sin(x)               -> Float
cos(x)               -> Float
tan(x)               -> Float
clamp(x, low, high)  -> @number
random()             -> Float / world
random_int(low, high) -> Int / world

ok(value)            -> @ok
err(error)           -> @err
is_ok(r)             -> Bool
is_err(r)            -> Bool
unwrap(r)            -> @unwrap
unwrap_or(r, default)
map_ok(r, fn*)
map_err(r, fn*)
attempt(fn*)          -> result

print(...values)     -> Null
debug(value)
breakpoint()         -> Null
emit(value)
assert(cond, message?) -> Null
assert_eq(actual, expected, message?) -> Null
assert_ne(actual, other, message?) -> Null
uuid()               -> String / world
timestamp()          / world
timestamp_ms()       -> Int / world
hash(value)
sha256(data)            -> String
base64_encode(data)     -> String
base64_decode(s)
hex_encode(data)        -> String
hex_decode(s)
json_parse(s)
parse_json(s)
json_stringify(value, indent?) -> String
to_json(value, indent?)  -> String
json_get(value, path)
read_file(path)      -> String / suspends world
write_file(path, text) / suspends world
read_line(prompt?)   / suspends world
get_env(name, default?) / world
halt(message?)        -> Never
fail(message, code?) -> Never

channel(capacity?)   -> Channel
sleep(ms)            -> Null / suspends world
"""

_LINE = re.compile(r"(\w+)\(([^)]*)\)\s*(?:->\s*([^/]*?))?\s*(?:/\s*(.*))?")


def _parse(line: str) -> BuiltinSignature:
    match = _LINE.fullmatch(line)
    assert match is not None, line
    name, params, result, words = match.groups()
    made = []
    for text in filter(None, (part.strip() for part in params.split(","))):
        bare = text.removeprefix("...").rstrip("?*")
        marks = text[len(bare) :] if not text.startswith("...") else ""
        made.append(BuiltinParam(bare, "?" in marks, "*" in marks, text.startswith("...")))
    result = (result or "").strip()
    typed = _RULES[result[1:]] if result.startswith("@") else _TYPES[result]
    said = (words or "").split()
    return BuiltinSignature(name, tuple(made), typed, "suspends" in said, "world" in said)


BUILTINS: dict[str, BuiltinSignature] = {
    signature.name: signature for signature in map(_parse, filter(None, map(str.strip, _TABLE.splitlines())))
}

# --- Methods of values that are not records ---------------------------------------------------------------

SUSPENDING_METHODS: dict[str, frozenset[str]] = {
    "Future": frozenset({"wait", "result"}),
    "Channel": frozenset({"send", "receive", "receive_all"}),
}
"""By the type that has them; every other method of futures and channels is plain."""

VALUE_METHODS: dict[str, dict[str, Type]] = {
    "Future": {
        "is_done": BOOL, "is_success": BOOL, "is_failed": BOOL, "cancel": BOOL, "wait": BOOL, "result": ANY,
        "get_error": ANY,
    },
    "Channel": {
        "send": NULL, "receive": ANY, "try_receive": ANY, "close": NULL, "receive_all": ANY,
    },
}  # fmt: skip
"""Method → result type, for futures and channels."""

VALUE_ATTRIBUTES: dict[str, dict[str, Type]] = {
    "Future": {"status": STRING, "state": Type("FutureState")},
    "Error": {"message": STRING, "code": STRING},
}

BUILTIN_TYPES = frozenset(
    {"Int", "Float", "Bool", "String", "Bytes", "Null", "list", "tuple", "set", "map", "result", "fn", "yield"}
)
"""Types without methods of their own: `x.f(a)` on them is always `f(x, a)` (a map's entry `f` goes first)."""
