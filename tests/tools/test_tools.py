"""Tools in programs: providers from `lumen.toml`, arguments checked before the call, roles, failures by code."""

from __future__ import annotations

import json
import textwrap
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import lumen
from lumen import Interpreter, RunError


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str) -> None:
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_text(textwrap.dedent(text))

    def run(self, program: str, **options) -> lumen.RunResult:
        return Interpreter(use_cache=False, **options).run(
            source=textwrap.dedent(program), path=str(self.path / "m.lumen")
        )

    def fails(self, program: str, code: str) -> str:
        with pytest.raises(RunError) as caught:
            self.run(program)
        assert caught.value.code == code
        return caught.value.message


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Folder:
    made = Folder(tmp_path)
    # A module name of its own for each test: Python keeps imported modules.
    made.module = "provider_" + request.node.name.partition("[")[0]
    made.write(
        "lumen.toml",
        f"""
        [providers]
        "my.tool" = "python:{made.module}:tool"
        "my.slow" = "python:{made.module}:slow"
        """,
    )
    return made


USE = "use tool my.tool as Tool\nuse tool my.slow as Slow\n"


def test_a_sync_tool_runs_in_a_thread(folder):
    folder.write(
        f"{folder.module}.py",
        "from threading import current_thread, main_thread\n"
        "def tool(x: int, y: int = 2):\n  return [x, y, current_thread() is main_thread()]\n",
    )
    assert folder.run(USE + "cell main()\n  return [Tool(1), Tool(x: 1, y: 3)]\nend\n").value == [
        [1, 2, False],
        [1, 3, False],
    ]


def test_an_async_tool_runs_on_trio(folder):
    folder.write(f"{folder.module}.py", "import trio\nasync def tool(x):\n  await trio.sleep(0)\n  return {'x': x}\n")
    assert folder.run(USE + 'cell main()\n  return Tool(x: "é").x\nend\n').value == "é"


def test_calls_run_side_by_side(folder):
    folder.write(
        f"{folder.module}.py",
        """
        import threading
        together = threading.Barrier(3, timeout=30)
        def tool(x):
            together.wait()
            return x
        """,
    )
    program = USE + "cell main()\n  return await parallel for i in 0..3\n    Tool(i)\n  end\nend\n"
    assert folder.run(program).value == [0, 1, 2]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("Tool()", "needs the argument `x`"),
        ("Tool(1, 2, 3)", "at most 2 positional"),
        ("Tool(x: 1, z: 3)", "has no argument `z`"),
        ("Tool(1, x: 2)", "got `x` twice"),
        ('Tool("1")', 'takes Int as `x`, got "1"'),
        ("Tool(true)", "takes Int as `x`, got true"),
        ("Tool(1, 2)", "takes String | Null as `y`, got 2"),
    ],
)
def test_arguments_are_checked_before_anything_leaves(folder, call, words):
    folder.write(f"{folder.module}.py", "def tool(x: int, y: str | None = None):\n  raise SystemExit('was called')\n")
    message = folder.fails(USE + f"cell main()\n  return {call}\nend\n", "invalid-args")
    assert "my.tool" in message
    assert words in message


def test_what_a_tool_raises_is_a_failure_with_its_place(folder):
    folder.write(
        f"{folder.module}.py",
        "class Limit(Exception):\n  lumen_code = 'rate-limit'\ndef tool(x):\n  raise Limit('slow down')\n",
    )
    with pytest.raises(RunError) as caught:
        folder.run(USE + "cell main()\n  return Tool(x: 1)\nend\n")
    assert (caught.value.code, caught.value.details["line"], caught.value.details["column"]) == ("rate-limit", 4, 10)
    assert "Limit: slow down" in caught.value.message


def test_a_tool_that_exits_does_not_end_the_run(folder):
    folder.write(f"{folder.module}.py", "def tool(x):\n  raise SystemExit(3)\n")
    program = USE + "cell main()\n  let r = attempt(fn() => Tool(x: 1))\n  return is_err(r)\nend\n"
    assert folder.run(program).value is True


def test_a_result_that_lumen_has_no_value_for(folder):
    folder.write(
        f"{folder.module}.py", "import datetime\ndef tool(x):\n  return {'when': [datetime.date(2020, 1, 1)]}\n"
    )
    message = folder.fails(USE + "cell main()\n  return Tool(x: 1)\nend\n", "output-invalid")
    assert "date" in message
    assert "my.tool" in message


def test_a_missing_provider_says_what_to_put_where(folder):
    message = folder.fails("use tool other.tool as T\ncell main()\n  return T(1)\nend\n", "tool-not-found")
    assert "lumen.toml" in message
    assert '"other.tool" = "python:module:function"' in message


def test_a_missing_module_and_function(folder):
    assert f"no Python module `{folder.module}`" in folder.fails(USE + "Tool(x: 1)\n", "tool-not-found")
    folder.write(f"{folder.module}.py", "x = 1\n")
    assert f"`{folder.module}` has no `slow`" in folder.fails(USE + "Slow(x: 1)\n", "tool-not-found")


@pytest.mark.parametrize("statement", ["1 / 0", "raise SystemExit(7)", "import surely_not_installed"])
def test_a_module_that_raises_on_import(folder, statement):
    folder.write(f"{folder.module}.py", statement + "\ndef tool(x):\n  return x\n")
    message = folder.fails(USE + "cell main()\n  return Tool(x: 1)\nend\n", "unavailable")
    assert f"importing Python module `{folder.module}` failed" in message


def test_roles_become_messages_of_the_next_call_that_takes_them(folder):
    folder.write(
        f"{folder.module}.py",
        "def tool(prompt='', messages=None):\n  return messages\ndef slow(x):\n  return x\n",
    )
    program = USE + (
        "cell main()\n  role system: be brief\n  role user: say {1 + 1}\n  Slow(x: 1)\n"
        "  let a = Tool()\n  let b = Tool()\n"
        "  return [a, b]\nend\n"
    )
    first = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "say 2"}]
    assert folder.run(program).value == [first, None]


def test_a_cancelled_async_tool_is_cancelled(folder):
    folder.write(
        f"{folder.module}.py",
        """
        import trio
        seen = []
        async def slow(x):
            try:
                await trio.sleep_forever()
            finally:
                seen.append("cancelled")
        def tool():
            return list(seen)
        """,
    )
    program = USE + "cell main()\n  let r = await timeout(30, Slow(x: 1))\n  sleep(30)\n  return [r, Tool()]\nend\n"
    assert folder.run(program).value == [None, ["cancelled"]]


def test_a_tool_that_ignores_cancellation_is_abandoned_with_a_warning(folder):
    folder.write(
        f"{folder.module}.py",
        "import threading\nrelease = threading.Event()\ndef slow(x):\n  release.wait(60)\n",
    )
    program = USE + 'cell main()\n  return await timeout(20, Slow(x: 1)) ?? "late"\nend\n'
    started = time.monotonic()
    result = folder.run(program)
    assert result.value == "late"
    assert "`my.slow` did not stop when it was cancelled" in result.warnings[0]
    assert time.monotonic() - started < 30
    __import__(folder.module).release.set()


def test_answers_come_in_the_order_of_the_asks_in_deterministic_mode(folder):
    folder.write(
        f"{folder.module}.py",
        """
        import threading
        second_done = threading.Event()
        def tool(x):
            if x == 1:
                second_done.wait(30)
            else:
                second_done.set()
            return x
        """,
    )
    program = (
        USE
        + """
cell ask(x) / {external}
  let r = Tool(x)
  print(r)
end
cell main() / {external}
  await parallel
    ask(1)
    ask(2)
  end
end
"""
    )
    assert folder.run(program, deterministic=True).output == "1\n2\n"


def test_providers_of_the_host_go_first(folder):
    interpreter = Interpreter(use_cache=False)
    interpreter.provide("my.tool", lambda x: x * 2)
    assert interpreter.run(source=USE + "cell main()\n  return Tool(x: 4)\nend\n").value == 8


def test_two_programs_with_provider_modules_of_one_name(tmp_path):
    for name in ("one", "two"):
        folder = Folder(tmp_path / name)
        folder.write("lumen.toml", '[providers]\n"my.tool" = "python:shared_name:tool"\n')
        folder.write("shared_name.py", f"def tool():\n  return '{name}'\n")
        assert folder.run("use tool my.tool as Tool\ncell main()\n  return Tool()\nend\n").value == name


# --- HTTP ---------------------------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    def answer(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(size).decode()
        if self.path.startswith("/slow"):
            self.server.release.wait(30)
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/there")
            self.end_headers()
            return
        status = 404 if self.path == "/missing" else 200
        told = {"method": self.command, "path": self.path, "length": len(body), "x": self.headers.get("X-Test")}
        text = json.dumps(told)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = answer

    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def url():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.release = threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.release.set()
    server.shutdown()
    server.server_close()


HTTP = "use tool http.get as Get\nuse tool http.post as Post\n"


def test_http_get_and_post(folder, url):
    program = (
        HTTP
        + f"""
cell main()
  let a = Get(url: "{url}/a", params: {{"q": 1}}, headers: {{"X-Test": "yes"}})
  let b = Post(url: "{url}/b", json: {{"k": [1, 2]}})
  let c = Get("{url}/missing")
  let d = Get("{url}/moved")
  return [[a.status, a.json.path, a.json.x], [b.json.method, b.json.length], c.status, d.json.path, type_of(a.body)]
end
"""
    )
    assert folder.run(program).value == [[200, "/a?q=1", "yes"], ["POST", 13], 404, "/there", "String"]


def test_http_failures_have_codes(folder, url):
    assert "25 ms" in folder.fails(HTTP + f'Get(url: "{url}/slow", timeout_ms: 25)\n', "timeout")
    folder.fails(HTTP + 'Get(url: "http://127.0.0.1:9/")\n', "unavailable")
    folder.fails(HTTP + 'Get(url: "nonsense")\n', "invalid-args")
    assert "`url`" in folder.fails(HTTP + "Get()\n", "invalid-args")
