"""Builder callbacks for constructs whose meaning comes in a later step: parsed whole, kept with their parts."""

from __future__ import annotations

from typing import Any

from lumen.source.span import Span
from lumen.syntax import nodes as n
from lumen.syntax.build_base import BuilderBase, Signature


class LaterBuilder(BuilderBase):
    """Grants, agents, effects, processes."""

    def path_ident(self, span: Span, path: tuple[str, ...] | None) -> n.Ident | None:
        """A dotted name as one Ident."""
        return None if path is None else n.Ident(span, ".".join(path))

    def grant(self, span: Span, path: tuple[str, ...], *items: n.Arg) -> n.Decl:
        return n.LaterDecl(span, "grant", self.path_ident(span, path), items)

    def grant_item(self, span: Span, name: int, *values: n.Expr) -> n.Arg:
        value = values[0] if len(values) == 1 else n.ListExpr(values[0].span.to(values[-1].span), values)
        return n.Arg(span, self.texts[name], value)

    def later_block(self, span: Span, word: int, path: Any, params: Any, effects: Any, *rest: Any) -> n.Decl:
        parts = tuple(
            [part for part in (*(params or ()), effects, *rest) if part is not None and type(part) is not int]
        )
        return n.LaterDecl(span, self.texts[word], self.path_ident(self.token_span(word), path), parts)

    def bind_effect(self, span: Span, word: int, path: tuple[str, ...], target: n.Expr) -> n.Decl:
        return n.LaterDecl(span, "bind", self.path_ident(span, path), (target,))

    def effect_decl(self, span: Span, name: int, type_params: Any, *operations: n.Decl) -> n.Decl:
        return n.LaterDecl(span, "effect", self.ident(name), operations)

    def operation(self, span: Span, head: n.Decl | Signature) -> n.Decl:
        if isinstance(head, n.Decl):
            return head
        name, type_params, params, result, effects = head
        return n.CellDecl(span, name, type_params, params, result, effects, None)

    def handler_block(self, span: Span, path: tuple[str, ...], *arms: n.LaterExpr) -> n.Decl:
        return n.LaterDecl(span, "handler", self.path_ident(span, path), arms)

    def handler_cell(self, span: Span, path: tuple[str, ...], params: Any, result: Any, body: n.Block) -> n.Decl:
        return n.LaterDecl(span, "handler", self.path_ident(span, path), (*(params or ()), body))

    def handler_expr(self, span: Span, path: tuple[str, ...], params: Any, body: n.Expr) -> n.Decl:
        return n.LaterDecl(span, "handler", self.path_ident(span, path), (*(params or ()), self.expr_block(body)))

    def handle(self, span: Span, body: n.Block, *arms: n.LaterExpr) -> n.Expr:
        return n.LaterExpr(span, "handle", (body, *arms))

    def handler_arm(self, span: Span, path: tuple[str, ...], params: Any, arrow: int, body: n.Block) -> n.Expr:
        return n.LaterExpr(span, "handler-arm", (self.path_ident(span, path), *(params or ()), body))

    def machine(self, span: Span, name: int, params: Any, *members: Any) -> n.Decl:
        return n.LaterDecl(span, "machine", self.ident(name), (*(params or ()), *members))

    def pipeline(self, span: Span, name: int, params: Any, *members: Any) -> n.Decl:
        return n.LaterDecl(span, "pipeline", self.ident(name), (*(params or ()), *members))

    def stages(self, span: Span, word: int, *stages: Any) -> n.Expr:
        return n.LaterExpr(span, "stages", tuple([stage for stage in stages if type(stage) is not int]))

    def property(self, span: Span, name: int, value: n.Expr) -> n.Arg:
        return n.Arg(span, self.texts[name], value)

    def initial(self, span: Span, value: n.Expr) -> n.Expr:
        return n.LaterExpr(span, "initial", (value,))

    def terminal(self, span: Span, value: n.Expr) -> n.Expr:
        return n.LaterExpr(span, "terminal", (value,))

    def terminal_flag(self, span: Span, value: n.Expr | None) -> n.Expr:
        return n.LaterExpr(span, "terminal", () if value is None else (value,))

    def guard(self, span: Span, value: n.Expr) -> n.Expr:
        return n.LaterExpr(span, "guard", (value,))

    def state(self, span: Span, name: int, params: Any, *members: Any) -> n.Decl:
        return n.LaterDecl(span, "state", self.ident(name), (*(params or ()), *members))

    def terminal_state(self, span: Span, word: int, name: int, params: Any, *members: Any) -> n.Decl:
        return n.LaterDecl(span, "terminal state", self.ident(name), (*(params or ()), *members))

    def state_line(self, span: Span, word: int, name: int, params: Any) -> n.Decl:
        return n.LaterDecl(span, "state", self.ident(name), tuple(params or ()))

    def terminal_state_line(self, span: Span, word: int, name: int, params: Any) -> n.Decl:
        return n.LaterDecl(span, "terminal state", self.ident(name), tuple(params or ()))

    def hook(self, span: Span, word: int, name: int, params: Any, result: Any, body: n.Block) -> n.Decl:
        return n.LaterDecl(span, self.texts[name], self.ident(name), (*(params or ()), body))

    def transition(self, span: Span, target: n.Expr, *rest: Any) -> n.Stmt:
        condition = [part for part in rest if part is not None and type(part) is not int]
        return n.ExprStmt(span, n.LaterExpr(span, "transition", (target, *condition)))
