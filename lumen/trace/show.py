"""A run as a tree of tasks on a terminal: `lumen trace show`.

    main                                             393 ms
    ├─ race                                          58.5 ms  branch 2 won
    │  ├─ 1: ask("broken", question)                 58.5 ms  lost
    │  │        llm.chat(model: "broken")            58.4 ms  cancelled
    …

Large runs stay readable: of siblings that do the same, and of events of one kind, three are shown and the rest counted.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from lumen.diagnostics.excerpt import paint
from lumen.trace.forms import FormText, clip, duration_in_words, one_line
from lumen.trace.scene import (
    Item,
    Lane,
    Scene,
    decision_in_words,
    failure_of,
    place_in_words,
    scene_of,
    signal_in_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lumen.journal.history import History

_ALIKE = 3
"""So many equal siblings are shown before the rest is counted."""
_MANY = 8
"""Fewer equal ones than this are all shown."""
_MOST = 200
"""More children than this of one task are not shown, however different they are."""
_DEEPEST = 30
"""Columns of indentation."""
_COLUMN = 58
_STYLE_OF = {"won": "32;1", "lost": "2", "failed": "31;1", "cancelled": "2", "timed out": "31;1", "running": "33;1"}


class TaskUnknown(Exception):
    """`--task` names a task that the run does not have."""


def show_text(
    history: History, *, colour: bool = False, task: int | None = None, depth: int | None = None, width: int = 110
) -> Iterator[str]:
    """The lines of the tree.

    Args:
        task: only this task and what is inside it, with all its events, none left out.
        depth: levels below which tasks are only counted.
        width: of the terminal; lines are cut there.
    Raises:
        TaskUnknown: there is no such task.
    """
    scene = scene_of(history)
    if task is not None and task not in scene.lane_of:
        last = max(scene.lane_of, default=0)
        raise TaskUnknown(f"the run has no task {task}; its tasks are 1 to {last}" if last else "the run has no tasks")
    return _Tree(scene, colour, depth, width, whole=task is not None).lines(task)


class _Tree:
    def __init__(self, scene: Scene, colour: bool, depth: int | None, width: int, *, whole: bool) -> None:
        self.scene = scene
        self.colour = colour
        self.depth = depth
        self.width = max(width, 60)
        self.whole = whole
        self.forms = FormText(scene.history.blobs, 2_000)

    def lines(self, task: int | None) -> Iterator[str]:
        """Head, tree, end."""
        if task is None:
            yield from self._head()
            roots = self.scene.roots
        else:
            roots = [self.scene.lane_of[task]]
        waiting: list[tuple[Lane | str, str, str, int]] = []
        for lane in reversed(roots):
            waiting.append((lane, "", "", 0))
        while waiting:
            entry, first, rest, level = waiting.pop()
            if isinstance(entry, str):
                yield self._faint(f"{first}{entry}")
                continue
            lane = entry
            yield self._lane(lane, first)
            children: Sequence[Lane | str] = self._children(lane)
            if self.depth is not None and level >= self.depth and lane.children:
                children = [f"… {_tasks(sum(1 for _ in _below(lane)))} inside"]
            bar = "│     " if children else "      "
            yield from self._items(lane, rest + bar)
            for index in range(len(children) - 1, -1, -1):
                is_last = index == len(children) - 1
                branch, stem = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
                waiting.append((children[index], _deeper(rest, branch), _deeper(rest, stem), level + 1))
        if task is None:
            yield from self._tail()

    # --- head and end ----------------------------------------------------------------------------------------------

    def _head(self) -> Iterator[str]:
        history = self.scene.history
        header = history.header
        mode = "deterministic" if history.is_virtual else "eager"
        recorded = header.get("recorded")
        words = [str(header.get("main") or "?"), mode]
        if header.get("seed") is not None:
            words.append(f"seed {header['seed']}")
        if isinstance(recorded, dict) and recorded.get("at"):
            words.append(f"recorded {recorded['at']}")
        yield self._bold(", ".join(words))
        yield self._faint(
            f"{_count(len(history.events), 'event')}, {_tasks(len(history.tasks))}, "
            f"{_count(len(history.asks), 'outside call')}, {duration_in_words(history.duration_ns)}"
            + (" of virtual time" if history.is_virtual else "")
        )
        if header.get("input"):
            yield self._faint(f"arguments: {self.forms.arguments(header['input'], self.width)}")
        yield ""
        column = self._column()
        yield self._faint(f"{'':{column + 1}}{'began':>9}  {'took':>9}")

    def _column(self) -> int:
        return max(30, min(_COLUMN, self.width - 46))

    def _tail(self) -> Iterator[str]:
        for item in self.scene.loose:
            yield self._row("", self._told(item), None, None, item.start_ns)
        end = self.scene.history.end
        yield ""
        if end is None:
            yield paint("the journal ends before the run does", "warning", self.colour)
            return
        failure = failure_of(end.data)
        if end.data.get("outcome") == "value":
            yield f"value: {self.forms.line(end.data.get('value'), self.width * 4)}"
        elif failure is not None:
            yield paint(clip(f"error[{failure.code}]: {failure.message}", 2_000), "error", self.colour)
            if failure.site is not None:
                yield f"  --> {place_in_words(failure.site)}"

    # --- one lane --------------------------------------------------------------------------------------------------

    def _lane(self, lane: Lane, prefix: str) -> str:
        words = []
        decision = lane.span.decision
        if decision is not None and decision.data.get("result") not in ("completed", "in-time"):
            words.append(decision_in_words(lane.span.kind, decision.data.get("result")))
        mark = lane.mark
        if mark == "timed out":
            words.clear()
        took = lane.duration_ns
        label = lane.label(self.scene.entry)
        number = f" #{lane.number}"
        return self._row(prefix, label, mark, took, lane.start_ns, number=number, after=", ".join(words), bold=True)

    def _items(self, lane: Lane, prefix: str) -> Iterator[str]:
        items = lane.items if self.whole else [item for item in lane.items if _is_worth_a_line(item)]
        counts = Counter(map(self._key, items))
        seen: Counter[tuple[str, ...]] = Counter()
        for item in items:
            key = self._key(item)
            seen[key] += 1
            if self.whole or counts[key] <= _MANY or seen[key] <= _ALIKE:
                yield from self._item(item, prefix)
            elif seen[key] == _ALIKE + 1:
                yield self._faint(f"{prefix}… {counts[key] - _ALIKE:,} more like this")

    @staticmethod
    def _key(item: Item) -> tuple[str, ...]:
        return item.kind, str(item.event.data.get("name")), str(item.outcome)

    def _item(self, item: Item, prefix: str) -> Iterator[str]:
        mark = {"failure": "failed", "cancelled": "cancelled"}.get(item.outcome or "")
        if item.kind in ("call", "sleep") and item.end_at is None:
            mark = "running"
        took = None if item.is_moment else item.duration_ns
        number, after = "", self._came(item)
        if self.whole:
            number = f" {item.event.seq}"
            place = place_in_words(item.event.data.get("site"))
            after = "  ".join(filter(None, (place and f"({place})", after)))
        yield self._row(prefix, self._told(item), mark, took, item.start_ns, number=number, after=after)

    def _told(self, item: Item) -> str:
        data = item.event.data
        kind = item.kind
        if kind in ("call", "now"):
            return f"{data.get('name') or data.get('kind')}({self.forms.arguments(data.get('input'), 60)})"
        if kind == "print":
            return f"print {self.forms.line(data.get('text'), 200)}"
        if kind == "emit":
            return f"emit {self.forms.line(data.get('value'), 200)}"
        if kind == "decision":
            return decision_in_words(str(data.get("kind")), data.get("result"))
        if kind == "cancel":
            return "cancellation is asked for"
        if kind in ("run", "sleep", "aside"):
            return {"run": "runs", "sleep": "sleeps", "aside": "steps aside"}[kind]
        if kind == "warn":
            return f"warning: {data.get('text')}"
        if kind == "signal":
            return f"the run is cancelled: {signal_in_words(data.get('what'))}"
        rest: dict[str, Any] = {k: v for k, v in data.items() if k not in ("chain", "seq", "event", "task", "site")}
        return f"{kind} {self.forms.line(rest, 200)}"

    def _came(self, item: Item) -> str:
        source = item.event if item.kind == "now" else item.answer
        if source is None or item.kind not in ("call", "now"):
            return ""
        failure = failure_of(source.data)
        if failure is not None:
            return one_line(str(failure), 400)
        return f"→ {self.forms.line(source.data['value'], 400)}" if "value" in source.data else ""

    # --- runs of equal siblings ------------------------------------------------------------------------------------

    def _children(self, lane: Lane) -> list[Lane | str]:
        """The children, runs of equal ones shortened."""
        children = lane.children
        if self.whole or len(children) <= _MANY:
            return list(children)
        alike: dict[tuple[object, ...], list[Lane]] = {}
        for child in children:
            alike.setdefault(_shape(child), []).append(child)
        shown: list[Lane | str] = []
        seen: Counter[tuple[object, ...]] = Counter()
        for child in children:
            shape = _shape(child)
            group = alike[shape]
            seen[shape] += 1
            if len(group) <= _MANY or seen[shape] <= _ALIKE:
                shown.append(child)
            elif seen[shape] == _ALIKE + 1:
                longest = max(other.duration_ns or 0 for other in group)
                rest = f"… {len(group) - _ALIKE:,} more like this"
                shown.append(f"{rest}, the longest of all {duration_in_words(longest)}" if longest else rest)
        if len(shown) > _MOST:
            shown[_MOST:] = [f"… {len(children) - _MOST:,} more"]
        return shown

    # --- a line ----------------------------------------------------------------------------------------------------

    def _row(
        self,
        prefix: str,
        text: str,
        mark: str | None,
        took_ns: int | None,
        at_ns: int | None,
        *,
        number: str = "",
        after: str = "",
        bold: bool = False,
    ) -> str:
        column = self._column()
        room = max(12, column - len(prefix) - len(number))
        label = _printable(clip(" ".join(text.split()), room))
        pad = " " * max(1, column - len(prefix) - len(label) - len(number) + 1)
        at = "" if at_ns is None else f"{duration_in_words(at_ns):>9}"
        took = "" if took_ns is None else duration_in_words(took_ns)
        out = self._faint(prefix) + (self._bold(label) if bold else label) + self._faint(number) + pad
        out += self._faint(f"{at:>9}") + f"  {took:>9}"
        room_after = self.width - len(prefix) - len(label) - len(number) - len(pad) - 20
        if mark:
            out += "  " + (f"\x1b[{_STYLE_OF[mark]}m{mark}\x1b[0m" if self.colour else mark)
            room_after -= len(mark) + 2
        if after and room_after > 8:
            out += "  " + self._faint(_printable(clip(after, room_after - 2)))
        return out.rstrip()

    def _faint(self, text: str) -> str:
        return f"\x1b[2m{text}\x1b[0m" if self.colour and text.strip() else text

    def _bold(self, text: str) -> str:
        return paint(text, "bold", self.colour)


def _deeper(prefix: str, more: str) -> str:
    """Where tasks are nested deeply, only the innermost levels are drawn, so that there is room for words."""
    return prefix + more if len(prefix) < _DEEPEST else f"… {prefix[len(more) + 2 :]}{more}"


def _is_worth_a_line(item: Item) -> bool:
    """Steps and cancellations show in the tree itself, and decisions at their construct."""
    if item.kind == "sleep":
        return item.end_ns is None or item.end_ns > item.start_ns
    return item.kind not in ("run", "aside", "cancel", "decision")


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _shape(lane: Lane) -> tuple[object, ...]:
    """Equal for lanes that do the same in the eyes of a reader: same place, same outcome, as much inside."""
    site = lane.site
    place = None if site is None else (site[0], site[1], site[2])
    return place, lane.kind, lane.mark, len(lane.children), sum(1 for _ in lane.calls()), lane.inner.outcome


def _below(lane: Lane) -> Iterator[Lane]:
    waiting = list(lane.children)
    while waiting:
        child = waiting.pop()
        yield child
        waiting += child.children


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _tasks(number: int) -> str:
    return _count(number, "task")
