"""The nearest name, for "did you mean"."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate a writer of `name` most likely meant, or None.

    Case and underscores count little; otherwise at most one edit in three characters (and at least one) is
    forgiven. Names of one or two characters only match in another case. Ties go to the first candidate.
    """
    folded = _fold(name)
    limit = max(1, len(folded) // 3)
    best: str | None = None
    best_cost = limit + 1
    for candidate in candidates:
        if candidate == name:
            continue
        other = _fold(candidate)
        if other == folded:
            return candidate
        if len(folded) < 3 or abs(len(other) - len(folded)) >= best_cost:
            continue
        cost = distance(folded, other, best_cost)
        if cost < best_cost:
            best, best_cost = candidate, cost
    return best


def _fold(name: str) -> str:
    return name.replace("_", "").casefold()


def distance(a: str, b: str, limit: int) -> int:
    """Edits (insert, delete, replace, swap of neighbours) from `a` to `b`; `limit` if there are that many or more."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        here = [i]
        for j, right in enumerate(b, 1):
            cost = min(row[j] + 1, here[j - 1] + 1, row[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and right == a[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            here.append(cost)
        if min(here) >= limit:
            return limit
        before, row = row, here
    return min(row[-1], limit)
