"""Which tools may be called again after a crash: those that are declared so."""

from __future__ import annotations

import math

import pytest

from lumen.tools.registry import Registry
from lumen.values.errors import Failure


def registry(*, registered=None, **configured):
    table = {name.replace("_", "."): spec for name, spec in configured.items()}
    return Registry(table, ".", registered=registered, config_path="lumen.toml")


def test_a_provider_says_nothing():
    assert not registry(a_b="python:math:floor").provider("a.b").is_idempotent


@pytest.mark.parametrize("said", [True, False])
def test_the_table_says_so(said):
    provider = registry(a_b={"provider": "python:math:floor", "idempotent": said}).provider("a.b")
    assert provider.is_idempotent is said


def test_built_in_tools_follow_http():
    made = registry()
    known = {tool: made.provider(tool).is_idempotent for tool in ("http.get", "http.put", "http.post", "http.patch")}
    assert known == {"http.get": True, "http.put": True, "http.post": False, "http.patch": False}


def test_somebody_elses_http_get_need_not():
    assert not registry(http_get="python:math:floor").provider("http.get").is_idempotent
    assert not registry(registered={"http.get": math.floor}).provider("http.get").is_idempotent


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"provider": "python:math:floor", "idempotant": True}, "has no `idempotant`"),
        ({"provider": "python:math:floor", "idempotent": "yes"}, "takes true or false for `idempotent`"),
        ({"idempotent": True}, "has no provider"),
        ({"provider": 3}, "must be a string, not 3"),
    ],
)
def test_wrong_tables(spec, words):
    with pytest.raises(Failure) as caught:
        registry(a_b=spec).provider("a.b")
    assert caught.value.code == "tool-not-found"
    assert words in caught.value.message
