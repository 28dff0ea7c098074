"""Reads the words of a command line by a small table. (argparse takes 9 ms to import.)"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class UsageError(Exception):
    """A command line that makes no sense; the message is for the user."""


FLAG, VALUE, MANY = "flag", "value", "many"
"""Kinds of options: present or not, with one value, with a value each time."""


def read_arguments(
    words: Sequence[str], options: Mapping[str, str], later: Mapping[str, str]
) -> tuple[list[str], dict[str, str], dict[str, list[str]]]:
    """Split words into positional ones, options, and repeated options.

    Args:
        options: option → FLAG, VALUE or MANY.
        later: options of later versions, refused by name → what they are for.
    Raises:
        UsageError: an unknown option, a missing value, or one too many.
    """
    positional: list[str] = []
    single: dict[str, str] = {}
    repeated: dict[str, list[str]] = {}
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--":
            positional += words[at:]
            break
        if word == "-" or not word.startswith("-"):
            positional.append(word)
            continue
        name, equals, value = word.partition("=")
        kind = options.get(name)
        if kind is None:
            raise UsageError(_unknown(name, options, later))
        if kind == FLAG:
            if equals:
                raise UsageError(f"`{name}` takes no value")
            single[name] = "yes"
            continue
        if not equals:
            if at >= len(words):
                raise UsageError(f"`{name}` needs a value")
            value = words[at]
            at += 1
        if kind == MANY:
            repeated.setdefault(name, []).append(value)
        else:
            single[name] = value
    return positional, single, repeated


def _unknown(name: str, options: Mapping[str, str], later: Mapping[str, str]) -> str:
    if name in later:
        return f"`{name}` ({later[name]}) is not supported yet"
    from lumen.diagnostics.spelling import nearest

    near = nearest(name, options)
    return f"there is no option `{name}`" + (f"; did you mean `{near}`?" if near else "")
