"""Which built-in has its body where, and how it is called. Plain data: importing this loads no body.

One line per built-in: its names, the module here that holds it, its parameters, and flags. `analysis/signatures.py`
gives the same names types; a test proves that the two agree. `load` fetches a body, `bind` also ties those that
need the run's World to it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lumen.prelude.world import World


class BuiltinSpec:
    """What there is to know about a built-in without loading it."""

    __slots__ = ("attr", "has_async", "is_pure", "module", "name", "needs_world", "own", "params", "suspends")

    def __init__(self, name: str, module: str, attr: str, params: tuple[str, ...], flags: str) -> None:
        self.name = name
        """The main name; aliases share the spec."""
        self.module = module
        """In `lumen.prelude`."""
        self.attr = attr
        """The Python function, or the factory that makes it from a World."""
        self.params = params
        """Names as in named arguments, in order; "sep?" may be left out, "...rest" takes any number."""
        self.suspends = "s" in flags
        """An async function: every call suspends."""
        self.is_pure = "p" in flags
        """Keeps no reference to an argument, and nothing of its result is (part of) an argument."""
        self.has_async = "f" in flags
        """Calls functions: `$name~` is the async form, for callbacks that suspend."""
        self.needs_world = "w" in flags
        self.own = "o" in flags
        """`$name_own` may change its first argument in place and returns the result."""

    @property
    def param_names(self) -> tuple[str, ...]:
        """Parameter names without marks."""
        return tuple(param.strip("?.") for param in self.params)

    @property
    def required(self) -> int:
        """How many arguments there must be at least."""
        return sum(1 for param in self.params if not param.endswith("?") and not param.startswith("..."))

    @property
    def has_rest(self) -> bool:
        """Whether it takes any number of arguments."""
        return bool(self.params) and self.params[-1].startswith("...")

    def __repr__(self) -> str:
        return f"<builtin {self.name}({', '.join(self.params)})>"


# names (aliases after the main one) | module.attr | parameters | flags:
#   p pure · f calls functions, has an async form · s suspends · w made by a factory from the World · o has an own form
_TABLE = (
    # Collections
    ("length len size", "collections.length", "xs", "p"),
    ("count", "higher.count", "xs pred?", "f"),
    ("append push", "collections.append", "xs value", "o"),
    ("insert", "collections.insert", "xs at value?", "o"),
    ("remove", "collections.remove", "xs at", "o"),
    ("contains", "collections.contains", "xs value", "p"),
    ("get", "collections.get", "xs key default?", ""),
    ("keys", "collections.keys", "m", ""),
    ("values", "collections.values", "m", ""),
    ("entries", "collections.entries", "m", ""),
    ("has_key", "collections.has_key", "m key", "p"),
    ("merge", "collections.merge", "a b ...more", "o"),
    ("enumerate", "collections.enumerate_items", "xs start?", ""),
    ("zip", "collections.zip_lists", "xs ys ...more", ""),
    ("range", "collections.make_range", "start stop? step?", "p"),
    ("take", "collections.take", "xs n", ""),
    ("drop", "collections.drop", "xs n", ""),
    ("first", "collections.first", "xs", ""),
    ("last", "collections.last", "xs", ""),
    ("slice", "collections.slice_of", "xs start stop?", ""),
    ("chunk", "collections.chunk", "xs size", ""),
    ("window", "collections.window", "xs size", ""),
    ("reverse", "collections.reverse", "xs", ""),
    ("sort", "sorting.sort", "xs descending?", ""),
    ("unique", "collections.unique", "xs", ""),
    ("flatten", "collections.flatten", "xs", ""),
    ("sum", "collections.total", "xs", "p"),
    ("min", "sorting.minimum", "...xs", ""),
    ("max", "sorting.maximum", "...xs", ""),
    ("is_empty", "collections.is_empty", "xs", "p"),
    ("to_list", "collections.to_list", "xs", ""),
    ("to_map", "collections.to_map", "entries", ""),
    ("to_set", "collections.to_set", "xs", ""),
    ("add", "collections.add", "s value", "o"),
    ("union", "collections.union", "a b ...more", ""),
    ("intersection", "collections.intersection", "a b ...more", ""),
    ("difference", "collections.difference", "a b ...more", ""),
    ("clone", "collections.clone", "value", ""),
    # Collections with functions
    ("map", "higher.map_items", "xs fn", "f"),
    ("filter", "higher.filter_items", "xs pred", "f"),
    ("reduce", "higher.reduce", "xs init fn?", "f"),
    ("flat_map", "higher.flat_map", "xs fn", "f"),
    ("any", "higher.any_of", "xs pred?", "f"),
    ("all", "higher.all_of", "xs pred?", "f"),
    ("find", "higher.find", "xs pred", "f"),
    ("position", "higher.position", "xs pred", "f"),
    ("group_by", "higher.group_by", "xs key", "f"),
    ("partition", "higher.partition", "xs pred", "f"),
    ("sort_by", "higher.sort_by", "xs key descending?", "f"),
    ("map_ok", "higher.map_ok", "r fn", "f"),
    ("map_err", "higher.map_err", "r fn", "f"),
    # Strings
    ("upper", "text.upper", "s", "p"),
    ("lower", "text.lower", "s", "p"),
    ("trim", "text.trim", "s", "p"),
    ("trim_start", "text.trim_start", "s", "p"),
    ("trim_end", "text.trim_end", "s", "p"),
    ("split", "text.split", "s sep?", "p"),
    ("join", "text.join", "xs sep?", "p"),
    ("replace", "text.replace", "s old new", "p"),
    ("starts_with", "text.starts_with", "s prefix", "p"),
    ("ends_with", "text.ends_with", "s suffix", "p"),
    ("chars", "text.chars", "s", "p"),
    ("index_of", "text.index_of", "xs value", "p"),
    ("substring", "text.substring", "s start stop?", "p"),
    ("pad_left", "text.pad_left", "s width fill?", "p"),
    ("pad_right", "text.pad_right", "s width fill?", "p"),
    ("repeat", "text.repeat", "s n", ""),
    ("format", "text.format_text", "template ...values", "p"),
    ("lines", "text.lines", "s", "p"),
    ("to_string string", "conversion.to_string", "value", "p"),
    ("to_int int", "conversion.to_int", "value", "p"),
    ("to_float float", "conversion.to_float", "value", "p"),
    ("parse_int", "conversion.parse_int", "s", "p"),
    ("parse_float", "conversion.parse_float", "s", "p"),
    ("type_of", "core.type_of", "value", "p"),
    # Bytes and encodings
    ("bytes_from_ascii", "encoding.bytes_from_ascii", "s", "p"),
    ("bytes_to_ascii", "encoding.bytes_to_ascii", "b", "p"),
    ("bytes_len", "encoding.bytes_len", "b", "p"),
    ("bytes_slice", "encoding.bytes_slice", "b start stop?", "p"),
    ("bytes_concat", "encoding.bytes_concat", "a b ...more", "p"),
    ("hash", "encoding.hash_value", "value", "p"),
    ("sha256", "encoding.sha256", "data", "p"),
    ("base64_encode", "encoding.base64_encode", "data", "p"),
    ("base64_decode", "encoding.base64_decode", "s", "p"),
    ("hex_encode", "encoding.hex_encode", "data", "p"),
    ("hex_decode", "encoding.hex_decode", "s", "p"),
    # JSON
    ("json_parse parse_json", "jsontext.json_parse", "s", "p"),
    ("json_stringify to_json", "jsontext.json_stringify", "value indent?", "p"),
    ("json_get", "jsontext.json_get", "value path", ""),
    # Numbers
    ("abs", "numbers.absolute", "x", "p"),
    ("round", "numbers.round_number", "x digits?", "p"),
    ("floor", "numbers.floor", "x", "p"),
    ("ceil", "numbers.ceil", "x", "p"),
    ("sqrt", "numbers.sqrt", "x", "p"),
    ("pow", "operators.power", "x y", "p"),
    ("log", "numbers.log", "x base?", "p"),
    ("exp", "numbers.exp", "x", "p"),
    ("sin", "numbers.sin", "x", "p"),
    ("cos", "numbers.cos", "x", "p"),
    ("tan", "numbers.tan", "x", "p"),
    ("clamp", "numbers.clamp", "x low high", "p"),
    # Results
    ("ok", "core.Ok", "value", ""),
    ("err", "core.Err", "error", ""),
    ("is_ok", "core.is_ok", "r", "p"),
    ("is_err", "core.is_err", "r", "p"),
    ("unwrap", "core.unwrap", "r", ""),
    ("unwrap_or", "core.unwrap_or", "r default", ""),
    # Failing
    ("assert", "core.assert_true", "cond message?", "p"),
    ("assert_eq", "core.assert_eq", "actual expected message?", "p"),
    ("assert_ne", "core.assert_ne", "actual other message?", "p"),
    ("fail", "core.fail", "message code?", "p"),
    ("halt", "core.halt", "message?", "p"),
    # The world
    ("print", "outside.make_print", "...values", "wp"),
    ("debug", "outside.make_debug", "value", "w"),
    ("emit", "outside.make_emit", "value", "w"),
    ("breakpoint", "outside.make_breakpoint", "", "w"),
    ("random", "outside.make_random", "", "wp"),
    ("random_int", "outside.make_random_int", "low high", "wp"),
    ("uuid", "outside.make_uuid", "", "wp"),
    ("timestamp", "outside.make_timestamp", "", "wp"),
    ("timestamp_ms", "outside.make_timestamp_ms", "", "wp"),
    ("read_file", "outside.make_read_file", "path", "wsp"),
    ("write_file", "outside.make_write_file", "path text", "wsp"),
    ("read_line", "outside.make_read_line", "prompt?", "wsp"),
    ("get_env", "outside.make_get_env", "name default?", "wp"),
)

BUILTINS: dict[str, BuiltinSpec] = {}
"""By every name, aliases too."""
for _names, _place, _params, _flags in _TABLE:
    _module, _, _attr = _place.partition(".")
    _first, *_aliases = _names.split()
    BUILTINS[_first] = _spec = BuiltinSpec(_first, _module, _attr, tuple(_params.split()), _flags)
    for _alias in _aliases:
        BUILTINS[_alias] = _spec

# What compiled code calls without a name in the language: ABI name → module.attr; a "!" marks a factory that takes
# the World. Operators whose word is also a built-in have another here (`$plus`, `$in`, `$cut`); `$pow` is both in one.
_SUPPORT: dict[str, str] = {
    "plus": "operators.plus",
    "sub": "operators.sub",
    "mul": "operators.mul",
    "div": "operators.div",
    "floordiv": "operators.floordiv",
    "mod": "operators.mod",
    "pow": "operators.power",
    "neg": "operators.neg",
    "pos": "operators.pos",
    "invert": "operators.invert",
    "bitor": "operators.bitor",
    "bitand": "operators.bitand",
    "bitxor": "operators.bitxor",
    "shl": "operators.shl",
    "shr": "operators.shr",
    "concat": "operators.concat",
    "concat_own": "operators.concat_own",
    "eq": "operators.equal",
    "ne": "operators.ne",
    "lt": "operators.lt",
    "le": "operators.le",
    "gt": "operators.gt",
    "ge": "operators.ge",
    "same_kind": "operators.same_kind",
    "truth": "operators.truth",
    "in": "operators.contains",
    "compose": "operators.compose",
    "index": "access.index",
    "index_opt": "access.index_opt",
    "cut": "access.cut",
    "copy": "access.copy",
    "set_index_own": "access.set_index_own",
    "set_attr_own": "access.set_attr_own",
    "with": "access.build_with",
    "attr": "!methods.make_attr",
    "attr_opt": "!methods.make_attr_opt",
    "method": "!methods.make_method",
    "method_opt": "!methods.make_method_opt",
    "impl_all": "!methods.make_impl_all",
    "iter": "iteration.iterate",
    "iter_now": "iteration.iterate_now",
    "pairs": "iteration.iterate_entries",
    "range_iter": "iteration.range_of",
    "map_spread": "iteration.map_spread",
    "show": "core.show",
    "format_spec": "conversion.format_value",
    "tokey": "core.to_key",
    "is_type": "typetests.is_type",
    "as_type": "typetests.as_type",
    "as_fail": "typetests.as_fail",
    "is_variant": "typetests.is_variant",
    "record": "core.make_record",
    "secret_record": "!core.make_secret_record",
    "enum": "core.make_enum",
    "unwrap_null": "core.unwrap_null",
    "Ok": "core.Ok",
    "Err": "core.Err",
    "Error": "core.Error",
    "errors": "core.ERRORS",
    "no_match": "core.no_match",
    "no_fit": "core.no_fit",
    "spread_list": "iteration.spread_list",
    "spread_named": "iteration.spread_named",
    "constraint": "core.constraint",
    "assert_fail": "core.assert_fail",
    "unresolved": "core.unresolved",
    "not_supported": "core.not_supported",
    "settled": "core.settled",
    "scalars": "core.SCALARS",
    "coroutine": "core.CoroutineType",
    "refcount": "core.getrefcount",
    "missing": "core.MISSING",
    "unshared": "linkage.UNIQUE",
    "itself": "linkage.itself",
    "called": "linkage.called",
    "allocate": "linkage.allocate",
    "direct.sqrt": "direct.sqrt",
    "direct.sin": "direct.sin",
    "direct.cos": "direct.cos",
    "direct.tan": "direct.tan",
    "direct.exp": "direct.exp",
    "direct.abs": "direct.absolute",
    "direct.min": "direct.least",
    "direct.max": "direct.greatest",
    "caught": "linkage.caught",
    "missing_argument": "linkage.missing_argument",
    "kept": "linkage.kept",
    "with_roles": "linkage.with_roles",
    "run_defers": "linkage.run_defers",
    "PARK": "core.PARK",
    "END": "core.END",
    "FutureState": "core.FutureState",
    "Pending": "core.Pending",
    "Completed": "core.Completed",
    "Set": "core.Set",
    "set": "core.Set",
}
_PYTHON: dict[str, object] = {
    "list": list,
    "listclass": list,
    "sequences": frozenset((list, tuple)),
    "tupleclass": tuple,
    "dictclass": dict,
    "intclass": int,
    "floatclass": float,
    "boolclass": bool,
    "strclass": str,
    "bytesclass": bytes,
    "pylen": len,
    "pyrange": range,
    "callable": callable,
    "isinstance": isinstance,
    "Exception": Exception,
}
"""Python's own, for tests of exact types and the like."""


def is_known(name: str) -> bool:
    """Whether `bind` has an object for this support name (given with its `$`)."""
    try:
        _place_of(name)
    except KeyError:
        return False
    return True


def load(name: str) -> Any:
    """The object for a support name (given with its `$`); for one that needs the World, its factory.

    Raises:
        KeyError: no such name.
    """
    place, _ = _place_of(name)
    return _fetch(name, place) if isinstance(place, str) else place


def bind(name: str, world: World) -> Any:
    """The object for a support name, ready to be called by compiled code of the run that `world` belongs to."""
    place, needs_world = _place_of(name)
    found = _fetch(name, place) if isinstance(place, str) else place
    return found(world) if needs_world else found


def _place_of(name: str) -> tuple[Any, bool]:
    """Where the object is ("module.attr", or the object itself), and whether that is a factory for Worlds."""
    if name[:1] != "$":
        raise KeyError(name)
    bare = name[1:]
    place = _SUPPORT.get(bare)
    if place is not None:
        return place.lstrip("!"), place[0] == "!"
    if bare in _PYTHON:
        return _PYTHON[bare], False
    spec = BUILTINS.get(bare)
    if spec is not None:
        return f"{spec.module}.{spec.attr}", spec.needs_world
    if bare.endswith("~"):
        spec = BUILTINS.get(bare[:-1])
        if spec is not None and spec.has_async:
            return f"{spec.module}_async.{spec.attr}", False
    elif bare.endswith("_own"):
        spec = BUILTINS.get(bare[:-4])
        if spec is not None and spec.own:
            return f"{spec.module}.{spec.attr}_own", False
    raise KeyError(name)


def _fetch(name: str, place: str) -> Any:
    module, _, attr = place.partition(".")
    # The bare import machinery: importlib.import_module would import importlib itself.
    found = getattr(__import__(f"lumen.prelude.{module}", None, None, (attr,)), attr)
    spec = BUILTINS.get(name[1:].removesuffix("~").removesuffix("_own"))
    if (
        spec is not None
        and spec.attr == attr.removesuffix("_own")
        and not spec.needs_world
        and not isinstance(found, type)
    ):
        # What Python says of wrong arguments, and what `print(map)` shows, should speak of `map`.
        found.__name__ = found.__qualname__ = spec.name
    return found
