"""Builder callbacks for types and patterns."""

from __future__ import annotations

from typing import Any

from lumen.source.span import Span
from lumen.syntax import nodes as n
from lumen.syntax.build_base import BuilderBase


class TypeBuilder(BuilderBase):
    """Types, then patterns."""

    # --- Types --------------------------------------------------------------------------------------------------

    def dotted(self, span: Span, *names: int) -> tuple[str, ...]:
        return tuple([self.texts[name] for name in names])

    def named_type(self, span: Span, path: tuple[str, ...]) -> n.TypeExpr:
        return n.NamedType(span, path[0] if len(path) == 1 else ".".join(path))

    def generic_type(self, span: Span, path: tuple[str, ...], *args: n.TypeExpr) -> n.TypeExpr:
        return n.NamedType(span, ".".join(path), args)

    def set_type(self, span: Span, word: int, item: n.TypeExpr) -> n.TypeExpr:
        return n.NamedType(span, "set", (item,))

    def null_type(self, span: Span) -> n.TypeExpr:
        return n.NamedType(span, "Null")

    def unit_type(self, span: Span) -> n.TypeExpr:
        return n.TupleType(span, ())

    def paren_type(self, span: Span, inner: n.TypeExpr) -> n.TypeExpr:
        return inner

    def tuple_type(self, span: Span, *items: n.TypeExpr) -> n.TypeExpr:
        return n.TupleType(span, items)

    def union_type(self, span: Span, *members: n.TypeExpr) -> n.TypeExpr:
        return n.UnionType(span, members)

    def optional_type(self, span: Span, member: n.TypeExpr) -> n.TypeExpr:
        return n.UnionType(span, (member, n.NamedType(span, "Null")))

    def fn_type(self, span: Span, word: int, params: tuple[n.TypeExpr, ...] | None, result: Any) -> n.TypeExpr:
        kind, effects = result or (None, None)
        return n.FnType(span, params or (), kind, effects)

    def fn_type_params(self, span: Span, *params: n.TypeExpr) -> tuple[n.TypeExpr, ...]:
        return params

    def fn_type_named(self, span: Span, name: int, kind: n.TypeExpr) -> n.TypeExpr:
        return kind

    def result(self, span: Span, kind: n.TypeExpr, effects: n.EffectRow | None) -> Any:
        return (kind, effects)

    def result_open(self, span: Span, kind: n.TypeExpr) -> Any:
        return (kind, None)

    def result_yield(self, span: Span, kind: n.TypeExpr, effects: n.EffectRow | None) -> Any:
        return (n.NamedType(Span(kind.span[0], kind.span[1]), "yield", (kind,)), effects)

    def result_effects(self, span: Span, effects: n.EffectRow) -> Any:
        return (None, effects)

    def effects(self, span: Span, names: tuple[str, ...] | None) -> n.EffectRow:
        return n.EffectRow(span, names or ())

    def effect_names(self, span: Span, *names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple([".".join(name) for name in names])

    # --- Patterns -----------------------------------------------------------------------------------------------

    def name_pattern(self, span: Span, name: int) -> n.Pattern:
        return n.NamePattern(span, self.texts[name])

    def wildcard(self, span: Span) -> n.Pattern:
        return n.WildcardPattern(span)

    def literal_pattern(self, span: Span, value: n.Expr) -> n.Pattern:
        if isinstance(value, n.StringLit) and any(not isinstance(part, str) for part in value.parts):
            self.error("syntax-error", "a string in a pattern can't contain `{…}`", span)
        return n.LiteralPattern(span, value)

    def range_pattern(self, span: Span, start: n.Expr, end: n.Expr) -> n.Pattern:
        return n.RangePattern(span, start, end, False)

    def range_pattern_inclusive(self, span: Span, start: n.Expr, end: n.Expr) -> n.Pattern:
        return n.RangePattern(span, start, end, True)

    def path_pattern(self, span: Span, *names: int) -> n.Pattern:
        return n.ConstructorPattern(span, tuple([self.texts[name] for name in names]), (), False)

    def constructor_pattern(self, span: Span, path: tuple[str, ...], args: Any) -> n.Pattern:
        found, is_open = args or ((), False)
        is_single = path in _SINGLE
        found = tuple([_typed_arg(arg, is_single) for arg in found])
        return n.ConstructorPattern(span, path, found, True, is_open)

    def pattern_args(self, span: Span, *args: Any) -> Any:
        found = tuple([arg for arg in args if arg is not None])
        return (found, len(found) != len(args))

    def pattern_arg(self, span: Span, pattern: n.Pattern) -> n.PatternArg:
        return n.PatternArg(span, None, pattern)

    def pattern_arg_named(self, span: Span, name: int, pattern: n.Pattern) -> n.PatternArg:
        return n.PatternArg(span, self.texts[name], pattern)

    def pattern_arg_short(self, span: Span, name: int) -> n.PatternArg:
        return n.PatternArg(span, self.texts[name], n.NamePattern(self.token_span(name), self.texts[name]))

    def pattern_arg_open(self, span: Span) -> None:
        return None

    def generic_pattern(self, span: Span, name: int, *args: n.TypeExpr) -> n.Pattern:
        return n.TypePattern(span, None, n.NamedType(span, self.texts[name], args))

    def unit_pattern(self, span: Span) -> n.Pattern:
        return n.TuplePattern(span, ())

    def paren_pattern(self, span: Span, inner: n.Pattern) -> n.Pattern:
        return inner

    def tuple_pattern(self, span: Span, *items: n.Pattern) -> n.Pattern:
        return n.TuplePattern(span, items)

    def list_pattern(self, span: Span, *items: n.Pattern) -> n.Pattern:
        rests = [item for item in items if isinstance(item, n.RestPattern)]
        for extra in rests[1:]:
            self.error("syntax-error", "a list pattern can have only one `...`", extra.span)
        return n.ListPattern(span, items)

    def rest_pattern(self, span: Span, name: int | None) -> n.Pattern:
        return n.RestPattern(span, None if name is None else self.ident(name))

    def rest_ignored(self, span: Span) -> n.Pattern:
        return n.RestPattern(span, None)

    def type_pattern(self, span: Span, name: int, kind: n.TypeExpr) -> n.Pattern:
        return n.TypePattern(span, self.ident(name), kind)

    def type_pattern_ignored(self, span: Span, kind: n.TypeExpr) -> n.Pattern:
        return n.TypePattern(span, None, kind)

    def or_pattern(self, span: Span, *alternatives: n.Pattern) -> n.Pattern:
        """`x: Int | Float` is one test against a union; anything else is a choice of patterns."""
        merged: list[n.Pattern] = []
        for alternative in alternatives:
            last = merged[-1] if merged else None
            member = _as_type(alternative)
            if isinstance(last, n.TypePattern) and member is not None:
                members = last.type.members if isinstance(last.type, n.UnionType) else (last.type,)
                union = n.UnionType(last.type.span.to(member.span), (*members, member))
                merged[-1] = n.TypePattern(last.span.to(member.span), last.name, union)
            else:
                merged.append(alternative)
        return merged[0] if len(merged) == 1 else n.OrPattern(span, tuple(merged))


def _as_type(pattern: n.Pattern) -> n.TypeExpr | None:
    """The type that a pattern behind `x: T |` spells, if it does."""
    if isinstance(pattern, n.NamePattern) and pattern.name[:1].isupper():
        return n.NamedType(pattern.span, pattern.name)
    if isinstance(pattern, n.TypePattern) and pattern.name is None and isinstance(pattern.type, n.NamedType):
        return pattern.type
    if isinstance(pattern, n.LiteralPattern) and isinstance(pattern.value, n.NullLit):
        return n.NamedType(pattern.span, "Null")
    return None


_SINGLE = (("ok",), ("err",), ("Error",))
"""Constructors whose fields nobody names: `err(e: T)` tests the type of what `e` is."""

_FIELDS = frozenset({"value", "error", "message", "code", "cell", "line"})

_TYPES = frozenset(
    {"Int", "Float", "Bool", "String", "Bytes", "Null", "Error", "list", "tuple", "set", "map", "result", "Any", "Json"}
)


def _typed_arg(arg: n.PatternArg, is_single: bool) -> n.PatternArg:
    """`Some(n: Int)` is the type test `n: Int`, where `Some(value: p)` names a field: the name of a type decides."""
    inner = arg.pattern
    if arg.name is None or (is_single and arg.name in _FIELDS):
        return arg
    name = n.Ident(Span(arg.span.start, arg.span.start + len(arg.name)), arg.name)
    if isinstance(inner, n.NamePattern) and (inner.name in _TYPES or (is_single and inner.name[:1].isupper())):
        tested: n.TypeExpr = n.NamedType(inner.span, inner.name)
    elif isinstance(inner, n.TypePattern) and inner.name is None:
        tested = inner.type
    else:
        return arg
    # If there is a field of that name, it is that field which is tested and bound.
    return n.PatternArg(arg.span, None if is_single else arg.name, n.TypePattern(arg.span, name, tested))
