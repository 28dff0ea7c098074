"""Tools that change the world: the folder `LUMEN_SOAK_EFFECTS`, where every call leaves a line in `log`."""

from __future__ import annotations

import os
import random
import time

_delays = random.SystemRandom()


def save(key: str, text: str) -> int:
    """Write a file; doing it again changes nothing."""
    folder = _called("save", key)
    path = os.path.join(folder, key)
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(f"{path}.new", path)
    time.sleep(_delays.random() * 0.003)
    return len(text)


def charge(key: str, cents: int) -> str:
    """Must not happen twice."""
    _called("charge", key)
    time.sleep(_delays.random() * 0.003)
    return f"{key}: {cents} paid"


def _called(tool: str, key: str) -> str:
    folder = os.environ["LUMEN_SOAK_EFFECTS"]
    descriptor = os.open(os.path.join(folder, "log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        os.write(descriptor, f"{tool} {key}\n".encode())
    finally:
        os.close(descriptor)
    return folder
