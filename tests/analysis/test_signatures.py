"""What analysis says of the built-ins is what the prelude does.

The two rooms do not import each other; here both are at hand. Names and parameters must be equal; and for sample
arguments, a result type that analysis promises must be the type of what the built-in gives.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from lumen.analysis.infer import known
from lumen.analysis.signatures import BUILTINS
from lumen.analysis.types import (
    ANY,
    BOOL,
    BYTES,
    FLOAT,
    INT,
    NULL,
    STRING,
    Type,
    fn_of,
    join,
    list_of,
    map_of,
    result_of,
    set_of,
    tuple_of,
)
from lumen.prelude import registry
from lumen.values import model
from lumen.values.errors import Failure

ORCHESTRATION = {"attempt", "sleep", "channel"}
"""Built-ins whose bodies are the kernel's."""


def test_the_same_names() -> None:
    assert set(BUILTINS) == set(registry.BUILTINS) | ORCHESTRATION


@pytest.mark.parametrize("name", sorted(set(BUILTINS) - ORCHESTRATION))
def test_the_same_parameters(name: str) -> None:
    signature, spec = BUILTINS[name], registry.BUILTINS[name]
    params = tuple(("..." if p.is_rest else "") + p.name + ("?" if p.is_optional else "") for p in signature.params)
    assert params == spec.params
    assert any(p.is_function for p in signature.params) == spec.has_async
    assert signature.suspends == spec.suspends


def type_of(value: Any) -> Type:
    """The static type of a run-time value."""
    if value is None:
        return NULL
    if type(value) in _SIMPLE:
        return _SIMPLE[type(value)]
    if isinstance(value, list):
        return list_of(_joined(value))
    if isinstance(value, tuple):
        return tuple_of(*map(type_of, value))
    if isinstance(value, dict):
        return map_of(_joined(value), _joined(value.values()))
    if isinstance(value, model.Set):
        return set_of(_joined(value))
    if isinstance(value, model.Ok):
        return result_of(type_of(value.value), Type("Never"))
    if isinstance(value, model.Err):
        return result_of(Type("Never"), type_of(value.error))
    return ANY


_SIMPLE = {int: INT, float: FLOAT, bool: BOOL, str: STRING, bytes: BYTES}


def _joined(values: Any) -> Type:
    found = Type("Never")
    for value in values:
        found = join(found, type_of(value))
    return found


SAMPLES: list[tuple[Any, ...]] = [
    ([3, 1, 2],),
    ([3, 1, 2], 1),
    ([3, 1, 2], 1, 2),
    ([1.5, 2.5],),
    ([[1], [2, 3]],),
    (["b", "a"],),
    (["b", "a"], ","),
    ([(1, "a"), (2, "b")],),
    ([],),
    ((1, 2),),
    ({"a": 1, "b": 2},),
    ({"a": 1}, "a"),
    ({"a": 1}, "c", 3),
    ({"a": 1}, {"b": 2.5}),
    (model.Set([1, 2, 3]),),
    (model.Set([1, 2, 3]), 2),
    (model.Set([1, 2]), model.Set([2, 3])),
    ([1, 2], [2, 3]),
    ("a,b\nc",),
    ("a,b", ","),
    ("abc", 1),
    ("abc", 1, 2),
    ("abc", "b", "x"),
    ("12",),
    ("1.5",),
    (b"abc",),
    (b"abc", 1),
    (b"abc", 1, 2),
    (b"abc", b"d"),
    (3,),
    (-3,),
    (3, 2),
    (2, 2),
    (5, 1, 3),
    (2.5,),
    (2.5, 1),
    (2, 1.5),
    (2.5, 1, 3),
    (1, 0.5, 2),
    (True,),
    (None,),
    (model.Ok(1),),
    (model.Err("x"),),
    (model.Ok(1), 2),
]


def fits(promised: Type, actual: Type) -> bool:
    if promised == ANY or actual.name == "Never":
        return True
    if promised.name != actual.name or len(promised.args) != len(actual.args):
        return False
    return all(fits(p, a) for p, a in zip(promised.args, actual.args, strict=True))


PURE = [name for name, spec in registry.BUILTINS.items() if not spec.needs_world]


@pytest.mark.parametrize("name", PURE)
def test_results_are_of_the_promised_type(name: str) -> None:
    signature, spec = BUILTINS[name], registry.BUILTINS[name]
    body = getattr(import_module(f"lumen.prelude.{spec.module}"), spec.attr)
    tried = 0
    for sample in SAMPLES:
        arguments = list(sample)
        types = [type_of(value) for value in arguments]
        for position in signature.function_positions:
            if position == len(arguments):
                # One of these fits what the built-in wants of its function.
                arguments.append(str if name in ("group_by", "sort_by") else lambda *values: values[-1])
                types.append(fn_of((ANY,), element(types[0])))
        try:
            result = body(*arguments)
        except (Failure, TypeError, ValueError, AttributeError, OverflowError, IndexError, KeyError):
            continue
        tried += 1
        promised = known(signature.result_type(types))
        assert fits(promised, type_of(result)), f"{name}{tuple(arguments)!r} gave {result!r}, not {promised}"
    if signature.result not in (ANY, Type("Never")):
        assert tried, "no sample fits this built-in"


def element(type_: Type) -> Type:
    return type_.args[0] if type_.name in ("list", "set", "result") else STRING if type_ == STRING else ANY
