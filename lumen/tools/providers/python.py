"""`python:module:function`: any Python callable as a tool. Sync ones get a thread, async ones run on Trio.

The signature gives the schema: names, defaults, and the annotations that name types Lumen knows. Values are converted
on the way in and out; what Lumen has no value for is a failure `output-invalid`.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
import types
import typing
from typing import TYPE_CHECKING, Any

from lumen.tools.provider import Provider
from lumen.tools.schema import Parameter, Schema
from lumen.values.convert import from_python, to_python
from lumen.values.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

_TYPES: dict[Any, str] = {
    str: "String",
    int: "Int",
    float: "Float",
    bool: "Bool",
    bytes: "Bytes",
    list: "list",
    tuple: "tuple",
    dict: "map",
    types.NoneType: "Null",
}
"""Python type → its Lumen name."""


def load(tool: str, place: str, program_dir: str) -> Provider:
    """The provider `module:function`; modules are searched beside the program first.

    Raises:
        Failure: `tool-not-found` if there is no such module or function, `unavailable` if importing fails.
    """
    module_name, _, attribute = place.partition(":")
    if not module_name or not attribute:
        message = f'provider "python:{place}" of tool `{tool}` must read "python:module:function"'
        raise Failure("tool-not-found", message)
    module = _import(tool, module_name, program_dir)
    found: Any = module
    for part in attribute.split("."):
        found = getattr(found, part, None)
    if found is None:
        message = f"provider of tool `{tool}`: Python module `{module_name}` has no `{attribute}`"
        raise Failure("tool-not-found", message)
    if not callable(found):
        raise Failure("tool-not-found", f"provider of tool `{tool}`: `{module_name}:{attribute}` can't be called")
    return provider_of(tool, found)


def _import(tool: str, name: str, program_dir: str) -> types.ModuleType:
    path = _file_beside(name, program_dir)
    known = sys.modules.get(name)
    if path is not None and known is not None and getattr(known, "__file__", None) not in (path, None):
        # Another program in this process has a module of the same name; ours gets a name of its own.
        name = f"{name}@{program_dir}"
        if name in sys.modules:
            return sys.modules[name]
    elif path is None or program_dir in sys.path:
        path = None
    added = program_dir not in sys.path
    if added:
        sys.path.insert(0, program_dir)
    try:
        if path is None or "@" not in name:
            importlib.invalidate_caches()
            return importlib.import_module(name)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        return module
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise Failure(
                "tool-not-found",
                f"provider of tool `{tool}`: there is no Python module `{name}` beside the program or installed",
            ) from None
        raise _broken(tool, name, error) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # Whatever a module does on import, SystemExit too.
        raise _broken(tool, name, error) from error


def _broken(tool: str, name: str, error: BaseException) -> Failure:
    what = f"importing Python module `{name}` failed with {_described(error)}"
    return Failure("unavailable", f"provider of tool `{tool}`: {what}")


def _file_beside(name: str, folder: str) -> str | None:
    base = os.path.join(folder, *name.split("."))
    for path in (base + ".py", os.path.join(base, "__init__.py")):
        if os.path.isfile(path):
            return path
    return None


def provider_of(tool: str, function: Callable[..., Any]) -> Provider:
    """The provider made of a callable."""
    schema = _schema(function)
    by_position = _positional_only(function)

    def call_with(arguments: dict[str, Any]) -> Any:
        rest = [to_python(value) for value in arguments.get("*", ())]
        given = {name: to_python(value) for name, value in arguments.items() if name != "*"}
        if rest or by_position:
            first = [given.pop(p.name) for p in schema.parameters if p.name in given and not p.is_named_only]
            return function(*first, *rest, **given)
        return function(**given)

    def sync_call(arguments: dict[str, Any]) -> Any:
        try:
            result = call_with(arguments)
            if inspect.iscoroutine(result):
                result.close()  # nobody will await it, and Python need not complain of that as well
            return from_python(result, f"the result of tool `{tool}`")
        except BaseException as error:
            # Also SystemExit and the like: a tool must not be able to end the run by raising.
            raise failure_from(f"tool `{tool}`", error) from error

    async def async_call(arguments: dict[str, Any]) -> Any:
        import trio

        try:
            return from_python(await call_with(arguments), f"the result of tool `{tool}`")
        except (trio.Cancelled, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise failure_from(f"tool `{tool}`", error) from error

    is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004
    return Provider(tool, schema, async_call if is_async else sync_call, is_async=is_async)


def failure_from(who: str, error: BaseException) -> Failure:
    """What a Python function of the host raised, as a failure; a `lumen_code` of the exception becomes its code."""
    if isinstance(error, Failure):
        return error
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]  # Trio's nurseries wrap even a single one
    if isinstance(error, Failure):
        return error
    code = getattr(error, "lumen_code", None)
    if code is None:
        code = "timeout" if isinstance(error, TimeoutError) else "failed"
    elif type(code) is not str:
        code = "failed"
    return Failure(code, f"{who} failed with {_described(error)}")


def _described(error: BaseException) -> str:
    """Its class and what it says, if it can say anything."""
    try:
        text = str(error)
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _positional_only(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(p.kind is p.POSITIONAL_ONLY for p in parameters)


def _schema(function: Callable[..., Any]) -> Schema:
    doc = inspect.getdoc(function)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        # Written in C without a signature: take everything, Python will say what is wrong.
        return Schema((), has_rest=True, has_extra=True, doc=doc)
    try:
        hints = typing.get_type_hints(function)
    except Exception:
        # Annotations that can't be evaluated say nothing.
        hints = {}
    parameters = []
    has_rest = has_extra = False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            has_rest = True
        elif parameter.kind is parameter.VAR_KEYWORD:
            has_extra = True
        else:
            names, choices = _accepts(hints.get(parameter.name, Any))
            parameters.append(
                Parameter(
                    parameter.name,
                    names,
                    is_required=parameter.default is parameter.empty,
                    is_named_only=parameter.kind is parameter.KEYWORD_ONLY,
                    choices=choices,
                )
            )
    return Schema(parameters, has_rest=has_rest, has_extra=has_extra, doc=doc)


def _accepts(hint: Any) -> tuple[list[str], tuple[Any, ...]]:
    """The Lumen names of what an annotation allows, or its choices; neither if it allows everything."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        options = [_accepts(option) for option in typing.get_args(hint)]
        if not all(names or choices for names, choices in options):
            return [], ()
        return [name for names, _ in options for name in names], tuple(c for _, choices in options for c in choices)
    if origin is typing.Literal:
        return [], typing.get_args(hint)
    if origin is typing.Annotated:
        return _accepts(typing.get_args(hint)[0])
    known = _TYPES.get(hint if origin is None else origin)
    return ([] if known is None else [known]), ()
