"""Random updates of random nested values, against a model that copies everything.

The compiler updates in place when it believes that nobody else holds a value. Here others do hold it: a snapshot,
the caller, the value itself as a part of itself. What is printed must be what a language that always copies prints.
"""

from __future__ import annotations

import random

import pytest

import lumen

PROGRAMS = 150

HEAD = """record P(x: Any, y: Any) end
record C
  x: Any where x != "never"
end
cell f(v)
"""


class Record:
    """The model of a record."""

    def __init__(self, name, fields):
        self.name = name
        self.fields = fields


class Key:
    """A map key that Python would confuse with another (true with 1) or can't hash."""

    def __init__(self, text):
        self.text = text


TRUE, LIST = Key("true"), Key("[1]")


def literal(value) -> str:
    match value:
        case Record():
            return f"{value.name}({', '.join(f'{k}: {literal(v)}' for k, v in value.fields.items())})"
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case tuple():
            return f"({', '.join(map(literal, value))})"
        case dict():
            return f"{{{', '.join(f'{key_text(k)}: {literal(v)}' for k, v in value.items())}}}"
        case _:
            return str(value)


def key_text(key) -> str:
    return key.text if isinstance(key, Key) else f'"{key}"' if isinstance(key, str) else str(key)


def random_value(rng, depth):
    if depth == 0:
        return rng.randrange(10)
    part = lambda: random_value(rng, depth - 1)  # noqa: E731
    match rng.randrange(6):
        case 0:
            return [part() for _ in range(rng.randrange(1, 3))]
        case 1:
            return (part(), part())
        case 2:
            return {key: part() for key in rng.sample(["a", "b", 3, TRUE, LIST], 2)}
        case 3:
            return Record("P", {"x": part(), "y": part()})
        case 4:
            return Record("C", {"x": part()})
        case _:
            return rng.randrange(10)


def parts(value):
    """(name or index or key, part) of a container."""
    match value:
        case Record():
            return value.fields.items()
        case dict():
            return value.items()
        case list() | tuple():
            return enumerate(value)
        case _:
            return ()


def places(value, path=()):
    """Every (path, part) below a value."""
    for step, part in parts(value):
        yield (*path, step), part
        yield from places(part, (*path, step))


def updated(value, path, change):
    """A copy of a value with one place changed."""
    if not path:
        return change(value)
    step, rest = path[0], path[1:]
    match value:
        case Record():
            return Record(value.name, {**value.fields, step: updated(value.fields[step], rest, change)})
        case dict():
            return {**value, step: updated(value[step], rest, change)}
        case _:
            new = list(value)
            new[step] = updated(new[step], rest, change)
            return type(value)(new)


def place_text(value, path) -> str:
    text = "v"
    for step in path:
        if isinstance(value, Record):
            text += f".{step}"
            value = value.fields[step]
        else:
            text += f"[{key_text(step)}]"
            value = value[step]
    return text


def random_program(rng):
    """(source, lines that it must print)."""
    original = model = random_value(rng, 3)
    body: list[str] = []
    kept = []
    for number in range(rng.randrange(1, 5)):
        if rng.random() < 0.5:
            body.append(f"let s{number} = v")
            kept.append((f"s{number}", model))
        choices = list(places(model))
        if not choices or len(literal(model)) > 2000:
            break
        path, old = rng.choice(choices)
        place = place_text(model, path)
        before = model
        if isinstance(old, list) and rng.random() < 0.6:
            body.append(f"{place} = append({place}, 7)")
            model = updated(model, path, lambda part: [*part, 7])
        elif isinstance(old, int) and rng.random() < 0.6:
            body.append(f"{place} += 5")
            model = updated(model, path, lambda part: part + 5)
        elif rng.random() < 0.3:
            body.append(f"{place} = v")
            model = updated(model, path, lambda part, whole=before: whole)
        else:
            body.append(f"{place} = 99")
            model = updated(model, path, lambda part: 99)
        if rng.random() < 0.2:
            body.append("sleep(0)")
    shown = [("v", model), *kept]
    body += [f"print({name})" for name, _ in shown]
    source = (
        HEAD + "".join(f"  {line}\n" for line in body) + f"end\nlet orig = {literal(original)}\nf(orig)\nprint(orig)\n"
    )
    return source, [literal(value) for _, value in shown] + [literal(original)]


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_like_copying(seed):
    source, expected = random_program(random.Random(seed))
    result = lumen.Interpreter(use_cache=False, timeout_s=2).run(source=source, check=False)
    assert result.error is None, f"{source}\n{result.error}"
    assert result.output.splitlines() == expected, source
