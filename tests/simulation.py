"""A host without a world: drives a kernel by calling `advance` with literal times and answers. No real time passes.

Test modules are imported one by one (importlib mode), so they get this through the `simulation` fixture.
"""

from __future__ import annotations

from lumen.kernel.kernel import Kernel
from lumen.kernel.messages import Arrival, Ask
from lumen.kernel.policy import Eager, Fifo
from lumen.orchestration.facade import Orchestration
from lumen.orchestration.outcomes import LumenFailures

MODES = {"eager": Eager, "fifo": Fifo}


class Deadlock(Exception):
    def __init__(self, blocked):
        super().__init__("; ".join(b.reason for b in blocked))
        self.blocked = blocked


class Simulation:
    """`ms(n)` etc. in tests are virtual. `world` maps the name of an ask to (milliseconds, value or exception)."""

    def __init__(self, mode="eager", world=None, **options):
        self.kernel = Kernel(MODES[mode](), failures=LumenFailures(), **options)
        self.lumen = Orchestration(self.kernel)
        self.world = world or {}
        self.log = []
        self.asked = []
        self.cancelled_asks = []
        self.steps = 0

    def now_ms(self):
        return self.kernel.now / 1_000_000

    def run(self, main, *args, steps=1_000_000):
        """The value of `main(*args)`, or its failure raised; Deadlock when it deadlocks."""
        task = self.kernel.start_main(main, *args)
        self.drive(steps)
        if self.kernel.halted is not None:
            raise self.kernel.halted
        return self.value_of(task)

    @staticmethod
    def value_of(task):
        if task.phase == 5:
            return task.value
        raise task.raisable()

    def drive(self, steps=1_000_000):
        due = []
        host_ns = 0
        arrivals = []
        for _ in range(steps):
            if not self.kernel.policy.is_virtual:
                host_ns = max(host_ns, self.kernel.now)  # preempted code has let time pass
            step = self.kernel.advance(host_ns, arrivals)
            self.steps += 1
            arrivals = []
            for command in step.commands:
                if isinstance(command, Ask):
                    self.asked.append(command.name)
                    delay_ms, outcome = self.world[command.name]
                    due.append((host_ns + int(delay_ms * 1e6), command.seq, outcome))
                else:
                    self.cancelled_asks.append(command.seq)
                    due = [d for d in due if d[1] != command.seq]
            if step.done:
                return
            if step.deadlocked:
                blocked = self.kernel.blocked()
                self.kernel.cancel_run()
                self.drive(1000)
                raise Deadlock(blocked)
            due.sort(key=lambda d: d[:2])
            times = [d[0] for d in due[:1]]
            if step.deadline_ns is not None:
                times.append(step.deadline_ns)
            if self.kernel.policy.is_virtual:
                if due:
                    host_ns = max(host_ns, due[0][0])
            else:
                host_ns = max(host_ns, min(times))
            while due and due[0][0] <= host_ns:
                _, seq, outcome = due.pop(0)
                error = outcome if isinstance(outcome, BaseException) else None
                arrivals.append(Arrival(seq, None if error else outcome, error))
        raise AssertionError(f"not done after {steps} steps")

    # Small programs, written as compiled code would be.

    async def give(self, ms, value):
        await self.lumen.sleep(ms)
        self.log.append(value)
        return value

    async def fail(self, ms, message):
        from lumen.values.errors import Failure

        await self.lumen.sleep(ms)
        raise Failure("failed", message)

    async def forever(self, name="forever"):
        try:
            await self.lumen.sleep(10**9)
        finally:
            self.log.append(f"{name} unwound")

    def branches(self, *coroutine_calls):
        """`("give", 10, 1)` → a branch that calls `self.give(10, 1)`; anything callable is a branch itself."""
        made = []
        for call in coroutine_calls:
            if callable(call):
                made.append((call, False))
            else:
                made.append((self._caller(call), False))
        return tuple(made)

    def _caller(self, call):
        return lambda: getattr(self, call[0])(*call[1:])

    def assert_clean(self):
        """Nothing is left: no task, no live timer, no unanswered ask."""
        assert not self.kernel.root.children
        assert self.kernel.timers.next_deadline() is None
        assert not self.kernel.asks
        assert self.kernel.counts()[:2] == (0, 0)
