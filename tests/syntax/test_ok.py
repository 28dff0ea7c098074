"""Programs that parse: each `ok/*.lumen` has its tree beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lumen.source.file import SourceFile
from lumen.source.span import Span
from lumen.syntax import nodes as n
from lumen.syntax.dump import dump
from lumen.syntax.parse import parse_module
from lumen.syntax.visit import children, walk

FILES = sorted(Path(__file__).parent.glob("ok/*.lumen"))


def parse(text: str) -> n.Module:
    result = parse_module(SourceFile("test.lumen", text))
    assert not result.has_errors, [d.message for d in result.diagnostics]
    assert result.module is not None
    return result.module


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_tree(path: Path, update_golden: bool) -> None:
    found = dump(parse(path.read_text(encoding="utf-8")))
    golden = path.with_suffix(".ast")
    if update_golden:
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_spans_nest(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for node in walk(parse(text)):
        assert 0 <= node.span.start <= node.span.end <= len(text), node
        for child in children(node):
            assert node.span.start <= child.span.start, (node, child)
            assert child.span.end <= node.span.end, (node, child)


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("let total = price * 3  # c", "let total = price * 3"),
        ("  foo(1,\n 2)\n\n", "foo(1,\n 2)"),
        ("if a\n  b\nend\n", "if a\n  b\nend"),
        ("let é日 = 1", "let é日 = 1"),
        ("cell f() = 1", "cell f() = 1"),
    ],
)
def test_statement_spans(text: str, covered: str) -> None:
    stmt = parse(text).body[0]
    assert text[stmt.span.start : stmt.span.end] == covered
    assert isinstance(stmt.span, Span)


def expr(text: str) -> str:
    stmt = parse(text).body[0]
    assert isinstance(stmt, n.ExprStmt)
    return show(stmt.value)


def show(node: n.Node) -> str:
    match node:
        case n.Name():
            return node.name
        case n.IntLit():
            return str(node.value)
        case n.Binary():
            return f"({show(node.left)} {node.op} {show(node.right)})"
        case n.Unary():
            return f"({node.op} {show(node.operand)})"
        case n.Pipe():
            return f"({show(node.left)} |> {show(node.right)})"
        case n.Compose():
            return f"({show(node.left)} ~> {show(node.right)})"
        case n.RangeExpr():
            step = f" step {show(node.step)}" if node.step else ""
            return f"({show(node.start)} .. {show(node.end)}{step})"
        case n.Await():
            return f"(await {show(node.value)})"
        case n.Call():
            return f"{show(node.callee)}({', '.join(show(a.value) for a in node.args)})"
        case n.IsExpr():
            return f"({show(node.value)} is {node.type.name})"  # type: ignore[attr-defined]
        case n.AsExpr():
            return f"({show(node.value)} as {node.type.name})"  # type: ignore[attr-defined]
        case n.If():
            assert node.otherwise is not None
            return f"(if {show(node.condition)} {show(node.then.body[0])} {show(node.otherwise.body[0])})"
        case n.ExprStmt():
            return show(node.value)
        case n.Lambda():
            return f"(fn {' '.join(p.name.name for p in node.params)} => {show(node.body.body[0])})"
    return type(node).__name__


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a + b * c - d", "((a + (b * c)) - d)"),
        ("a ** b ** c", "(a ** (b ** c))"),
        ("-a ** b", "((- a) ** b)"),
        ("not a == b", "((not a) == b)"),
        ("a or b and c", "(a or (b and c))"),
        ("a ?? b or c", "(a ?? (b or c))"),
        ("a |> f |> g", "((a |> f) |> g)"),
        ("a |> f(b)", "(a |> f(b))"),
        ("a |> (f(b))", "f(b)(a)"),
        ("a |> (f(b)) |> g", "(f(b)(a) |> g)"),
        ("a ~> b |> c", "(a ~> (b |> c))"),
        ("a ++ b == c", "((a ++ b) == c)"),
        ("a .. b + 1", "(a .. (b + 1))"),
        ("0..n * 2 step k + 1", "(0 .. (n * 2) step (k + 1))"),
        ("a | b ^ c & d", "(a | (b ^ (c & d)))"),
        ("a << b + c", "(a << (b + c))"),
        ("a in b and c not in d", "((a in b) and (c not in d))"),
        ("a as Float + 1", "((a as Float) + 1)"),
        ("a + 1 as Float", "((a + 1) as Float)"),
        ("a is Int and b", "((a is Int) and b)"),
        ("await f() ?? d", "((await f()) ?? d)"),
        ("await a + await b", "((await a) + (await b))"),
        ("1 + if a then b else c + d", "(1 + (if a b (c + d)))"),
        ("fn(x) => x + 1", "(fn x => (x + 1))"),
        ("xs |> fn(x) => x", "(xs |> (fn x => x))"),
        ("if a then b else if c then d else e", "(if a b (if c d e))"),
        ("f(x -> x, (a, b) -> a)", "f((fn x => x), (fn a b => a))"),
    ],
)
def test_precedence(text: str, shown: str) -> None:
    assert expr(text) == shown


def test_docs() -> None:
    module = parse("# one\n# two\ncell f() = 1\n\n# not a doc\n\n/// three\n@test\ncell g() = 2\n")
    docs = [stmt.doc for stmt in module.body if isinstance(stmt, n.CellDecl)]
    assert docs == ["one\ntwo", "three"]


def test_comments_are_kept() -> None:
    result = parse_module(SourceFile("x", "# a\nlet x = 1 # b\n"))
    assert [text for _, text in result.comments] == ["# a", "# b"]


def test_deep_walk_needs_no_recursion() -> None:
    text = "x = " + " ++ ".join(["a"] * 400)
    assert sum(isinstance(node, n.Name) for node in walk(parse(text))) == 401
