"""Numbers. `Bool` is none. Results are as IEEE says, except that what has no real result is a failure."""

from __future__ import annotations

from lumen.prelude.wrong import need_int, need_number
from lumen.values.display import show
from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_INFINITY = float("inf")


def absolute(x: Any) -> Any:
    """Without its sign."""
    need_number("abs", "x", x)
    return abs(x)


def _need_finite(builtin: str, x: Any) -> None:
    need_number(builtin, "x", x)
    if x - x != 0:
        raise Failure("value-error", f"`{builtin}` has no Int for {show(x)}")


def round_number(x: Any, digits: Any = None) -> Any:
    """The nearest Int, halves away from zero; with `digits`, a Float with so many decimals (an Int stays one)."""
    if digits is not None:
        need_number("round", "x", x)
        need_int("round", "digits", digits)
        # Python rounds the decimal form of the number correctly; its rule for halves shows only at exact ones.
        return round(x, digits)
    _need_finite("round", x)
    if type(x) is int:
        return x
    from math import floor as down

    below = down(abs(x))
    nearest = below + 1 if abs(x) - below >= 0.5 else below
    return nearest if x >= 0 else -nearest


def floor(x: Any) -> int:
    """The greatest Int that is not greater."""
    _need_finite("floor", x)
    from math import floor as down

    whole: int = down(x)
    return whole


def ceil(x: Any) -> int:
    """The least Int that is not less."""
    _need_finite("ceil", x)
    from math import ceil as up

    whole: int = up(x)
    return whole


def _real(builtin: str, function: Callable[..., float], *args: Any) -> float:
    try:
        return function(*args)
    except OverflowError:
        return _INFINITY
    except ValueError:
        raise Failure("value-error", f"`{builtin}` of {show(args[0])} is not a real number") from None


def sqrt(x: Any) -> float:
    """The square root; of a negative number a failure."""
    need_number("sqrt", "x", x)
    from math import sqrt as root

    return _real("sqrt", root, x)


def log(x: Any, base: Any = None) -> float:
    """The natural logarithm, or that to a base; a failure unless x is positive."""
    need_number("log", "x", x)
    from math import log as ln
    from math import log2, log10

    if base is None:
        return _real("log", ln, x)
    need_number("log", "base", base)
    # Exact for powers of these two, where the quotient of logarithms would be a little off.
    if base == 2:
        return _real("log", log2, x)
    if base == 10:
        return _real("log", log10, x)
    if base <= 0 or base == 1:
        raise Failure("value-error", f"`log` needs a positive `base` other than 1, got {show(base)}")
    return _real("log", ln, x, base)


def exp(x: Any) -> float:
    """e to the power of x."""
    need_number("exp", "x", x)
    from math import exp as power_of_e

    return _real("exp", power_of_e, x)


def sin(x: Any) -> float:
    """The sine of an angle in radians."""
    need_number("sin", "x", x)
    from math import sin as sine

    return _real("sin", sine, x)


def cos(x: Any) -> float:
    """The cosine of an angle in radians."""
    need_number("cos", "x", x)
    from math import cos as cosine

    return _real("cos", cosine, x)


def tan(x: Any) -> float:
    """The tangent of an angle in radians."""
    need_number("tan", "x", x)
    from math import tan as tangent

    return _real("tan", tangent, x)


def clamp(x: Any, low: Any, high: Any) -> Any:
    """x, or the end of low to high that it is beyond."""
    need_number("clamp", "x", x)
    need_number("clamp", "low", low)
    need_number("clamp", "high", high)
    if low > high:
        raise Failure("value-error", f"`clamp` needs `low` to be at most `high`, got {show(low)} and {show(high)}")
    return low if x < low else high if x > high else x
