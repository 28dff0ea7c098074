"""Tools and extern cells that misbehave: a failure of the program, never of the run."""

from __future__ import annotations

import sys
import threading

import pytest

import lumen


class Mute(Exception):
    def __str__(self):
        raise ValueError("nothing to say")

    __repr__ = __str__


class Odd(BaseException):
    pass


class Coded(Exception):
    lumen_code = "auth"


class OddlyCoded(Exception):
    lumen_code = Mute()


class BadList(list):
    def __iter__(self):
        raise ValueError("no items")


def nested_list():
    made = []
    for _ in range(100_000):
        made = [made]
    return made


def endless_list():
    made = []
    made.append(made)
    return made


def endless():
    return endless()


async def coroutine():
    return 1


RAISED = {
    "exit": (SystemExit(7), "failed", "SystemExit: 7"),
    "interrupt": (KeyboardInterrupt(), "failed", "KeyboardInterrupt"),
    "generator exit": (GeneratorExit(), "failed", "GeneratorExit"),
    "base": (Odd("boo"), "failed", "Odd: boo"),
    "mute": (Mute(), "failed", "Mute"),
    "stop": (StopIteration(3), "failed", "StopIteration: 3"),
    "async stop": (StopAsyncIteration(3), "failed", "StopAsyncIteration: 3"),
    "coded": (Coded("key"), "auth", "Coded: key"),
    "oddly coded": (OddlyCoded("x"), "failed", "OddlyCoded: x"),
    "group": (ExceptionGroup("several", [ValueError("one")]), "failed", "ValueError: one"),
    "timeout": (TimeoutError(), "timeout", "TimeoutError"),
}
GIVEN = {
    "object": (object, "output-invalid"),
    "inside": (lambda: [1, {"a": object()}], "output-invalid"),
    "itself": (endless_list, "output-invalid"),
    "deep": (nested_list, "output-invalid"),
    "generator": (lambda: (x for x in ()), "output-invalid"),
    "coroutine": (lambda: coroutine(), "output-invalid"),
    "no items": (lambda: BadList([1]), "failed"),
    "recursion": (endless, "failed"),
}
PROGRAM = 'use tool t.x as X\ncell main()\n  let r = attempt(fn() => X())\n  print("goes on")\n  return r\nend\n'


def failure_of(tool):
    interpreter = lumen.Interpreter()
    interpreter.provide("t.x", tool)
    result = interpreter.run(source=PROGRAM)
    assert result.output == "goes on\n"
    return result.value.error


def raising(error, is_async):
    def tool():
        raise error

    async def async_tool():
        raise error

    return async_tool if is_async else tool


@pytest.mark.parametrize("is_async", [False, True], ids=["thread", "trio"])
@pytest.mark.parametrize("name", RAISED)
def test_whatever_a_tool_raises_is_a_failure(name, is_async):
    if is_async and name == "stop":
        pytest.skip("Python itself forbids it")
    error, code, words = RAISED[name]
    failure = failure_of(raising(error, is_async))
    assert failure.code == code
    assert words in failure.message


@pytest.mark.parametrize("name", GIVEN)
def test_what_lumen_has_no_value_for(name):
    make, code = GIVEN[name]
    assert failure_of(lambda: make()).code == code


@pytest.mark.parametrize("name", [name for name in RAISED if name != "interrupt"])
def test_whatever_an_extern_cell_raises_is_a_failure(name):
    error, code, words = RAISED[name]
    interpreter = lumen.Interpreter()
    interpreter.register(raising(error, False), name="boom")
    result = interpreter.run(source="extern cell boom() -> Any\ncell main()\n  return attempt(fn() => boom())\nend\n")
    assert result.value.error.code == code
    assert words in result.value.error.message


def test_arguments_are_checked_before_the_call():
    called = []
    interpreter = lumen.Interpreter()
    interpreter.provide("t.x", lambda a, *, b=1: called.append(a))
    for call, words in (
        ("X()", "`a`"),
        ("X(1, 2, 3)", "argument"),
        ("X(a: 1, c: 2)", "`c`"),
        ("X(1, a: 1)", "`a`"),
    ):
        result = interpreter.run(
            source=f"use tool t.x as X\ncell main()\n  return attempt(fn() => {call})\nend\n", check=False
        )
        assert result.error is None, str(result.error)
        assert result.value.error.code == "invalid-args", call
        assert words in result.value.error.message
    assert called == []


def test_a_tool_that_ignores_its_cancellation_does_not_keep_the_run():
    started, gate = threading.Event(), threading.Event()

    def stubborn():
        started.set()
        gate.wait(60)

    def wait():
        started.wait(60)

    interpreter = lumen.Interpreter()
    interpreter.provide("t.x", stubborn)
    interpreter.provide("t.wait", wait)
    source = "use tool t.x as X\nuse tool t.wait as Wait\ncell main()\n  return await race(X(), Wait() ?? 5)\nend\n"
    try:
        assert interpreter.run(source=source).value == 5
    finally:
        gate.set()


PROVIDERS = {
    "no module": ("python:no_such_module_anywhere:f", "tool-not-found", "no_such_module_anywhere"),
    "no function": ("python:provider_ok:g", "tool-not-found", "`g`"),
    "not callable": ("python:provider_ok:number", "tool-not-found", "can't be called"),
    "raises": ("python:provider_raises:f", "unavailable", "RuntimeError: boom"),
    "exits": ("python:provider_exits:f", "unavailable", "SystemExit: 4"),
    "syntax": ("python:provider_syntax:f", "unavailable", "SyntaxError"),
    "imports nothing": ("python:provider_imports:f", "unavailable", "no_such_module_anywhere"),
    "nonsense": ("nonsense", "tool-not-found", "nonsense"),
    "half": ("python:provider_ok", "tool-not-found", "python:module:function"),
}
MODULES = {
    "provider_ok": "number = 5\ndef f(): return 1\n",
    "provider_raises": "raise RuntimeError('boom')\n",
    "provider_exits": "import sys\nsys.exit(4)\n",
    "provider_syntax": "def f(:\n",
    "provider_imports": "import no_such_module_anywhere\n",
}


@pytest.fixture
def beside(tmp_path, monkeypatch):
    for name, text in MODULES.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", PROVIDERS)
def test_providers_that_are_not_there(beside, name):
    provider, code, words = PROVIDERS[name]
    (beside / "lumen.toml").write_text(f'[providers]\n"t.x" = "{provider}"\n')
    (beside / "main.lumen").write_text("use tool t.x as X\nX()\n")
    result = lumen.Interpreter().run(str(beside / "main.lumen"), check=False)
    assert result.error is not None
    assert result.error.code == code
    assert words in result.error.message
    assert result.error.details["line"] == 2
