"""Python's exceptions in the user's words.

Compiled code uses bare Python operations where types are known, so Python's exceptions carry the failures of
Lumen programs. Their messages speak of Python (`'NoneType' object is not subscriptable`), and some say too
little (`list index out of range`). Here they get a code, Lumen's names for types, and where possible the values:
an IndexError's operands are found by reading back the few bytecodes before the failing one (`operands_at`).

Only failing programs import this module.
"""

from __future__ import annotations

from lumen.values.display import class_name, kind_name, represent
from lumen.values.equality import from_key
from lumen.values.errors import Failure, Halt, cell_name, innermost_frame
from lumen.values.model import Enum, Record, Set, Variant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType
    from typing import Any

_UNKNOWN: Any = object()
_SEQUENCES = (list, tuple, str, bytes)


def translate(exc: BaseException) -> Failure:
    """A new Failure that says what `exc` means to the author of the program."""
    if isinstance(exc, RecursionError):
        return Failure("stack-overflow", "cells called each other too deep; the stack is full")
    if isinstance(exc, MemoryError):
        return Failure("out-of-memory", "there is not enough memory")
    try:
        for kind, make in _BY_CLASS:
            if isinstance(exc, kind):
                return make(exc)
        if type(exc).__name__ == "BdbQuit":
            return Halt("stopped by the debugger")
        return Failure("failed", f"internal error: {type(exc).__name__}: {exc}")
    except Exception:
        # An exception of somebody else's whose own methods raise.
        return Failure("failed", f"internal error: {type(exc).__name__}")


# --- Numbers ----------------------------------------------------------------------------------


def _division(exc: BaseException) -> Failure:
    # Of `//` Python says "integer division or modulo by zero".
    is_modulo = str(exc) in ("integer modulo by zero", "float modulo", "float modulo by zero")
    return Failure("division-by-zero", "modulo by zero" if is_modulo else "division by zero")


def _overflow(exc: BaseException) -> Failure:
    text = str(exc)
    if "cannot convert float" in text:
        return Failure("value-error", f"{'infinity' if 'infinity' in text else 'NaN'} can't become an Int")
    if "int too large to convert to float" in text or "integer division result too large" in text:
        return Failure("value-error", "the number is too large for a Float")
    if "Result too large" in text or "math range error" in text:
        return Failure("value-error", "the result is too large for a Float")
    return Failure("value-error", "a number is too large here")


def _value(exc: BaseException) -> Failure:
    text = str(exc)
    if "negative shift count" in text:
        return Failure("value-error", "a shift needs a count of at least 0")
    if "cannot convert float" in text:
        return _overflow(exc)
    if "integer string conversion" in text:
        return Failure("value-error", "the number has too many digits to be shown")
    if "math domain error" in text:
        return _domain(exc)
    if "generator already executing" in text:
        return Failure("value-error", "a generator can't pull from itself")
    return Failure("value-error", text)


def _domain(exc: BaseException) -> Failure:
    """Of the functions of `math` that compiled code calls itself, as `$direct.sqrt`."""
    found = _instructions(exc.__traceback__, ("CALL", "CALL_FUNCTION"))
    if found is None:
        return Failure("value-error", "the number is outside the function's domain")
    frame, before = found
    called = [step.argval for step in before if str(step.argval).startswith("$direct.")]
    name = called[-1].removeprefix("$direct.") if called else "the function"
    try:
        number = represent(_operand(before, len(before) - 1, frame.f_locals, frame.f_globals)[0])
    except _Unclear:
        number = "this number"
    return Failure("value-error", f"`{name}` of {number} is not a real number")


# --- Parts that aren't there ------------------------------------------------------------------


def _index(exc: BaseException) -> Failure:
    found = operands_at(exc.__traceback__)
    if found is not None:
        container, i = found
        if type(container) in _SEQUENCES and type(i) is int and not -len(container) <= i < len(container):
            size, noun = len(container), kind_name(container)
            where = f"a {noun} of {size}" if size else f"an empty {noun}"
            return Failure("index-out-of-range", f"index {i} is out of range for {where}")
        if container is _UNKNOWN and type(i) is int:
            return Failure("index-out-of-range", f"index {i} is out of range")
    return Failure("index-out-of-range", "the index is out of range")


def _key(exc: BaseException) -> Failure:
    key = exc.args[0] if len(exc.args) == 1 else None
    message = f"the map has no key {_short(from_key(key))}"
    found = operands_at(exc.__traceback__)
    if found is not None and type(found[0]) is dict:
        keys = found[0]
        if not keys:
            message += "; it is empty"
        elif len(keys) <= 8:
            message += f"; it has {', '.join(_short(from_key(k)) for k in keys)}"
    return Failure("missing-key", message)


def _short(value: Any) -> str:
    text = represent(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _attribute(exc: BaseException) -> Failure:
    name = getattr(exc, "name", None)
    x = getattr(exc, "obj", _UNKNOWN)
    if not isinstance(name, str):
        return Failure("missing-field", str(exc))
    if x is None:
        return Failure("missing-field", f"null has no `{name}`; `?.{name}` gives null here")
    if isinstance(x, Record | Variant):
        has = ", ".join(f"`{field}`" for field in (*x._fields, *x._methods))
        message = f"{x._name or 'the record'} has no field `{name}`"
        return Failure("missing-field", f"{message}; it has {has}" if has else message)
    if isinstance(x, Enum):
        return Failure("missing-field", f"{x._name} has no variant `{name}`; it has {', '.join(x._variants)}")
    what = kind_name(x) if x is not _UNKNOWN else "the value"
    return Failure("missing-field", f"{what} has no field or method `{name}`")


def _unbound(exc: BaseException) -> Failure:
    name = getattr(exc, "name", None)
    if not isinstance(name, str):
        # UnboundLocalError has no `name` before Python 3.13: "cannot access local variable 'x' where …".
        parts = str(exc).split("'")
        name = parts[1] if len(parts) > 1 else "a variable"
    return Failure("failed", f"`{name.partition('$')[0] or name}` is used before it has a value")


# --- Types ------------------------------------------------------------------------------------

_PYTHON_TYPES: dict[str, type] = {
    "int": int,
    "float": float,
    "bool": bool,
    "str": str,
    "bytes": bytes,
    "NoneType": type(None),
    "list": list,
    "tuple": tuple,
    "dict": dict,
    "Set": Set,
}
_FUNCTIONS = ("function", "builtin_function_or_method", "method", "type")
_VERBS = {
    "+": "can't add {0} and {1}",
    "-": "can't subtract {1} from {0}",
    "*": "can't multiply {0} and {1}",
    "/": "can't divide {0} by {1}",
    "//": "can't divide {0} by {1}",
    "%": "can't take {0} modulo {1}",
    "** or pow()": "can't raise {0} to the power of {1}",
}
_COMPARISONS = ("<", "<=", ">", ">=")


def _lumen_type(name: str) -> str:
    """The Lumen name for a class as Python's messages give it."""
    kind = _PYTHON_TYPES.get(name)
    if kind is not None:
        return class_name(kind)
    if name in _FUNCTIONS:
        return "fn"
    if name in ("generator", "async_generator"):
        return "Generator"
    return name


def _type(exc: BaseException) -> Failure:
    # "can't" would upset the search for quoted names.
    text = str(exc).replace("can't", "cannot")
    quoted = text.replace('"', "'").split("'")[1::2]
    if "() " in text and ("argument" in text):
        return _arity(text, quoted)
    if text.startswith("unsupported operand type(s) for ") and len(quoted) >= 2:
        sign = text[32:].partition(":")[0].removesuffix("=")
        left, right = _lumen_type(quoted[-2]), _lumen_type(quoted[-1])
        form = _VERBS.get(sign, f"`{sign}` doesn't work on {{0}} and {{1}}")
        return Failure("type-mismatch", form.format(left, right))
    if "not supported between instances of" in text and len(quoted) == 3:
        left, right = _lumen_type(quoted[1]), _lumen_type(quoted[2])
        return Failure("type-mismatch", f"can't compare {left} with {right} by order")
    for phrase, message, code in _TYPE_PHRASES:
        if phrase in text:
            return Failure(code, message.format(*map(_lumen_type, quoted), "this value"))
    return Failure("type-mismatch", _without_python(text, quoted))


_TYPE_PHRASES = (
    ("object is not callable", "{0} can't be called: it is no cell or function", "type-mismatch"),
    ("object is not subscriptable", "can't index {0}", "type-mismatch"),
    ("object does not support item assignment", "can't assign to an item of {0}", "type-mismatch"),
    ("object is not iterable", "can't loop over {0}", "type-mismatch"),
    ("indices must be integers", "an index must be an Int", "type-mismatch"),
    ("bad operand type for unary", "the operator doesn't work on {0}", "type-mismatch"),
    ("can only concatenate str", "can't add String and {0}; `++` joins text with anything", "type-mismatch"),
    ("can only concatenate list", "can't add list and {0}", "type-mismatch"),
    ("can only concatenate tuple", "can't add tuple and {0}", "type-mismatch"),
    ("requires string as left operand", "only a String can be in a String", "type-mismatch"),
    ("argument of type", "`in` needs a collection, got {0}", "type-mismatch"),
    ("has no len()", "{0} has no length", "type-mismatch"),
    ("cannot unpack non-iterable", "can't take apart what is no list or tuple", "type-mismatch"),
    ("cannot multiply sequence", "can't multiply text or lists; `repeat` repeats them", "type-mismatch"),
    ("used in 'await' expression", "this can't be awaited", "type-mismatch"),
    ("unhashable type", "{0} can't be a key here", "type-mismatch"),
)


def _without_python(text: str, quoted: list[str]) -> str:
    for name in quoted:
        text = text.replace(f"'{name}'", _lumen_type(name))
    return text


def _arity(text: str, quoted: list[str]) -> Failure:
    """`f() takes 2 positional arguments but 3 were given` and its kin."""
    called, _, rest = text.partition("() ")
    # The constructor of a record is called "Point.$init".
    name = cell_name(called.removesuffix(".$init").rpartition(".")[2])
    cell = "the function" if name == "fn" else f"`{name}`"
    if "missing" in rest:
        names = [f"`{arg}`" for arg in quoted if not arg.startswith("$")]
        many = "arguments" if len(names) > 1 else "the argument"
        return Failure("invalid-args", f"{cell} needs {many} {' and '.join(names)}")
    if "unexpected keyword argument" in rest:
        return Failure("invalid-args", f"{cell} has no parameter `{quoted[0]}`")
    if "multiple values for" in rest:
        return Failure("invalid-args", f"{cell} got `{quoted[0]}` twice")
    if "takes no arguments" in rest:
        return Failure("invalid-args", f"{cell} takes no arguments")
    words = rest.split()
    if "takes" in words and "given" in words:
        # "takes 2 positional arguments but 3 were given", "takes from 1 to 2 …", "takes exactly one argument (2 given)"
        takes = words[words.index("takes") + 1 :]
        takes = takes[1:] if takes[0] == "exactly" else takes
        wanted = f"{takes[1]} to {takes[3]}" if takes[0] == "from" else takes[0]
        number = [word.strip("()") for word in words if word.strip("()").isdigit()]
        noun = "argument" if wanted in ("1", "one") else "arguments"
        return Failure("invalid-args", f"{cell} takes {wanted} {noun}, got {number[-1] if number else 'others'}")
    return Failure("invalid-args", f"{cell} {rest}")


def _unicode(exc: BaseException) -> Failure:
    return Failure("value-error", "the text has characters that can't be encoded")


def _os(exc: BaseException) -> Failure:
    said = getattr(exc, "strerror", None) or str(exc)
    name = getattr(exc, "filename", None)
    return Failure("unavailable", f"{said.lower()}: {name}" if name is not None else said)


def _timeout(exc: BaseException) -> Failure:
    return Failure("timeout", str(exc) or "timed out")


def _runtime(exc: BaseException) -> Failure:
    text = str(exc)
    if "cannot reuse already awaited coroutine" in text:
        return Failure("failed", "internal error: a call was awaited twice")
    return Failure("failed", text or type(exc).__name__)


_BY_CLASS: tuple[tuple[type[BaseException], Callable[[BaseException], Failure]], ...] = (
    (ZeroDivisionError, _division),
    (OverflowError, _overflow),
    (IndexError, _index),
    (KeyError, _key),
    (NameError, _unbound),
    (AttributeError, _attribute),
    (TypeError, _type),
    (UnicodeError, _unicode),
    (ValueError, _value),
    (TimeoutError, _timeout),
    (OSError, _os),
    (RuntimeError, _runtime),
)
"""In order: a subclass before its base."""


# --- Reading back the operands ----------------------------------------------------------------


def operands_at(traceback: TracebackType | None) -> tuple[Any, Any] | None:
    """(container, index) of the subscript at which Lumen code failed, or None when the index can't be told.

    The container is `_UNKNOWN` when only that can't be told.
    Only loads and arithmetic on them are evaluated again, which has no effects. Anything else, and the
    instructions of a Python newer than we know, make it give up: the message then says less, and stays true.
    """
    found = _instructions(traceback, ("BINARY_SUBSCR", "STORE_SUBSCR"))
    if found is None:
        return None
    frame, before = found
    try:
        index, at = _operand(before, len(before) - 1, frame.f_locals, frame.f_globals)
    except _Unclear:
        return None
    try:
        return _operand(before, at, frame.f_locals, frame.f_globals)[0], index
    except _Unclear:
        return _UNKNOWN, index


def _instructions(traceback: TracebackType | None, failing: tuple[str, ...]) -> tuple[FrameType, list[Any]] | None:
    """The frame of Lumen code that failed, and its instructions before the failing one, if that is one of `failing`."""
    entry = innermost_frame(traceback)
    if entry is None or entry.tb_next is not None:
        return None
    import dis

    before: list[Any] = []
    for instruction in dis.get_instructions(entry.tb_frame.f_code):
        if instruction.offset == entry.tb_lasti:
            return (entry.tb_frame, before) if instruction.opname in failing else None
        if instruction.opname not in ("CACHE", "NOP", "EXTENDED_ARG", "PRECALL", "RESUME"):
            before += _single(instruction)
    return None


def _single(instruction: Any) -> list[Any]:
    """An instruction that does two things (from Python 3.13 on: `LOAD_FAST_LOAD_FAST a, b`) as two that do one."""
    op, arg = instruction.opname, instruction.argval
    if type(arg) is not tuple or not op.endswith(("LOAD_FAST", "LOAD_FAST_BORROW")) or op.count("_FAST") < 2:
        return [instruction]
    first = "STORE_FAST" if op.startswith("STORE") else "LOAD_FAST"
    return [instruction._replace(opname=first, argval=arg[0]), instruction._replace(opname="LOAD_FAST", argval=arg[1])]


_LOADS = frozenset(("LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW", "LOAD_DEREF", "LOAD_CLOSURE", "LOAD_NAME"))


class _Unclear(Exception):
    """The operand is not made of loads."""


def _operand(before: list[Any], at: int, local: Any, top: Any) -> tuple[Any, int]:
    """The value that the instruction `at` pushed, and the position before all that made it."""
    if at < 0:
        raise _Unclear
    instruction = before[at]
    op, arg = instruction.opname, instruction.argval
    if op in ("LOAD_CONST", "LOAD_SMALL_INT"):
        return arg, at - 1
    if op in _LOADS and arg in local:
        return local[arg], at - 1
    if op in ("LOAD_GLOBAL", "LOAD_NAME") and arg in top:
        return top[arg], at - 1
    if op in ("BUILD_LIST", "BUILD_TUPLE"):
        items = []
        at -= 1
        for _ in range(arg):
            item, at = _operand(before, at, local, top)
            items.append(item)
        items.reverse()
        return (items if op == "BUILD_LIST" else tuple(items)), at
    if op == "LIST_EXTEND" and arg == 1:
        more, at = _operand(before, at - 1, local, top)
        items, at = _operand(before, at, local, top)
        if type(items) is list and type(more) in (list, tuple):
            return [*items, *more], at
    if op == "UNARY_NEGATIVE":
        value, at = _operand(before, at - 1, local, top)
        if type(value) in (int, float):
            return -value, at
    if op == "LOAD_ATTR":
        value, at = _operand(before, at - 1, local, top)
        if isinstance(value, Record | Variant) and arg in value._fields:
            return getattr(value, arg), at
    if op == "BINARY_SUBSCR":
        index, at = _operand(before, at - 1, local, top)
        container, at = _operand(before, at, local, top)
        if type(container) in _SEQUENCES and type(index) is int and -len(container) <= index < len(container):
            return container[index], at
        if type(container) is dict and index.__hash__ is not None and index in container:
            return container[index], at
    if op == "BINARY_OP":
        right, at = _operand(before, at - 1, local, top)
        left, at = _operand(before, at, local, top)
        if type(left) is int and type(right) is int:
            if instruction.argrepr == "+":
                return left + right, at
            if instruction.argrepr == "-":
                return left - right, at
            if instruction.argrepr == "*":
                return left * right, at
    raise _Unclear
