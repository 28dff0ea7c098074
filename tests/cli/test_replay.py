"""`lumen run --record`, `lumen replay` and `lumen resume`, as a user meets them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

PROGRAM = """\
use tool shop.buy as Buy

cell order(n: Int) -> Int / {external}
  let price = Buy(item: "tea", count: n)
  return price
end

cell main() -> Int / {external}
  let both = await parallel
    order(1)
    order(2)
  end
  print("both: {both}")
  let late = await timeout(1000, order(3))
  print("late: {late}")
  return sum(both)
end
"""

SHOP = """\
import os
import shutil

def buy(item: str, count: int) -> int:
    with open("sold.txt", "a") as file:
        file.write(f"{item} {count}\\n")
    if os.environ.get("DIE_AT") == str(count):
        os.kill(os.getpid(), 9)
    return count * 10
"""

CONFIG = '[providers]\n"shop.buy" = "python:shop:buy"\n'
IDEMPOTENT = '[providers]\n"shop.buy" = { provider = "python:shop:buy", idempotent = true }\n'


@pytest.fixture
def shop(lumen):
    """The shop, opened: `sold()` says what was really bought."""
    lumen.write("main.lumen", PROGRAM)
    lumen.write("shop.py", SHOP)
    lumen.write("lumen.toml", CONFIG)

    def sold():
        path = lumen.folder / "sold.txt"
        return sorted(path.read_text().split("\n")[:-1]) if path.exists() else []

    lumen.sold = sold
    return lumen


def record(lumen, *options):
    done = lumen.do("run", "main.lumen", "--record", "run.jsonl", *options)
    assert done.code == 0, done.err
    return done


def events(lumen, name="run.jsonl"):
    return [json.loads(line) for line in (lumen.folder / name).read_text().splitlines()]


# --- replay ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("journal", ["full", "minimal"])
@pytest.mark.parametrize("mode", [(), ("--deterministic",)])
def test_a_replay_prints_the_same_and_asks_nobody(shop, mode, journal):
    recorded = record(shop, "--journal", journal, *mode)
    assert shop.sold() == ["tea 1", "tea 2", "tea 3"]
    for name in ("main.lumen", "shop.py", "lumen.toml"):
        (shop.folder / name).unlink()
    replayed = shop.do("replay", "run.jsonl")
    assert (replayed.code, replayed.out, replayed.err) == (0, recorded.out, "")
    assert shop.sold() == ["tea 1", "tea 2", "tea 3"]


def test_a_run_that_failed_fails_in_the_same_way(lumen):
    program = 'cell main()\n  print("a")\n  let xs = [1]\n  return xs[3]\nend\n'
    recorded = lumen(program, "--record", "run.jsonl")
    replayed = lumen.do("replay", "run.jsonl")
    assert recorded.code == replayed.code == 3
    assert (recorded.out, recorded.err) == (replayed.out, replayed.err)
    assert events(lumen)[-1]["failure"]["line"] == 4


def test_a_changed_argument_is_named_with_both_places(shop):
    record(shop)
    shop.write("edited.lumen", "# A comment moves all lines.\n" + PROGRAM.replace("order(3)", "order(4)"))
    done = shop.do("replay", "run.jsonl", "--program", "edited.lumen")
    assert done.code == 3
    assert "error[replay-divergence]" in done.err
    assert "main.lumen:4:15" in done.err
    assert "edited.lumen:5:15" in done.err
    assert "count: 3 → 4" in done.err
    assert "called by `main` at edited.lumen:15" in done.err
    assert shop.sold() == ["tea 1", "tea 2", "tea 3"], "the diverging call was not made"


def test_the_divergence_as_json(shop):
    record(shop)
    shop.write("edited.lumen", PROGRAM.replace("order(3)", "order(4)"))
    done = shop.do("replay", "run.jsonl", "--program", "edited.lumen", "--format", "json")
    error = done.json["error"]
    assert done.code == 3
    assert error["code"] == "replay-divergence"
    assert (error["recorded"]["file"], error["recorded"]["line"]) == ("main.lumen", 4)
    assert (error["actual"]["file"], error["actual"]["line"]) == ("edited.lumen", 4)
    assert error["recorded"]["event"]["input"] == {"count": 3, "item": "tea"}
    assert error["actual"]["event"]["input"] == {"count": 4, "item": "tea"}
    assert error["event"] == error["recorded"]["event"]["seq"]


def test_a_program_that_asks_for_the_same_may_change_unless_strict(shop):
    record(shop)
    shop.write("edited.lumen", PROGRAM.replace("price", "cost").replace("let late", "\n  let late"))
    assert shop.do("replay", "run.jsonl", "--program", "edited.lumen").code == 0
    strict = shop.do("replay", "run.jsonl", "--program", "edited.lumen", "--strict")
    assert strict.code == 3
    assert "a program with hash" in strict.err
    assert shop.do("replay", "run.jsonl", "--program", "main.lumen", "--strict").code == 0


def test_stopping_in_the_middle_shows_tasks_variables_and_queue(shop):
    record(shop)
    first_print = next(event for event in events(shop) if event["event"] == "print")
    done = shop.do("replay", "run.jsonl", "--to", str(first_print["seq"]))
    assert done.code == 0
    assert f"stopped after event {first_print['seq']}" in done.out
    assert "both = [10, 20]" in done.out
    assert "ready queue" in done.out
    assert "late" not in done.out


def test_a_folder_of_runs_against_an_edited_program(shop):
    (shop.folder / "runs").mkdir()
    record(shop)
    (shop.folder / "run.jsonl").rename(shop.folder / "runs" / "one.jsonl")
    shop.write("main.lumen", PROGRAM.replace("print", 'print("x")\n  print', 1))
    record(shop)
    (shop.folder / "run.jsonl").rename(shop.folder / "runs" / "two.jsonl")
    shop.write("runs/three.jsonl", "no journal\n")
    done = shop.do("replay", "main.lumen", "--against", "runs")
    assert done.code == 3
    lines = done.out.split("\n")
    assert any(line.startswith("broken") and line.endswith("one.jsonl") for line in lines)
    assert any(line.startswith("same") and line.endswith("two.jsonl") for line in lines)
    assert any(line.startswith("unreadable") and line.endswith("three.jsonl") for line in lines)
    assert "main.lumen:13:3" in done.out
    assert "1 of 3 recorded runs repeat, 1 break" in done.out


def test_what_a_program_is_given_is_in_the_journal(lumen):
    program = 'cell main(name: String)\n  print("hi {name}, {read_line()}, {random_int(1, 1000000)}")\nend\n'
    recorded = lumen(program, "--arg", "name=Ada", "--record", "run.jsonl", stdin=b"line\n")
    assert recorded.code == 0
    assert lumen.do("replay", "run.jsonl").out == recorded.out


def test_a_secret_of_the_environment_is_not_in_the_journal(lumen):
    program = 'cell main()\n  let key = get_env("API_KEY")\n  print("key {key}")\n  return length(key)\nend\n'
    recorded = lumen(program, "--record", "run.jsonl", API_KEY="hunter22")
    assert recorded.out == "key hunter22\n8\n"
    assert b"hunter22" not in (lumen.folder / "run.jsonl").read_bytes()
    assert lumen.do("replay", "run.jsonl", API_KEY="hunter22").out == recorded.out


# --- resume ----------------------------------------------------------------------------------------------------------


def killed(shop):
    """A run that is killed while it buys for the third time."""
    done = shop.do("run", "main.lumen", "--record", "run.jsonl", DIE_AT="3")
    assert done.code == -9
    assert shop.sold() == ["tea 1", "tea 2", "tea 3"]


def test_a_killed_run_goes_on_where_it_was(shop):
    shop.write("lumen.toml", IDEMPOTENT)
    killed(shop)
    cut_off = shop.do("replay", "run.jsonl")
    assert cut_off.code == 3
    assert "lumen resume run.jsonl" in cut_off.err
    done = shop.do("resume", "run.jsonl")
    assert (done.code, done.out) == (0, "both: [10, 20]\nlate: 30\n30\n")
    assert shop.sold() == ["tea 1", "tea 2", "tea 3", "tea 3"], "only the call under way was made again"
    assert shop.do("replay", "run.jsonl").out == done.out
    assert shop.do("trace", "verify", "run.jsonl").code == 0


def test_a_call_that_must_not_be_made_twice_stops_the_resumption(shop):
    killed(shop)
    before = (shop.folder / "run.jsonl").read_bytes()
    done = shop.do("resume", "run.jsonl")
    assert done.code == 3
    assert "error[in-flight]" in done.err
    assert "shop.buy" in done.err
    assert "main.lumen:4" in done.err
    assert (shop.folder / "run.jsonl").read_bytes() == before
    assert len(shop.sold()) == 3
    assert shop.do("resume", "run.jsonl", "--retry-inflight").out == "both: [10, 20]\nlate: 30\n30\n"


def test_a_finished_run_has_nothing_to_resume(shop):
    recorded = record(shop)
    before = (shop.folder / "run.jsonl").read_bytes()
    done = shop.do("resume", "run.jsonl")
    assert (done.code, done.out) == (0, recorded.out)
    assert (shop.folder / "run.jsonl").read_bytes() == before
    assert len(shop.sold()) == 3


def test_a_deterministic_run_that_was_killed_ends_with_the_journal_of_one_that_was_not(shop):
    shop.write("main.lumen", "@deterministic true\n\n" + PROGRAM)
    shop.write("lumen.toml", IDEMPOTENT)
    record(shop)
    whole = (shop.folder / "run.jsonl").read_bytes().split(b"\n", 1)[1]
    (shop.folder / "run.jsonl").unlink()
    (shop.folder / "sold.txt").unlink()
    killed(shop)
    assert shop.do("resume", "run.jsonl").code == 0
    assert (shop.folder / "run.jsonl").read_bytes().split(b"\n", 1)[1] == whole


def test_a_tool_that_is_gone_is_told_before_anything_happens(shop):
    shop.write("lumen.toml", IDEMPOTENT)
    killed(shop)
    (shop.folder / "lumen.toml").unlink()
    before = (shop.folder / "run.jsonl").read_bytes()
    done = shop.do("resume", "run.jsonl")
    assert done.code == 3
    assert "error[tool-not-found]" in done.err
    assert (shop.folder / "run.jsonl").read_bytes() == before


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "journal-empty"),
        (b"\0\1\2\xff" * 100, "not-a-journal"),
        (b"cell main()\nend\n", "not-a-journal"),
        (b'{"a":1}\n', "not-a-journal"),
        (b'{"chain":"', "journal-empty"),
    ],
)
@pytest.mark.parametrize("command", [("replay",), ("resume",), ("trace", "show"), ("trace", "verify")])
def test_what_is_no_journal_is_said_and_left_alone(lumen, command, content, code):
    lumen.write("x.jsonl", content)
    done = lumen.do(*command, "x.jsonl")
    assert done.code == 1
    assert f"error[{code}]" in done.err
    assert (lumen.folder / "x.jsonl").read_bytes() == content


@pytest.mark.parametrize("command", ["replay", "resume"])
def test_a_changed_line_is_found_before_it_is_believed(shop, command):
    record(shop)
    path = shop.folder / "run.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"value":20', b'"value":21'))
    done = shop.do(command, "run.jsonl")
    assert done.code == 1
    assert "error[journal-broken]" in done.err


def test_a_journal_of_a_newer_version(shop):
    record(shop)
    path = shop.folder / "run.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"format":1,', b'"format":2,'))
    done = shop.do("replay", "run.jsonl")
    assert done.code == 1
    assert "error[journal-version]" in done.err


def test_a_journal_of_another_program(shop):
    record(shop)
    shop.write("other.lumen", 'print("something else")\n')
    done = shop.do("replay", "run.jsonl", "--program", "other.lumen")
    assert done.code == 3
    assert "error[replay-divergence]" in done.err


def test_a_program_with_errors(shop):
    record(shop)
    shop.write("other.lumen", "cell main()\n  return lenght([1])\nend\n")
    done = shop.do("replay", "run.jsonl", "--program", "other.lumen")
    assert done.code == 2
    assert "unresolved-name" in done.err


def test_a_large_value_that_is_missing(lumen):
    program = 'cell main()\n  return length(read_file("big.txt"))\nend\n'
    lumen.write("big.txt", "x" * 200_000)
    recorded = lumen(program, "--record", "run.jsonl")
    assert recorded.code == 0
    assert (lumen.folder / "run.jsonl").stat().st_size < 10_000
    assert lumen.do("replay", "run.jsonl").out == "200000\n"
    (blob,) = (lumen.folder / "run.jsonl.blobs").iterdir()
    blob.write_text("y")
    assert "error[missing-blob]" in lumen.do("replay", "run.jsonl").err
    blob.unlink()
    done = lumen.do("replay", "run.jsonl")
    assert done.code == 1
    assert "error[missing-blob]" in done.err


def test_only_a_finished_journal_is_overwritten(shop):
    record(shop)
    record(shop)
    shop.write("notes.txt", "dear diary\n")
    done = shop.do("run", "main.lumen", "--record", "notes.txt")
    assert done.code == 3
    assert "error[journal-exists]" in done.err
    assert (shop.folder / "notes.txt").read_text() == "dear diary\n"
    killed_at = len(shop.sold())
    (shop.folder / "run.jsonl").write_bytes(
        b"\n".join((shop.folder / "run.jsonl").read_bytes().split(b"\n")[:5]) + b"\n"
    )
    done = shop.do("run", "main.lumen", "--record", "run.jsonl")
    assert "lumen resume" in done.err
    assert len(shop.sold()) == killed_at, "nothing was run"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["replay"], "give one journal"),
        (["replay", "a", "b"], "give one journal"),
        (["replay", "nowhere.jsonl"], "no-such-file"),
        (["replay", "x", "--too", "3"], "did you mean `--to`?"),
        (["replay", "x", "--to", "z"], "whole number"),
        (["replay", "x", "--speed", "warp"], "fast or real"),
        (["replay", "--against", "nowhere"], "no folder"),
        (["resume"], "give one journal"),
        (["resume", "nowhere.jsonl"], "no-such-file"),
        (["resume", "x", "--to", "3"], "no option"),
    ],
)
def test_a_wrong_command_line_is_explained(lumen, words, message):
    done = lumen.do(*words)
    assert done.code == 1
    assert message in done.err


def test_a_run_whose_reader_has_gone_is_over(lumen):
    lumen.write("main.lumen", 'cell main()\n  for i in 0..1000000\n    print("line {i}")\n  end\nend\n')
    command = [sys.executable, "-m", "lumen", "run", "main.lumen", "--record", "run.jsonl"]
    with subprocess.Popen(command, cwd=lumen.folder, stdout=subprocess.PIPE, env=lumen.environment) as process:
        assert process.stdout.readline() == b"line 0\n"
        process.stdout.close()
    last = events(lumen)[-1]
    assert (last["event"], last["failure"]["code"]) == ("run_end", "cancelled")
    replayed = lumen.do("replay", "run.jsonl")
    assert replayed.code == 3
    assert "error[cancelled]" in replayed.err


@pytest.mark.parametrize("mode", [(), ("--deterministic",)])
def test_a_run_killed_while_it_was_busy_can_be_looked_at(lumen, mode):
    lumen.write("main.lumen", 'cell main()\n  print("busy")\n  let mut i = 0\n  while i >= 0\n    i += 1\n  end\nend\n')
    command = [sys.executable, "-m", "lumen", "run", "main.lumen", "--record", "run.jsonl", *mode]
    with subprocess.Popen(command, cwd=lumen.folder, stdout=subprocess.PIPE, env=lumen.environment) as process:
        assert process.stdout.readline() == b"busy\n"
        process.kill()
    done = lumen.do("replay", "run.jsonl")
    assert done.code == 3
    assert (done.out, "lumen resume run.jsonl" in done.err) == ("busy\n", True)


def test_a_resumed_run_has_the_time_limit_that_it_had(lumen):
    program = 'cell main()\n  print("a")\n  sleep(100000)\nend\n'
    done = lumen(program, "--record", "run.jsonl", "--timeout", "300")
    assert done.code == 3
    path = lumen.folder / "run.jsonl"
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([line for line in lines[:3] if line] + [b""]))
    resumed = lumen.do("resume", "run.jsonl")
    assert resumed.code == 3
    assert "longer than 300 ms" in resumed.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_no_file_is_no_journal(lumen):
    os.mkfifo(lumen.folder / "pipe")
    for command in (("replay",), ("resume",), ("trace", "show")):
        done = lumen.do(*command, "pipe")
        assert done.code == 1
        assert "error[not-a-journal]" in done.err


def test_modules_that_lie_elsewhere_are_found_in_the_journal(lumen):
    lumen.write("app/lumen.toml", '[paths]\nshared = "../lib"\nfolders = ["../more", "../most"]\n')
    lumen.write("lib/names.lumen", "pub cell first() = 1\n")
    lumen.write("more/ab.lumen", "import b: *\npub cell third() = second() + 1\n")
    lumen.write("more/b.lumen", "pub cell second() = 2\n")
    lumen.write("most/extra.lumen", "pub cell other() = 9\n")
    main = "import shared.names: first\nimport ab: third\nimport extra: other\nprint([first(), third(), other()])\n"
    lumen.write("app/main.lumen", main)
    recorded = lumen.do("run", "app/main.lumen", "--record", "run.jsonl")
    assert (recorded.code, recorded.out) == (0, "[1, 3, 9]\n"), recorded.err
    for folder in ("app", "lib", "more", "most"):
        shutil.rmtree(lumen.folder / folder)
    replayed = lumen.do("replay", "run.jsonl")
    assert (replayed.code, replayed.out) == (0, "[1, 3, 9]\n"), replayed.err
