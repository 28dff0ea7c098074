"""Arguments of calls whose target is known: too many, missing, misnamed, given twice; likewise fields in patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lumen.analysis.declared import field_of
from lumen.analysis.findings import plural, report
from lumen.analysis.scopes import Kind
from lumen.analysis.signatures import BUILTINS
from lumen.diagnostics.spelling import nearest
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.declared import Declared, ParamFact
    from lumen.analysis.scopes import Binding
    from lumen.analysis.tables import Analysis, CallTarget


@frozen
class _Expected:
    """What a call must give."""

    name: str
    params: tuple[str, ...]
    required: frozenset[str]
    has_rest: bool = False
    noun: str = "parameter"
    place: n.Node | None = None
    """Where it is declared, in this file."""


def check_arguments(declared: Declared) -> None:
    """Codes: too-many-arguments, missing-argument, unknown-argument, unknown-field, duplicate-argument,
    pattern-arity.
    """
    analysis = declared.analysis
    for node, target in analysis.calls.items():
        expected = _expected(declared, target)
        if expected is None:
            continue
        if isinstance(node, n.Pipe):
            callee, args = (node.right.callee, node.right.args) if isinstance(node.right, n.Call) else (node.right, ())
            before = 1
        else:
            assert isinstance(node, n.Call)
            callee, args, before = node.callee, node.args, 0
        _call(analysis, callee, args, before + (target.kind == "ufcs"), expected)
    for pattern, binding in analysis.bindings.items():
        if isinstance(pattern, n.ConstructorPattern):
            _pattern(declared, pattern, binding)


def _of_facts(
    name: str, facts: tuple[ParamFact, ...], noun: str, place: n.Node | None, *, all_optional: bool = False
) -> _Expected:
    named = tuple(fact for fact in facts if not fact.is_rest)
    required = frozenset(fact.name for fact in named if not fact.has_default and not all_optional)
    return _Expected(name, tuple(f.name for f in named), required, len(named) < len(facts), noun, place)


def _expected(declared: Declared, target: CallTarget) -> _Expected | None:
    """What is known of the parameters of a target; None where nothing is."""
    binding = target.binding
    if binding is None or not target.is_certain:
        return None
    if target.kind == "method":
        record = declared.records.get(binding)
        fact = None if record is None else record.methods.get(target.method or "")
        if fact is None:
            return None
        return _of_facts(f"{binding.name}.{fact.name}", fact.params, "parameter", fact.node and fact.node.name)
    if binding.kind is Kind.CELL:
        fact = declared.cell(binding)
        return None if fact is None else _of_facts(binding.name, fact.params, "parameter", fact.node and fact.node.name)
    if binding.kind in (Kind.RECORD, Kind.VARIANT):
        facts = declared.constructor(binding)
        return None if facts is None else _of_facts(binding.name, facts, "field", _name_of(binding))
    if binding.kind is Kind.BUILTIN:
        signature = BUILTINS.get(binding.name)
        if signature is not None and binding.name != "format":  # which takes values under any name
            named = [param for param in signature.params if not param.is_rest]
            return _Expected(
                binding.name, tuple(param.name for param in named),
                frozenset(param.name for param in named if not param.is_optional), len(named) < len(signature.params),
            )  # fmt: skip
    return None


def _name_of(binding: Binding) -> n.Node | None:
    return getattr(binding.node, "name", None)


def _call(analysis: Analysis, callee: n.Expr, args: tuple[n.Arg, ...], before: int, expected: _Expected) -> None:
    """Compare a call with what its target takes; `before` arguments stand outside the parentheses."""
    first = None if expected.place is None else (expected.place, "declared here")
    positional = [arg for arg in args if arg.name is None and not arg.is_spread]
    has_spread = any(arg.is_spread for arg in args)
    given = set(expected.params[: before + len(positional)]) if not has_spread else set()
    count = len(expected.params)
    if not expected.has_rest and not has_spread and before + len(positional) > count:
        extra = positional[count - before] if positional and count >= before else callee
        report(
            analysis, "too-many-arguments",
            f"`{expected.name}` takes {plural(count, _noun(expected))}, but {before + len(positional)} are given",
            extra, first=first,
        )  # fmt: skip
    is_misnamed = False
    for arg in args:
        if arg.name is None or arg.name.startswith("role "):
            continue
        if arg.name not in expected.params:
            is_misnamed = True
            suggestion = nearest(arg.name, expected.params)
            hint = f"did you mean `{suggestion}`?" if suggestion else _takes(expected)
            code = "unknown-field" if expected.noun == "field" else "unknown-argument"
            message = f"`{expected.name}` has no {expected.noun} `{arg.name}`"
            report(analysis, code, message, arg, hint=hint, first=first)
        elif arg.name in given:
            report(
                analysis, "duplicate-argument", f"`{arg.name}` of `{expected.name}` is given twice", arg, first=first
            )
        given.add(arg.name)
    if has_spread or is_misnamed:
        return  # What is missing is most likely what was misnamed.
    missing = [name for name in expected.params if name in expected.required and name not in given]
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        report(
            analysis, "missing-argument", f"`{expected.name}` needs {names}", callee, hint=_takes(expected), first=first
        )


def _noun(expected: _Expected) -> str:
    return "field" if expected.noun == "field" else "argument"


def _takes(expected: _Expected) -> str | None:
    if not expected.params:
        return None
    shown = (name if name in expected.required else f"{name}?" for name in expected.params)
    return f"it takes ({', '.join(shown)})"


def _pattern(declared: Declared, node: n.ConstructorPattern, binding: Binding) -> None:
    """Compare the fields that a pattern takes apart with those that there are."""
    analysis = declared.analysis
    if binding.kind is Kind.BUILTIN:
        names: tuple[str, ...] = () if binding.name == "Pending" else ("message", "code", "cell", "line")
        if binding.name != "Error":
            names = names[:1]
            positional = [arg for arg in node.args if arg.name is None]
            if len(positional) > len(names):
                _too_many(analysis, node, positional[len(names)], binding.name, len(names), None)
        return
    facts = declared.constructor(binding)
    if facts is None:
        return
    names = tuple(fact.name for fact in facts)
    place = _name_of(binding)
    first = None if place is None else (place, "declared here")
    positional = [arg for arg in node.args if arg.name is None]
    if len(positional) > len(names):
        _too_many(analysis, node, positional[len(names)], binding.name, len(names), first)
    for at, arg in enumerate(node.args):
        if arg.name is not None and field_of(arg, at, names) is None:
            suggestion = nearest(arg.name, names)
            hint = f"did you mean `{suggestion}`?" if suggestion else None
            report(
                analysis, "unknown-field", f"`{binding.name}` has no field `{arg.name}`", arg, hint=hint, first=first
            )
    if positional and len(positional) == len(node.args) < len(names) and not node.is_open:
        report(
            analysis, "pattern-arity",
            f"`{binding.name}` has {plural(len(names), 'field')}, but this pattern takes {len(positional)}", node,
            hint="add `..` to leave the others out", first=first,
        )  # fmt: skip


def _too_many(
    analysis: Analysis,
    node: n.ConstructorPattern,
    extra: n.Node,
    name: str,
    count: int,
    first: tuple[n.Node, str] | None,
) -> None:
    report(
        analysis, "pattern-arity", f"`{name}` has {plural(count, 'field')}, but this pattern takes {len(node.args)}",
        extra, first=first,
    )  # fmt: skip
