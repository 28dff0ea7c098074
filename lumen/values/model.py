"""The value classes that Python doesn't have: sets, records, variants, results, errors.

Invariants: an instance's fields are set once by its constructor and changed afterwards only by compiled
code that owns the instance alone. Class-level data (`_name`, `_fields`, `_methods`, `_enum`) describes the type.
"""

from __future__ import annotations

from types import CodeType, FunctionType

from lumen.values.equality import Key, Structure, from_key, hash_of, keys_for, to_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    Methods = dict[str, Callable[..., Any]]


class Set(Structure):
    """An ordered set. `_items` is a dict from `to_key(item)` to None; its order is that of first insertion."""

    __slots__ = ("_items",)
    _needs_key = True

    def __init__(self, items: Iterable[Any] = ()) -> None:
        self._items: dict[Any, None] = keys_for(items if type(items) in (list, tuple) else list(items))

    @classmethod
    def of_keys(cls, items: dict[Any, None]) -> Set:
        """A set that takes over a dict made of keys already."""
        new = cls.__new__(cls)
        new._items = items
        return new

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items) if Key not in map(type, self._items) else map(from_key, self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, value: Any) -> bool:
        return to_key(value) in self._items

    def _same(self, other: Any, todo: list[tuple[Any, Any]]) -> bool:
        return bool(self._items.keys() == other._items.keys())

    def _digest(self, depth: int) -> int:
        return hash(("set", sum(map(hash, self._items))))

    def __repr__(self) -> str:
        return _shown(self)


def _shown(value: Any) -> str:
    # For debugging from Python only. Deferred: display imports this module.
    from lumen.values.display import represent

    return represent(value)


class Fielded(Structure):
    """What records and variants have in common: named fields, by which they are equal."""

    __slots__ = ()
    _name: str = ""
    _fields: tuple[str, ...] = ()
    """Field names in the order of declaration."""

    def _same(self, other: Any, todo: list[tuple[Any, Any]]) -> bool:
        for field in self._fields:
            todo.append((getattr(self, field), getattr(other, field)))
        return True

    def _digest(self, depth: int) -> int:
        return hash((self._name, *[hash_of(getattr(self, field), depth) for field in self._fields]))

    def __repr__(self) -> str:
        return _shown(self)


class Record(Fielded):
    """A record. Each declaration is a subclass with one slot per field, made by `make_record`."""

    __slots__ = ()
    _name: str = "Record"
    """As declared. Empty for the named results of `parallel`, which have no declaration."""
    _methods: Methods = {}  # noqa: RUF012 (each subclass has its own)
    """Methods of the record and of every `impl … for` it: called with the record first."""
    _check: Callable[[Any], object] | None = None
    """Raises a `constraint` failure if the `where` constraints don't hold; None if there are none."""
    _secret: frozenset[str] = frozenset()
    """The fields marked `@secret`: shown and journalled as `[secret]`."""


class Enum:
    """A declared enum: a namespace of its variants."""

    __slots__ = ("_methods", "_name", "_variants")

    def __init__(self, name: str) -> None:
        self._name = name
        self._variants: dict[str, Any] = {}
        """Variant name → its one instance if it has no fields, else its class."""
        self._methods: Methods = {}

    def __instancecheck__(self, value: Any) -> bool:
        # So that compiled code asks `isinstance(x, T)` for records and enums alike.
        return getattr(type(value), "_enum", None) is self

    def __repr__(self) -> str:
        return f"<enum {self._name}>"


class Variant(Fielded):
    """A value of an enum. Each variant is a subclass; one without fields has a single instance."""

    __slots__ = ()
    _enum: Enum = Enum("Variant")
    _name: str = "Variant"
    _methods: Methods = {}  # noqa: RUF012 (each subclass has its own)
    """The same dict as `_enum._methods`."""


# --- Making classes ---------------------------------------------------------------------------


def _init_0(self: Any) -> None:
    pass


def _init_1(self: Any, a: Any) -> None:
    self.a = a


def _init_2(self: Any, a: Any, b: Any) -> None:
    self.a = a
    self.b = b


def _init_3(self: Any, a: Any, b: Any, c: Any) -> None:
    self.a = a
    self.b = b
    self.c = c


def _init_4(self: Any, a: Any, b: Any, c: Any, d: Any) -> None:
    self.a = a
    self.b = b
    self.c = c
    self.d = d


_INIT_TEMPLATES: tuple[CodeType, ...] = (
    _init_0.__code__,
    _init_1.__code__,
    _init_2.__code__,
    _init_3.__code__,
    _init_4.__code__,
)


_RESERVED = frozenset(("_name", "_fields", "_methods", "_check", "_secret", "_enum", "_needs_key", "_same", "_digest"))


def _check_fields(name: str, fields: tuple[str, ...]) -> None:
    """Refuse field names that mean something to our classes or to Python's."""
    for field in fields:
        if field in _RESERVED or (field[:2] == "__" and field[-2:] == "__"):
            # Deferred: errors imports this module; and this is never reached twice.
            from lumen.values.errors import Failure

            raise Failure("not-supported", f"a field of {name} can't be called `{field}`")


def _make_init(name: str, fields: tuple[str, ...]) -> Callable[..., None]:
    """A constructor that takes the fields by position or name.

    Up to four fields it is a renamed copy of a function above: as fast as one written by hand, and 20 times
    cheaper to make than through `exec` (3 µs against 60 µs), which every start of a program would pay.
    """
    if len(fields) < len(_INIT_TEMPLATES):
        code = _INIT_TEMPLATES[len(fields)]
        return FunctionType(
            code.replace(co_varnames=("self", *fields), co_names=fields, co_name=name, co_qualname=name), {}, name
        )

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        if len(args) > len(fields):
            raise TypeError(f"{name}() takes {len(fields)} positional arguments but {len(args)} were given")
        for field, value in zip(fields, args, strict=False):
            if field in kwargs:
                raise TypeError(f"{name}() got multiple values for argument '{field}'")
            setattr(self, field, value)
        for field in fields[len(args) :]:
            if field not in kwargs:
                raise TypeError(f"{name}() missing 1 required positional argument: '{field}'")
            setattr(self, field, kwargs.pop(field))
        for extra in kwargs:
            raise TypeError(f"{name}() got an unexpected keyword argument '{extra}'")

    return init


def make_record(
    name: str,
    fields: tuple[str, ...],
    init: Callable[..., None] | None = None,
    methods: Methods | None = None,
    check: Callable[[Any], object] | None = None,
    secret: tuple[str, ...] = (),
    keep_secret: Callable[[Any], object] | None = None,
) -> type[Record]:
    """A new record type.

    Args:
        init: becomes `__init__(self, *fields)`: sets every field, knows the defaults, calls the check. None makes a
            plain one that needs every field and checks nothing.
        check: called with an updated copy by `$set_attr` (and so by `p.x = v`); raises a `constraint` failure.
        secret: fields that are not to be seen where values are shown or written down.
        keep_secret: called with every value that one of them is given.
    """
    _check_fields(name, fields)
    body: dict[str, Any] = {
        "__slots__": fields,
        "__init__": init if init is not None else _make_init(name, fields),
        "__module__": "lumen",
        "__match_args__": fields,
        "_name": name,
        "_fields": fields,
        "_methods": methods if methods is not None else {},
        "_check": staticmethod(check) if check is not None else None,
    }
    if not secret:
        return type(name, (Record,), body)
    body["_secret"] = frozenset(secret)
    made = type(name, (Record,), body)
    if keep_secret is not None:
        for field in secret:
            setattr(made, field, SecretField(made.__dict__[field], keep_secret))
    return made


class SecretField:
    """A `@secret` field of a record class: its slot, and whoever has to know the secrets of the run."""

    __slots__ = ("_keep", "_slot")

    def __init__(self, slot: Any, keep: Callable[[Any], object]) -> None:
        self._slot = slot
        self._keep = keep

    def __get__(self, record: Any, owner: type | None = None) -> Any:
        return self if record is None else self._slot.__get__(record, owner)

    def __set__(self, record: Any, value: Any) -> None:
        self._keep(value)
        self._slot.__set__(record, value)


def make_enum(
    name: str,
    variants: Iterable[tuple[str, tuple[str, ...]]],
    methods: Methods | None = None,
) -> Enum:
    """A new enum. `variants` are (name, field names); payloads without names use "value", or "0", "1", ….

    An enum written like the built-in `FutureState` *is* that one, so `match f.state` works with either.
    """
    variants = tuple((variant, tuple(fields)) for variant, fields in variants)
    if name == "FutureState" and variants == _FUTURE_STATES and not methods:
        return FutureState
    return _make_enum(name, variants, methods)


def _make_enum(name: str, variants: tuple[tuple[str, tuple[str, ...]], ...], methods: Methods | None = None) -> Enum:
    enum = Enum(name)
    if methods:
        enum._methods.update(methods)
    for variant, fields in variants:
        _check_fields(variant, fields)
        cls: type[Variant] = type(
            variant,
            (Variant,),
            {
                "__slots__": fields,
                "__init__": _make_init(variant, fields),
                "__module__": "lumen",
                "__match_args__": fields,
                "_enum": enum,
                "_name": variant,
                "_fields": fields,
                "_methods": enum._methods,
            },
        )
        enum._variants[variant] = cls if fields else cls()
    return enum


_names: dict[tuple[str, ...], type[Record]] = {}


def names_record(fields: tuple[str, ...]) -> type[Record]:
    """The type of the value of a `parallel` block of `name = expr`: a record without a name.

    Blocks with the same names in the same order give the same type, so their values compare.
    """
    cls = _names.get(fields)
    if cls is None:
        cls = _names[fields] = make_record("", fields)
    return cls


def replace_field(value: Any, field: str, new: Any) -> Any:
    """A copy of a record or variant with one field changed, constraints checked again."""
    copied = copy_fields(value)
    setattr(copied, field, new)
    check = getattr(copied, "_check", None)
    if check is not None:
        check(copied)
    return copied


def copy_fields(value: Any) -> Any:
    """A shallow copy of a record or variant."""
    cls = type(value)
    copied: Any = object.__new__(cls)
    for field in cls._fields:
        setattr(copied, field, getattr(value, field))
    return copied


# --- What every program has -------------------------------------------------------------------

Result: Enum = _make_enum("result", (("ok", ("value",)), ("err", ("error",))))
"""`result[T, E]`."""
Ok: Any = Result._variants["ok"]
"""The class of `ok(v)`: `Ok(v).value`."""
Err: Any = Result._variants["err"]
"""The class of `err(e)`: `Err(e).error`."""

_FUTURE_STATES = (("Pending", ()), ("Completed", ("value",)), ("Error", ("message",)))
FutureState: Enum = _make_enum("FutureState", _FUTURE_STATES)
"""`future.state`."""
Pending: Any = FutureState._variants["Pending"]
"""The one instance."""
Completed: Any = FutureState._variants["Completed"]
ErrorState: Any = FutureState._variants["Error"]
"""`FutureState.Error(message)`; not the record `Error`."""


def _init_error(self: Any, message: Any, code: Any = "failed", cell: Any = None, line: Any = None) -> None:
    self.message = message
    self.code = code
    self.cell = cell
    self.line = line


Error: Any = make_record("Error", ("message", "code", "cell", "line"), _init_error)
"""What a failure looks like as a value. `cell` (a String) and `line` (an Int) are null when unknown."""


class Sentinel:
    """A value that no program can have, told apart by identity."""

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        self._what = what

    def __repr__(self) -> str:
        return f"<{self._what}>"


MISSING: Any = Sentinel("missing")
"""The default of a parameter whose absence matters."""
PARK: Any = Sentinel("park")
"""What an iterator over a channel or suspending generator gives when the loop must await its next item."""
END: Any = Sentinel("end")
"""What awaiting the next item gives after the last one."""
