"""The grammar has no conflicts, the builder has a method for each rule, and saved tables equal fresh ones."""

from __future__ import annotations

import logging
import marshal
from pathlib import Path

import pytest

from lumen.resources import grammar_path
from lumen.syntax import tables as tables_module
from lumen.syntax.build import Builder
from lumen.syntax.tables import Tables, build_tables, load_tables
from lumen.syntax.tokens import Tokens


@pytest.mark.slow
def test_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    from lark import logger

    logger.setLevel(logging.DEBUG)
    try:
        with caplog.at_level(logging.DEBUG, logger="lark"):
            logger.propagate = True
            built = build_tables(Path(grammar_path()).read_text(encoding="utf-8"), "digest")
    finally:
        logger.setLevel(logging.CRITICAL)
        logger.propagate = False
    assert "conflict" not in caplog.text
    assert marshal.loads(marshal.dumps(built, 4)) == built


def test_each_rule_has_a_method() -> None:
    tables = load_tables()
    assert len(Builder(Tokens(), {}).callbacks(tables)) == len(tables.rules)


def test_torn_or_foreign_cache_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = load_tables()
    monkeypatch.setenv("LUMEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(tables_module, "_loaded", None)
    monkeypatch.setattr(tables_module, "_shipped_path", lambda: str(tmp_path / "none"))
    digest = tables_module._digest(Path(grammar_path()).read_bytes())
    place = tables_module._cache_path(digest)
    assert place is not None
    cached = Path(place)
    cached.write_bytes(b"torn")
    monkeypatch.setattr(
        tables_module,
        "build_tables",
        lambda grammar, digest: (digest, expected.actions, expected.gotos, expected.rules, expected.starts),
    )
    assert isinstance(load_tables(), Tables)
    monkeypatch.setattr(tables_module, "_loaded", None)
    monkeypatch.setattr(tables_module, "build_tables", lambda *_: pytest.fail("the cache was not used"))
    assert load_tables().rules == expected.rules
    assert [path.name for path in tmp_path.iterdir()] == [cached.name]
