"""A store that cannot write: no refresh token is wasted, and no new token is lost."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import pytest
from support.oauth_server import says, when
from support.processes import callers, forked
from support.processes.forked import Sibling
from support.servers import GivenClock

from connector import errors
from connector.runtime.auth.connection_record import store_key
from connector.runtime.files import private_files
from connector.runtime.storage.file_store import FileStore
from connector.runtime.storage.memory_store import MemoryStore

START = GivenClock().start
TINY = 64  # bytes that a file may have: enough for a lock's mark, too little for a record
SOON = START + 4000  # every token that was given before has ended
NAME = "connection%3Azoom%3Awork.json"
pytestmark = pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")


@pytest.fixture
def folder(zoom, authority, tmp_path):
    """The folder of a store with a connection whose token has ended."""
    made = tmp_path / "store"
    authority.connection(zoom, name="work", store=FileStore(made))
    return made


@pytest.fixture
def caller(authority, folder):
    """Another process with that connection, which calls on command."""
    with calling(authority, folder) as one:
        yield one


@contextlib.contextmanager
def calling(authority, folder, *user):
    one = Sibling(callers.call_and_note, f"file:{folder}", authority.url, *user)
    assert one.hear() == "ready"
    yield one
    one.say(None)
    assert one.end() == "done"


def call(caller, now):
    """Have it call at a moment; what came of it, and the log."""
    caller.say(now)
    got, said = caller.hear()
    assert "canary" not in str(got) + "".join(said)
    return got, said


def limit(pid, size=resource.RLIM_INFINITY):
    """Let a process write no file larger than this; it sees a full disk."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def kept(folder):
    """The stored refresh token."""
    return json.loads((folder / NAME).read_text())["data"]["grant"]["refresh_token"]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# F62: full before the refresh


def test_a_full_disk_before_the_refresh_costs_no_refresh_token(authority, folder, caller):
    before = (folder / NAME).read_bytes()
    limit(caller.pid, 4096)
    got, _ = call(caller, SOON)
    assert type(got) is errors.StoreError
    assert str(folder) in str(got)
    assert "File too large" in str(got)
    assert "Free some space" in got.hint
    assert authority.asked == 0
    assert (folder / NAME).read_bytes() == before
    limit(caller.pid)
    assert call(caller, SOON)[0] == 200
    assert (authority.asked, authority.refused) == (1, {})


def test_a_token_that_still_lasts_is_used_while_the_disk_is_full(authority, folder, caller):
    assert call(caller, SOON)[0] == 200
    limit(caller.pid, 4096)
    nearly = SOON + 3500  # in the last tenth of its hour, where it is renewed
    got, said = call(caller, nearly)
    assert got == 200
    [warning] = said
    assert "the token is not renewed, and used while it lasts" in warning
    assert str(folder) in warning
    assert authority.asked == 1
    limit(caller.pid)
    assert call(caller, nearly + 60)[0] == 200
    assert authority.asked == 2


# F61: full during the refresh


def test_a_disk_that_fills_during_the_refresh_leaves_a_token_that_is_kept_later(authority, folder, caller):
    before = kept(folder)
    authority.on_token = lambda: limit(caller.pid, TINY)
    got, said = call(caller, SOON)
    assert got == 200, "the call goes on"
    [loud] = said
    assert loud.startswith("ERROR: connection connection:zoom:work: the new token is in memory only")
    assert "ends with this process" in loud
    assert str(folder / NAME) in loud
    assert kept(folder) == before, "the old record is whole"
    assert names(folder) == [NAME, "locks"]
    got, said = call(caller, SOON + 10)
    assert got == 200
    assert "the token is still in memory only" in said[0]
    authority.on_token = lambda: None
    limit(caller.pid)
    got, said = call(caller, SOON + 20)
    assert got == 200
    assert said == ["WARNING: connection connection:zoom:work: the token that was in memory only is kept now"]
    assert authority.asked == 1
    assert kept(folder) == authority.families[-1].good
    assert Sibling(callers.call_once, f"file:{folder}", authority.url).end() == 200
    assert authority.refused == {}
    assert authority.alive()


def test_a_token_that_is_in_memory_only_is_not_renewed_before_it_is_kept(authority, folder, caller):
    authority.on_token = lambda: limit(caller.pid, TINY)
    assert call(caller, SOON)[0] == 200
    got, _ = call(caller, SOON + 4000)
    assert type(got) is errors.StoreError
    assert authority.asked == 1
    authority.on_token = lambda: None
    limit(caller.pid)
    assert call(caller, SOON + 4010)[0] == 200
    assert (authority.asked, authority.refused) == (2, {})
    assert kept(folder) == authority.families[-1].good


LAST = """
    import logging, resource, sys
    from connector import Client, Connection, Connector
    from connector.runtime.storage.open import open_store
    logging.basicConfig(format="%(message)s", level=logging.ERROR)
    zoom = Connector.open()
    with Client(zoom, Connection.load(zoom, "work", store=open_store(sys.argv[1])), base_url=sys.argv[2]) as client:
        print(client.run("getUser", {"userId": "me"}).status)
    if sys.argv[3] == "room":
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""


@pytest.mark.parametrize("then", ["room", "none"])
def test_a_process_that_ends_with_such_a_token_tries_once_more_and_says_when_it_is_lost(authority, folder, then):
    before = kept(folder)
    command = [sys.executable, "-c", textwrap.dedent(LAST), f"file:{folder}", authority.url, then]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        authority.on_token = lambda: limit(process.pid, TINY)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "200\n")
    assert "canary" not in err
    assert "in memory only" in err
    if then == "room":
        assert kept(folder) == authority.families[-1].good
        assert "this process ends" not in err
    else:
        assert kept(folder) == before
        assert "this process ends, and with it the only token" in err
        assert "Sign in again: connector connect work" in err


LATE = """
    import sys
    from connector import Client, Connection, Connector, errors
    from connector.runtime.storage.open import open_store
    zoom = Connector.open()
    with Client(zoom, Connection.load(zoom, "work", store=open_store(sys.argv[1])), base_url=sys.argv[2]) as client:
        try:
            client.run("getUser", {"userId": "me"}, timeout=0.5)
        except errors.DeadlineError as error:
            print(error, flush=True)
"""


def test_a_process_that_ends_during_a_refresh_waits_for_it(authority, folder):
    gate = threading.Event()
    authority.then(when(gate))
    command = [sys.executable, "-c", textwrap.dedent(LATE), f"file:{folder}", authority.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert "its refresh has not ended" in process.stdout.readline()
        gate.set()
        assert process.wait(60) == 0
    assert kept(folder) == authority.families[-1].good
    assert Sibling(callers.call_once, f"file:{folder}", authority.url).end() == 200
    assert authority.refused == {}


# the same on a disk that is really full


def fill(disk):
    """Leave no room on a disk."""
    with contextlib.suppress(OSError), (disk / "ballast").open("ab", buffering=0) as ballast:
        while ballast.write(b"x" * 4096):
            pass
    assert shutil.disk_usage(disk).free == 0


def free(disk):
    (disk / "ballast").unlink()


def test_a_disk_that_is_full_and_has_room_again(zoom, authority, disk):
    folder = disk / "store"
    authority.connection(zoom, name="work", store=FileStore(folder))
    with calling(authority, folder) as caller:
        fill(disk)
        got, _ = call(caller, SOON)
        assert type(got) is errors.StoreError
        assert "No space left on device" in str(got)
        assert authority.asked == 0, "the refresh token was not spent"
        free(disk)
        authority.on_token = lambda: fill(disk)
        before = kept(folder)
        got, said = call(caller, SOON)
        assert got == 200
        assert "in memory only" in said[0]
        assert "No space left on device" in said[0]
        assert kept(folder) == before
        free(disk)
        assert call(caller, SOON + 10)[0] == 200
        assert kept(folder) == authority.families[-1].good
    assert (authority.asked, authority.refused) == (1, {})
    assert names(folder) == [NAME, "locks"]


def test_a_folder_that_may_not_be_written_costs_no_refresh_token(zoom, authority):
    top = Path(tempfile.mkdtemp(prefix="connector-store-"))  # where another user may go, unlike pytest's
    try:
        top.chmod(0o755)
        folder = top / "store"
        authority.connection(zoom, name="work", store=FileStore(folder))
        if os.geteuid() == 0:
            for one in (folder, *folder.rglob("*")):
                os.chown(one, forked.NOBODY, forked.NOBODY)
        folder.chmod(0o500)
        with calling(authority, folder, forked.NOBODY) as caller:
            got, _ = call(caller, SOON)
            assert type(got) is errors.StoreError
            assert "Permission denied" in str(got)
            assert str(folder) in str(got)
            assert got.hint
            assert authority.asked == 0
            folder.chmod(0o700)
            assert call(caller, SOON)[0] == 200
    finally:
        folder.chmod(0o700)
        shutil.rmtree(top)


# the same with a store that fails on demand


class Failing(MemoryStore):
    """A store whose methods fail as a disk does, while their names are in `fails`."""

    def __init__(self):
        super().__init__()
        self.fails = set()

    def _see(self, name):
        if name in self.fails:
            raise private_files.build_store_error(OSError(errno.EIO, os.strerror(errno.EIO)), Path("/disk/store"))

    def read(self, key):
        self._see("read")
        return super().read(key)

    def write(self, key, data, *, version=None):
        self._see("write")
        return super().write(key, data, version=version)

    def remove(self, key):
        self._see("remove")
        return super().remove(key)

    def lock(self, key, timeout):
        self._see("lock")
        return super().lock(key, timeout)

    def prepare(self, key, size=16_384):
        self._see("prepare")
        super().prepare(key, size)


@pytest.fixture
def store():
    return Failing()


@pytest.fixture
def call_at(zoom, authority, store):
    """Call at a moment with a connection that the store keeps."""
    clock = GivenClock()
    authority.connection(zoom, name="work", store=store)
    with callers.client_with(store, authority.url, clock) as client:

        def work(now):
            clock.passed = now - clock.start
            return callers.attempt(client)

        yield work


@pytest.mark.parametrize("name", ["lock", "read", "prepare", "write"])
def test_whatever_fails_before_the_refresh_costs_no_refresh_token(authority, store, call_at, name):
    store.fails = {name}
    got = call_at(SOON)
    assert type(got) is errors.StoreError
    assert "/disk/store: Input/output error" in str(got)
    assert "back up the data" in got.hint
    assert authority.asked == 0
    store.fails.clear()
    assert call_at(SOON) == 200
    assert (authority.asked, authority.refused) == (1, {})


@pytest.mark.parametrize("name", ["lock", "read", "prepare", "write"])
def test_a_token_that_lasts_is_used_on_whatever_fails(authority, store, call_at, name, caplog):
    assert call_at(SOON) == 200
    store.fails = {name}
    assert call_at(SOON + 3500) == 200
    assert "used while it lasts" in caplog.text
    assert call_at(SOON + 3510) == 200
    assert caplog.text.count("used while it lasts") == 1, "not with each call"
    assert type(call_at(SOON + 3600)) is errors.StoreError
    assert authority.asked == 1


@pytest.mark.parametrize("name", ["lock", "read", "write"])
def test_a_new_token_goes_on_in_memory_whatever_fails_after_the_refresh(authority, store, call_at, name, caplog):
    authority.on_token = lambda: store.fails.update({name, "write"})
    for now in (SOON, SOON + 10, SOON + 20):
        assert call_at(now) == 200
    assert "ERROR" in caplog.text
    assert "in memory only" in caplog.text
    store.fails.clear()
    assert call_at(SOON + 60) == 200
    assert authority.asked == 1
    key = store_key(callers.opened(), "work")
    assert store.read(key).data["grant"]["refresh_token"] == authority.families[-1].good


def test_a_refusal_is_told_although_it_cannot_be_noted(authority, store, call_at):
    authority.then(says(400, {"error": "invalid_grant", "reason": "Invalid Token!"}))
    authority.on_token = lambda: store.fails.add("write")
    got = [call_at(SOON), call_at(SOON + 100)]
    assert [type(one) for one in got] == [errors.SignInError] * 2
    assert authority.asked == 1, "asking again would not help"


def test_a_connection_that_cannot_be_removed_is_told_and_stays(zoom, authority, store):
    work = authority.connection(zoom, name="work", store=store)
    for name in ("remove", "lock"):
        store.fails = {name}
        with pytest.raises(errors.StoreError, match="Input/output error"):
            work.delete()
    store.fails.clear()
    assert store.read(store_key(zoom, "work")) is not None
    assert work.delete()
