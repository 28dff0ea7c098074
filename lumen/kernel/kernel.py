"""`Kernel.advance`: run what is ready, then say what to wait for.

A *turn* is one pass over the tasks that were ready when it began. What constructs decide (who has won a race) is
decided at the end of a turn, so two branches that finish in one turn have finished together and source order decides.
Turns are also the unit of fairness: a task that steps aside (`sleep(0)`) runs again when every other ready task has run
once.
"""

from __future__ import annotations

from _heapq import heappop, heappush

from lumen.kernel.asks import PendingAsk
from lumen.kernel.cancel import Cancelled, cancel_tree
from lumen.kernel.clockwork import (
    advance_real,
    advance_virtual,
    fire_due,
    fire_group,
    fire_overdue,
    follow_real_time,
)
from lumen.kernel.depth import LOOK_TURNS, DepthWatch
from lumen.kernel.failures import Failures, KernelError
from lumen.kernel.future import (
    BRANCH,
    CANCEL_DELIVERED,
    CANCEL_MASK,
    CANCEL_REQUESTED,
    CANCELLED,
    CLOSING,
    COMPLETED,
    FAILED,
    GRACE_ARMED,
    LOOKED,
    NOTED,
    PARKED,
    PENDING,
    QUEUED,
    RUNNING,
    Future,
    Root,
)
from lumen.kernel.messages import Ask, Step
from lumen.kernel.ops import ADVANCE, PREEMPT, SETTLED, SLEEP, SPAWN, SPAWN_IN, WAITS
from lumen.kernel.task import Call, CoroutineType, Task
from lumen.kernel.timers import Timers
from lumen.kernel.traps import PARK, pass_turn, running_task, suspend
from lumen.kernel.turn import JournalTurn, Turn, VirtualTurn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
    from typing import Any, Literal

    from lumen.kernel.cancel import Grace
    from lumen.kernel.messages import Arrival, Blocked, CancelAsk, Site
    from lumen.kernel.policy import Policy
    from lumen.kernel.trace import Journal, Observer

MAX_NESTED_STARTS = 100
"""Eager spawns nested deeper than this are queued instead, for the sake of the C stack."""
MAX_DEPTH = 100_000
"""Tasks started inside each other, each waiting for the next: more is taken for recursion without end."""
MAX_TASKS = 2_000_000
"""Tasks at one time: 2 to 4 GB of them are taken for an endless tree of spawns."""
LOOK_EVERY = 50_000
"""Spawns between two looks at the two limits above; checking them with each would cost every spawn."""
MAX_NESTED_TURNS = 8
"""Turns run on top of each other by preemption."""
LOG_LENGTH = 20_000
"""The log is cut when a turn begins and it is longer than this."""
DUE, MAY_NEST, STOPS, FIRES = 1, 2, 4, 8
"""Flags of PREEMPT in the log: the task was due to step aside; others may run on top of it; the run is cancelled;
a timer fires that virtual time has not reached."""
DEADLINE_SLACK_NS = 2_000_000
"""On a real clock two timers that a program sets together differ by microseconds. Deadlines are this much late, so
that a `sleep(100)` inside a `timeout(100, …)` still comes at "the same instant", and wins, as in virtual time."""


_TOO_DEEP = f"tasks started each other too deep: {MAX_DEPTH:,} wait, each for the one it has started"
_TOO_MANY = f"more than {MAX_TASKS:,} tasks run at the same time"


class Kernel:
    """One run. Belongs to one thread; the host calls `start_main`, then `advance` until the step is done."""

    def __init__(
        self,
        policy: Policy,
        *,
        failures: Failures | None = None,
        clock: Callable[[], int] | None = None,
        answer_now: Callable[[str, str, Any], Any] | None = None,
        cancel_grace_ms: float = 5000,
        on_exit: Literal["wait", "cancel"] = "wait",
        observer: Observer | None = None,
        journal: Journal | None = None,
    ) -> None:
        """
        Args:
            failures: how failures are made and translated; the default knows no Lumen values.
            clock: current time (ns) on the scale of `advance`, read when a timer is set so that no sleep is too
                short. Ignored when the policy is virtual; without it the time of the last `advance` counts.
            answer_now: answers `ask_now(kind, name, payload)` at once.
            on_exit: what happens to tasks that outlive `main`.
            journal: takes the place of `observer`, and keeps the log besides.
        """
        self.policy = policy
        self.failures = failures if failures is not None else Failures()
        self.observer = observer if journal is None else journal
        self.journal = journal
        self.log: list[int] | None = None if journal is None else journal.log
        """What comes in from outside, for a journal; see `kernel/ops.py`."""
        self.tasks_log = self.log if journal is not None and journal.logs_tasks else None
        """The same list if the steps of tasks are to be written there too."""
        self.spawn_site: object = self
        self.spawn_op = 0
        self.on_exit = on_exit
        self.cancel_grace_ns = int(cancel_grace_ms * 1_000_000)
        self.now = 0
        """Time of the run in ns: that of the last `advance`, or virtual."""
        self.ready = policy.make_queue()
        self.timers = Timers()
        self.root: Future = Root(self)
        self.current: Task | None = None
        """The innermost task on the Python stack."""
        self.main: Task | None = None
        self.asks: dict[int, PendingAsk] = {}
        """Not answered yet, in the order asked."""
        self.commands: list[Ask | CancelAsk] = []
        self.graces: dict[Task, Grace] = {}
        """Tasks whose cleanup code has suspended, and the timers of their patience."""
        self.unlooked: dict[Future, Future] = {}
        """Futures that have failed and that nobody has looked at, in that order → what they were started in."""
        self.open_generators: dict[AsyncGenerator[Any, None], None] = {}
        """Suspending generators that have started and not ended; the last thing a run does is to close them."""
        self.halted: BaseException | None = None
        """The failure that ended the whole run (`halt`)."""
        self.receipt: tuple[Task, Any, Any] | None = None
        """(task, channel, message) of the last message received; see `Construct.branch_settled`."""
        self.warnings: list[str] = []
        self.spawned_count = 0
        self.settled_count = 0
        self.late_arrivals = 0
        """Answers to asks that had been cancelled."""
        self.deadlines_slack_ns = DEADLINE_SLACK_NS if clock is not None and not policy.is_virtual else 0
        self.turn = Turn()
        if policy.is_virtual:
            self.turn = VirtualTurn(self)
        elif journal is not None:
            self.turn = JournalTurn(journal)
        self._clock = None if policy.is_virtual else clock
        self._answer_now = answer_now
        self._asked = 0
        self.held: dict[int, Arrival] = {}
        self.undecided: list[tuple[int, int, Any]] = []
        self._nested_starts = 0
        self._nested_turns = 0
        self._look_at = LOOK_EVERY
        self._depths = DepthWatch()
        self.starting: list[Any] = []
        """Constructs that are starting their branches, outermost first: one of these may keep the processor."""
        self.overdue_turns = 0
        self.woken_ns: int | None = None
        """The instant of the sleeps that have ended last."""
        self.turns_at_instant = 0
        self.turns_asking = 0
        """Turns of virtual time since the last answer from outside, while one was due: tasks that are always ready
        (`while not f.is_done() sleep(0)`) must not hold it back for ever."""
        self.turns = 0
        self._closing: list[Future] = []
        self.stuck: tuple[int, Task | None, int, int] = (-1, None, 0, 0)
        self._plain_step = self._step
        if journal is not None:
            self._step = self._step_logged  # type: ignore[method-assign]

    # --- what the host calls -----------------------------------------------------------------------------------------

    def start_main(self, fn: Callable[..., Any], *args: Any, site: Site | None = None) -> Task:
        """Make the first task, `fn(*args)`; it runs in the next `advance`. The run ends with it and all it started."""
        self.main = task = Task(self, self.root, site, LOOKED, None, Call(fn, args))
        self.ready.append(task)
        return task

    def advance(self, now_ns: int = 0, arrivals: Sequence[Arrival] = ()) -> Step:
        """Run ready tasks until all of them wait (or the host should look around), then say what to wait for.

        Pure: equal inputs give equal outputs; this is what makes replay possible.

        Args:
            now_ns: integer nanoseconds since the run began; never decreases. Ignored when time is virtual.
            arrivals: answered asks; ties are ordered by the number of the ask. Late ones are dropped and counted.
        Raises:
            KernelError: time went backwards, or an arrival answers an ask that was never made.
        """
        if self.policy.is_virtual:
            self._accept(arrivals)
            return advance_virtual(self)
        if now_ns < self.now:
            raise KernelError(f"time went backwards, from {self.now} to {now_ns}")
        self.now = now_ns
        if self.log is not None:
            self.log += (ADVANCE, now_ns)
        self._accept(arrivals)
        return advance_real(self)

    def preempt(
        self, now_ns: int, arrivals: Sequence[Arrival] = (), *, may_nest: bool = True, stop: str | None = None
    ) -> bool:
        """Called every few milliseconds, from a signal handler, while Lumen code of the current task runs on the stack.

        Asks the task to step aside at its next loop back-edge (`turn.due`). If it has not done so since the last call,
        or a timer is due, runs one turn of the other tasks on top of it, and takes decisions.

        Args:
            may_nest: False when called from another thread than the kernel's (which must stand still meanwhile): no
                task is run, but deadlines are noticed.
            stop: cancel the run first, for this reason.
        Returns:
            Whether `Cancelled` must be raised now in the interrupted frame.
        """
        if self.policy.is_virtual:
            if stop is not None:
                self._log_preempt(STOPS)
                self.cancel_run(stop)
            self._accept(arrivals)
            follow_real_time(self, now_ns)
        else:
            self.now = max(self.now, now_ns)
            if self.log is not None:
                flags = (DUE if self.turn.is_wanted else 0) | (MAY_NEST if may_nest else 0)
                self._log_preempt(flags | (0 if stop is None else STOPS))
            if stop is not None:
                self.cancel_run(stop)
            self._accept(arrivals)
            before = len(self.ready)
            overdue = fire_due(self)
            # A sleep that has ended may be what decides against the interrupted code; don't wait for one more tick.
            woken = len(self.ready) > before and not self._nested_turns
            if (self.turn.is_wanted or overdue or woken or self.starting) and self._nested_turns < MAX_NESTED_TURNS:
                for construct in self.starting:
                    construct.queue_rest()
                if may_nest and (self.ready or self.undecided):
                    self.nest_turn()
                if overdue:
                    fire_overdue(self)
                    self.decide()
            self.turn.want()
        return self.must_cancel_here()

    def must_cancel_here(self) -> bool:
        """Whether the task on the stack has been cancelled; if so, `Cancelled` is to be raised in it now."""
        task = self.current
        if task is not None and task.flags & CANCEL_MASK == CANCEL_REQUESTED:
            task.flags |= CANCEL_DELIVERED
            task.arm_grace()
            return True
        return False

    def _log_preempt(self, flags: int) -> None:
        if self.journal is not None:
            log = self.journal.log
            log += (PREEMPT, len(log), self.journal.rounds, self.now, flags)

    def fire_early(self) -> None:
        """Fire the next timer although virtual time has not come to it: the task on the stack is stuck."""
        self._log_preempt(FIRES)
        due = self.timers.next_deadline()
        if due is not None:
            self.now = max(self.now, due)
            fire_group(self)
            self.decide()

    def cancel_run(self, reason: str | None = None) -> None:
        """Cancel everything, innermost first; the cleanup of the tasks runs in the following steps.

        Args:
            reason: told to the observer, if it is the host that cancels: "interrupt", "timeout", "deadlock", "stop".
        """
        if reason is not None and self.observer is not None:
            self.observer.signalled(reason)
        root = self.root
        root.flags &= ~CANCEL_REQUESTED
        cancel_tree(root)
        root.flags |= CANCEL_REQUESTED

    def blocked(self) -> list[Blocked]:
        """After a deadlock: each task, what it waits for, and where."""
        from lumen.kernel.blocked import blocked_tasks

        return blocked_tasks(self)

    def counts(self) -> tuple[int, int, int]:
        """(ready or running, waiting, ended) futures so far, constructs included."""
        live = self.spawned_count - self.settled_count
        ready = min(len(self.ready) + (self.current is not None), live)
        return ready, live - ready, self.settled_count

    # --- what running code calls -------------------------------------------------------------------------------------

    def spawn(self, coro: Coroutine[Any, Any, Any], site: Site | None = None) -> Task:
        """Run a coroutine that has not started in a new task inside the current one."""
        parent = self.current
        task = Task(self, parent if parent is not None else self.root, site, 0, coro)
        if self.policy.starts_at_once:
            self.start(task)
        else:
            self.ready.append(task)
        return task

    def spawn_call(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        site: Site | None = None,
    ) -> Task:
        """Call `fn` in a new task; when a coroutine or a future comes back, the task goes on with that."""
        parent = self.current
        task = Task(self, parent if parent is not None else self.root, site, 0, None, Call(fn, args, kwargs))
        if self.policy.starts_at_once:
            self.start(task)
        else:
            self.ready.append(task)
        return task

    def close_generator(self, generator: AsyncGenerator[Any, None]) -> None:
        """A loop has left a suspending generator early: run its cleanup, in a task, because it may wait.

        Queued in either mode: Python calls this from wherever the last reference was dropped.
        """
        if self.open_generators.pop(generator, self) is None:
            parent = self.current
            task = Task(self, parent if parent is not None else self.root, None, 0, _closed(generator))
            self.ready.append(task)

    def start(self, task: Task) -> None:
        """Run a new task to its first suspension, on top of the current one (eager mode)."""
        if self._nested_starts >= MAX_NESTED_STARTS:
            self.ready.append(task)
            if self.spawned_count >= self._look_at:
                self._look_for_endless()
            return
        self._nested_starts += 1
        try:
            self._step(task)
        except RecursionError:
            # The spawner is at the end of Python's stack, too near to even call `_step`; the turn has more room.
            if task.phase == PENDING:
                self.ready.append(task)
            raise
        finally:
            self._nested_starts -= 1
        outer = self.current
        if outer is not None and outer.flags & CANCEL_REQUESTED:
            running_task(self)  # cancelled while the new task kept the processor

    def current_time(self) -> int:
        """The time (ns) that timers set now are counted from."""
        clock = self._clock
        return self.now if clock is None else max(self.now, clock())

    def start_time(self, op: int, duration_ns: int) -> int:
        """`current_time()` for a timer that is being set; written to the log as `op`."""
        now = self.current_time()
        log = self.log
        if log is not None:
            log += (op, duration_ns) if self.policy.is_virtual else (op, duration_ns, now)
        return now

    def duration_ns(self, ms: Any, what: str) -> int:
        """Milliseconds given by a program, checked."""
        if type(ms) is int or (type(ms) is float and ms == ms and ms not in (float("inf"), float("-inf"))):
            return max(0, int(ms * 1_000_000))
        message = f"`{what}` takes a number of milliseconds, got {self.failures.show(ms)}"
        raise self.failures.make("type-mismatch", message)

    async def sleep(self, ms: float) -> None:
        """Suspend the current task; `sleep(0)` lets every other ready task run once."""
        # The work is done in a call that has returned when the task parks: 40 bytes less per sleeping task.
        self._start_sleep(ms)
        await PARK

    def _start_sleep(self, ms: float) -> None:
        task = self.current
        if task is None or task.flags & CANCEL_REQUESTED:
            task = running_task(self)
        duration_ns = ms * 1_000_000 if ms.__class__ is int else self.duration_ns(ms, "sleep")
        if duration_ns > 0:
            now = self.current_time() if self.log is None else self.start_time(SLEEP, duration_ns)
            task.waiting = self.timers.add(now + duration_ns, task)
            task.phase = PARKED
        else:
            task.phase = QUEUED
            self.ready.append(task)

    def yield_turn(self) -> Awaitable[None]:
        """Awaiting the result lets every other ready task run once."""
        return pass_turn(self)

    async def ask(self, kind: str, name: str, payload: object = None, site: Site | None = None) -> Any:
        """Ask the outside and suspend until it answers. The one door, together with `ask_now`."""
        task = running_task(self)
        self._asked = seq = self._asked + 1
        self.asks[seq] = pending = PendingAsk(self, seq, task, name)
        ask = Ask(seq, kind, name, payload, site, task.number)
        self.commands.append(ask)
        if self.observer is not None:
            self.observer.asked(ask)
        await suspend(task, pending)
        if pending.error is not None:
            raise pending.error
        return pending.value

    def ask_now(self, kind: str, name: str, payload: Any = None) -> Any:
        """Ask the outside for what it knows at once: time, random numbers, environment."""
        if self._answer_now is None:
            raise KernelError(f"nobody answers {kind} {name}")
        if self.observer is None:
            return self._answer_now(kind, name, payload)
        return self.observer.asked_now(kind, name, payload, self._answer_now)

    def emit(self, value: object) -> None:
        """`emit value`: an event for observers."""
        if self.observer is not None:
            self.observer.emitted(value)

    def warn(self, message: str, future: Future | None = None) -> None:
        """Something the user should know that fails nothing; kept in `warnings` for the host."""
        self.warnings.append(message)
        if self.observer is not None:
            self.observer.warned(message, future)

    def note(self, construct: Any) -> None:
        """Something that `construct` decides by has happened: it decides at the end of this turn."""
        if not construct.flags & NOTED:
            construct.flags |= NOTED
            heappush(self.undecided, (construct.rank, construct.number, construct))

    def close_later(self, future: Future) -> None:
        """Call `future.close()`: its last child has ended. A loop, because a chain of closing parents may be deeper
        than Python's stack."""
        closing = self._closing
        closing.append(future)
        if len(closing) == 1:
            while closing:
                closing[0].close()
                del closing[0]

    # --- stepping ----------------------------------------------------------------------------------------------------

    def _step(self, task: Task) -> None:
        """Run one task until it suspends or ends. The hot path: 100,000 spawns are 200,000 of these."""
        outer = self.current
        self.current = task
        try:
            if task.flags & CANCEL_REQUESTED:
                self._step_cancelled(task)
            elif task.coro is not None:
                task.phase = RUNNING
                task.coro.send(None)
            else:
                self._begin(task)
            if task.flags & CANCEL_MASK == CANCEL_REQUESTED and task.phase == PARKED:
                task.interrupt()  # cancelled while it ran
        except StopIteration as stop:
            value = stop.value
            if isinstance(value, Future):
                self._ended_with_future(task, value)
            else:
                task.finish(COMPLETED, value)
        except Cancelled:
            task.finish(CANCELLED, None)
        except Exception as exc:
            self._failed(task, exc)
        finally:
            self.current = outer

    def _step_logged(self, task: Task) -> None:
        """`_step` for runs that keep a journal. The same lines again, because a call more would cost 5 % of a spawn."""
        outer = self.current
        self.current = task
        log = self.tasks_log
        if log is not None:
            log.append(task.number)
        try:
            if task.flags & CANCEL_REQUESTED:
                self._step_cancelled(task)
            elif task.coro is not None:
                task.phase = RUNNING
                task.coro.send(None)
            else:
                self._begin(task)
            if task.flags & CANCEL_MASK == CANCEL_REQUESTED and task.phase == PARKED:
                task.interrupt()
        except StopIteration as stop:
            value = stop.value
            if isinstance(value, Future):
                self._ended_with_future(task, value)
            else:
                task.finish(COMPLETED, value)
        except Cancelled:
            task.finish(CANCELLED, None)
        except Exception as exc:
            self._failed(task, exc)
        finally:
            self.current = outer
            if log is not None and task.phase < COMPLETED:
                log.append(WAITS)

    def log_spawn(self, future: Future, parent: Future, kind: int = 0) -> None:
        """A future was made; for the log."""
        log = self.tasks_log
        journal = self.journal
        if log is None or journal is None:
            return
        site = future.site
        index = -1 if site is None else journal.site_index(site)
        if kind == 0 and index >= 0 and parent is self.current:
            self.spawn_site = site
            self.spawn_op = op = SPAWN - index
            log.append(op)
        else:
            log += (SPAWN_IN, parent.number, index, kind)

    def log_settled(self, future: Future, phase: int) -> None:
        """A future has settled; for the log."""
        log = self.tasks_log
        if log is not None:
            if future is self.current:
                log.append(COMPLETED - 1 - phase)
            else:
                log += (SETTLED, future.number, COMPLETED - 1 - phase)

    def _step_cancelled(self, task: Task) -> None:
        """Throw `Cancelled` in, the first time; after that, let the cleanup code go on."""
        coro = task.coro
        if coro is None or task.phase >= CLOSING:
            return  # cancelled before it had started, and still in the queue
        if task.flags & CANCEL_DELIVERED:
            task.phase = RUNNING
            coro.send(None)
        elif task.children:
            task.hold()
        else:
            task.phase = RUNNING
            task.flags |= CANCEL_DELIVERED
            coro.throw(Cancelled())
        if not task.flags & GRACE_ARMED:
            task.arm_grace()

    def _begin(self, task: Task) -> None:
        """Make the call that a new task is for; when that gives a coroutine, run it to its first suspension."""
        call = task.waiting
        task.waiting = None
        task.phase = RUNNING
        value = call.fn(*call.args, **call.kwargs) if call.kwargs else call.fn(*call.args)
        if value.__class__ is CoroutineType:
            task.coro = value
            value.send(None)
        else:
            # The way a coroutine returns: `_step` goes on from there.
            raise StopIteration(value)

    def _ended_with_future(self, task: Task, future: Future) -> None:
        """A task that returns a future goes on with that one; only main may have one as its value."""
        if task.flags & BRANCH:
            task.parent.adopt_result(task, future)
        elif task is self.main:
            task.finish(COMPLETED, future)
        else:
            task.coro = _follow(future)
            self._plain_step(task)

    def _failed(self, task: Task, exc: Exception) -> None:
        if task.flags & CANCEL_DELIVERED:
            # A `defer` failed while the task was unwinding: it is still cancelled, but the user should hear of it.
            self.warn(f"cleanup of {task.label()} failed: {self.failures.describe(self.failures.of(exc))}", task)
            task.finish(CANCELLED, None)
            return
        failure = self.failures.of(exc)
        if self.failures.ends_run(failure) and self.halted is None:
            self.halted = failure
            task.flags |= LOOKED
            task.finish(FAILED, failure)
            self.cancel_run()
            return
        task.finish(FAILED, failure)

    def run_turn(self) -> None:
        """One pass over the tasks that are ready now, then decisions."""
        ready = self.ready
        popleft = ready.popleft
        step = self._step
        self.turns += 1
        if self.journal is not None:
            self._look_at_log(self.journal)
        if self.spawned_count >= self._look_at:
            self._look_for_endless()
        if not self.turns & (LOOK_TURNS - 1):
            self._depths.look(self)
        for _ in range(len(ready)):
            if not ready:
                break  # a nested turn has run them
            step(popleft())
        if self.undecided:
            self.decide()
        main = self.main
        if main is not None and main.phase >= COMPLETED:
            self.main = None
            if main.phase != COMPLETED or self.on_exit == "cancel":
                self.cancel_run()

    def _look_at_log(self, journal: Journal) -> None:
        if len(journal.log) > LOG_LENGTH:
            journal.cut()
        if self.policy.is_virtual:
            # On a real clock the host cancels between two calls of `advance`, which the log has.
            reason = journal.stops_here()
            if reason is not None:
                self.cancel_run(reason)

    def _look_for_endless(self) -> None:
        """Tasks that start tasks without end would take all memory: let the youngest fail.

        Counts spawns, so the same program fails at the same moment each time.
        """
        self._look_at = self.spawned_count + LOOK_EVERY
        for number, task in enumerate(reversed(self.ready)):
            if number == 4:
                break  # other tasks than those of the recursion may be ready, but not always be the youngest
            if task.phase == PENDING and _is_too_deep(task):
                task.fail_unstarted(self.failures.make("stack-overflow", _TOO_DEEP))
                return
        if self.spawned_count - self.settled_count >= MAX_TASKS and self.halted is None:
            self.halted = self.failures.make("out-of-memory", _TOO_MANY)
            self.cancel_run()

    def decide(self) -> None:
        """Let constructs decide, those that others directly depend on first: then a tie is a tie through all levels."""
        undecided = self.undecided
        while undecided:
            construct = heappop(undecided)[2]
            construct.flags &= ~NOTED
            construct.decide()

    def nest_turn(self) -> None:
        """One turn on top of the running task, unless there are too many on top of each other."""
        if self._nested_turns >= MAX_NESTED_TURNS:
            return
        self._nested_turns += 1
        try:
            self.run_turn()
        finally:
            self._nested_turns -= 1

    # --- answers -----------------------------------------------------------------------------------------------------

    def _accept(self, arrivals: Sequence[Arrival]) -> None:
        if not arrivals:
            return
        for arrival in sorted(arrivals, key=_seq_of) if len(arrivals) > 1 else arrivals:
            if not 0 < arrival.seq <= self._asked:
                raise KernelError(f"an answer to ask {arrival.seq}, which was never made")
            if arrival.seq not in self.asks or arrival.seq in self.held:
                self.late_arrivals += 1
            elif self.policy.is_virtual:
                self.held[arrival.seq] = arrival
            else:
                self.deliver(arrival)

    def deliver(self, arrival: Arrival) -> None:
        """Wake the task that has asked."""
        if self.observer is not None:
            self.observer.answered(arrival)
        pending = self.asks.pop(arrival.seq)
        pending.value = arrival.value
        pending.error = arrival.error
        pending.task.notify(self.root)

    def report(self, deadline_ns: int | None) -> Step:
        """What the host does next; `deadline_ns` as in Step."""
        commands = self.commands
        if commands:
            self.commands = []
        idle = not (self.ready or self.undecided)
        if idle and self.open_generators and not self.root.children:
            for generator in list(self.open_generators):
                self.close_generator(generator)
            idle = False
            deadline_ns = self.now
        done = idle and not self.root.children
        deadlocked = idle and not done and deadline_ns is None and not self.asks
        return Step(commands, None if done else deadline_ns, done, deadlocked)


async def _follow(future: Future) -> Any:
    return await future


async def _closed(generator: AsyncGenerator[Any, None]) -> None:
    await generator.aclose()


def _seq_of(arrival: Arrival) -> int:
    return arrival.seq


def _is_too_deep(future: Future | None) -> bool:
    depth = 0
    while future is not None and depth <= MAX_DEPTH:
        depth += 1
        future = future.parent
    return depth > MAX_DEPTH
