"""Operators, literals, collections, attributes: expressions that stay expressions in Python.

Where both operand types are known the bare Python operator is emitted; where they are not, a helper that keeps
Lumen's meaning (truncating `/`, Bool is not a number, maps are true). A bare operator costs 10-20 ns, a helper
60-100 ns; that is the whole difference between 1.1x and 4x of plain Python.
"""

from __future__ import annotations

import ast
from typing import Any

from lumen.analysis.scopes import Binding, Kind
from lumen.analysis.types import BOOL, BYTES, FLOAT, INT, NULL, STRING, Type
from lumen.compiler.certainty import is_certain
from lumen.compiler.function import FunctionBuilder, lowers_expr
from lumen.syntax import nodes as n

NUMBERS = (INT, FLOAT)
GENERIC = {
    "+": "$plus", "-": "$sub", "*": "$mul", "/": "$div", "//": "$floordiv", "%": "$mod", "**": "$pow",
    "|": "$bitor", "&": "$bitand", "^": "$bitxor", "<<": "$shl", ">>": "$shr", "++": "$concat",
    "==": "$eq", "!=": "$ne", "<": "$lt", "<=": "$le", ">": "$gt", ">=": "$ge",
}  # fmt: skip


def is_number(t: Type) -> bool:
    """Whether a type is Int or Float."""
    return t in NUMBERS


def is_plain_scalar(t: Type) -> bool:
    """Values that Python compares, hashes, and prints as Lumen does (Bool prints differently)."""
    return t in (INT, FLOAT, STRING, BYTES, NULL)


# --- Literals and names -----------------------------------------------------------------------


@lowers_expr(n.IntLit, n.FloatLit, n.BoolLit, n.BytesLit)
def literal(b: FunctionBuilder, node: Any) -> ast.expr:
    """A literal is a constant."""
    return b.py.const(node, node.value)


@lowers_expr(n.NullLit)
def null(b: FunctionBuilder, node: n.NullLit) -> ast.expr:
    """`null`."""
    return b.py.const(node, None)


@lowers_expr(n.Name)
def name(b: FunctionBuilder, node: n.Name) -> ast.expr:
    """A variable or a named thing."""
    return b.load(node)


@lowers_expr(n.StringLit)
def string(b: FunctionBuilder, node: n.StringLit) -> ast.expr:
    """Text with its interpolations, as one f-string."""
    parts = node.parts
    if not parts:
        return b.py.const(node, "")
    if all(isinstance(p, str) for p in parts):
        return b.py.const(node, "".join(parts))  # type: ignore[arg-type]
    holes = [p for p in parts if isinstance(p, n.Interpolation)]
    values = iter(b.in_order([(hole.value, lambda v: shown(b, v)) if hole.format_spec is None
                              else (hole.value, b.read) for hole in holes]))  # fmt: skip
    pieces: list[ast.expr] = []
    for part in parts:
        if isinstance(part, str):
            pieces.append(b.py.const(node, part))
            continue
        value = next(values)
        if part.format_spec is not None:
            value = b.py.call(part, "$format_spec", value, b.py.const(part, part.format_spec))
        pieces.append(ast.FormattedValue(value, -1, None, **b.py.at(part)))
    return ast.JoinedStr(pieces, **b.py.at(node))


def shown(b: FunctionBuilder, node: n.Node) -> ast.expr:
    """The value as `print` shows it, fit for an f-string: numbers and strings need no help."""
    value = b.read(node)
    if b.type_of(node) in (INT, STRING, FLOAT):
        return value
    return b.py.call(node, "$show", value)


# --- Collections ------------------------------------------------------------------------------


def _item(b: FunctionBuilder, node: n.Node) -> ast.expr:
    if isinstance(node, n.Spread):
        return b.py.starred(node, iterable(b, node.value, "$iter_now"))
    return b.expr(node)


@lowers_expr(n.ListExpr)
def list_(b: FunctionBuilder, node: n.ListExpr) -> ast.expr:
    """`[a, ...b]`."""
    return b.py.list_of(node, b.in_order([(i, lambda x: _item(b, x)) for i in node.items]))


@lowers_expr(n.TupleExpr)
def tuple_(b: FunctionBuilder, node: n.TupleExpr) -> ast.expr:
    """`(a, b)`."""
    return b.py.tuple_of(node, b.in_order([(i, lambda x: _item(b, x)) for i in node.items]))


@lowers_expr(n.SetExpr)
def set_(b: FunctionBuilder, node: n.SetExpr) -> ast.expr:
    """`{a, b}`."""
    items = b.in_order([(i, lambda x: _item(b, x)) for i in node.items])
    return b.py.call(node, "$set", b.py.tuple_of(node, items))


@lowers_expr(n.MapExpr)
def map_(b: FunctionBuilder, node: n.MapExpr) -> ast.expr:
    """`{k: v, ...m}`."""
    if any(isinstance(e, n.Spread) for e in node.entries):
        parts: list[tuple[n.Node, Any]] = []
        for entry in node.entries:
            if isinstance(entry, n.Spread):
                parts.append((entry, lambda e: b.expr(e.value)))
            else:
                parts.append((entry, lambda e: b.py.tuple_of(e, [*b.operands([e.key, e.value])])))
        return b.py.call(node, "$map_spread", *b.in_order(parts))
    flat: list[tuple[n.Node, Any]] = []
    for entry in node.entries:
        assert isinstance(entry, n.MapEntry)
        flat += [(entry.key, lambda k: key(b, k)), (entry.value, b.expr)]
    values = b.in_order(flat)
    return b.py.dict_of(node, list(zip(values[::2], values[1::2], strict=True)))


def key(b: FunctionBuilder, node: n.Node) -> ast.expr:
    """A value as a key of the dict behind a map: strings and numbers are their own."""
    value = b.expr(node)
    return value if b.type_of(node) in (INT, STRING, FLOAT, BYTES, NULL) else b.py.call(node, "$tokey", value)


def iterable(b: FunctionBuilder, node: n.Node, iterate: str = "$iter") -> ast.expr:
    """Something Python can iterate; the value is kept while it is iterated."""
    if isinstance(node, n.RangeExpr):
        return range_object(b, node)
    value = b.expr(node)
    t = b.type_of(node)
    if t.name in ("list", "tuple", "String"):
        return value
    if t.name == "map" and t.args and is_plain_scalar(t.args[0]):
        return value
    return b.py.call(node, iterate, value)


# --- Operators --------------------------------------------------------------------------------


@lowers_expr(n.Unary)
def unary(b: FunctionBuilder, node: n.Unary) -> ast.expr:
    """`-e`, `not e`, `~e`."""
    if node.op == "not":
        return b.py.negate(node, condition(b, node.operand))
    value = b.read(node.operand)
    t = b.type_of(node.operand)
    if node.op == "-":
        return b.py.minus(node, value) if is_number(t) else b.py.call(node, "$neg", value)
    if node.op == "~":
        if t == INT:
            return ast.UnaryOp(ast.Invert(), value, **b.py.at(node))
        return b.py.call(node, "$invert", value)
    return value if is_number(t) else b.py.call(node, "$pos", value)


def condition(b: FunctionBuilder, node: n.Node) -> ast.expr:
    """An expression as a Python condition."""
    if isinstance(node, n.Binary) and node.op in ("and", "or"):
        statements, right = b.conditional(node.right, lambda x: condition(b, x))
        if not statements:
            left = condition(b, node.left)
            join = b.py.both if node.op == "and" else b.py.either
            return join(node, [left, right])
    value = b.read(node)
    return truth(b, node, value)


def truth(b: FunctionBuilder, node: n.Node, value: ast.expr) -> ast.expr:
    """A value as a condition; only maps (always true) and values of unknown type need help."""
    t = b.type_of(node)
    if t.name in ("Bool", "Int", "Float", "String", "Null", "list", "tuple", "Bytes", "set"):
        return value
    if isinstance(value, (ast.Compare, ast.Constant)) or (
        isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not)
    ):
        return value
    return b.py.call(node, "$truth", value)


@lowers_expr(n.Binary)
def binary(b: FunctionBuilder, node: n.Binary) -> ast.expr:
    """A binary operator."""
    op = node.op
    if op in ("and", "or"):
        return logical(b, node)
    if op == "??":
        return coalesce(b, node)
    if op in ("==", "!=") and (isinstance(node.left, n.NullLit) or isinstance(node.right, n.NullLit)):
        left, right = b.operands([node.left, node.right], read=True)
        return b.py.compare(node, left, ("is" if op == "==" else "is not", right))
    if op in ("==", "!=") and _is_zero(node.right) and isinstance(node.left, n.Binary) and node.left.op == "%":
        inner = node.left
        if b.type_of(inner.left) == INT and isinstance(inner.right, n.IntLit) and inner.right.value != 0:
            rest = b.py.binary(inner, "%", b.read(inner.left), b.expr(inner.right))  # zero has no sign
            return b.py.compare(node, rest, (op, b.expr(node.right)))
    left, right = b.operands([node.left, node.right], read=True)
    return arithmetic(b, node, op, (node.left, left, b.type_of(node.left)), (node.right, right, b.type_of(node.right)))


Operand = tuple[n.Node, ast.expr, Type]


def arithmetic(b: FunctionBuilder, node: n.Node, op: str, left: Operand, right: Operand) -> ast.expr:
    """`left op right`, both already lowered; also serves compound assignment."""
    (_, x, s), (_, y, t) = left, right
    py = b.py
    if op in ("+", "-", "*", "**") and is_number(s) and is_number(t):
        # Python gives a complex number for a negative base and a broken exponent: `$pow` fails.
        if op != "**" or isinstance(right[0], n.IntLit):
            return py.binary(node, op, x, y)
    elif op == "//" and is_number(s) and is_number(t):
        return py.binary(node, op, x, y)
    elif op == "/" and is_number(s) and is_number(t):
        if FLOAT in (s, t):
            return py.binary(node, op, x, y)
        return truncated(b, node, "//", "$div", left, right)
    elif op == "%" and s == INT and t == INT:
        return truncated(b, node, "%", "$mod", left, right)
    elif op in ("&", "|", "^", "<<", ">>") and s == INT and t == INT:
        if op not in ("<<", ">>") or isinstance(right[0], n.IntLit):
            return py.binary(node, op, x, y)
    elif op == "++":
        return concatenation(b, node, left, right)
    elif op in ("==", "!=", "<", "<=", ">", ">="):
        if (is_number(s) and is_number(t)) or (s == t and s in (STRING, BYTES)):
            return py.compare(node, x, (op, y))
        if op in ("==", "!=") and (STRING in (s, t) or s == t == BOOL):
            return py.compare(node, x, (op, y))  # a String equals nothing but a String in Python as well
    elif op in ("in", "not in"):
        return membership(b, node, left, right)
    if op == "+" and s == t == STRING:
        return py.binary(node, op, x, y)
    return py.call(node, GENERIC[op], x, y)


def _is_zero(node: n.Expr) -> bool:
    return isinstance(node, n.IntLit) and node.value == 0


def truncated(b: FunctionBuilder, node: n.Node, op: str, helper: str, left: Operand, right: Operand) -> ast.expr:
    """Int `/` and `%`: Python's operator is right for non-negative operands, and most are.

    An operand that is an Int only by annotation may turn out to be a Float, for which the operator would give a wrong
    result without a word: its class is looked at as well. The helper takes whatever is not plain.
    """
    (ln, x, _), (rn, y, _) = left, right
    py = b.py
    divisor_is_literal = isinstance(rn, n.IntLit) and rn.value > 0
    if is_non_negative(b, ln) and divisor_is_literal:
        return py.binary(node, op, x, y)
    first, x = _once(b, node, x)
    second, y = _once(b, node, y)
    if second is not y:
        # Both are evaluated by the call's arguments, in order; a chain of tests could stop before the second.
        return py.call(node, helper, first, second)
    tests: list[ast.expr] = []
    if not is_certain(b.analysis, ln, b.certain):
        tests.append(py.compare(node, py.class_of(node, first), ("is", py.name(node, "$intclass"))))
        first = x
    tests.append(py.compare(node, first, (">=", py.const(node, 0))))
    if not divisor_is_literal:
        if not is_certain(b.analysis, rn, b.certain):
            tests.append(py.compare(node, py.class_of(node, y), ("is", py.name(node, "$intclass"))))
        tests.append(py.compare(node, y, (">", py.const(node, 0))))
    return py.choose(node, py.both(node, tests), py.binary(node, op, x, y), py.call(node, helper, x, y))


def _once(b: FunctionBuilder, node: n.Node, value: ast.expr) -> tuple[ast.expr, ast.expr]:
    """Forms of a value for its first use, which evaluates it, and for later ones."""
    if isinstance(value, (ast.Name, ast.Constant)):
        return value, value
    temp = b.temp()
    return b.py.walrus(node, temp, value), b.py.name(node, temp)


def is_non_negative(b: FunctionBuilder, node: n.Node) -> bool:
    """Whether an Int expression is certainly ≥ 0: literals, lengths, counters from 0, sums and products of them."""
    if isinstance(node, n.IntLit):
        return node.value >= 0
    if isinstance(node, n.Binary) and node.op in ("+", "*", "//", "/", "%", "&", "|"):
        return b.type_of(node) == INT and is_non_negative(b, node.left) and is_non_negative(b, node.right)
    if isinstance(node, n.Call) and isinstance(node.callee, n.Name):
        binding = b.analysis.bindings.get(node.callee)
        return binding is not None and binding.kind is Kind.BUILTIN and binding.name in ("length", "len", "size")
    if isinstance(node, n.Name):
        binding = b.analysis.bindings.get(node)
        return binding is not None and binding in b.module.counters and not binding.is_assigned
    return False


def concatenation(b: FunctionBuilder, node: n.Node, left: Operand, right: Operand) -> ast.expr:
    """`a ++ b`: strings and lists by Python's `+`, numbers beside text by an f-string."""
    (ln, x, s), (rn, y, t) = left, right
    if s == t == STRING or (s.name == t.name == "list"):
        return b.py.binary(node, "++", x, y)
    if (s == STRING and t in (INT, FLOAT)) or (t == STRING and s in (INT, FLOAT)):
        return ast.JoinedStr([ast.FormattedValue(x, -1, None, **b.py.at(ln)),
                              ast.FormattedValue(y, -1, None, **b.py.at(rn))], **b.py.at(node))  # fmt: skip
    return b.py.call(node, "$concat", x, y)


def membership(b: FunctionBuilder, node: n.Binary | n.Node, left: Operand, right: Operand) -> ast.expr:
    """`x in xs`."""
    (_, x, s), (_, y, t) = left, right
    op = node.op if isinstance(node, n.Binary) else "in"
    plain = (
        (t == STRING and s == STRING)
        or (t.name == "map" and is_plain_scalar(s))
        or (t.name == "list" and s == STRING)
        or (t.name in ("list", "set") and t.args and t.args[0] == s and is_plain_scalar(s))
    )
    if plain:
        return b.py.compare(node, x, (op, y))
    found = b.py.call(node, "$in", x, y)
    return b.py.negate(node, found) if op == "not in" else found


def logical(b: FunctionBuilder, node: n.Binary) -> ast.expr:
    """`a and b`, `a or b`: gives an operand, as in Python; the right side only when it is needed."""
    py = b.py
    left = b.expr(node.left)
    statements, right = b.conditional(node.right)
    is_and = node.op == "and"
    plain = truth(b, node.left, left) is left
    if not statements and plain:
        return (py.both if is_and else py.either)(node, [left, right])
    if not statements:
        temp = b.temp()
        test = truth(b, node.left, py.walrus(node, temp, left))
        kept = py.name(node, temp)
        return py.choose(node, test, right, kept) if is_and else py.choose(node, test, kept, right)
    temp = b.temp()
    b.emit(py.assign(node, temp, left))
    test = truth(b, node.left, py.name(node, temp))
    b.emit(py.when(node, test if is_and else py.negate(node, test), [*statements, py.assign(node, temp, right)]))
    return py.name(node, temp)


def coalesce(b: FunctionBuilder, node: n.Binary) -> ast.expr:
    """`a ?? b`: b where a is null."""
    py = b.py
    left = b.expr(node.left)
    statements, right = b.conditional(node.right)
    temp = b.temp()
    none = py.const(node, None)
    if not statements:
        return py.choose(
            node, py.compare(node, py.walrus(node, temp, left), ("is not", none)), py.name(node, temp), right
        )
    b.emit(py.assign(node, temp, left))
    test = py.compare(node, py.name(node, temp), ("is", none))
    b.emit(py.when(node, test, [*statements, py.assign(node, temp, right)]))
    return py.name(node, temp)


@lowers_expr(n.RangeExpr)
def range_list(b: FunctionBuilder, node: n.RangeExpr) -> ast.expr:
    """A range as a value: a list."""
    return b.py.call(node, "$list", range_object(b, node))


def range_object(b: FunctionBuilder, node: n.RangeExpr) -> ast.expr:
    """A Python range for loops: a bare one when the bounds are known Ints."""
    py = b.py
    parts = [node.start, node.end] + ([node.step] if node.step is not None else [])
    values = b.operands(parts, read=True)
    known = all(b.type_of(p) == INT for p in parts)
    if known and node.step is None:
        end = values[1]
        if node.is_inclusive:
            end = (
                py.const(node.end, node.end.value + 1)
                if isinstance(node.end, n.IntLit)
                else py.binary(node.end, "+", end, py.const(node.end, 1))
            )
        return py.call(node, "$pyrange", values[0], end)
    step = values[2] if len(values) > 2 else py.const(node, 1)
    return py.call(node, "$range_iter", values[0], values[1], py.const(node, node.is_inclusive), step)


@lowers_expr(n.Compose)
def compose(b: FunctionBuilder, node: n.Compose) -> ast.expr:
    """`f ~> g`."""
    return b.py.call(node, "$compose", *b.operands([node.left, node.right]))


# --- Types in expressions ---------------------------------------------------------------------

CLASSES = {
    "Int": "$intclass", "Float": "$floatclass", "Bool": "$boolclass", "String": "$strclass", "Bytes": "$bytesclass",
    "list": "$listclass", "map": "$dictclass", "tuple": "$tupleclass", "set": "$Set",
}  # fmt: skip


def type_test(b: FunctionBuilder, node: n.Node, written: n.TypeExpr, value: ast.expr) -> ast.expr:
    """Whether `value` (evaluated possibly twice: give a simple one) is of the written type."""
    py = b.py
    if isinstance(written, n.UnionType):
        return py.either(node, [type_test(b, node, m, value) for m in written.members])
    if isinstance(written, n.TupleType):
        return py.compare(node, py.class_of(node, value), ("is", py.name(node, "$tupleclass")))
    if isinstance(written, n.FnType):
        return py.call(node, "$callable", value)
    assert isinstance(written, n.NamedType)
    if written.name == "Null":
        return py.compare(node, value, ("is", py.const(node, None)))
    binding = b.analysis.bindings.get(written)
    if binding is not None and binding.kind is Kind.RECORD:
        return py.compare(node, py.class_of(node, value), ("is", py.name(node, b.module.class_name(binding))))
    if binding is not None and binding.kind is Kind.ENUM:
        return py.call(node, "$isinstance", value, py.name(node, b.module.class_name(binding)))
    if binding is not None and binding.kind is Kind.TYPE and isinstance(binding.node, n.TypeAliasDecl):
        return type_test(b, node, binding.node.value, value)
    if written.name in CLASSES and binding is None:
        return py.compare(node, py.class_of(node, value), ("is", py.name(node, CLASSES[written.name])))
    return py.call(node, "$is_type", value, py.const(node, written.name))


@lowers_expr(n.IsExpr)
def is_(b: FunctionBuilder, node: n.IsExpr) -> ast.expr:
    """`e is T`."""
    value = b.simple(node, b.read(node.value))
    test = type_test(b, node, node.type, value)
    return b.py.negate(node, test) if node.is_negated else test


@lowers_expr(n.AsExpr)
def as_(b: FunctionBuilder, node: n.AsExpr) -> ast.expr:
    """`e as T`."""
    value = b.expr(node.value)
    written = node.type
    if isinstance(written, n.NamedType):
        binding = b.analysis.bindings.get(written)
        if binding is None:
            return b.py.call(node, "$as_type", value, b.py.const(node, written.name))
    value = b.simple(node, value)
    shown_type = b.py.file.slice(written.span)
    return b.py.choose(
        node,
        type_test(b, node, written, value),
        value,
        b.py.call(node, "$as_fail", value, b.py.const(node, shown_type)),
    )


# --- Attributes, indexing ---------------------------------------------------------------------


@lowers_expr(n.Attr)
def attr(b: FunctionBuilder, node: n.Attr) -> ast.expr:
    """`x.f`: a member of a module or enum, a field, or whatever the value has."""
    py = b.py
    binding = b.analysis.bindings.get(node)
    if binding is not None and binding.kind in (
        Kind.VARIANT,
        Kind.CELL,
        Kind.RECORD,
        Kind.ENUM,
        Kind.CONST,
        Kind.GLOBAL,
        Kind.TOOL,
    ):
        return member(b, node, binding)
    if isinstance(node.value, n.Name):
        owner = b.analysis.bindings.get(node.value)
        if owner is not None and owner.kind is Kind.MODULE:
            return py.index(node, b.load(node.value), py.const(node, node.name.name))
    value = b.read(node.value)
    if node.is_optional:
        return py.call(node, "$attr_opt", value, py.const(node, node.name.name))
    t = b.type_of(node.value)
    is_sure = is_certain(b.analysis, node.value, b.certain)
    return field(b, node, value, t, node.name.name, is_sure)


def field(b: FunctionBuilder, node: n.Node, value: ast.expr, t: Type, name: str, is_sure: bool = False) -> ast.expr:
    """`value.name`: the bare attribute if the value is of the record that its type says (see `certainty.py`)."""
    py = b.py
    if t.decl is None or t.decl.kind is not Kind.RECORD or name not in b.module.fields_of(t.decl):
        return py.call(node, "$attr", value, py.const(node, name))
    if is_sure:
        return py.attr(node, value, name)
    first = value
    if not isinstance(value, ast.Name):
        # A path's own temporary, so that what lingers in it does not count as a holder of the value.
        first, value = py.walrus(node, "$path0", value), py.name(node, "$path0")
    test = py.compare(node, py.class_of(node, first), ("is", py.name(node, b.module.class_name(t.decl))))
    other = py.call(node, "$attr", value, py.const(node, name))
    return py.choose(node, test, py.attr(node, value, name), other)


def member(b: FunctionBuilder, node: n.Attr, binding: Binding) -> ast.expr:
    """`Enum.Variant` or `module.member`."""
    owner = b.analysis.bindings.get(node.value) if isinstance(node.value, n.Name) else None
    if owner is not None and owner.kind is Kind.MODULE:
        return b.py.index(node, b.load_binding(node.value, owner), b.py.const(node, node.name.name))
    return b.load_binding(node, binding)


@lowers_expr(n.Index)
def index(b: FunctionBuilder, node: n.Index) -> ast.expr:
    """`x[i]`."""
    py = b.py
    value, i = b.in_order([(node.value, b.read), (node.index, b.expr)])
    s, t = b.type_of(node.value), b.type_of(node.index)
    if node.is_optional:
        return py.call(node, "$index_opt", value, i)
    if s.name in ("list", "String", "tuple") and t == INT:
        return py.index(node, value, i)
    if s.name == "map" and is_plain_scalar(t):
        return py.index(node, value, i)
    return py.call(node, "$index", value, i)


@lowers_expr(n.Slice)
def slice_(b: FunctionBuilder, node: n.Slice) -> ast.expr:
    """`x[a..b]`."""
    py = b.py
    parts: list[tuple[n.Node, Any]] = [(node.value, b.read)]
    if node.start is not None:
        parts.append((node.start, b.expr))
    if node.end is not None:
        parts.append((node.end, b.expr))
    values = b.in_order(parts)
    value = values.pop(0)
    start = values.pop(0) if node.start is not None else None
    stop = values.pop(0) if node.end is not None else None
    bounds = [p for p in (node.start, node.end) if p is not None]
    if (
        not node.is_inclusive
        and b.type_of(node.value).name in ("list", "String")
        and all(b.type_of(p) == INT for p in bounds)
    ):
        return py.index(node, value, py.slice(node, start, stop))
    none = py.const(node, None)
    return py.call(node, "$cut", value, start or none, stop or none, py.const(node, node.is_inclusive))


@lowers_expr(n.Unwrap)
def unwrap(b: FunctionBuilder, node: n.Unwrap) -> ast.expr:
    """`e!`."""
    return b.py.call(node, "$unwrap_null", b.expr(node.value))


@lowers_expr(n.LaterExpr)
def later(b: FunctionBuilder, node: n.LaterExpr) -> ast.expr:
    """Refused by analysis; compiled only under `@doc_mode`, where it fails if it is reached."""
    return b.py.call(node, "$not_supported", b.py.const(node, node.keyword))
