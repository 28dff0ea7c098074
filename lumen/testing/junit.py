"""`--junit FILE`: the results as the XML that build servers read."""

from __future__ import annotations

import os
import re
from xml.sax.saxutils import escape, quoteattr

from lumen.testing.report import broken_text
from lumen.testing.results import CaseResult
from lumen.testing.session import Session

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(session: Session) -> str:
    """The whole document: a suite for each file, a test case for each test."""
    by_file: dict[str, list[CaseResult]] = {}
    for result in session.results:
        by_file.setdefault(result.case.file.path, []).append(result)
    suites = [_suite(path, results) for path, results in by_file.items()]
    for file in session.broken:
        text = "\n".join(broken_text(file))
        first = text.partition("\n")[0]
        body = f'<error message={_attribute(first)} type="check">{_text(text)}</error>'
        case = f'    <testcase classname={_attribute(_class_name(file.path))} name="(file)" time="0">{body}</testcase>'
        suites.append(_element(file.path, 1, 0, 1, 0, 0.0, [case]))
    head = (
        f'<testsuites name="lumen" tests="{len(session.results) + len(session.broken)}" '
        f'failures="{session.count("failed")}" errors="{len(session.broken)}" skipped="{session.count("skipped")}" '
        f'time="{session.seconds:.6f}">'
    )
    return "\n".join(['<?xml version="1.0" encoding="utf-8"?>', head, *suites, "</testsuites>", ""])


def write_junit(path: str, session: Session) -> None:
    """Write the document; raises OSError."""
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(junit_xml(session))


def _suite(path: str, results: list[CaseResult]) -> str:
    failed = sum(result.verdict == "failed" for result in results)
    skipped = sum(result.verdict == "skipped" for result in results)
    seconds = sum(result.seconds for result in results)
    return _element(path, len(results), failed, 0, skipped, seconds, [_case(result) for result in results])


def _element(path: str, tests: int, failures: int, errors: int, skipped: int, seconds: float, cases: list[str]) -> str:
    counts = f'tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}" time="{seconds:.6f}"'
    return "\n".join([f"  <testsuite name={_attribute(path)} {counts}>", *cases, "  </testsuite>"])


def _case(result: CaseResult) -> str:
    case = result.case
    head = (
        f"    <testcase classname={_attribute(_class_name(case.file.path))} name={_attribute(case.name)} "
        f'file={_attribute(case.file.path)} line="{case.line}" time="{result.seconds:.6f}"'
    )
    if result.verdict == "skipped":
        return f"{head}><skipped message={_attribute(case.skip or '')}/></testcase>"
    if result.verdict == "passed":
        return f"{head}/>"
    text = _text(result.failure_text())
    body = f"<failure message={_attribute(result.headline())} type={_attribute(result.code or '')}>{text}</failure>"
    if result.printed:
        body += f"<system-out>{_text(chr(10).join(result.printed))}</system-out>"
    return f"{head}>{body}</testcase>"


def _class_name(path: str) -> str:
    stem = re.sub(r"(\.lumen|\.lm)(\.md)?$", "", os.path.normpath(path))
    return stem.replace(os.sep, ".").strip(".")


def _allowed(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _attribute(text: str) -> str:
    return quoteattr(_allowed(text))


def _text(text: str) -> str:
    return escape(_allowed(text))
