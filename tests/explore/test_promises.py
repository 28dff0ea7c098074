"""What the language promises holds under every schedule; what it leaves open does not."""

from __future__ import annotations

import pytest

from lumen.kernel.explore import MOST_CHOICES, Explore
from lumen.kernel.policy import Fifo
from lumen.testing.explore import explore_exhaustively, explore_test
from lumen.testing.schedules import Schedule, nth_chooser
from tests.explore.driving import Case, planted


def outcomes(source):
    """Everything that a program prints under all its schedules."""
    case = Case(source)
    seen = set()

    def run(policy):
        verdict = case(policy)
        assert verdict.code is None, verdict.text
        seen.add(case.text.replace("\n", " ").strip())
        return verdict

    result = explore_exhaustively(run)
    assert result.is_complete
    return seen


@pytest.mark.parametrize("path", [*planted(fixed=False), *planted(fixed=True)], ids=lambda path: path.stem)
def test_nothing_chosen_is_fifo(path):
    case = Case(path)
    case(Fifo())
    text = case.text
    policy = Explore(Schedule({}).chooser())
    case(policy)
    assert case.text == text
    assert len(policy.sizes) > 1
    assert set(policy.choices) == {0}


def test_ready_tasks_run_in_any_order():
    program = """
cell say(word)
  print(word)
end
cell test_order()
  await [spawn(say("a")), spawn(say("b")), spawn(say("c"))]
end
"""
    assert outcomes(program) == {"a b c", "a c b", "b a c", "b c a", "c a b", "c b a"}


def test_a_spawned_task_may_start_at_once():
    program = """
cell child()
  print("child")
end
cell test_start()
  let f = spawn(child())
  print("spawner")
  await f
end
"""
    assert outcomes(program) == {"spawner child", "child spawner"}


@pytest.mark.parametrize("word", ["race", "select"])
def test_ties_go_to_source_order(word):
    program = f"""
cell value(x) = x
cell test_tie()
  print(await {word}(async value("one") end, async value("two") end))
end
"""
    assert outcomes(program) == {"one"}


@pytest.mark.parametrize("word", ["race", "select"])
def test_tasks_that_a_construct_waits_for_tie_too(word):
    program = f"""
cell nap(x)
  sleep(5)
  x
end
cell test_tie()
  let one = spawn(nap("one"))
  let two = spawn(nap("two"))
  print(await {word}(one, two))
end
"""
    assert outcomes(program) == {"one"}


@pytest.mark.parametrize(("first", "second", "winners"), [(5, 5, {"one"}), (1, 20, {"one"}), (1, 3, {"one", "two"})])
def test_sleeps_of_one_instant_tie_and_those_close_together_may_swap(first, second, winners):
    program = f"""
cell value(ms, x)
  sleep(ms)
  x
end
cell test_tie()
  print(await race(async value({first}, "one") end, async value({second}, "two") end))
end
"""
    assert outcomes(program) == winners


@pytest.mark.parametrize(("work", "seen"), [(50, "done"), (49, "done"), (51, "null")])
def test_a_deadline_overtakes_no_sleep_that_ends_by_then(work, seen):
    program = f"""
cell work()
  sleep({work})
  "done"
end
cell other()
  sleep(45)
  sleep(3)
  sleep(6)
end
cell test_deadline()
  let noise = spawn(other())
  print(await timeout(50, work()))
  await noise
end
"""
    assert outcomes(program) == {seen}


def test_sleep_zero_lets_every_ready_task_run():
    program = """
cell say(word)
  print(word)
end
cell test_zero()
  let tasks = [spawn(say("a")), spawn(say("b"))]
  sleep(0)
  print("main")
  await tasks
end
"""
    assert outcomes(program) == {"a b main", "b a main"}


def test_sleep_zero_waits_for_a_task_that_was_kept_back():
    program = """
cell say(word)
  print(word)
end
cell pass_on()
  sleep(0)
  print("passed")
end
cell test_zero()
  let a = spawn(say("said"))
  let b = spawn(pass_on())
  await [a, b]
end
"""
    assert outcomes(program) == {"said passed"}


def test_polling_with_sleep_zero_ends():
    program = """
cell worker(ch)
  await ch.receive()
  await ch.receive()
end
cell test_polling()
  let ch = channel()
  let f = spawn(worker(ch))
  let g = spawn(fn() => await ch.send(1))
  let h = spawn(fn() => await ch.send(2))
  while not f.is_done()
    sleep(0)
  end
  await [f, g, h]
end
"""
    result = explore_test(Case(program), schedules=300)
    assert result.passed, result.text("polling")


def test_channels_serve_who_came_first():
    program = """
cell take(name, ch)
  let message = await ch.receive()
  print("{name} {message}")
end
cell test_first()
  let ch = channel()
  let a = spawn(take("a", ch))
  sleep(20)
  let b = spawn(take("b", ch))
  sleep(20)
  await ch.send("first")
  await ch.send("second")
  await [a, b]
end
"""
    assert outcomes(program) == {"a first b second", "b second a first"}


def test_answers_come_in_any_order():
    program = """
use tool names.find as Find
cell ask(id) / {external}
  Find(id: id)
  print(id)
end
cell test_answers() / {external}
  await parallel(ask("a"), ask("b"))
end
"""
    assert outcomes(program) == {"a b", "b a"}


SCRIPTED = """
use tool names.find as Find
cell ask(id) / {external}
  Find(id: id)
end
cell nap(ms)
  sleep(ms)
  "slept"
end
cell test_answers() / {external}
  with_tools({"names.find": fn(args) => args.id})
    BODY
  end
end
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('print(await race(ask("a"), ask("b")))', {"a", "b"}),
        ('print(await race(ask("a"), nap(9)))', {"a", "slept"}),
        ('print(await race(ask("a"), nap(11)))', {"a"}),
        ('print(await timeout(1, ask("a")))', {"a"}),
        ('await parallel(async print(ask("a")) end, async print(ask("b")) end)', {"a b", "b a"}),
    ],
)
def test_calls_that_the_program_answers_take_any_time(body, expected):
    assert outcomes(SCRIPTED.replace("BODY", body)) == expected


def test_an_answer_is_faster_than_a_deadline():
    program = """
use tool names.find as Find
cell test_answer() / {external}
  print(await timeout(1, Find(id: "a")))
end
"""
    assert outcomes(program) == {"a"}


def test_an_answer_races_with_a_sleep_that_is_as_short():
    program = """
use tool names.find as Find
cell slow()
  sleep(8)
  "slept"
end
cell slower()
  sleep(11)
  "slept longer"
end
cell test_answer() / {external}
  print(await race(Find(id: "answer"), slow()))
  print(await race(Find(id: "answer"), slower()))
end
"""
    assert outcomes(program) == {"answer answer", "slept answer"}


def test_a_busy_loop_and_virtual_time_go_on():
    program = """
cell spin(n)
  let mut i = 0
  while i < n
    i = i + 1
    if i % 1000 == 0
      sleep(0)
    end
  end
  i
end
cell test_busy()
  let a = spawn(spin(5000))
  let b = spawn(spin(5000))
  assert_eq(await timeout(1000, parallel(a, b)), [5000, 5000])
end
"""
    assert explore_test(Case(program), schedules=60).passed


def test_thousands_of_tasks_make_few_choices_each():
    program = """
cell work(i)
  sleep(1)
  i
end
cell test_many()
  let got = await parallel for i in 0..3000
    work(i)
  end
  assert_eq(len(got), 3000)
end
"""
    case = Case(program)
    for number in range(6):
        policy = Explore(nth_chooser(1, number, 6_000) if number else Schedule({}).chooser())
        assert case(policy).code is None
        assert len(policy.sizes) < 20_000
        assert max(policy.sizes) <= 2 * MOST_CHOICES
