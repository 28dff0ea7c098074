"""How time passes, in the two ways a policy can want it.

Real time: the host says what time it is; what is due is woken, the rest waits. Virtual time stands still while anything
can be done: first all that is ready, then the answers from outside, in the order they were asked for; only then does it
jump to the next timer. A task that is always ready must not stop it: after many turns at one instant, and with every
1,024 back-edges of loops and calls of cells (`turn.py`), it moves on by about what that takes in reality.

In both, a deadline of a construct waits until nothing is ready at its instant: the result that just arrives wins.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lumen.kernel.kernel import Kernel
    from lumen.kernel.messages import Step

TURNS_PER_ADVANCE = 256
"""After so many the host gets a look at the world; a turn may be as short as 1 µs."""
OVERDUE_TURNS = 50
"""How long ready tasks may hold back a deadline that is due."""
TURNS_PER_INSTANT = 10_000
"""So many turns at one instant of virtual time mean that somebody is busy: from then on time moves with each turn."""
TURN_NS = 1_000
"""By how much it then moves: about what a turn takes."""
STUCK_NS = 10_000_000_000
"""Real time after which code that moves no clock, such as one call of a built-in, is ended by the real one."""


def advance_real(kernel: Kernel) -> Step:
    """Run turns until all tasks wait, a busy one has stepped aside, or the host should look at the world."""
    turns = 0
    while turns < TURNS_PER_ADVANCE:
        if fire_due(kernel) and (not (kernel.ready or kernel.undecided) or kernel.overdue_turns >= OVERDUE_TURNS):
            fire_overdue(kernel)
        elif not (kernel.ready or kernel.undecided):
            break
        kernel.run_turn()
        turns += 1
        if kernel.turn.host_waits:
            kernel.turn.host_waits = False
            break
    return kernel.report(kernel.now if kernel.ready or kernel.undecided else kernel.timers.next_deadline())


def fire_due(kernel: Kernel) -> bool:
    """Wake the sleeps that are due; whether a deadline of a construct is due next (which has to wait its turn)."""
    timers = kernel.timers
    if not len(timers):
        return False
    while True:
        due = timers.next_deadline()
        if due is None or due > kernel.now:
            return False
        if not timers.next_is_sleep():
            kernel.overdue_turns += 1
            return True
        for task in timers.pop_group():
            task.notify(kernel.root)


def fire_overdue(kernel: Kernel) -> None:
    """Fire the deadline that is due next, and what is due with it."""
    kernel.overdue_turns = 0
    due = kernel.timers.next_deadline()
    if due is not None and due <= kernel.now:
        fire_group(kernel)


def fire_group(kernel: Kernel) -> None:
    """Wake, or fire, what is first in the timers, with all of its instant and class."""
    if kernel.timers.next_is_sleep():
        kernel.woken_ns = kernel.timers.next_deadline()
        for task in kernel.timers.pop_group():
            task.notify(kernel.root)
    else:
        for target in kernel.timers.pop_group():
            target.fire()


def advance_virtual(kernel: Kernel) -> Step:
    """Run until an answer from outside is missing, or all is over; now and then the host gets a look."""
    step = kernel.policy.advance(kernel)
    if step is not None:
        return step
    turns = 0
    timers = kernel.timers
    while True:
        while kernel.ready or kernel.undecided:
            if kernel.turns_asking >= TURNS_PER_INSTANT and kernel.asks and not deliver_next(kernel):
                return kernel.report(None)
            kernel.run_turn()
            turns += 1
            kernel.turns_at_instant += 1
            if kernel.asks:
                kernel.turns_asking += 1
            if kernel.turns_at_instant >= TURNS_PER_INSTANT:
                kernel.now += TURN_NS
            if len(timers):
                fire_passed(kernel)
            if turns >= TURNS_PER_INSTANT:
                return kernel.report(kernel.now)
        if kernel.asks:
            if not deliver_next(kernel):
                return kernel.report(None)
            continue
        due = timers.next_deadline()
        if due is None or not kernel.root.children:
            return kernel.report(None)
        if due > kernel.now:
            kernel.now = due
            kernel.turns_at_instant = 0
        fire_group(kernel)


def deliver_next(kernel: Kernel) -> bool:
    """Give the oldest ask its answer; False if that has not come yet, so that the host has to wait for it."""
    arrival = kernel.held.pop(next(iter(kernel.asks)), None)
    if arrival is None:
        return False
    kernel.turns_asking = 0
    kernel.deliver(arrival)
    return True


def fire_passed(kernel: Kernel) -> None:
    """Fire what busy tasks have let virtual time run past; what is due right now waits until nothing is ready.

    So does, for some turns, the deadline of an instant at which a sleep has ended: its result may be on the way.
    """
    timers = kernel.timers
    due = timers.next_deadline()
    while due is not None and due < kernel.now:
        if due == kernel.woken_ns and not timers.next_is_sleep() and kernel.overdue_turns < OVERDUE_TURNS:
            kernel.overdue_turns += 1
            return
        kernel.overdue_turns = 0
        fire_group(kernel)
        due = kernel.timers.next_deadline()


def follow_real_time(kernel: Kernel, now_ns: int) -> None:
    """The last resort for code that moves no clock because it has no loop of its own, such as
    `timeout(100, sum(0..10000000000))`: once it has been busy for long, and for longer than the next timer is
    away, the timer fires. Loops are counted (`VirtualTurn.spin`), and end at the same place each time; this does not,
    so the user is told."""
    turns, task, since_ns, virtual_ns = kernel.stuck
    if turns != kernel.turns or task is not kernel.current or virtual_ns != kernel.now:
        kernel.stuck = (kernel.turns, kernel.current, now_ns, kernel.now)
        return
    due = kernel.timers.next_deadline()
    stuck_ns = now_ns - since_ns
    if due is not None and stuck_ns > STUCK_NS and virtual_ns + stuck_ns > due:
        kernel.warn(_NOT_REPEATABLE)
        kernel.fire_early()


_NOT_REPEATABLE = (
    "code without a loop of its own was busy for more than 10 s, and a deadline ended it by the real clock: "
    "where it ended is not repeatable"
)
