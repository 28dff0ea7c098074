"""A recorded run, repeated; and gone on with, if it was cut off."""

from __future__ import annotations

import os

from lumen.journal.blobs import BlobStore
from lumen.journal.divergence import Divergence, is_same
from lumen.journal.errors import JournalError, JournalStopped
from lumen.journal.probe import Probe
from lumen.journal.reading import Lines
from lumen.journal.replayer import JournalEnded, Replayer, Stopped
from lumen.journal.secrets import Scrubber
from lumen.journal.store import JournalWriter, check_not_busy
from lumen.journal.values import decode_value
from lumen.kernel.policy import Eager, Fifo
from lumen.runtime.inspection import state_of
from lumen.runtime.interpreter import Run, Settings
from lumen.runtime.loader import Loader, Options, ProgramErrors
from lumen.runtime.output import Output
from lumen.runtime.recording import digests, place_namer, type_finder
from lumen.runtime.stored import StoredLoader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Literal

    from lumen.compiler.cache import CodeCache
    from lumen.journal.reading import Line
    from lumen.journal.recorder import SiteTexts
    from lumen.kernel.messages import Ask
    from lumen.runtime.inspection import State
    from lumen.runtime.interpreter import Outcome
    from lumen.runtime.loader import Unit


class InFlight(BaseException):
    """The run was cut off while calls were under way that must not be made twice."""

    def __init__(self, asks: list[Ask]) -> None:
        super().__init__("calls under way")
        self.asks = asks


class Replayed:
    """How a replay ended: one of `outcome`, `divergence`, `stopped`, `was_cut_off` is set."""

    __slots__ = ("divergence", "outcome", "replayer", "run", "state", "stopped", "was_cut_off")

    def __init__(self, run: Run, replayer: Replayer) -> None:
        self.run = run
        self.replayer = replayer
        self.outcome: Outcome | None = None
        self.divergence: Divergence | None = None
        self.stopped = False
        """It came to the event at which it was to stop."""
        self.was_cut_off = False
        """The journal has no end: the run was killed there."""
        self.state: State | None = None
        """What the run looked like where it stopped or was cut off."""


class Recorded:
    """A journal, and the program to repeat it with.

    May be replayed many times, one after another: the program is loaded once, and with `keeps_lines` the journal is
    read once as well.
    """

    def __init__(
        self,
        path: str,
        *,
        program: str | None = None,
        strict: bool = False,
        cache: CodeCache | None = None,
        keeps_lines: bool = False,
    ) -> None:
        """
        Args:
            keeps_lines: keep the journal in memory for further replays.
            program: a program file to use instead of what the journal has stored.
            strict: the program must be the very one that was recorded.
        Raises:
            JournalError: the journal can't be read.
            LoadError, ProgramErrors: the program can't be.
            Divergence: `strict`, and the program is another one.
        """
        self.path = path
        self.lines: Lines = Lines(path, raw=True)
        self.header: dict[str, Any] = next(self.lines)[1]
        self.program = program
        header = self.header
        self.is_virtual = header["mode"] == "fifo"
        self.loader, self.unit = _load(header, program, cache)
        self._place_of = place_namer(self.loader, self.unit)
        self._kept = [(0, self.header), *self.lines] if keeps_lines else None
        self._is_read = False
        self._texts: SiteTexts = ({}, {})
        if strict:
            self._require_same()

    def _require_same(self) -> None:
        own, library = digests(self.loader, self.unit)
        for what, mine, theirs in (("program", own, "program"), ("standard library", library, "stdlib")):
            if mine != self.header[theirs]:
                actual = {"event": "task", "text": f"a {what} with hash {mine[:16]}…"}
                recorded = {"event": "task", "text": f"a {what} with hash {self.header[theirs][:16]}…"}
                hint = "without `--strict` a changed program may replay as long as it asks for the same"
                raise Divergence(0, recorded, actual, hint=hint)

    def replay(
        self,
        output: Output,
        *,
        stop_after: int | None = None,
        real_speed: bool = False,
    ) -> Replayed:
        """Repeat the run: no network, no tools, no waiting.

        Args:
            stop_after: stop when the event of this number has happened.
            real_speed: take as long as the recorded run did, or the virtual time of a deterministic one.
        Raises:
            JournalError: the journal is damaged further on.
        """
        replayer = self._replayer(stop_after=stop_after)
        run = Run(self.loader, self.unit, output, self._settings(replayer))
        if real_speed:
            replayer.on_event = _pace(run, output)
        return self._go(run, replayer)

    def resume(
        self,
        output: Output,
        *,
        retry_in_flight: bool = False,
        fsync: Literal["never", "always"] = "never",
        settings: Settings | None = None,
    ) -> Replayed:
        """Repeat what the journal has, and go on live, writing to the same journal.

        Args:
            retry_in_flight: make calls again that were under way, even if their tools are not declared idempotent.
            settings: providers, externs, stdin of the run that goes on.
        Raises:
            InFlight: such calls were under way, and may not be made again.
            JournalError: the journal can't be read or written.
        """
        check_not_busy(self.path)
        tail = _WithoutTail(_after(self.header, self.lines))
        self._is_read = True
        replayer = self._replayer(tail, is_resuming=True)
        given = self._settings(replayer, settings)
        if given.timeout_ms is None:
            given.timeout_ms = given.recorded_timeout_ms
        recorded = self.header["recorded"].get("program")
        place = self.program or recorded
        if place is not None and os.path.isdir(os.path.dirname(place)):
            given.program_dir = os.path.dirname(os.path.abspath(place))
            if isinstance(self.loader, StoredLoader):
                self.loader.finder.is_configured = True
        run = Run(self.loader, self.unit, output, given)
        sinks: list[JournalWriter] = []

        def go_live() -> JournalWriter:
            blobs = BlobStore(self.path, fsync=fsync == "always")
            at = self.lines.position(without_last=tail.was_dropped)
            sinks.append(JournalWriter.append(self.path, fsync, blobs, at=at))
            return sinks[0]

        run.resume_with(go_live, retry_in_flight=retry_in_flight)
        try:
            return self._go(run, replayer)
        finally:
            for sink in sinks:
                sink.close()

    def _replayer(self, given: Iterator[Line] | None = None, **options: Any) -> Replayer:
        lines: Iterator[Line]
        if given is not None:
            lines = given
        elif self._kept is not None:
            lines = iter(self._kept)
        else:
            if self._is_read:
                self.lines = Lines(self.path, raw=True)
                next(self.lines)
            self._is_read = True
            lines = _after(self.header, self.lines)
        replayer = Replayer(
            lines,
            blobs=BlobStore(self.path),
            scrubber=Scrubber(),
            types=type_finder(self.loader),
            **options,
        )
        replayer.place_of = self._place_of
        replayer.share_texts(self._texts)
        replayer.entry_place = self._entry_place()
        return replayer

    def _settings(self, replayer: Replayer, given: Settings | None = None) -> Settings:
        header = self.header
        settings = given or Settings()
        settings.cell = header["entry"]
        settings.kwargs = decode_value(header["input"], None, BlobStore(self.path))
        settings.seed = header["seed"]
        settings.on_exit = header["options"]["on_exit"]
        settings.recorded_timeout_ms = header["options"]["timeout_ms"]
        settings.policy = Fifo() if self.is_virtual else Eager()
        settings.recorder = replayer
        return settings

    def _go(self, run: Run, replayer: Replayer) -> Replayed:
        replayed = Replayed(run, replayer)
        try:
            replayed.outcome = run.replay(replayer)
            return replayed
        except Divergence as divergence:
            replayed.divergence = divergence
        except Stopped:
            replayed.stopped = True
            replayed.state = state_of(run, replayer)
        except JournalEnded:
            replayed.was_cut_off = True
            replayed.state = state_of(run, replayer)
        finally:
            if replayed.outcome is None:
                run.abandon(replayer)
            if self._kept is None:
                self.lines.close()
        if replayed.divergence is not None:
            self._find_places(replayed.divergence)
        return replayed

    def _find_places(self, found: Divergence) -> None:
        """Where both programs are, if the events themselves do not tell."""
        if found.recorded_place is None and found.recorded is not None:
            stored = self if self.program is None else Recorded(self.path)
            found.recorded_place = stored.place_of(Probe(found.seq, found.recorded_at))
        if found.actual_place is None:
            found.actual_place = self.place_of(Probe(found.actual.get("seq", found.seq), found.actual_at))

    def place_of(self, probe: Probe) -> list[Any] | None:
        """Repeat the program up to an event: where is it then?"""
        replayer = self._replayer(probe=probe)
        run = Run(self.loader, self.unit, Output(None), self._settings(replayer))
        try:
            run.replay(replayer)
        except (Divergence, Stopped, JournalEnded, JournalStopped):
            run.abandon(replayer)
        finally:
            if self._kept is None:
                self.lines.close()
        return probe.place or self._entry_place()

    def _entry_place(self) -> list[Any] | None:
        name = self.header["entry"] or "main"
        for code in self.unit.code.co_consts:
            if getattr(code, "co_name", "").removesuffix("$body") == name:
                return [self._place_of(self.unit.path), code.co_firstlineno, 1, name]
        return [self._place_of(self.unit.path), 1, 1, name]


class _WithoutTail:
    """Lines without a last one that holds steps of tasks: it belongs to the line after it, which is lost. The run that
    goes on takes those steps again, and writes them down with whatever follows."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._next = next(lines, None)
        self.was_dropped = False

    def __iter__(self) -> _WithoutTail:
        return self

    def __next__(self) -> Line:
        line = self._next
        if line is None:
            raise StopIteration
        self._next = next(self._lines, None)
        if self._next is None and getattr(line[1], "kind", "") == "tasks":
            self.was_dropped = True
            raise StopIteration
        return line


def _after(header: dict[str, Any], lines: Lines) -> Iterator[Line]:
    yield 0, header
    yield from lines


def _pace(run: Run, output: Output) -> Callable[[], None]:
    """Waits, after each event, until as much time has passed as in the run that is being repeated."""
    from time import sleep

    from lumen.runtime.clock import Clock

    clock = Clock()

    def wait() -> None:
        ahead = run.kernel.now - clock.now_ns()
        if ahead > 1_000_000:
            output.flush()
            sleep(ahead / 1e9)

    return wait


def _load(header: dict[str, Any], program: str | None, cache: CodeCache | None) -> tuple[Loader, Unit]:
    """The program, compiled for the mode of the recorded run; type errors did not keep that one from running."""
    try:
        return _load_with(header, program, cache, check_types=True)
    except ProgramErrors:
        return _load_with(header, program, cache, check_types=False)


def _load_with(
    header: dict[str, Any], program: str | None, cache: CodeCache | None, *, check_types: bool
) -> tuple[Loader, Unit]:
    options = Options(
        deterministic=header["mode"] == "fifo",
        seeded=header["seed"] is not None,
        check_types=check_types,
        counting=True,
    )
    if program is not None:
        loader = Loader(options, cache)
        return loader, loader.load_program(program)
    sources = header["sources"]
    stored = StoredLoader(options, sources, header.get("imports", {}), cache)
    main = header["main"]
    return stored, stored.load_program(main, sources[main].encode("utf-8", "surrogatepass"))


def same_header(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Whether two runs were started in the same way."""
    return is_same({**first, "event": "run_start"}, {**second, "event": "run_start"})


__all__ = ["Divergence", "InFlight", "JournalEnded", "JournalError", "Recorded", "Replayed"]
