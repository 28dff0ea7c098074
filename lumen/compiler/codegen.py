"""One analysed module → one Python code object, and what the loader must know of it.

Executing the code defines things and runs nothing of the script: imports, tools, records, enums, cells, constants, in
this order; the script part becomes the function `$top`. Everything goes into the globals the loader provides:

    f, Point, Color         cells, record classes, enums
    Color.Red, Point.area   variants and methods, under dotted names that no program can clash with
    f$body                  the coroutine function of `async cell f`; `f` itself spawns it

The names of the run-time support (`$add`, `$spawn`, …) are looked up where Python looks for built-ins.
"""

from __future__ import annotations

import ast
import contextlib
import sys
import warnings
from collections.abc import Iterable
from types import CodeType
from typing import Any

from attrs import frozen

from lumen.analysis.scopes import Binding, Colour, Function, Kind
from lumen.analysis.tables import Analysis
from lumen.analysis.tests import cases_of, tests_of
from lumen.analysis.walk import walk
from lumen.compiler import lower_concurrency, lower_stmt  # noqa: F401  (they register what they lower)
from lumen.compiler.declarations import cell_statements, declaration_statements
from lumen.compiler.emit_function import FunctionShape, block_body, value_body
from lumen.compiler.function import DISCARD, OWN, FunctionBuilder
from lumen.compiler.lower_assign import updated_variables
from lumen.compiler.pyast import Py
from lumen.syntax import nodes as n

VERSION = 1
"""Bump when the same program compiles to different code: it is part of the cache key."""

PRELUDE_FIELDS: dict[str, tuple[str, ...]] = {
    "ok": ("value",),
    "err": ("error",),
    "Error": ("message", "code", "cell", "line"),
    "Completed": ("value",),
}
_DECLARATIONS = (n.UseToolDecl, n.RecordDecl, n.EnumDecl, n.TraitDecl, n.CellDecl, n.ImplDecl, n.ConstDecl)
"""The order in which kinds of declarations are executed: what stands before may be used by what stands after."""


@frozen
class Compiled:
    """A compiled module: `code` to execute, `meta` as plain data (it is marshalled beside the code)."""

    code: CodeType
    meta: dict[str, Any]


class TooDeep(Exception):
    """Python's compiler has a limit that the program exceeds. `line` is where, `message` is for the user."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def compile_module(analysis: Analysis, *, is_counting: bool = False) -> Compiled:
    """Compile a module without errors.

    Args:
        is_counting: for virtual time, where plain code counts its loops and calls (`kernel/turn.py`).
    Raises:
        TooDeep: more loops and the like are nested than a Python function can hold; nothing else.
    """
    builder = ModuleBuilder(analysis, is_counting)
    with _deep_recursion(), warnings.catch_warnings():
        tree = builder.build()
        # Python warns of `5()` and the like; in Lumen they are failures, and only when they are reached.
        warnings.simplefilter("ignore", SyntaxWarning)
        try:
            code = compile(tree, analysis.file.path, "exec", dont_inherit=True)
        except SyntaxError as error:
            if "nested" not in str(error):
                raise
            message = "too many loops are nested here (20 are possible); make the inner ones a cell"
            raise TooDeep(message, error.lineno or 1) from None
        except RecursionError:
            raise TooDeep("this is nested deeper than the compiler can follow", 1) from None
    return Compiled(code, builder.meta())


@contextlib.contextmanager
def _deep_recursion() -> Any:
    """Lowering and Python's compiler recurse over the tree; the parser's depth limit is made for this much room."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 20_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


class ModuleBuilder:
    """What is common to all functions of a module: names in its namespace, imports, hidden functions."""

    def __init__(self, analysis: Analysis, is_counting: bool) -> None:
        self.analysis = analysis
        self.is_counting = is_counting
        self.py = Py(analysis.file)
        self.counters: set[Binding] = set()
        """Loop variables that are never negative."""
        self.owned_globals: set[Binding] = set()
        self.global_names: set[str] = set(analysis.globals)
        self.late: list[ast.stmt] = []
        """Statements for after all declarations: `comptime` values."""
        self._imported: dict[str, tuple[str, str | None]] = {}
        self._methods: dict[tuple[Binding, str], str] = {}
        self._hidden = 0
        self._main: FunctionBuilder | None = None
        """Lowers what the module does when it loads."""

    # Building ---------------------------------------------------------------------------------

    def build(self) -> ast.Module:
        """The Python module."""
        module = self.analysis.module
        for declaration in module.body:
            self._note_declaration(declaration)
        root = self.analysis.functions[module]
        statements = [s for s in module.body if not isinstance(s, n.Decl)]
        top = FunctionShape(self, module, root, None)
        script = n.Block(module.span, tuple(statements))
        updated = updated_variables(top.builder, script)
        self.owned_globals = {x for x in updated if x.kind is Kind.GLOBAL and self.is_namespaced(x)}
        main = self._main = FunctionBuilder(self, root, None)
        for kind in _DECLARATIONS:
            for declaration in self.analysis.constants if kind is n.ConstDecl else module.body:
                if isinstance(declaration, kind):
                    main.emit(*self.declaration(declaration, main))
        out = main.out
        for binding in self.owned_globals:
            out.append(self.py.assign(module, binding.name + OWN, self.py.const(module, False)))
        for cell, attribute, _ in tests_of(module):
            if attribute is not None:
                out.extend(self._cases(cell, attribute))
        if statements:
            out.extend(self._top(top, script))
        out.extend(self.late)
        body = [*self._imports(), *out]
        return ast.Module(body or [self.py.nothing(module)], [])

    def _top(self, top: FunctionShape, script: n.Block) -> list[ast.stmt]:
        """The script part as the function `$top`."""
        module, py = self.analysis.module, self.py
        top.prepare(script)
        top.builder.owned |= self.owned_globals
        local = [x for x in self.analysis.globals.values() if x.kind is Kind.GLOBAL and not self.is_namespaced(x)]

        def lower(b: FunctionBuilder) -> None:
            for binding in local:
                b.emit(py.assign(module, b.name_of(binding), py.const(module, None)))
            b.body(script, DISCARD)
            if local:
                values = [py.name(module, b.name_of(x)) for x in local]
                b.emit(py.do(module, py.call(module, py.name(module, "$publish"), *values)))

        made = top.finish("$top", lower)
        if local:
            made += self._publish(local)
        return made

    def _cases(self, cell: n.CellDecl, attribute: n.Attribute) -> list[ast.stmt]:
        """`$cases_f()`: gives the `cases` of `@test(cases: …)` before the cell `f`."""
        cases = cases_of(attribute)
        if cases is None:
            return []
        shape = FunctionShape(self, attribute, self.analysis.functions[attribute], None)
        shape.prepare(cases)
        return shape.finish(f"$cases_{cell.name.name}", value_body(cases))

    def _publish(self, local: list[Binding]) -> list[ast.stmt]:
        """`$publish(…)`: put the script's own variables into the namespace at its end, for those that import them."""
        module, py = self.analysis.module, self.py
        parameters = [f"${i}" for i in range(len(local))]
        arguments = ast.arguments([], [py.arg(module, p) for p in parameters], None, [], [], None, [])
        body = [py.scope(module, "global", [x.name for x in local])]
        body += [py.assign(module, x.name, py.name(module, p)) for x, p in zip(local, parameters, strict=True)]
        return [py.function(module, "$publish", arguments, body, False)]

    def _imports(self) -> list[ast.stmt]:
        module, py = self.analysis.module, self.py
        found: list[ast.stmt] = []
        for name, (origin, key) in self._imported.items():
            value = py.call(module, "$import", py.const(module, origin))
            if key is not None:
                value = py.index(module, value, py.const(module, key))
            found.append(py.assign(module, name, value))
        return found

    def meta(self) -> dict[str, Any]:
        """What the loader and the command line need without analysing again."""
        analysis = self.analysis
        cells: dict[str, Any] = {}
        tools: list[tuple[str, str, str | None]] = []
        for declaration in analysis.module.body:
            if isinstance(declaration, n.CellDecl):
                function = analysis.functions.get(declaration)
                colour = function.colour.value if function is not None else "plain"
                cells[declaration.name.name] = {
                    "params": [
                        (p.name.name, analysis.file.slice(p.type.span) if p.type else None, p.default is not None)
                        for p in declaration.params
                        if not p.is_rest
                    ],
                    "colour": colour,
                    "is_async": declaration.is_async,
                    "is_extern": declaration.is_extern,
                    "attributes": [a.name for a in declaration.attributes],
                }
            elif isinstance(declaration, n.UseToolDecl):
                tools.append((declaration.alias.name, declaration.tool, declaration.provider))
        top = analysis.functions[analysis.module].colour.value
        has_script = any(not isinstance(s, n.Decl) for s in analysis.module.body)
        return {
            "deterministic": analysis.deterministic,
            "strict": analysis.strict,
            "doc_mode": analysis.doc_mode,
            "imports": list(analysis.imports),
            "top": top if has_script else None,
            "main": cells.get("main"),
            "cells": cells,
            "tools": tools,
            "borrowed": self._borrowed_cells(),
            "tests": [self._test(*found) for found in tests_of(analysis.module)],
            "interface": analysis.interface,
        }

    def _borrowed_cells(self) -> dict[str, tuple[str, str]]:
        """Imported cells by the name they have here: the module they are from, and their name there."""
        bindings = {name: self.analysis.bindings[node] for name, node in self.analysis.imported_names.items()}
        return {
            name: (binding.origin, binding.origin_name or binding.name)
            for name, binding in bindings.items()
            if binding.kind is Kind.CELL and binding.origin is not None
        }

    def _test(self, cell: n.CellDecl, attribute: n.Attribute | None, options: dict[str, Any]) -> dict[str, Any]:
        """One test, for `meta`.

        `cell` is its name, `line` where it stands, `params` are the names of its parameters; `options` are those of
        `@test(…)` as plain values (`mode`, `skip`, `fails`, `leaks`). `cases` names the function of the module that
        gives the list of cases, if there are any.
        """
        has_cases = attribute is not None and cases_of(attribute) is not None
        return {
            "cell": cell.name.name,
            "line": self.analysis.file.line_of(cell.name.span.start),
            "params": [param.name.name for param in cell.params if not param.is_rest],
            "options": options,
            "cases": f"$cases_{cell.name.name}" if has_cases else None,
        }

    # Names of the module ----------------------------------------------------------------------

    def is_namespaced(self, binding: Binding) -> bool:
        """Whether a top-level variable lives in the module's namespace rather than in `$top` alone."""
        return binding.is_shared or not (binding.is_assigned or binding.in_loop)

    def global_name(self, binding: Binding) -> str:
        """The name of a top-level thing in the namespace, imported if need be."""
        if binding.kind is Kind.MODULE:
            name = f"$module.{binding.origin}"
            self._imported.setdefault(name, (binding.origin or binding.name, None))
            return name
        key = binding.name
        if binding.kind is Kind.VARIANT and binding.parent is not None:
            parent = binding.parent.origin_name or binding.parent.name
            key = f"{parent}.{binding.origin_name or binding.name}"
        if binding.origin is None:
            return key
        source = key if binding.kind is Kind.VARIANT else binding.origin_name or binding.name
        name = f"{binding.origin}:{source}"
        self._imported.setdefault(name, (binding.origin, source))
        return name

    def class_name(self, binding: Binding) -> str:
        """The name of what `isinstance` takes: a record class, a variant class, an enum."""
        return self.global_name(binding)

    def fields_of(self, binding: Binding | None) -> tuple[str, ...]:
        """Field names of a record or variant, in order."""
        if binding is None:
            return ()
        if binding.kind is Kind.BUILTIN:
            return PRELUDE_FIELDS.get(binding.name, ())
        if isinstance(binding.node, (n.RecordDecl, n.VariantDecl)):
            return tuple(f.name.name for f in binding.node.fields)
        entry = self.analysis.imported.get(binding)
        if entry is not None and "fields" in entry:
            return tuple(f[0] for f in entry["fields"])
        if binding.parent is not None:
            enum = self.analysis.imported.get(binding.parent, {})
            return tuple(f[0] for f in enum.get("variants", {}).get(binding.origin_name or binding.name, ()))
        return ()

    def has_constraints(self, binding: Binding | None) -> bool:
        """Whether updating a field must check `where` constraints; of imported records we don't know, so yes."""
        if binding is None or not isinstance(binding.node, n.RecordDecl):
            return True
        return any(f.where is not None for f in binding.node.fields)

    def method_name(self, owner: Binding, method: str) -> str | None:
        """The function of a method declared in this module, None for others."""
        return self._methods.get((owner, method))

    def _note_declaration(self, node: n.Stmt) -> None:
        """Know the methods of records and enums before anything is lowered."""
        bindings = self.analysis.bindings
        if isinstance(node, (n.RecordDecl, n.EnumDecl)):
            owner, methods = bindings.get(node.name), node.methods
        elif isinstance(node, n.ImplDecl):
            owner, methods = bindings.get(node.target), node.methods
        else:
            return
        if owner is None or owner.kind not in (Kind.RECORD, Kind.ENUM) or owner.origin is not None:
            return
        for method in methods:
            if not method.is_async:
                self._methods.setdefault((owner, method.name.name), f"{owner.name}.{method.name.name}")

    def own_nodes(self, function: Function, body: n.Node) -> Iterable[n.Node]:
        """The nodes of a function's body without those of functions inside it."""
        functions = self.analysis.functions
        if body in functions and body is not function.node:
            return ()
        return walk(body, functions)

    # Functions --------------------------------------------------------------------------------

    def hidden(self, word: str) -> str:
        """A name for a function the program did not name."""
        self._hidden += 1
        return f"{word}${self._hidden}"

    def site(self, node: n.Node) -> ast.expr:
        """The constant `(path, line, column, text)` that tells a report where a task came from."""
        line, column = self.analysis.file.position(node.span.start)
        text = self.analysis.file.slice(node.span).strip().partition("\n")[0]
        if len(text) > 60:
            text = text[:57] + "…"
        return self.py.const(node, (self.analysis.file.path, line, column, text))

    def closure(
        self, b: FunctionBuilder, node: n.Node, params: tuple[n.Param, ...], body: n.Block, word: str
    ) -> ast.expr:
        """A lambda or task body: emit its definition, give its name."""
        shape = FunctionShape(self, node, self.analysis.functions[node], b)
        shape.capture()
        shape.parameters(params)
        shape.prepare(body)
        name = self.hidden(word)
        b.emit(*shape.finish(name, block_body(body)))
        return self.py.name(node, name)

    def task_body(self, b: FunctionBuilder, node: n.Node, value: n.Expr) -> ast.expr:
        """The function of a branch, or of a spawned expression."""
        function = self.analysis.functions[node]
        shape = FunctionShape(self, node, function, b)
        shape.capture()
        shape.prepare(value)
        name = self.hidden("branch")
        inline = isinstance(value, n.AsyncBlock) and value not in self.analysis.functions
        body = block_body(value.body) if inline and isinstance(value, n.AsyncBlock) else value_body(value)
        b.emit(*shape.finish(name, body))
        return self.py.name(node, name)

    def item_function(
        self, b: FunctionBuilder, form: n.BranchFor, head: Any, body: n.Block, colour: Colour
    ) -> ast.expr:
        """The function of a `for` form: takes one item, runs the body with the pattern bound to it."""
        shape = FunctionShape(self, form, self.analysis.functions[form], b, colour)
        shape.capture()
        shape.args.append(self.py.arg(form, "$item"))
        shape.prepare(body)
        name = self.hidden("item")

        def lower(inner: FunctionBuilder) -> None:
            head(inner, "$item")
            block_body(body)(inner)

        b.emit(*shape.finish(name, lower))
        return self.py.name(form, name)

    def defer_closure(self, b: FunctionBuilder, node: n.DeferStmt) -> ast.expr:
        """The function of a `defer`: it sees variables as they are at the end, those of a loop as they are now."""
        function = self.analysis.functions[node]
        shape = FunctionShape(self, node, function, b)
        py = self.py
        for binding in function.captures:
            own = shape.builder.copies.get(binding, binding)
            if binding.in_loop and binding.owner is b.function:
                name = f"${binding.name}"
                shape.builder.adopt(own, name)
                shape.captured.append((py.arg(node, name), b.load_binding(node, binding)))
            else:
                name = b.name_of(binding)
                shape.builder.adopt(own, name)
                shape.builder.nonlocal_names.add(name)
                if b.is_owned(binding):
                    shape.builder.owned.add(own)
                    shape.builder.nonlocal_names.add(name + OWN)
        updated = updated_variables(shape.builder, node.body)
        shape.builder.owned |= updated
        name = self.hidden("defer")

        def lower(inner: FunctionBuilder) -> None:
            inner.body(node.body, DISCARD)

        made = shape.finish(name, lower)
        b.emit(*made)
        return py.name(node, name)

    def thunk(self, b: FunctionBuilder, node: n.Node, statements: list[ast.stmt], value: ast.expr) -> ast.expr:
        """An expression with statements, where Python takes only an expression: a call of a local function."""
        name = self.hidden("guard")
        arguments = ast.arguments([], [], None, [], [], None, [])
        b.emit(self.py.function(node, name, arguments, [*statements, self.py.give(node, value)], b.suspends))
        call = self.py.call(node, self.py.name(node, name))
        return self.py.wait(node, call) if b.suspends else call

    def cell(self, node: n.CellDecl, b: FunctionBuilder) -> list[ast.stmt]:
        """The statements that define a cell inside a function."""
        binding = self.analysis.bindings.get(node)
        return cell_statements(self, node, b, node.name.name if binding is None else b.name_of(binding))

    def declaration(self, node: n.Stmt, b: FunctionBuilder) -> list[ast.stmt]:
        """The statements that execute a declaration."""
        return declaration_statements(self, node, b)

    def comptime(self, b: FunctionBuilder, node: n.Comptime) -> ast.expr:
        """A constant computed once when the module loads: where it stands in a `const`, else after all of those."""
        name = self.hidden("comptime")
        shape = FunctionShape(self, node, self.analysis.functions[node], None)
        shape.prepare(node.body)
        out = b.out if b is self._main else self.late
        out += shape.finish(name + ".make", block_body(node.body))
        out.append(self.py.assign(node, name, self.py.call(node, self.py.name(node, name + ".make"))))
        return self.py.name(node, name)
