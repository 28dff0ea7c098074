"""Tools of the programs here: they take as long as they like, and answer the same question always alike."""

from __future__ import annotations

import random
import time

_delays = random.SystemRandom()


def find(key: str, limit: int = 3) -> list[str]:
    """`limit` words that begin like the key."""
    time.sleep(_delays.random() * 0.004)
    if key == "nothing":
        raise LookupError(key)
    return [f"{key}{n}" for n in range(limit)]


def rate(text: str, by: str = "length") -> int:
    """A number from 0 to 99."""
    time.sleep(_delays.random() * 0.004)
    return sum(ord(c) for c in by + text) % 100


async def ask(question: str, urgent: bool = False) -> dict[str, object]:
    """An answer and how sure it is."""
    import trio

    await trio.sleep(_delays.random() * 0.004)
    return {"text": question.upper(), "sure": len(question) % 10, "urgent": urgent}
