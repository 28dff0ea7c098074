"""Local type facts: what each variable and expression is certain to hold.

Forward and flow-insensitive: a variable has one type, the join of everything it is ever given, found as a fixed
point over the module: types start at NEVER ("nothing has arrived yet") and only grow. Annotations are taken at
their word, unless the value is known to be something else. What is not known is ANY; there are no unions.

After `_PATIENCE` passes whatever still grows (`xs = [xs]` does for ever) becomes ANY, so the passes end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.annotations import type_of_annotation
from lumen.analysis.declared import field_of
from lumen.analysis.infer_expr import ExprInference
from lumen.analysis.promises import trusted
from lumen.analysis.scopes import Binding, Kind
from lumen.analysis.signatures import element_of
from lumen.analysis.tests import cases_of
from lumen.analysis.types import ANY, NEVER, NULL, STRING, Type, join, list_of, map_of, tuple_of
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.declared import Declared

_PATIENCE = 6

_LIMIT = 16
"""Passes after which nothing is waited for any more; ordinary programs need three or four."""


def infer_types(declared: Declared) -> None:
    """Fill `types` and `calls`, the `type` of every binding, and the inferred results of cells."""
    inference = Inference(declared)
    inference.run()


def known(type_: Type) -> Type:
    """A type with the parts of which nothing has arrived (`[]` is a list of NEVER) made ANY."""
    if type_ == NEVER:
        return ANY
    if not type_.args:
        return type_
    return Type(type_.name, tuple(known(arg) for arg in type_.args), type_.decl)


class Inference(ExprInference):
    """One fixed point over one module."""

    def __init__(self, declared: Declared) -> None:
        super().__init__(declared)
        self.passes = 0
        self.has_changed = False

    def run(self) -> None:
        """Walk until nothing grows any more, then write down what was found."""
        for fact in self.declared.nodes.values():
            fact.inferred = NEVER
        while True:
            self.passes += 1
            self.has_changed = False
            if self.passes == _LIMIT:
                self.give_up()
            self.module()
            if not self.has_changed:
                break
        self.finish()

    def give_up(self) -> None:
        """Make everything ANY that is not annotated: the program is too entangled to wait for the rest."""
        for binding in self.held:
            if binding not in self.promised:
                self.held[binding] = ANY
        for fact in self.declared.nodes.values():
            fact.inferred = ANY

    def module(self) -> None:
        """One pass."""
        analysis = self.analysis
        self.returns = [NEVER]
        self.yields = [NEVER]
        body = analysis.module.body
        # To and fro: what cells give reaches their callers in two passes, whichever stand first.
        for statement in body if self.passes % 2 else reversed(body):
            self.statement(statement)
        for function, copies in analysis.copies.items():
            for outer, own in copies.items():
                self.give(own, self.type_of(outer))
                if isinstance(function.node, n.DeferStmt):
                    self.give(outer, self.type_of(own))  # it is no copy: both are one variable

    def finish(self) -> None:
        """Write types into bindings and tables."""
        analysis = self.analysis
        for node, type_ in self.types.items():
            if type_ == NEVER:
                target = self.targets.get(node)
                if target is not None and target.kind == "builtin":
                    analysis.types[node] = NEVER
                continue
            found = known(type_)
            if found != ANY:
                analysis.types[node] = found
        analysis.calls.update(self.targets)
        self.declared.weaken(self.parts)
        for binding, type_ in self.held.items():
            binding.type = known(type_)
        for fact in self.declared.nodes.values():
            fact.inferred = known(fact.inferred or ANY)
        for binding, fact in self.declared.cells.items():
            binding.type = Type("fn", (*(p.type for p in fact.params), self.call_result(fact)))
        for binding in (*self.declared.records, *self.declared.variants):
            owner = binding.parent if binding.kind is Kind.VARIANT else binding
            if owner is not None:
                binding.type = Type(owner.name, (), owner)

    # --- Bindings ---

    def give(self, binding: Binding, type_: Type) -> None:
        """Note that a variable is given a value of a type."""
        before = self.held.get(binding, NEVER)
        promised = self.promised.get(binding)
        after = join(before, type_ if promised is None else trusted(promised, type_))
        if after != before:
            self.has_changed = True
            self.held[binding] = ANY if self.passes > _PATIENCE else after

    def promise(self, binding: Binding, annotation: n.TypeExpr | None) -> None:
        """Note the annotation of a variable."""
        if annotation is not None and binding not in self.promised:
            type_ = type_of_annotation(self.analysis, annotation)
            if type_ != ANY:
                self.promised[binding] = type_
            else:
                self.give(binding, ANY)

    def bind(self, node: n.Node, type_: Type) -> None:
        """Give a type to what a node introduces."""
        binding = self.analysis.bindings.get(node)
        if binding is not None and binding.kind in (Kind.LOCAL, Kind.GLOBAL):
            self.give(binding, type_)

    def params(self, params: tuple[n.Param, ...], hints: tuple[Type, ...] | None = None) -> None:
        """Types of parameters: annotation, what is known of the callers, or ANY.

        `hints`: what the built-in that calls a lambda gives to it; None for cells, whose callers tell themselves.
        """
        for at, param in enumerate(params):
            default = None if param.default is None else self.expr(param.default)
            binding = self.analysis.bindings.get(param.name)
            if binding is None:
                continue
            if param.type is not None:
                type_ = type_of_annotation(self.analysis, param.type)
                if hints is not None:
                    type_ = trusted(type_, hints[at] if at < len(hints) else ANY)
                if default is not None:
                    type_ = join(type_, trusted(type_, default))
            else:
                type_ = hints[at] if hints is not None and at < len(hints) and default is None else ANY
            self.give(binding, list_of(type_) if param.is_rest else type_)

    # --- Functions ---

    def body(self, block: n.Block) -> tuple[Type, Type]:
        """(what a function with this body gives, what it yields)."""
        returns, yields = self.returns, self.yields
        self.returns, self.yields = [NEVER], [NEVER]
        tail = self.block(block)
        result = (join(self.returns[0], tail), self.yields[0])
        self.returns, self.yields = returns, yields
        return result

    def visit_CellDecl(self, node: n.CellDecl) -> None:
        """A cell: its parameters, then its body; what it gives is remembered for its callers."""
        fact = self.declared.nodes.get(node)
        if fact is None:
            return
        for attribute in node.attributes:
            cases = cases_of(attribute)
            if cases is not None:
                self.expr(cases)
        self_type = self.declared.self_types.get(node)
        self.params(tuple(p for p in node.params if p.name.name != "self" or p.type is not None))
        for binding in self._self_of(node):
            self.give(binding, ANY if self_type is None else self_type)
        if node.body is None:
            fact.inferred = ANY
            return
        gives, yields = self.body(node.body)
        result = Type("yield", (yields,)) if fact.is_generator else gives
        if fact.inferred is not None and result != fact.inferred:
            result = join(fact.inferred, result)
            if result != fact.inferred:
                fact.inferred = ANY if self.passes > _PATIENCE else result
                self.has_changed = True

    def _self_of(self, node: n.CellDecl) -> list[Binding]:
        implicit = self.analysis.implicit_self.get(node)
        if implicit is not None:
            return [implicit]
        found = []
        for param in node.params:
            if param.name.name == "self" and param.type is None:
                binding = self.analysis.bindings.get(param.name)
                if binding is not None:
                    found.append(binding)
        return found

    def visit_RecordDecl(self, node: n.RecordDecl) -> None:
        for item in node.fields:
            type_ = type_of_annotation(self.analysis, item.type)
            if item.default is not None:
                self.give_field(self.analysis.bindings[node], item.name.name, self.expr(item.default))
                type_ = self.field_type(self.analysis.bindings[node], item.name.name, type_)
            self.bind(item.name, type_)
            if item.where is not None:
                self.expr(item.where)
        self.methods(node.methods)

    def methods(self, methods: tuple[n.CellDecl, ...]) -> None:
        """The bodies of methods."""
        for method in methods:
            self.visit_CellDecl(method)

    def visit_EnumDecl(self, node: n.EnumDecl) -> None:
        for variant in node.variants:
            for param in variant.fields:
                if param.default is not None:
                    self.give_field(self.analysis.bindings[variant], param.name.name, self.expr(param.default))
        self.methods(node.methods)

    def visit_TraitDecl(self, node: n.TraitDecl) -> None:
        self.methods(node.methods)

    def visit_ImplDecl(self, node: n.ImplDecl) -> None:
        self.methods(node.methods)

    def visit_ConstDecl(self, node: n.ConstDecl) -> None:
        binding = self.analysis.bindings.get(node)
        type_ = self.expr(node.value)
        if binding is not None:
            self.promise(binding, node.type)
            self.give(binding, type_)

    # --- Statements ---

    def statement(self, node: n.Stmt) -> Type:
        """The type of a statement as the last one of a block."""
        kind = type(node)
        visitor = getattr(self, f"visit_{kind.__name__}", None)
        if kind is n.ExprStmt:
            assert isinstance(node, n.ExprStmt)
            return self.expr(node.value)
        if visitor is not None:
            visitor(node)
        return NEVER if kind in (n.ReturnStmt, n.BreakStmt, n.ContinueStmt) else NULL

    def block(self, block: n.Block | None) -> Type:
        """The type of the value of a block: that of its last statement."""
        type_ = NULL
        if block is not None:
            for statement in block.body:
                type_ = self.statement(statement)
        return type_

    def visit_LetStmt(self, node: n.LetStmt) -> None:
        type_ = self.expr(node.value)
        if isinstance(node.pattern, n.NamePattern):
            binding = self.analysis.bindings.get(node.pattern)
            if binding is not None and node.type is not None:
                self.promise(binding, node.type)
        elif node.type is not None and type_ == ANY:
            type_ = type_of_annotation(self.analysis, node.type)
        self.pattern(node.pattern, type_)

    def visit_AssignStmt(self, node: n.AssignStmt) -> None:
        type_ = self.expr(node.value)
        if node.op is not None:
            type_ = self.binary(node.op, self.expr(node.target), type_)
        if isinstance(node.target, n.TupleExpr):
            exact = type_.name == "tuple" and len(type_.args) == len(node.target.items)
            for at, item in enumerate(node.target.items):
                self.update(item, type_.args[at] if exact else NEVER if type_ == NEVER else ANY)
            return
        self.update(node.target, type_)

    def update(self, target: n.Expr, type_: Type) -> None:
        """The types of a variable after (part of) it was given a value of a type."""
        self.expr(target)
        while True:
            if isinstance(target, n.Name):
                binding = self.analysis.bindings.get(target)
                if binding is not None and binding.kind in (Kind.LOCAL, Kind.GLOBAL):
                    self.give(binding, type_)
                return
            if isinstance(target, n.Index):
                container, key = self.expr(target.value), self.expr(target.index)
            elif isinstance(target, n.Attr):
                container, key = self.expr(target.value), STRING
            else:
                return
            if container.name == "list" and isinstance(target, n.Index):
                type_ = list_of(join(element_of(container), type_))
            elif container.name == "map" and container.args:
                type_ = map_of(join(container.args[0], key), join(container.args[1], type_))
            elif container.decl is not None and isinstance(target, n.Attr):
                self.give_field(container.decl, target.name.name, type_)
                type_ = container
            elif container == NEVER:
                type_ = container
            else:
                type_ = ANY
            target = target.value

    def visit_ReturnStmt(self, node: n.ReturnStmt) -> None:
        type_ = NULL if node.value is None else self.expr(node.value)
        self.returns[0] = join(self.returns[0], type_)

    def visit_BreakStmt(self, node: n.BreakStmt) -> None:
        if node.value is not None:
            self.expr(node.value)

    def visit_YieldStmt(self, node: n.YieldStmt) -> None:
        self.yields[0] = join(self.yields[0], self.expr(node.value))

    def visit_DeferStmt(self, node: n.DeferStmt) -> None:
        self.body(node.body)

    def visit_EmitStmt(self, node: n.EmitStmt) -> None:
        self.expr(node.value)

    def visit_AssertStmt(self, node: n.AssertStmt) -> None:
        self.expr(node.condition)
        if node.message is not None:
            self.expr(node.message)

    def visit_RoleStmt(self, node: n.RoleStmt) -> None:
        self.expr(node.text)

    # --- Patterns ---

    def pattern(self, node: n.Pattern, type_: Type) -> None:
        """Give types to the names of a pattern that takes apart a value of a type."""
        if isinstance(node, n.NamePattern):
            self.bind(node, type_)
        elif isinstance(node, n.TypePattern):
            tested = type_of_annotation(self.analysis, node.type)
            self.bind(node, tested if tested != ANY else type_)
        elif isinstance(node, n.RestPattern):
            self.bind(node, type_)
        elif isinstance(node, n.TuplePattern):
            exact = type_.name == "tuple" and len(type_.args) == len(node.items)
            for at, item in enumerate(node.items):
                self.pattern(item, type_.args[at] if exact else NEVER if type_ == NEVER else ANY)
        elif isinstance(node, n.ListPattern):
            is_list = type_.name == "list"
            for item in node.items:
                if isinstance(item, n.RestPattern):
                    self.pattern(item, type_ if is_list else NEVER if type_ == NEVER else list_of(ANY))
                else:
                    self.pattern(item, element_of(type_) if is_list or type_ == NEVER else ANY)
        elif isinstance(node, n.OrPattern):
            for alternative in node.alternatives:
                self.pattern(alternative, type_)
        elif isinstance(node, n.ConstructorPattern):
            self.constructor_pattern(node, type_)

    def constructor_pattern(self, node: n.ConstructorPattern, type_: Type) -> None:
        """The parts of a variant, record, or result."""
        binding = self.analysis.bindings.get(node)
        if binding is None or binding.kind is Kind.BUILTIN:
            for arg in node.args:
                inner = ANY
                if binding is not None and type_.name == "result":
                    inner = type_.args[0] if binding.name == "ok" else ANY  # `err(x)` takes failures too
                self.pattern(arg.pattern, inner)
            return
        facts = self.declared.constructor(binding) or ()
        by_name = {fact.name: fact.type for fact in facts}
        for at, arg in enumerate(node.args):
            field = field_of(arg, at, tuple(by_name))
            inner = ANY if field is None else self.field_type(binding, field, by_name[field])
            self.pattern(arg.pattern, inner)

    def for_pattern(self, pattern: n.Pattern, iterable: Type) -> None:
        """The names of `for pattern in iterable`; two names over a map are key and value."""
        if iterable.name == "map" and isinstance(pattern, n.TuplePattern) and iterable.args:
            self.pattern(pattern, tuple_of(*iterable.args))
        else:
            self.pattern(pattern, element_of(iterable))
