"""What a test may reach, decided at the one door to the outside.

In this order: answers of `with_tools` blocks (they never come here), scripted answers, files beside the test, the
test's recording. What none of these answers fails with `unscripted-call`, or `unrecorded-call` when there is a
recording; the test fails then even if the program handles that failure, because what it did after that means nothing.
Only a run that records (`is_live`) lets calls go out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from lumen.journal.jsonlines import parse
from lumen.journal.recorder import Recorder
from lumen.journal.secrets import Scrubber
from lumen.journal.values import decode_value, encode_value
from lumen.kernel.messages import UNANSWERED, Arrival, Ask, Site
from lumen.runtime.interpreter import Run
from lumen.runtime.loader import Loader
from lumen.testing.cassette import Cassette, Miss, call_text
from lumen.testing.paths import SpawnPaths
from lumen.tools.providers.files import read_file
from lumen.values.display import quote
from lumen.values.errors import Failure
from lumen.values.model import Enum, Record

_HOW = {
    "tool": "answer it with `with_tools`, in [providers.scripted] of lumen.toml, or record it: `lumen test --record`",
    "stdin": "give the lines as arguments instead, or record them: `lumen test --record`",
    "extern": "register a function from a Python test, or record it: `lumen test --record`",
    "env": "give it in [test.env] of lumen.toml, or record it: `lumen test --record`",
}


@frozen
class Refusal:
    """A call that nothing answered, where it was made, and what can be done about it."""

    failure: Failure
    site: Site | None
    notes: list[str]


class Door:
    """The door of one run of one test."""

    def __init__(
        self,
        folder: str,
        *,
        cassette: Cassette | None = None,
        is_live: bool = False,
        variables: dict[str, str] | None = None,
    ) -> None:
        """
        Args:
            folder: where the test is; files there and below may be read.
            variables: of the environment, from [test.env].
        """
        self._folder = os.path.realpath(folder)
        self.cassette = cassette
        self.is_live = is_live
        self._variables = variables or {}
        self.scrubber = Scrubber()
        self.refusals: list[Refusal] = []
        """Calls that nothing answered."""
        self.without_answer: set[int] = set()
        """Numbers of calls that were cancelled before they were answered, when they were recorded."""
        self.needed_an_answer = False
        """The run has come to need one of those: what it did then says nothing about the program."""
        self.paths: SpawnPaths | None = None
        """Kept by the recorder of the run, for the cassette."""
        self.run: Run
        """Set when the run is made; it is made with the door."""
        self.loader: Loader
        """Of the program that runs."""

    def __call__(self, ask: Ask) -> Arrival | None:
        """The answer to a question; None lets it through."""
        try:
            return self._answer(ask)
        except Failure as failure:
            return Arrival(ask.seq, None, failure)

    def _answer(self, ask: Ask) -> Arrival | None:
        payload: Any = ask.payload
        if ask.kind == "tool" and self.run.is_scripted(ask.name):
            provider = self.run.provider(ask.name)
            if not provider.is_instant:
                return None
            try:
                return Arrival(ask.seq, provider.call(payload))
            except Failure as failure:
                if failure.code == "unscripted-call":
                    self._note(failure, ask.site, [])
                raise
        elif ask.kind == "fs" and ask.name == "read_file":
            path = self._own_file(payload[0])
            if path is not None:
                return Arrival(ask.seq, read_file(path))
        if self.is_live:
            return None
        if self.cassette is not None:
            return self._recorded(ask)
        raise self._refused(ask.kind, ask.name, payload, ask.site)

    def answers(self, kind: str, name: str, given: Any) -> bool:
        """Whether a call that was recorded is one that never goes out."""
        if kind == "fs" and name == "read_file":
            return type(given) is list and self._own_file(str(given[0])) is not None
        try:
            return kind == "tool" and self.run.is_scripted(name)
        except Failure:  # `lumen.toml` makes no sense
            return False

    def gives_variable(self, given: str) -> bool:
        """Whether a `get_env` with these arguments, as JSON text, is answered by [test.env]."""
        return any(variable == name for variable in parse(given) for name in self._variables)

    def _own_file(self, path: str) -> str | None:
        """The real path of a file that belongs to the test, looked for from its folder and from the current one."""
        for base in (self._folder, os.getcwd()):
            try:
                real = os.path.realpath(os.path.join(base, path))
                if os.path.commonpath((real, self._folder)) == self._folder and os.path.exists(real):
                    return real
            except (OSError, ValueError):  # no name for a file; on Windows, another drive
                continue
        return None

    def _recorded(self, ask: Ask) -> Arrival:
        assert self.cassette is not None
        payload: Any = ask.payload
        given = encode_value(
            list(payload) if type(payload) is tuple else payload, canonical=True, scrubber=self.scrubber, is_input=True
        )
        path = self.paths.path(ask.task_number) if self.paths is not None else ""
        entry = self.cassette.find(ask.kind, ask.name, given, path)
        if isinstance(entry, Miss):
            notes = [*entry.notes, "`lumen test --update` records it again"]
            raise self._note(Failure("unrecorded-call", entry.message), ask.site, notes)
        arrival = self.cassette.arrival(entry, ask, self._type_of)
        if arrival is None:
            if not self.run.kernel.policy.is_virtual:
                return UNANSWERED  # what cancelled it then will do so again
            self.without_answer.add(ask.seq)
            raise Failure("cancelled", f"`{ask.name}` had no answer when it was recorded: it was cancelled")
        return arrival

    def _type_of(self, kind: str, name: str, fields: tuple[str, ...]) -> Any:
        """The class of the program that a recorded value is of; see `decode_value`."""
        for unit in self.loader.units.values():
            if kind == "record":
                found = unit.namespace.get(name)
                if isinstance(found, type) and issubclass(found, Record):
                    return found
            else:
                enum, _, variant = name.partition(".")
                found = unit.namespace.get(enum)
                if isinstance(found, Enum):
                    return found._variants.get(variant)
        return None

    # --- what is answered at once ------------------------------------------------------------------------------------

    def answer_now(self, kind: str, name: str, args: Any, answer: Callable[[str, str, Any], Any]) -> Any:
        """Environment variables, and what tools take. Time and random numbers come from `answer`, by the seed."""
        tools = {} if self.cassette is None else self.cassette.tools
        if kind == "tool" and name in tools and not self.run.is_scripted(name):
            # Its provider is not even loaded: a replay needs none of what it needs.
            return decode_value(tools[name])
        if kind != "env":
            return answer(kind, name, args)
        variable = args[0]
        if variable in self._variables:
            return self._variables[variable]
        if self.is_live:
            return answer(kind, name, args)
        if self.cassette is not None:
            given = encode_value(list(args), canonical=True, scrubber=self.scrubber, is_input=True)
            if given in self.cassette.variables:
                return decode_value(self.cassette.variables[given])
            message = f"{self.cassette.path} has no answer to `get_env({quote(variable)})`"
            notes = ["`lumen test --update` records it again"]
            raise self._note(Failure("unrecorded-call", message), None, notes)
        raise self._refused(kind, name, args, None)

    # --- refusing ----------------------------------------------------------------------------------------------------

    def _refused(self, kind: str, name: str, payload: Any, site: Any) -> Failure:
        if kind == "fs":
            how = (
                "a test may read files of its own folder only" if name == "read_file" else "a test may not write files"
            )
            how += "; `lumen test --record` lets it, once"
        else:
            how = _HOW.get(kind, "record it: `lumen test --record`")
        given = list(payload) if type(payload) is tuple else payload
        try:
            form = parse(encode_value(given, canonical=True, scrubber=self.scrubber, is_input=True))
            call = call_text(kind, name, form)
        except (Failure, ValueError):
            call = f"{name}(…)"
        message = f"nothing answers `{call}` in this test, and it may not go outside"
        return self._note(Failure("unscripted-call", message), site, [how])

    def _note(self, failure: Failure, site: Site | None, notes: list[str]) -> Failure:
        if len(self.refusals) < 100:
            self.refusals.append(Refusal(failure, site, notes))
        return failure


class TestRecorder(Recorder):
    """Keeps the journal of a test, and lets its door answer what is asked at once."""

    __test__ = False

    def __init__(self, sink: Any, door: Door, *, is_virtual: bool) -> None:
        super().__init__(sink, scrubber=door.scrubber)
        self._door = door
        if door.cassette is not None:
            door.paths = SpawnPaths(is_virtual=is_virtual)

    def begin(self, header: Mapping[str, str]) -> None:
        """See Recorder.begin. When and where it ran is left out: recordings are kept with the program and shared."""
        super().begin({**header, "recorded": "{}"})

    def cut(self) -> None:
        """See Journal.cut."""
        paths = self._door.paths
        if paths is not None and self.log:
            paths.feed(self.log, lambda index: self._kept[index][3])
        super().cut()

    def answered(self, arrival: Arrival) -> None:
        """See Observer.answered."""
        if arrival.seq in self._door.without_answer:
            self._door.needed_an_answer = True
        super().answered(arrival)

    def asked_now(self, kind: str, name: str, payload: Any, answer: Callable[[str, str, Any], Any]) -> Any:
        """See Observer.asked_now."""
        door = self._door
        return super().asked_now(kind, name, payload, lambda k, n, p: door.answer_now(k, n, p, answer))
