"""The LALR machine: our own small loop over the tables, with integer states and direct callbacks.

Lark's own loop makes an object for each token and a list for each rule (about 4,000 lines/s for a grammar of this
size); this one keeps token kinds as strings in a list and calls the builder straight from the reduction.

The modes of a rule: SAME passes one child on; LIST splices children into a list (helper rules of `*` and `+`, and
rules named `_x`); PLAIN calls the builder with all children; FILTER calls it with those the plan names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lumen.source.span import Span
from lumen.syntax.tables import MODE_LIST, MODE_PLAIN, MODE_SAME, Tables
from lumen.syntax.tokens import Tokens

Callback = Callable[..., Any]
_new_span = tuple.__new__


class SyntaxFault(Exception):
    """The parser stopped: at which token, in which states."""

    def __init__(self, index: int, machine: Machine) -> None:
        super().__init__(index)
        self.index = index
        self.machine = machine


class Machine:
    """The stacks of one parse. `states`, `values` and `starts` run in parallel; states has one more (the first)."""

    __slots__ = ("accepting", "callbacks", "position", "previous_end", "starts", "states", "tables", "tokens", "values")

    def __init__(self, tables: Tables, callbacks: list[Callback], tokens: Tokens, start: str) -> None:
        self.tables = tables
        self.callbacks = callbacks
        self.tokens = tokens
        first, self.accepting = tables.starts[start]
        self.states = [first]
        self.values: list[Any] = []
        self.starts: list[int] = []
        self.position = 0
        self.previous_end = 0

    def run(self, skips: Sequence[tuple[int, int]] = ()) -> Any:
        """Parse all tokens but the ranges `skips` (begin, end), which are sorted and do not overlap.

        Returns: the value of the start rule. Raises: SyntaxFault.
        """
        for begin, end in skips:
            self.run_to(begin)
            self.position = end
        return self.run_to(len(self.tokens.kinds) + 1)

    def run_to(self, stop: int) -> Any:
        """Parse the tokens from `position` up to `stop`; behind the last token stands `$END`."""
        actions, gotos, rules = self.tables.actions, self.tables.gotos, self.tables.rules
        callbacks = self.callbacks
        kinds, token_starts, token_ends = self.tokens.kinds, self.tokens.starts, self.tokens.ends
        states, values, starts = self.states, self.values, self.starts
        push_state, push_value, push_start = states.append, values.append, starts.append
        count = len(kinds)
        previous_end = self.previous_end
        state = states[-1]
        for index in range(self.position, stop):
            if index < count:
                kind = kinds[index]
            else:
                kind = "$END"
            action = actions[state].get(kind)
            while action is not None and action < 0:
                lhs, size, _, mode, plan = rules[-action - 1]
                if mode == MODE_SAME and size == 1:
                    # One child, passed on: only the state changes.
                    states.pop()
                    state = gotos[states[-1]][lhs]
                    push_state(state)
                    action = actions[state].get(kind)
                    continue
                if size:
                    start = starts[-size]
                    if mode == MODE_PLAIN:
                        value = callbacks[-action - 1](_new_span(Span, (start, previous_end)), *values[-size:])
                    elif mode == MODE_SAME:
                        value = values[plan[0] - size]
                    elif mode == MODE_LIST:
                        value = _splice(values, size, plan)
                    else:
                        value = self.filtered(action, start, previous_end)
                    del states[-size:], values[-size:], starts[-size:]
                else:
                    start = token_starts[index] if index < count else previous_end
                    value = (
                        []
                        if mode == MODE_LIST
                        else callbacks[-action - 1](_new_span(Span, (start, start)), *[None] * len(plan))
                    )
                state = gotos[states[-1]][lhs]
                push_state(state)
                push_value(value)
                push_start(start)
                action = actions[state].get(kind)
            if action is None:
                if index == count and state == self.accepting:
                    return values[-1]
                self.position = index
                self.previous_end = previous_end
                raise SyntaxFault(index, self)
            state = action
            push_state(state)
            push_value(index)
            push_start(token_starts[index])
            if kind != "_NL" and kind != "_ARM_END":
                previous_end = token_ends[index]
        self.position = stop
        self.previous_end = previous_end
        return None

    def accepts(self) -> frozenset[str]:
        """The kinds of tokens that could really come next.

        The row of the current state lists more: states are shared by contexts, so each candidate is tried on a copy
        of the states.
        """
        tables = self.tables
        found: set[str] = set()
        for kind in tables.actions[self.states[-1]]:
            states = list(self.states)
            action = tables.actions[states[-1]].get(kind)
            while action is not None and action < 0:
                lhs, size, *_ = tables.rules[-action - 1]
                if size:
                    del states[-size:]
                states.append(tables.gotos[states[-1]][lhs])
                action = tables.actions[states[-1]].get(kind)
            if action is not None:
                found.add(kind)
        return frozenset(found)

    def filtered(self, action: int, start: int, end: int) -> Any:
        """Reduce a rule with absent parts, dropped tokens, or spliced lists."""
        _, size, name, _, plan = self.tables.rules[-action - 1]
        values = self.values
        base = len(values) - size
        children: list[Any] = []
        for at in plan:
            if at >= 0:
                children.append(values[base + at])
            elif at == -1:
                children.append(None)
            else:
                children += values[base - 2 - at]
        if name[0] == "?" and len(children) == 1:
            return children[0]
        return self.callbacks[-action - 1](_new_span(Span, (start, end)), *children)


def _splice(values: list[Any], size: int, plan: tuple[int, ...]) -> list[Any]:
    """The children of a helper rule as a list, reusing the list of the first child.

    Reuse is safe because a value on the stack has no other owner; copying would make long blocks quadratic.
    """
    base = len(values) - size
    result: list[Any] | None = None
    for at in plan:
        if at <= -2:
            part = values[base - 2 - at]
            if result is None:
                result = part
            else:
                result += part
        else:
            if result is None:
                result = []
            result.append(None if at == -1 else values[base + at])
    return [] if result is None else result
