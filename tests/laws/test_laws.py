"""Laws of concurrency, on generated programs in virtual time.

A program is a tree: leaves give a value or fail after some milliseconds, inner nodes are the constructs. Leaf times are
distinct powers of two apart where a law needs that no two things happen at one instant.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumen.kernel.cancel import Cancelled
from lumen.values.errors import Failure

MODES = ("eager", "fifo")
pytestmark = pytest.mark.slow

leaf = st.tuples(st.sampled_from(["give", "give", "give", "fail"]), st.integers(0, 30), st.integers(0, 3))
busy_leaf = st.tuples(st.sampled_from(["give", "fail", "busy"]), st.integers(0, 30), st.integers(0, 3))


def inner(children):
    return st.one_of(
        st.tuples(st.sampled_from(["parallel", "race", "vote", "select"]), st.lists(children, min_size=1, max_size=4)),
        st.tuples(st.just("timeout"), st.integers(0, 40), children),
        st.tuples(st.just("spawn"), children),
        st.tuples(st.just("detach"), children, children),
    )


programs = st.recursive(leaf, inner, max_leaves=12)
busy_programs = st.recursive(busy_leaf, inner, max_leaves=12)


class Runner:
    """Evaluates a program tree, and watches that nothing outlives the construct it was started in."""

    def __init__(self, sim):
        self.sim = sim
        self.lumen = sim.lumen
        self.live = []
        self.count = 0

    async def leaf(self, kind, ms, value, scopes):
        me = (self.count, scopes)
        self.count += 1
        self.live.append(me)
        try:
            if kind == "busy":
                self.spin(ms)
            await self.lumen.sleep(ms)
            if kind == "fail":
                raise Failure("failed", f"leaf {value}")
            return value
        finally:
            # Cleanup that waits: a construct must wait for it, too.
            try:
                await self.lumen.sleep(1)
            finally:
                self.live.remove(me)

    def spin(self, ms):
        """Plain code that keeps the processor, interrupted every 5 ms."""
        kernel = self.sim.kernel
        started = now = kernel.now
        while now < started + ms * 1_000_000:
            now = max(now, kernel.now) + 5_000_000
            if kernel.preempt(now):
                raise Cancelled

    async def run(self, tree, scopes=()):
        kind = tree[0]
        if kind in ("give", "fail", "busy"):
            return await self.leaf(kind, tree[1], tree[2], scopes)
        if kind == "spawn":
            return await self.lumen.spawn(self.run(tree[1], scopes))
        if kind == "detach":
            self.lumen.spawn(self.quietly(tree[1], scopes))
            return await self.run(tree[2], scopes)
        scope = object()
        children = [tree[2]] if kind == "timeout" else tree[1]
        branches = tuple(((lambda c=c: self.run(c, (*scopes, scope))), False) for c in children)
        try:
            if kind == "timeout":
                return await self.lumen.timeout(tree[1], branches[0][0])
            return await getattr(self.lumen, kind)(branches)
        finally:
            if not has_detached(tree):
                assert not [leaf for leaf in self.live if scope in leaf[1]], "a branch outlived its construct"

    async def quietly(self, tree, scopes):
        try:
            await self.run(tree, scopes)
        except Failure:
            pass

    async def main(self, tree):
        try:
            return "value", await self.run(tree)
        except Failure as failure:
            return "failed", failure.code, failure.message


def has_detached(tree):
    if tree[0] in ("give", "fail", "busy"):
        return False
    if tree[0] == "detach":
        return True
    children = tree[1] if isinstance(tree[1], list) else tree[1:]
    return any(has_detached(child) for child in children if isinstance(child, tuple))


def spread(tree, used=None):
    """The same tree with leaf and timeout times that can never tie: each is a multiple of 100 plus its own number."""
    used = [0] if used is None else used
    used[0] += 1
    own = used[0]
    kind = tree[0]
    if kind in ("give", "fail"):
        return (kind, tree[1] * 10_000 + own * 17, tree[2])
    if kind == "timeout":
        return (kind, tree[1] * 10_000 + 5_000 + own * 17, spread(tree[2], used))
    if isinstance(tree[1], list):
        return (kind, [spread(child, used) for child in tree[1]])
    return (kind, *(spread(child, used) for child in tree[1:]))


@pytest.fixture(scope="session")
def evaluate(simulation):
    def run(tree, mode):
        sim = simulation(mode)
        runner = Runner(sim)
        outcome = sim.run(runner.main, tree)
        sim.assert_clean()
        assert not runner.live
        assert not sim.kernel.warnings
        return outcome, sim.kernel.now

    return run


@settings(max_examples=300, deadline=None)
@given(programs)
def test_every_program_ends_clean_in_both_modes_and_repeats_itself(evaluate, tree):
    for mode in MODES:
        assert evaluate(tree, mode) == evaluate(tree, mode)


@settings(max_examples=300, deadline=None)
@given(busy_programs)
def test_programs_with_busy_plain_code_end_clean_in_both_modes(evaluate, tree):
    for mode in MODES:
        evaluate(tree, mode)


@settings(max_examples=300, deadline=None)
@given(programs)
def test_fifo_and_eager_agree_when_nothing_ties(evaluate, tree):
    tree = spread(tree)
    assert evaluate(tree, "eager") == evaluate(tree, "fifo")


@settings(max_examples=150, deadline=None)
@given(programs, st.sampled_from(MODES))
def test_race_with_never_is_itself(evaluate, tree, mode):
    alone, _ = evaluate(tree, mode)
    raced, _ = evaluate(("race", [tree, ("give", 10**9, "never")]), mode)
    if alone[0] == "value":
        assert raced == alone
    else:
        assert raced == ("value", "never")


@settings(max_examples=150, deadline=None)
@given(programs, st.sampled_from(MODES))
def test_timeout_forever_is_itself(evaluate, tree, mode):
    assert evaluate(("timeout", 10**9, tree), mode)[0] == evaluate(tree, mode)[0]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=6), st.sampled_from(MODES))
def test_parallel_keeps_source_order(evaluate, delays, mode):
    tree = ("parallel", [("give", ms, i) for i, ms in enumerate(delays)])
    assert evaluate(tree, mode)[0] == ("value", list(range(len(delays))))


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 50), st.sampled_from(MODES), st.integers(0, 3))
def test_a_result_at_the_instant_of_the_deadline_wins(simulation, ms, mode, depth):
    sim = simulation(mode)

    async def nested(level):
        if level == 0:
            return await sim.give(ms, "in time")
        return (await sim.lumen.parallel(((lambda: nested(level - 1), False),)))[0]

    async def main():
        return await sim.lumen.timeout(ms, lambda: nested(depth))

    assert sim.run(main) == "in time"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=6), st.data(), st.sampled_from(MODES))
def test_vote_does_not_depend_on_completion_order(evaluate, votes, data, mode):
    delays = data.draw(st.permutations(range(len(votes))))
    failing = data.draw(st.sets(st.integers(0, len(votes) - 1), max_size=len(votes) - 1))
    branches = [("fail" if i in failing else "give", delays[i] * 3, vote) for i, vote in enumerate(votes)]
    cast = [vote for i, vote in enumerate(votes) if i not in failing]
    winner = max(cast, key=lambda vote: (cast.count(vote), -cast.index(vote)))
    assert evaluate(("vote", branches), mode)[0] == ("value", winner)


@settings(max_examples=150, deadline=None)
@given(programs, st.lists(st.integers(0, 30), min_size=1, max_size=3), st.sampled_from(MODES))
def test_cancelling_twice_is_once(simulation, tree, moments, mode):
    def run(times):
        sim = simulation(mode)
        runner = Runner(sim)

        async def main():
            future = sim.lumen.spawn(runner.main(tree))
            await sim.lumen.sleep(min(moments))
            for _ in range(times):
                future.cancel()
            for ms in moments:
                await sim.lumen.sleep(ms)
                if times > 1:
                    future.cancel()
            await future.wait()
            return future.status

        status = sim.run(main)
        sim.assert_clean()
        assert not sim.kernel.warnings
        assert not runner.live
        return status

    assert run(1) == run(2)


@settings(max_examples=150, deadline=None)
@given(busy_programs, st.integers(0, 60), st.sampled_from(MODES))
def test_cancelling_the_run_at_any_moment_leaves_nothing(simulation, tree, moment, mode):
    sim = simulation(mode)
    runner = Runner(sim)

    async def stopper():
        await sim.lumen.sleep(moment)
        sim.kernel.cancel_run()

    async def main():
        sim.lumen.spawn(stopper())
        await runner.main(tree)

    task = sim.kernel.start_main(main)
    sim.drive()
    sim.assert_clean()
    assert not runner.live
    assert task.status in ("completed", "cancelled")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=30),
    st.sampled_from([0, 1, 3, None]),
    st.sampled_from(MODES),
)
def test_no_message_is_lost_or_doubled_by_cancelled_receives(simulation, receives, capacity, mode):
    """Receives with all kinds of deadlines against a producer whose sends come at the same instants."""
    sim = simulation(mode)
    count = len(receives)

    async def main():
        channel = sim.lumen.channel(capacity)

        async def produce():
            for i in range(count):
                await sim.lumen.sleep(4)
                await channel.send(i)
            channel.close()

        sim.lumen.spawn(produce())
        got = []
        for patience, receive_first in receives:
            branches = [(channel.receive, False), ((lambda ms=patience: sim.lumen.sleep(ms)), False)]
            value = await sim.lumen.select(tuple(branches if receive_first else reversed(branches)))
            if value is not None:
                got.append(value)
        got.extend(await channel.receive_all())
        return got

    assert sim.run(main) == list(range(count))
    sim.assert_clean()
