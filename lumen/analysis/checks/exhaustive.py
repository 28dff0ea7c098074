"""Matches that leave something out, and arms that can't be reached.

Usefulness of pattern rows as in Maranget, "Warnings for pattern matching" (JFP 2007): a match is exhaustive if a row
of wildcards would not be useful after its arms. Patterns are first brought to three forms: a wildcard, a
constructor of a closed set (variants of an enum, `true`/`false`, `ok`/`err`, a record, a tuple), or an opaque test
(literals, ranges, lists, type tests), which never completes a set. Guards make an arm count for nothing.

Only matches on enums, Bool, `result` and the state of a future are reported: for the others an arm that fails at run
time is the rule, and the failure shows the value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lumen.analysis.declared import field_of
from lumen.analysis.findings import report
from lumen.analysis.names import FUTURE_STATE
from lumen.analysis.scopes import Binding, Kind
from lumen.syntax import nodes as n

if TYPE_CHECKING:
    from lumen.analysis.declared import Declared

_MAX_STEPS = 20_000
"""Usefulness is exponential in the worst case; past this a match counts as exhaustive."""


@frozen
class _Any:
    """Matches everything."""


@frozen
class _Opaque:
    """Matches some values, nobody knows which."""


@frozen
class _Constructor:
    """One of a closed set."""

    name: str
    siblings: tuple[str, ...]
    """All names of the set, in order of declaration."""
    arity: tuple[int, ...]
    """How many parts each sibling has."""
    parts: tuple[_Form, ...]


_Form = _Any | _Opaque | _Constructor
_ANY = _Any()
_OPAQUE = _Opaque()


def check_matches(declared: Declared) -> None:
    """Codes: non-exhaustive, unreachable-arm (both warnings)."""
    forms = _Forms(declared)
    for node in declared.tree:
        if isinstance(node, n.Match):
            _check(forms, node)


def _check(forms: _Forms, node: n.Match) -> None:
    analysis = forms.declared.analysis
    rows: list[tuple[_Form, ...]] = []
    taken = False
    for arm in node.arms:
        alternatives = forms.alternatives(arm.pattern)
        if taken and not _takes_failures(arm.pattern):
            report(
                analysis, "unreachable-arm", "this arm is never reached: an arm before it takes everything",
                arm.pattern,
                severity="warning",
            )  # fmt: skip
            break
        if arm.guard is None:
            rows.extend((form,) for form in alternatives)
            taken = taken or forms.takes_everything(arm.pattern)
    expected = forms.siblings_of_type(node.subject)
    if expected is None and isinstance(node.subject, n.Await):
        heads = {arm.pattern.path for arm in node.arms if isinstance(arm.pattern, n.ConstructorPattern)}
        if heads <= {("err",), ("Error",)}:
            return  # these take the failure, and say nothing of what the value is
    found = next((row[0] for row in rows if isinstance(row[0], _Constructor)), None)
    if taken or (found is None and expected is None):
        return
    siblings, arity = expected if expected is not None else (found.siblings, found.arity) if found else ((), ())
    if len(siblings) < 2 or (found is not None and found.siblings != siblings):
        return
    budget = [_MAX_STEPS]
    missing = []
    for name, count in zip(siblings, arity, strict=True):
        inner = _specialise(rows, name, count)
        if _useful(inner, count, budget):
            missing.append(name)
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        report(
            analysis, "non-exhaustive", f"this match does not cover {names}", node.subject,
            severity="warning", hint="add the arm, or `_ -> …` for all others",
        )  # fmt: skip


def _takes_failures(pattern: n.Pattern) -> bool:
    """Whether an arm may take the failure of `match await e`, which `_` does not swallow."""
    if isinstance(pattern, n.ConstructorPattern):
        return pattern.path in (("err",), ("Error",))
    return isinstance(pattern, n.TypePattern)


def _specialise(rows: list[tuple[_Form, ...]], name: str, count: int) -> list[tuple[_Form, ...]]:
    """The rows that apply when the first column is a constructor, with its parts in place of it."""
    found = []
    for first, *rest in rows:
        if isinstance(first, _Any):
            found.append((*([_ANY] * count), *rest))
        elif isinstance(first, _Constructor) and first.name == name and len(first.parts) == count:
            found.append((*first.parts, *rest))
    return found


def _useful(rows: list[tuple[_Form, ...]], width: int, budget: list[int]) -> bool:
    """Whether some values of `width` columns are matched by no row."""
    budget[0] -= 1
    if budget[0] < 0:
        return False
    if not rows:
        return True
    if width == 0:
        return False
    heads = [row[0] for row in rows if isinstance(row[0], _Constructor)]
    if heads and {head.name for head in heads} >= set(heads[0].siblings):
        return any(
            _useful(_specialise(rows, name, count), count + width - 1, budget)
            for name, count in zip(heads[0].siblings, heads[0].arity, strict=True)
        )
    defaults = [row[1:] for row in rows if isinstance(row[0], _Any)]
    return _useful(defaults, width - 1, budget)


class _Forms:
    """Patterns of one module in their three forms."""

    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        self.bindings = declared.analysis.bindings

    def alternatives(self, pattern: n.Pattern) -> list[_Form]:
        """The forms of `p | q | …`."""
        if isinstance(pattern, n.OrPattern):
            return [form for part in pattern.alternatives for form in self.alternatives(part)]
        return [self.form(pattern)]

    def takes_everything(self, pattern: n.Pattern) -> bool:
        """Whether a pattern is `_` or a new name (`v: T` with an unknown `T` leaves out null)."""
        if isinstance(pattern, n.OrPattern):
            return any(self.takes_everything(part) for part in pattern.alternatives)
        binding = self.bindings.get(pattern)
        is_new = binding is not None and binding.kind in (Kind.LOCAL, Kind.GLOBAL)
        return isinstance(pattern, n.WildcardPattern) or (isinstance(pattern, n.NamePattern) and is_new)

    def form(self, pattern: n.Pattern) -> _Form:
        """The form of one pattern; alternatives inside a constructor are opaque unless one takes everything."""
        binding = self.bindings.get(pattern)
        if isinstance(pattern, n.WildcardPattern):
            return _ANY
        if isinstance(pattern, n.NamePattern):
            is_new = binding is None or binding.kind in (Kind.LOCAL, Kind.GLOBAL)
            return _ANY if is_new else self.constructor(binding, ())
        if isinstance(pattern, n.OrPattern):
            forms = self.alternatives(pattern)
            return _ANY if _ANY in forms or _is_complete(forms) else _OPAQUE
        if isinstance(pattern, n.ConstructorPattern):
            return self.constructor(binding, pattern.args)
        if isinstance(pattern, n.TuplePattern):
            count = len(pattern.items)
            return _Constructor("()", ("()",), (count,), tuple(self.form(item) for item in pattern.items))
        if isinstance(pattern, n.LiteralPattern) and isinstance(pattern.value, n.BoolLit):
            return _Constructor("true" if pattern.value.value else "false", ("true", "false"), (0, 0), ())
        if isinstance(pattern, n.TypePattern):
            # A type that is not known matches anything but null and failures.
            simple = isinstance(pattern.type, n.NamedType) and (
                pattern.type.name in _TESTED or pattern.type in self.bindings
            )
            return _OPAQUE if simple else _ANY
        return _OPAQUE

    def constructor(self, binding: Binding | None, args: tuple[n.PatternArg, ...]) -> _Form:
        """The form of a variant or record with its parts."""
        if binding is None:
            return _OPAQUE
        if binding.kind is Kind.BUILTIN:
            if binding.name in ("ok", "err"):
                return _Constructor(binding.name, ("ok", "err"), (1, 1), self.parts(("value",), args))
            if binding.name in FUTURE_STATE:
                count = FUTURE_STATE[binding.name]
                return _Constructor(binding.name, *_FUTURE_STATE, self.parts(("value",) * count, args))
            return _OPAQUE
        facts = self.declared.constructor(binding)
        if facts is None:
            return _OPAQUE
        parts = self.parts(tuple(fact.name for fact in facts), args)
        if binding.kind is Kind.RECORD:
            return _Constructor(binding.name, (binding.name,), (len(facts),), parts)
        siblings = self.siblings(binding.parent)
        return _OPAQUE if siblings is None else _Constructor(binding.name, *siblings, parts)

    def parts(self, names: tuple[str, ...], args: tuple[n.PatternArg, ...]) -> tuple[_Form, ...]:
        """The patterns of all fields, in order; those left out match everything."""
        parts: list[_Form] = [_ANY] * len(names)
        for at, arg in enumerate(args):
            field = field_of(arg, at, names)
            if field is not None:
                parts[names.index(field)] = self.form(arg.pattern)
        return tuple(parts)

    def siblings(self, enum: Binding | None) -> tuple[tuple[str, ...], tuple[int, ...]] | None:
        """(variants of an enum, how many fields each has)."""
        if enum is None:
            return None
        variants = self.declared.analysis.members.get(enum, {})
        counts = tuple(len(self.declared.constructor(variant) or ()) for variant in variants.values())
        return tuple(variants), counts

    def siblings_of_type(self, subject: n.Expr) -> tuple[tuple[str, ...], tuple[int, ...]] | None:
        """The closed set that a subject's type stands for, if it does."""
        type_ = self.declared.analysis.types.get(subject)
        if type_ is None:
            return None
        if type_.name == "Bool":
            return ("true", "false"), (0, 0)
        if type_.name == "result":
            return ("ok", "err"), (1, 1)
        if type_.decl is not None and type_.decl.kind is Kind.ENUM:
            return self.siblings(type_.decl)
        return _FUTURE_STATE if type_.name == "FutureState" else None


def _is_complete(forms: list[_Form]) -> bool:
    """Whether alternatives take every constructor of their set, whatever its parts."""
    whole = {
        form.name for form in forms if isinstance(form, _Constructor) and all(isinstance(p, _Any) for p in form.parts)
    }
    first = next((form for form in forms if isinstance(form, _Constructor)), None)
    return first is not None and whole >= set(first.siblings)


_FUTURE_STATE = (tuple(FUTURE_STATE), tuple(FUTURE_STATE.values()))

_TESTED = frozenset(
    {
        "Int",
        "Float",
        "Bool",
        "String",
        "Bytes",
        "Null",
        "list",
        "tuple",
        "set",
        "map",
        "result",
        "Error",
        "fn",
        "Future",
    }
)
"""Type names that a type test really tests."""
