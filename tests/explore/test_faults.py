"""Tools that fail and tasks that are cancelled, only with faults."""

from __future__ import annotations

import pytest

from lumen.kernel.explore import FAULTS, MOST_FAULTS, Explore
from lumen.testing.explore import PASSED, explore_exhaustively, explore_test, run_schedule
from lumen.testing.schedules import Schedule
from tests.explore.driving import Case

LOOKS_UP = """
use tool names.find as Find
cell test_it() / {external}
  assert_eq(Find(id: "a"), "a")
end
"""
TRIES_AGAIN = """
use tool names.find as Find
cell find(id, tries) / {external}
  match await attempt(fn() => Find(id: id))
    ok(name) -> name
    err(e) if tries > 0 -> find(id, tries - 1)
    err(e) -> fail(e.message)
  end
end
cell test_it() / {external}
  assert_eq(find("a", 3), "a")
end
"""


def test_without_faults_tools_answer():
    result = explore_test(Case(LOOKS_UP), schedules=300)
    assert result.is_complete
    assert result.text("t") == "1 schedule: nothing in this test could happen in another order"


def test_a_failure_of_a_tool_is_found_and_repeated():
    case = Case(LOOKS_UP)
    result = explore_test(case, schedules=100, faults=True)
    assert result.verdict.code in {code for code, _, _ in FAULTS}
    assert len(result.schedule) == 1
    assert str(result.schedule).startswith("faults:")
    again = run_schedule(case, Schedule.parse(str(result.schedule)))
    assert again.verdict == result.verdict
    assert "`names.find`" in again.notes[0][1]


def test_every_kind_of_failure_is_tried():
    case = Case(LOOKS_UP)
    seen = set()

    def run(policy):
        seen.add(case(policy).message)
        return PASSED

    explore_exhaustively(run, faults=True)
    assert seen == {"", *(f"tool `names.find` {what}" for _, what, _ in FAULTS)}


def test_a_program_that_tries_again_is_not_reported():
    assert explore_test(Case(TRIES_AGAIN), schedules=400, faults=True).passed


def test_a_program_that_tries_again_too_few_times_is():
    few = TRIES_AGAIN.replace('find("a", 3)', f'find("a", {MOST_FAULTS - 1})')
    result = explore_test(Case(few), schedules=400, faults=True)
    assert not result.passed
    assert len(result.schedule) == MOST_FAULTS


@pytest.mark.parametrize(("choice", "value"), [(1, 0), (5, 1)])
def test_a_timeout_is_before_or_after_the_deed(choice, value):
    program = """
use tool counter.get as Get
use tool counter.put as Put
cell test_it() / {external}
  let done = await attempt(fn() => Put(value: 1))
  print(Get())
end
"""
    case = Case(program)
    assert case(Explore(Schedule({0: choice}).chooser(), faults=True)).code is None
    assert case.text == f"{value}\n"


SCRIPTED = """
use tool counter.put as Put
cell test_it() / {external}
  with_tools({"counter.put": fn(args) => print("done")})
    match await attempt(fn() => Put(value: 1))
      ok(v) -> print("ok")
      err(e) -> print(e.message)
    end
  end
end
"""


def test_calls_that_the_program_answers_fail_too():
    case = Case(SCRIPTED)
    seen = set()

    def run(policy):
        verdict = case(policy)
        seen.add(case.text)
        return verdict

    assert explore_exhaustively(run, faults=True).is_complete
    failures = {("done\n" if happens else "") + f"tool `counter.put` {what}\n" for _, what, happens in FAULTS}
    assert seen == {"done\nok\n", *failures}
    assert explore_exhaustively(run).ran == 1


CLEANS_UP = """
cell worker(lock)
  let token = lock.receive()
  defer
    lock.send(token)
  end
  sleep(5)
  sleep(5)
end
cell test_it()
  let lock = channel(capacity: 1)
  lock.send("token")
  let a = spawn(worker(lock))
  let b = spawn(worker(lock))
  attempt(fn() => await a)
  attempt(fn() => await b)
  assert_eq(lock.try_receive(), "token")
end
"""


def test_cancelling_a_task_that_cleans_up_is_not_reported():
    result = explore_test(Case(CLEANS_UP), schedules=400, faults=True)
    assert result.passed, result.text("t")


def test_cancelling_a_task_that_does_not_is():
    careless = CLEANS_UP.replace("  defer\n    lock.send(token)\n  end\n", "").replace(
        "  sleep(5)\nend", "  sleep(5)\n  lock.send(token)\nend"
    )
    assert explore_test(Case(careless), schedules=400).passed
    result = explore_test(Case(careless), schedules=400, faults=True)
    assert result.verdict.code in ("assertion-failed", "deadlock")
    assert any("was cancelled while it waited" in what for _, what in result.notes)
    assert len(result.schedule) <= 2


def test_who_awaits_a_cancelled_task_may_fail_so():
    program = """
cell work()
  sleep(5)
end
cell test_it()
  await spawn(work())
end
"""
    assert explore_test(Case(program), schedules=200, faults=True).passed
