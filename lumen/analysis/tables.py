"""The facts that analysis finds, in side tables keyed by node identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import Factory, define

if TYPE_CHECKING:
    from lumen.analysis.scopes import Binding, Function
    from lumen.analysis.types import Type
    from lumen.diagnostics.diagnostic import Diagnostic
    from lumen.source.file import SourceFile
    from lumen.syntax.nodes import Expr, Module, Node


@define(eq=False)
class Analysis:
    """Everything the compiler and the tools ask about one module."""

    file: SourceFile
    module: Module
    diagnostics: list[Diagnostic] = Factory(list)
    bindings: dict[Node, Binding] = Factory(dict)
    """Name → what it refers to (None is absent: unresolved). Ident, NamePattern, TypePattern, Decl → what it
    introduces. NamePattern and ConstructorPattern that name a variant or record → that VARIANT/RECORD/BUILTIN binding (`ok`, `err`, `Error`).
    Attr that is `Enum.Variant` or `module.member` → the member's binding. AssignStmt target Name → the variable.
    Branch with a name under a direct `await` → the variable it binds."""
    functions: dict[Node, Function] = Factory(dict)
    """CellDecl, Lambda, AsyncBlock, DeferStmt, Module, Comptime → themselves; Branch, BranchFor, Timeout, and Spawn (of anything but a call, lambda, async block or list of those) → their task body."""
    types: dict[Expr, Type] = Factory(dict)
    """Expressions whose type is known; absent means unknown. Int means exactly Int (never Bool)."""
    suspends: set[Node] = Factory(set)
    """Call, Await, For, Pipe, … nodes at which the enclosing function may suspend (the compiler awaits there)."""
    globals: dict[str, Binding] = Factory(dict)
    """Top-level names of the module, in source order."""
    imports: list[str] = Factory(list)
    """Dotted names of imported modules, in source order, each once."""
