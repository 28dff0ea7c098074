"""The operators on values of unknown type.

Where types are known, compiled code uses Python's own operators; these keep Lumen's meaning for the rest: `Bool`
is no number, `/` truncates on Ints, `%` has the sign of the dividend, comparison needs comparable things.
The common case (two Ints, two Floats) is tested first in each: an exact type test costs 15 ns.
"""

from __future__ import annotations

from types import CoroutineType

from lumen.values.display import describe, kind_name, show
from lumen.values.equality import FLAT, equal, to_key
from lumen.values.errors import Failure
from lumen.values.model import Set

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_NUMBERS = frozenset({int, float})


def _refuse(verb: str, a: Any, b: Any, link: str = "and") -> Failure:
    return Failure("type-mismatch", f"can't {verb} {kind_name(a)} {link} {kind_name(b)}")


def _zero(what: str = "division") -> Failure:
    return Failure("division-by-zero", f"{what} by zero")


# --- Arithmetic -------------------------------------------------------------------------------


def plus(a: Any, b: Any) -> Any:
    """`a + b`: numbers; also joins two Strings, lists, tuples or Bytes, as many write it from habit."""
    ta, tb = type(a), type(b)
    if (ta is int or ta is float) and (tb is int or tb is float):
        return a + b
    if ta is tb and (ta is str or ta is list or ta is bytes or ta is tuple):
        return a + b
    failure = _refuse("add", a, b)
    if ta is str or tb is str:
        failure.message += "; `++` joins text with anything"
    raise failure


def sub(a: Any, b: Any) -> Any:
    """`a - b`: numbers, or the items of a set that are not in another."""
    ta, tb = type(a), type(b)
    if (ta is int or ta is float) and (tb is int or tb is float):
        return a - b
    if ta is Set and tb is Set:
        return Set.of_keys({key: None for key in a._items if key not in b._items})
    raise Failure("type-mismatch", f"can't subtract {kind_name(b)} from {kind_name(a)}")


def mul(a: Any, b: Any) -> Any:
    """`a * b` on numbers."""
    ta, tb = type(a), type(b)
    if (ta is int or ta is float) and (tb is int or tb is float):
        return a * b
    failure = _refuse("multiply", a, b)
    if ta is str or tb is str:
        failure.message += "; `repeat(text, n)` repeats text"
    raise failure


def idiv(a: int, b: int) -> int:
    """`a / b` of two Ints: truncated toward zero."""
    if not b:
        raise _zero()
    if (a < 0) is (b < 0):
        return a // b
    return -(-a // b)


def imod(a: int, b: int) -> int:
    """`a % b` of two Ints: the remainder has the sign of `a`."""
    if not b:
        raise _zero("modulo")
    rest = a % b
    if rest and (a < 0) is not (b < 0):
        return rest - b
    return rest


def div(a: Any, b: Any) -> Any:
    """`a / b`: two Ints truncate toward zero, else a Float. Dividing by zero fails."""
    ta, tb = type(a), type(b)
    if ta is int and tb is int:
        return idiv(a, b)
    if ta in _NUMBERS and tb in _NUMBERS:
        if not b:
            raise _zero()
        return a / b
    raise _refuse("divide", a, b, "by")


def floordiv(a: Any, b: Any) -> Any:
    """`a // b`: rounded down."""
    if type(a) in _NUMBERS and type(b) in _NUMBERS:
        if not b:
            raise _zero()
        return a // b
    raise _refuse("divide", a, b, "by")


def mod(a: Any, b: Any) -> Any:
    """`a % b`: the sign of `a`, for Floats too."""
    ta, tb = type(a), type(b)
    if ta is int and tb is int:
        return imod(a, b)
    if ta in _NUMBERS and tb in _NUMBERS:
        if not b:
            raise _zero("modulo")
        from math import fmod, isinf

        return float("nan") if isinf(a) else fmod(a, b)
    raise Failure("type-mismatch", f"can't take {kind_name(a)} modulo {kind_name(b)}")


def power(x: Any, y: Any) -> Any:
    """`a ** b`, `pow(a, b)`: Int to a non-negative Int is an Int, all else a Float; overflow is infinity."""
    if type(x) not in _NUMBERS or type(y) not in _NUMBERS:
        raise Failure("type-mismatch", f"can't raise {kind_name(x)} to the power of {kind_name(y)}")
    try:
        result = x**y
    except ZeroDivisionError:
        raise Failure("division-by-zero", "0 can't be raised to a negative power") from None
    except OverflowError:
        return float("-inf") if x < 0 and y % 2 == 1 else float("inf")
    if type(result) is complex:
        raise Failure("value-error", f"{show(x)} ** {show(y)} is not a real number")
    return result


def neg(a: Any) -> Any:
    """`-a`."""
    if type(a) in _NUMBERS:
        return -a
    raise Failure("type-mismatch", f"can't negate {describe(a)}")


def pos(a: Any) -> Any:
    """`+a`."""
    if type(a) in _NUMBERS:
        return a
    raise Failure("type-mismatch", f"`+` needs a number, got {describe(a)}")


# --- Bits and sets ----------------------------------------------------------------------------


def invert(a: Any) -> Any:
    """`~a`."""
    if type(a) is int:
        return ~a
    raise Failure("type-mismatch", f"`~` needs an Int, got {describe(a)}")


def bitor(a: Any, b: Any) -> Any:
    """`a | b`: bits, or the union of two sets."""
    if type(a) is int and type(b) is int:
        return a | b
    if type(a) is Set and type(b) is Set:
        return Set.of_keys({**a._items, **b._items})
    raise _bits("|", a, b)


def bitand(a: Any, b: Any) -> Any:
    """`a & b`: bits, or the items in both sets."""
    if type(a) is int and type(b) is int:
        return a & b
    if type(a) is Set and type(b) is Set:
        return Set.of_keys({key: None for key in a._items if key in b._items})
    raise _bits("&", a, b)


def bitxor(a: Any, b: Any) -> Any:
    """`a ^ b`: bits, or the items in exactly one of two sets."""
    if type(a) is int and type(b) is int:
        return a ^ b
    if type(a) is Set and type(b) is Set:
        only = {key: None for key in a._items if key not in b._items}
        only.update((key, None) for key in b._items if key not in a._items)
        return Set.of_keys(only)
    raise _bits("^", a, b)


def _bits(sign: str, a: Any, b: Any) -> Failure:
    return Failure("type-mismatch", f"`{sign}` needs two Ints or two sets, got {kind_name(a)} and {kind_name(b)}")


_MAX_SHIFT = 1 << 33
"""A shift by more would need over a gigabyte."""


def shl(a: Any, b: Any) -> Any:
    """`a << b`."""
    _check_shift("<<", a, b)
    if b > _MAX_SHIFT and a:
        raise Failure("out-of-memory", f"`<<` by {b} makes a number too large for memory")
    return a << b


def shr(a: Any, b: Any) -> Any:
    """`a >> b`, keeping the sign."""
    _check_shift(">>", a, b)
    return a >> b


def _check_shift(sign: str, a: Any, b: Any) -> None:
    if type(a) is not int or type(b) is not int:
        raise Failure("type-mismatch", f"`{sign}` needs two Ints, got {kind_name(a)} and {kind_name(b)}")
    if b < 0:
        raise Failure("value-error", f"`{sign}` needs a count of at least 0, got {b}")


# --- Comparison -------------------------------------------------------------------------------


def ne(a: Any, b: Any) -> bool:
    """`a != b`."""
    return not equal(a, b)


_ORDERED = frozenset({str, bytes, bool})


def lt(a: Any, b: Any) -> bool:
    """`a < b`: two numbers, Strings, Bytes; lists and tuples by their first difference."""
    ta, tb = type(a), type(b)
    if ((ta is int or ta is float) and (tb is int or tb is float)) or (ta is tb and ta in _ORDERED):
        return bool(a < b)
    return _sequences(a, b, lt, len_decides=True)


def le(a: Any, b: Any) -> bool:
    """`a <= b`."""
    ta, tb = type(a), type(b)
    if ((ta is int or ta is float) and (tb is int or tb is float)) or (ta is tb and ta in _ORDERED):
        return bool(a <= b)
    return _sequences(a, b, le, len_decides=False)


def gt(a: Any, b: Any) -> bool:
    """`a > b`."""
    return lt(b, a)


def ge(a: Any, b: Any) -> bool:
    """`a >= b`."""
    return le(b, a)


def _sequences(a: Any, b: Any, compare: Callable[[Any, Any], bool], *, len_decides: bool) -> bool:
    if type(a) is not type(b) or type(a) not in (list, tuple):
        raise Failure("type-mismatch", f"can't compare {kind_name(a)} with {kind_name(b)} by order")
    for x, y in zip(a, b, strict=False):
        if not equal(x, y):
            return compare(x, y)
    return len(a) < len(b) if len_decides else len(a) <= len(b)


def same_kind(a: Any, b: Any) -> bool:
    """Whether two values can be compared by order without a failure: for range patterns."""
    return (type(a) in _NUMBERS and type(b) in _NUMBERS) or (type(a) is type(b) and type(a) in _ORDERED)


# --- Truth, text, membership ------------------------------------------------------------------


def truth(value: Any) -> bool:
    """Whether a value counts as true: all but `null false 0 0.0 ""` and empty list, tuple, set."""
    if value is True or value is False:
        return bool(value)
    kind = type(value)
    if kind in _BY_CONTENT:
        return bool(value)
    if kind is Set:
        return len(value) > 0
    if kind is CoroutineType:
        raise unexpected_coroutine(value)
    return value is not None


_BY_CONTENT = frozenset({int, float, str, list, tuple})


def unexpected_coroutine(value: Any) -> Failure:
    """What to raise when a function that was compiled as one that can't suspend does: a bug of ours."""
    name = getattr(value, "__name__", "a function")
    value.close()
    return Failure("failed", f"internal error: `{name}` suspends where only plain functions are expected")


def concat(a: Any, b: Any) -> Any:
    """`a ++ b`: joins Strings, lists, tuples, Bytes; merges maps and sets; a non-string beside a String is shown."""
    ta, tb = type(a), type(b)
    if ta is str:
        return a + b if tb is str else a + show(b)
    if tb is str:
        return show(a) + b
    if ta is tb:
        if ta is list or ta is tuple or ta is bytes:
            return a + b
        if ta is dict:
            return {**a, **b}
        if ta is Set:
            return Set.of_keys({**a._items, **b._items})
    if ta is range or tb is range:
        return concat(list(a) if ta is range else a, list(b) if tb is range else b)
    raise Failure("type-mismatch", f"can't join {kind_name(a)} and {kind_name(b)} with `++`")


def concat_own(a: Any, b: Any) -> Any:
    """`a = a ++ b` where nobody else holds `a`: changes a list, map or set in place and returns it."""
    ta = type(a)
    if ta is type(b):
        if ta is list:
            a += b
            return a
        if ta is dict:
            a.update(b)
            return a
        if ta is Set:
            a._items.update(b._items)
            return a
    return concat(a, b)


def contains(item: Any, container: Any) -> bool:
    """`item in container`: list, tuple, set; a map's keys; a part of a String or Bytes."""
    kind = type(container)
    if kind is dict:
        return to_key(item) in container
    if kind is Set:
        return to_key(item) in container._items
    if kind is list or kind is tuple:
        # C's `in` is right where Python's `==` is Lumen's; it is 10 times faster.
        if type(item) in (str, bytes) or (type(item) in FLAT and FLAT.issuperset(map(type, container))):
            return item in container
        return any(equal(item, other) for other in container)
    if kind is str or kind is bytes:
        if type(item) is kind:
            return item in container
        raise Failure("type-mismatch", f"a {kind_name(container)} can't contain {describe(item)}")
    if kind is range:
        return type(item) in _NUMBERS and item in container
    raise Failure("type-mismatch", f"`in` needs a collection, got {describe(container)}")


def compose(f: Callable[..., Any], g: Callable[[Any], Any]) -> Callable[..., Any]:
    """`f ~> g`: a function that calls f, then g with what came back. It suspends if one of them does."""
    if not callable(f) or not callable(g):
        raise Failure("type-mismatch", f"`~>` needs two functions, got {kind_name(f)} and {kind_name(g)}")

    async def rest(waiting: Any) -> Any:
        result = g(await waiting)
        return await result if type(result) is CoroutineType else result

    def fn(*args: Any, **kwargs: Any) -> Any:
        result = f(*args, **kwargs)
        return rest(result) if type(result) is CoroutineType else g(result)

    return fn
