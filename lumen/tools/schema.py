"""What a tool takes, and whether a call fits."""

from __future__ import annotations

from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


_TESTS: dict[str, Callable[[Any], bool]] = {
    "String": lambda value: type(value) is str,
    "Int": lambda value: type(value) is int,
    "Float": lambda value: type(value) in (int, float),
    "Bool": lambda value: type(value) is bool,
    "Bytes": lambda value: type(value) is bytes,
    "list": lambda value: type(value) is list,
    "tuple": lambda value: type(value) in (tuple, list),
    "map": lambda value: type(value) is dict or hasattr(value, "_fields"),
    "Null": lambda value: value is None,
}
"""Whether a Lumen value can be passed for a type; containers are tested without their elements."""


class Parameter:
    """One argument of a tool. Plain data, so that a journal can keep it and a replay needs no provider."""

    __slots__ = ("choices", "is_named_only", "is_required", "name", "types")

    def __init__(
        self,
        name: str,
        types: Sequence[str] = (),
        *,
        is_required: bool = True,
        is_named_only: bool = False,
        choices: Sequence[Any] = (),
    ) -> None:
        self.name = name
        self.types = tuple(types)
        """Names of types, any of which fits. No types and no choices: any value does."""
        self.is_required = is_required
        self.is_named_only = is_named_only
        self.choices = tuple(choices)
        """Values that fit besides."""

    @property
    def type_name(self) -> str:
        """As a Lumen user writes it; for messages and schemas."""
        return " | ".join([*map(repr, self.choices), *self.types]) or "Any"

    def fits(self, value: Any) -> bool:
        """Whether a value may be passed."""
        if any(value == choice and type(value) is type(choice) for choice in self.choices):
            return True
        return any(_TESTS[name](value) for name in self.types) or not (self.types or self.choices)


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

    def to_form(self) -> dict[str, Any]:
        """The schema as a Lumen value, for a journal."""
        return {
            "extra": self.has_extra,
            "parameters": [
                [p.name, list(p.types), p.is_required, p.is_named_only, list(p.choices)] for p in self.parameters
            ],
            "rest": self.has_rest,
        }

    @classmethod
    def from_form(cls, form: dict[str, Any]) -> Schema:
        """The schema that `to_form` has given; without its doc."""
        parameters = [
            Parameter(name, types, is_required=is_required, is_named_only=is_named_only, choices=choices)
            for name, types, is_required, is_named_only, choices in form["parameters"]
        ]
        return cls(parameters, has_rest=form["rest"], has_extra=form["extra"])

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
            if not parameter.fits(value):
                raise _invalid(tool, f"takes {parameter.type_name} as `{parameter.name}`, got {_shown(value)}")
        return bound


def _invalid(tool: str, what: str) -> Failure:
    return Failure("invalid-args", f"tool `{tool}` {what}")


def _shown(value: Any) -> str:
    # Only for messages; not loaded by programs whose calls fit.
    from lumen.values.display import represent

    text = represent(value)
    return text if len(text) <= 80 else text[:79] + "…"
