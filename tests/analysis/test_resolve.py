"""Which introduction each name means."""

from __future__ import annotations

import pytest

from lumen.analysis.scopes import Kind
from lumen.analysis.walk import walk
from lumen.syntax import nodes as n
from tests.analysis.programs import analysed, codes, function


def lines_of(text: str, name: str) -> list[int | None]:
    """For each use of a name, in order: the line of what it means."""
    analysis = analysed(text)
    found: list[int | None] = []
    for node in walk(analysis.module):
        if isinstance(node, n.Name) and node.name == name:
            binding = analysis.bindings.get(node)
            place = None if binding is None or binding.node is None else binding.node.span.start
            found.append(None if place is None else analysis.file.line_of(place))
    return found


def test_inner_variables_hide_outer_ones_until_their_block_ends() -> None:
    text = "cell f(x)\n  if true\n    let x = x + 1\n    print(x)\n  end\n  print(x)\nend"
    assert lines_of(text, "x") == [1, 3, 1]


def test_a_second_let_is_a_new_variable() -> None:
    assert lines_of("cell f()\n  let x = 1\n  let x = x + 1\n  x\nend", "x") == [2, 3]


def test_cells_are_visible_before_they_stand() -> None:
    text = "cell f() = g()\ncell g()\n  h()\n  cell h() = k()\n  cell k() = 1\nend"
    analysis = analysed(text)
    assert codes(analysis) == []
    assert [b.name for b in function(analysis, "h").free] == ["k"]
    assert function(analysis, "h").captures == {}


def test_cells_see_the_variables_of_the_script() -> None:
    analysis = analysed("cell f() = base + 1\nlet base = 41")
    assert codes(analysis) == []
    assert analysis.globals["base"].kind is Kind.GLOBAL
    assert analysis.globals["base"].is_shared
    assert function(analysis, "f").captures == {}


def test_script_variables_are_visible_only_after_their_let() -> None:
    assert codes(analysed("print(x)\nlet x = 1")) == ["unresolved-name"]


def test_closures_capture_through_all_functions_between() -> None:
    text = "cell f(a)\n  let g = fn(b)\n    let t = spawn(fn() => a + b)\n    t\n  end\n  g\nend"
    analysis = analysed(text)
    inner = [fn for node, fn in analysis.functions.items() if isinstance(node, n.Lambda)]
    assert [[b.name for b in fn.captures] for fn in inner] == [["a"], ["a", "b"]]


def test_closures_of_a_script_capture_variables_that_change() -> None:
    analysis = analysed("let mut x = 1\nlet f = fn() => x\nx = 2\nlet y = 3\nlet g = fn() => y")
    x, y = analysis.globals["x"], analysis.globals["y"]
    assert (x.kind, y.kind) == (Kind.LOCAL, Kind.GLOBAL)
    assert [list(fn.captures) for node, fn in analysis.functions.items() if isinstance(node, n.Lambda)] == [[x], []]


def test_assigning_to_an_outer_variable_changes_a_copy() -> None:
    text = "cell f()\n  let mut x = 1\n  let g = fn()\n    print(x)\n    x = 2\n    spawn(fn() => x)\n  end\n  x\nend"
    analysis = analysed(text)
    outer_fn = function(analysis, "Lambda")
    ((outer, own),) = analysis.copies[outer_fn].items()
    assert own.owner is outer_fn
    assert list(outer_fn.captures) == [outer]
    uses = [analysis.bindings[node] for node in walk(analysis.module) if isinstance(node, n.Name) and node.name == "x"]
    assert uses == [own, own, own, outer]
    assert codes(analysis) == ["assigned-copy"]


def test_a_copy_of_a_copy() -> None:
    text = "cell f()\n  let mut x = 1\n  fn()\n    x = 2\n    fn()\n      x = 3\n    end\n  end\nend"
    analysis = analysed(text)
    outer, inner = [fn for node, fn in analysis.functions.items() if isinstance(node, n.Lambda)]
    ((first, second),) = analysis.copies[outer].items()
    ((third, _),) = analysis.copies[inner].items()
    assert third is second
    assert list(inner.captures) == [second]
    assert list(outer.captures) == [first]


def test_a_cell_that_assigns_to_a_script_variable() -> None:
    analysis = analysed("let mut n = 1\ncell f()\n  n = n + 1\n  n\nend")
    ((outer, own),) = analysis.copies[function(analysis, "f")].items()
    assert (outer.kind, outer.is_shared, own.kind) == (Kind.GLOBAL, True, Kind.LOCAL)
    assert not outer.is_assigned


def test_variables_made_in_loops() -> None:
    analysis = analysed("cell f()\n  let a = 1\n  for i in 0..3\n    let b = fn(c) => c\n  end\nend")
    flags = {b.name: b.in_loop for fn in analysis.functions.values() for b in fn.locals}
    assert flags == {"a": False, "i": True, "b": True, "c": False}


@pytest.mark.parametrize(
    ("pattern", "kinds"),
    [
        ("Red", ["variant"]),
        ("Color.Red", ["variant"]),
        ("other", ["local"]),
        ("Some(Red)", ["variant", "variant"]),
        ("Some(value: x)", ["variant", "local"]),
        ("Pending", ["builtin"]),
        ("ok(x)", ["builtin", "local"]),
        ("Error(e)", ["builtin", "local"]),
        ("P(x:, ..)", ["record", "local"]),
        ("[a, ...b]", ["local", "local"]),
        ("n: Int", ["local"]),
    ],
)
def test_patterns(pattern: str, kinds: list[str]) -> None:
    before = (
        "enum Color\n  Red\n  Blue\nend\nenum Opt\n  Some(value: Color)\n  None_\nend\nrecord P(x: Int, y: Int) end\n"
    )
    analysis = analysed(before + f"cell f(v)\n  match v\n    {pattern} -> 1\n    _ -> 2\n  end\nend")
    (match,) = (node for node in walk(analysis.module) if isinstance(node, n.Match))
    found = [
        analysis.bindings[node].kind.value
        for node in walk(match.arms[0].pattern)
        if isinstance(node, n.Pattern) and node in analysis.bindings
    ]
    assert found == kinds


def test_alternatives_share_their_variables() -> None:
    analysis = analysed("cell f(v)\n  match v\n    (1, x) | (x, 1) -> x\n  end\nend")
    bound = {analysis.bindings[p] for p in walk(analysis.module) if isinstance(p, n.NamePattern)}
    assert len(bound) == 1


def test_the_future_state_that_a_program_spells_out_is_the_one_there_is() -> None:
    text = """enum FutureState
  Pending
  Completed(value: T)
  Error(message: String)
end
cell f(s)
  match s
    Pending -> 1
    Completed(v) -> v
    Error(m) -> m
  end
end"""
    analysis = analysed(text)
    found = [
        analysis.bindings[p].kind
        for p in walk(analysis.module)
        if isinstance(p, n.NamePattern | n.ConstructorPattern) and analysis.bindings[p].name[0].isupper()
    ]
    assert found == [Kind.BUILTIN] * 3


def test_branches_bind_their_names_after_a_direct_await() -> None:
    text = "cell f()\n  let r = await select\n    a = sleep(1)\n    b = sleep(2)\n  end\n  print(a, b, r)\nend"
    analysis = analysed(text)
    assert codes(analysis) == []
    branches = [node for node in walk(analysis.module) if isinstance(node, n.Branch)]
    assert [analysis.bindings[b].name for b in branches] == ["a", "b"]
    text = "cell f()\n  let t = parallel\n    a = sleep(1)\n  end\n  print(a, t)\nend"
    assert codes(analysed(text)) == ["unresolved-name"]


def test_types_in_tests_are_known_records() -> None:
    analysis = analysed("record P(x: Int) end\ncell f(v)\n  match v\n    p: P -> p\n    q: Zork -> q\n  end\nend")
    found = [analysis.bindings.get(t) for t in walk(analysis.module) if isinstance(t, n.NamedType)]
    assert [b and b.name for b in found] == [None, "P", None]


def test_ok_and_err_are_constructors_in_calls() -> None:
    analysis = analysed("cell f(err: String) = err(err)")
    kinds = [analysis.bindings[x].kind for x in walk(analysis.module) if isinstance(x, n.Name)]
    assert kinds == [Kind.BUILTIN, Kind.LOCAL]


def test_doc_mode_lets_names_wait() -> None:
    analysis = analysed("@doc_mode true\nlet x = fetch(url)\ncell f()\n  y = x\n  y\nend")
    assert [d.code for d in analysis.diagnostics if d.severity == "error"] == []
    assert len(analysis.later_names) == 2


def test_methods_without_self_have_one_all_the_same() -> None:
    analysis = analysed("record P(x: Int)\n  cell show() = self.x\nend\ncell f(p: P) = p.show()")
    assert codes(analysis) == []
    assert [b.name for b in analysis.implicit_self.values()] == ["self"]


def test_imports() -> None:
    modules = {"a.b": "enum Color\n  Red\nend\ncell f() = 1\nrecord P(x: Int) end", "hub": "pub import a.b: f as g"}
    analysis = analysed("import a.b: f as g, Color\nimport a.b\nprint(g(), Red, b.P(x: 1), b.Color.Red)", modules)
    assert codes(analysis) == []
    assert analysis.imports == ["a.b"]
    origins = {
        (b.kind.value, b.origin, b.origin_name)
        for node, b in analysis.bindings.items()
        if isinstance(node, n.Name | n.Attr) and b.origin
    }
    assert origins == {
        ("cell", "a.b", "f"), ("variant", "a.b", "Red"), ("module", "a.b", None), ("record", "a.b", "P"),
        ("enum", "a.b", "Color"),
    }  # fmt: skip
    analysis = analysed("import hub: g\ng()", modules)
    assert codes(analysis) == []
    assert {b.origin for b in analysis.bindings.values() if b.name == "f"} == {"a.b"}


def test_only_pub_names_are_exported_once_there_is_one() -> None:
    modules = {"m": "pub cell f() = g()\ncell g() = 1"}
    analysis = analysed("import m: f, g", modules)
    (found,) = analysis.diagnostics
    assert (found.code, found.hint) == ("missing-name", "put `pub` before it in `m`")


def test_interfaces_are_plain_data() -> None:
    import marshal

    text = """record P(x: Int)
  cell m(self) = 1
end
enum E
  A(p: P)
end
const N = 1
type T = P
cell f(p: P) -> list[P] = [p]
use tool http.get as Get"""
    interface = analysed(text).interface
    assert marshal.loads(marshal.dumps(interface)) == interface
    assert list(interface["exports"]) == ["P", "E", "N", "T", "f", "Get"]


def test_a_variable_hides_no_function_from_method_calls() -> None:
    analysis = analysed("cell f(s: String)\n  let length = s.length()\n  s.length() + length\nend")
    assert [target.kind for target in analysis.calls.values()] == ["ufcs", "ufcs"]


def test_constants_stand_behind_what_they_need() -> None:
    text = "const K = J + f()\nconst J = 1\ncell f() = g()\ncell g() = L\nconst L = M\nconst M = 2"
    assert [item.name.name for item in analysed(text).constants] == ["J", "M", "L", "K"]
