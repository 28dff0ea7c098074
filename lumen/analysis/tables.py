"""The facts that analysis finds, in side tables keyed by node identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from attrs import Factory, define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen.analysis.scopes import Binding, Function
    from lumen.analysis.types import Type
    from lumen.diagnostics.diagnostic import Diagnostic
    from lumen.source.file import SourceFile
    from lumen.syntax.nodes import CellDecl, ConstDecl, Expr, Module, Node

Interface = dict[str, Any]
"""What a module shows to those that import it, as plain marshal-able data; drawn in `interface.py`."""

CallKind = Literal["cell", "async", "record", "variant", "builtin", "tool", "method", "ufcs", "value", "module-cell"]


@frozen
class CallTarget:
    """What a call calls, as far as that is known before the program runs.

    * `cell`, `async`: a cell of this module (`async`: the call gives a Future); `module-cell`: an imported one;
    * `record`, `variant`, `builtin`, `tool`: a constructor, a built-in, a tool alias;
    * `method`: `x.m(…)` where the type of `x` is known to be the record or enum `binding`, which declares `m`;
    * `ufcs`: `x.f(…)` where `binding` (a cell or built-in called `f`) is to be called with `x` before the other
      arguments. `is_certain`: the type of `x` is known and has no `f` of its own; otherwise a field or method of the
      value goes first, and `binding` is the fallback;
    * `value`: anything else: a function value, or a method found when the program runs (`method` then has its name).
    """

    kind: CallKind
    binding: Binding | None = None
    method: str | None = None
    higher_order_async: bool = False
    """A built-in that is given a function that may suspend: its `~` form is to be called, and awaited."""
    is_certain: bool = True


@define(eq=False)
class Analysis:
    """Everything the compiler and the tools ask about one module."""

    file: SourceFile
    module: Module
    diagnostics: list[Diagnostic] = Factory(list)
    bindings: dict[Node, Binding] = Factory(dict)
    """Name → what it refers to (None is absent: unresolved). Ident, NamePattern, TypePattern, Decl → what it
    introduces. NamePattern and ConstructorPattern that name a variant or record → that VARIANT/RECORD/BUILTIN
    binding (`ok`, `err`, `Error`).
    Attr that is `Enum.Variant` or `module.member` → the member's binding. AssignStmt target Name → the variable.
    Branch with a name under a direct `await` → the variable it binds."""
    functions: dict[Node, Function] = Factory(dict)
    """CellDecl, Lambda, AsyncBlock, DeferStmt, Module, Comptime, RecordDecl (its defaults and conditions), Attribute
    (the `cases` of a test) → themselves;
    Branch, BranchFor, Timeout, WithTools, and Spawn (of anything but a call, lambda, async block or list of those) →
    their body."""
    types: dict[Expr, Type] = Factory(dict)
    """Expressions whose type is known; absent means unknown. Int means exactly Int (never Bool)."""
    suspends: set[Node] = Factory(set)
    """Call, Await, For, Pipe, … nodes at which the enclosing function may suspend (the compiler awaits there)."""
    globals: dict[str, Binding] = Factory(dict)
    """Top-level names of the module, in source order."""
    constants: list[ConstDecl] = Factory(list)
    """Top-level constants, each after those that its value needs."""
    imports: list[str] = Factory(list)
    """Dotted names of imported modules, in source order, each once."""
    copies: dict[Function, dict[Binding, Binding]] = Factory(dict)
    """Closures capture by value: a function that assigns to a variable of an enclosing function (or to a GLOBAL) has
    a variable of its own for it, which starts with the value of the outer one. Outer → own; every use inside the
    function refers to the own one already."""
    calls: dict[Node, CallTarget] = Factory(dict)
    """For each Call and Pipe: what it calls. A Pipe whose right side is a Call is the call of that Call; the inner
    Call has no entry of its own."""
    maybe: set[Node] = Factory(set)
    """Those of `suspends` where only the value that comes back tells: await it if it is a coroutine."""
    collected: set[Node] = Factory(set)
    """Arguments that a built-in (or `...`) goes through and that must be waited for: channels and suspending
    generators. Their items are collected before the call."""
    implicit_self: dict[CellDecl, Binding] = Factory(dict)
    """Methods written without a `self` parameter: the binding of the one they have all the same."""
    members: dict[Binding, dict[str, Binding]] = Factory(dict)
    """ENUM → its variants, MODULE → what it exports, by name."""
    broken_modules: dict[str, str] = Factory(dict)
    """Imported modules that could not be loaded → why; nothing else is said about their names."""
    interfaces: dict[str, Interface] = Factory(dict)
    """The interfaces of imported modules, by dotted name."""
    imported: dict[Binding, Interface] = Factory(dict)
    """Imported binding → its entry in the interface of the module it is from."""
    imported_names: dict[str, Node] = Factory(dict)
    """Names that imports bring into the module, with the place of each."""
    declared_elsewhere: Callable[[str, str], Binding | None] = field(default=lambda module, name: None)
    """Finds the binding of a name exported by another module."""
    later_names: set[Node] = Factory(set)
    """Names that stand for nothing, in `@doc_mode true`: they fail when they are evaluated."""
    interface: Interface = Factory(dict)
    """What other modules see of this one."""
    deterministic: bool | None = None
    """The value of `@deterministic`, None without one; likewise the next two."""
    strict: bool | None = None
    doc_mode: bool = False

    @property
    def has_errors(self) -> bool:
        """Whether the program must not be run."""
        return any(diagnostic.severity == "error" for diagnostic in self.diagnostics)
