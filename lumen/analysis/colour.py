"""Which functions may suspend: a fixed point over the call graph.

Compiling everything to `async def` costs 3x (DESIGN.md, "Colour"), so a function is PLAIN unless something in it may
suspend the task that runs it. Each function's *sites* are collected once: places that suspend always, and places
that suspend if one of certain functions does. All functions start PLAIN; SUSPENDS spreads until nothing changes.

What is called may be unknown (a parameter, a field): then the call is taken to suspend, and the compiled code awaits
only if a coroutine came back (`maybe`). Being wrong in the other direction is the bug to avoid: a PLAIN function that
meets a coroutine can't wait for it.

Two things suspend that have no `await`: an endless loop without a way out (there the scheduler gets its turn), and a
`for` over something that may be a channel. Constructs (`spawn`, `parallel`, …) only start things.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import Factory, define, evolve

from lumen.analysis.functions import ALWAYS, UNKNOWN, FunctionValues, Reason
from lumen.analysis.scopes import Binding, Colour, Function, Kind
from lumen.analysis.signatures import BUILTINS, SUSPENDING_METHODS, VALUE_METHODS
from lumen.analysis.walk import nodes_of
from lumen.syntax import nodes as n
from lumen.syntax.visit import children

if TYPE_CHECKING:
    from lumen.analysis.declared import Declared
    from lumen.analysis.tables import CallTarget
    from lumen.analysis.types import Type

_PLAIN_ITERABLES = frozenset({"list", "set", "map", "tuple", "String", "Bytes"})

_GO_THROUGH = frozenset(
    """enumerate zip to_list to_set to_map take drop slice first last chunk window reverse sort unique flatten sum min
    max join index_of map filter flat_map reduce count any all find position group_by partition sort_by""".split()
)
"""Built-ins that take a generator for its items."""

_SUSPENDING_NAMES = frozenset().union(*SUSPENDING_METHODS.values())
_VALUE_METHOD_NAMES = frozenset().union(*VALUE_METHODS.values())


@define(eq=False)
class Site:
    """A place in a function that may suspend it."""

    node: n.Node
    reason: Reason
    is_maybe: bool = False
    """Only the value that comes back tells."""
    is_higher_order: bool = False
    """It suspends because a built-in is given a function that does."""
    is_marked: bool = True
    """Whether the node belongs into the `suspends` table (an endless loop does not)."""
    is_colouring: bool = True
    """Whether the function suspends here. Not where a call is only started (by `spawn`), nor where a map may hold
    a function under the name of a built-in: that is too rare to slow every `m.keys()` down."""

    is_collecting: bool = False
    """The node is a channel or generator whose items are collected, for a built-in that can't wait."""

    @property
    def is_suspending(self) -> bool:
        """As far as found."""
        return self.reason.is_suspending


@define(eq=False)
class _Facts:
    sites: list[Site] = Factory(list)
    spawns: bool = False
    spawn_deps: list[Function] = Factory(list)


def find_colours(declared: Declared) -> None:
    """Fill `colour` and `can_spawn` of every function, `suspends`, `maybe`, and `higher_order_async` of calls."""
    Colouring(declared).run()


class Colouring:
    """One fixed point over one module."""

    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        self.analysis = declared.analysis
        self.values = FunctionValues(declared)
        self.started: set[n.Node] = set()
        """Calls that `spawn` starts, rather than the function they stand in."""
        self.facts: dict[Function, _Facts] = {}
        self.current = _Facts()

    def run(self) -> None:
        """Collect, spread, and write down."""
        functions = self.analysis.functions
        for function in functions.values():
            self.current = self.facts[function] = _Facts()
            for node in self.declared.own[function]:
                self.note(node)
            if isinstance(function.node, n.CellDecl):
                self.attributes(function.node)
        self.spread()
        self.constants()
        for function in functions.values():
            if isinstance(function.node, n.RecordDecl | n.Comptime | n.Attribute):
                # These can't wait: `checks/` refuses what certainly would.
                function.colour = Colour.PLAIN
        for function, facts in self.facts.items():
            for site in facts.sites:
                if site.is_collecting and site.is_suspending and function.colour is Colour.SUSPENDS:
                    self.analysis.collected.add(site.node)
                if site.is_suspending and site.is_marked:
                    self.analysis.suspends.add(site.node)
                    if site.is_maybe:
                        self.analysis.maybe.add(site.node)
                    if site.is_higher_order:
                        target = self.analysis.calls[site.node]
                        self.analysis.calls[site.node] = evolve(target, higher_order_async=True)

    def attributes(self, cell: n.CellDecl) -> None:
        """`@retry` waits between attempts, `@timeout` for its end."""
        if any(attribute.name in ("retry", "timeout") for attribute in cell.attributes):
            self.current.sites.append(Site(cell, Reason(is_always=True), is_marked=False))
            self.current.spawns = True

    def constants(self) -> None:
        """Values of constants are computed while the module is set up, by no function of its own."""
        functions = self.analysis.functions
        self.current = _Facts()
        for item in self.analysis.module.body:
            if isinstance(item, n.ConstDecl):
                for node in nodes_of([item.value], functions):
                    self.note(node)
        for site in self.current.sites:
            if site.is_suspending and site.is_marked:
                self.analysis.suspends.add(site.node)
                if site.is_maybe:
                    self.analysis.maybe.add(site.node)

    def spread(self) -> None:
        """Colours and `can_spawn` pass from each function to those that call it, until nothing changes."""
        callers: dict[Function, list[Function]] = {}
        for function, facts in self.facts.items():
            called = [inner for site in facts.sites for inner in site.reason.functions]
            for inner in (*called, *facts.spawn_deps):
                callers.setdefault(inner, []).append(function)
        pending = list(self.facts)
        while pending:
            function = pending.pop()
            facts = self.facts[function]
            has_changed = False
            if function.colour is Colour.PLAIN and any(
                site.is_colouring and site.is_suspending for site in facts.sites
            ):
                function.colour = Colour.SUSPENDS
                has_changed = True
            if not function.can_spawn and (facts.spawns or any(inner.can_spawn for inner in facts.spawn_deps)):
                function.can_spawn = True
                has_changed = True
            if has_changed:
                pending.extend(callers.get(function, ()))

    def site(self, node: n.Node, reason: Reason, *, is_maybe: bool = False, is_higher_order: bool = False) -> None:
        """Note a place, unless it is known not to suspend."""
        if reason.is_always or reason.functions:
            self.current.sites.append(Site(node, reason, is_maybe or reason.is_unknown, is_higher_order))
        self.current.spawn_deps.extend(reason.functions)
        self.current.spawns = self.current.spawns or reason.is_always

    # --- What each node means for the function it stands in ---

    def note(self, node: n.Node) -> None:
        """Look at one node of the current function."""
        if isinstance(node, n.Call):
            self.call(node, node.callee, node.args, 0)
        elif isinstance(node, n.Pipe):
            if isinstance(node.right, n.Call):
                self.call(node, node.right.callee, node.right.args, 1)
            else:
                self.call(node, node.right, (), 1)
        elif isinstance(node, n.Await | n.WithTools):
            self.site(node, Reason(is_always=True))
        elif isinstance(node, n.For | n.ForClause):
            self.iteration(node, node.iterable)
        elif isinstance(node, n.ListExpr | n.SetExpr):
            for item in node.items:
                if isinstance(item, n.Spread):
                    self.collection(item.value)
        elif isinstance(node, n.Spawn):
            self.current.spawns = True
            value = node.value
            if node not in self.analysis.functions:
                self.started.update(value.items if isinstance(value, n.ListExpr) else (value,))
        elif isinstance(node, n.Concurrent | n.Timeout | n.AsyncBlock):
            self.current.spawns = True
            if isinstance(node, n.Concurrent) and isinstance(node.branches, n.BranchFor) and node.branches.condition:
                self.collection(node.branches.iterable)
        elif isinstance(node, n.While | n.Loop):
            if is_endless(node):
                self.current.sites.append(Site(node, Reason(is_always=True), is_marked=False))
        elif isinstance(node, n.DeferStmt):
            self.site(node, Reason(functions=(self.analysis.functions[node],)))
        elif isinstance(node, n.Lambda):
            # Whoever calls it, it is most likely called from here.
            self.current.spawn_deps.append(self.analysis.functions[node])

    def iteration(self, node: n.Node, iterable: n.Expr) -> None:
        """`for` over a value: channels and suspending generators are waited for."""
        type_ = self.analysis.types.get(iterable)
        if type_ is not None and type_.name in _PLAIN_ITERABLES:
            return
        if type_ is not None and type_.name == "yield":
            self.site(node, self.values.generator(iterable))
        else:
            self.site(node, Reason(is_always=True))

    def call(self, node: n.Expr, callee: n.Expr, args: tuple[n.Arg, ...], shift: int) -> None:
        """A call in the current function; `shift` arguments stand before `args`."""
        target = self.analysis.calls.get(node)
        if target is None:
            return
        if node in self.started:
            before = self.current
            self.current = _Facts()
            self.called(node, callee, args, shift, target)
            for site in self.current.sites:
                site.is_colouring = False
            before.sites += self.current.sites
            before.spawns = True
            self.current = before
        else:
            self.arguments(node, callee, args, target)
            self.called(node, callee, args, shift, target)

    def arguments(self, node: n.Expr, callee: n.Expr, args: tuple[n.Arg, ...], target: CallTarget) -> None:
        """Spread arguments, and what is given to a built-in that goes through it."""
        binding = target.binding
        goes_through = binding is not None and binding.kind is Kind.BUILTIN and binding.name in _GO_THROUGH
        for arg in args:
            if goes_through or arg.is_spread:
                self.collection(arg.value)
        if goes_through and isinstance(node, n.Pipe):
            self.collection(node.left)
        if goes_through and target.kind == "ufcs" and target.is_certain and isinstance(callee, n.Attr):
            self.collection(callee.value)

    def collection(self, node: n.Expr) -> None:
        """Something that is gone through by code that can't wait: it is collected before, if it is to be waited for."""
        type_ = self.analysis.types.get(node)
        if type_ is not None and type_.name in ("yield", "Channel"):
            reason = ALWAYS if type_.name == "Channel" else self.values.generator(node)
            self.current.sites.append(Site(node, reason, is_marked=False, is_collecting=True))
            self.current.spawn_deps.extend(reason.functions)

    def called(self, node: n.Expr, callee: n.Expr, args: tuple[n.Arg, ...], shift: int, target: CallTarget) -> None:
        """A call, made or started."""
        receiver = self.analysis.types.get(callee.value) if isinstance(callee, n.Attr) else None
        if target.kind == "async":
            self.current.spawns = True
        elif target.kind == "value":
            self.value_call(node, callee, target, receiver)
        elif target.kind == "method":
            assert target.binding is not None
            record = self.declared.records.get(target.binding)
            fact = None if record is None else record.methods.get(target.method or "")
            self.site(node, self.values.cell(fact))
        elif target.kind == "ufcs":
            self.ufcs_call(node, args, target, receiver, shift)
        elif target.binding is not None:
            self.site_of_binding(node, target.binding, args, shift, is_maybe=False)

    def site_of_binding(
        self, node: n.Expr, binding: Binding, args: tuple[n.Arg, ...], shift: int, *, is_maybe: bool
    ) -> None:
        """A call of a known cell, built-in, or tool."""
        if binding.kind is not Kind.BUILTIN or binding.name not in BUILTINS:
            self.site(node, self.values.binding(binding), is_maybe=is_maybe)
            return
        signature = BUILTINS[binding.name]
        self.current.spawns = self.current.spawns or signature.asks_world
        if signature.suspends:
            self.site(node, Reason(is_always=True), is_maybe=is_maybe)
        elif signature.function_positions:
            reason = self.values.callbacks(signature, args, shift)
            if reason.is_always or reason.functions:
                self.current.sites.append(Site(node, reason, is_maybe, is_higher_order=True))
                self.current.spawn_deps.extend(reason.functions)

    def ufcs_call(
        self, node: n.Expr, args: tuple[n.Arg, ...], target: CallTarget, receiver: Type | None, shift: int
    ) -> None:
        """`x.f(a)` where a cell or built-in `f` is visible."""
        assert target.binding is not None
        assert target.method is not None
        self.site_of_binding(node, target.binding, args, shift + 1, is_maybe=not target.is_certain)
        if target.is_certain:
            return
        if receiver is not None and receiver.name == "map":
            self.current.sites.append(Site(node, UNKNOWN, is_maybe=True, is_colouring=False))
            return
        reason = self.methods_called(target.method, receiver)
        if reason is not None:
            self.site(node, reason, is_maybe=True)

    def value_call(self, node: n.Expr, callee: n.Expr, target: CallTarget, receiver: Type | None) -> None:
        """A call of a function value, or of a method found when the program runs."""
        name = target.method
        if name is None:
            self.site(node, self.values.value(callee))
            return
        if receiver is not None and receiver.name in VALUE_METHODS and name in VALUE_METHODS[receiver.name]:
            self.site(node, Reason(is_always=name in SUSPENDING_METHODS[receiver.name]))
            return
        reason = self.methods_called(name, receiver)
        self.site(node, UNKNOWN if reason is None else reason, is_maybe=True)

    def methods_called(self, name: str, receiver: Type | None) -> Reason | None:
        """What calling a method by name may do, whatever the value; None: no method is known by that name."""
        record = None if receiver is None else self.declared.record(receiver)
        has_field = name in record.fields if record is not None else name in self.declared.field_names
        if has_field or (receiver is not None and receiver.name == "map"):
            return UNKNOWN
        facts = self.declared.methods.get(name, [])
        colours = self.declared.imported_methods.get(name, set())
        found = bool(facts) or bool(colours)
        reason = Reason()
        for fact in facts:
            reason = reason.also(self.values.cell(fact))
        if "suspends" in colours:
            reason = reason.also(Reason(is_always=True))
        if receiver is None and name in _VALUE_METHOD_NAMES:
            found = True
            reason = reason.also(Reason(is_always=name in _SUSPENDING_NAMES))
        return reason if found else None


def is_endless(node: n.While | n.Loop) -> bool:
    """Whether a loop has no condition and no `break`, `return`, `?` or `yield` that leaves it (or pauses it)."""
    if isinstance(node, n.While):
        condition = node.condition
        if not (isinstance(condition, n.BoolLit | n.IntLit) and condition.value):
            return False
    stack: list[tuple[n.Node, bool, frozenset[str]]] = [(node.body, False, frozenset())]
    while stack:
        item, is_in_inner, labels = stack.pop()
        if isinstance(item, n.ReturnStmt | n.YieldStmt | n.Propagate):
            return False
        if isinstance(item, n.BreakStmt):
            if item.label is None and not is_in_inner:
                return False
            if item.label is not None and item.label not in labels:
                return False
        if isinstance(item, _OWN_FUNCTIONS):
            continue
        if isinstance(item, n.While | n.WhileLet | n.Loop | n.For):
            is_in_inner = True
            if item.label is not None:
                labels = labels | {item.label}
        stack.extend((child, is_in_inner, labels) for child in children(item))
    return True


_OWN_FUNCTIONS = (
    n.CellDecl,
    n.Lambda,
    n.AsyncBlock,
    n.Branch,
    n.BranchFor,
    n.Timeout,
    n.WithTools,
    n.DeferStmt,
    n.RecordDecl,
    n.EnumDecl,
)
