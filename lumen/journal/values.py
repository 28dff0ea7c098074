"""A value as canonical JSON text, and back: the form that journals and cassettes keep.

What JSON has stands for itself; all else is an object with one key that begins with `$` (the table is in FORMAT.md).
Equal text means the same value, order of maps and sets included, because programs can see that order; `canonical=True`
sorts both, for what is compared as arguments.

The text is made by hand rather than by `json.dumps` of a converted tree: one walk instead of two, and a question with
its answer costs a third.
"""

from __future__ import annotations

from _json import encode_basestring  # json.encoder would import re

from lumen.journal.errors import JournalError
from lumen.values.canonical import MAX_DEPTH, too_deep
from lumen.values.display import represent
from lumen.values.equality import from_key, to_key
from lumen.values.errors import Failure
from lumen.values.model import Enum, Error, FutureState, Record, Result, Set, Variant, make_enum, make_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from lumen.journal.blobs import BlobStore

    class Hides(Protocol):
        """What a `Scrubber` does for the walk."""

        def hide(self, text: str) -> str:
            """The text without the secrets known so far."""

        def remember(self, value: object) -> None:
            """A value that is secret from now on."""

        def is_credential(self, key: str) -> bool:
            """Whether what stands under this key of an input is not to be written."""

    TypeOf = Callable[[str, str, tuple[str, ...]], Any]
    """`("record", "Point", ("x", "y"))` or `("variant", "Shape.Circle", ("radius",))` → the class of the running
    program, the one instance of a variant without fields, or None if it has no such type."""

LONG_INT_BITS = 4096
"""Longer Ints are written in hexadecimal: JSON readers, Python's among them, refuse or mangle long decimals."""
BLOB_CHARS = 16 * 1024
"""No text of so few characters has more than `blobs.INLINE_BYTES` bytes."""
SECRET_TEXT = '{"$secret":true}'
SECRET_SHOWN = "[secret]"
"""What reads back where a secret stood."""


def encode_value(
    value: Any,
    *,
    canonical: bool = False,
    scrubber: Hides | None = None,
    is_input: bool = False,
    blobs: BlobStore | None = None,
) -> str:
    """The JSON text of a value.

    Args:
        canonical: sort the entries of maps and sets.
        scrubber: takes out secrets. Fields marked `@secret` are left out with or without it.
        is_input: leave out, if there is a scrubber, what stands under a key that names a credential.
        blobs: takes large values; the text is then a reference to the blob.
    Raises:
        Failure: `value-error` when nested deeper than MAX_DEPTH.
        JournalError: a blob can't be written.
    """
    kind = type(value)
    if kind is str and scrubber is None:
        text = encode_text(value)
    else:
        how = None if scrubber is None and not canonical else _How(canonical, scrubber, is_input)
        try:
            text = _encode(value, 0, how)
        except RecursionError:
            text = _encode_deep(value, how)
    if blobs is not None and len(text) > BLOB_CHARS:
        return blobs.put_large(text)
    return text


def _encode_deep(value: Any, how: _How | None) -> str:
    # Outside a run, where arguments are written, Python's limit is lower than a value may be deep.
    from lumen.journal.jsonlines import with_room  # which imports this module

    try:
        text: str = with_room(_encode, value, 0, how)
    except RecursionError:
        raise too_deep() from None
    return text


def encode_text(text: str) -> str:
    """A string as JSON text: only what JSON demands is escaped, and what UTF-8 can't write (lone surrogates).

    Two surrogates that a reader would take for one character are written as `{"$string": [code points]}`.
    """
    quoted: str = encode_basestring(text)
    return quoted if quoted.isascii() else _checked(text, quoted)


def _checked(text: str, quoted: str) -> str:
    try:
        quoted.encode()
    except UnicodeEncodeError:
        before = ""
        for char in text:
            if "\udc00" <= char <= "\udfff" and "\ud800" <= before <= "\udbff":
                return f'{{"$string":[{",".join([str(ord(char)) for char in text])}]}}'
            before = char
        return quoted.encode("utf-8", "backslashreplace").decode()
    return quoted


class _How:
    """Options of one walk."""

    __slots__ = ("canonical", "is_input", "scrubber")

    def __init__(self, canonical: bool, scrubber: Hides | None, is_input: bool) -> None:
        self.canonical = canonical
        self.scrubber = scrubber
        self.is_input = is_input and scrubber is not None


_INTS = frozenset({int})
_STRINGS = frozenset({str})
_LONG = 1 << LONG_INT_BITS


def _encode(value: Any, depth: int, how: _How | None) -> str:
    kind = type(value)
    if kind is str:
        if how is not None and how.scrubber is not None:
            value = how.scrubber.hide(value)
        quoted: str = encode_basestring(value)
        return quoted if quoted.isascii() else _checked(value, quoted)
    if kind is int:
        return repr(value) if -_LONG < value < _LONG else f'{{"$int":"{value:#x}"}}'
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is float:
        return repr(value) if value - value == 0 else f'{{"$float":"{value!r}"}}'
    if depth > MAX_DEPTH:
        raise too_deep()
    depth += 1
    if kind is dict:
        return _encode_map(value, depth, how)
    if kind is list:
        return f"[{_items(value, depth, how)}]"
    if kind is tuple:
        return f'{{"$tuple":[{_items(value, depth, how)}]}}'
    if kind is Set:
        if how is None or not how.canonical:
            return f'{{"$set":[{_items(value, depth, how)}]}}'
        return f'{{"$set":[{",".join(sorted([_encode(item, depth, how) for item in value]))}]}}'
    return _encode_rare(value, kind, depth, how)


def _items(items: Any, depth: int, how: _How | None) -> str:
    if len(items) > 4:
        # Long lists of one plain type take a fast way through C.
        kinds = set(map(type, items))
        if kinds == _INTS:
            if min(items) > -_LONG and max(items) < _LONG:
                return repr(list(items))[1:-1].replace(" ", "")
        elif kinds == _STRINGS and how is None:
            quoted: str = ",".join(map(encode_basestring, items))
            if quoted.isascii():
                return quoted
    return ",".join([_encode(item, depth, how) for item in items])


def _encode_map(value: dict[Any, Any], depth: int, how: _How | None) -> str:
    """An object where that can say everything: String keys, in sorted order, none that begins with `$`."""
    canonical = how is not None and how.canonical
    parts: list[str] = []
    before: str | None = None
    keys: Any = value
    if canonical and len(value) > 1 and _STRINGS.issuperset(map(type, value)):
        keys = sorted(value)
    for key in keys:
        if type(key) is not str or key[:1] == "$" or (before is not None and key < before):
            return _encode_pairs(value, depth, how)
        text = _encode(key, depth, how)
        if text[0] == "{" or (how is not None and how.scrubber is not None and text != encode_text(key)):
            return _encode_pairs(value, depth, how)
        before = key
        parts.append(f"{text}:{_entry(key, value[key], depth, how)}")
    return f"{{{','.join(parts)}}}"


def _encode_pairs(value: dict[Any, Any], depth: int, how: _How | None) -> str:
    pairs = [f"[{_encode(from_key(key), depth, how)},{_entry(key, item, depth, how)}]" for key, item in value.items()]
    if how is not None and how.canonical:
        pairs.sort()
    return f'{{"$map":[{",".join(pairs)}]}}'


def _entry(key: Any, value: Any, depth: int, how: _How | None) -> str:
    """What stands under a key of a map or a field of a record."""
    if how is not None and how.is_input and type(key) is str and value is not None:
        assert how.scrubber is not None
        if how.scrubber.is_credential(key):
            return SECRET_TEXT
    return _encode(value, depth, how)


def _encode_rare(value: Any, kind: type, depth: int, how: _How | None) -> str:
    if kind is bytes:
        from binascii import b2a_base64

        if how is not None and how.scrubber is not None:
            # Byte for byte, so that nothing but the secret changes.
            value = how.scrubber.hide(value.decode("latin-1")).encode("latin-1", "replace")
        return f'{{"$bytes":"{b2a_base64(value, newline=False).decode()}"}}'
    if isinstance(value, Record):
        fields = _fields(value, depth, how, getattr(kind, "_secret", ()))
        return f'{{"$record":[{encode_text(value._name)},[{fields}]]}}'
    if isinstance(value, Variant):
        names = f"{encode_text(value._enum._name)},{encode_text(value._name)}"
        return f'{{"$variant":[{names},[{_fields(value, depth, how, getattr(kind, "_secret", ()))}]]}}'
    return f'{{"$opaque":{encode_text(represent(value))}}}'


def _fields(value: Any, depth: int, how: _How | None, secret: Any) -> str:
    parts = []
    for field in value._fields:
        item = getattr(value, field)
        if field in secret:
            if how is not None and how.scrubber is not None:
                how.scrubber.remember(item)
            text = SECRET_TEXT
        else:
            text = _entry(field, item, depth, how)
        parts.append(f"[{encode_text(field)},{text}]")
    return ",".join(parts)


# --- And back -------------------------------------------------------------------------------------------------------


class Opaque:
    """Something with an identity (a function, a future, a channel) that a journal has only seen from outside."""

    __slots__ = ("shown",)
    _type_name = "Opaque"

    def __init__(self, shown: str) -> None:
        self.shown = shown

    def _show(self) -> str:
        return self.shown

    def __eq__(self, other: object) -> bool:
        return type(other) is Opaque and other.shown == self.shown

    def __hash__(self) -> int:
        return hash(self.shown)


def decode_value(form: Any, types: TypeOf | None = None, blobs: BlobStore | None = None) -> Any:
    """The value that parsed JSON stands for.

    Args:
        types: finds the classes of the running program. Where it finds none, or one with other fields, a class of the
            same name and fields is made up, whose values show themselves as they should and equal only each other.
        blobs: where large values are.
    Raises:
        JournalError: `missing-blob`; `journal-value` for what no `encode_value` writes.
    """
    kind = type(form)
    if kind is not dict and kind is not list:
        return form
    decode = _Decoder(types, blobs).decode
    try:
        try:
            return decode(form)
        except RecursionError:
            from lumen.journal.jsonlines import with_room  # which imports this module

            return with_room(decode, form)
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError) as error:
        raise JournalError("journal-value", f"not the form of a value: {_clip(form)} ({error})") from None


def _clip(form: object) -> str:
    text = repr(form)
    return text if len(text) <= 80 else text[:79] + "…"


class _Decoder:
    __slots__ = ("blobs", "types")

    def __init__(self, types: TypeOf | None, blobs: BlobStore | None) -> None:
        self.types = types
        self.blobs = blobs

    def decode(self, form: Any) -> Any:
        kind = type(form)
        if kind is list:
            return [item if type(item) is str or type(item) is int else self.decode(item) for item in form]
        if kind is not dict:
            return form
        for key in form:
            if key[:1] == "$":
                return _TAGS[key](self, form[key], form)
            break
        return {
            key: item if type(item) is str or type(item) is int else self.decode(item) for key, item in form.items()
        }

    def map(self, pairs: Any, form: Any) -> Any:
        return {to_key(self.decode(key)): self.decode(item) for key, item in pairs}

    def string(self, points: Any, form: Any) -> Any:
        return "".join(map(chr, points))

    def long_int(self, text: Any, form: Any) -> Any:
        return int(text, 16)

    def float(self, text: Any, form: Any) -> Any:
        return float(text)

    def bytes(self, text: Any, form: Any) -> Any:
        from binascii import a2b_base64

        return a2b_base64(text, strict_mode=True)

    def tuple(self, items: Any, form: Any) -> Any:
        return tuple([self.decode(item) for item in items])

    def set(self, items: Any, form: Any) -> Any:
        return Set([self.decode(item) for item in items])

    def secret(self, flag: Any, form: Any) -> Any:
        return SECRET_SHOWN

    def opaque(self, shown: Any, form: Any) -> Any:
        return Opaque("" + shown)

    def blob(self, digest: Any, form: Any) -> Any:
        if self.blobs is None:
            raise JournalError("missing-blob", f"the value {digest[:12]}… is in a file of its own, which is not here")
        return self.decode(self.blobs.load(digest))

    def record(self, parts: Any, form: Any) -> Any:
        name, fields = parts
        names = _names_of(fields)
        found = self.types("record", name, names) if self.types is not None else None
        cls = found if found is not None and found._fields == names else _record_class(name, names)
        return self.fill(cls, fields)

    def variant(self, parts: Any, form: Any) -> Any:
        enum, name, fields = parts
        names = _names_of(fields)
        found = self.types("variant", f"{enum}.{name}", names) if self.types is not None else None
        if found is None or found._fields != names:
            found = _variant_class(enum, name, names)
        return self.fill(found, fields) if isinstance(found, type) else found

    def fill(self, cls: Any, fields: Any) -> Any:
        # Constraints are not checked again: the value held them when it was made.
        value = object.__new__(cls)
        for field, item in fields:
            setattr(value, field, self.decode(item))
        return value


def _names_of(fields: Any) -> tuple[str, ...]:
    names = tuple([field for field, _ in fields])
    if len(set(names)) != len(names):
        raise ValueError("a field twice")
    return names


_TAGS: dict[str, Callable[[_Decoder, Any, Any], Any]] = {
    "$map": _Decoder.map,
    "$string": _Decoder.string,
    "$int": _Decoder.long_int,
    "$float": _Decoder.float,
    "$bytes": _Decoder.bytes,
    "$tuple": _Decoder.tuple,
    "$set": _Decoder.set,
    "$record": _Decoder.record,
    "$variant": _Decoder.variant,
    "$opaque": _Decoder.opaque,
    "$secret": _Decoder.secret,
    "$blob": _Decoder.blob,
}

_made_up: dict[tuple[str, str, tuple[str, ...]], Any] = {}
_BUILT_IN: dict[str, Enum] = {"result": Result, "FutureState": FutureState}


def _record_class(name: str, fields: tuple[str, ...]) -> Any:
    if name == "Error" and fields == Error._fields:
        return Error
    if not name:
        from lumen.values.model import names_record

        return names_record(fields)
    key = ("", name, fields)
    if key not in _made_up:
        _made_up[key] = _refuse_failure(lambda: make_record(name, fields))
    return _made_up[key]


def _variant_class(enum: str, name: str, fields: tuple[str, ...]) -> Any:
    known = _BUILT_IN[enum]._variants.get(name) if enum in _BUILT_IN else None
    if known is not None and known._fields == fields:
        return known
    key = (enum, name, fields)
    if key not in _made_up:
        _made_up[key] = _refuse_failure(lambda: make_enum(enum, [(name, fields)])._variants[name])
    return _made_up[key]


def _refuse_failure(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except Failure as failure:  # a name that no program could have declared
        raise ValueError(failure.message) from None
