"""Large values live beside the journal; a line never names one that is not there and whole."""

from __future__ import annotations

import errno
import json
import os

import pytest

from lumen.journal.blobs import INLINE_BYTES, BlobStore
from lumen.journal.errors import JournalError
from lumen.journal.history import load_history
from lumen.journal.reading import verify
from lumen.journal.values import decode_value, encode_value
from tests.journal.making import BODIES, sample


def refused(fn, *args):
    with pytest.raises(JournalError) as caught:
        fn(*args)
    return caught.value


@pytest.mark.parametrize("value", ["x" * INLINE_BYTES, ["é" * 40_000, {"a": 1}], b"\0" * 70_000, "\ud800" * 20_000])
def test_round_trip(tmp_path, value):
    blobs = BlobStore(tmp_path / "j")
    text = encode_value(value, blobs=blobs)
    assert len(text) < 120
    form = json.loads(text)
    assert list(form) == ["$blob", "size"]
    assert form["size"] == os.path.getsize(tmp_path / "j.blobs" / form["$blob"])
    assert decode_value(form, None, BlobStore(tmp_path / "j")) == value
    assert encode_value(value) == (tmp_path / "j.blobs" / form["$blob"]).read_text("utf-8")


@pytest.mark.parametrize(("size", "is_large"), [(INLINE_BYTES - 2, False), (INLINE_BYTES - 1, True)])
def test_what_is_large(tmp_path, size, is_large):
    assert ("$blob" in encode_value("x" * size, blobs=BlobStore(tmp_path / "j"))) is is_large
    assert (tmp_path / "j.blobs").exists() is is_large


def test_bytes_count_and_not_characters(tmp_path):
    assert "$blob" in encode_value("🚀" * (INLINE_BYTES // 4), blobs=BlobStore(tmp_path / "j"))


def test_the_same_value_is_kept_once(tmp_path, monkeypatch):
    replaced = []
    monkeypatch.setattr(os, "replace", lambda a, b, replace=os.replace: (replaced.append(b), replace(a, b)))
    blobs = BlobStore(tmp_path / "j")
    first = encode_value("x" * 100_000, blobs=blobs)
    assert encode_value("x" * 100_000, blobs=blobs) == first
    assert encode_value("x" * 100_000, blobs=BlobStore(tmp_path / "j")) == first  # another process, after a crash
    assert len(replaced) == 1


def test_a_damaged_blob_is_written_again(tmp_path):
    blobs = BlobStore(tmp_path / "j")
    digest = json.loads(encode_value("x" * 100_000, blobs=blobs))["$blob"]
    (tmp_path / "j.blobs" / digest).write_text("half")
    again = BlobStore(tmp_path / "j")
    assert refused(again.load, digest).code == "missing-blob"
    encode_value("x" * 100_000, blobs=again)
    assert again.load(digest) == "x" * 100_000


@pytest.mark.parametrize("damage", [None, b"", b'"x"', b"\xff"])
def test_missing_and_damaged(tmp_path, damage):
    path = tmp_path / "j"
    text = encode_value("x" * 100_000, blobs=BlobStore(path))
    form = json.loads(text)
    sample(path, [{"event": "emit", "task": 1, "value": form}, BODIES[-1]])
    assert verify(path).blobs == 1
    blob = tmp_path / "j.blobs" / form["$blob"]
    if damage is None:
        blob.unlink()
    else:
        blob.write_bytes(damage)
    error = refused(verify, path)
    assert (error.code, error.line) == ("missing-blob", 2)
    assert str(blob) in error.message
    history = load_history(path)
    assert refused(history.value, form).code == "missing-blob"
    assert history.show(form) == f"<100002 bytes, missing: {form['$blob'][:12]}…>"


def test_a_folder_in_its_place(tmp_path):
    digest = json.loads(encode_value("x" * 100_000, blobs=BlobStore(tmp_path / "j")))["$blob"]
    (tmp_path / "j.blobs" / digest).unlink()
    (tmp_path / "j.blobs" / digest).mkdir()
    assert refused(BlobStore(tmp_path / "j").load, digest).code == "missing-blob"


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, "journal-full"), (errno.EDQUOT, "journal-full"), (errno.EACCES, "journal-unwritable")],
)
def test_no_room(tmp_path, monkeypatch, number, code):
    def fail(a, b):
        raise OSError(number, "no")

    monkeypatch.setattr(os, "replace", fail)
    blobs = BlobStore(tmp_path / "j")
    with pytest.raises(JournalError) as caught:
        encode_value("x" * 100_000, blobs=blobs)
    assert caught.value.code == code
    assert os.listdir(tmp_path / "j.blobs") == []
    monkeypatch.undo()
    assert "$blob" in encode_value("x" * 100_000, blobs=blobs)
    assert len(blobs.names()) == 1


def test_synced_before_the_line_that_names_it(tmp_path, monkeypatch):
    events = []
    monkeypatch.setattr(os, "fsync", lambda fd: events.append("fsync"))
    monkeypatch.setattr(os, "replace", lambda a, b, replace=os.replace: (events.append("replace"), replace(a, b)))
    encode_value("x" * 100_000, blobs=BlobStore(tmp_path / "j", fsync=True))
    assert events == ["fsync", "replace", "fsync"]
    del events[:]
    encode_value("y" * 100_000, blobs=BlobStore(tmp_path / "j"))
    assert events == ["replace"]


def test_other_files_in_the_folder_are_left_alone(tmp_path):
    blobs = BlobStore(tmp_path / "j")
    encode_value("x" * 100_000, blobs=blobs)
    (tmp_path / "j.blobs" / "notes.txt").write_text("mine")
    BlobStore(tmp_path / "j").clear()
    assert os.listdir(tmp_path / "j.blobs") == ["notes.txt"]
