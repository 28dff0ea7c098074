"""How far annotations are believed.

A scalar annotation (`n: Int`) is taken at its word. One that names a record or an enum is believed only as far as
nothing unknown is seen to arrive there: programs write `-> Answer` over what a tool gave them, which is a map, and
`x.answer` must then find the map's entry. So promises begin believed, and lose their declared parts when a value of
unknown type flows in: from a call in this module, a `return`, an assignment. What other modules pass in is believed,
and so is `self`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen.analysis.types import ANY, FLOAT, INT, NEVER, Type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumen.analysis.declared import ParamFact
    from lumen.syntax import nodes as n


def fits(promised: Type, actual: Type) -> bool:
    """Whether a value of type `actual` may be one of type `promised`; what is unknown is given the benefit.

    An Int will do for a Float: `let x: Float = 3` means a Float to whoever writes it, in `x / 2` too.
    """
    if actual in (ANY, NEVER) or promised == ANY or (promised == FLOAT and actual == INT):
        return True
    if promised.name != actual.name or promised.decl is not actual.decl:
        return False
    if len(promised.args) != len(actual.args):
        return True
    return all(fits(p, a) for p, a in zip(promised.args, actual.args, strict=True))


def names_declared(type_: Type) -> bool:
    """Whether a record or enum is part of a type."""
    return type_.decl is not None or any(names_declared(arg) for arg in type_.args)


def trusted(promised: Type, actual: Type) -> Type:
    """What is certain of a value that is annotated as `promised` and known to be `actual`."""
    if not fits(promised, actual):
        return ANY
    if actual == NEVER or not names_declared(promised):
        return promised
    if promised.decl is not None:
        return promised if actual != ANY else ANY
    known = actual.args if len(actual.args) == len(promised.args) else (ANY,) * len(promised.args)
    return Type(promised.name, tuple(trusted(p, a) for p, a in zip(promised.args, known, strict=True)))


def arguments_for(
    params: Sequence[ParamFact], positional: Sequence[Type], args: Sequence[n.Arg], types: Sequence[Type]
) -> list[Type]:
    """What a call gives to each parameter; NEVER to one that it leaves out.

    `positional` stand before `args`, whose types are `types`. A spread may give anything to any parameter.
    """
    if any(arg.is_spread for arg in args):
        return [ANY] * len(params)
    named = {arg.name: type_ for arg, type_ in zip(args, types, strict=True) if arg.name is not None}
    before = [*positional, *(type_ for arg, type_ in zip(args, types, strict=True) if arg.name is None)]
    found = []
    for at, param in enumerate(params):
        if param.is_rest:
            found.append(ANY if len(before) > at else NEVER)
        elif at < len(before):
            found.append(before[at])
        else:
            found.append(named.get(param.name, NEVER))
    return found
