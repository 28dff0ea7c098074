"""What calling a function *value* may do: follows names to the lambdas and cells they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lumen.analysis.scopes import Binding, Colour, Function, Kind
from lumen.analysis.signatures import BUILTINS
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.declared import CellFact, Declared
    from lumen.analysis.signatures import BuiltinSignature

_MAX_STEPS = 16
"""How many names are followed (`let g = f`, `let h = g`, …) before a value counts as unknown."""


@frozen
class Reason:
    """Why a call may suspend: always, or if one of some functions does; neither: it can't."""

    is_always: bool = False
    functions: tuple[Function, ...] = ()
    is_unknown: bool = False
    """What is called is not known: it may turn out not to suspend."""

    @property
    def is_suspending(self) -> bool:
        """As far as colours are known by now."""
        return self.is_always or any(function.colour is Colour.SUSPENDS for function in self.functions)

    def also(self, other: Reason) -> Reason:
        """Either of two reasons."""
        return Reason(
            self.is_always or other.is_always, self.functions + other.functions, self.is_unknown or other.is_unknown
        )


PLAIN = Reason()
UNKNOWN = Reason(is_always=True, is_unknown=True)
ALWAYS = Reason(is_always=True)


class FunctionValues:
    """Answers for one module."""

    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        self.analysis = declared.analysis
        self.known: dict[Binding, n.Expr] = {}
        """Variables that hold one function for good → the expression that gave it."""
        self._find_known()

    def _find_known(self) -> None:
        bindings = self.analysis.bindings
        for statement in self._lets():
            binding = bindings.get(statement.pattern)
            if binding is None or binding.is_assigned or binding.kind not in (Kind.LOCAL, Kind.GLOBAL):
                continue
            if isinstance(statement.value, n.Lambda | n.Name | n.Compose | n.Call):
                self.known[binding] = statement.value

    def _lets(self) -> list[n.LetStmt]:
        return [
            node
            for node in self.declared.tree
            if isinstance(node, n.LetStmt) and isinstance(node.pattern, n.NamePattern)
        ]

    def value(self, node: n.Expr, steps: int = 0) -> Reason:
        """Calling the value of an expression."""
        if isinstance(node, n.Lambda):
            function = self.analysis.functions.get(node)
            return UNKNOWN if function is None else PLAIN if function.is_generator else Reason(functions=(function,))
        if isinstance(node, n.Compose):
            return self.value(node.left, steps + 1).also(self.value(node.right, steps + 1))
        binding = self.analysis.bindings.get(node)
        if binding is not None:
            if binding in self.known and steps < _MAX_STEPS:
                return self.value(self.known[binding], steps + 1)
            return self.binding(binding)
        type_ = self.analysis.types.get(node)
        if isinstance(node, n.Attr):
            receiver = self.analysis.types.get(node.value)
            fact = None if receiver is None else self.declared.method(receiver, node.name.name)
            return UNKNOWN if fact is None else self.cell(fact)
        # Something that is certainly not a function fails when it is called, and does not suspend.
        return PLAIN if type_ is not None and type_.name not in ("fn", "Never") else UNKNOWN

    def is_evident(self, node: n.Expr) -> bool:
        """Whether an argument is plainly a function."""
        if isinstance(node, n.Lambda | n.Compose):
            return True
        binding = self.analysis.bindings.get(node)
        if binding is None:
            return False
        type_ = self.analysis.types.get(node)
        return binding.kind in (Kind.CELL, Kind.BUILTIN, Kind.TOOL) or (type_ is not None and type_.name == "fn")

    def binding(self, binding: Binding) -> Reason:
        """Calling what a name stands for."""
        if binding.kind is Kind.CELL:
            return self.cell(self.declared.cell(binding))
        if binding.kind in (Kind.RECORD, Kind.VARIANT, Kind.ENUM):
            return PLAIN
        if binding.kind is Kind.BUILTIN:
            signature = BUILTINS.get(binding.name)
            return ALWAYS if signature is not None and signature.suspends else PLAIN
        if binding.kind is Kind.TOOL:
            return ALWAYS
        return UNKNOWN

    def cell(self, fact: CellFact | None) -> Reason:
        """Calling a cell: an async one and a generator give something to wait for, and do not wait themselves."""
        if fact is None or fact.is_extern:
            return UNKNOWN
        if fact.is_async or fact.is_generator:
            return PLAIN
        if fact.function is not None:
            return Reason(functions=(fact.function,))
        return ALWAYS if fact.imported_colour is Colour.SUSPENDS else PLAIN

    def generator(self, node: n.Expr, steps: int = 0) -> Reason:
        """Pulling from the generator that an expression gives."""
        binding = self.analysis.bindings.get(node)
        if binding is not None and binding in self.known and steps < _MAX_STEPS:
            return self.generator(self.known[binding], steps + 1)
        target = self.analysis.calls.get(node)
        if target is None:
            return ALWAYS
        fact = None
        if target.kind == "method" and target.binding is not None:
            record = self.declared.records.get(target.binding)
            fact = None if record is None else record.methods.get(target.method or "")
        elif target.binding is not None and target.is_certain and target.binding.kind is Kind.CELL:
            fact = self.declared.cell(target.binding)
        elif target.kind == "value" and isinstance(node, n.Call):
            called = self.analysis.bindings.get(node.callee)
            source = node.callee if called is None else self.known.get(called)
            function = None if source is None else self.analysis.functions.get(source)
            return ALWAYS if function is None or not function.is_generator else Reason(functions=(function,))
        if fact is None or not fact.is_generator:
            return ALWAYS
        if fact.function is not None:
            return Reason(functions=(fact.function,))
        return ALWAYS if fact.imported_colour is Colour.SUSPENDS else PLAIN

    def callbacks(self, signature: BuiltinSignature, args: tuple[n.Arg, ...], shift: int) -> Reason:
        """What the functions given to a built-in may do; `shift` arguments stand before `args`."""
        positions = signature.function_positions
        names = {signature.params[at].name for at in positions}
        given: list[n.Expr] = []
        for at, arg in enumerate(args):
            if arg.is_spread:
                return UNKNOWN
            if arg.name in names or (arg.name is None and at + shift in positions):
                given.append(arg.value)
        # `reduce` takes its function and its first value in either order: what is plainly a function is the one.
        evident = [node for node in given if self.is_evident(node)]
        reason = PLAIN
        for node in evident or given:
            reason = reason.also(self.value(node))
        return reason
