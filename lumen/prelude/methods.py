"""`x.f` and `x.f(…)` on values of unknown type.

These come from factories, because the methods that `impl … for Int` (or any type that is no record) gives
belong to one run: they are kept in its World.
"""

from __future__ import annotations

from types import MethodType

from lumen.prelude.access import missing_field
from lumen.values.display import describe, kind_name
from lumen.values.errors import Failure
from lumen.values.model import Enum, Record, Variant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lumen.prelude.world import World

_NONE: Any = object()


def _lookup(x: Any, name: str, impls: dict[str, dict[str, Callable[..., Any]]]) -> Any:
    """What `x.name` is, or `_NONE`."""
    if isinstance(x, Record | Variant):
        if name in x._fields:
            return getattr(x, name)
        method = x._methods.get(name)
        if method is not None:
            return MethodType(method, x)
    elif type(x) is dict:
        if name in x:
            return x[name]
    elif type(x) is tuple and name.isdecimal():
        if int(name) < len(x):
            return x[int(name)]
    elif isinstance(x, Enum):
        if name in x._variants:
            return x._variants[name]
        if name in x._methods:
            return x._methods[name]
    else:
        # Futures, channels, tools: classes of other rooms list what programs may see of them.
        attrs = getattr(type(x), "_attrs", None)
        if attrs is not None and name in attrs:
            return getattr(x, name)
        if isinstance(x, type) and issubclass(x, Record | Variant) and name in x._methods:
            return x._methods[name]
    if impls:
        own = impls.get(kind_name(x))
        method = own.get(name) if own is not None else None
        if method is not None:
            return MethodType(method, x)
    return _NONE


def make_attr(world: World) -> Callable[[Any, str], Any]:
    """`$attr(x, name)`: a field, a method bound to x, the value of a map key, a tuple's `.0`."""
    impls = world.impls

    def attr(x: Any, name: str) -> Any:
        found = _lookup(x, name, impls)
        if found is _NONE:
            raise _no_field(x, name)
        return found

    return attr


def _no_field(x: Any, name: str) -> Failure:
    from lumen.prelude.registry import BUILTINS

    if name in BUILTINS and x is not None and not isinstance(x, Record | Variant | dict):
        return Failure("missing-field", f"{kind_name(x)} has no field `{name}`; the built-in is called: `.{name}()`")
    return missing_field(x, name)


def make_attr_opt(world: World) -> Callable[[Any, str], Any]:
    """`$attr_opt(x, name)` for `x?.name`: null when x is null, or a map without that key."""
    impls = world.impls

    def attr_opt(x: Any, name: str) -> Any:
        if x is None:
            return None
        found = _lookup(x, name, impls)
        if found is _NONE:
            if type(x) is dict:
                return None
            raise missing_field(x, name)
        return found

    return attr_opt


def make_method(world: World) -> Callable[..., Any]:
    """`$method(x, name, fallback, args, kwargs)`: the call `x.name(args)`.

    In this order: a field that holds a function; a method of the value or of an `impl` for its type; an entry
    of a map; `fallback(x, *args, **kwargs)`, the cell or built-in of that name, if there is one. May give a
    coroutine, when what it calls suspends.
    """
    impls = world.impls

    def method(x: Any, name: str, fallback: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> Any:
        found = _lookup(x, name, impls)
        # `m.keys()` on a map with an entry "keys" means the built-in, unless the entry can be called.
        if found is _NONE or (fallback is not None and not callable(found)):
            if fallback is None:
                raise _no_method(x, name)
            return fallback(x, *args, **kwargs) if kwargs else fallback(x, *args)
        if not callable(found):
            raise Failure("type-mismatch", f"`.{name}` is {describe(found)}, which can't be called")
        return found(*args, **kwargs) if kwargs else found(*args)

    return method


def make_method_opt(world: World) -> Callable[..., Any]:
    """`$method_opt(x, name, fallback, args, kwargs)`: the call `x?.name(args)`, null when x is null."""
    method = make_method(world)

    def method_opt(x: Any, name: str, fallback: Any, args: Any, kwargs: dict[str, Any] | None = None) -> Any:
        return None if x is None else method(x, name, fallback, args, kwargs)

    return method_opt


def _no_method(x: Any, name: str) -> Failure:
    failure = missing_field(x, name)
    if not isinstance(x, Record | Variant | dict | Enum) and x is not None:
        failure = Failure("missing-field", f"{kind_name(x)} has no method `{name}`")
    return failure


def make_impl(world: World) -> Callable[[Any, str, Callable[..., Any]], None]:
    """`$impl(target, method, fn)`: target is a record type, an enum, or the name of any other type."""
    impls = world.impls

    def impl(target: Any, method: str, fn: Callable[..., Any]) -> None:
        if isinstance(target, str):
            impls.setdefault(target, {})[method] = fn
        else:
            target._methods[method] = fn

    return impl


def make_impl_all(world: World) -> Callable[[Any, dict[str, Any] | None, dict[str, Any]], None]:
    """`$impl_all(target, defaults, methods)`: an `impl`: its methods, and the trait's own for those left out."""
    impl = make_impl(world)

    def impl_all(target: Any, defaults: dict[str, Any] | None, methods: dict[str, Any]) -> None:
        for name, method in {**(defaults or {}), **methods}.items():
            impl(target, name, method)

    return impl_all
