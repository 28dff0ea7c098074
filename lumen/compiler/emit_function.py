"""Python functions from cells, closures, and task bodies.

Captured variables come in by value, as keyword-only parameters named `$x` whose defaults are evaluated where the
closure is made. Nested cells are the exception: they are free variables of Python's, so that they may call each other.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lumen.analysis.scopes import Binding, Colour, Function, Kind
from lumen.compiler.certainty import certain_variables
from lumen.compiler.function import OWN, RETURN, FunctionBuilder
from lumen.compiler.lower_assign import updated_variables
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.compiler.codegen import ModuleBuilder

Head = Callable[[FunctionBuilder], None]


def count(b: FunctionBuilder, node: n.Node) -> ast.stmt:
    """`if not $fuel(): $spin()`: virtual time passes with loops and calls of plain code (`kernel/turn.py`)."""
    py = b.py
    return py.when(node, py.negate(node, py.call(node, "$fuel")), [py.do(node, py.call(node, "$spin"))])


def no_head(inner: FunctionBuilder) -> None:
    """Nothing before the body."""


class FunctionShape:
    """The parts of a Python function: how it is called, what it takes, what it does."""

    def __init__(
        self,
        module: ModuleBuilder,
        node: n.Node,
        function: Function,
        parent: FunctionBuilder | None,
        colour: Colour | None = None,
    ) -> None:
        self.module = module
        self.node = node
        self.function = function
        self.parent = parent
        self.is_async = (colour or function.colour) is Colour.SUSPENDS
        self.builder = FunctionBuilder(module, function, parent)
        self.args: list[ast.arg] = []
        self.defaults: list[ast.expr] = []
        self.rest: ast.arg | None = None
        self.captured: list[tuple[ast.arg, ast.expr]] = []
        self._late_defaults: list[tuple[n.Param, str]] = []

    # Parameters -------------------------------------------------------------------------------

    def parameter(self, node: n.Node, binding: Binding | None, name: str) -> str:
        """A positional parameter under its own name, so that it can be given by name."""
        if binding is not None:
            self.builder.adopt(binding, name)
        self.args.append(self.module.py.arg(node, name))
        return name

    def parameters(self, params: Sequence[n.Param]) -> None:
        """The parameters as written; a default that is no literal is evaluated by the body, at each call."""
        py = self.module.py
        for param in params:
            binding = self.module.analysis.bindings.get(param.name)
            name = param.name.name
            if param.is_rest:
                if binding is not None:
                    self.builder.adopt(binding, name)
                self.rest = py.arg(param, name)
                continue
            self.parameter(param, binding, name)
            if param.default is None:
                if self.defaults:  # Python wants defaults to the end; a missing one is reported by the body
                    self.defaults.append(py.name(param, "$missing"))
                    self._late_defaults.append((param, name))
            elif isinstance(param.default, (n.IntLit, n.FloatLit, n.BoolLit, n.NullLit)):
                self.defaults.append(self.builder.expr(param.default))
            else:
                self.defaults.append(py.name(param, "$missing"))
                self._late_defaults.append((param, name))

    def capture(self) -> None:
        """Take in what the function uses of the functions around it."""
        if self.parent is None:
            return
        py, node = self.module.py, self.node
        for binding in self.function.captures:
            own = self.builder.copies.get(binding, binding)
            name = "$" + binding.name
            while name in self.builder._taken:
                name += "'"
            self.builder.adopt(own, name)
            self.captured.append((py.arg(node, name), self.parent.load_binding(node, binding)))

    # Body -------------------------------------------------------------------------------------

    def prepare(self, root: n.Node) -> None:
        """Find which variables need ownership flags, before anything of the body is lowered."""
        self.builder.owned = updated_variables(self.builder, root)
        self.builder.certain = certain_variables(self.module.analysis, self.module.own_nodes(self.function, root))
        if any(isinstance(x, n.RoleStmt) for x in self.module.own_nodes(self.function, root)):
            self.builder.roles = "$roles"

    def finish(self, name: str, lower_body: Head) -> list[ast.stmt]:
        """Lower the body and give the statements that define the function under `name`."""
        b, py, node = self.builder, self.module.py, self.node
        with b.block() as body:
            for param, parameter in self._late_defaults:
                with b.block() as given:
                    if param.default is not None:
                        b.emit(py.assign(param, parameter, b.expr(param.default)))
                    else:
                        b.emit(py.do(param, py.call(param, "$missing_argument", py.const(param, parameter))))
                test = py.compare(param, py.name(param, parameter), ("is", py.name(param, "$missing")))
                b.emit(py.when(param, test, given))
            if self.rest is not None:
                b.emit(py.assign(node, self.rest.arg, py.call(node, "$list", py.name(node, self.rest.arg))))
            for outer, own in b.copies.items():
                if outer.kind is Kind.GLOBAL:
                    b.emit(py.assign(node, b.name_of(own), py.name(node, self.module.global_name(outer))))
            for binding in b.owned:
                if binding.kind is not Kind.GLOBAL or not self.module.is_namespaced(binding):
                    b.emit(py.assign(node, b.name_of(binding) + OWN, py.const(node, False)))
            if b.roles is not None and self.builder.roles == "$roles":
                b.emit(py.assign(node, "$roles", py.list_of(node, [])))
            with b.block() as main:
                if self.module.is_counting and isinstance(node, n.CellDecl | n.Lambda):
                    # Recursion is a loop, and so is a built-in that calls a function for each item.
                    b.emit(count(b, node))
                lower_body(b)
            b.emit(*self._with_defers(main))
            if self.function.is_generator:
                never = ast.Yield(py.const(node, None), **py.at(node))
                b.emit(py.when(node, py.const(node, False), [py.do(node, never)]))
        if b.global_names:
            body.insert(0, py.scope(node, "global", sorted(b.global_names)))
        if b.nonlocal_names:
            body.insert(0, py.scope(node, "nonlocal", sorted(b.nonlocal_names)))
        return self._define(name, body)

    def _with_defers(self, main: list[ast.stmt]) -> list[ast.stmt]:
        if not self.function.has_defer:
            return main
        py, node = self.module.py, self.node
        defers = py.name(node, "$defers")
        run = py.call(node, "$run_defers~" if self.is_async else "$run_defers", defers)
        final = py.do(node, py.wait(node, run) if self.is_async else run)
        return [py.assign(node, "$defers", py.list_of(node, [])), py.guarded(node, main, [final])]

    def _define(self, name: str, body: list[ast.stmt]) -> list[ast.stmt]:
        py, node = self.module.py, self.node
        arguments = ast.arguments(
            posonlyargs=[],
            args=self.args,
            vararg=self.rest,
            kwonlyargs=[arg for arg, _ in self.captured],
            kw_defaults=[value for _, value in self.captured],
            kwarg=None,
            defaults=self.defaults,
        )
        return [py.function(node, name, arguments, body, self.is_async)]


def block_body(block: n.Block) -> Head:
    """Lower a block whose last value is the function's result."""

    def lower(b: FunctionBuilder) -> None:
        b.body(block, RETURN)

    return lower


def value_body(value: n.Expr) -> Head:
    """Lower an expression that is the function's result."""

    def lower(b: FunctionBuilder) -> None:
        b.into(value, RETURN)

    return lower
