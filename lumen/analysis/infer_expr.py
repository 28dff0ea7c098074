"""Types of expressions, given what variables hold so far; the fixed point around it is in `infer.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.annotations import type_of_annotation
from lumen.analysis.promises import arguments_for, names_declared, trusted
from lumen.analysis.scopes import Binding, Kind
from lumen.analysis.signatures import BUILTINS, VALUE_ATTRIBUTES, VALUE_METHODS, element_of
from lumen.analysis.targets import call_target
from lumen.analysis.types import (
    ANY,
    BOOL,
    BYTES,
    FLOAT,
    INT,
    NEVER,
    NULL,
    STRING,
    Type,
    fn_of,
    future_of,
    join,
    list_of,
    map_of,
    set_of,
    tuple_of,
)
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen.analysis.declared import CellFact, Declared
    from lumen.analysis.tables import CallTarget

_ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%"})
_BITS = frozenset({"&", "|", "^", "<<", ">>"})
_TESTS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "not in"})
_CONVERSIONS = {"Int": INT, "Float": FLOAT, "String": STRING, "Bool": BOOL, "Bytes": BYTES}


def awaited(type_: Type) -> Type:
    """What a deep `await` of a value of this type gives."""
    while type_.name == "Future":
        type_ = type_.args[0]
    if type_.name in ("list", "set", "map", "tuple") and type_.args:
        return Type(type_.name, tuple(awaited(arg) for arg in type_.args))
    return type_


class ExprInference:
    """The expression half of `Inference`; it is never used on its own."""

    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        self.analysis = declared.analysis
        self.held: dict[Binding, Type] = {}
        """What each variable holds, as far as found."""
        self.promised: dict[Binding, Type] = {}
        """Annotated types of variables."""
        self.types: dict[n.Expr, Type] = {}
        self.targets: dict[n.Node, CallTarget] = {}
        self.returns: list[Type] = [NEVER]
        """One element: what the function being walked returns so far; likewise `yields`."""
        self.yields: list[Type] = [NEVER]
        self._visitors: dict[type[n.Expr], Callable[[n.Expr], Type]] = {}
        self._lambda_hints: dict[n.Expr, tuple[Type, ...]] = {}
        self.parts: dict[tuple[Binding, str], Type] = {}
        """(record or variant, field) → what the field holds, where that is less than its annotation promises."""
        self.has_changed = False

    # --- Given by `Inference` ---

    def give(self, binding: Binding, type_: Type) -> None:
        raise NotImplementedError

    def bind(self, node: n.Node, type_: Type) -> None:
        raise NotImplementedError

    def block(self, block: n.Block | None) -> Type:
        raise NotImplementedError

    def body(self, block: n.Block) -> tuple[Type, Type]:
        raise NotImplementedError

    def params(self, params: tuple[n.Param, ...], hints: tuple[Type, ...] | None = None) -> None:
        raise NotImplementedError

    def pattern(self, node: n.Pattern, type_: Type) -> None:
        raise NotImplementedError

    def for_pattern(self, pattern: n.Pattern, iterable: Type) -> None:
        raise NotImplementedError

    # --- Driving ---

    def expr(self, node: n.Expr) -> Type:
        """The type of an expression; also remembers it."""
        kind = type(node)
        visitor = self._visitors.get(kind)
        if visitor is None:
            visitor = self._visitors[kind] = getattr(self, f"type_{kind.__name__}", self.type_unknown)
        found = visitor(node)
        self.types[node] = found
        return found

    def type_unknown(self, node: n.Expr) -> Type:
        return ANY

    def type_of(self, binding: Binding) -> Type:
        """What a name holds."""
        if binding.kind in (Kind.LOCAL, Kind.GLOBAL) or (binding.kind is Kind.CONST and binding.origin is None):
            return self.held.get(binding, NEVER)
        if binding.kind is Kind.CELL:
            fact = self.declared.cell(binding)
            if fact is not None:
                return fn_of(tuple(param.type for param in fact.params), self.call_result(fact))
        elif binding.kind is Kind.VARIANT and binding.parent is not None:
            fields = self.declared.constructor(binding)
            enum = Type(binding.parent.name, (), binding.parent)
            return enum if not fields else fn_of(tuple(field.type for field in fields), enum)
        elif binding.kind is Kind.RECORD:
            fields = self.declared.constructor(binding) or ()
            return fn_of(tuple(field.type for field in fields), Type(binding.name, (), binding))
        elif binding.kind is Kind.BUILTIN and binding.name in BUILTINS:
            signature = BUILTINS[binding.name]
            if isinstance(signature.result, Type):
                return fn_of(tuple(ANY for _ in signature.params), signature.result)
        elif binding in self.analysis.imported and binding.kind is Kind.CONST:
            return self.declared.imported_type(binding)
        return ANY

    def call_result(self, fact: CellFact) -> Type:
        """What calling a cell gives: a future for an `async cell`, a generator for one that yields."""
        result = fact.value_type
        if fact.is_generator:
            return result if result.name == "yield" else Type("yield", (ANY,))
        return future_of(result) if fact.is_async else result

    # --- Names and literals ---

    def type_Name(self, node: n.Name) -> Type:
        binding = self.analysis.bindings.get(node)
        if binding is None:
            return ANY
        if binding.kind in (Kind.CELL, Kind.RECORD, Kind.VARIANT):
            self._escapes(binding)
        return self.type_of(binding)

    def _escapes(self, binding: Binding) -> None:
        """A cell or constructor used as a value: whoever gets it may call it with anything."""
        if binding.kind is Kind.CELL:
            fact = self.declared.cell(binding)
            if fact is not None:
                self._give_params(fact, [ANY] * len(fact.params))
        else:
            for field in self.declared.constructor(binding) or ():
                self.give_field(binding, field.name, ANY)

    def _give_params(self, fact: CellFact, given: list[Type]) -> None:
        """Note what a call gives to the parameters of a cell of this module."""
        if fact.node is None:
            return
        nodes = {param.name.name: param.name for param in fact.node.params}
        for param, type_ in zip(fact.params, given, strict=True):
            if names_declared(param.type) and type_ != NEVER:
                found = trusted(param.type, type_)
                self.bind(nodes[param.name], list_of(found) if param.is_rest else found)

    def give_field(self, owner: Binding, field: str, type_: Type) -> None:
        """Note that a field is given a value of a type."""
        fact = next((f for f in self.declared.constructor(owner) or () if f.name == field), None)
        if fact is None or type_ == NEVER or fact.type == ANY:
            return
        before = self.parts.get((owner, field), fact.type)
        after = join(before, trusted(fact.type, type_))
        if after != before:
            self.parts[owner, field] = after
            self.has_changed = True

    def field_type(self, owner: Binding, field: str, promised: Type) -> Type:
        """What a field is certain to hold."""
        return self.parts.get((owner, field), promised)

    def type_IntLit(self, node: n.IntLit) -> Type:
        return INT

    def type_FloatLit(self, node: n.FloatLit) -> Type:
        return FLOAT

    def type_BoolLit(self, node: n.BoolLit) -> Type:
        return BOOL

    def type_NullLit(self, node: n.NullLit) -> Type:
        return NULL

    def type_BytesLit(self, node: n.BytesLit) -> Type:
        return BYTES

    def type_StringLit(self, node: n.StringLit) -> Type:
        for part in node.parts:
            if isinstance(part, n.Interpolation):
                self.expr(part.value)
        return STRING

    # --- Collections ---

    def _items(self, items: tuple[n.Expr | n.Spread, ...]) -> Type:
        element = NEVER
        for item in items:
            element = join(
                element, element_of(self.expr(item.value)) if isinstance(item, n.Spread) else self.expr(item)
            )
        return element

    def type_ListExpr(self, node: n.ListExpr) -> Type:
        return list_of(self._items(node.items))

    def type_SetExpr(self, node: n.SetExpr) -> Type:
        return set_of(self._items(node.items))

    def type_TupleExpr(self, node: n.TupleExpr) -> Type:
        return tuple_of(*[self.expr(item) for item in node.items])

    def type_MapExpr(self, node: n.MapExpr) -> Type:
        key, value = NEVER, NEVER
        for entry in node.entries:
            if isinstance(entry, n.Spread):
                spread = self.expr(entry.value)
                known = spread.name == "map" and len(spread.args) == 2
                other = spread.args if known else (NEVER, NEVER) if spread == NEVER else (ANY, ANY)
                key, value = join(key, other[0]), join(value, other[1])
            else:
                key, value = join(key, self.expr(entry.key)), join(value, self.expr(entry.value))
        return map_of(key, value)

    def type_Comprehension(self, node: n.Comprehension) -> Type:
        for clause in node.clauses:
            self.for_pattern(clause.pattern, self.expr(clause.iterable))
            for condition in clause.conditions:
                self.expr(condition)
        element = self.expr(node.element)
        if node.kind == "map":
            return map_of(element, ANY if node.value is None else self.expr(node.value))
        return list_of(element) if node.kind == "list" else set_of(element)

    # --- Operators ---

    def type_Unary(self, node: n.Unary) -> Type:
        operand = self.expr(node.operand)
        if node.op == "not":
            return BOOL
        if node.op == "~":
            return operand if operand in (INT, NEVER) else ANY
        return operand if operand in (INT, FLOAT, NEVER) else ANY

    def type_Binary(self, node: n.Binary) -> Type:
        left, right = self.expr(node.left), self.expr(node.right)
        if node.op == "**" and left == INT == right:
            # A negative exponent gives a Float: only a literal tells.
            return INT if isinstance(node.right, n.IntLit) and node.right.value >= 0 else ANY
        return self.binary(node.op, left, right)

    def binary(self, op: str, left: Type, right: Type) -> Type:
        """The type of `left op right`."""
        if op in _TESTS:
            return BOOL
        if op == "++":
            return _concatenated(left, right)
        if NEVER in (left, right):
            return NEVER
        if op in _ARITHMETIC:
            if left == INT == right:
                return INT
            return FLOAT if left in (INT, FLOAT) and right in (INT, FLOAT) else ANY
        if op in _BITS:
            return INT if left == INT == right else ANY
        if op in ("and", "or"):
            return BOOL if left == BOOL == right else ANY
        if op == "**":
            return FLOAT if FLOAT in (left, right) and left == FLOAT and right in (INT, FLOAT) else ANY
        if op == "??":
            return right if left == NULL else ANY if left == ANY else left
        return ANY

    def type_IsExpr(self, node: n.IsExpr) -> Type:
        self.expr(node.value)
        return BOOL

    def type_AsExpr(self, node: n.AsExpr) -> Type:
        self.expr(node.value)
        if isinstance(node.type, n.NamedType) and not node.type.args:
            return _CONVERSIONS.get(node.type.name, ANY)
        return ANY

    def type_RangeExpr(self, node: n.RangeExpr) -> Type:
        for part in (node.start, node.end, node.step):
            if part is not None:
                self.expr(part)
        return list_of(INT)

    def type_Compose(self, node: n.Compose) -> Type:
        first, second = self.expr(node.left), self.expr(node.right)
        if first.name == "fn" and second.name == "fn":
            return fn_of(first.args[:-1], second.args[-1])
        return ANY

    # --- Postfix ---

    def type_Attr(self, node: n.Attr) -> Type:
        member = self.analysis.bindings.get(node)
        if member is not None:
            return self.type_of(member)
        holder = self.expr(node.value)
        name = node.name.name
        if holder == NEVER:
            return NEVER
        if node.is_optional:
            return ANY
        if holder.name == "tuple" and name.isdecimal() and int(name) < len(holder.args):
            return holder.args[int(name)]
        if holder.name == "map" and holder.args:
            return holder.args[1]
        record = self.declared.record(holder)
        if record is not None:
            fact = record.fields.get(name)
            return ANY if fact is None else self.field_type(record.binding, name, fact.type)
        return VALUE_ATTRIBUTES.get(holder.name, {}).get(name, ANY)

    def type_Index(self, node: n.Index) -> Type:
        holder, index = self.expr(node.value), self.expr(node.index)
        if holder == NEVER:
            return NEVER
        if node.is_optional:
            return ANY
        if holder.name == "list" and index in (INT, NEVER):
            return holder.args[0]
        if holder.name == "map" and holder.args:
            return holder.args[1]
        if holder.name == "tuple" and isinstance(node.index, n.IntLit) and node.index.value < len(holder.args):
            return holder.args[node.index.value]
        return STRING if holder == STRING and index == INT else ANY

    def type_Slice(self, node: n.Slice) -> Type:
        holder = self.expr(node.value)
        for part in (node.start, node.end):
            if part is not None:
                self.expr(part)
        return holder if holder.name in ("list", "String", "Bytes", "Never") else ANY

    def type_Unwrap(self, node: n.Unwrap) -> Type:
        value = self.expr(node.value)
        return ANY if value in (NULL,) or value.name == "result" else value

    def type_Propagate(self, node: n.Propagate) -> Type:
        value = self.expr(node.value)
        if value.name == "result":
            self.returns[0] = join(self.returns[0], Type("result", (NEVER, value.args[1])))
            return value.args[0]
        if value == ANY:
            self.returns[0] = ANY
        return value if value in (INT, FLOAT, BOOL, STRING, BYTES, NEVER) else ANY

    # --- Calls ---

    def type_Call(self, node: n.Call) -> Type:
        return self._call(node, node.callee, node.args, ())

    def type_Pipe(self, node: n.Pipe) -> Type:
        left = self.expr(node.left)
        if isinstance(node.right, n.Call):
            return self._call(node, node.right.callee, node.right.args, (left,))
        return self._call(node, node.right, (), (left,))

    def _call(self, node: n.Expr, callee: n.Expr, args: tuple[n.Arg, ...], first: tuple[Type, ...]) -> Type:
        receiver = ANY
        if isinstance(callee, n.Attr) and callee not in self.analysis.bindings:
            receiver = self.expr(callee.value)
        target = self.targets[node] = call_target(self.declared, callee, receiver)
        # The callee of a known call is no value: nobody else gets hold of it.
        value_type = self.expr(callee) if target.kind == "value" and target.method is None else ANY
        if target.kind == "ufcs":
            first = (receiver, *first)
        binding = target.binding
        if target.kind in ("builtin", "ufcs") and binding is not None and binding.kind is Kind.BUILTIN:
            found = self._builtin_call(binding.name, args, first)
            return found if target.is_certain else ANY
        types = [self.expr(arg.value) for arg in args]
        self._pass(target, receiver, first, args, types)
        if target.kind == "value":
            if target.method is not None:
                return VALUE_METHODS.get(receiver.name, {}).get(target.method, NEVER if receiver == NEVER else ANY)
            return value_type.args[-1] if value_type.name == "fn" else NEVER if value_type == NEVER else ANY
        if target.kind == "method":
            fact = self.declared.method(receiver, target.method or "")
            return ANY if fact is None else self.call_result(fact)
        if binding is None or (target.kind == "ufcs" and not target.is_certain):
            return ANY
        if binding.kind is Kind.CELL:
            fact = self.declared.cell(binding)
            return ANY if fact is None else self.call_result(fact)
        if binding.kind is Kind.RECORD:
            return Type(binding.name, (), binding)
        if binding.kind is Kind.VARIANT and binding.parent is not None:
            return Type(binding.parent.name, (), binding.parent)
        return ANY

    def _pass(
        self,
        target: CallTarget,
        receiver: Type,
        first: tuple[Type, ...],
        args: tuple[n.Arg, ...],
        types: list[Type],
    ) -> None:
        """Note what a call passes to the cells and constructors that it may call."""
        binding = target.binding
        if binding is not None and binding.kind in (Kind.RECORD, Kind.VARIANT) and target.kind != "method":
            fields = self.declared.constructor(binding) or ()
            for field, type_ in zip(fields, arguments_for(fields, first, args, types), strict=True):
                self.give_field(binding, field.name, type_)
            return
        facts: list[CellFact | None] = []
        if target.kind == "method":
            facts.append(self.declared.method(receiver, target.method or ""))
        elif target.kind == "value":
            facts.extend(self.declared.methods.get(target.method or "", ()))
        elif binding is not None and binding.kind is Kind.CELL:
            facts.append(self.declared.cell(binding))
        for fact in facts:
            if fact is not None:
                self._give_params(fact, arguments_for(fact.params, first, args, types))
        if target.kind == "ufcs" and not target.is_certain:
            for fact in self.declared.methods.get(target.method or "", ()):
                self._give_params(fact, arguments_for(fact.params, first[1:], args, types))

    def _builtin_call(self, name: str, args: tuple[n.Arg, ...], first: tuple[Type, ...]) -> Type:
        signature = BUILTINS.get(name)
        if signature is None:
            for arg in args:
                self.expr(arg.value)
            return ANY
        arguments = list(first)
        is_plain = True
        for arg in args:
            is_plain = is_plain and arg.name is None and not arg.is_spread
            if isinstance(arg.value, n.Lambda):
                self._lambda_hints[arg.value] = self._hints(name, arguments, arg.value)
            arguments.append(self.expr(arg.value))
        return signature.result_type(arguments) if is_plain or isinstance(signature.result, Type) else ANY

    def _hints(self, name: str, before: list[Type], node: n.Lambda) -> tuple[Type, ...]:
        """What a built-in gives to the function written as its argument."""
        if not before or before[0].name not in ("list", "set", "Never"):
            return ()
        element = element_of(before[0])
        if name == "reduce" and len(before) == 2:
            result = self.types.get(node, NEVER)
            return (join(before[1], result.args[-1] if result.name == "fn" else NEVER), element)
        return (element,) if name in _ELEMENTWISE else ()

    # --- Functions and control ---

    def type_Lambda(self, node: n.Lambda) -> Type:
        self.params(node.params, self._lambda_hints.get(node, ()))
        gives, yields = self.body(node.body)
        if node.result is not None:
            gives = trusted(type_of_annotation(self.analysis, node.result), gives)
        function = self.analysis.functions.get(node)
        if function is not None and function.is_generator:
            gives = Type("yield", (yields,))
        params = tuple(type_of_annotation(self.analysis, param.type) for param in node.params)
        return fn_of(params, gives)

    def type_If(self, node: n.If) -> Type:
        self.expr(node.condition)
        return join(self.block(node.then), self.block(node.otherwise))

    def type_IfLet(self, node: n.IfLet) -> Type:
        self.pattern(node.pattern, self.expr(node.value))
        return join(self.block(node.then), self.block(node.otherwise))

    def type_Match(self, node: n.Match) -> Type:
        subject = self.expr(node.subject)
        result = NEVER
        for arm in node.arms:
            self.pattern(arm.pattern, subject)
            if arm.guard is not None:
                self.expr(arm.guard)
            result = join(result, self.block(arm.body))
        return result

    def type_When(self, node: n.When) -> Type:
        result = NEVER
        has_else = False
        for arm in node.arms:
            if arm.condition is None:
                has_else = True
            else:
                self.expr(arm.condition)
            result = join(result, self.block(arm.body))
        return result if has_else else join(result, NULL)

    def type_While(self, node: n.While) -> Type:
        self.expr(node.condition)
        self.block(node.body)
        return ANY

    def type_WhileLet(self, node: n.WhileLet) -> Type:
        self.pattern(node.pattern, self.expr(node.value))
        self.block(node.body)
        return ANY

    def type_Loop(self, node: n.Loop) -> Type:
        self.block(node.body)
        return ANY

    def type_For(self, node: n.For) -> Type:
        self.for_pattern(node.pattern, self.expr(node.iterable))
        if node.condition is not None:
            self.expr(node.condition)
        self.block(node.body)
        return ANY

    def type_Comptime(self, node: n.Comptime) -> Type:
        return self.body(node.body)[0]

    # --- Concurrency ---

    def type_Await(self, node: n.Await) -> Type:
        value = self.expr(node.value)
        inner = node.value
        if isinstance(inner, n.Concurrent) and isinstance(inner.branches, tuple):
            for branch in inner.branches:
                if branch.name is not None:
                    type_ = awaited(self.types.get(branch.value, ANY)) if inner.kind == "parallel" else ANY
                    self.bind(branch, type_ if not inner.options else ANY)
        return awaited(value)

    def type_Spawn(self, node: n.Spawn) -> Type:
        for option in node.options:
            self.expr(option.value)
        value = self.expr(node.value)
        if isinstance(node.value, n.ListExpr):
            return list_of(
                future_of(_spawned(element_of(value), all(isinstance(i, n.Lambda) for i in node.value.items)))
            )
        return future_of(_spawned(value, isinstance(node.value, n.Lambda)))

    def type_AsyncBlock(self, node: n.AsyncBlock) -> Type:
        return future_of(awaited(self.body(node.body)[0]))

    def type_Timeout(self, node: n.Timeout) -> Type:
        self.expr(node.duration_ms)
        self.body(node.body)
        return future_of(ANY)

    def type_WithTools(self, node: n.WithTools) -> Type:
        self.expr(node.answers)
        return self.body(node.body)[0]

    def type_Concurrent(self, node: n.Concurrent) -> Type:
        for option in node.options:
            self.expr(option.value)
        is_known = not any(option.name == "settle" for option in node.options) and node.kind != "select"
        if isinstance(node.branches, n.BranchFor):
            branch_for = node.branches
            self.for_pattern(branch_for.pattern, self.expr(branch_for.iterable))
            if branch_for.condition is not None:
                self.expr(branch_for.condition)
            value = awaited(self.body(branch_for.body)[0])
            if not is_known:
                return future_of(ANY)
            return future_of(list_of(value) if node.kind == "parallel" else value)
        value = NEVER
        for branch in node.branches:
            value = join(value, awaited(self._branch(branch)))
        if not is_known or (any(branch.name is not None for branch in node.branches) and node.kind == "parallel"):
            return future_of(ANY)
        if node.is_call and len(node.branches) == 1:
            # One list stands for its elements; what a call gives is known only when the program runs.
            if value.name != "list" or not isinstance(node.branches[0].value, n.Name | n.ListExpr | n.Comprehension):
                return future_of(ANY)
            value = value.args[0]
        return future_of(list_of(value) if node.kind == "parallel" else value)

    def _branch(self, branch: n.Branch) -> Type:
        returns, yields = self.returns, self.yields
        self.returns, self.yields = [NEVER], [NEVER]
        value = self.expr(branch.value)
        self.returns, self.yields = returns, yields
        return value


_ELEMENTWISE = frozenset(
    {"map", "filter", "any", "all", "find", "position", "group_by", "partition", "sort_by", "flat_map", "count"}
)
"""Built-ins that call their function with one element of a list or set."""


def _spawned(type_: Type, is_closure: bool) -> Type:
    """What the future of a spawned call or closure gives when it is awaited."""
    if type_.name == "fn":
        return awaited(type_.args[-1]) if is_closure else ANY
    return awaited(type_)


def _concatenated(left: Type, right: Type) -> Type:
    if STRING in (left, right):
        return STRING
    if NEVER in (left, right):
        return NEVER
    if left.name == right.name and left.name in ("list", "map", "set"):
        return join(left, right)
    return BYTES if left == BYTES == right else ANY
