"""A parse that stopped: what to say about it, and where to go on."""

from __future__ import annotations

from lumen.syntax.driver import Machine

Finding = tuple[str, str, int, int, str]


def explain(index: int, machine: Machine, text: str) -> Finding:
    """The finding for the token at which the parser stopped."""
    tokens = machine.tokens
    if index in tokens.errors:
        code, message = tokens.errors[index]
        return ("error", code, tokens.starts[index], tokens.ends[index], message)
    at = min(index, len(tokens.kinds) - 1)
    return ("error", "syntax-error", tokens.starts[at], tokens.ends[at], f"unexpected `{tokens.texts[at]}` ({tokens.kinds[at]})")


def recover(index: int, machine: Machine) -> bool:
    """Drop to the next statement; False when there is none."""
    return False
