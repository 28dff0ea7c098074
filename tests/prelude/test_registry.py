"""The registry is true: every name has a body, with the parameters it says, and analysis knows the same."""

import inspect

import pytest

from lumen.analysis.signatures import BUILTINS as SIGNATURES
from lumen.prelude import registry
from lumen.prelude.registry import BUILTINS, bind, is_known, load
from lumen.values.model import Err, Ok

CONCURRENT = {"attempt", "channel", "sleep"}
"""Their bodies are in `lumen.orchestration`."""


class World:
    def __init__(self):
        self.impls = {}
        self.lines = []

    def print(self, text):
        self.lines.append(text)


@pytest.mark.parametrize("name", [f"${name}" for name in (*registry._SUPPORT, *registry._PYTHON)])
def test_every_support_name_has_an_object(name):
    assert is_known(name)
    load(name)


@pytest.mark.parametrize("name", list(BUILTINS))
def test_bodies_have_the_parameters_that_the_registry_gives(name):
    spec = BUILTINS[name]
    body = load(f"${name}")
    if spec.needs_world or body in (Ok, Err):
        return
    forms = [body]
    if spec.has_async:
        forms.append(load(f"${name}~"))
        assert inspect.iscoroutinefunction(forms[-1])
    if spec.own:
        forms.append(load(f"${name}_own"))
    for form in forms:
        params = [p for p in inspect.signature(form).parameters.values() if p.kind is not p.VAR_KEYWORD]
        assert tuple(p.name for p in params) == spec.param_names
        assert (
            sum(p.default is p.empty and p.kind is not p.VAR_POSITIONAL for p in params) == spec.required
            or name == "halt"
        )
        assert form.__name__ == spec.name


def test_analysis_and_prelude_know_the_same_built_ins():
    assert set(SIGNATURES) - CONCURRENT == set(BUILTINS)
    for name, spec in BUILTINS.items():
        signature = SIGNATURES[name]
        assert tuple(param.name for param in signature.params) == spec.param_names, name
        required = sum(not param.is_optional and not param.is_rest for param in signature.params)
        assert required == spec.required, name
        assert signature.suspends == spec.suspends, name
        assert bool(signature.function_positions) == spec.has_async, name


def test_unknown_names():
    assert not is_known("$nothing")
    assert not is_known("length")
    assert not is_known("$length~")
    with pytest.raises(KeyError):
        load("$nothing")


def test_print_goes_through_the_world():
    world = World()
    bind("$print", world)("a", 1, ["b"])
    bind("$print", world)()
    assert world.lines == ['a 1 ["b"]', ""]
