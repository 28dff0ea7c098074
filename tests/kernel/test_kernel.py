"""The step function: order of tasks, time, answers, failures. Driven by literal times and arrivals."""

import pytest

from lumen.kernel import ops
from lumen.kernel.failures import KernelError
from lumen.kernel.kernel import Kernel
from lumen.kernel.messages import Arrival, Ask, CancelAsk
from lumen.kernel.policy import Eager, Fifo
from lumen.kernel.trace import Journal
from lumen.values.errors import Failure, Halt


def test_eager_spawn_runs_to_the_first_suspension(simulation):
    sim = simulation("eager")

    async def task(name):
        sim.log.append(f"{name} starts")
        await sim.lumen.sleep(0)
        sim.log.append(f"{name} ends")

    async def main():
        futures = [sim.lumen.spawn(task("a")), sim.lumen.spawn(task("b"))]
        sim.log.append("main")
        for future in futures:
            await future

    sim.run(main)
    assert sim.log == ["a starts", "b starts", "main", "a ends", "b ends"]


def test_fifo_spawn_queues(simulation):
    sim = simulation("fifo")

    async def task(name):
        sim.log.append(name)
        return name

    async def main():
        f1, f2 = sim.lumen.spawn(task("f1")), sim.lumen.spawn(task("f2"))
        sim.log.append(f"main {f1.status}")
        return [await f2, await f1]

    assert sim.run(main) == ["f2", "f1"]
    assert sim.log == ["main pending", "f1", "f2"]


def test_chains_of_spawns_deeper_than_pythons_stack(sim):
    async def nest(depth):
        return 0 if depth == 0 else 1 + await sim.lumen.spawn(nest(depth - 1))

    assert sim.run(nest, 20_000) == 20_000


def test_sleep_zero_lets_every_other_ready_task_run_once(sim):
    async def task(name):
        for i in range(2):
            sim.log.append(f"{name}{i}")
            await sim.lumen.sleep(0)

    async def main():
        for future in [sim.lumen.spawn(task(name)) for name in "abc"]:
            await future

    sim.run(main)
    assert sim.log == ["a0", "b0", "c0", "a1", "b1", "c1"]


def test_timers_fire_in_order_of_deadline_and_creation(sim):
    async def main():
        for future in [sim.lumen.spawn(sim.give(ms, (ms, i))) for i, ms in enumerate([3, 1, 2, 1])]:
            await future

    sim.run(main)
    assert sim.log == [(1, 1), (1, 3), (2, 2), (3, 0)]


def test_answers_of_one_tick_are_delivered_by_number_of_ask():
    kernel = Kernel(Eager())
    got = []

    async def caller(name):
        got.append(await kernel.ask("tool", name))

    async def main():
        for name in "ab":
            kernel.spawn(caller(name))

    kernel.start_main(main)
    step = kernel.advance(0)
    assert [(a.seq, a.name) for a in step.commands] == [(1, "a"), (2, "b")]
    assert not step.deadlocked
    step = kernel.advance(1, [Arrival(2, "second"), Arrival(1, "first")])
    assert got == ["first", "second"]
    assert step.done


def test_fifo_holds_early_answers_back():
    kernel = Kernel(Fifo())
    got = []

    async def caller(name):
        got.append(await kernel.ask("tool", name))

    async def main():
        for name in "ab":
            kernel.spawn(caller(name))

    kernel.start_main(main)
    kernel.advance()
    kernel.advance(0, [Arrival(2, "second")])
    assert got == []
    kernel.advance(0, [Arrival(1, "first")])
    assert got == ["first", "second"]


def test_fifo_answers_come_before_time_moves(simulation):
    sim = simulation("fifo", {"slow": (5000, "answer")})

    async def main():
        return await sim.lumen.timeout(1, lambda: sim.kernel.ask("tool", "slow")), sim.now_ms()

    assert sim.run(main) == ("answer", 0)


def test_failing_answers_raise_where_the_program_waits(simulation, mode):
    sim = simulation(mode, {"bad": (1, Failure("rate-limit", "slow down", data={"retry_after_ms": 5}))})

    async def main():
        future = sim.lumen.spawn(sim.kernel.ask("tool", "bad"))
        with pytest.raises(Failure) as caught:
            await future
        return caught.value

    failure = sim.run(main)
    assert (failure.code, failure.data) == ("rate-limit", {"retry_after_ms": 5})
    assert failure.origin.message == "slow down"


def test_cancelling_a_task_that_asked_tells_the_outside_first(simulation):
    kernel = Kernel(Eager())
    log = []

    async def caller():
        try:
            await kernel.ask("tool", "t")
        finally:
            log.append("unwound")

    async def main():
        future = kernel.spawn(caller())
        await kernel.sleep(10)
        future.cancel()
        log.append([type(c) for c in kernel.commands])

    kernel.start_main(main)
    assert isinstance(kernel.advance(0).commands[0], Ask)
    step = kernel.advance(10_000_000)
    assert [type(c) for c in step.commands] == [CancelAsk]
    assert log == [[CancelAsk], "unwound"]
    assert step.done
    kernel.advance(11_000_000, [Arrival(1, "too late")])
    assert kernel.late_arrivals == 1


def test_misuse_by_the_host_is_an_error():
    kernel = Kernel(Eager())
    kernel.advance(10)
    with pytest.raises(KernelError, match="backwards"):
        kernel.advance(9)
    with pytest.raises(KernelError, match="never made"):
        kernel.advance(10, [Arrival(7)])


def test_the_run_waits_for_what_is_still_running(sim):
    async def main():
        sim.lumen.spawn(sim.give(100, "late"))
        return 1

    assert sim.run(main) == 1
    assert sim.log == ["late"]


def test_on_exit_cancel(simulation, mode):
    sim = simulation(mode, on_exit="cancel")

    async def main():
        sim.lumen.spawn(sim.forever())
        await sim.lumen.sleep(0)
        return 1

    assert sim.run(main) == 1
    assert sim.log == ["forever unwound"]


def test_a_failing_main_cancels_the_rest(sim):
    async def main():
        sim.lumen.spawn(sim.forever())
        await sim.fail(1, "boom")

    with pytest.raises(Failure, match="boom"):
        sim.run(main)
    assert sim.log == ["forever unwound"]


def test_halt_in_a_task_ends_the_run(sim):
    async def stop():
        await sim.lumen.sleep(1)
        raise Halt("enough")

    async def main():
        sim.lumen.spawn(stop())
        try:
            await sim.lumen.sleep(1000)
        finally:
            sim.log.append("main unwound")

    with pytest.raises(Halt, match="enough"):
        sim.run(main)
    assert sim.log == ["main unwound"]


def test_python_exceptions_become_failures_at_the_end_of_a_task(sim):
    async def main():
        future = sim.lumen.spawn_call(lambda: 1 // 0)
        with pytest.raises(Failure) as caught:
            await future
        return caught.value.code, future.status, future.get_error().code

    assert sim.run(main) == ("division-by-zero", "failed", "division-by-zero")


def test_spawn_call_goes_on_with_what_comes_back(sim):
    async def work(a, b):
        await sim.lumen.sleep(1)
        return a + b

    async def main():
        lumen = sim.lumen
        return [
            await lumen.spawn_call(lambda: 5),
            await lumen.spawn_call(work, (1,), {"b": 2}),
            await lumen.spawn_call(lambda: lumen.spawn(work(3, 4))),
        ]

    assert sim.run(main) == [5, 3, 7]


def test_each_await_of_a_failed_future_raises_a_fresh_failure(sim):
    async def main():
        future = sim.lumen.spawn(sim.fail(0, "x"))
        raised = []
        for _ in range(2):
            try:
                await future
            except Failure as failure:
                raised.append(failure)
        return raised

    first, second = sim.run(main)
    assert first is not second
    assert first.origin is second.origin


def test_what_programs_see_of_a_future(sim):
    from lumen.values.model import Completed, ErrorState, Pending

    async def main():
        future = sim.lumen.spawn(sim.give(10, 42), ("p.lumen", 1, 1, "spawn(give())"))
        before = future.state, future.is_done(), future.is_success(), future.get_error(), future.operation, future.id
        waited = await future.wait(5)
        late = await future.wait(50)
        after = future.state, future.status, future.is_done(), future.is_success(), future.is_failed()
        slow = sim.lumen.spawn(sim.forever())
        with pytest.raises(Failure) as caught:
            await slow.result(5)
        cancelled = slow.cancel(), slow.cancel(), slow.status, slow.state
        with pytest.raises(Failure) as second:
            await slow
        assert await future.result() == 42
        return before, waited, late, after, caught.value.code, cancelled, second.value.code

    before, waited, late, after, code, cancelled, second = sim.run(main)
    assert before == (Pending, False, False, None, "spawn(give())", "f2")
    assert (waited, late) == (False, True)
    assert after == (Completed(42), "completed", True, True, False)
    assert code == "timeout"
    assert cancelled == (True, False, "cancelled", ErrorState("cancelled"))
    assert second == "cancelled"
    sim.assert_clean()


def test_many_dropped_timeouts_do_not_pile_up(simulation):
    sim = simulation("fifo")

    async def main():
        for _ in range(5000):
            await sim.lumen.timeout(60_000, lambda: sim.lumen.sleep(0))
        return len(sim.kernel.timers)

    assert sim.run(main) < 200


class Listener(Journal):
    """Keeps the log of a run, and what else it hears, as one list of words."""

    def __init__(self):
        self.log = []
        self.heard = []

    def site_index(self, site):
        return 0

    def decided(self, construct, decision):
        self.cut()
        self.heard.append(f"decided {decision}")

    def cut(self):
        self.heard.append(list(self.log))
        self.log.clear()


def test_the_log_tells_what_tasks_do_in_order(simulation):
    journal = Listener()
    sim = simulation("fifo", journal=journal)

    async def main():
        await sim.lumen.race(sim.branches(("give", 2, 1), ("give", 1, 2)))

    sim.run(main)
    journal.cut()
    race = ops.KINDS.index("race")
    assert journal.heard == [
        [
            *(ops.SPAWN_IN, 0, -1, 0),
            *(1, ops.SPAWN_IN, 1, -1, race, ops.SPAWN_IN, 2, -1, 0, ops.SPAWN_IN, 2, -1, 0, ops.WAITS),
            *(3, ops.SLEEP, 2_000_000, ops.WAITS),
            *(4, ops.SLEEP, 1_000_000, ops.WAITS),
            *(4, ops.COMPLETED),
        ],
        "decided 1",
        [ops.CANCEL, 3, 3, ops.CANCELLED, ops.SETTLED, 2, ops.COMPLETED, 1, ops.COMPLETED],
    ]


def test_durations_are_checked(sim):
    async def main():
        with pytest.raises(Failure, match="milliseconds"):
            await sim.lumen.sleep("x")
        with pytest.raises(Failure, match="milliseconds"):
            sim.lumen.timeout(float("nan"), lambda: 1)
        await sim.lumen.sleep(-5)
        await sim.lumen.sleep(1.5)
        return sim.now_ms()

    assert sim.run(main) == 1.5


def test_failures_inside_a_cancelled_task_are_nobodys(sim):
    async def main():
        async def branch():
            sim.lumen.spawn(sim.fail(1, "unseen"))
            await sim.lumen.sleep(1000)

        return await sim.lumen.timeout(10, branch)

    assert sim.run(main) is None
    assert not sim.kernel.unlooked


def test_a_task_that_only_passes_turns_does_not_stop_virtual_time(simulation):
    sim = simulation("fifo")

    async def busy():
        while True:
            await sim.lumen.sleep(0)

    async def main():
        return await sim.lumen.timeout(5, busy)

    assert sim.run(main) is None
    assert 5 <= sim.now_ms() < 5.1


def test_a_long_chain_of_parents_closes_without_recursion(sim):
    depth = 3000

    async def nest(level):
        try:
            if level:
                sim.lumen.spawn(nest(level - 1))
            await sim.lumen.sleep(10**6)
        finally:
            if not level:
                await sim.lumen.sleep(5)

    async def main():
        future = sim.lumen.spawn(nest(depth))
        await sim.lumen.sleep(1)
        future.cancel()
        await future.wait()
        return sim.now_ms()

    assert sim.run(main) == 6
    sim.assert_clean()


def test_an_ask_that_is_cancelled_before_the_host_saw_it_never_leaves(sim):
    async def main():
        future = sim.lumen.spawn(sim.kernel.ask("tool", "unused"))
        await sim.lumen.sleep(0)
        future.cancel()
        await future.wait()

    sim.kernel.start_main(main)
    step = sim.kernel.advance(0)
    assert step.done
    assert not step.commands


def test_an_early_answer_to_a_cancelled_ask_is_dropped(simulation):
    sim = simulation("fifo")
    kernel = sim.kernel

    async def main():
        first = sim.lumen.spawn(kernel.ask("tool", "first"))
        second = sim.lumen.spawn(kernel.ask("tool", "second"))
        await first
        second.cancel()
        await second.wait()
        return second.status

    main_task = kernel.start_main(main)
    kernel.advance(0)
    kernel.advance(0, [Arrival(2, "early")])
    step = kernel.advance(0, [Arrival(1, "answer")])
    assert step.done
    assert main_task.value == "cancelled"
    assert kernel.late_arrivals == 1
