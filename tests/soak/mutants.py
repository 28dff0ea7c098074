"""Small changes of a program, made mechanically from its tree: one at a time, at every place where it fits.

What a changed program is compared for in `mutations.py`. Changes keep lines where they are, so that "this line ran in
the original" also tells about the mutant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from lumen.source.file import SourceFile
from lumen.source.markdown import blank_prose
from lumen.syntax import nodes as n
from lumen.syntax.parse import parse_module
from lumen.syntax.visit import children, walk

OUTSIDE = ("read_file", "write_file", "append_file", "file_exists", "list_dir", "read_line", "get_env")
"""Built-ins that ask outside, by name."""


@dataclass(frozen=True)
class Mutant:
    """One change."""

    kind: str
    """`tool`, `argument` (of a tool call), `deadline`, `branches`, `rule`, `result`, `spawns`, `removed`, `added`;
    `value` for literals and `operator` for operators elsewhere."""
    line: int
    what: str
    """The change in words: `12 → 13`."""
    text: str
    """The whole changed program."""

    def __str__(self) -> str:
        return f"{self.kind} in line {self.line}: {self.what}"


def mutants(text: str, *, is_markdown: bool = False) -> list[Mutant]:
    """All changes of a program, in the order of its lines; each text once."""
    file = SourceFile("program.lumen", blank_prose(text) if is_markdown else text)
    module = parse_module(file).module
    assert module is not None
    seen = {text}
    found = []
    for kind, edits in _changes(module, text):
        changed = text
        for start, end, new in sorted(edits, reverse=True):
            changed = changed[:start] + new + changed[end:]
        if changed in seen:
            continue
        seen.add(changed)
        first = min(start for start, _, _ in edits)
        old = " … ".join(text[start:end] for start, end, _ in sorted(edits))
        new = " … ".join(new for _, _, new in sorted(edits))
        what = f"{_short(old)} → {_short(new)}".strip()
        found.append(Mutant(kind, file.line_of(first), what, changed))
    return sorted(found, key=lambda mutant: mutant.line)


Edit = tuple[int, int, str]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) < 60 else text[:59] + "…"


def _changes(module: n.Module, text: str) -> Iterator[tuple[str, list[Edit]]]:
    tools = {node.alias.name for node in walk(module) if isinstance(node, n.UseToolDecl)}
    places = _Places(module, tools)
    for node in walk(module):
        if isinstance(node, n.UseToolDecl):
            yield from _other_tool(node, module, text)
        elif isinstance(node, (n.IntLit, n.StringLit, n.BoolLit)):
            kind = places.kind_of(node)
            if kind is not None:
                yield from ((kind, [edit]) for edit in _other_literal(node, text))
        elif isinstance(node, n.Timeout):
            yield "deadline", [_longer(node.duration_ms, text)]
        elif isinstance(node, n.Call) and _name(node.callee) == "sleep" and node.args:
            yield "deadline", [_longer(node.args[0].value, text)]
        elif isinstance(node, n.Concurrent):
            yield from _other_construct(node, text)
        elif isinstance(node, n.Block):
            yield from _other_statements(node, text)
        elif isinstance(node, (n.ListExpr, n.TupleExpr)):
            yield from _swapped("spawns", [item for item in node.items if _asks(item)], text)
        elif isinstance(node, n.Binary) and node.op in _OTHER_OPERATOR:
            yield "operator", [_operator(node, text)]


# --- literals and operators -------------------------------------------------------------------------------------------

_OTHER_OPERATOR = {"+": "-", "-": "+", "*": "+", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}


class _Places:
    """What a literal stands in, which says what kind of change it is to change it."""

    def __init__(self, module: n.Module, tools: set[str]) -> None:
        self._kinds: dict[n.Node, str] = {}
        self._skipped: set[n.Node] = set()
        for node in walk(module):
            if isinstance(node, (n.Pattern, n.Attribute, n.Directive, n.TypeExpr, n.UseToolDecl)):
                self._skip(node)
            elif isinstance(node, n.Call) and (_name(node.callee) in tools or _name(node.callee) in OUTSIDE):
                for arg in node.args:
                    self._mark(arg, "argument")
            elif isinstance(node, n.Call) and _name(node.callee) == "sleep":
                for arg in node.args:
                    self._skip(arg)  # `deadline` changes it as a whole
            elif isinstance(node, n.ReturnStmt):
                self._mark(node, "result")
            elif isinstance(node, n.CellDecl) and node.is_expr_body and node.body is not None:
                self._mark(node.body, "result")
            elif isinstance(node, n.Timeout):
                self._skip(node.duration_ms)
            elif isinstance(node, n.Concurrent):
                for option in node.options:
                    self._mark(option, "rule")

    def _mark(self, top: n.Node, kind: str) -> None:
        for node in walk(top):
            self._kinds[node] = kind

    def _skip(self, top: n.Node) -> None:
        self._skipped.update(walk(top))

    def kind_of(self, node: n.Node) -> str | None:
        if node in self._skipped:
            return None
        return self._kinds.get(node, "value")


def _other_literal(node: n.Node, text: str) -> Iterator[Edit]:
    start, end = node.span
    if isinstance(node, n.IntLit):
        yield start, end, str(node.value + 1)
    elif isinstance(node, n.BoolLit):
        yield start, end, "false" if node.value else "true"
    elif isinstance(node, n.StringLit) and text[end - 1 : end] == '"' and text[start : start + 3] != '"""':
        yield end - 1, end, '~"'


def _operator(node: n.Binary, text: str) -> Edit:
    start, end = node.left.span[1], node.right.span[0]
    between = text[start:end]
    return start, end, between.replace(node.op, _OTHER_OPERATOR[node.op], 1)


# --- tools, deadlines, constructs -------------------------------------------------------------------------------------


def _other_tool(node: n.UseToolDecl, module: n.Module, text: str) -> Iterator[tuple[str, list[Edit]]]:
    at = text.index(node.tool, node.span[0])
    edits = [(at, at + len(node.tool), node.tool + "2")]
    for row in walk(module):
        if isinstance(row, n.EffectRow) and node.tool in row.names:
            start = text.index(node.tool, row.span[0])
            edits.append((start, start + len(node.tool), node.tool + "2"))
    if not text[at + len(node.tool) :].lstrip(" ").startswith("as "):
        edits[0] = (at, at + len(node.tool), f"{node.tool}2 as {node.alias.name}")
    yield "tool", edits


def _longer(node: n.Node, text: str) -> Edit:
    start, end = node.span
    if isinstance(node, n.IntLit):
        return start, end, str(node.value + 1)
    return start, end, f"({text[start:end]}) + 1"


def _other_construct(node: n.Concurrent, text: str) -> Iterator[tuple[str, list[Edit]]]:
    if isinstance(node.branches, tuple):
        yield from _swapped("branches", list(node.branches), text)
    if node.kind == "vote":
        wanted = next((option for option in node.options if option.name == "quorum"), None)
        if wanted is None:
            yield "rule", [_with_option(node, text, "quorum: 2")]
        if not any(option.name == "by" for option in node.options):
            yield "rule", [_with_option(node, text, "by: fn(it) => to_string(it)")]
    for option in node.options:
        if option.name == "by":
            # Everything has the same vote: the first one's.
            yield "rule", [(*option.value.span, "fn(it) => 0")]
    if node.kind in ("race", "parallel") and not any(option.name == "settle" for option in node.options):
        yield "rule", [_with_option(node, text, "settle: true")]


def _with_option(node: n.Concurrent, text: str, option: str) -> Edit:
    at = node.span[0] + len(node.kind)
    if node.is_call or text[at : at + 1] == "(":
        return at + 1, at + 1, option + ", "
    return at, at, f"({option})"


def _swapped(kind: str, nodes: list[n.Node], text: str) -> Iterator[tuple[str, list[Edit]]]:
    """Each two neighbours with each other, if they differ in text."""
    for one, other in pairwise(nodes):
        first, second = text[slice(*one.span)], text[slice(*other.span)]
        if first != second and first.count("\n") == second.count("\n"):
            yield kind, [(*one.span, second), (*other.span, first)]


# --- statements -------------------------------------------------------------------------------------------------------


def _other_statements(block: n.Block, text: str) -> Iterator[tuple[str, list[Edit]]]:
    plain = [node for node in block.body if isinstance(node, (n.ExprStmt, n.LetStmt))]
    for node in block.body:
        own_line = text[text.rfind("\n", 0, node.span[0]) + 1 : node.span[0]].strip() == ""
        if isinstance(node, n.ExprStmt) and isinstance(_awaited(node.value), (n.Call, n.Spawn)):
            yield "removed", [(*node.span, "null")]
        if own_line and isinstance(node, (n.ExprStmt, n.LetStmt, n.ReturnStmt)):
            yield "added", [(node.span[0], node.span[0], 'print("added"); ')]
            yield "added", [(node.span[0], node.span[0], 'get_env("ADDED"); ')]
    together = [
        (one, other)
        for one, other in pairwise(plain)
        if block.body.index(other) == block.body.index(one) + 1 and _asks(one) and _asks(other)
    ]
    for one, other in together:
        yield from _swapped("spawns", [one, other], text)


def _awaited(node: n.Node) -> n.Node:
    return _awaited(node.value) if isinstance(node, n.Await) else node


def _asks(node: n.Node) -> bool:
    """Whether something may begin here: a call, a task."""
    if isinstance(node, (n.Lambda, n.CellDecl)):
        return False
    return isinstance(node, (n.Call, n.Spawn, n.Concurrent, n.Timeout)) or any(_asks(child) for child in children(node))


def _name(node: n.Node) -> str | None:
    return node.name if isinstance(node, n.Name) else None
