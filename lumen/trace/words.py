"""One event of a journal in a line of plain words, with its place in the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lumen.trace.forms import FormText, clip, duration_in_words, one_line
from lumen.trace.scene import decision_in_words, failure_of, place_in_words, signal_in_words

if TYPE_CHECKING:
    from lumen.journal.history import Event, History

_OUTCOMES = {"value": "is done", "failure": "fails", "cancelled": "has been cancelled"}


class EventWords:
    """Puts the events of one history into words."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._forms = FormText(history.blobs, 1_000)

    def place(self, event: Event) -> str:
        """ "file.lumen:12:3" of what the event is about, or of its task; "" if neither is known."""
        site = event.data.get("site")
        if not site and event.kind == "answer":
            site = self._history.asks[event.data["id"]].site
        if not site and event.task in self._history.tasks:
            site = self._history.tasks[event.task].site
        return place_in_words(site)

    def line(self, event: Event) -> str:
        """What happened."""
        make = getattr(self, f"_{event.kind}", None)
        return str(make(event, event.data)) if make is not None else self._unknown(event)

    def task(self, number: int) -> str:
        """A task by number and name."""
        span = self._history.tasks.get(number)
        return f"task {number}" if span is None else f"task {number} ({one_line(span.operation, 60)})"

    def _unknown(self, event: Event) -> str:
        rest = {key: value for key, value in event.data.items() if key not in ("chain", "event", "seq", "site")}
        return f"{event.kind} {self._forms.line(rest, 300)}"

    def _run_start(self, event: Event, data: dict[str, Any]) -> str:
        given = self._forms.arguments(data.get("input"), 300)
        seed = "" if data.get("seed") is None else f", seed {data['seed']}"
        return f"the run starts: {data.get('entry') or 'main'}({given}){seed}"

    def _run_end(self, event: Event, data: dict[str, Any]) -> str:
        failure = failure_of(data)
        if failure is not None:
            place = f"  ({place_in_words(failure.site)})" if failure.site else ""
            return f"the run fails: {clip(str(failure), 400)}{place}"
        return f"the run ends with {self._forms.line(data.get('value'), 400)}"

    def _ask(self, event: Event, data: dict[str, Any]) -> str:
        return f"asks {data.get('name') or data.get('kind')}({self._forms.arguments(data.get('input'), 300)})"

    def _answer(self, event: Event, data: dict[str, Any]) -> str:
        ask = self._history.asks[data["id"]]
        return f"{ask.name or ask.kind} answers: {self._came(data)}"

    def _now(self, event: Event, data: dict[str, Any]) -> str:
        name = data.get("name") or data.get("kind")
        return f"{name}({self._forms.arguments(data.get('input'), 200)}) is {self._came(data)}"

    def _came(self, data: dict[str, Any]) -> str:
        failure = failure_of(data)
        if failure is not None:
            return clip(str(failure), 400)
        return self._forms.line(data["value"], 400) if "value" in data else str(data.get("outcome"))

    def _print(self, event: Event, data: dict[str, Any]) -> str:
        return f"prints {self._forms.line(data.get('text'), 300)}"

    def _emit(self, event: Event, data: dict[str, Any]) -> str:
        return f"emits {self._forms.line(data.get('value'), 300)}"

    def _warn(self, event: Event, data: dict[str, Any]) -> str:
        return f"warns: {data.get('text')}"

    def _signal(self, event: Event, data: dict[str, Any]) -> str:
        return f"the run is cancelled: {signal_in_words(data.get('what'))}"

    def _decision(self, event: Event, data: dict[str, Any]) -> str:
        return f"{self.task(event.task)}: {decision_in_words(str(data.get('kind')), data.get('result'))}"

    def _spawn(self, event: Event, data: dict[str, Any]) -> str:
        site = data.get("site")
        name = one_line(str(site[3]), 120) if site and len(site) > 3 else str(data.get("kind"))
        return f"makes task {event.task}: {name}"

    def _start(self, event: Event, data: dict[str, Any]) -> str:
        return f"{self.task(event.task)} starts"

    def _suspend(self, event: Event, data: dict[str, Any]) -> str:
        return f"{self.task(event.task)} waits"

    def _resume(self, event: Event, data: dict[str, Any]) -> str:
        return f"{self.task(event.task)} goes on"

    def _finish(self, event: Event, data: dict[str, Any]) -> str:
        return f"{self.task(event.task)} {_OUTCOMES.get(str(data.get('outcome')), 'ends')}"

    def _cancel(self, event: Event, data: dict[str, Any]) -> str:
        return f"{self.task(event.task)} is being cancelled"

    def _sleep(self, event: Event, data: dict[str, Any]) -> str:
        return f"{self.task(event.task)} sleeps for {duration_in_words(data.get('ns') or 0)}"

    def _timer(self, event: Event, data: dict[str, Any]) -> str:
        return f"{self.task(event.task)} has a deadline in {duration_in_words(data.get('ns') or 0)}"
