"""The table of tests that a compiled module carries, and the functions that give their cases."""

from lumen.compiler.codegen import compile_module
from tests.analysis.programs import analysed

PROGRAM = """
const BASE = 10
let pairs = [(1, 2)]
cell more(n: Int) = [(i, i + BASE) for i in 0..n]

cell test_by_name()
  assert true
end

cell helper(x: Int) = x

@test(skip: "not yet", mode: "eager", leaks: true)
cell marked(a: Int = 1, ...rest: list[Int]) = a

@test(cases: [...pairs, ...more(2), (5, map([1], fn(x) => x + BASE)[0])])
cell with_cases(a: Int, b: Int) = a < b
"""


def table_of(text):
    analysis = analysed(text)
    assert not analysis.has_errors
    return compile_module(analysis).meta["tests"]


def test_all_that_is_said_of_tests_is_plain_data():
    assert table_of(PROGRAM) == [
        {"cell": "test_by_name", "line": 6, "params": [], "options": {}, "cases": None},
        {
            "cell": "marked",
            "line": 13,
            "params": ["a"],
            "options": {"skip": "not yet", "mode": "eager", "leaks": True},
            "cases": None,
        },
        {"cell": "with_cases", "line": 16, "params": ["a", "b"], "options": {}, "cases": "$cases_with_cases"},
    ]


def test_cases_are_computed_by_a_function_of_the_module():
    from lumen.runtime.interpreter import Run, Settings
    from lumen.runtime.loader import Loader, Options
    from lumen.runtime.output import Output

    for deterministic in (False, True):
        loader = Loader(Options(deterministic=deterministic))
        unit = loader.load_program("cases.lumen", PROGRAM.encode())
        settings = Settings()

        async def cases(run, unit=unit):
            return unit.namespace["$cases_with_cases"]()

        settings.entry = cases
        outcome = Run(loader, unit, Output(None), settings).run()
        assert outcome.report is None, outcome.report.message
        assert outcome.value == [(1, 2), (0, 10), (1, 11), (5, 11)]
