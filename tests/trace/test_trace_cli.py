"""`lumen trace` as a command: what it takes, what it refuses, and its exit codes."""

from __future__ import annotations

import json
import re

import pytest

WHATS = ["show", "timeline", "stats", "export", "verify"]


def test_help_and_usage(cli):
    code, out, err = cli()
    assert (code, out) == (1, "")
    assert err.startswith("usage: lumen trace show JOURNAL")
    for words in (["--help"], ["help"], ["show", "--help"], ["diff", "-h"]):
        code, out, err = cli(*words)
        assert (code, err) == (0, "")
        assert out.startswith("usage: lumen trace show JOURNAL")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["shwo", "j"], "there is no `shwo`; did you mean `show`?"),
        (["run.jsonl"], "say what to do with it: `lumen trace show run.jsonl`"),
        (["xyz"], "there is no `xyz`; there is show, timeline"),
        (["show"], "`show` takes one journal, not 0"),
        (["show", "a", "b"], "`show` takes one journal, not 2"),
        (["diff", "a"], "`diff` takes two journals, not 1"),
        (["show", "a", "--task", "x"], "`--task` takes a whole number, not `x`"),
        (["show", "a", "--depth", "-1"], "`--depth` takes a whole number, not `-1`"),
        (["stats", "a", "--format", "xml"], "`--format` takes text or json, not `xml`"),
        (["export", "a", "--format", "jaeger"], "`--format` takes otlp-json, not `jaeger`"),
        (["verify", "a", "--colour"], "there is no option `--colour`"),
        (["timeline", "a", "-o"], "`-o` needs a value"),
    ],
)
def test_words_that_make_no_sense(cli, words, message):
    code, out, err = cli(*words)
    assert (code, out) == (1, "")
    assert err.startswith("lumen trace: ")
    assert message in err


@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "journal-empty"),
        (b"hello\n", "not-a-journal"),
        (b"\x00\xff\xfe" * 50, "not-a-journal"),
        (b'{"a":1}\n', "not-a-journal"),
    ],
)
def test_files_that_are_no_journals(cli, tmp_path, what, content, code):
    path = tmp_path / "j.jsonl"
    path.write_bytes(content)
    got, out, err = cli(what, path)
    assert (got, out) == (1, "")
    assert err.startswith(f"error[{code}]: ")
    assert list(tmp_path.iterdir()) == [path], "nothing was written"


@pytest.mark.parametrize("what", WHATS)
def test_a_journal_that_is_not_there_and_a_folder(cli, tmp_path, what):
    assert cli(what, tmp_path / "none")[2].startswith("error[no-such-file]: ")
    assert cli(what, tmp_path)[2].startswith("error[is-a-directory]: ")


@pytest.mark.parametrize("what", WHATS)
def test_a_changed_line_is_named(cli, trip, what):
    text = trip.read_bytes()
    trip.write_bytes(text.replace(b"planning", b"plotting"))
    code, _, err = cli(what, trip)
    assert code == 1
    assert err.startswith("error[journal-broken]: ")
    assert "line 1 " in err, "the program's text stands in the header"


@pytest.mark.parametrize("what", WHATS)
def test_a_newer_version(cli, write_journal, tmp_path, what):
    code, _, err = cli(what, write_journal(tmp_path / "j", format=99))
    assert code == 1
    assert err.startswith("error[journal-version]: ")
    assert "update" in err


@pytest.mark.parametrize("what", WHATS)
def test_a_torn_journal_shows_what_there_is(cli, trip, what):
    trip.write_bytes(trip.read_bytes()[:-40])
    code, out, err = cli(what, trip)
    assert code == 0
    assert out
    assert "warning: the last line" in err
    assert "cut off" in err


def test_verify(cli, trip):
    code, out, err = cli("verify", trip)
    assert (code, err) == (0, "")
    assert re.fullmatch(r"43 events in 20 lines, chain intact; last chain [0-9a-f]{32}\n", out)


def test_verify_warns_of_a_run_that_had_not_ended(cli, write_journal, tmp_path, trip_lines):
    code, _, err = cli("verify", write_journal(tmp_path / "j", trip_lines[:-1]))
    assert code == 0
    assert "had not ended" in err


def test_verify_finds_a_missing_large_value(cli, write_journal, tmp_path, trip_lines):
    trip_lines[7]["value"] = {"$blob": "ab" * 32, "size": 70_000}
    journal = write_journal(tmp_path / "j", trip_lines)
    code, _, err = cli("verify", journal)
    assert code == 1
    assert err.startswith("error[missing-blob]: line 9: ")
    code, out, _ = cli("show", journal)
    assert code == 0
    assert "<large value abab" in out


def test_show(cli, trip):
    code, out, err = cli("show", trip)
    assert (code, err) == (0, "")
    assert 'ask("fast") #4' in out
    assert "\x1b" not in out
    code, out, err = cli("show", trip, "--task", "99")
    assert (code, out) == (1, "")
    assert "the run has no task 99; its tasks are 1 to 6" in err


def test_diff_says_by_its_exit_code(cli, trip, write_journal, tmp_path, trip_lines):
    code, out, _ = cli("diff", trip, trip)
    assert (code, out) == (0, "the runs are the same: 42 events\n")
    trip_lines[1]["text"] = "plotting"
    other = write_journal(tmp_path / "other.jsonl", trip_lines)
    code, out, _ = cli("diff", trip, other)
    assert code == 1
    assert 'text: "planning" | "plotting"' in out


def test_stats_as_json_is_one_object(cli, trip):
    code, out, _ = cli("stats", trip, "--format", "json")
    assert code == 0
    assert out.count("\n") == 1
    assert json.loads(out)["tasks"]["total"] == 6
    assert "llm.chat" in cli("stats", trip)[1]


def test_export_to_stdout_and_to_a_file(cli, trip, tmp_path):
    code, out, _ = cli("export", trip)
    assert code == 0
    target = tmp_path / "spans.json"
    code, said, _ = cli("export", trip, "--format", "otlp-json", "-o", target)
    assert (code, said) == (0, f"{target}\n")
    assert json.loads(target.read_text("utf-8")) == json.loads(out)


def test_the_timeline_goes_beside_the_journal(cli, trip, tmp_path):
    code, out, err = cli("timeline", trip)
    assert (code, out, err) == (0, f"{tmp_path / 'trip.html'}\n", "")
    page = (tmp_path / "trip.html").read_text("utf-8")
    code, out, _ = cli("timeline", trip, "-o", "-")
    assert out == page + "\n"


def test_only_an_older_timeline_is_overwritten_unasked(cli, trip, tmp_path):
    assert cli("timeline", trip)[0] == 0
    assert cli("timeline", trip)[0] == 0
    report = tmp_path / "trip.html"
    report.write_text("<h1>My report</h1>", "utf-8")
    code, _, err = cli("timeline", trip)
    assert code == 1
    assert "is there already and is no timeline" in err
    assert report.read_text("utf-8") == "<h1>My report</h1>"
    assert cli("timeline", trip, "-o", report)[0] == 0


def test_the_journal_is_never_overwritten(cli, trip):
    before = trip.read_bytes()
    code, _, err = cli("timeline", trip, "-o", trip)
    assert code == 1
    assert "is the journal itself" in err
    assert trip.read_bytes() == before


def test_a_target_that_cannot_be_written(cli, trip, tmp_path):
    code, _, err = cli("timeline", trip, "-o", tmp_path / "no" / "such" / "folder.html")
    assert code == 1
    assert "can't be written: no such file or directory" in err
    code, _, err = cli("export", trip, "-o", tmp_path)
    assert code == 1
    assert "can't be written" in err


def test_lone_surrogates_are_written_as_escapes(cli, write_journal, tmp_path, trip_lines):
    trip_lines[1]["text"] = "half \ud800"
    journal = write_journal(tmp_path / "j.jsonl", trip_lines)
    for what in ("show", "stats", "export", "timeline"):
        assert cli(what, journal)[0] == 0


def test_help_of_the_command(capsys):
    from lumen.cli.main import main

    assert main(["help", "trace"]) == 0
    assert capsys.readouterr().out.startswith("usage: lumen trace show JOURNAL")
    assert main(["help"]) == 0
    assert "lumen trace WHAT JOURNAL" in capsys.readouterr().out


def test_a_program_is_named_if_it_is_given_for_a_journal(cli, tmp_path):
    program = tmp_path / "main.lumen"
    program.write_text("print(1)\n", "utf-8")
    assert cli("show", program)[2].startswith("error[not-a-journal]: ")
