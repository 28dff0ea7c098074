"""Another order, just as legal: a policy under which somebody else chooses what FIFO fixes.

Time is virtual as under FIFO. Wherever the language leaves an order open, `choose(n, kind, …)` is asked for a number
below n; 0 is always what FIFO does. The numbers given in a run are its *schedule*, and the same numbers repeat it.
These things are open:

- the order of the tasks that are ready in a turn, and whether one of them is kept back until no other is ready (as if
  it computed for that long);
- whether a spawned task runs to its first suspension at once, as in eager mode;
- which answer from outside comes next, and whether it comes while tasks are ready;
- which of the sleeps that end within `late_ns` of each other ends first;
- with faults: whether a tool fails, and whether a waiting task is cancelled.

What the language promises stays: ties of a turn go to source order, so branches of a `race`, `select` or `vote` are not
kept back, and what is due at one instant is woken together; no sleep is overtaken by a deadline that is due at the same
time or later; `sleep(0)` lets every other ready task run once; channels serve who came first.
"""

from __future__ import annotations

from itertools import islice

from lumen.kernel.cancel import cancel_tree
from lumen.kernel.clockwork import TURN_NS, TURNS_PER_INSTANT, fire_group, fire_passed
from lumen.kernel.future import BRANCH, CANCEL_REQUESTED, CLEANING, PARKED
from lumen.kernel.messages import Arrival, Ask
from lumen.kernel.policy import Policy
from lumen.kernel.task import Task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Sequence
    from typing import Any

    from lumen.kernel.future import Future
    from lumen.kernel.kernel import Kernel
    from lumen.kernel.messages import Step

    Chooser = Callable[[int, int, Sequence[Any]], int]
    """`choose(n, kind, tasks)`: `tasks` are those that the first numbers stand for, if they stand for tasks."""
else:
    from _collections import deque

ORDER = 0
"""Which of k ready tasks runs next: 0 … k-1; or, up to 2k-1, which is kept back."""
START = 1
ANSWER = 2
LATE = 3
FAULT = 4
CANCEL = 5

LATE_NS = 10_000_000
"""Sleeps that end within so much of each other may end in any order, or at once: a busy task lets others run only every
10 ms, says the language."""
MOST_CHOICES = 16
"""Of so many tasks, or answers, one may be next, and so many be kept back: thousands would take forever."""
MOST_LATE = 8
"""How many different instants compete then."""
MOST_KEPT_TURNS = 1_000
"""A task that is kept back returns after so many turns, however busy the others are."""
MOST_FAULTS = 3
"""In one run: more of them hide each other."""
MOST_CANCELS = 1
FAULTS = (
    ("timeout", "took too long (injected)", False),
    ("unavailable", "can't be reached (injected)", False),
    ("rate-limit", "too many requests (injected)", False),
    ("failed", "failed (injected)", False),
    ("timeout", "was done, but its answer was lost (injected)", True),
)
"""(code, message, whether the tool is called all the same) of what choice 1, 2, … of a FAULT stands for."""
_LONGEST_TEXT = 40
_TIES = frozenset(("race", "select", "vote"))


class Explore(Policy):
    """Asks `choose` for every order that is open. For one run."""

    __slots__ = ("_aside", "_aside_turns", "_calling", "_choose", "_kernel", "_lost", "_queue", "_slow",
                 "_waiting_since", "cancels", "choices", "faults", "late_ns", "notes", "sizes",
                 "with_faults")  # fmt: skip
    name = "explore"

    def __init__(
        self, choose: Chooser, *, faults: bool = False, late_ns: int = LATE_NS, describe: bool = False
    ) -> None:
        """
        Args:
            faults: whether tools may fail and tasks be cancelled.
            describe: keep `notes`; costs time.
        """
        self._choose = choose
        self.with_faults = faults
        self.late_ns = late_ns
        self.choices: list[int] = []
        """What was chosen, in order."""
        self.sizes: list[int] = []
        """Out of how many."""
        self.faults = 0
        """Tool failures injected so far."""
        self.cancels = 0
        self.notes: list[tuple[int, str]] | None = [] if describe else None
        """(number of the choice, what it meant) of each choice that is not 0."""
        self._queue: _Queue = _Queue()
        self._aside: list[Task] = []
        self._aside_turns = 0
        self._calling: set[Task] = set()
        """Tasks that have stepped aside, or are kept back, in a call that the program answers itself."""
        self._lost: dict[int, tuple[str, str]] = {}
        self._slow: set[int] = set()
        """Asks whose answers come when no other is left."""
        self._waiting_since: int | None = None

    def make_queue(self) -> deque[Task]:
        """See Policy.make_queue."""
        return self._queue

    def choose(self, n: int, kind: int, tasks: Sequence[Any] = ()) -> int:
        """One choice, recorded. A number that is too large (a schedule made for another program) counts as 0."""
        choice = self._choose(n, kind, tasks)
        if not 0 <= choice < n:
            choice = 0
        self.choices.append(choice)
        self.sizes.append(n)
        return choice

    @property
    def starts_at_once(self) -> bool:  # type: ignore[override]
        """Asked once for every `spawn` and for the branches of a construct together."""
        at_once = self.choose(2, START) == 1
        if at_once and self.notes is not None:
            self._note(f"{_last_made(self._kernel)} started at once, before its spawner went on")
        return at_once

    # --- time --------------------------------------------------------------------------------------------------------

    def advance(self, kernel: Kernel) -> Step:
        """Takes the place of `advance_virtual`."""
        self._kernel = kernel
        ready = self._queue
        turns = 0
        while True:
            if kernel.commands:
                if self.with_faults:
                    self._inject_failures(kernel)
                if kernel.commands:
                    return kernel.report(kernel.now)
            if len(kernel.held) < len(kernel.asks):
                # All answers have to be there, or what may be chosen would depend on how fast they come.
                return kernel.report(None)
            if self._calling and len(ready) <= 1 and self._sleep_first(kernel):
                continue
            if self._aside and (not ready or ready.passing or self._aside_turns >= MOST_KEPT_TURNS):
                self._bring_back()
            if self.with_faults and self.cancels < MOST_CANCELS:
                self._inject_cancel(kernel)
            if ready or kernel.undecided:
                if kernel.asks and self._answer_early(kernel):
                    continue
                if len(ready) > 1:
                    self._arrange()
                ready.passing.clear()
                if self._calling:
                    self._calling.intersection_update(self._aside)
                kernel.run_turn()
                turns += 1
                self._count_turn(kernel)
                if turns >= TURNS_PER_INSTANT:
                    return kernel.report(kernel.now)
            elif kernel.asks:
                self._answer_idle(kernel)
            elif kernel.timers.next_deadline() is None or not kernel.root.children:
                return kernel.report(None)
            else:
                self._fire(kernel)

    def _count_turn(self, kernel: Kernel) -> None:
        """Tasks that are always ready stop neither time nor answers, as in `advance_virtual`."""
        self._aside_turns += 1
        kernel.turns_at_instant += 1
        if kernel.turns_at_instant >= TURNS_PER_INSTANT:
            kernel.now += TURN_NS
        if len(kernel.timers):
            # What loops have let time run past; within the lateness it is late by choice.
            due = kernel.timers.next_deadline()
            if due is None or due >= kernel.now:
                return
            if due + self.late_ns < kernel.now or not kernel.timers.next_is_sleep():
                fire_passed(kernel)

    def _fire(self, kernel: Kernel) -> None:
        """Let the next timer fire; or a sleep that ends shortly after it; or the sleeps until then at once."""
        timers = kernel.timers
        due = timers.next_deadline()
        assert due is not None
        instants = timers.next_instants(due + self.late_ns, MOST_LATE)
        choice = self.choose(2 * len(instants) - 1, LATE) if len(instants) > 1 else 0
        if not choice:
            self._move_to(kernel, due)
            fire_group(kernel)
            return
        tied = choice >= len(instants)
        last = choice - len(instants) + 1 if tied else choice
        due, tasks = instants[last]
        if self.notes is not None:
            first = f"the sleep of {_tasks(instants[0][1])}, due at {_ms(instants[0][0])}, ended"
            other = f"that of {_tasks(tasks)}, due at {_ms(due)}"
            self._note(f"{first} together with {other}" if tied else f"{first} after {other}")
        self._move_to(kernel, due)
        for instant in instants[: last + 1] if tied else (instants[last],):
            self._end_sleeps(kernel, *instant)

    @staticmethod
    def _move_to(kernel: Kernel, due: int) -> None:
        if due > kernel.now:
            kernel.now = due
            kernel.turns_at_instant = 0

    @staticmethod
    def _end_sleeps(kernel: Kernel, due: int, tasks: list[Task]) -> None:
        kernel.woken_ns = due
        for task in tasks:
            task.waiting = None
            kernel.timers.dropped()
            task.notify(kernel.root)

    # --- tasks -------------------------------------------------------------------------------------------------------

    def _bring_back(self) -> None:
        self._queue.extendleft(reversed(self._aside))
        self._aside = []
        self._aside_turns = 0

    def _arrange(self) -> None:
        """Put the tasks of the coming turn in order, or some of them aside."""
        queue = self._queue
        passing = queue.passing
        rest = iter(queue)
        window = list(islice(rest, MOST_CHOICES))
        ordered: list[Task] = []
        while len(window) > 1:
            first = task = window[0]
            # A task that has let the others go first may not overtake those that were before it.
            options = [first, *(task for task in window[1:] if task not in passing)] if passing else window
            n = len(options)
            may_wait = not passing and len(self._aside) < MOST_CHOICES
            choice = self.choose(2 * n if may_wait else n, ORDER, options) if n > 1 else 0
            if choice < n:
                task = options[choice]
                ordered.append(task)
                if choice and self.notes is not None:
                    self._note(f"{_task(task)} ran before {_task(first)}")
            elif options[choice - n] in self._calling or not _ties(options[choice - n]):
                task = options[choice - n]
                self._aside.append(task)
                if self.notes is not None:
                    self._note(f"{_task(task)} was kept back until no other task was ready")
            else:
                ordered.append(task)
            window.remove(task)
            window.extend(islice(rest, 1))
        ordered += window
        queue.clear()
        queue.extend(ordered)

    def _sleep_first(self, kernel: Kernel) -> bool:
        """Whether all that could go on are calls that the program answers, and a sleep that ends now is faster."""
        waiting = [*self._aside, *self._queue]
        if kernel.undecided or not self._calling.issuperset(waiting):
            return False
        if self._waiting_since is None:
            self._waiting_since = kernel.now
        instants = kernel.timers.next_instants(self._waiting_since + self.late_ns, MOST_LATE)
        choice = self.choose(1 + len(instants), ANSWER) if instants else 0
        if not choice:
            self._waiting_since = None
            return False
        due, tasks = instants[choice - 1]
        if self.notes is not None:
            self._note(f"the sleep of {_tasks(tasks)} ended before the call of {_task(waiting[0])} was answered")
        self._queue.clear()
        self._aside = waiting
        self._move_to(kernel, due)
        self._end_sleeps(kernel, due, tasks)
        return True

    # --- answers -----------------------------------------------------------------------------------------------------

    def _answer_early(self, kernel: Kernel) -> bool:
        """Whether an answer comes although tasks are ready."""
        kernel.turns_asking += 1
        asks = list(islice(kernel.asks, MOST_CHOICES))
        if kernel.turns_asking >= TURNS_PER_INSTANT:
            choice = 1
        else:
            choice = self.choose(1 + len(asks), ANSWER)
        if not choice:
            return False
        if self.notes is not None:
            self._note(f"the answer to {self._ask(asks[choice - 1])} came before {_task(self._queue[0])} went on")
        self._deliver(kernel, asks[choice - 1])
        return True

    def _answer_idle(self, kernel: Kernel) -> None:
        """All tasks wait: an answer comes; or a sleep that ends now is faster; or an answer is kept back."""
        self._slow.intersection_update(kernel.asks)
        if len(self._slow) == len(kernel.asks):
            self._slow.clear()
        asks = list(islice((seq for seq in kernel.asks if seq not in self._slow), MOST_CHOICES))
        if self._waiting_since is None:
            self._waiting_since = kernel.now
        instants = kernel.timers.next_instants(self._waiting_since + self.late_ns, MOST_LATE)
        first_sleep = len(asks)
        first_slow = first_sleep + len(instants)
        n = first_slow + (len(asks) if len(asks) > 1 else 0)
        choice = self.choose(n, ANSWER) if n > 1 else 0
        if choice >= first_slow:
            seq = asks[choice - first_slow]
            self._slow.add(seq)
            if self.notes is not None:
                self._note(f"the answer to {self._ask(seq)} came after those to all others")
        elif choice < first_sleep:
            if choice and self.notes is not None:
                self._note(f"the answer to {self._ask(asks[choice])} came before that to {self._ask(asks[0])}")
            self._deliver(kernel, asks[choice])
        else:
            due, tasks = instants[choice - first_sleep]
            if self.notes is not None:
                self._note(f"the sleep of {_tasks(tasks)} ended before the answer to {self._ask(asks[0])} came")
            self._move_to(kernel, due)
            self._end_sleeps(kernel, due, tasks)

    def _deliver(self, kernel: Kernel, seq: int) -> None:
        kernel.turns_asking = 0
        self._waiting_since = None
        arrival = kernel.held.pop(seq)
        lost = self._lost.pop(seq, None)
        if lost is not None:
            arrival = Arrival(seq, None, kernel.failures.make(*lost))
        kernel.deliver(arrival)

    # --- faults ------------------------------------------------------------------------------------------------------

    def inside_call(self, kernel: Kernel, name: str) -> tuple[BaseException, bool] | None:
        """See Policy.inside_call. Such a call may take any time, so its task need not come back in its turn."""
        task = kernel.current
        assert task is not None
        self._queue.passing.discard(task)
        self._calling.add(task)
        if not self.with_faults or self.faults >= MOST_FAULTS:
            return None
        choice = self.choose(1 + len(FAULTS), FAULT)
        if not choice:
            return None
        self.faults += 1
        code, what, happens = FAULTS[choice - 1]
        if self.notes is not None:
            self._note(f"`{name}`, called by {_task(task)}, failed with `{code}`: {what.removesuffix(' (injected)')}")
        return kernel.failures.make(code, f"tool `{name}` {what}"), happens

    def _inject_failures(self, kernel: Kernel) -> None:
        """Tools that were called in the last turn may fail, instead of being called or after it."""
        kept = []
        for command in kernel.commands:
            choice = 0
            if command.__class__ is Ask and command.kind == "tool" and self.faults < MOST_FAULTS:
                choice = self.choose(1 + len(FAULTS), FAULT)
            if not choice:
                kept.append(command)
                continue
            self.faults += 1
            code, what, happens = FAULTS[choice - 1]
            message = f"tool `{command.name}` {what}"  # type: ignore[union-attr]
            if self.notes is not None:
                self._note(f"{self._ask(command.seq)} failed with `{code}`: {what.removesuffix(' (injected)')}")
            if happens:
                kept.append(command)
                self._lost[command.seq] = (code, message)
            else:
                kernel.held[command.seq] = Arrival(command.seq, None, kernel.failures.make(code, message))
        kernel.commands[:] = kept

    def _inject_cancel(self, kernel: Kernel) -> None:
        """A task that waits may be cancelled there."""
        waiting = _cancellable(kernel)
        if not waiting:
            return
        choice = self.choose(1 + len(waiting), CANCEL)
        if choice:
            task = waiting[choice - 1]
            self.cancels += 1
            if self.notes is not None:
                self._note(f"{_task(task)} was cancelled while it waited")
            cancel_tree(task)

    # --- telling -----------------------------------------------------------------------------------------------------

    def _note(self, text: str) -> None:
        assert self.notes is not None
        self.notes.append((len(self.choices) - 1, text))

    def _ask(self, seq: int) -> str:
        pending = self._kernel.asks[seq]
        return f"`{pending.name}`, asked by {_task(pending.task)},"


class _Queue(deque):  # type: ignore[type-arg]
    """The ready queue; knows who has stepped aside in it."""

    __slots__ = ("passing",)

    def __init__(self) -> None:
        super().__init__()
        self.passing: set[Task] = set()

    def append(self, task: Task) -> None:
        """A task that queues itself steps aside: all who are before it go first."""
        if task.kernel.current is task:
            self.passing.add(task)
        super().append(task)


def _ties(task: Task) -> bool:
    """Whether the turn in which it ends may decide a construct that it belongs to, or that waits for it."""
    future: Future | None = task
    while future is not None:
        waiters = future.waiters
        for waiter in waiters if waiters.__class__ is dict else (waiters,):
            if getattr(waiter, "word", None) in _TIES:
                return True
        future = future.parent
        if getattr(future, "word", None) in _TIES:
            return True
    return False


def _cancellable(kernel: Kernel) -> list[Task]:
    """Tasks that wait, apart from the first and from those that are ending already."""
    found: list[Task] = []
    todo: list[Future] = [kernel.root]
    while todo and len(found) < MOST_CHOICES:
        node = todo.pop()
        if node.children:
            todo.extend(node.children)
        if (
            isinstance(node, Task)
            and node.phase == PARKED
            and node is not kernel.main
            and not node.flags & (CANCEL_REQUESTED | CLEANING)
        ):
            found.append(node)
    return found


def _last_made(kernel: Kernel) -> str:
    parent: Any = kernel.current or kernel.root
    return _task(next(reversed(parent.children)))


def _task(future: Future) -> str:
    if future.site is None:
        return "the test itself" if future.number == 1 else f"task {future.number}"
    word = "task" if isinstance(future, Task) else getattr(future, "word", "task")
    text = future.site[3]
    if len(text) > _LONGEST_TEXT:
        text = text[: _LONGEST_TEXT - 1] + "…"
    parent: Any = future.parent
    if future.flags & BRANCH and parent is not None:
        text = f"branch {parent.children[future] + 1} of the {parent.word}"
    return f"{word} {future.number} ({text} at line {future.site[1]})"


def _tasks(tasks: list[Task]) -> str:
    return _task(tasks[0]) + (f" and {len(tasks) - 1} more" if len(tasks) > 1 else "")


def _ms(ns: int) -> str:
    return f"{ns / 1_000_000:g} ms"
