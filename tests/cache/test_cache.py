"""The code cache, whatever the state of its folder."""

from __future__ import annotations

import marshal
import multiprocessing
import os

import pytest

from lumen.compiler import cache as cache_room
from lumen.compiler.cache import CodeCache, default_directory

META = {"digest": b"x", "needs": [("a", b"1")], "cells": {}}
CODE = compile("x = 1", "m.lumen", "exec")


@pytest.fixture
def cache(tmp_path):
    return CodeCache(str(tmp_path / "deep" / "cache"))


def entry_path(cache, key):
    return os.path.join(cache.directory, key.hex() + ".lmc")


def test_what_is_stored_is_loaded(cache):
    key = cache.key(b"x = 1", "m.lumen", "000")
    assert cache.load(key) is None
    assert cache.store(key, META, CODE)
    assert cache.load(key) == (META, CODE)
    assert [name for name in os.listdir(cache.directory) if not name.endswith(".lmc")] == []


def test_keys_depend_on_everything(cache, monkeypatch):
    keys = [
        cache.key(b"x", "m", "0"),
        cache.key(b"y", "m", "0"),
        cache.key(b"x", "n", "0"),
        cache.key(b"x", "m", "1"),
        cache.key(b"", "m", "0x"),
    ]
    monkeypatch.setattr(cache_room.lumen, "__version__", "999")
    monkeypatch.setattr(cache_room, "_stamps", [])  # as in another process
    keys.append(CodeCache(None).key(b"x", "m", "0"))
    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {32}


def damaged(data: bytes) -> dict[str, bytes]:
    flipped = bytearray(data)
    flipped[-1] ^= 1
    longer = marshal.dumps((1, 2, 3))
    return {
        "empty": b"",
        "cut in the head": data[:20],
        "cut in the payload": data[:-1],
        "longer": data + b"x",
        "a flipped bit": bytes(flipped),
        "another layout": b"LUMENC\x00\x7f" + data[8:],
        "garbage": os.urandom(500),
        "another key": data[:8] + bytes(32) + data[40:],
        "another payload": data[:40] + len(longer).to_bytes(8, "little") + data[48:64] + longer,
    }


def test_damaged_entries_are_misses_and_are_replaced(cache):
    key = cache.key(b"x", "m", "0")
    cache.store(key, META, CODE)
    path = entry_path(cache, key)
    with open(path, "rb") as file:
        good = file.read()
    for what, data in damaged(good).items():
        with open(path, "wb") as file:
            file.write(data)
        assert cache.load(key) is None, what
        assert cache.store(key, META, CODE)
        assert cache.load(key) == (META, CODE)


def test_every_single_flipped_byte_is_noticed(cache):
    key = cache.key(b"x", "m", "0")
    cache.store(key, META, CODE)
    path = entry_path(cache, key)
    with open(path, "rb") as file:
        good = file.read()
    for at in range(len(good)):
        with open(path, "wb") as file:
            file.write(good[:at] + bytes([good[at] ^ 0x41]) + good[at + 1 :])
        assert cache.load(key) is None, at


def test_folders_that_cannot_be_used(tmp_path):
    (tmp_path / "file").write_text("")
    for place in (None, str(tmp_path / "file"), str(tmp_path / "file" / "below"), "/proc/nowhere", "\0"):
        try:
            cache = CodeCache(place)
            key = cache.key(b"x", "m", "0")
            assert cache.load(key) is None
            assert not cache.store(key, META, CODE)
        except ValueError:
            # A NUL in a path can't come from an environment variable.
            assert place == "\0"


def test_a_full_disk(cache, monkeypatch):
    key = cache.key(b"x", "m", "0")

    def full(handle, data):
        raise OSError(28, "No space left on device")

    os.makedirs(cache.directory)
    with monkeypatch.context() as patched:
        patched.setattr(cache_room.os, "write", full)
        assert not cache.store(key, META, CODE)
    assert os.listdir(cache.directory) == []


def test_a_folder_in_place_of_an_entry(cache):
    key = cache.key(b"x", "m", "0")
    os.makedirs(entry_path(cache, key))
    assert cache.load(key) is None
    assert not cache.store(key, META, CODE)


def test_refusals_are_traced_on_demand(cache, monkeypatch, capsys):
    key = cache.key(b"x", "m", "0")
    cache.store(key, META, CODE)
    with open(entry_path(cache, key), "wb") as file:
        file.write(b"nonsense")
    cache.load(key)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("LUMEN_CACHE_DEBUG", "1")
    cache.load(key)
    assert "not an entry of this layout" in capsys.readouterr().err


def test_the_folder_stays_bounded(cache):
    keys = [cache.key(b"%d" % number, "m", "0") for number in range(40)]
    for age, key in enumerate(keys):
        cache.store(key, META, CODE)
        os.utime(entry_path(cache, key), (1_000_000 + age, 1_000_000 + age))
    size = os.path.getsize(entry_path(cache, keys[0]))
    cache.trim(size * 20)
    left = [key for key in keys if os.path.exists(entry_path(cache, key))]
    assert left == keys[-10:]
    cache.trim(size * 20)
    assert len(os.listdir(cache.directory)) == 10


def test_where_it_lives(monkeypatch):
    monkeypatch.setenv("LUMEN_CACHE_DIR", "/some/where")
    assert default_directory() == "/some/where"
    monkeypatch.setenv("LUMEN_CACHE_DIR", "")
    assert default_directory() is None
    monkeypatch.delenv("LUMEN_CACHE_DIR")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert default_directory() == "/xdg/lumen"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/me")
    assert default_directory() == "/home/me/.cache/lumen"
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_directory() == "/home/me/Library/Caches/lumen"


def _race(directory: str, start, results) -> None:
    cache = CodeCache(directory)
    key = cache.key(b"raced", "m", "0")
    start.wait()
    fine = True
    for _ in range(100):
        cache.store(key, META, CODE)
        found = cache.load(key)
        fine = fine and found == (META, CODE)
    results.put(fine)


@pytest.mark.slow
def test_16_racing_processes(tmp_path):
    context = multiprocessing.get_context("spawn")
    start = context.Event()
    results = context.Queue()
    processes = [context.Process(target=_race, args=(str(tmp_path), start, results)) for _ in range(16)]
    for process in processes:
        process.start()
    start.set()
    assert [results.get(timeout=60) for _ in processes] == [True] * 16
    for process in processes:
        process.join()
    assert [name for name in os.listdir(tmp_path) if name.endswith(".tmp")] == []
