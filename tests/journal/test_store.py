"""Writing: what is flushed is in the file, nothing is overwritten, and a full disk costs only what it refuses."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from lumen.journal.blobs import BlobStore
from lumen.journal.errors import JournalError
from lumen.journal.reading import read_lines, verify
from lumen.journal.store import BUFFER_BYTES, JournalWriter, MemoryJournal
from lumen.journal.values import encode_value
from tests.journal.making import BODIES, HEADER, body, sample, write_lines

EMIT = {"event": "emit", "task": 1, "value": 1}


def count(path):
    return sum(1 for _ in read_lines(path))


def refused(fn, *args, **options):
    with pytest.raises(JournalError) as caught:
        fn(*args, **options)
    return caught.value


def test_flushed_lines_are_in_the_file(tmp_path):
    path = tmp_path / "j"
    writer = JournalWriter.create(path)
    write_lines(writer, [HEADER, EMIT])
    assert path.read_bytes() == b""
    writer.flush()
    assert count(path) == 2
    write_lines(writer, [EMIT])
    assert writer.seq == 3
    assert count(path) == 2
    writer.close()
    writer.close()
    assert count(path) == 3


def test_much_at_once_does_not_stay_in_memory(tmp_path):
    writer = JournalWriter.create(tmp_path / "j")
    write_lines(writer, [HEADER, {**EMIT, "value": "x" * BUFFER_BYTES}])
    assert count(tmp_path / "j") == 2
    writer.close()


def test_chain_names_the_whole_history(tmp_path):
    path = sample(tmp_path / "a")
    writer = JournalWriter.create(tmp_path / "b")
    write_lines(writer, [HEADER, *BODIES])
    assert writer.chain == verify(path).chain
    writer.close()


def test_append_goes_on_with_the_chain(tmp_path):
    whole = sample(tmp_path / "whole").read_bytes()
    path = tmp_path / "j"
    for cut in (len(whole) - 1, len(whole) - 5, whole.rindex(b"\n", 0, -1) + 1):
        path.write_bytes(whole[:cut])
        writer = JournalWriter.append(path)
        assert writer.seq == len(BODIES)
        assert path.read_bytes() == whole[:cut]  # nothing is touched before there is something to write
        write_lines(writer, BODIES[-1:])
        writer.close()
        assert path.read_bytes() == whole


def test_append_where_a_reader_ended(tmp_path):
    path = sample(tmp_path / "j", BODIES[:-1])
    lines = read_lines(path)
    assert len(list(lines)) == len(BODIES)
    writer = JournalWriter.append(path, at=lines.position())
    write_lines(writer, BODIES[-1:])
    writer.close()
    assert path.read_bytes() == sample(tmp_path / "whole").read_bytes()


def test_append_to_what_has_changed_meanwhile(tmp_path):
    path = sample(tmp_path / "j", BODIES[:-1])
    lines = read_lines(path)
    assert list(lines)
    with path.open("ab") as file:
        file.write(b"{")
    assert refused(JournalWriter.append, path, at=lines.position()).code == "journal-busy"


def test_append_to_what_is_damaged_or_missing(tmp_path):
    path = sample(tmp_path / "j")
    whole = path.read_bytes().replace(b"a.txt", b"b.txt")
    path.write_bytes(whole)
    assert refused(JournalWriter.append, path).code == "journal-broken"
    assert path.read_bytes() == whole
    assert refused(JournalWriter.append, tmp_path / "none").code == "no-such-file"
    assert refused(JournalWriter.append, tmp_path).code == "is-a-directory"


def test_a_finished_journal_may_be_recorded_again(tmp_path):
    path = sample(tmp_path / "j")
    before = path.read_bytes()
    writer = JournalWriter.create(path)
    write_lines(writer, [HEADER])
    assert path.read_bytes() == before  # a program that does not even start destroys nothing
    writer.flush()
    writer.close()
    assert count(path) == 1


def test_a_long_last_line_is_still_an_end(tmp_path):
    path = sample(tmp_path / "j", [{**BODIES[-1], "value": "x" * 300_000}])
    JournalWriter.create(path).close()


@pytest.mark.parametrize(
    "content", [b"important\n", b"{}\n", b'{"chain":"', b'{"chain":"0"}\n', b'{"chain":"\n', b"\0", b'{"chain":"[1]\n']
)
def test_nothing_else_is_overwritten(tmp_path, content):
    path = tmp_path / "j"
    path.write_bytes(content)
    error = refused(JournalWriter.create, path)
    assert error.code == "journal-exists"
    assert str(path) in error.message
    assert path.read_bytes() == content


@pytest.mark.parametrize("cut", [1, 2, 30, 200])
def test_a_run_that_was_cut_off_is_not_overwritten(tmp_path, cut):
    path = sample(tmp_path / "j")
    content = path.read_bytes()[:-cut]
    path.write_bytes(content)
    error = refused(JournalWriter.create, path)
    assert error.code == "journal-exists"
    assert f"lumen resume {path}" in error.message
    assert path.read_bytes() == content


def test_an_empty_file_may_be_used(tmp_path):
    path = tmp_path / "j"
    path.write_bytes(b"")
    JournalWriter.create(path).close()


def test_places_where_no_file_can_be(tmp_path):
    assert refused(JournalWriter.create, tmp_path).code == "is-a-directory"
    error = refused(JournalWriter.create, tmp_path / "none" / "j")
    assert error.code == "journal-unwritable"
    assert "no such folder" in error.message
    (tmp_path / "file").write_text("")
    assert refused(JournalWriter.create, tmp_path / "file" / "j").code == "journal-unwritable"
    assert refused(JournalWriter.create, "a\0b").code == "journal-unwritable"


def test_no_permission(tmp_path, monkeypatch):
    def forbid(path, flags, mode=0o777):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "open", forbid)
    error = refused(JournalWriter.create, tmp_path / "j")
    assert error.code == "journal-unwritable"
    assert "Permission denied" in error.message


def test_devices(tmp_path):
    writer = JournalWriter.create(os.devnull, fsync="always")
    write_lines(writer, [HEADER, *BODIES])
    writer.close()


# --- one writer at a time -------------------------------------------------------------------------------------------

posix = pytest.mark.skipif(sys.platform == "win32", reason="no locks there")


@posix
def test_a_second_writer_is_refused(tmp_path):
    path = tmp_path / "j"
    first = JournalWriter.create(path)
    assert refused(JournalWriter.create, path).code == "journal-busy"
    write_lines(first, [HEADER])
    first.flush()
    assert refused(JournalWriter.append, path).code == "journal-busy"
    first.close()
    JournalWriter.append(path).close()


@posix
def test_a_killed_writer_holds_nothing(tmp_path):
    code = (
        "import os, sys\n"
        "from lumen.journal.store import JournalWriter\n"
        "from tests.journal.making import HEADER, body\n"
        "writer = JournalWriter.create(sys.argv[1])\n"
        "writer.write(body(HEADER)); writer.flush(); print('up', flush=True); sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "j")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    assert refused(JournalWriter.append, tmp_path / "j").code == "journal-busy"
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()
    writer = JournalWriter.append(tmp_path / "j")
    write_lines(writer, BODIES)
    writer.close()
    assert count(tmp_path / "j") == 1 + len(BODIES)


# --- the disk -------------------------------------------------------------------------------------------------------


def test_fsync_policy(tmp_path, monkeypatch):
    synced = []
    for name in ("fsync", "fdatasync"):
        if hasattr(os, name):
            monkeypatch.setattr(os, name, lambda fd: synced.append(os.fstat(fd).st_size))
    never = JournalWriter.create(tmp_path / "never")
    write_lines(never, [HEADER])
    never.close()
    assert synced == []
    always = JournalWriter.create(tmp_path / "always", fsync="always")
    del synced[:]  # the folder
    always.flush()
    write_lines(always, [HEADER])
    always.flush()
    assert synced == [os.path.getsize(tmp_path / "always")]
    always.flush()
    assert len(synced) == 1
    write_lines(always, [{**EMIT, "value": "x" * BUFFER_BYTES}])
    assert len(synced) == 1  # nobody waits for it yet
    always.flush()
    assert synced[1:] == [os.path.getsize(tmp_path / "always")]
    always.close()


def test_a_failing_sync_is_not_taken_for_done(tmp_path, monkeypatch):
    def fail(fd):
        raise OSError(errno.EIO, "I/O error")

    writer = JournalWriter.create(tmp_path / "j", fsync="always")
    write_lines(writer, [HEADER])
    with monkeypatch.context() as patch:
        for name in ("fsync", "fdatasync"):
            if hasattr(os, name):
                patch.setattr(os, name, fail)
        assert refused(writer.flush).code == "journal-unwritable"
        assert refused(writer.flush).code == "journal-unwritable"
    writer.flush()
    writer.close()


@pytest.mark.parametrize("room", [0, 1, 9, 10, 50, 400, 1000])
def test_short_writes_and_a_full_disk(tmp_path, monkeypatch, room):
    """The system takes a few bytes at a time, then none; later there is room again."""
    left = [room]
    write = os.write

    def crowded(fd, data):
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = write(fd, data[: min(left[0], 7)])
        left[0] -= done
        return done

    path = tmp_path / "j"
    writer = JournalWriter.create(path)
    write_lines(writer, [HEADER])
    writer.flush()
    head = path.stat().st_size
    write_lines(writer, BODIES)
    monkeypatch.setattr(os, "write", crowded)
    if room < 900:
        error = refused(writer.flush)
        assert error.code == "journal-full"
        assert str(path) in error.message
        assert path.stat().st_size == head + room
        lines = read_lines(path)
        assert len(list(lines)) <= 1 + len(BODIES)
        assert refused(writer.flush).code == "journal-full"
    left[0] = 100_000
    writer.close()
    assert path.read_bytes() == sample(tmp_path / "whole").read_bytes()


@posix
def test_a_quota(tmp_path):
    """The limit of the process on the size of files stands for a full disk; every size leaves a journal to read."""
    code = (
        "import resource, sys\n"
        "from lumen.journal.errors import JournalError\n"
        "from lumen.journal.store import JournalWriter\n"
        "from tests.journal.making import BODIES, HEADER, write_lines\n"
        "for size in range(500, 2000, 61):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))\n"
        "    writer = JournalWriter.create(f'{sys.argv[1]}/{size}')\n"
        "    try:\n"
        "        for line in [HEADER, *BODIES]:\n"
        "            write_lines(writer, [line]); writer.flush()\n"
        "        writer.close()\n"
        "    except JournalError as error:\n"
        "        assert error.code == 'journal-full', error\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    complete = sample(tmp_path / "whole").read_bytes()
    seen = set()
    for size in range(500, 2000, 61):
        path = tmp_path / str(size)
        assert complete.startswith(path.read_bytes())
        lines = read_lines(path)
        seen.add((len(list(lines)), lines.torn))
    assert len(seen) > 3
    assert (1 + len(BODIES), False) in seen


# --- beside the file ------------------------------------------------------------------------------------------------


def test_blobs_of_a_journal_that_is_recorded_again(tmp_path):
    path = tmp_path / "j"
    blobs = BlobStore(path)
    old = encode_value("old" * 50_000, blobs=blobs)
    sample(path, [{**BODIES[-1]}])
    assert len(blobs.names()) == 1
    again = BlobStore(path)
    writer = JournalWriter.create(path, blobs=again)
    new = encode_value("new" * 50_000, blobs=again)
    writer.write(body(HEADER))
    writer.write(f'"event":"emit","seq":1,"task":1,"value":{new}}}')
    assert len(blobs.names()) == 2
    writer.close()
    assert [name for name in blobs.names() if name in new] == blobs.names()
    assert old != new
    assert verify(path).blobs == 1


def test_in_memory(tmp_path):
    memory = MemoryJournal()
    write_lines(memory, [HEADER, *BODIES])
    memory.flush()
    memory.close()
    assert memory.seq == 1 + len(BODIES)
    found = [
        {key: value for key, value in line.items() if key != "chain"} for _, line in read_lines(sample(tmp_path / "j"))
    ]
    assert memory.lines() == found
