"""Cases, and fixtures by plain cells."""

from __future__ import annotations

import pytest


def test_cases_fill_parameters(project):
    found = project.outcomes(
        """
        @test(cases: [1, 2, 3])
        cell test_one(n) = assert(n < 3)

        @test(cases: [(1, 2, 3), [2, 2, 4]])
        cell test_tuple(a, b, sum) = assert_eq(a + b, sum)

        @test(cases: [{"a": 1, "b": 1}, {"b": 2, "a": 2}])
        cell test_map(a, b) = assert_eq(a, b)

        record Case
          a: Int
          b: Int
        end

        @test(cases: [Case(a: 1, b: 1)])
        cell test_record(a, b) = assert_eq(a, b)

        @test(cases: [(1, 2)])
        cell test_one_takes_it_whole(pair) = assert_eq(pair.1, 2)

        @test(cases: ["upper", "lower case", ""])
        cell test_names(word) = assert(word != "")
        """
    )
    assert found == {
        "test_one[1]": "passed", "test_one[2]": "passed", "test_one[3]": "assertion-failed",
        "test_tuple[1-2-3]": "passed", "test_tuple[2-2-4]": "passed",
        "test_map[1]": "passed", "test_map[2]": "passed", "test_record[1]": "passed",
        "test_one_takes_it_whole[1-2]": "passed",
        "test_names[upper]": "passed", "test_names[2]": "passed", "test_names[3]": "assertion-failed",
    }  # fmt: skip


def test_equal_cases_have_ids_of_their_own(project):
    found = project.outcomes('@test(cases: ["a", "a", "b"])\ncell test_x(w) = null\n')
    assert list(found) == ["test_x[a]", "test_x[2]", "test_x[b]"]
    found = project.outcomes("@test(cases: [2, [], 3, {}, 3])\ncell test_x(w) = null\n")
    assert list(found) == ["test_x[2]", "test_x[case-2]", "test_x[3]", "test_x[4]", "test_x[5]"]


def test_cases_may_be_computed(project):
    program = """
    cell numbers() = [n * n for n in 1..4]

    @test(cases: numbers())
    cell test_square(n) = assert(n in [1, 4, 9])
    """
    assert set(project.outcomes(program).values()) == {"passed"}


def test_no_cases_are_no_tests(project):
    finished = project.run("@test(cases: [n for n in 0..0])\ncell test_x(n) = null\n")
    assert finished.code == 1
    assert "there are no tests here" in finished.err


@pytest.mark.parametrize(
    ("cases", "code", "said"),
    [
        ("[(1, 2)]", "invalid-case", "has 2 values, and it takes 3"),
        ('[{"first": 1, "third": 2}]', "missing-fixture", "takes `second`"),
        ('[{"first": 1, "secondd": 2}]', "invalid-case", 'no parameter "secondd"; did you mean `second`?'),
        ("[5]", "invalid-case", "3 values as a tuple"),
        ("7", "invalid-case", "must be a list"),
        ("[1 / 0]", "division-by-zero", "division by zero"),
        ("null", "invalid-case", "must be a list"),
    ],
)
def test_wrong_cases(project, cases, code, said):
    finished = project.run(f"@test(cases: {cases})\ncell test_x(first, second, third) = null\n")
    assert finished.code in (2, 3)  # what the check can see, it says
    if finished.code == 3:
        assert f"error[{code}]" in finished.out
        assert said in finished.out


def test_a_fixture_is_a_cell_of_that_name(project):
    found = project.outcomes(
        """
        cell price() = 5
        cell cart(price) = {"bread": price}
        async cell later()
          sleep(1000)
          return 1
        end

        cell test_cart(cart, price) = assert_eq(cart["bread"], price)
        cell test_later(later) = assert_eq(later, 1)
        cell test_default(price = 7) = assert_eq(price, 7)

        @test(cases: [10, 20])
        cell test_both(price, n) = assert_eq(price * 2, 10)
        """
    )
    assert set(found.values()) == {"passed"}
    assert len(found) == 5


def test_each_test_gets_fresh_fixtures(project):
    program = """
    cell log()
      let c = channel(10)
      c
    end
    cell test_a(log)
      log.send("a")
      assert_eq(log.statistics().buffered, 1)
    end
    cell test_b(log)
      log.send("b")
      assert_eq(log.statistics().buffered, 1)
    end
    """
    assert project.outcomes(program) == {"test_a": "passed", "test_b": "passed"}


def test_one_fixture_is_made_once_for_a_test(project):
    finished = project.run(
        """
        cell base()
          print("made")
          1
        end
        cell left(base) = base
        cell right(base) = base
        cell test_x(left, right, base)
          fail("see what it printed")
        end
        """
    )
    assert finished.out.count("    made\n") == 1


GENERATORS = """
cell file()
  print("open")
  yield "f"
  print("close")
end
cell slow(file)
  sleep(10)
  yield file ++ "!"
  sleep(10)
  print("slow is gone")
end
"""


def test_what_follows_the_yield_cleans_up(project):
    finished = project.run(GENERATORS + 'cell test_x(slow)\n  print(slow)\n  fail("now")\nend\n')
    assert "    open\n    f!\n    slow is gone\n    close\n" in finished.out
    assert finished.code == 3


def test_clean_up_that_fails(project):
    program = 'cell thing()\n  yield 1\n  fail("clean")\nend\ncell test_x(thing) = assert_eq(thing, 1)\n'
    finished = project.run(program)
    assert finished.code == 3
    assert "error[failed]: clean" in finished.out


def test_clean_up_happens_when_time_is_up(project):
    finished = project.run(
        GENERATORS + "cell test_x(slow)\n  while true\n    sleep(0)\n  end\nend\n", "--timeout", "300"
    )
    assert "took longer than the 0.3 s" in finished.out
    assert "    close\n" in finished.out


@pytest.mark.parametrize(
    ("program", "code", "said"),
    [
        ("cell a(b) = 1\ncell b(a) = 1\ncell test_x(a) = null\n", "fixture-cycle", "`a` → `b` → `a`"),
        ("cell price() = 1\ncell test_x(prise) = null\n", "missing-fixture", "did you mean `price`?"),
        ("cell test_x(x) = null\n", "missing-fixture", "no cell `x`"),
        ("cell test_x(test_x) = null\n", "fixture-cycle", "`test_x`"),
        (
            "cell none()\n  if false\n    yield 1\n  end\nend\ncell test_x(none) = null\n",
            "value-error",
            "without a `yield`",
        ),
        ("cell two()\n  yield 1\n  yield 2\nend\ncell test_x(two) = null\n", "value-error", "more than once"),
        ("cell bad() = 1 / 0\ncell test_x(bad) = null\n", "division-by-zero", "m_test.lumen:1:14"),
    ],
)
def test_wrong_fixtures(project, program, code, said):
    finished = project.run(program)
    assert finished.code == 3
    assert f"error[{code}]" in finished.out
    assert said in finished.out


def test_a_generator_that_a_fixture_only_hands_on_is_its_value(project):
    program = """
    cell numbers()
      yield 1
      yield 2
    end
    cell source() = numbers()
    cell test_x(source)
      assert_eq([n for n in source], [1, 2])
    end
    """
    assert project.outcomes(program) == {"test_x": "passed"}


def test_fixtures_of_other_modules(project):
    project.write(
        "shared.lumen",
        """
        cell rate() = 2

        pub cell price(rate) = 10 * rate

        pub cell shop(price)
          yield {"price": price}
          print("closed")
        end
        """,
    )
    finished = project.run(
        """
        import shared: price, shop as store

        cell test_price(price) = assert_eq(price, 20)
        cell test_store(store, price)
          assert_eq([store["price"], price], [20, 20])
          fail("see what it printed")
        end
        cell test_none(shop) = null
        """
    )
    assert finished.code == 3
    assert "2 failed, 1 passed" in finished.out
    assert "    closed\n" in finished.out
    assert "error[missing-fixture]: `test_none` takes `shop`" in finished.out


def test_the_test_file_may_replace_what_a_shared_fixture_needs(project):
    project.write("shared.lumen", "cell rate() = 2\npub cell price(rate) = 10 * rate\n")
    program = "import shared: price\ncell rate() = 3\ncell test_price(price) = assert_eq(price, 30)\n"
    assert project.outcomes(program) == {"test_price": "passed"}
