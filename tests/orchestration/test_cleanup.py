"""`defer` blocks as compiled code registers them."""


def test_each_registration_is_told_to_who_keeps_a_journal(sim):
    seen = []

    async def main():
        defers = []
        sim.kernel.touch = lambda: seen.append(len(defers))
        sim.lumen.defer(defers, lambda: sim.log.append("first"))
        sim.lumen.defer(defers, lambda: sim.log.append("second"))
        await sim.lumen.run_defers(defers)

    sim.run(main)
    assert seen == [1, 2]
    assert sim.log == ["second", "first"]
