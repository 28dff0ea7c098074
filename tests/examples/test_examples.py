"""Every example, run from the root of the checkout as the README says, prints what stands beside it.

Each is recorded as well, in both modes, and repeated from its journal.
"""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lumen.compiler.cache import CodeCache, default_directory
from tests.soak import recording

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(p for p in (ROOT / "examples").glob("[0-9]*") if p.name.endswith((".lumen", ".lumen.md")))
PAGES = {
    "/": '<a href="/a">A</a> <a href="/b">B</a> <a href="/missing">?</a> <a href="/slow">zzz</a>',
    "/a": "<title>Alpha</title>",
    "/b": "<title>Beta</title>",
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "lumen", "run", *arguments],
        cwd=ROOT, env=env, capture_output=True, text=True, encoding="utf-8", timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def expected(example: Path) -> str:
    return (example.parent / (example.name.partition(".")[0] + ".out")).read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("example", [e for e in EXAMPLES if "scraper" not in e.name], ids=lambda e: e.name)
def test_output(example: Path) -> None:
    done = run(str(example.relative_to(ROOT)))
    assert (done.stdout, done.stderr, done.returncode) == (expected(example), "", 0)


@pytest.fixture
def site() -> Iterator[str]:
    """A small web site on the loopback; `/slow` answers only when the test is over."""
    over = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/slow":
                over.wait(30)
            body = PAGES.get(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    over.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
def test_scraper(site: str) -> None:
    example = next(e for e in EXAMPLES if "scraper" in e.name)
    done = run(str(example.relative_to(ROOT)), "--arg", f"base_url={site}")
    assert (done.stdout, done.stderr, done.returncode) == (expected(example), "", 0)


RECORDED = [*EXAMPLES, ROOT / "examples" / "resume" / "orders.lumen"]
NOWHERE = "http://127.0.0.1:9"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["eager", "fifo"])
@pytest.mark.parametrize("example", RECORDED, ids=lambda e: e.name)
def test_replayed_from_its_own_journal(example, mode, tmp_path, monkeypatch, request):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("LEDGER", str(tmp_path / "ledger"))
    cache = CodeCache(default_directory())
    is_scraper = "scraper" in example.name
    # A page that never comes is given up in real time only; in virtual time there is no site.
    site = request.getfixturevalue("site") if is_scraper and mode == "eager" else NOWHERE
    program = recording.loaded(example, is_fifo=mode == "fifo", cache=cache)
    for is_minimal in (False,) if is_scraper else (False, True):
        monkeypatch.setitem(recording.ARGUMENTS, "07_scraper.lumen", {"base_url": site})
        journal = tmp_path / f"{is_minimal}.jsonl"
        recorded = recording.record(program, example, journal, is_minimal=is_minimal)
        assert (recorded.failure is None) == (site != NOWHERE or not is_scraper)
        if mode == "eager" and example in EXAMPLES:
            assert expected(example).startswith(recorded.output)
        monkeypatch.setitem(recording.ARGUMENTS, "07_scraper.lumen", {"base_url": NOWHERE})
        left = _files(tmp_path)
        assert recording.replay(journal, cache=cache) == recorded
        assert _files(tmp_path) == left


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_at_least_ten() -> None:
    assert len(EXAMPLES) >= 10
