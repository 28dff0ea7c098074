"""A tool that takes as long as it likes."""

import random
import time

_delays = random.SystemRandom()


def answer(n: int) -> str:
    time.sleep(_delays.random() * 0.02)
    if n == 13:
        raise ValueError("unlucky")
    return f"answer {n}"
