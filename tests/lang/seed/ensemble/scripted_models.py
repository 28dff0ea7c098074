"""Three models that answer at once; one of them is wrong."""


def chat(prompt: str, model: str, messages: list | None = None) -> dict:
    """Answer a prompt, and give back what was asked."""
    answers = {"gpt-4o": "42", "claude-3-opus": "42", "gemini-pro": "41"}
    return {
        "answer": answers[model],
        "model": model,
        "prompt": prompt,
        "roles": [message["role"] for message in messages or []],
        "said": [message["content"] for message in messages or []],
    }
