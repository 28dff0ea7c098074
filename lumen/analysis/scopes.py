"""Names as data: what a name in the source stands for, and which function owns it.

Block scoping: every `let`, pattern, loop variable, and parameter makes a Binding of its own, visible
from there to the end of its block. A *function* here is whatever becomes a Python function of its own:
a cell, a lambda, a task body (a branch, a `parallel for` body, a `timeout` or `with_tools` body, `async … end`,
a `spawn` of anything but a call), a `defer` block, and the module itself.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from attrs import Factory, define

if TYPE_CHECKING:
    from lumen.analysis.types import Type
    from lumen.syntax.nodes import Node


class Kind(Enum):
    """What a Binding is."""

    LOCAL = "local"
    """A `let`, pattern, loop, or parameter name inside a function."""
    GLOBAL = "global"
    """A top-level `let` (or first assignment in a script). Lives in the module's namespace if a cell uses it."""
    CELL = "cell"
    """A cell, at top level or nested; for an imported one `origin` names its module."""
    RECORD = "record"
    ENUM = "enum"
    VARIANT = "variant"
    CONST = "const"
    TYPE = "type"
    TRAIT = "trait"
    TOOL = "tool"
    MODULE = "module"
    BUILTIN = "builtin"
    """A name of the prelude; also `ok`, `err`, `channel`, `sleep`, `attempt`."""


class Colour(Enum):
    """Whether a call of a function may suspend the task that makes it."""

    PLAIN = "plain"
    SUSPENDS = "suspends"


@define(eq=False)
class Binding:
    """One introduction of one name. Compared by identity."""

    name: str
    kind: Kind
    node: Node | None
    """Where it is introduced: Ident, NamePattern, TypePattern, a Decl, a VariantDecl, …; None for built-ins."""
    owner: Function | None = None
    """The function it lives in; None for built-ins and imported names."""
    is_mut: bool = False
    is_assigned: bool = False
    """Assigned again after its introduction."""
    in_loop: bool = False
    """Introduced inside a loop body of its function (each turn makes a new one)."""
    is_shared: bool = False
    """GLOBAL only: some cell or nested function of the module reads it."""
    origin: str | None = None
    """The module (dotted name) it was imported from."""
    origin_name: str | None = None
    """Its name there."""
    type: Type | None = None
    """The join of all types it may hold (LOCAL, GLOBAL, CONST), or of its declaration (CELL: an FnType)."""
    parent: Binding | None = None
    """VARIANT: the ENUM it belongs to. RECORD/ENUM members: n/a."""


@define(eq=False)
class Function:
    """What becomes one Python function."""

    node: Node
    parent: Function | None
    colour: Colour = Colour.PLAIN
    is_generator: bool = False
    captures: dict[Binding, None] = Factory(dict)
    """Bindings of enclosing functions used here or in functions nested here, in order of first use (an
    ordered set). GLOBALs and top-level declarations are never captured."""
    free: dict[Binding, None] = Factory(dict)
    """Nested cells, records, and enums of enclosing functions used here: found by name when used, never copied."""
    locals: list[Binding] = Factory(list)
    has_defer: bool = False
    can_spawn: bool = False
    """Its body (or a PLAIN cell it calls) may start a task, arm a timer, or ask the outside."""
