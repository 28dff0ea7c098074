"""What built-ins see of the run: printing, and the door to the outside."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from lumen.kernel.kernel import Kernel
    from lumen.runtime.answers import Answers
    from lumen.runtime.output import Output
    from lumen.tools.call import ToolCalls


class World:
    """One run's way out, in the shape that `lumen.prelude.world.World` describes."""

    __slots__ = ("_answers", "breakpoint", "emitted", "impls", "kernel", "output", "tools")

    kernel: Kernel
    """Set by the interpreter, since the kernel is made with `answer_now`."""
    tools: Callable[[], ToolCalls]
    """Likewise: the tool calls of the run."""
    breakpoint: Callable[[], None]
    """Likewise: opens the debugger in the frame that calls this."""

    def __init__(self, output: Output, seed: int | None, is_virtual: bool) -> None:
        self.output = output
        self.impls: dict[str, dict[str, Callable[..., Any]]] = {}
        self.emitted: Callable[[Any], None] | None = None
        """The host's listener for `emit`."""
        self._answers: Answers | tuple[int | None, bool] = (seed, is_virtual)

    def print(self, text: str) -> None:
        """One line of output."""
        observer = self.kernel.observer
        if observer is not None:
            observer.printed(text)
        self.output.write_line(text)

    def debug(self, text: str) -> None:
        """One line on stderr, after what was printed before it."""
        self.output.flush()
        if self.output.before_write is not None:
            self.output.before_write()
        sys.stderr.write(text + "\n")

    def keep_secret(self, value: Any) -> None:
        """A `@secret` field has been given this value."""
        observer = self.kernel.observer
        if observer is not None:
            observer.learned_secret(value)

    def emit(self, value: Any) -> None:
        """An event for observers."""
        self.kernel.emit(value)
        if self.emitted is not None:
            self.emitted(value)

    def ask(self, kind: str, name: str, args: tuple[Any, ...]) -> Awaitable[Any]:
        """Ask the outside; awaiting suspends the task."""
        return self.kernel.ask(kind, name, args)

    def ask_now(self, kind: str, name: str, args: tuple[Any, ...]) -> Any:
        """Ask the outside for what it knows at once."""
        return self.kernel.ask_now(kind, name, args)

    def answer_now(self, kind: str, name: str, args: Any) -> Any:
        """The host's end of `ask_now`: time, random numbers, environment, and what a tool takes."""
        if kind == "tool":
            return self.tools().described(name, args[0])
        answers = self._answers
        if type(answers) is tuple:
            # Few programs ask; `random` alone takes longer to import than such a program to run.
            from lumen.runtime.answers import Answers

            answers = self._answers = Answers(*answers, lambda: self.kernel.now)
        return answers.answer(kind, name, args)  # type: ignore[union-attr]
