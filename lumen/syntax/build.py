"""Builder callbacks for statements and declarations; `Builder` is the whole builder.

The parser calls the method that the grammar names (`-> name`, else the rule's own name) with the span of the rule
and its children. Methods whose name is a Python keyword end in `_`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from lumen.source.span import Span
from lumen.syntax import nodes as n
from lumen.syntax.build_base import Signature
from lumen.syntax.build_expr import ExprBuilder
from lumen.syntax.build_later import LaterBuilder
from lumen.syntax.tables import MODE_LIST, MODE_SAME, Tables


class Builder(LaterBuilder, ExprBuilder):
    """All callbacks of the grammar."""

    def callbacks(self, tables: Tables) -> list[Callable[..., Any]]:
        """The method of each rule, by rule number."""
        found: list[Callable[..., Any]] = []
        for _, _, name, mode, _ in tables.rules:
            if mode in (MODE_LIST, MODE_SAME) or name[0] in "?$":
                found.append(_unused)
            else:
                found.append(getattr(self, name, None) or getattr(self, name + "_"))
        return found

    # --- Module and statements ----------------------------------------------------------------------------------

    def module(self, span: Span, *body: n.Stmt | n.Directive) -> n.Module:
        directives = tuple([item for item in body if isinstance(item, n.Directive)])
        return n.Module(span, directives, tuple([item for item in body if isinstance(item, n.Stmt)]))

    def block(self, span: Span, *body: n.Stmt) -> n.Block:
        if body:
            span = Span(body[0].span[0], body[-1].span[1])
        else:
            span = Span(span[1], span[1])
        return n.Block(span, body)

    def expr_stmt(self, span: Span, value: n.Expr) -> n.Stmt:
        return n.ExprStmt(span, value)

    def assign(self, span: Span, target: n.Expr, value: n.Expr) -> n.Stmt:
        if isinstance(target, (n.TupleExpr, n.ListExpr)):
            return self.assign_pattern(span, target, value)
        self.check_target(target)
        return n.AssignStmt(span, target, None, value)

    def assign_op(self, span: Span, target: n.Expr, op: int, value: n.Expr) -> n.Stmt:
        self.check_target(target)
        return n.AssignStmt(span, target, self.texts[op][:-1], value)

    def assign_pattern(self, span: Span, target: Any, value: n.Expr) -> n.Stmt:
        """`(a, b) = (b, a)`: kept as an assignment to a tuple of targets."""
        for item in target.items:
            if isinstance(item, n.Expr):
                self.check_target(item)
            else:
                self.error("bad-assignment", "`...` can't stand left of `=` without `let`", item.span)
        return n.AssignStmt(span, target, None, value)

    def check_target(self, target: n.Expr) -> None:
        """Report a target that is not a variable, or a field or entry of one."""
        inner = target
        while isinstance(inner, (n.Attr, n.Index)) and not inner.is_optional:
            inner = inner.value
        if not isinstance(inner, n.Name):
            hint = " (`==` compares)" if isinstance(target, (n.Call, n.Binary)) else ""
            self.error("bad-assignment", f"only a variable, field or entry can stand left of `=`{hint}", target.span)

    def let(self, span: Span, pattern: n.Pattern, kind: n.TypeExpr | None, value: n.Expr) -> n.Stmt:
        return n.LetStmt(span, pattern, kind, value)

    def let_mut(self, span: Span, pattern: n.Pattern, kind: n.TypeExpr | None, value: n.Expr) -> n.Stmt:
        return n.LetStmt(span, pattern, kind, value, True)

    def return_stmt(self, span: Span, value: n.Expr | None) -> n.Stmt:
        return n.ReturnStmt(span, value)

    def break_stmt(self, span: Span, label: int | None, value: n.Expr | None) -> n.Stmt:
        return n.BreakStmt(span, self.label_of(label), value)

    def continue_stmt(self, span: Span, label: int | None) -> n.Stmt:
        return n.ContinueStmt(span, self.label_of(label))

    def yield_stmt(self, span: Span, value: n.Expr) -> n.Stmt:
        return n.YieldStmt(span, value)

    def defer_block(self, span: Span, body: n.Block) -> n.Stmt:
        return n.DeferStmt(span, body)

    def defer_line(self, span: Span, word: int, body: n.Stmt) -> n.Stmt:
        return n.DeferStmt(span, self.one(body))

    def emit_stmt(self, span: Span, value: n.Expr) -> n.Stmt:
        return n.EmitStmt(span, value)

    def assert_stmt(self, span: Span, condition: n.Expr, message: n.Expr | None) -> n.Stmt:
        return n.AssertStmt(span, condition, message)

    def role_stmt(self, span: Span, role: int, text: n.StringLit) -> n.Stmt:
        return n.RoleStmt(span, self.texts[role], text)

    def directive(self, span: Span, name: int, value: n.Expr | None) -> n.Directive:
        return n.Directive(span, self.texts[name], value)

    # --- Declarations -------------------------------------------------------------------------------------------

    def attribute(self, span: Span, name: int, args: tuple[n.Arg, ...] | None) -> n.Attribute:
        return n.Attribute(span, self.texts[name], args or ())

    def attributed(self, span: Span, *parts: Any) -> n.Decl:
        *attributes, decl = parts
        changes: dict[str, Any] = {"span": span}
        if hasattr(decl, "attributes"):
            changes["attributes"] = tuple(attributes)
        else:
            self.error("syntax-error", "an attribute can't stand before this declaration", attributes[0].span)
        if hasattr(decl, "doc") and decl.doc is None:
            changes["doc"] = self.docs.get(span[0])
        changed: n.Decl = attrs.evolve(decl, **changes)
        return changed

    def pub(self, span: Span, decl: n.Decl) -> n.Decl:
        if isinstance(decl, n.LaterDecl):
            return decl
        if not hasattr(decl, "is_pub"):
            self.error("syntax-error", "`pub` can't stand before this declaration", Span(span[0], span[0] + 3))
            return decl
        changes: dict[str, Any] = {"span": span, "is_pub": True}
        if hasattr(decl, "doc") and decl.doc is None:
            changes["doc"] = self.docs.get(span[0])
        return attrs.evolve(decl, **changes)

    def signature(self, span: Span, name: int, type_params: Any, params: Any, result: Any) -> Signature:
        kind, effects = result or (None, None)
        return Signature(self.ident(name), type_params or (), params or (), kind, effects)

    def type_params(self, span: Span, *parts: Any) -> tuple[n.Ident, ...]:
        # Bounds (`[T: Show]`) are accepted and not kept.
        return tuple([self.ident(part) for part in parts if type(part) is int])

    def make_cell(
        self,
        span: Span,
        head: Signature,
        body: n.Block | None,
        *,
        is_expr_body: bool = False,
        is_async: bool = False,
        is_extern: bool = False,
    ) -> n.CellDecl:
        """A cell from its signature."""
        name, type_params, params, result, effects = head
        doc = self.docs.get(span[0])
        return n.CellDecl(
            span, name, type_params, params, result, effects, body, is_expr_body, is_async, is_extern, False, (), doc
        )

    def cell_block(self, span: Span, head: Signature, body: n.Block) -> n.Decl:
        return self.make_cell(span, head, body)

    def cell_expr(self, span: Span, head: Signature, body: n.Expr) -> n.Decl:
        return self.make_cell(span, head, self.expr_block(body), is_expr_body=True)

    def cell_async_block(self, span: Span, head: Signature, body: n.Block) -> n.Decl:
        return self.make_cell(span, head, body, is_async=True)

    def cell_async_expr(self, span: Span, head: Signature, body: n.Expr) -> n.Decl:
        return self.make_cell(span, head, self.expr_block(body), is_async=True, is_expr_body=True)

    def cell_head(self, span: Span, word: int, head: Signature) -> n.Decl:
        return self.make_cell(span, head, None)

    def cell_async_head(self, span: Span, word: int, head: Signature) -> n.Decl:
        return self.make_cell(span, head, None, is_async=True)

    def cell_extern(self, span: Span, word: int, head: Signature) -> n.Decl:
        return self.make_cell(span, head, None, is_extern=True)

    def cell_extern_async(self, span: Span, word: int, head: Signature) -> n.Decl:
        return self.make_cell(span, head, None, is_extern=True, is_async=True)

    def cell(self, span: Span, decl: n.Decl) -> n.Decl:
        return decl

    def field(
        self, span: Span, name: int, kind: n.TypeExpr | None, default: n.Expr | None, where: n.Expr | None
    ) -> n.FieldDecl:
        return n.FieldDecl(span, self.ident(name), kind, default, where, self.docs.get(span[0]))

    def field_attributed(self, span: Span, *parts: Any) -> n.FieldDecl:
        *attributes, field = parts
        doc = field.doc or self.docs.get(span[0])
        changed: n.FieldDecl = attrs.evolve(field, span=span, attributes=tuple(attributes), doc=doc)
        return changed

    def record_fields(self, span: Span, *fields: n.FieldDecl) -> tuple[n.FieldDecl, ...]:
        return fields

    def record(self, span: Span, name: int, type_params: Any, fields: Any, *members: Any) -> n.Decl:
        all_fields = (*(fields or ()), *[item for item in members if isinstance(item, n.FieldDecl)])
        methods = self.methods("a record", [item for item in members if not isinstance(item, n.FieldDecl)])
        doc = self.docs.get(span[0])
        return n.RecordDecl(span, self.ident(name), type_params or (), all_fields, methods, False, (), doc)

    def methods(self, where: str, members: Any) -> tuple[n.CellDecl, ...]:
        """The cells among members; anything else is reported."""
        found: list[n.CellDecl] = []
        for member in members:
            if isinstance(member, n.CellDecl):
                found.append(member)
            else:
                self.error("syntax-error", f"only fields and cells can stand in {where}", member.span)
        return tuple(found)

    def enum(self, span: Span, name: int, type_params: Any, *members: Any) -> n.Decl:
        variants = tuple([item for item in members if isinstance(item, n.VariantDecl)])
        methods = self.methods("an enum", [item for item in members if not isinstance(item, n.VariantDecl)])
        doc = self.docs.get(span[0])
        return n.EnumDecl(span, self.ident(name), type_params or (), variants, methods, False, (), doc)

    def variant(self, span: Span, name: int, fields: Any) -> n.VariantDecl:
        numbered = [
            n.Param(item.span, n.Ident(item.span, f"_{at}"), item, None) if isinstance(item, n.TypeExpr) else item
            for at, item in enumerate(fields or ())
        ]
        return n.VariantDecl(span, self.ident(name), tuple(numbered))

    def variant_fields(self, span: Span, *fields: Any) -> Any:
        return fields

    def variant_type(self, span: Span, kind: n.TypeExpr) -> n.TypeExpr:
        return kind

    def variant_named(self, span: Span, name: int, kind: n.TypeExpr) -> n.Param:
        return n.Param(span, self.ident(name), kind, None)

    def type_alias(self, span: Span, name: int, type_params: Any, value: n.TypeExpr) -> n.Decl:
        return n.TypeAliasDecl(span, self.ident(name), type_params or (), value, False, self.docs.get(span[0]))

    def const(self, span: Span, name: int, kind: n.TypeExpr | None, value: n.Expr) -> n.Decl:
        return n.ConstDecl(span, self.ident(name), kind, value, False, self.docs.get(span[0]))

    def trait(self, span: Span, name: int, type_params: Any, *members: Any) -> n.Decl:
        methods = self.methods("a trait", members)
        return n.TraitDecl(span, self.ident(name), type_params or (), methods, False, self.docs.get(span[0]))

    def impl_own(self, span: Span, target: n.TypeExpr, *members: Any) -> n.Decl:
        return n.ImplDecl(span, None, target, self.methods("an impl", members))

    def impl_trait(self, span: Span, trait: n.TypeExpr, target: n.TypeExpr, *members: Any) -> n.Decl:
        return n.ImplDecl(span, trait, target, self.methods("an impl", members))

    def import_module(self, span: Span, module: tuple[str, ...]) -> n.Decl:
        return n.ImportDecl(span, module, None)

    def import_all(self, span: Span, module: tuple[str, ...]) -> n.Decl:
        return n.ImportDecl(span, module, "*")

    def import_names(self, span: Span, module: tuple[str, ...], *names: n.ImportName) -> n.Decl:
        return n.ImportDecl(span, module, names)

    def import_name(self, span: Span, name: int, alias: int | None) -> n.ImportName:
        return n.ImportName(span, self.ident(name), None if alias is None else self.ident(alias))

    def use_tool(self, span: Span, path: tuple[str, ...], alias: int | None, provider: int | None) -> n.Decl:
        name = self.ident(alias) if alias is not None else n.Ident(Span(span[1] - len(path[-1]), span[1]), path[-1])
        return n.UseToolDecl(span, ".".join(path), name, None if provider is None else self.texts[provider])


def _unused(*_: Any) -> Any:
    raise AssertionError("a helper rule has no callback")
