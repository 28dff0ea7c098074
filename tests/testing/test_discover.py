"""Which files and cells are tests."""

from __future__ import annotations

import pytest

from lumen.testing.discover import is_test_path

ONE = "cell test_one()\n  assert true\nend\n"


@pytest.mark.parametrize(
    "name",
    ["a_test.lumen", "test_a.lumen", "a_test.lm", "test_a.lm", "a_test.lumen.md", "test_a.lm.md", "deep/a_test.lumen"],
)
def test_names_of_test_files(name):
    assert is_test_path(name)


@pytest.mark.parametrize(
    "name", ["test.lumen", "atest.lumen", "a.lumen", "a_test.py", "test_a.md", "test_a", "tests.lumen"]
)
def test_names_of_other_files(name):
    assert not is_test_path(name)


def test_folders_are_searched_in_order_of_names(project):
    for name in ("b_test.lumen", "a/z_test.lumen", "test_c.lumen", "a/helper.lumen", ".hidden/x_test.lumen"):
        project.write(name, ONE)
    project.write("node_modules/x_test.lumen", ONE)
    assert project.test("--list").out.split() == [
        "a/z_test.lumen::test_one", "b_test.lumen::test_one", "test_c.lumen::test_one",
    ]  # fmt: skip


def test_a_markdown_file(project):
    project.write("doc_test.lumen.md", "# Doc\n\n```lumen\ncell test_two()\n  assert 1 + 1 == 2\nend\n```\n")
    assert project.test("-q").code == 0


def test_cells_by_name_and_by_attribute(project):
    project.write(
        "m_test.lumen",
        """
        cell helper() = 1

        @test
        cell it_adds() = assert_eq(1 + 1, 2)

        cell test_plain() = assert(true)

        async cell test_async()
          sleep(1)
        end

        cell testing() = fail("no test")
        """,
    )
    assert project.test("--list").out.split() == [
        "m_test.lumen::it_adds", "m_test.lumen::test_plain", "m_test.lumen::test_async",
    ]  # fmt: skip
    assert project.test().code == 0


def test_one_file_twice_is_one_file(project):
    project.write("m_test.lumen", ONE)
    assert project.test("m_test.lumen", "m_test.lumen", "--list").out.count("\n") == 1


def test_a_file_of_any_name_when_it_is_given(project):
    project.write("program.lumen", ONE)
    assert project.test("program.lumen").code == 0


def test_one_test_and_one_case(project):
    project.write("m_test.lumen", "@test(cases: [10, 20])\ncell test_n(n) = assert(n > 0)\n\n" + ONE)
    ids = [line.partition("::")[2] for line in project.test("--list").out.split()]
    assert ids == ["test_n[10]", "test_n[20]", "test_one"]
    assert "1 passed" in project.test("m_test.lumen::test_one").out
    assert "2 passed" in project.test("m_test.lumen::test_n").out
    assert "test_n[20]" in project.test("m_test.lumen::test_n[20]").out
    assert "test_n[20]" in project.test("m_test.lumen::test_n[2]").out
    assert "1 passed" in project.test("m_test.lumen::test_n[2]").out
    assert "3 passed" in project.test("m_test.lumen::test_n", "m_test.lumen::test_one").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "there is no file or folder `nowhere`"),
        (["."], "there are no test files here"),
        (["notes.txt"], "is not a program file"),
        (["m.lumen::test_onne"], "did you mean `test_one`?"),
        ([".::test_one"], "is a folder"),
        (["m.lumen", "-k", "zzz"], "no test fits `-k zzz`"),
        (["empty.lumen"], "there are no tests here"),
        (["m.lumen", "-k", "(a"], "a `)` is missing"),
        (["m.lumen", "-k", " "], "is empty"),
        (["m.lumen", "-k", "a or"], "missing at the end"),
        (["m.lumen", "-k", "a b"], "`b` is not expected"),
        (["m.lumen", "-v", "-q"], "opposite"),
        (["m.lumen", "--timeout", "soon"], "whole number"),
        (["m.lumen", "--faults"], "`--faults` goes with"),
        (["m.lumen", "--explore", "5", "--exhaustive"], "give one of"),
        (["m.lumen", "--schedule", "x"], "is no schedule"),
        (["m.lumen", "--explore", "5", "--record"], "doesn't make them"),
        (["m.lumen", "--yes"], "`--yes` goes with"),
        (["m.lumen", "--fail-under", "50"], "goes with `--coverage`"),
        (["m.lumen", "--coverage", "--fail-under", "150"], "from 0 to 100"),
        (["m.lumen", "--format", "xml"], "text or json"),
        (["m.lumen", "--durration", "3"], "did you mean `--durations`?"),
    ],
)
def test_wrong_command_lines(project, words, said):
    project.write("notes.txt", "")
    project.write("m.lumen", ONE)
    project.write("empty.lumen", "print(1)\n")
    finished = project.test(*words)
    assert finished.code == 1
    assert said in finished.err
    assert finished.err.count("\n") == 1
    assert finished.out == ""


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ("cart", ["test_cart", "test_slow_cart"]),
        ("cart and not slow", ["test_cart"]),
        ("CART and SLOW", ["test_slow_cart"]),
        ("not (cart or price)", []),
        ("price or slow", ["test_slow_cart", "test_price"]),
        ("not not price", ["test_price"]),
        ("m_test", ["test_cart", "test_slow_cart", "test_price"]),
    ],
)
def test_k(project, expression, chosen):
    project.write("m_test.lumen", "cell test_cart() = null\ncell test_slow_cart() = null\ncell test_price() = null\n")
    listed = project.test("--list", "-k", expression).out.split()
    assert [line.partition("::")[2] for line in listed] == chosen
