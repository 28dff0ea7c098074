"""Time, random numbers and environment: what the outside answers at once."""

from __future__ import annotations

import os
import time
from random import Random

from lumen.values.errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SEEDED_EPOCH_MS = 1_000_000_000_000
"""2001-09-09T01:46:40Z: when seeded runs in virtual time begin."""


class Answers:
    """With a seed, random numbers follow from it; in virtual time, so does the time of day."""

    def __init__(self, seed: int | None, is_virtual: bool, now_ns: Callable[[], int]) -> None:
        self._random = Random(seed)
        self._seeded = seed is not None
        self._follows_kernel = is_virtual
        self._now_ns = now_ns

    def answer(self, kind: str, name: str, args: tuple[Any, ...]) -> Any:
        """The answer to one question; see `lumen.prelude.world.World.ask_now` for the questions."""
        if kind == "random":
            if name == "random":
                return self._random.random()
            if name == "random_int":
                return self._random.randint(*args)
            return self._uuid()
        if kind == "time":
            ms = self._time_ms()
            return int(ms) if name == "timestamp_ms" else ms / 1000
        if kind == "env":
            return os.environ.get(args[0])
        raise Failure("not-supported", f"nothing outside answers `{kind}`")

    def _time_ms(self) -> float:
        if self._follows_kernel:
            return SEEDED_EPOCH_MS + self._now_ns() / 1_000_000
        return time.time() * 1000

    def _uuid(self) -> str:
        bits = self._random.getrandbits(128) if self._seeded else int.from_bytes(os.urandom(16), "big")
        # Version 4, variant 1, as RFC 9562 lays them out.
        bits = bits & ~(0xF << 76) & ~(0x3 << 62) | 4 << 76 | 2 << 62
        text = f"{bits:032x}"
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
