"""A weather service as services are: the first two calls in a row find it down, and no two answers are the same."""

import itertools
import random

_calls = itertools.count(1)


class Unavailable(Exception):
    """The failure has this code in Lumen."""

    lumen_code = "unavailable"


def today(city: str) -> dict[str, object]:
    """Temperature and sky over a city."""
    if next(_calls) % 3:
        raise Unavailable("the weather service is down")
    return {"city": city, "degrees": random.randint(-5, 35), "sky": random.choice(["clear", "cloudy", "grey"])}
