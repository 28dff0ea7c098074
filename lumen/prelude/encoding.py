"""Bytes, and texts that stand for bytes: hex, base64, digests. `data` is a String (as UTF-8) or Bytes."""

from __future__ import annotations

from lumen.prelude.wrong import need_bytes, need_int, need_string, wrong
from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _data(builtin: str, x: Any) -> bytes:
    if type(x) is bytes:
        return x
    if type(x) is str:
        return x.encode("utf-8", "surrogatepass")
    raise wrong(builtin, "a String or Bytes", "data", x)


def bytes_from_ascii(s: Any) -> bytes:
    """A String of ASCII characters as Bytes."""
    need_string("bytes_from_ascii", "s", s)
    if not s.isascii():
        raise Failure("value-error", "`bytes_from_ascii` takes only ASCII characters in `s`")
    return bytes(s.encode("ascii"))


def bytes_to_ascii(b: Any) -> str:
    """Bytes of ASCII characters as a String."""
    need_bytes("bytes_to_ascii", "b", b)
    if not b.isascii():
        raise Failure("value-error", "`bytes_to_ascii` takes only ASCII characters in `b`")
    return str(b.decode("ascii"))


def bytes_len(b: Any) -> int:
    """How many bytes."""
    need_bytes("bytes_len", "b", b)
    return len(b)


def bytes_slice(b: Any, start: Any, stop: Any = None) -> bytes:
    """The bytes from start up to, not including, stop; negative positions count from the end."""
    need_bytes("bytes_slice", "b", b)
    need_int("bytes_slice", "start", start)
    if stop is not None:
        need_int("bytes_slice", "stop", stop)
    return bytes(b[start:stop])


def bytes_concat(a: Any, b: Any, *more: Any) -> bytes:
    """One after the other."""
    need_bytes("bytes_concat", "a", a)
    need_bytes("bytes_concat", "b", b)
    for each in more:
        need_bytes("bytes_concat", "more", each)
    return b"".join((a, b, *more))


def hash_value(value: Any) -> int:
    """A number of 63 bits that equal values share, on every machine and run. Fails for functions and futures."""
    from hashlib import blake2b

    from lumen.values.canonical import encode

    return int.from_bytes(blake2b(encode(value), digest_size=8).digest(), "big") >> 1


def sha256(data: Any) -> str:
    """The SHA-256 digest in hex."""
    from hashlib import sha256 as digest

    return digest(_data("sha256", data)).hexdigest()


def base64_encode(data: Any) -> str:
    """In base64, with padding."""
    from binascii import b2a_base64

    return b2a_base64(_data("base64_encode", data), newline=False).decode("ascii")


def base64_decode(s: Any) -> Any:
    """What a base64 text stands for: a String if it is UTF-8, else Bytes. Padding may be missing; `-_` work as `+/`."""
    need_string("base64_decode", "s", s)
    from binascii import Error, a2b_base64

    text = "".join(s.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        if len(text) % 4 == 1:
            raise ValueError(text)
        return _text_or_bytes(a2b_base64((text + "=" * (-len(text) % 4)).encode("ascii"), strict_mode=True))
    except (Error, ValueError):
        raise Failure("value-error", "`base64_decode` got a text that is not base64") from None


def hex_encode(data: Any) -> str:
    """Two hex digits for each byte."""
    return _data("hex_encode", data).hex()


def hex_decode(s: Any) -> Any:
    """What a text of hex digits stands for: a String if it is UTF-8, else Bytes."""
    need_string("hex_decode", "s", s)
    try:
        return _text_or_bytes(bytes.fromhex(s))
    except ValueError:
        raise Failure("value-error", "`hex_decode` got a text that is not pairs of hex digits") from None


def _text_or_bytes(data: bytes) -> Any:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data
