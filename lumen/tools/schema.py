"""What a tool takes, and whether a call fits."""

from __future__ import annotations

from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


class Parameter:
    """One argument of a tool."""

    __slots__ = ("accepts", "is_named_only", "is_required", "name", "type_name")

    def __init__(
        self,
        name: str,
        type_name: str = "Any",
        *,
        is_required: bool = True,
        is_named_only: bool = False,
        accepts: Callable[[Any], bool] | None = None,
    ) -> None:
        self.name = name
        self.type_name = type_name
        """As a Lumen user writes it; for messages and schemas."""
        self.is_required = is_required
        self.is_named_only = is_named_only
        self.accepts = accepts
        """Whether a Lumen value fits; None takes everything."""


class Schema:
    """The arguments of one tool, in order."""

    __slots__ = ("doc", "has_extra", "has_rest", "parameters")

    def __init__(
        self,
        parameters: Sequence[Parameter],
        *,
        has_rest: bool = False,
        has_extra: bool = False,
        doc: str | None = None,
    ) -> None:
        self.parameters = tuple(parameters)
        self.has_rest = has_rest
        """More positional arguments are welcome."""
        self.has_extra = has_extra
        """So are arguments of other names."""
        self.doc = doc

    def takes(self, name: str) -> bool:
        """Whether there is a parameter of this name."""
        return any(parameter.name == name for parameter in self.parameters)

    def bind(self, tool: str, args: Sequence[Any], named: dict[str, Any]) -> dict[str, Any]:
        """The call as a map from argument name to value; further positional ones under `*`.

        Raises:
            Failure: `invalid-args`, naming the tool and the argument.
        """
        positional = [p for p in self.parameters if not p.is_named_only]
        bound: dict[str, Any] = {}
        for parameter, value in zip(positional, args, strict=False):
            bound[parameter.name] = value
        if len(args) > len(positional):
            if not self.has_rest:
                most = len(positional)
                plural = "" if most == 1 else "s"
                raise _invalid(tool, f"takes at most {most} positional argument{plural}, got {len(args)}")
            bound["*"] = list(args[len(positional) :])
        known = {parameter.name: parameter for parameter in self.parameters}
        for name, value in named.items():
            if name in bound:
                raise _invalid(tool, f"got `{name}` twice")
            if name not in known and not self.has_extra:
                names = ", ".join(f"`{p}`" for p in known) or "none"
                raise _invalid(tool, f"has no argument `{name}`; it takes {names}")
            bound[name] = value
        for parameter in self.parameters:
            if parameter.name not in bound:
                if parameter.is_required:
                    raise _invalid(tool, f"needs the argument `{parameter.name}`")
                continue
            value = bound[parameter.name]
            if parameter.accepts is not None and not parameter.accepts(value):
                raise _invalid(tool, f"takes {parameter.type_name} as `{parameter.name}`, got {_shown(value)}")
        return bound


def _invalid(tool: str, what: str) -> Failure:
    return Failure("invalid-args", f"tool `{tool}` {what}")


def _shown(value: Any) -> str:
    # Only for messages; not loaded by programs whose calls fit.
    from lumen.values.display import represent

    text = represent(value)
    return text if len(text) <= 80 else text[:79] + "…"
