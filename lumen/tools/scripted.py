"""`with_tools({"llm.chat": fn(args) => …}) … end`: calls answered by functions of the program itself.

Such a call never reaches the door: nothing outside is asked, so nothing is recorded either, and a replay simply makes
the same call of the same function again.

A block holds for the task that runs it and for all tasks started while it runs. Each task keeps a list of its blocks;
a call looks through those of its own task, then of the one that started it, and so on outwards, leaving out blocks that
were entered after that start. Calls made *by* an answer function go to the blocks around the one it belongs to, so that
it may change an answer on its way.
"""

from __future__ import annotations

from lumen.tools.schema import Schema
from lumen.values.display import describe
from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lumen.kernel.future import Future
    from lumen.kernel.kernel import Kernel
    from lumen.kernel.messages import Site

    Answers = dict[str, Callable[[Any], Any]]
    Place = tuple[Future, int, int]
    """A task, how many of its blocks count, and the number of the task through which it was reached."""

ANY_ARGUMENTS = Schema((), has_rest=True, has_extra=True)
"""For tools that nothing provides: takes everything; arguments by position are under `*`."""

_NEWEST = 1 << 62
_NO_ANSWERS: Answers = {}


class _Block:
    """One block in force. `since`: tasks of greater numbers were started inside it. `beyond`: go on looking there."""

    __slots__ = ("answers", "beyond", "since")

    def __init__(self, since: int, answers: Answers, beyond: Place | None = None) -> None:
        self.since = since
        self.answers = answers
        self.beyond = beyond


class ScriptedCalls:
    """The `with_tools` blocks of one run that are in force."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._blocks: dict[Future, list[_Block]] = {}
        """Outermost first."""

    async def run(self, answers: Any, body: Callable[[], Any], site: Site | None = None) -> Any:
        """`$with_tools(answers, body, site)`: the value of `body()`, whose tool calls are answered by `answers`.

        Args:
            answers: a map from tool name to a function of one argument, the map of the call's arguments by name.
            body: plain or suspending; so are the functions.
        Raises:
            Failure: `type-mismatch` if `answers` is not such a map; whatever the body fails with.
        """
        return await self._within(_Block(self._kernel.spawned_count, _checked(answers)), body)

    async def answer(self, tool: str, found: tuple[Callable[[Any], Any], Place], args: dict[str, Any]) -> Any:
        """What an answer function says to a call; its failure is that of the call.

        Every other ready task runs first, since a call of a tool always lets others run: what goes wrong when they do
        must go wrong in a test as well.
        """
        turn = self._kernel.yield_turn()
        injected = self._kernel.policy.inside_call(self._kernel, tool)
        await turn
        if injected is not None and not injected[1]:
            raise injected[0]
        function, place = found
        block = _Block(self._kernel.spawned_count, _NO_ANSWERS, place)
        value = await self._within(block, lambda: function(args))
        if hasattr(value, "__await__"):
            value = await value  # of an `async cell`
        if injected is not None:
            raise injected[0]
        return value

    def find(self, tool: str) -> tuple[Callable[[Any], Any], Place] | None:
        """Who answers a call that the current task makes now, innermost block first; None if no block does."""
        at: Any = self._kernel.current
        born = _NEWEST
        while at is not None:
            blocks = self._blocks.get(at, ())
            index = len(blocks)
            while index:
                index -= 1
                block = blocks[index]
                if born <= block.since:
                    continue
                if block.beyond is not None:
                    at, index, born = block.beyond
                    blocks = self._blocks.get(at, ())
                    index = min(index, len(blocks))
                elif tool in block.answers:
                    return block.answers[tool], (at, index, born)
            born = at.number
            at = at.parent
        return None

    async def _within(self, block: _Block, body: Callable[[], Any]) -> Any:
        task = self._kernel.current
        assert task is not None
        self._blocks.setdefault(task, []).append(block)
        try:
            value = body()
            return await value if hasattr(value, "__await__") and hasattr(value, "send") else value
        finally:
            self._leave(task, block)

    def _leave(self, task: Future, block: _Block) -> None:
        blocks = self._blocks
        blocks[task].remove(block)
        if not blocks[task]:
            del blocks[task]
        for child in task.children or ():
            if child.number > block.since:
                # It outlives the block it was started in, which holds for it to the end.
                blocks.setdefault(child, []).insert(0, _Block(-1, block.answers, block.beyond))


def _checked(answers: Any) -> Answers:
    if type(answers) is not dict:
        raise Failure(
            "type-mismatch", f"`with_tools` takes a map from tool names to functions, got {describe(answers)}"
        )
    for name, function in answers.items():
        if type(name) is not str:
            raise Failure("type-mismatch", f"`with_tools` takes tool names as keys, got {describe(name)}")
        if not callable(function):
            message = f"`with_tools` takes a function for `{name}`, such as `fn(args) => …`, got {describe(function)}"
            raise Failure("type-mismatch", message)
    return answers
