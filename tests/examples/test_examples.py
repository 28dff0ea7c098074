"""Every example, run from the root of the checkout as the README says, prints what stands beside it."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

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


def test_at_least_ten() -> None:
    assert len(EXAMPLES) >= 10
