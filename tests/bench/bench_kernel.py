"""Ratios of the kernel to Trio and asyncio, measured in one run: `python tests/bench/bench_kernel.py [name…]`.

Coroutines are written by hand as compiled code would be; the benches through compiled Lumen live beside this file.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import time
import tracemalloc

import trio

from lumen.kernel.kernel import Kernel
from lumen.kernel.policy import Eager, Fifo
from lumen.orchestration.facade import Orchestration
from lumen.orchestration.outcomes import LumenFailures

COUNT = 100_000


def lumen(main_of, policy=Eager):
    kernel = Kernel(policy(), failures=LumenFailures(), clock=time.monotonic_ns)
    # As the runtime's host does while a program runs; Trio and asyncio users don't, so theirs stays as it is.
    before = gc.get_threshold()
    gc.set_threshold(20_000, 20, 20)
    started = time.perf_counter()
    task = kernel.start_main(main_of(Orchestration(kernel)))
    step = kernel.advance(time.monotonic_ns())
    while not step.done:
        if step.deadline_ns is not None and step.deadline_ns > kernel.now:
            time.sleep(max(0, step.deadline_ns - time.monotonic_ns()) / 1e9)
        step = kernel.advance(time.monotonic_ns())
    seconds = time.perf_counter() - started
    gc.set_threshold(*before)
    assert task.status == "completed", task.value
    return seconds


def timed(run):
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def spawn_lumen(count=COUNT):
    def main_of(o):
        async def work(i):
            await o.sleep(0)
            return i

        async def main():
            futures = [o.spawn(work(i), None) for i in range(count)]
            return [await f for f in futures]

        return main

    return main_of


def spawn_trio():
    async def work(i, results):
        await trio.lowlevel.checkpoint()
        results[i] = i

    async def main():
        results = [None] * COUNT
        async with trio.open_nursery() as nursery:
            for i in range(COUNT):
                nursery.start_soon(work, i, results)

    trio.run(main)


def spawn_asyncio():
    async def work(i):
        await asyncio.sleep(0)
        return i

    async def main():
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work(i)) for i in range(COUNT)]
        return [t.result() for t in tasks]

    asyncio.run(main())


def sleeps_lumen(o):
    async def work(i):
        await o.sleep(10 + i % 10)

    async def main():
        for f in [o.spawn(work(i)) for i in range(20_000)]:
            await f

    return main


def sleeps_trio():
    async def main():
        async with trio.open_nursery() as nursery:
            for i in range(20_000):
                nursery.start_soon(trio.sleep, (10 + i % 10) / 1000)

    trio.run(main)


def sleeps_asyncio():
    async def main():
        async with asyncio.TaskGroup() as group:
            for i in range(20_000):
                group.create_task(asyncio.sleep((10 + i % 10) / 1000))

    asyncio.run(main())


def channel_lumen(o):
    async def main():
        channel = o.channel()

        async def produce():
            for i in range(COUNT):
                await channel.send(i)

        o.spawn(produce())
        for _ in range(COUNT):
            await channel.receive()

    return main


def channel_trio():
    async def main():
        sender, receiver = trio.open_memory_channel(0)

        async def produce():
            for i in range(COUNT):
                await sender.send(i)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(produce)
            for _ in range(COUNT):
                await receiver.receive()

    trio.run(main)


def plain_body(x):
    return x * 2 + 1


def plain_lumen(o):
    items = list(range(COUNT))

    async def main():
        return await o.parallel_for(items, plain_body, is_plain=True)

    return main


def plain_python():
    results = []
    for item in range(COUNT):
        results.append(plain_body(item))
    return results


def parallel_suspending_lumen(o):
    items = list(range(COUNT))

    async def body(x):
        await o.sleep(0)
        return x

    async def main():
        return await o.parallel_for(items, body)

    return main


def timeouts_lumen(o):
    async def quick():
        return 1

    async def main():
        for _ in range(20_000):
            await o.timeout(60_000, quick)

    return main


def median_of(run, times=3):
    samples = []
    for _ in range(times):
        gc.collect()
        samples.append(run())
    return statistics.median(samples)


def memory_lumen(count=COUNT):
    kernel = Kernel(Eager(), failures=LumenFailures())
    o = Orchestration(kernel)

    async def work(i, gate):
        await gate.receive()
        return i

    async def sleeper(i):
        await o.sleep(10**6)
        return i

    sizes = {}
    for name in ("receive", "sleep", "future"):

        async def main(name=name):
            gate = o.channel()
            forever = o.spawn(gate.receive())

            async def waiter(i):
                await forever
                return i

            gc.collect()
            tracemalloc.start()
            before = tracemalloc.get_traced_memory()[0]
            make = {"receive": lambda i: work(i, gate), "sleep": sleeper, "future": waiter}[name]
            futures = [o.spawn(make(i)) for i in range(count)]
            sizes[name] = (tracemalloc.get_traced_memory()[0] - before) / count
            tracemalloc.stop()
            for f in futures:
                f.cancel()
            forever.cancel()

        kernel.start_main(main)
        kernel.advance(0)
        while kernel.root.children:
            kernel.advance(0)
    return sizes


def memory_asyncio():
    async def main():
        gate = asyncio.Event()

        async def work(i):
            await gate.wait()
            return i

        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        tasks = [asyncio.create_task(work(i)) for i in range(COUNT)]
        await asyncio.sleep(0)
        size = (tracemalloc.get_traced_memory()[0] - before) / COUNT
        tracemalloc.stop()
        gate.set()
        await asyncio.gather(*tasks)
        return size

    return asyncio.run(main())


def row(name, seconds, count, **others):
    ratios = "  ".join(
        f"{other} {value / count * 1e6:6.2f} µs = {value / seconds:5.2f}x" for other, value in others.items()
    )
    print(f"{name:28} {seconds / count * 1e6:6.2f} µs   {ratios}")


def main(names):
    def wanted(name):
        return not names or name in names

    if wanted("spawn"):
        eager = median_of(lambda: lumen(spawn_lumen()))
        fifo = median_of(lambda: lumen(spawn_lumen(), Fifo))
        others = {"trio": median_of(lambda: timed(spawn_trio)), "asyncio": median_of(lambda: timed(spawn_asyncio))}
        row("spawn+await, eager", eager, COUNT, **others)
        row("spawn+await, fifo", fifo, COUNT, **others)
    if wanted("sleep"):
        row(
            "20,000 sleeps",
            median_of(lambda: lumen(sleeps_lumen)),
            20_000,
            trio=median_of(lambda: timed(sleeps_trio)),
            asyncio=median_of(lambda: timed(sleeps_asyncio)),
        )
    if wanted("channel"):
        row(
            "rendezvous send",
            median_of(lambda: lumen(channel_lumen)),
            COUNT,
            trio=median_of(lambda: timed(channel_trio)),
        )
    if wanted("parallel"):
        row(
            "parallel for, plain body",
            median_of(lambda: lumen(plain_lumen), 7),
            COUNT,
            loop=median_of(lambda: timed(plain_python), 7),
        )
        row("parallel for, suspending", median_of(lambda: lumen(parallel_suspending_lumen)), COUNT)
    if wanted("timeout"):
        row("timeout in time", median_of(lambda: lumen(timeouts_lumen)), 20_000)
    if wanted("memory"):
        for name, size in memory_lumen().items():
            print(f"bytes per task parked on {name:8} {size:6.0f}")
        print(f"bytes per task, asyncio           {memory_asyncio():6.0f}")


if __name__ == "__main__":
    main(sys.argv[1:])
