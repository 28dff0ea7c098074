"""The part of name resolution that deals with patterns, members (`Enum.Variant`, `module.name`), and types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.findings import report
from lumen.analysis.names import FUTURE_STATE, PRELUDE, PRELUDE_VARIANTS
from lumen.analysis.scopes import Binding, Kind
from lumen.diagnostics.spelling import nearest
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.names import Scope
    from lumen.analysis.tables import Analysis


class PatternResolver:
    """What `Resolver` knows about patterns; it is never used on its own."""

    analysis: Analysis
    scope: Scope

    def declare(self, name: str, kind: Kind, node: n.Node | None, *, is_mut: bool = False) -> Binding:
        raise NotImplementedError

    def visit(self, node: n.Node) -> None:
        raise NotImplementedError

    def use(self, node: n.Node, binding: Binding) -> None:
        raise NotImplementedError

    def exporter(self, name: str) -> str | None:
        """An imported module that exports a name which is not imported itself (a variant counts as well)."""
        for module in self.analysis.imports:
            exports = self.analysis.interfaces.get(module, {}).get("exports", {})
            if name in exports or any(name in entry.get("variants", ()) for entry in exports.values()):
                return module
        return None

    # --- Enums and members ---

    def declare_enum(self, node: n.EnumDecl) -> None:
        """An enum and its variants, which are names of their own; earlier names of the block go first."""
        bindings = self.analysis.bindings
        enum = self.declare(node.name.name, Kind.ENUM, node)
        bindings[node.name] = enum
        variants = self.analysis.members.setdefault(enum, {})
        is_future_state = (
            node.name.name == "FutureState"
            and {variant.name.name: len(variant.fields) for variant in node.variants} == FUTURE_STATE
        )
        for variant in node.variants:
            name = variant.name.name
            binding = Binding(name, Kind.VARIANT, variant, self.scope.function, parent=enum)
            bindings[variant] = bindings[variant.name] = binding
            if is_future_state:
                # The program spells out the enum that it has anyway: both are one.
                variants[name] = PRELUDE[name]
                continue
            variants.setdefault(name, binding)
            if name not in self.scope.names:
                self.scope.names[name] = binding
                if self.scope.parent is None:
                    self.analysis.globals.setdefault(name, binding)

    def member(self, holder: Binding, ident: n.Ident) -> Binding | None:
        """What `holder.name` stands for, if the holder is an enum or a module; unknown members are reported."""
        if holder is PRELUDE["FutureState"]:
            return PRELUDE[ident.name] if ident.name in FUTURE_STATE else None
        if holder.kind not in (Kind.ENUM, Kind.MODULE):
            return None
        members = self.analysis.members.get(holder, {})
        found = members.get(ident.name)
        if found is not None:
            return found
        suggestion = nearest(ident.name, members)
        hint = None if suggestion is None else f"did you mean `{suggestion}`?"
        if holder.kind is Kind.ENUM:
            if isinstance(holder.node, n.EnumDecl):
                methods = {method.name.name for method in holder.node.methods}
            else:
                methods = set(self.analysis.imported.get(holder, {}).get("methods", ()))
            if ident.name in methods:
                return None
            report(self.analysis, "unknown-variant", f"`{holder.name}` has no variant `{ident.name}`", ident, hint=hint)
        elif not self.analysis.broken_modules.get(holder.origin or ""):
            report(self.analysis, "missing-name", f"module `{holder.origin}` has no `{ident.name}`", ident, hint=hint)
        return None

    # --- Patterns ---

    def pattern(self, pattern: n.Pattern, *, is_mut: bool = False, binds_names: bool = False) -> None:
        """Introduce the names of a pattern in the current scope.

        `binds_names`: a bare name at the top (`let x`, `for x`) is always introduced, even if it is a variant's too.
        """
        if binds_names and isinstance(pattern, n.NamePattern):
            self.declare(pattern.name, Kind.LOCAL, pattern, is_mut=is_mut)
            return
        self._pattern(pattern, is_mut, {}, {})

    def pattern_bindings(self, pattern: n.Pattern) -> list[Binding]:
        """The bindings that a resolved pattern introduces, in source order."""
        if isinstance(pattern, n.NamePattern):
            binding = self.analysis.bindings.get(pattern)
            return [] if binding is None or binding.kind not in (Kind.LOCAL, Kind.GLOBAL) else [binding]
        if isinstance(pattern, n.TypePattern | n.RestPattern):
            binding = self.analysis.bindings.get(pattern)
            return [] if binding is None else [binding]
        if isinstance(pattern, n.OrPattern):
            inner: tuple[n.Pattern, ...] = pattern.alternatives
        elif isinstance(pattern, n.TuplePattern | n.ListPattern):
            inner = pattern.items
        elif isinstance(pattern, n.ConstructorPattern):
            inner = tuple(arg.pattern for arg in pattern.args)
        else:
            inner = ()
        return [binding for item in inner for binding in self.pattern_bindings(item)]

    def _pattern(self, node: n.Pattern, is_mut: bool, bound: dict[str, n.Node], shared: dict[str, Binding]) -> None:
        """`bound` has the names of this pattern so far; `shared` those of an earlier alternative of `p | q`."""
        if isinstance(node, n.NamePattern):
            known = self.scope.find(node.name)
            # A bare `ok` or `err` is a name like any other: without its value neither is a variant.
            is_prelude = known is not None and _is_prelude_variant(known) and node.name not in ("ok", "err")
            if known is not None and (known.kind is Kind.VARIANT or is_prelude):
                self.use(node, known)
            else:
                self._bind(node.name, node, is_mut, bound, shared)
        elif isinstance(node, n.TypePattern):
            self.visit(node.type)
            if node.name is not None:
                self._bind(node.name.name, node, is_mut, bound, shared)
                self.analysis.bindings[node.name] = self.analysis.bindings[node]
        elif isinstance(node, n.RestPattern):
            if node.name is not None and node.name.name != "_":
                self._bind(node.name.name, node, is_mut, bound, shared)
                self.analysis.bindings[node.name] = self.analysis.bindings[node]
        elif isinstance(node, n.TuplePattern | n.ListPattern):
            for item in node.items:
                self._pattern(item, is_mut, bound, shared)
        elif isinstance(node, n.ConstructorPattern):
            self._constructor(node)
            for arg in node.args:
                self._pattern(arg.pattern, is_mut, bound, shared)
        elif isinstance(node, n.OrPattern):
            self._alternatives(node, is_mut, bound, shared)
        elif isinstance(node, n.LiteralPattern | n.RangePattern):
            pass  # Literals only: no names inside.

    def _bind(
        self, name: str, node: n.Pattern, is_mut: bool, bound: dict[str, n.Node], shared: dict[str, Binding]
    ) -> None:
        earlier = bound.get(name)
        if earlier is not None:
            report(
                self.analysis, "duplicate-binding", f"`{name}` is bound twice in this pattern", node,
                hint="use another name, and compare in a guard: `if a == b`", first=(earlier, "first bound here"),
            )  # fmt: skip
        bound[name] = node
        same = shared.get(name)
        if same is not None:
            self.analysis.bindings[node] = same
        else:
            self.declare(name, Kind.LOCAL, node, is_mut=is_mut)

    def _alternatives(
        self, node: n.OrPattern, is_mut: bool, bound: dict[str, n.Node], shared: dict[str, Binding]
    ) -> None:
        """Every alternative binds the same names, and each name is one variable."""
        first: dict[str, n.Node] | None = None
        known = dict(shared)
        outer = dict(bound)
        for alternative in node.alternatives:
            own = dict(outer)
            self._pattern(alternative, is_mut, own, known)
            fresh = {name: place for name, place in own.items() if outer.get(name) is not place}
            for name, place in fresh.items():
                known.setdefault(name, self.analysis.bindings[place])
            if first is None:
                first = fresh
                bound.update(fresh)
            elif fresh.keys() != first.keys():
                name = sorted(fresh.keys() ^ first.keys())[0]
                report(
                    self.analysis, "or-pattern-bindings", f"`{name}` is not bound in every alternative of this pattern",
                    alternative, hint=f"bind `{name}` on both sides of `|`, or use `_`",
                )  # fmt: skip

    def _constructor(self, node: n.ConstructorPattern) -> None:
        """Which variant or record a constructor pattern names."""
        first, *rest = node.path
        binding = self.scope.find(first)
        if not rest and first in ("ok", "err"):
            binding = PRELUDE[first] if binding is None or binding.kind is not Kind.VARIANT else binding
        for name in rest:
            if binding is None:
                break
            binding = self.member(binding, n.Ident(node.span, name))
            if binding is None:
                return
        if binding is None:
            if self.analysis.doc_mode:
                return
            suggestion = self.scope.suggestion(first)
            module = self.exporter(first)
            hint = None if suggestion is None else f"did you mean `{suggestion}`?"
            if module is not None:
                hint = f"import it: `import {module}: {first}`"
            report(
                self.analysis,
                "unresolved-name",
                f"`{'.'.join(node.path)}` is not a known variant or record",
                node,
                hint=hint,
            )
        elif binding.kind in (Kind.VARIANT, Kind.RECORD) or _is_prelude_variant(binding) or binding.kind is Kind.TYPE:
            self.use(node, binding)
        else:
            report(self.analysis, "not-a-pattern", f"`{'.'.join(node.path)}` is not a variant or record", node)

    # --- Types ---

    def visit_NamedType(self, node: n.NamedType) -> None:
        """Types are never required to exist; a known record, enum, alias or trait is noted."""
        for arg in node.args:
            self.visit(arg)
        first, *rest = node.name.split(".")
        if not rest:
            binding = self.scope.find_type(first)
        else:
            holder = self.scope.find(first)
            members = {} if holder is None or holder.kind is not Kind.MODULE else self.analysis.members.get(holder, {})
            binding = members.get(rest[-1])
        if binding is not None:
            self.use(node, binding)


def _is_prelude_variant(binding: Binding) -> bool:
    return binding.kind is Kind.BUILTIN and binding.name in PRELUDE_VARIANTS
