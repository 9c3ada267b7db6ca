"""The store in a folder: private, atomic, and clear errors when it is damaged or full."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

import filelock
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.processes import forked
from support.processes.forked import TOKEN, Sibling

from connector import errors
from connector.runtime.files.key_names import decode_key, encode_key
from connector.runtime.storage import record_codec
from connector.runtime.storage.file_store import FileStore

KEY = "connection:work"
NAME = "connection%3Awork.json"


class Clock:
    """A clock that never moves."""

    def time(self):
        return 1_700_000_000.0

    def monotonic(self):
        return 0.0

    def wait_or_stop(self, seconds, stop_event):
        raise AssertionError("nobody should wait")


@pytest.fixture
def store(tmp_path):
    return FileStore(tmp_path / "store", clock=Clock())


@contextlib.contextmanager
def umask(mask):
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


# F64: private whatever the umask; refused when open to others


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o177, 0o777])
def test_folders_are_0700_and_files_0600_whatever_the_umask(tmp_path, mask):
    with umask(mask):
        store = FileStore(tmp_path / "made" / "deep" / "store")
        store.write(KEY, {"a": 1})
        with store.lock(KEY, 1.0):
            assert store.read(KEY).data == {"a": 1}
    made = list((tmp_path / "made").rglob("*"))
    assert {path.name for path in made} == {
        "deep",
        "store",
        "locks",
        NAME,
        "connection%3Awork.lock",
        "connection%3Awork.write",
    }
    assert {mode(path) for path in [tmp_path / "made", *made] if path.is_dir()} == {0o700}
    assert {mode(path) for path in made if path.is_file()} == {0o600}


@pytest.mark.parametrize("open_mode", [0o644, 0o666, 0o640, 0o604])
def test_a_file_open_to_others_is_refused_with_the_command_that_closes_it(store, open_mode):
    store.write(KEY, {"token": TOKEN})
    path = store.folder / NAME
    path.chmod(open_mode)
    for work in (lambda: store.read(KEY), lambda: store.write(KEY, {})):
        with pytest.raises(errors.StoreError, match=f"chmod 600 {path}") as caught:
            work()
        assert caught.value.path == str(path)
        assert TOKEN not in str(caught.value)
    path.chmod(0o600)
    assert store.read(KEY).data == {"token": TOKEN}


@pytest.mark.parametrize("open_mode", [0o755, 0o777, 0o710, 0o1777])
def test_a_folder_open_to_others_is_refused_with_the_command_that_closes_it(store, open_mode):
    store.write(KEY, {})
    store.folder.chmod(open_mode)
    for work in (lambda: store.read(KEY), lambda: store.write(KEY, {}), store.keys, lambda: store.remove(KEY),
                 lambda: store.lock(KEY, 1), lambda: store.prepare(KEY), lambda: FileStore(store.folder)):  # fmt: skip
        with pytest.raises(errors.StoreError, match=f"chmod 700 {store.folder}"):
            work()


def test_a_parent_where_anybody_may_write_is_refused(tmp_path):
    parent = tmp_path / "open to all"
    parent.mkdir()
    parent.chmod(0o777)
    with pytest.raises(errors.StoreError, match=f"chmod o-w '{parent}'"):
        FileStore(parent / "store").write(KEY, {})
    parent.chmod(0o1777)  # sticky, as /tmp: nobody can replace what is another's
    assert FileStore(parent / "store").write(KEY, {}) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_another_user_is_refused(store):
    store.write(KEY, {})
    os.chown(store.folder / NAME, forked.NOBODY, -1)
    with pytest.raises(errors.StoreError, match=f"belongs to user {forked.NOBODY}.*chown 0 "):
        store.read(KEY)
    os.chown(store.folder, forked.NOBODY, -1)
    with pytest.raises(errors.StoreError, match=f"belongs to user {forked.NOBODY}"):
        store.keys()


@pytest.mark.parametrize("place", ["folder", "record", "lock", "locks"])
def test_a_symbolic_link_is_refused(store, tmp_path, place):
    store.write(KEY, {"a": 1})
    with store.lock(KEY, 1.0):
        pass
    path = {
        "folder": store.folder,
        "record": store.folder / NAME,
        "lock": store.folder / "locks" / "connection%3Awork.lock",
        "locks": store.folder / "locks",
    }[place]
    real = path.rename(tmp_path / "real")
    path.symlink_to(real)

    def work():
        with store.lock(KEY, 1.0):
            store.write(KEY, {"b": 2})
            store.read(KEY)

    with pytest.raises(errors.StoreError, match=f"{re.escape(str(path))}.*symbolic link"):
        work()


def test_a_link_in_the_place_of_a_new_file_is_not_followed(store, tmp_path):
    store.write(KEY, {})
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (store.folder / f"{NAME}.{os.getpid()}.tmp").symlink_to(victim)
    store.write(KEY, {"a": 1})
    assert victim.read_text() == "precious"
    assert store.read(KEY).data == {"a": 1}


def test_a_pipe_in_the_place_of_a_record_is_refused_and_does_not_hang(store):
    store.write(KEY, {})
    (store.folder / NAME).unlink()
    os.mkfifo(store.folder / NAME, 0o600)
    with pytest.raises(errors.StoreError, match="not a file or folder of a store"):
        store.read(KEY)


# F60: nothing is left behind


def test_what_dead_writers_left_is_gone_when_the_store_is_opened_next(store):
    store.write(KEY, {"a": 1})
    long_name = encode_key("k" * 500)
    for left in (f"{NAME}.999999999.tmp", f"{NAME}.{os.getpid()}.tmp", f"{long_name}.json.1.tmp"):
        (store.folder / left).write_text("half a rec")
    FileStore(store.folder)
    assert names(store.folder) == [NAME, "locks"]


def test_what_a_living_writer_is_writing_stays(store):
    store.write(KEY, {"a": 1})
    mine = store.folder / f"{NAME}.{os.getpid()}.tmp"
    mine.write_text("half a rec")
    with store._hold_writers(KEY):
        FileStore(store.folder)
        assert mine.exists()


def test_a_new_pid_that_a_dead_process_had_finds_its_leftovers_no_obstacle(store):
    store.write(KEY, {"a": 1})
    (store.folder / f"{NAME}.{os.getpid()}.tmp").write_text("half a rec")
    store.prepare(KEY)
    (store.folder / f"{NAME}.{os.getpid()}.tmp").write_text("half a rec")
    assert store.write(KEY, {"a": 2}) == 2
    assert names(store.folder) == [NAME, "locks"]


def test_lock_files_hold_a_pid_only_while_held(store):
    path = store.folder / "locks" / "connection%3Awork.lock"
    with store.lock(KEY, 1.0):
        assert path.read_text() == f"{os.getpid()}\n"
    assert path.read_bytes() == b""


def test_a_store_that_is_only_read_makes_nothing(tmp_path):
    store = FileStore(tmp_path / "never")
    assert store.read(KEY) is None
    assert store.keys() == []
    assert store.remove(KEY) is False
    assert not (tmp_path / "never").exists()


# F61, F62: full, read-only and failing disks


def failing(monkeypatch, name, number):
    """Make a system call fail for the temporary files of a write only."""
    real = getattr(os, name)

    def call(*args, **kwargs):
        target = args[0]
        place = os.readlink(f"/proc/self/fd/{target}") if isinstance(target, int) else str(target)
        if place.endswith(".tmp"):
            raise OSError(number, os.strerror(number), place)
        return real(*args, **kwargs)

    monkeypatch.setattr(os, name, call)


@pytest.mark.parametrize("name", ["open", "fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES])
def test_a_failing_disk_leaves_the_old_record_and_says_what_to_do(store, monkeypatch, name, number):
    store.write(KEY, {"token": "old"})
    with monkeypatch.context() as patched:
        failing(patched, name, number)
        with pytest.raises(errors.StoreError, match=os.strerror(number)) as caught:
            store.write(KEY, {"token": TOKEN})
    assert TOKEN not in str(caught.value)
    assert str(store.folder / NAME) in str(caught.value)
    assert caught.value.hint
    assert not caught.value.conflict
    assert store.read(KEY).data == {"token": "old"}
    assert names(store.folder) == [NAME, "locks"]
    assert store.write(KEY, {"token": "new"}) == 2


@pytest.mark.parametrize("name", ["open", "fsync"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
def test_preparing_fails_where_a_write_would(store, monkeypatch, name, number):
    store.write(KEY, {"token": "old"})
    with monkeypatch.context() as patched:
        failing(patched, name, number)
        with pytest.raises(errors.StoreError, match=os.strerror(number)):
            store.prepare(KEY)
    assert names(store.folder) == [NAME, "locks"]
    store.prepare(KEY)


def test_a_file_size_limit_is_a_full_disk_for_preparing_and_writing(tmp_path):
    url = f"file:{tmp_path}/store"
    FileStore(tmp_path / "store").write(KEY, {"token": "old"})
    told, full, after = Sibling(forked.write_without_room, url, KEY, 4096).end()
    assert [type(error) for error in told] == [errors.StoreError, errors.StoreError]
    assert all("File too large" in str(error) and "Free some space" in error.hint for error in told)
    assert full == {"token": "old"}
    assert after == {"token": "after"}
    assert names(tmp_path / "store") == [NAME, "locks"]


def test_a_folder_without_the_right_to_write_is_told_from_preparing_on():
    folder = Path(tempfile.mkdtemp(prefix="connector-store-"))  # where another user may go, unlike pytest's
    try:
        folder.chmod(0o755)
        place = folder / "store"
        place.mkdir(mode=0o500)
        if os.geteuid() == 0:
            os.chown(place, forked.NOBODY, forked.NOBODY)
        told = Sibling(forked.as_nobody, f"file:{place}", KEY).end()
        assert told[0] is None
        assert all("Permission denied" in str(error) and "right to" in error.hint for error in told[1:])
        assert names(place) == []
    finally:
        (folder / "store").chmod(0o700)
        shutil.rmtree(folder)


# F63: damaged records are told, kept aside, and never taken for an empty store


def rewrite(store, change):
    """Change the content of a record's file, and return it."""
    path = store.folder / NAME
    content = change(path.read_bytes())
    path.write_bytes(content)
    return content


def record_with(**changes):
    def change(content):
        return json.dumps({**json.loads(content), **changes}).encode()

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda content: b"", "empty"),
        (lambda content: b"\0" * len(content), "not complete JSON"),
        (lambda content: content[: len(content) // 2], "not complete JSON"),
        (lambda content: content.replace(b"tok-1", b"tok-2"), "checksum"),
        (lambda content: b"\xff\xfe" + content, "not complete JSON"),
        (lambda content: b'["a list"]', "not a record"),
        (lambda content: b'{"access_token": "x"}', "shape"),
        (record_with(version=7), "checksum"),
        (record_with(data=[]), "checksum"),
        (record_with(schema=0), "shape"),
    ],
)
def test_a_damaged_record_is_told_once_and_kept_aside(store, change, reason):
    store.write(KEY, {"token": "tok-1"})
    content = rewrite(store, change)
    with pytest.raises(errors.StoreError, match=reason) as caught:
        store.read(KEY)
    aside = store.folder / f"{NAME}.corrupt-20231114T221320Z"
    assert str(store.folder / NAME) in str(caught.value)
    assert aside.name in str(caught.value)
    assert "tok-1" not in str(caught.value)
    assert aside.read_bytes() == content
    assert mode(aside) == 0o600
    assert store.read(KEY) is None
    assert store.keys() == []


def test_two_damaged_records_of_one_second_are_both_kept(store):
    kept = []
    for turn in range(3):
        store.write(KEY, {"turn": turn})
        kept.append(rewrite(store, lambda content: content[:-9]))
        with pytest.raises(errors.StoreError):
            store.read(KEY)
    aside = sorted(store.folder.glob("*.corrupt-*"), key=lambda path: path.stat().st_mtime_ns)
    assert [path.read_bytes() for path in aside] == kept


def test_a_write_over_a_damaged_record_is_refused_once_and_keeps_it(store):
    store.write(KEY, {"token": "tok-1"})
    content = rewrite(store, lambda content: content[:-9])
    with pytest.raises(errors.StoreError, match="corrupt-"):
        store.write(KEY, {"token": "new"})
    assert [path.read_bytes() for path in store.folder.glob("*.corrupt-*")] == [content]
    assert store.write(KEY, {"token": "new"}) == 1


def test_a_record_of_a_newer_schema_is_refused_and_stays(store):
    store.write(KEY, {"token": "tok-1"})
    content = rewrite(store, record_with(schema=2, vault={}))
    for work in (lambda: store.read(KEY), lambda: store.write(KEY, {})):
        with pytest.raises(errors.StoreError, match="written by a newer connector, as schema 2"):
            work()
    assert (store.folder / NAME).read_bytes() == content
    assert names(store.folder) == [NAME, "locks"]


def test_a_record_moved_to_another_key_is_told(store):
    store.write(KEY, {"token": "tok-1"})
    (store.folder / NAME).rename(store.folder / "connection%3Ahome.json")
    with pytest.raises(errors.StoreError, match="the record of another key"):
        store.read("connection:home")


def test_a_damaged_record_that_cannot_be_moved_is_told_all_the_same(store, monkeypatch):
    store.write(KEY, {"token": "tok-1"})
    content = rewrite(store, lambda content: content[:-9])

    def refuse(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", refuse)
        with pytest.raises(errors.StoreError, match=r"not complete JSON.*stays where it is"):
            store.read(KEY)
    assert (store.folder / NAME).read_bytes() == content


def test_one_damaged_record_hides_no_other(store):
    store.write(KEY, {"token": "tok-1"})
    store.write("k" * 500, {"token": "long"})
    rewrite(store, lambda content: content[:-9])
    assert store.keys("k") == ["k" * 500]
    assert store.read("k" * 500).data == {"token": "long"}


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7), data=st.dictionaries(st.text(), st.text() | st.integers()))
def test_every_flipped_bit_is_noticed_or_changes_nothing(place, bit, data):
    content = bytearray(record_codec.encode_record(KEY, 3, data).encode())
    content[place % len(content)] ^= 1 << bit
    try:
        kept = record_codec.decode_record(bytes(content), KEY)
    except record_codec.CorruptRecord:
        return
    assert (kept.data, kept.version) == (data, 3)


# F67: no write without a lock


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_that_cannot_lock_is_refused_and_nothing_is_written(store, monkeypatch, number):
    store.write(KEY, {"token": "old"})

    def refuse(handle, *, blocking=True):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(filelock, "lock_descriptor", refuse)
        with pytest.raises(errors.StoreError, match=r"cannot lock.*Nothing is written without a lock"):
            store.write(KEY, {"token": "new"})
        with pytest.raises(errors.StoreError, match="cannot lock"), store.lock(KEY, 1.0):
            pass
    assert store.read(KEY).data == {"token": "old"}


@given(keys=st.lists(st.text(st.characters(exclude_categories=()), max_size=150), unique=True, max_size=20))
def test_names_are_short_safe_and_apart_even_where_case_is_not_told_apart(keys):
    made = [encode_key(key) for key in keys]
    assert len({name.lower() for name in made}) == len(keys)
    assert all(name.isascii() and 0 < len(name) < 140 and not set(name) & set('/\\:*?"<>|. ') for name in made)
    assert all(decode_key(name) in (key, None) for name, key in zip(made, keys, strict=True))
