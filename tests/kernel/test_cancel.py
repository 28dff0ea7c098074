"""Cancellation: who is hit, in which order, what cleanup may do, and that nothing is left."""

import pytest

from lumen.kernel.cancel import Cancelled
from lumen.values.errors import Failure


def test_innermost_first(sim):
    async def nest(depth):
        try:
            if depth:
                sim.lumen.spawn(nest(depth - 1))
            await sim.lumen.sleep(10**6)
        finally:
            sim.log.append(depth)

    async def main():
        outer = sim.lumen.spawn(nest(3))
        await sim.lumen.sleep(1)
        outer.cancel()
        await outer.wait()
        return outer.status

    assert sim.run(main) == "cancelled"
    assert sim.log == [0, 1, 2, 3]
    sim.assert_clean()


def test_cancelling_before_the_start(simulation):
    sim = simulation("fifo")

    async def main():
        future = sim.lumen.spawn(sim.give(0, "never"))
        assert future.cancel()
        return await future.wait(), future.status

    assert sim.run(main) == (True, "cancelled")
    assert sim.log == []
    sim.assert_clean()


def test_cleanup_may_wait_and_is_not_hit_again(sim):
    async def work():
        try:
            await sim.lumen.sleep(10**6)
        finally:
            await sim.lumen.sleep(10)
            await sim.lumen.parallel(sim.branches(("give", 5, "a"), ("give", 5, "b")))
            sim.log.append("cleaned")

    async def main():
        future = sim.lumen.spawn(work())
        await sim.lumen.sleep(1)
        assert future.cancel()
        await sim.lumen.sleep(1)
        assert not future.cancel()
        await future.wait()
        return sim.now_ms()

    assert sim.run(main) == 16
    assert sim.log == ["a", "b", "cleaned"]
    sim.assert_clean()


def test_outer_cancel_leaves_inner_cleanup_alone(sim):
    async def inner():
        try:
            await sim.lumen.sleep(10**6)
        finally:
            await sim.lumen.sleep(50)
            sim.log.append("inner cleaned")

    async def main():
        async def middle():
            await sim.lumen.timeout(10, inner)

        return await sim.lumen.timeout(30, middle)

    assert sim.run(main) is None
    assert sim.log == ["inner cleaned"]
    assert sim.now_ms() == 60


def test_cleanup_that_takes_too_long_is_abandoned_with_a_warning(sim):
    async def stubborn():
        try:
            await sim.lumen.sleep(10**6)
        finally:
            try:
                await sim.lumen.sleep(10**7)
            finally:
                await sim.lumen.sleep(10**7)

    async def main():
        return await sim.lumen.timeout(10, stubborn), sim.now_ms()

    assert sim.run(main) == (None, 5010)
    assert len(sim.kernel.warnings) == 1
    assert "abandoned" in sim.kernel.warnings[0]
    sim.assert_clean()


def test_a_failing_cleanup_is_a_warning(sim):
    async def work():
        try:
            await sim.lumen.sleep(10**6)
        finally:
            raise Failure("failed", "in defer")

    async def main():
        return await sim.lumen.timeout(10, work)

    assert sim.run(main) is None
    assert "in defer" in sim.kernel.warnings[0]


def test_a_task_can_cancel_itself(sim):
    async def work(channel):
        me = await channel.receive()
        me.cancel()
        sim.log.append("still here")
        await sim.lumen.sleep(0)
        sim.log.append("never")

    async def main():
        channel = sim.lumen.channel(1)
        future = sim.lumen.spawn(work(channel))
        await channel.send(future)
        await future.wait()
        return future.status

    assert sim.run(main) == "cancelled"
    assert sim.log == ["still here"]


def test_cancel_in_the_same_turn_as_the_wake_up(sim):
    async def main():
        future = sim.lumen.spawn(sim.give(10, "x"))
        await sim.lumen.sleep(10)
        cancelled = future.cancel()
        await future.wait()
        return cancelled, future.status

    cancelled, status = sim.run(main)
    assert status == ("cancelled" if cancelled else "completed")
    sim.assert_clean()


def test_a_plain_task_that_ends_hands_its_children_over(sim):
    async def parent():
        sim.lumen.spawn(sim.give(50, "child"))

    async def main():
        future = sim.lumen.spawn(parent())
        await future
        future.cancel()

    sim.run(main)
    assert sim.log == ["child"]


def test_cancelling_the_run(sim):
    async def main():
        try:
            await sim.lumen.parallel(sim.branches(("forever", "a"), ("forever", "b")))
        finally:
            sim.log.append("main unwound")

    task = sim.kernel.start_main(main)
    sim.kernel.advance(0)
    sim.kernel.advance(0)
    if sim.kernel.policy.name == "eager":
        assert sim.kernel.root.children
    sim.kernel.cancel_run()
    sim.drive()
    assert task.status == "cancelled" or sim.kernel.policy.is_virtual
    assert sim.log[:2] == ["a unwound", "b unwound"]
    sim.assert_clean()


def test_ten_thousand_cancelled_races_leave_nothing(simulation):
    sim = simulation("fifo")

    async def main():
        for _ in range(2_000):
            await sim.lumen.race((((lambda: sim.lumen.sleep(10**6)), False), ((lambda: sim.lumen.sleep(0)), False)))
        return sim.kernel.counts(), len(sim.kernel.timers)

    counts, timers = sim.run(main)
    assert counts[0] + counts[1] == 1
    assert timers < 200
    sim.assert_clean()


# --- preemption: the handler is simulated by calling it from the code that it would interrupt -----------------------


def interrupt(sim, now_ms):
    if sim.kernel.preempt(int(now_ms * 1e6)):
        raise Cancelled


def test_a_deadline_stops_busy_plain_code(simulation):
    sim = simulation("eager")

    def busy():
        for ms in range(0, 1000, 10):
            interrupt(sim, ms)
        sim.log.append("not reached")

    async def main():
        return await sim.lumen.timeout(100, busy, is_plain=True), sim.now_ms()

    assert sim.run(main) == (None, 100)
    assert sim.log == []


def test_a_won_race_stops_a_busy_branch(simulation):
    sim = simulation("eager")

    def busy():
        for ms in range(0, 1000, 10):
            interrupt(sim, ms)

    async def main():
        value = await sim.lumen.race(((lambda: sim.give(20, "won"), False), (busy, True)))
        return value, sim.now_ms()

    value, now = sim.run(main)
    assert value == "won"
    assert now <= 40


def test_others_run_on_top_of_busy_plain_code(simulation):
    sim = simulation("eager")

    def busy():
        for ms in range(0, 100, 10):
            interrupt(sim, ms)
        sim.log.append("busy done")

    async def main():
        sim.lumen.spawn(sim.give(20, "other"))
        sim.lumen.spawn_call(busy)

    sim.run(main)
    assert sim.log == ["other", "busy done"]


def test_busy_plain_code_in_virtual_time_ends_by_what_it_has_counted(simulation):
    sim = simulation("fifo")
    rounds = 0

    def busy():
        nonlocal rounds
        while True:
            rounds += 1
            if not sim.lumen.fuel():
                sim.lumen.spin()

    async def main():
        return await sim.lumen.timeout(100, busy, is_plain=True), sim.now_ms()

    # 100 ms are 2,000 times 50 µs; a deadline that is due right now waits for a result that just arrives.
    assert sim.run(main) == (None, 100.05)
    assert rounds == 2001 * 1025
    sim.assert_clean()


def test_items_of_comprehensions_count(simulation):
    sim = simulation("fifo")
    given = []

    def busy():
        for size in (0, 1, 1000, 30, 1024, 5000):
            given.append(list(sim.lumen.measured(range(size))) == list(range(size)))
        given.append(sim.lumen.measured("abc"))
        return sim.kernel.now

    async def main():
        return await sim.lumen.spawn_call(busy)

    assert sim.run(main) == (1 + 1 + 5) * 50_000
    assert given == [True] * 6 + ["abc"]


def test_a_loop_whose_fuel_was_not_refilled_goes_on(simulation):
    sim = simulation("fifo")
    calls = 0

    async def main():
        nonlocal calls
        while sim.lumen.fuel():
            pass
        # Interrupted here, before `spin`.
        assert not sim.lumen.fuel()
        sim.lumen.spin()
        while sim.lumen.fuel():
            calls += 1

    sim.run(main)
    assert calls == 1024


def test_code_that_counts_nothing_is_ended_by_the_real_clock_at_last(simulation):
    sim = simulation("fifo")
    seen = []

    def busy():
        for ms in range(0, 20_000, 10):
            seen.append(ms)
            interrupt(sim, ms)
        sim.log.append("not reached")

    async def main():
        return await sim.lumen.timeout(100, busy, is_plain=True), sim.now_ms()

    assert sim.run(main) == (None, 100)
    assert sim.log == []
    assert seen[-1] == 10_010
    assert [message for message in sim.kernel.warnings if "not repeatable" in message]


def test_the_real_clock_waits_for_distant_deadlines(simulation):
    sim = simulation("fifo")

    def busy():
        for ms in range(0, 20_000, 10):
            interrupt(sim, ms)
        return "done"

    async def main():
        return await sim.lumen.timeout(60_000, busy, is_plain=True)

    assert sim.run(main) == "done"
    assert sim.kernel.warnings == []


def test_a_busy_task_that_can_suspend_steps_aside(simulation):
    sim = simulation("eager")
    turn = sim.lumen.turn

    async def busy():
        for ms in range(100):
            if ms % 10 == 0:
                interrupt(sim, ms)
            if turn.due and turn.tick():
                await sim.lumen.yield_turn()
        sim.log.append("busy done")

    async def main():
        other = sim.lumen.spawn(sim.give(0, "other"))
        await sim.lumen.spawn(busy())
        await other

    sim.run(main)
    assert sim.log == ["other", "busy done"]


@pytest.mark.parametrize("depth", [1, 20])
def test_nested_preemption_is_limited(simulation, depth):
    sim = simulation("eager")

    def busy(n):
        interrupt(sim, 10)
        interrupt(sim, 20)
        sim.log.append(n)

    async def later(n):
        await sim.lumen.sleep(0)
        busy(n)

    async def main():
        for future in [sim.lumen.spawn(later(n)) for n in range(depth)]:
            await future

    sim.run(main)
    assert sorted(sim.log) == list(range(depth))
