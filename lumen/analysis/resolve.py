"""Names → Bindings: which introduction each use of a name means, and which function owns what.

Two passes over a module, and one over the uses (`captures.py`):

1. Declarations of the whole module are entered first, then the script (top-level statements) is walked in order,
   so that a variable is visible from its `let` on.
2. Bodies of top-level cells and methods are walked last: they may use every variable of the script, wherever it
   stands. Inside a block nested declarations are likewise entered before its first statement, but their bodies
   are walked where they stand, since a closure can use only what exists when it is made.
3. When all uses are known, captures follow: which variables each function needs from the functions around it.

Invariant for later stages: a Name without a binding has been reported (or is allowed to fail when it is
evaluated, in `@doc_mode true`).

Uses are kept as (node, function, binding) until the end because an assignment *after* a use may still turn the
use into one of the function's own copy of an outer variable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.captures import Use, link_uses
from lumen.analysis.findings import report
from lumen.analysis.imports import bind_imports
from lumen.analysis.names import PRELUDE, Scope
from lumen.analysis.patterns import PatternResolver
from lumen.analysis.scopes import Binding, Function, Kind
from lumen.analysis.tests import cases_of
from lumen.syntax import nodes as n
from lumen.syntax.visit import children

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen.analysis.interface import Interfaces
    from lumen.analysis.tables import Analysis


def resolve(analysis: Analysis, interfaces: Interfaces) -> None:
    """Fill `bindings`, `functions`, `globals`, `imports`, `copies`, and the captures of every function.

    Codes: unresolved-name, missing-let, assigned-copy, assign-to-let, not-assignable, and those of `imports.py`.
    """
    resolver = Resolver(analysis, interfaces)
    resolver.module()
    link_uses(analysis, resolver.uses, resolver.copied)


class Resolver(PatternResolver):
    """One walk over one module; `scope` is always the scope of the node being visited."""

    def __init__(self, analysis: Analysis, interfaces: Interfaces) -> None:
        self.analysis = analysis
        self.interfaces = interfaces
        root = Function(analysis.module, None)
        analysis.functions[analysis.module] = root
        self.root = root
        self.module_scope = Scope(None, root, in_loop=False)
        self.scope = self.module_scope
        self.uses: list[Use] = []
        self.copied: dict[tuple[Function, Binding], n.AssignStmt] = {}
        self.let_bound: set[Binding] = set()
        self.naming: list[str | None] = []
        """The names of the `let`s whose values are being resolved."""
        self.not_awaited: set[tuple[Function, str]] = set()
        """Names of branches of constructs that are not awaited where they stand, with the function around."""
        self.later: list[tuple[n.CellDecl, Scope, bool]] = []
        """Cells whose body is walked after the script, with the scope they stand in."""
        self._visitors: dict[type[n.Node], Callable[[n.Node], None]] = {}

    # --- Driving ---

    def module(self) -> None:
        """Walk the whole module."""
        body = self.analysis.module.body
        bind_imports(self, [item for item in body if isinstance(item, n.ImportDecl)])
        self.hoist(body)
        for statement in body:
            self.visit(statement)
        for cell, scope, is_method in self.later:
            self.scope = scope
            self.cell_body(cell, is_method)

    def visit(self, node: n.Node) -> None:
        """Resolve what is inside a node, in the current scope."""
        kind = type(node)
        visitor = self._visitors.get(kind)
        if visitor is None:
            visitor = self._visitors[kind] = getattr(self, f"visit_{kind.__name__}", self.visit_children)
        visitor(node)

    def visit_children(self, node: n.Node) -> None:
        """Resolve the parts of a node that introduces nothing itself."""
        for child in children(node):
            self.visit(child)

    def maybe(self, node: n.Node | None) -> None:
        """Visit an optional part."""
        if node is not None:
            self.visit(node)

    def enter(self, function: Function | None = None, *, in_loop: bool | None = None) -> Scope:
        """Open a scope, in a function of its own if one is given; gives the scope to go back to."""
        before = self.scope
        if function is None:
            self.scope = Scope(before, before.function, before.in_loop if in_loop is None else in_loop)
        else:
            self.scope = Scope(before, function, in_loop=bool(in_loop))
        return before

    def function(self, node: n.Node) -> Function:
        """The Function of a node, made on first sight."""
        made = Function(node, self.scope.function)
        self.analysis.functions[node] = made
        return made

    def block(self, block: n.Block | None, *, in_loop: bool | None = None) -> None:
        """A block in a scope of its own."""
        if block is None:
            return
        before = self.enter(in_loop=in_loop)
        self.statements(block)
        self.scope = before

    def statements(self, block: n.Block) -> None:
        """The statements of a block, in the current scope."""
        self.hoist(block.body)
        for statement in block.body:
            self.visit(statement)

    # --- Introducing and using ---

    def declare(self, name: str, kind: Kind, node: n.Node | None, *, is_mut: bool = False) -> Binding:
        """A new binding in the current scope, hiding others of its name.

        A second `let` of one name in the script gives the first binding again: the module has one variable of a name.
        """
        scope = self.scope
        if kind is Kind.LOCAL and scope is self.module_scope:
            kind = Kind.GLOBAL
            known = scope.names.get(name)
            if known is not None and known.kind is Kind.GLOBAL:
                known.is_assigned = True
                known.is_mut = known.is_mut or is_mut
                if node is not None:
                    self.analysis.bindings[node] = known
                return known
        binding = Binding(name, kind, node, scope.function, is_mut=is_mut, in_loop=scope.in_loop)
        scope.names[name] = binding
        if scope is self.module_scope:
            self.analysis.globals.setdefault(name, binding)
        if kind is Kind.LOCAL:
            scope.function.locals.append(binding)
        if node is not None:
            self.analysis.bindings[node] = binding
        return binding

    def use(self, node: n.Node, binding: Binding) -> None:
        """Note that a node stands for a binding."""
        self.analysis.bindings[node] = binding
        self.uses.append((node, self.scope.function, binding))

    def hoist(self, body: tuple[n.Stmt, ...]) -> None:
        """Enter the declarations of a block before its statements."""
        for item in body:
            if isinstance(item, n.CellDecl):
                self.declare(item.name.name, Kind.CELL, item)
                self.analysis.bindings[item.name] = self.analysis.bindings[item]
            elif isinstance(item, n.RecordDecl | n.TraitDecl | n.TypeAliasDecl | n.ConstDecl):
                binding = self.declare(item.name.name, _DECL_KINDS[type(item)], item)
                self.analysis.bindings[item.name] = binding
            elif isinstance(item, n.EnumDecl):
                self.declare_enum(item)
            elif isinstance(item, n.UseToolDecl):
                binding = self.declare(item.alias.name, Kind.TOOL, item)
                self.analysis.bindings[item.alias] = binding
            elif isinstance(item, n.LaterDecl) and item.name is not None:
                self.declare(item.name.name, Kind.TYPE, item)

    # --- Declarations ---

    def visit_CellDecl(self, node: n.CellDecl) -> None:
        if self.scope is self.module_scope:
            self.later.append((node, self.scope, False))
        else:
            self.cell_body(node, is_method=False)

    def cell_body(self, node: n.CellDecl, is_method: bool) -> None:
        """Parameters and body of a cell, in a function of its own."""
        for attribute in node.attributes:
            self.attribute(attribute)
        function = self.function(node)
        before = self.enter(function)
        self.scope.type_params = frozenset(ident.name for ident in node.type_params)
        if is_method and not any(param.name.name == "self" for param in node.params):
            self.analysis.implicit_self[node] = self.declare("self", Kind.LOCAL, None)
        self.parameters(node.params)
        self.maybe(node.result)
        if node.body is not None:
            self.statements(node.body)
        self.scope = before

    def attribute(self, node: n.Attribute) -> None:
        """What an attribute of a cell is given. The `cases` of a test are computed when it is collected."""
        cases = cases_of(node)
        for arg in node.args:
            # `mode: eager`: the check of tests has better advice than that there is no such name.
            if arg.value is not cases and not (node.name == "test" and isinstance(arg.value, n.Name)):
                self.visit(arg.value)
        if cases is not None:
            before = self.enter(self.function(node))
            self.visit(cases)
            self.scope = before

    def parameters(self, params: tuple[n.Param, ...]) -> None:
        """Parameters in order: a default may use those before it."""
        for param in params:
            self.maybe(param.type)
            self.maybe(param.default)
            self.declare(param.name.name, Kind.LOCAL, param.name)

    def methods(self, methods: tuple[n.CellDecl, ...], type_params: tuple[n.Ident, ...] = ()) -> None:
        """Methods of a record, enum, trait or impl."""
        before = self.enter()
        self.scope.type_params = frozenset(ident.name for ident in type_params)
        for method in methods:
            if before is self.module_scope:
                self.later.append((method, self.scope, True))
            else:
                self.cell_body(method, is_method=True)
        self.scope = before

    def visit_RecordDecl(self, node: n.RecordDecl) -> None:
        for attribute in node.attributes:
            self.visit_children(attribute)
        function = self.function(node)
        before = self.enter(function)
        self.scope.type_params = frozenset(ident.name for ident in node.type_params)
        for item in node.fields:
            self.maybe(item.type)
            self.maybe(item.default)
            self.declare(item.name.name, Kind.LOCAL, item.name)
        for item in node.fields:
            self.maybe(item.where)
        self.scope = before
        self.methods(node.methods, node.type_params)

    def visit_EnumDecl(self, node: n.EnumDecl) -> None:
        before = self.enter()
        self.scope.type_params = frozenset(ident.name for ident in node.type_params)
        for variant in node.variants:
            for item in variant.fields:
                self.maybe(item.type)
                self.maybe(item.default)
        self.scope = before
        self.methods(node.methods, node.type_params)

    def visit_TraitDecl(self, node: n.TraitDecl) -> None:
        self.methods(node.methods, node.type_params)

    def visit_ImplDecl(self, node: n.ImplDecl) -> None:
        self.maybe(node.trait)
        self.visit(node.target)
        self.methods(node.methods)

    def visit_TypeAliasDecl(self, node: n.TypeAliasDecl) -> None:
        before = self.enter()
        self.scope.type_params = frozenset(ident.name for ident in node.type_params)
        self.visit(node.value)
        self.scope = before

    def visit_ConstDecl(self, node: n.ConstDecl) -> None:
        self.maybe(node.type)
        self.visit(node.value)

    def visit_ImportDecl(self, node: n.ImportDecl) -> None:
        if self.scope is not self.module_scope:
            report(self.analysis, "misplaced-declaration", "`import` must stand at the top level of a file", node)

    def visit_UseToolDecl(self, node: n.UseToolDecl) -> None:
        pass

    def visit_LaterDecl(self, node: n.LaterDecl) -> None:
        pass  # Refused by name in `declarations.py`; what is inside it means nothing yet.

    def visit_LaterExpr(self, node: n.LaterExpr) -> None:
        pass

    # --- Statements ---

    def visit_Block(self, node: n.Block) -> None:
        self.block(node)

    def visit_LetStmt(self, node: n.LetStmt) -> None:
        self.maybe(node.type)
        self.naming.append(getattr(node.pattern, "name", None))
        self.visit(node.value)
        self.naming.pop()
        before = len(self.scope.function.locals)
        self.pattern(node.pattern, is_mut=node.is_mut, binds_names=True)
        self.let_bound.update(self.scope.function.locals[before:])
        if self.scope is self.module_scope:
            self.let_bound.update(self.pattern_bindings(node.pattern))

    def visit_AssignStmt(self, node: n.AssignStmt) -> None:
        self.visit(node.value)
        if isinstance(node.target, n.TupleExpr) and node.op is None:
            for item in node.target.items:
                if isinstance(item, n.Name):
                    self.assign(node, item, is_new=True)
                else:
                    report(self.analysis, "not-assignable", "a tuple of variables can be assigned to, no other", item)
                    self.visit(item)
            return
        root = node.target
        while isinstance(root, n.Attr | n.Index):
            if isinstance(root, n.Index):
                self.visit(root.index)
            if root.is_optional:
                message = "`?.` and `?[…]` may lead to nothing: they can't be assigned to"
                report(self.analysis, "not-assignable", message, root)
            root = root.value
        if isinstance(root, n.Name):
            self.assign(node, root, is_new=root is node.target and node.op is None)
        else:
            message = "only variables, and fields and elements of variables, can be assigned to"
            report(self.analysis, "not-assignable", message, node.target)
            self.visit(root)

    def assign(self, node: n.AssignStmt, root: n.Name, is_new: bool) -> None:
        """An assignment to (part of) the variable `root`; `is_new`: a script may leave out the `let`."""
        binding = self.assigned_variable(root, is_new)
        if binding is None:
            return
        self.use(root, binding)
        function = self.scope.function
        if binding.owner is not function:
            self.copied.setdefault((function, binding), node)
        elif binding in self.let_bound and not binding.is_mut:
            first = binding.node
            report(
                self.analysis, "assign-to-let", f"`{root.name}` is assigned again, but was not introduced as `mut`",
                root, severity="warning", hint=f"write `let mut {root.name} = …`",
                first=None if first is None else (first, "introduced here"),
            )  # fmt: skip
        if binding.owner is function:
            binding.is_assigned = True

    def assigned_variable(self, root: n.Name, is_new: bool) -> Binding | None:
        """The variable that an assignment changes; introduces it where a script leaves out the `let`."""
        name = root.name
        binding = self.scope.find(name)
        if binding is not None and binding.kind in (Kind.LOCAL, Kind.GLOBAL):
            return binding
        in_script = self.scope.function is self.root
        is_unknown = binding is None or binding.kind is Kind.BUILTIN
        if is_unknown and is_new and (in_script or self.analysis.doc_mode):
            before = self.scope
            if in_script:
                self.scope = self.module_scope
            made = self.declare(name, Kind.LOCAL, root, is_mut=True)
            self.scope = before
            report(
                self.analysis,
                "missing-let",
                f"`{name}` is introduced here",
                root,
                severity="hint",
                hint=f"write `let {name} = …`",
            )
            return made
        if is_unknown:
            suggestion = self.scope.suggestion(name)
            hint = f"write `let {name} = …` to introduce it"
            if binding is None and suggestion is not None:
                hint = f"did you mean `{suggestion}`? To introduce a variable write `let {name} = …`"
            self.unresolved(root, name, hint)
            if is_new:
                # Once is enough: what follows speaks of the variable that was meant.
                self.declare(name, Kind.LOCAL, root, is_mut=True)
            return None
        assert binding is not None
        what = _WORDS.get(binding.kind, binding.kind.value)
        report(
            self.analysis,
            "not-assignable",
            f"`{name}` is {what} and can't be assigned to",
            root,
            hint=f"write `let {name} = …` for a variable of that name",
        )
        return None

    # --- Names ---

    def visit_Name(self, node: n.Name) -> None:
        binding = self.scope.find(node.name)
        if binding is None:
            suggestion = self.scope.suggestion(node.name)
            self.unresolved(node, node.name, None if suggestion is None else f"did you mean `{suggestion}`?")
        else:
            self.use(node, binding)

    def unresolved(self, node: n.Node, name: str, hint: str | None) -> None:
        """Report a name that means nothing here, unless it may wait until it is evaluated."""
        if self.analysis.doc_mode:
            self.analysis.later_names.add(node)
            return
        if name == "self":
            hint = "only methods of records, enums, and impls have a `self`"
        elif (self.scope.function, name) in self.not_awaited:
            hint = f"`{name}` becomes a variable if the construct is awaited where it stands: `await parallel …`"
        elif name in self.naming and isinstance(self.scope.function.node, n.Lambda):
            hint = f"a lambda can't name itself; write `cell {name}(…) … end`, which may stand here as well"
        elif (module := self.exporter(name)) is not None:
            hint = f"import it: `import {module}: {name}`"
        report(self.analysis, "unresolved-name", f"`{name}` is not defined", node, hint=hint)

    def visit_Call(self, node: n.Call) -> None:
        callee = node.callee
        if isinstance(callee, n.Name) and callee.name in ("ok", "err"):
            # In call position these are always the constructors, even if a variable is called `err`.
            own = self.scope.find(callee.name)
            self.use(callee, PRELUDE[callee.name] if own is None or own.kind is not Kind.CELL else own)
        else:
            self.visit(callee)
            self.note_fallback(callee)
        for arg in node.args:
            self.visit(arg.value)

    def note_fallback(self, callee: n.Expr) -> None:
        """`x.f(a)` may mean `f(x, a)`: note the `f` that is visible here as the meaning of the identifier."""
        if isinstance(callee, n.Attr) and callee not in self.analysis.bindings:
            fallback = self.scope.find_function(callee.name.name)
            if fallback is not None:
                self.use(callee.name, fallback)

    def visit_Arg(self, node: n.Arg) -> None:
        self.visit(node.value)

    def visit_Attr(self, node: n.Attr) -> None:
        self.visit(node.value)
        holder = self.analysis.bindings.get(node.value)
        if holder is not None and isinstance(node.value, n.Name | n.Attr):
            member = self.member(holder, node.name)
            if member is not None:
                self.use(node, member)

    # --- Functions and scopes ---

    def visit_Lambda(self, node: n.Lambda) -> None:
        before = self.enter(self.function(node))
        self.parameters(node.params)
        self.maybe(node.result)
        self.statements(node.body)
        self.scope = before

    def own_function(self, node: n.Node, body: n.Block) -> None:
        """A block that becomes a function of its own."""
        before = self.enter(self.function(node))
        self.statements(body)
        self.scope = before

    def visit_AsyncBlock(self, node: n.AsyncBlock) -> None:
        self.own_function(node, node.body)

    def visit_DeferStmt(self, node: n.DeferStmt) -> None:
        self.scope.function.has_defer = True
        self.own_function(node, node.body)

    def visit_Comptime(self, node: n.Comptime) -> None:
        self.own_function(node, node.body)

    def visit_Spawn(self, node: n.Spawn) -> None:
        for option in node.options:
            self.visit(option.value)
        if is_own_task(node.value):
            self.visit(node.value)
            return
        before = self.enter(self.function(node))
        self.visit(node.value)
        self.scope = before

    def visit_Timeout(self, node: n.Timeout) -> None:
        self.visit(node.duration_ms)
        self.own_function(node, node.body)

    def visit_WithTools(self, node: n.WithTools) -> None:
        self.visit(node.answers)
        self.own_function(node, node.body)

    def visit_Concurrent(self, node: n.Concurrent) -> None:
        for option in node.options:
            self.visit(option.value)
        if isinstance(node.branches, n.BranchFor):
            branch_for = node.branches
            self.visit(branch_for.iterable)
            before = self.enter(self.function(branch_for))
            self.pattern(branch_for.pattern, binds_names=True)
            self.maybe(branch_for.condition)
            self.statements(branch_for.body)
            self.scope = before
            return
        for branch in node.branches:
            if branch.name is not None:
                self.not_awaited.add((self.scope.function, branch.name.name))
            before = self.enter(self.function(branch))
            if isinstance(branch.value, n.AsyncBlock):
                self.statements(branch.value.body)
            else:
                self.visit(branch.value)
            self.scope = before

    def visit_Await(self, node: n.Await) -> None:
        self.visit(node.value)
        awaited = node.value
        if isinstance(awaited, n.Concurrent) and not awaited.is_call and isinstance(awaited.branches, tuple):
            for branch in awaited.branches:
                if branch.name is not None:
                    binding = self.declare(branch.name.name, Kind.LOCAL, branch)
                    self.analysis.bindings[branch.name] = binding

    def visit_If(self, node: n.If) -> None:
        self.visit(node.condition)
        self.block(node.then)
        self.block(node.otherwise)

    def visit_IfLet(self, node: n.IfLet) -> None:
        self.visit(node.value)
        before = self.enter()
        self.pattern(node.pattern)
        self.statements(node.then)
        self.scope = before
        self.block(node.otherwise)

    def visit_MatchArm(self, node: n.MatchArm) -> None:
        before = self.enter()
        self.pattern(node.pattern)
        self.maybe(node.guard)
        self.statements(node.body)
        self.scope = before

    def visit_While(self, node: n.While) -> None:
        self.visit(node.condition)
        self.block(node.body, in_loop=True)

    def visit_WhileLet(self, node: n.WhileLet) -> None:
        self.visit(node.value)
        before = self.enter(in_loop=True)
        self.pattern(node.pattern)
        self.statements(node.body)
        self.scope = before

    def visit_Loop(self, node: n.Loop) -> None:
        self.block(node.body, in_loop=True)

    def visit_For(self, node: n.For) -> None:
        self.visit(node.iterable)
        before = self.enter(in_loop=True)
        self.pattern(node.pattern, binds_names=True)
        self.maybe(node.condition)
        self.statements(node.body)
        self.scope = before

    def visit_Comprehension(self, node: n.Comprehension) -> None:
        before = self.scope
        for clause in node.clauses:
            self.visit(clause.iterable)
            self.enter(in_loop=True)
            self.pattern(clause.pattern, binds_names=True)
            for condition in clause.conditions:
                self.visit(condition)
        self.visit(node.element)
        self.maybe(node.value)
        self.scope = before

    def visit_YieldStmt(self, node: n.YieldStmt) -> None:
        self.scope.function.is_generator = True
        self.visit(node.value)


def is_own_task(value: n.Expr) -> bool:
    """Whether `spawn(value)` needs no task body made of the whole expression (see `Analysis.functions`)."""
    if isinstance(value, n.ListExpr):
        return all(isinstance(item, n.Call | n.Lambda | n.AsyncBlock) for item in value.items)
    return isinstance(value, n.Call | n.Lambda | n.AsyncBlock)


_DECL_KINDS: dict[type[n.Node], Kind] = {
    n.RecordDecl: Kind.RECORD,
    n.TraitDecl: Kind.TRAIT,
    n.TypeAliasDecl: Kind.TYPE,
    n.ConstDecl: Kind.CONST,
}

_WORDS = {
    Kind.CELL: "a cell",
    Kind.RECORD: "a record",
    Kind.ENUM: "an enum",
    Kind.VARIANT: "a variant",
    Kind.CONST: "a constant",
    Kind.TYPE: "a type",
    Kind.TRAIT: "a trait",
    Kind.TOOL: "a tool",
    Kind.MODULE: "a module",
}
