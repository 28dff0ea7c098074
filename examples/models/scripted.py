"""A model that always gives the same answer, to show how a Python function becomes a tool."""

import time


def chat(model: str, messages: list[dict[str, str]]) -> str:
    """Answer the last user message."""
    if model == "unknown":
        raise ValueError("model is called unknown")
    time.sleep(0.01)
    system = next(m["content"] for m in messages if m["role"] == "system")
    return f"{model}: Mercury ({system})"
