"""Channels: order, capacity, closing, and that no message is ever lost to a cancelled receiver."""

import pytest

from lumen.values.errors import Failure
from lumen.values.model import END, PARK


async def collect(channel):
    """`for v in channel`, as compiled code does it."""
    got = []
    iterator = iter(channel)
    for value in iterator:
        if value is PARK:
            value = await iterator.pull()
            if value is END:
                break
        got.append(value)
    return got


@pytest.mark.parametrize("capacity", [0, 1, 3, None])
def test_messages_arrive_in_order(sim, capacity):
    async def main():
        channel = sim.lumen.channel(capacity)

        async def produce():
            for i in range(10):
                await channel.send(i)
            channel.close()

        sim.lumen.spawn(produce())
        return await collect(channel)

    assert sim.run(main) == list(range(10))
    sim.assert_clean()


def test_rendezvous_sender_waits_for_its_receiver(sim):
    async def main():
        channel = sim.lumen.channel()

        async def produce():
            await channel.send(1)
            sim.log.append(f"sent at {sim.now_ms():.0f}")

        sender = sim.lumen.spawn(produce())
        await sim.lumen.sleep(10)
        got = await channel.receive()
        await sender
        return got

    assert sim.run(main) == 1
    assert sim.log == ["sent at 10"]


def test_bounded_channel_holds_its_capacity(sim):
    async def main():
        channel = sim.lumen.channel(2)

        async def produce():
            for i in range(4):
                await channel.send(i)
                sim.log.append(i)

        sim.lumen.spawn(produce())
        await sim.lumen.sleep(1)
        before = list(sim.log), channel.statistics()["waiting_senders"]
        return before, [channel.try_receive() for _ in range(5)]

    # The third message made room in the buffer for the fourth, whose sender has not run since.
    assert sim.run(main) == (([0, 1], 1), [0, 1, 2, None, None])
    assert sim.log == [0, 1, 2, 3]


def test_closing(sim):
    async def main():
        channel = sim.lumen.channel(capacity=None)
        await channel.send(1)
        await channel.send(None)
        channel.close()
        channel.close()
        got = [await channel.receive(), await channel.receive(), await channel.receive()]
        with pytest.raises(Failure) as caught:
            await channel.send(2)
        waiting = sim.lumen.channel()
        receiver = sim.lumen.spawn(waiting.receive())
        sender_channel = sim.lumen.channel()
        sender = sim.lumen.spawn(sender_channel.send(1))
        await sim.lumen.sleep(1)
        waiting.close()
        sender_channel.close()
        with pytest.raises(Failure, match="closed"):
            await sender
        return got, caught.value.code, await receiver, await waiting.receive_all()

    assert sim.run(main) == ([1, None, None], "channel-closed", None, [])
    sim.assert_clean()


def test_receivers_are_served_in_the_order_they_came(sim):
    async def main():
        channel = sim.lumen.channel()
        receivers = [sim.lumen.spawn(channel.receive()) for _ in range(3)]
        await sim.lumen.sleep(1)
        for i in range(3):
            await channel.send(i)
        return [await r for r in receivers]

    assert sim.run(main) == [0, 1, 2]


@pytest.mark.parametrize("order", ["receive first", "sleep first"])
def test_a_receive_that_lost_takes_no_message(sim, order):
    """Message and timer come at the same instant; whichever wins, no message may vanish."""
    rounds = 200

    async def main():
        channel = sim.lumen.channel()

        async def produce():
            for i in range(rounds):
                await sim.lumen.sleep(10)
                await channel.send(i)
            channel.close()

        sim.lumen.spawn(produce())
        got = []
        while not channel.is_closed:
            branches = [channel.receive, lambda: sim.lumen.sleep(10)]
            if order == "sleep first":
                branches.reverse()
            value = await sim.lumen.select(sim.branches(*branches))
            if value is not None:
                got.append(value)
            elif order == "sleep first":
                value = channel.try_receive()
                if value is not None:
                    got.append(value)
        got.extend(await channel.receive_all())
        return got

    assert sim.run(main) == list(range(rounds))
    sim.assert_clean()


def test_a_message_in_the_hands_of_a_cancelled_receiver_goes_back(sim):
    async def main():
        channel = sim.lumen.channel(capacity=5)
        receiver = sim.lumen.spawn(channel.receive())
        await sim.lumen.sleep(1)
        await channel.send("precious")
        receiver.cancel()
        await sim.lumen.sleep(1)
        return receiver.status, channel.try_receive()

    assert sim.run(main) == ("cancelled", "precious")


def test_many_cancelled_receives_lose_nothing_and_leave_nothing(simulation):
    sim = simulation("fifo")
    count = 5_000

    async def main():
        channel = sim.lumen.channel()
        for _ in range(count):
            await sim.lumen.timeout(1, channel.receive)
        waiting = channel.statistics()["waiting_receivers"], len(channel._receivers)
        sender = sim.lumen.spawn(channel.send("still here"))
        got = await channel.receive()
        await sender
        return got, waiting[0], waiting[1] < 100

    assert sim.run(main) == ("still here", 0, True)
    sim.assert_clean()


def test_suspending_generator(sim):
    async def items():
        for i in range(3):
            await sim.lumen.sleep(1)
            yield i

    async def main():
        return await collect(sim.lumen.agen(items()))

    assert sim.run(main) == [0, 1, 2]


def test_a_suspending_generator_left_early_runs_its_cleanup(sim):
    async def items():
        try:
            for i in range(3):
                await sim.lumen.sleep(1)
                yield i
        finally:
            await sim.lumen.sleep(1)
            sim.log.append("generator unwound")

    async def main():
        iterator = sim.lumen.agen(items())
        first = await iterator.pull()
        del iterator
        await sim.lumen.sleep(10)
        return first

    assert sim.run(main) == 0
    assert sim.log == ["generator unwound"]
    sim.assert_clean()


def test_parallel_for_over_a_channel(sim):
    async def main():
        channel = sim.lumen.channel()

        async def produce():
            for i in range(5):
                await channel.send(i)
            channel.close()

        sim.lumen.spawn(produce())
        return await sim.lumen.parallel_for(channel, lambda i: sim.give(5 - i, i))

    assert sim.run(main) == [0, 1, 2, 3, 4]
