"""The heap of deadlines.

An entry is `(key, target)`; its key orders by deadline, then class, then creation: class 0 are sleeps, the classes
above are the deadlines of constructs, the more deeply nested first. So a result that arrives at the very instant of a
deadline comes before it, and an inner deadline's `null` before an outer one. One int as key is half the size of a
tuple of three and compares faster.

An entry is live while `target.waiting is entry`. Cancelling only forgets the entry; dead ones are skipped when they
come up, and swept out when they are more than half: 10,000s of timeouts that were not needed must not pile up.
"""

from __future__ import annotations

from _heapq import heapify, heappop, heappush  # heapq itself would be one more file to load at each start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lumen.kernel.future import Future

    Entry = tuple[int, Any]

_CLASS_BITS = 8
_SEQ_BITS = 48
_SHIFT = _CLASS_BITS + _SEQ_BITS
_MAX_DEPTH = (1 << _CLASS_BITS) - 2


class Timers:
    """All timers of a run."""

    __slots__ = ("_dead", "_heap", "_seq")

    def __init__(self) -> None:
        self._heap: list[Entry] = []
        self._seq = 0
        self._dead = 0

    def add(self, deadline_ns: int, task: Any) -> Entry:
        """A sleep. The caller stores the entry as `task.waiting`."""
        self._seq = seq = self._seq + 1
        entry = ((deadline_ns << _SHIFT) | seq, task)
        heappush(self._heap, entry)
        return entry

    def add_deadline(self, deadline_ns: int, target: Any, depth: int) -> None:
        """Call `target.fire()` at that time, after what is due at the same time elsewhere; sets `target.waiting`."""
        self._seq = seq = self._seq + 1
        rank = 1 + _MAX_DEPTH - min(depth, _MAX_DEPTH)
        target.waiting = entry = ((deadline_ns << _SHIFT) | (rank << _SEQ_BITS) | seq, target)
        heappush(self._heap, entry)

    def dropped(self) -> None:
        """One live entry has just been forgotten by its target."""
        self._dead += 1
        if self._dead > 64 and self._dead * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[1].waiting is entry]
            heapify(self._heap)
            self._dead = 0

    def next_deadline(self) -> int | None:
        """When the next live entry is due (ns)."""
        heap = self._heap
        while heap:
            entry = heap[0]
            if entry[1].waiting is entry:
                key: int = entry[0]
                return key >> _SHIFT
            heappop(heap)
            self._dead -= 1
        return None

    def next_is_sleep(self) -> bool:
        """Whether the next entry is a sleep; `next_deadline` has just said that there is one."""
        return not (self._heap[0][0] >> _SEQ_BITS) & ((1 << _CLASS_BITS) - 1)

    def pop_group(self) -> list[Any]:
        """The targets of the next entry and of all with the same deadline and class, in order of creation."""
        heap = self._heap
        group: list[Any] = []
        key = heap[0][0] >> _SEQ_BITS
        while heap and heap[0][0] >> _SEQ_BITS == key:
            entry = heappop(heap)
            target = entry[1]
            if target.waiting is entry:
                target.waiting = None
                group.append(target)
            else:
                self._dead -= 1
        return group

    def next_instants(self, limit_ns: int, most: int) -> list[tuple[int, list[Any]]]:
        """The next instants at which sleeps end, with who sleeps: at most so many, none after `limit_ns`, and none
        after the first deadline of a construct. They stay in the heap."""
        instants: list[tuple[int, list[Any]]] = []
        taken: list[Entry] = []
        limit = (limit_ns + 1) << _SHIFT
        while self.next_deadline() is not None and self.next_is_sleep() and self._heap[0][0] < limit:
            due = self._heap[0][0] >> _SHIFT
            if not instants or due != instants[-1][0]:
                if len(instants) == most:
                    break
                instants.append((due, []))
            entry = heappop(self._heap)
            taken.append(entry)
            instants[-1][1].append(entry[1])
        for entry in taken:
            heappush(self._heap, entry)
        return instants

    def __len__(self) -> int:
        return len(self._heap)


def depth_of(future: Future) -> int:
    """How deep in the tree it is, counted up to where it no longer matters."""
    depth = 0
    parent = future.parent
    while parent is not None and depth < _MAX_DEPTH:
        depth += 1
        parent = parent.parent
    return depth
