"""The names that compiled code calls, for one run.

A plain dict: compiled code has it as `__builtins__`, where Python looks for names that are not in the module, as fast
as for its own built-ins. Only what the program's code refers to is put in, so that a small program loads little.
"""

from __future__ import annotations

from lumen.orchestration.facade import SUPPORT, Orchestration
from lumen.prelude.registry import bind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from lumen.kernel.kernel import Kernel
    from lumen.runtime.world import World

_TOOL_NAMES = frozenset(("$tool", "$call_tool", "$with_roles", "$with_tools"))


def build_support(
    names: Iterable[str],
    kernel: Kernel,
    world: World,
    tools: Callable[[], Any],
    extern: Callable[[str, tuple[str, ...]], Any],
) -> dict[str, Any]:
    """What stands behind each of the names.

    Args:
        tools: makes the run's ToolCalls when the program has tools.
        extern: gives the callable behind `extern cell name(params)`.
    """
    orchestration = Orchestration(kernel)
    # Python's own C code imports modules by way of the running frame (printing a long Int does, from 3.12 on).
    found: dict[str, Any] = {"__import__": __import__}
    for name in names:
        member = SUPPORT.get(name)
        if member is not None:
            found[name] = getattr(orchestration, member)
        elif name in _TOOL_NAMES:
            calls = tools()
            found["$tool"], found["$call_tool"], found["$with_roles"] = calls.declare, calls.call, calls.with_roles
            found["$with_tools"] = calls.with_tools
        elif name == "$extern":
            found[name] = extern
        else:
            try:
                found[name] = bind(name, world)
            except KeyError:
                # A name that the module defines itself (`$top`, `$import`).
                continue
    return found
