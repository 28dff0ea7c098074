"""Cells, records, enums, traits, constants, imports, tools: what a module declares."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from lumen.analysis.scopes import Binding, Colour, Kind
from lumen.compiler.emit_function import FunctionShape, block_body
from lumen.compiler.function import EXPRESSIONS, FunctionBuilder
from lumen.compiler.lower_expr import condition
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.compiler.codegen import ModuleBuilder


# --- Cells ------------------------------------------------------------------------------------


def cell_statements(m: ModuleBuilder, node: n.CellDecl, b: FunctionBuilder, name: str) -> list[ast.stmt]:
    """Define a cell under `name`. An async cell or a suspending generator gets a wrapper around its body."""
    py = m.py
    if node.is_extern:
        names = py.tuple_of(node, [py.const(p, p.name.name) for p in node.params])
        return [py.assign(node, name, py.call(node, "$extern", py.const(node, node.name.name), names))]
    if node.body is None:
        return []
    function = m.analysis.functions[node]
    shape = FunctionShape(m, node, function, _enclosing(m, node, b))
    shape.capture()
    implicit = m.analysis.implicit_self.get(node)
    if implicit is not None:
        shape.parameter(node, implicit, "self")
    shape.parameters(node.params)
    shape.prepare(node.body)
    suspending_generator = function.is_generator and function.colour is Colour.SUSPENDS
    if node.is_async and not function.is_generator:
        shape.is_async = True
        function.colour = Colour.SUSPENDS
        made = shape.finish(name + "$body", block_body(node.body))
        made += attribute_statements(m, node, b, name + "$body")
        return [*made, _wrapper(m, node, name, "$body", lambda call: py.call(node, "$spawn", call, m.site(node)))]
    if suspending_generator:
        made = shape.finish(name + "$gen", block_body(node.body))
        return [*made, _wrapper(m, node, name, "$gen", lambda call: py.call(node, "$agen", call))]
    return [*shape.finish(name, block_body(node.body)), *attribute_statements(m, node, b, name)]


def attribute_statements(m: ModuleBuilder, node: n.CellDecl, b: FunctionBuilder, name: str) -> list[ast.stmt]:
    """`@retry(max: 3)`, `@timeout(5000)`, `@cached`: put them around the function, the lowest one innermost."""
    py = m.py
    with b.block() as out:
        for attribute in reversed(node.attributes):
            if attribute.name not in ("retry", "timeout", "cached"):
                continue
            function = py.name(attribute, name)
            title = py.const(attribute, node.name.name)
            given = dict(
                zip((a.name or "" for a in attribute.args), b.operands([a.value for a in attribute.args]), strict=True)
            )
            if attribute.name == "retry":
                times = given.get("max") or given.get("") or py.const(attribute, 3)
                wait = given.get("base_ms") or py.const(attribute, 0)
                b.emit(py.assign(attribute, name, py.call(attribute, "$retrying", function, title, times, wait)))
            elif attribute.name == "timeout" and given:
                limit = next(iter(given.values()))
                made = py.call(attribute, "$limited", function, title, limit, m.site(attribute))
                b.emit(py.assign(attribute, name, made))
            elif attribute.name == "cached":
                b.emit(py.assign(attribute, name, py.call(attribute, "$cached", function)))
    return out


def _enclosing(m: ModuleBuilder, node: n.CellDecl, b: FunctionBuilder) -> FunctionBuilder | None:
    """The builder a nested cell captures from; none at top level."""
    function = m.analysis.functions[node]
    at_top = function.parent is None or function.parent.node is m.analysis.module
    return None if at_top else b


def _wrapper(m: ModuleBuilder, node: n.CellDecl, name: str, suffix: str, wrap: object) -> ast.stmt:
    """`def f(*args, **named): return wrap(f$body(*args, **named))`."""
    py = m.py
    call = py.call(
        node,
        py.name(node, name + suffix),
        py.starred(node, py.name(node, "$args")),
        keywords=[(None, py.name(node, "$named"))],
    )
    arguments = ast.arguments([], [], py.arg(node, "$args"), [], [], py.arg(node, "$named"), [])
    return py.function(node, name, arguments, [py.give(node, wrap(call))], False)  # type: ignore[operator]


# --- Everything else --------------------------------------------------------------------------


def declaration_statements(m: ModuleBuilder, node: n.Stmt, b: FunctionBuilder) -> list[ast.stmt]:
    """Execute one declaration."""
    if isinstance(node, n.CellDecl):
        return cell_statements(m, node, b, node.name.name)
    if isinstance(node, n.RecordDecl):
        return record(m, node, b)
    if isinstance(node, n.EnumDecl):
        return enum(m, node, b)
    if isinstance(node, n.TraitDecl):
        return trait(m, node, b)
    if isinstance(node, n.ImplDecl):
        return impl(m, node, b)
    if isinstance(node, n.ConstDecl):
        with b.block() as out:
            b.emit(m.py.assign(node, node.name.name, b.expr(node.value)))
        return out
    if isinstance(node, n.UseToolDecl):
        made = m.py.call(node, "$tool", m.py.const(node, node.tool), m.py.const(node, node.provider))
        return [m.py.assign(node, node.alias.name, made)]
    return []


def methods_dict(
    m: ModuleBuilder, node: n.Node, methods: tuple[n.CellDecl, ...], owner: str, b: FunctionBuilder
) -> tuple[list[ast.stmt], ast.expr]:
    """Define methods as functions named `Owner.method`; give the dict of them."""
    py = m.py
    out: list[ast.stmt] = []
    items: list[tuple[ast.expr, ast.expr]] = []
    for method in methods:
        if method.body is None:
            continue
        name = f"{owner}.{method.name.name}"
        out += cell_statements(m, method, b, name)
        items.append((py.const(method, method.name.name), py.name(method, name)))
    return out, py.dict_of(node, items)


def record(m: ModuleBuilder, node: n.RecordDecl, b: FunctionBuilder) -> list[ast.stmt]:
    """A record: its constructor, the check of its constraints, its methods, its class."""
    py, name = m.py, node.name.name
    fields = [f.name.name for f in node.fields]
    out, methods = methods_dict(m, node, node.methods, name, b)
    check: ast.expr = py.const(node, None)
    constrained = any(f.where is not None for f in node.fields)
    if constrained:
        out += record_check(m, node, b)
        check = py.name(node, f"{name}.$check")
    init: ast.expr = py.const(node, None)
    if constrained or len(fields) > 4 or any(f.default is not None for f in node.fields):
        out += record_init(m, node, b, constrained)
        init = py.name(node, f"{name}.$init")
    given = [py.const(node, name), py.const(node, tuple(fields)), init, methods, check]
    secret = tuple(f.name.name for f in node.fields if is_secret(f))
    if secret:
        given.append(py.const(node, secret))
    made = py.call(node, "$secret_record" if secret else "$record", *given)
    out.append(py.assign(node, name, made))
    return [*out, *record_copy(m, node)]


def is_secret(field: n.FieldDecl) -> bool:
    """Whether a field is marked `@secret`."""
    return any(attribute.name == "secret" for attribute in field.attributes)


def record_copy(m: ModuleBuilder, node: n.RecordDecl) -> list[ast.stmt]:
    """`Point.$copy`: a copy, field by field; a fifth of the time of a loop over the fields."""
    py, name = m.py, node.name.name
    new, old = "$new", "$old"
    body = [py.assign(node, new, py.call(node, "$allocate", py.name(node, name)))]
    for f in node.fields:
        source = py.attr(f, py.name(f, old), f.name.name)
        body.append(py.assign_to(f, py.attr(f, py.name(f, new), f.name.name), source))
    body.append(py.give(node, py.name(node, new)))
    arguments = ast.arguments([], [py.arg(node, old)], None, [], [], None, [])
    copier = f"{name}.$copy"
    return [
        py.function(node, copier, arguments, body, False),
        py.assign_to(node, py.attr(node, py.name(node, name), "_copy"), py.name(node, copier)),
    ]


def record_init(m: ModuleBuilder, node: n.RecordDecl, b: FunctionBuilder, constrained: bool) -> list[ast.stmt]:
    """`__init__`: sets every field, knows the defaults, checks the constraints."""
    py = m.py
    shape = FunctionShape(m, node, m.analysis.functions[node], b if b.parent is not None else None)
    shape.capture()
    shape.args.append(py.arg(node, "$self"))
    params = tuple(n.Param(f.span, f.name, f.type, f.default) for f in node.fields)
    shape.parameters(params)

    def body(inner: FunctionBuilder) -> None:
        me = py.name(node, "$self")
        for f in node.fields:
            inner.emit(py.assign_to(f, py.attr(f, me, f.name.name), py.name(f, f.name.name)))
        if constrained:
            inner.emit(py.do(node, py.call(node, py.name(node, f"{node.name.name}.$check"), me)))

    return shape.finish(f"{node.name.name}.$init", body)


def record_check(m: ModuleBuilder, node: n.RecordDecl, b: FunctionBuilder) -> list[ast.stmt]:
    """The `where` constraints over the fields of a finished record."""
    py = m.py
    shape = FunctionShape(m, node, m.analysis.functions[node], b if b.parent is not None else None)
    shape.capture()
    shape.args.append(py.arg(node, "$self"))

    def body(inner: FunctionBuilder) -> None:
        for f in node.fields:
            binding = m.analysis.bindings.get(f.name)
            if binding is not None:
                inner.adopt(binding, f.name.name)
            inner.emit(py.assign(f, f.name.name, py.attr(f, py.name(f, "$self"), f.name.name)))
        for f in node.fields:
            if f.where is None:
                continue
            test = py.negate(f.where, condition(inner, f.where))
            said = [py.const(f, node.name.name), py.const(f, m.analysis.file.slice(f.where.span))]
            if not is_secret(f):
                said.append(py.name(f, f.name.name))
            fail = py.call(f.where, "$constraint", *said)
            inner.emit(py.when(f, test, [py.do(f.where, fail)]))

    return shape.finish(f"{node.name.name}.$check", body)


def enum(m: ModuleBuilder, node: n.EnumDecl, b: FunctionBuilder) -> list[ast.stmt]:
    """An enum and its variants under their dotted names."""
    py, name = m.py, node.name.name
    out, methods = methods_dict(m, node, node.methods, name, b)
    variants = py.tuple_of(
        node,
        [
            py.tuple_of(v, [py.const(v, v.name.name), py.const(v, tuple(f.name.name for f in v.fields))])
            for v in node.variants
        ],
    )
    out.append(py.assign(node, name, py.call(node, "$enum", py.const(node, name), variants, methods)))
    table = py.attr(node, py.name(node, name), "_variants")
    for v in node.variants:
        out.append(py.assign(v, f"{name}.{v.name.name}", py.index(v, table, py.const(v, v.name.name))))
    return out


def trait(m: ModuleBuilder, node: n.TraitDecl, b: FunctionBuilder) -> list[ast.stmt]:
    """A trait is the dict of its default methods."""
    out, methods = methods_dict(m, node, node.methods, node.name.name, b)
    return [*out, m.py.assign(node, node.name.name, methods)]


def impl(m: ModuleBuilder, node: n.ImplDecl, b: FunctionBuilder) -> list[ast.stmt]:
    """Give a type its methods, and those of the trait that it leaves out."""
    py = m.py
    binding = m.analysis.bindings.get(node.target)
    target_name = node.target.name if isinstance(node.target, n.NamedType) else "?"
    is_declared = binding is not None and binding.kind in (Kind.RECORD, Kind.ENUM)
    out, methods = methods_dict(m, node, node.methods, target_name, b)
    target: ast.expr = py.const(node, target_name)
    if binding is not None and is_declared:
        target = py.name(node, m.global_name(binding))
    defaults: ast.expr = py.const(node, None)
    trait_binding: Binding | None = m.analysis.bindings.get(node.trait) if node.trait is not None else None
    if trait_binding is not None and trait_binding.kind is Kind.TRAIT:
        defaults = py.name(node, m.global_name(trait_binding))
    return [*out, py.do(node, py.call(node, "$impl_all", target, defaults, methods))]


def comptime(b: FunctionBuilder, node: n.Comptime) -> ast.expr:
    """`comptime … end`."""
    return b.module.comptime(b, node)


EXPRESSIONS[n.Comptime] = comptime
