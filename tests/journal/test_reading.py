"""Whatever has happened to a journal, reading it says so and gives what is whole."""

from __future__ import annotations

import json
import os

import pytest

from lumen.journal.errors import JournalError
from lumen.journal.reading import read_lines, verify
from lumen.journal.store import JournalWriter
from tests.journal.making import BODIES, HEADER, body, sample, write_lines


def read(path):
    lines = read_lines(path)
    found = [line for _, line in lines]
    return found, lines.torn


def refused(path, fn=read):
    with pytest.raises(JournalError) as caught:
        fn(path)
    assert str(path) in caught.value.message
    return caught.value


def test_reads_what_was_written(tmp_path):
    lines = read_lines(sample(tmp_path / "j"))
    found = list(lines)
    assert [seq for seq, _ in found] == list(range(len(BODIES) + 1))
    assert [line["event"] for _, line in found] == ["run_start", *[line["event"] for line in BODIES]]
    assert found[0][1]["sources"] == HEADER["sources"]
    assert found[-1][1]["value"] == {"$tuple": [1, 1.0, "\ud800"]}
    assert not lines.torn
    assert lines.position().end == lines.position().size == os.path.getsize(tmp_path / "j")


def test_lines_are_canonical(tmp_path):
    for line in sample(tmp_path / "j").read_bytes().splitlines():
        text = line.decode()
        again = json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert again.encode("utf-8", "backslashreplace") == line


def test_when_and_where_are_no_part_of_the_chain(tmp_path):
    first = sample(tmp_path / "a").read_bytes().split(b"\n")
    second = sample(tmp_path / "b", recorded={"at": "later", "program": "elsewhere"}).read_bytes().split(b"\n")
    third = sample(tmp_path / "c", seed=1).read_bytes().split(b"\n")
    assert first[0] != second[0]
    assert first[1:] == second[1:]
    assert all(ours != theirs for ours, theirs in zip(first[1:-1], third[1:-1], strict=True))


@pytest.mark.slow
def test_cut_at_every_byte(tmp_path):
    """A prefix is read, never more and never something else; `torn` says whether something was left out."""
    many = [*BODIES[:-1], *[{"event": "emit", "task": 1, "value": f"nr {n} …"} for n in range(60)], BODIES[-1]]
    whole = sample(tmp_path / "whole", many).read_bytes()
    expected, _ = read(tmp_path / "whole")
    assert len(whole) > 5000
    path = tmp_path / "cut"
    for size in range(len(whole) - 4096, len(whole)):
        path.write_bytes(whole[:size])
        found, torn = read(path)
        lines = whole[:size].count(b"\n")
        assert found == expected[:lines]
        assert torn == (whole[size - 1] != ord("\n"))
        verified = verify(path)
        assert (verified.lines, verified.torn, verified.finished) == (lines, torn, False)


def test_cut_within_the_first_line(tmp_path):
    whole = sample(tmp_path / "whole").read_bytes()
    path = tmp_path / "cut"
    for size in range(whole.index(b"\n") + 1):
        path.write_bytes(whole[:size])
        assert refused(path).code == "journal-empty"


@pytest.mark.slow
def test_every_changed_byte_is_found(tmp_path):
    """`verify` finds each change of one byte, and names the line; but for when and where a run was recorded."""
    whole = sample(tmp_path / "whole").read_bytes()
    path = tmp_path / "changed"
    free_from = whole.index(b'"recorded":{') + len(b'"recorded":{')
    free_to = whole.index(b"}", free_from)
    for at in range(len(whole)):
        if free_from <= at < free_to:
            continue
        line = whole.count(b"\n", 0, at) + 1
        for byte in {whole[at] ^ 1, whole[at] ^ 32, ord("\n"), ord('"'), 0} - {whole[at]}:
            path.write_bytes(whole[:at] + bytes([byte]) + whole[at + 1 :])
            if at == len(whole) - 1:
                assert verify(path).torn  # the last newline: whoever cut it off has left no more than a crash does
                continue
            if whole[at] == ord("1") and whole[:at].endswith(b'"format":') and byte in b"0123456789":
                assert refused(path, verify).code in ("journal-version", "journal-broken")
                continue
            error = refused(path, verify)
            assert error.code in ("journal-broken", "not-a-journal", "journal-empty"), (at, byte)
            assert error.line == line or error.code == "journal-empty", (at, byte, error)


def test_a_change_is_found_while_reading(tmp_path):
    path = sample(tmp_path / "j")
    whole = path.read_bytes()
    lines = read_lines(path)
    at = whole.index(b"a.txt")
    path.write_bytes(whole[:at] + b"b" + whole[at + 1 :])
    found = []
    error = None
    try:
        for _, line in read_lines(path):
            found.append(line["event"])
    except JournalError as caught:
        error = caught
    assert found == ["run_start", "tasks"]
    assert error is not None
    assert (error.code, error.line) == ("journal-broken", 3)
    lines.close()


@pytest.mark.parametrize("edit", ["remove", "swap", "double", "blank"])
def test_lines_moved_about(tmp_path, edit):
    path = sample(tmp_path / "j")
    lines = path.read_bytes().splitlines(keepends=True)
    if edit == "remove":
        del lines[3]
    elif edit == "swap":
        lines[3], lines[4] = lines[4], lines[3]
    elif edit == "double":
        lines.insert(3, lines[3])
    else:
        lines.insert(3, b"\n")
    path.write_bytes(b"".join(lines))
    error = refused(path)
    assert error.code == "journal-broken"
    assert error.line in (4, 5)


def test_a_damaged_last_line_is_torn_for_readers_and_damage_for_verify(tmp_path):
    path = sample(tmp_path / "j")
    whole = path.read_bytes()
    path.write_bytes(whole[:-20] + b"\0" * 19 + b"\n")
    found, torn = read(path)
    assert torn
    assert len(found) == len(BODIES)
    assert refused(path, verify).line == len(BODIES) + 1


def test_blocks_of_nothing_after_a_power_cut(tmp_path):
    path = sample(tmp_path / "j")
    path.write_bytes(path.read_bytes() + b"\0" * 4096)
    found, torn = read(path)
    assert torn
    assert len(found) == len(BODIES) + 1


@pytest.mark.parametrize(("behind", "torn"), [(1000, True), (1_040_000, True), (1_060_000, False)])
def test_a_hole_that_a_power_cut_has_left(tmp_path, behind, torn):
    path = sample(tmp_path / "j", [*BODIES[:2], {"event": "emit", "task": 1, "value": "x" * behind}, *BODIES[2:]])
    whole = path.read_bytes()
    at = whole.index(b'"a.txt"')
    path.write_bytes(whole[:at] + bytes(512) + whole[at + 512 :])
    assert refused(path, verify).line == 3
    if not torn:
        assert refused(path).line == 3
        return
    found, was_torn = read(path)
    assert was_torn
    assert [line["event"] for line in found] == ["run_start", "tasks"]
    writer = JournalWriter.append(path)
    write_lines(writer, [BODIES[1], {"event": "emit", "task": 1, "value": "x" * behind}, *BODIES[2:]])
    writer.close()
    assert path.read_bytes() == whole


def test_fewer_zeros_are_a_change(tmp_path):
    path = sample(tmp_path / "j")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"a.txt", bytes(5)))
    assert refused(path).line == 3


def test_lines_longer_than_a_block(tmp_path):
    lines = [{"event": "emit", "task": 1, "value": "é" * size} for size in (1, 300_000, 131_072, 2_000_000, 5)]
    found, torn = read(sample(tmp_path / "j", lines, sources={"main.lumen": "x" * 700_000}))
    assert not torn
    assert [line["value"] for line in found[1:]] == [line["value"] for line in lines]


@pytest.mark.parametrize(
    "content",
    [
        b"hello\n",
        b"hello",
        b"\n\n",
        b"\0",
        b"\x7fELF\x02\x01\x01" + bytes(1000),
        b"\x89PNG\r\n\x1a\n",
        b"{}\n",
        b'{"chain":5}\n',
        b'{"a":1}\n{"b":2}\n',
        b"[" * 100_000,
        "cell main()\nend\n".encode("utf-16"),
        b"PK\x03\x04" + os.urandom(5000),
    ],
)
def test_what_is_not_a_journal(tmp_path, content):
    path = tmp_path / "j"
    path.write_bytes(content)
    assert refused(path).code == "not-a-journal"
    assert refused(path, verify).code == "not-a-journal"
    assert refused(path, JournalWriter.append).code == "not-a-journal"
    assert path.read_bytes() == content


def test_a_chained_file_of_something_else(tmp_path):
    writer = JournalWriter.create(tmp_path / "j")
    write_lines(writer, [{"event": "hello"}])
    writer.close()
    assert refused(tmp_path / "j").code == "not-a-journal"


def test_empty_file(tmp_path):
    (tmp_path / "j").write_bytes(b"")
    assert refused(tmp_path / "j").code == "journal-empty"


def test_no_file_and_directory(tmp_path):
    assert refused(tmp_path / "j").code == "no-such-file"
    assert refused(tmp_path).code == "is-a-directory"


def test_no_permission(tmp_path, monkeypatch):
    def forbid(path, *args, **options):
        raise PermissionError(13, "Permission denied", path)

    path = sample(tmp_path / "j")
    monkeypatch.setattr("builtins.open", forbid)
    error = refused(path)
    assert error.code == "unreadable"
    assert "Permission denied" in error.message


def test_a_file_that_the_system_will_not_open(tmp_path):
    with pytest.raises(JournalError) as caught:
        read_lines(str(tmp_path / ("x" * 5000)))
    assert caught.value.code == "unreadable"
    with pytest.raises(JournalError) as caught:
        read_lines("a\0b")
    assert caught.value.code == "unreadable"


def test_a_later_format(tmp_path):
    error = refused(sample(tmp_path / "j", format=2, language="7.5"))
    assert error.code == "journal-version"
    assert "format 2" in error.message
    assert "7.5" in error.message
    assert "update" in error.message


def test_a_later_format_may_have_another_chain(tmp_path):
    path = sample(tmp_path / "j", format=2)
    path.write_bytes(path.read_bytes().replace(b'{"chain":"', b'{"chain":"sha512-', 1))
    assert refused(path).code == "journal-version"


@pytest.mark.parametrize("version", [0, -1, True, "1", None, 1.0])
def test_a_format_that_is_none(tmp_path, version):
    assert refused(sample(tmp_path / "j", format=version)).code == "journal-broken"


def test_converted_line_ends(tmp_path):
    path = sample(tmp_path / "j")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    error = refused(path)
    assert (error.code, error.line) == ("journal-broken", 1)
    assert "line ends" in error.message


def test_wrong_numbers_with_right_chains(tmp_path):
    writer = JournalWriter.create(tmp_path / "j")
    writer.write(body(HEADER))
    writer.write(body({"event": "emit", "seq": 1, "task": 1, "value": 1}))
    writer.write(body({"event": "emit", "seq": 7, "task": 1, "value": 1}))
    writer.close()
    error = refused(tmp_path / "j")
    assert (error.code, error.line) == ("journal-broken", 3)


@pytest.mark.parametrize("forged", ['"event":', '"event":NaN,"seq":1}', '"event":1},{"seq":1}', '"x":"\udcff', "}"])
def test_right_chains_over_what_is_not_json(tmp_path, forged):
    writer = JournalWriter.create(tmp_path / "j")
    writer.write(body(HEADER))
    writer.write(forged)
    writer.write(body({"event": "emit", "seq": 2, "task": 1, "value": 1}))
    writer.close()
    error = refused(tmp_path / "j")
    assert (error.code, error.line) == ("journal-broken", 2)


def test_verify_counts(tmp_path):
    path = sample(tmp_path / "j")
    verified = verify(path)
    assert (verified.lines, verified.finished, verified.torn, verified.blobs) == (len(BODIES) + 1, True, False, 0)
    assert path.read_bytes().splitlines()[-1].startswith(b'{"chain":"%b"' % verified.chain.encode())
