"""parallel, race, vote, select, timeout: what each gives, when, and what becomes of the others. In both modes."""

import pytest

from lumen.values.errors import Failure
from lumen.values.model import Err, Ok


def test_parallel_keeps_source_order(sim):
    async def main():
        return await sim.lumen.parallel(sim.branches(("give", 30, "a"), ("give", 10, "b"), ("give", 20, "c")))

    assert sim.run(main) == ["a", "b", "c"]
    assert sim.log == ["b", "c", "a"]
    assert sim.now_ms() == 30
    sim.assert_clean()


def test_parallel_with_names_gives_a_record(sim):
    async def main():
        return await sim.lumen.parallel(sim.branches(("give", 2, 1), ("give", 1, 2)), names=("a", "b"))

    value = sim.run(main)
    assert (value.a, value.b) == (1, 2)


def test_parallel_failure_cancels_the_rest_and_waits_for_them(sim):
    async def slow_cleanup():
        try:
            await sim.lumen.sleep(10**6)
        finally:
            await sim.lumen.sleep(50)
            sim.log.append("cleaned")

    async def main():
        with pytest.raises(Failure, match="boom"):
            await sim.lumen.parallel(sim.branches(("forever",), ("fail", 10, "boom"), slow_cleanup))
        return sim.now_ms()

    assert sim.run(main) == 60
    assert sim.log == ["forever unwound", "cleaned"]
    sim.assert_clean()


def test_parallel_failures_of_one_turn_go_to_source_order_and_are_attached(sim):
    async def main():
        await sim.lumen.parallel(sim.branches(("give", 5, 0), ("fail", 10, "first"), ("fail", 10, "second")))

    with pytest.raises(Failure) as caught:
        sim.run(main)
    assert caught.value.message == "first"
    assert [cause.message for cause in caught.value.causes] == ["second"]


def test_parallel_max(sim):
    running = most = 0

    async def work(i):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await sim.lumen.sleep(10)
        running -= 1
        return i * i

    async def main():
        return await sim.lumen.parallel_for(range(10), work, max=3)

    assert sim.run(main) == [i * i for i in range(10)]
    assert most == 3
    assert sim.now_ms() == 40


def test_parallel_settle(sim):
    async def main():
        return await sim.lumen.parallel(sim.branches(("fail", 1, "no"), ("give", 2, "yes")), settle=True)

    first, second = sim.run(main)
    assert isinstance(first, Err)
    assert (first.error.message, first.error.code) == ("no", "failed")
    assert second == Ok("yes")


@pytest.mark.parametrize("plain", [True, False])
def test_parallel_for(sim, plain):
    async def main():
        return await sim.lumen.parallel_for([1, 2, 3], lambda x: x + 1, is_plain=plain)

    assert sim.run(main) == [2, 3, 4]


def test_parallel_of_nothing(sim):
    async def main():
        empty = await sim.lumen.parallel(())
        return [empty, await sim.lumen.parallel_values([]), await sim.lumen.parallel_for([], lambda x: x)]

    assert sim.run(main) == [[], [], []]


def test_parallel_values_of_one_list(sim):
    async def main():
        futures = [sim.lumen.spawn(sim.give(i, i)) for i in (3, 1, 2)]
        return await sim.lumen.parallel_values((futures,))

    assert sim.run(main) == [3, 1, 2]


def test_race_takes_the_first_success_and_unwinds_losers(sim):
    async def main():
        return await sim.lumen.race(sim.branches(("fail", 1, "fast failure"), ("forever",), ("give", 20, "slow")))

    assert sim.run(main) == "slow"
    assert sim.log == ["slow", "forever unwound"]
    assert not sim.kernel.unlooked
    sim.assert_clean()


def test_race_tie_goes_to_source_order(sim):
    async def relay(ms, value):
        return await sim.lumen.spawn(sim.give(ms, value))

    async def main():
        tied = await sim.lumen.race(sim.branches(("give", 10, "a"), ("give", 10, "b")))
        values = await sim.lumen.race_values((9, 10))
        return tied, values

    assert sim.run(main) == ("a", 9)


def test_race_all_failed_lists_causes_in_source_order(sim):
    async def main():
        await sim.lumen.race(sim.branches(("fail", 3, "x"), ("fail", 1, "y")))

    with pytest.raises(Failure) as caught:
        sim.run(main)
    assert caught.value.code == "all-failed"
    assert [cause.message for cause in caught.value.causes] == ["x", "y"]
    assert "branch 1: x" in caught.value.message


def test_race_settle(sim):
    async def main():
        await sim.lumen.race(sim.branches(("fail", 1, "first"), ("give", 2, 2)), settle=True)

    with pytest.raises(Failure, match="first"):
        sim.run(main)


def test_race_of_nothing_fails(sim):
    async def main():
        await sim.lumen.race_values([])

    with pytest.raises(Failure, match="at least one branch"):
        sim.run(main)


def test_losing_futures_passed_to_race_are_cancelled(sim):
    async def main():
        loser = sim.lumen.spawn(sim.forever())
        value = await sim.lumen.race_values((loser, sim.lumen.spawn(sim.give(5, 1))))
        return value, loser.status

    assert sim.run(main) == (1, "cancelled")
    sim.assert_clean()


def test_a_branch_that_evaluates_to_a_future_is_that_future(sim):
    async def main():
        loser = sim.lumen.spawn(sim.forever())
        value = await sim.lumen.race(sim.branches(lambda: loser, lambda: sim.lumen.spawn(sim.give(5, 1))))
        return value, loser.status

    assert sim.run(main) == (1, "cancelled")
    sim.assert_clean()


def test_ties_hold_through_nested_constructs(sim):
    async def main():
        lumen = sim.lumen
        inner = lumen.timeout(100, lambda: sim.give(10, "inner"))
        deep = lumen.timeout(100, lambda: lumen.timeout(50, lambda: sim.give(10, "deep")))
        plain = lumen.spawn(sim.give(10, "plain"))
        return await lumen.race_values((deep, inner, plain))

    assert sim.run(main) == "deep"


@pytest.mark.parametrize(
    ("votes", "winner"),
    [("aab", "a"), ("abb", "b"), ("ab", "a"), ("ba", "b"), ("abcc", "c"), ("a", "a"), ("abba", "a")],
)
def test_vote(sim, votes, winner):
    async def main():
        return await sim.lumen.vote(sim.branches(*(("give", 10 - i, v) for i, v in enumerate(votes))))

    assert sim.run(main) == winner


def test_vote_decides_as_soon_as_nobody_else_can_win(sim):
    async def main():
        return await sim.lumen.vote(sim.branches(("give", 1, "a"), ("give", 2, "a"), ("forever",)))

    assert sim.run(main) == "a"
    assert sim.now_ms() == 2
    assert "forever unwound" in sim.log


def test_vote_waits_for_an_earlier_branch_that_could_tie(sim):
    async def main():
        return await sim.lumen.vote(sim.branches(("give", 50, "late"), ("give", 1, "early"), ("fail", 2, "x")))

    assert sim.run(main) == "late"


def test_vote_ignores_failures_and_map_order(sim):
    async def main():
        branches = sim.branches(
            ("fail", 1, "x"), ("give", 1, "y"), ("give", 2, {"a": 1, "b": 2}), ("give", 3, {"b": 2, "a": 1})
        )
        return await sim.lumen.vote(branches)

    assert sim.run(main) == {"a": 1, "b": 2}


def test_vote_quorum(sim):
    async def main():
        good = await sim.lumen.vote(sim.branches(("give", 1, "a"), ("give", 2, "a"), ("forever",)), quorum=2)
        with pytest.raises(Failure) as caught:
            await sim.lumen.vote(sim.branches(("give", 1, "a"), ("give", 2, "b"), ("forever",)), quorum=3)
        return good, caught.value.code, sim.now_ms()

    assert sim.run(main) == ("a", "no-consensus", 4)


@pytest.mark.parametrize("suspends", [True, False])
def test_vote_by(sim, suspends):
    async def by(text):
        await sim.lumen.sleep(1)
        return text.lower()

    async def main():
        compare = by if suspends else str.lower
        blocks = await sim.lumen.vote(sim.branches(("give", 1, "x"), ("give", 2, "A"), ("give", 3, "a")), by=compare)
        return blocks, await sim.lumen.vote_values((sim.lumen.spawn(sim.give(1, "B")), "c", "b"), by=compare)

    assert sim.run(main) == ("A", "B")
    sim.assert_clean()


def test_vote_all_failing(sim):
    async def main():
        await sim.lumen.vote(sim.branches(("fail", 1, "x"), ("fail", 2, "y")))

    with pytest.raises(Failure) as caught:
        sim.run(main)
    assert caught.value.code == "all-failed"


def test_select_first_to_finish_failure_raised(sim):
    async def main():
        first = await sim.lumen.select(sim.branches(("give", 20, "a"), ("give", 10, "b")), indexed=True)
        with pytest.raises(Failure, match="x"):
            await sim.lumen.select(sim.branches(("fail", 1, "x"), ("give", 10, "b")))
        return first

    assert sim.run(main) == (1, "b")


def test_select_sleep_may_win_with_null_but_null_values_are_skipped(sim):
    async def main():
        channel = sim.lumen.channel()
        timed_out = await sim.lumen.select(sim.branches(channel.receive, lambda: sim.lumen.sleep(100)), indexed=True)
        skipped = await sim.lumen.select_values((None, 5))
        waited = await sim.lumen.select_values((None, sim.lumen.spawn(sim.give(7, "f"))))
        nothing = await sim.lumen.select_values((None, None), indexed=True)
        over = await sim.lumen.select_for([5, 3], lambda ms: sim.give(ms, ms))
        return timed_out, skipped, waited, nothing, over

    assert sim.run(main) == ((1, None), 5, "f", (0, None), (3, 1))


def test_timeout(sim):
    async def main():
        lumen = sim.lumen
        return [
            await lumen.timeout(100, lambda: sim.give(50, "in time")),
            await lumen.timeout(100, sim.forever),
            await lumen.timeout(100, lambda: sim.give(100, "at the instant")),
            await lumen.timeout(0, lambda: 42, is_plain=True),
            await lumen.timeout_value(10, lumen.spawn(sim.forever("value"))),
        ]

    assert sim.run(main) == ["in time", None, "at the instant", 42, None]
    assert sim.log == ["in time", "forever unwound", "at the instant", "value unwound"]
    assert sim.now_ms() == 260
    sim.assert_clean()


def test_a_result_at_the_instant_wins_through_nested_constructs(sim):
    async def main():
        lumen = sim.lumen

        async def deep():
            return await lumen.parallel(
                sim.branches(("give", 100, 1), lambda: lumen.race(sim.branches(("give", 100, 2), ("forever",))))
            )

        return await lumen.timeout(100, deep)

    assert sim.run(main) == [1, 2]


def test_inner_deadline_beats_outer_at_the_same_instant(sim):
    async def main():
        lumen = sim.lumen

        async def inner():
            value = await lumen.timeout(100, sim.forever)
            return "inner null" if value is None else value

        return await lumen.timeout(100, inner)

    assert sim.run(main) == "inner null"


def test_timeout_fires_although_others_are_always_ready(sim):
    async def busy():
        while True:
            await sim.lumen.sleep(0)

    async def main():
        return await sim.lumen.timeout(1, busy)

    sim.kernel.turn.due = True
    host_ns = 0
    task = sim.kernel.start_main(main)
    for _ in range(2000):
        if sim.kernel.advance(host_ns).done:
            break
        host_ns += 100_000
    assert task.value is None
    assert task.status == "completed"


def test_busy_loop_with_back_edges_ends_in_virtual_time(simulation):
    sim = simulation("fifo")
    turn = sim.lumen.turn

    async def busy():
        while True:
            if turn.due and turn.tick():
                await sim.lumen.yield_turn()

    async def main():
        return await sim.lumen.timeout(100, busy)

    assert sim.run(main) is None
    assert 100 <= sim.now_ms() < 101


def test_spawned_inside_a_losing_branch_ends_before_the_construct_gives_its_result(sim):
    async def branch():
        sim.lumen.spawn(sim.forever("grandchild"))
        await sim.forever("branch")

    async def main():
        value = await sim.lumen.race(sim.branches(branch, ("give", 10, "won")))
        sim.log.append("after")
        return value

    assert sim.run(main) == "won"
    assert sim.log == ["won", "grandchild unwound", "branch unwound", "after"]
    sim.assert_clean()


def test_a_winning_branch_hands_over_what_it_spawned(sim):
    async def branch():
        sim.lumen.spawn(sim.give(50, "background"))
        return "won"

    async def main():
        return await sim.lumen.race(sim.branches(branch, ("forever",)))

    assert sim.run(main) == "won"
    assert sim.log == ["forever unwound", "background"]
    sim.assert_clean()


def test_unlooked_failures_are_remembered(sim):
    async def main():
        lost = sim.lumen.spawn(sim.fail(1, "lost"))
        seen = sim.lumen.spawn(sim.fail(1, "seen"))
        await sim.lumen.sleep(5)
        assert seen.is_failed()
        return lost

    lost = sim.run(main)
    assert list(sim.kernel.unlooked) == [lost]


def test_deadlock_says_what_each_task_waits_for(sim, deadlock):
    async def main():
        channel = sim.lumen.channel()
        other = sim.lumen.spawn(channel.receive())
        await other

    with pytest.raises(deadlock) as caught:
        sim.run(main)
    reasons = [blocked.reason for blocked in caught.value.blocked]
    assert reasons == ["future 2 (task)", "a message on channel 1"]
    assert [b.code_places[0][2] for b in caught.value.blocked] == ["main", "_receive"]
    sim.assert_clean()


def test_deep_await(sim):
    from lumen.values.model import Set, make_record

    point = make_record("Point", ("x", "y"))

    async def main():
        lumen = sim.lumen

        def later(value):
            return lumen.spawn(sim.give(1, value))

        nested = [later(1), (2, later(3)), {"k": [later(4)]}, point(later(5), 6)]
        values = await lumen.deep_await(nested)
        same = [1, [2, {"a": (3,)}], Set([1])]
        assert await lumen.deep_await(same) is same
        assert await lumen.deep_await(7) == 7
        shared = later(8)
        pair = await lumen.deep_await([shared, shared])
        deep = 9
        for _ in range(20_000):
            deep = [deep]
        await lumen.deep_await(deep)
        return values, pair

    values, pair = sim.run(main)
    assert values == [1, (2, 3), {"k": [4]}, point(5, 6)]
    assert pair == [8, 8]
