"""Damaged records of connections: the error names the file and the reason, and the data is preserved."""

from __future__ import annotations

import errno
import json
import os
import stat

import filelock
import pytest
from support.processes import callers, forked
from support.processes.forked import Sibling
from support.servers import GivenClock

from connector import Connection, errors
from connector.cli.main import run
from connector.runtime.storage import record_codec
from connector.runtime.storage.encryption import Keyring, generate_key
from connector.runtime.storage.file_store import FileStore
from connector.runtime.storage.open import open_store

NAME = "connection%3Azoom%3Awork.json"
KEY = "connection:zoom:work"


@pytest.fixture
def folder(zoom, authority, tmp_path):
    """The folder of a store with a connection whose token has ended."""
    made = tmp_path / "store"
    authority.connection(zoom, name="work", store=open_store(f"file:{made}"))
    return made


def flipped(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]


def with_data(**changes):
    """Change the data of an intact record, so that it is not a connection."""

    def change(content):
        found = json.loads(content)
        return record_codec.encode_record(KEY, found["version"], {**found["data"], **changes}).encode()

    return change


WHOLE = {
    "newer": (lambda content: json.dumps({**json.loads(content), "schema": 2}).encode(), "as schema 2"),
    "grant is text": (with_data(grant="canary-grant"), "grant is invalid"),
    "grant without token": (with_data(grant={"refresh_token": "canary-grant"}), "grant.access_token is invalid"),
    "end is text": (
        with_data(grant={"access_token": "canary-grant", "expires_at": "soon"}),
        "grant.expires_at is invalid",
    ),
    "inputs are a list": (with_data(inputs=["canary-input"]), "inputs is invalid"),
    "kind is missing": (
        lambda content: record_codec.encode_record(KEY, 1, {"inputs": {}}).encode(),
        "kind is invalid",
    ),
    "intent": (with_data(intent="lately"), "intent is invalid"),
    "dead": (with_data(dead={"at": 1.0}), "dead.why is invalid"),
}
BROKEN = {
    "zero bytes": (lambda content: b"", "it is empty"),
    "zeros": (lambda content: bytes(len(content)), "not complete JSON"),
    "cut": (lambda content: content[: len(content) // 2], "not complete JSON"),
    "bit flip": (flipped, "checksum does not match|not complete JSON|not have the shape"),
    "other JSON": (lambda content: b'{"access_token": "canary-other"}', "not have the shape of a record"),
    "another's": (lambda content: content.replace(b":work", b":home"), "checksum does not match|another key"),
}


def damage(folder, change):
    """Change the connection's file; return its new content."""
    content = change((folder / NAME).read_bytes())
    (folder / NAME).write_bytes(content)
    return content


def see(folder, content, name):
    """Assert that the damaged content is still there, private, and not replaced."""
    aside = [path for path in folder.iterdir() if ".corrupt-" in path.name]
    there = aside if name in BROKEN else [folder / NAME]
    assert [path.read_bytes() for path in there] == [content]
    assert stat.S_IMODE(there[0].stat().st_mode) == 0o600
    assert (folder / NAME).exists() == (name in WHOLE)


@pytest.mark.parametrize("name", [*BROKEN, *WHOLE])
def test_a_program_that_begins_with_a_damaged_record_is_told(zoom, authority, folder, name):
    change, reason = {**BROKEN, **WHOLE}[name]
    content = damage(folder, change)
    with pytest.raises(errors.StoreError, match=reason) as caught:
        Connection.load(zoom, "work", store=open_store(f"file:{folder}"))
    assert str(folder) in str(caught.value)
    assert caught.value.hint
    assert "canary" not in str(caught.value) + repr(caught.value.__context__)
    see(folder, content, name)
    assert authority.asked == 0


@pytest.mark.parametrize("name", [*BROKEN, *WHOLE])
def test_a_program_that_runs_is_told_and_sends_nothing(zoom, authority, folder, name):
    change, reason = {**BROKEN, **WHOLE}[name]
    url = f"file:{folder}"
    with callers.client_of(url, authority.url, GivenClock()) as client:
        content = damage(folder, change)
        got = [callers.attempt(client), callers.attempt(client)]
    with pytest.raises(errors.StoreError, match=reason):
        raise got[0]
    assert str(folder) in str(got[0])
    assert type(got[1]) in (errors.StoreError, errors.SignInError)
    see(folder, content, name)
    assert authority.asked == 0
    if name != "newer":  # which is for a newer program to read
        open_store(url).remove(KEY)
        authority.connection(zoom, name="work", store=open_store(url))
        assert Sibling(callers.call_once, url, authority.url).end() == 200
        assert all(path.read_bytes() == content for path in folder.iterdir() if ".corrupt-" in path.name)


def test_a_token_in_memory_goes_on_while_it_lasts_over_a_damaged_record(authority, folder, caplog):
    clock = GivenClock()
    with callers.client_of(f"file:{folder}", authority.url, clock) as client:
        assert callers.attempt(client) == 200
        damage(folder, lambda content: b"")
        assert callers.attempt(client) == 200
        clock.passed += 3500  # in the last tenth of its hour
        assert callers.attempt(client) == 200
        assert "it is empty" in caplog.text
        clock.passed += 100
        got = callers.attempt(client)
    assert type(got) is errors.SignInError
    assert "set aside" in str(got)
    assert authority.asked == 1


@pytest.mark.parametrize("given", ["another", "none"])
def test_a_wrong_key_is_told_and_the_record_stays(zoom, authority, tmp_path, given):
    right, wrong = Keyring.from_texts([generate_key()]), Keyring.from_texts([generate_key()])
    url = f"file:{tmp_path}/store"
    authority.connection(zoom, name="work", store=open_store(url, keys=right))
    before = (tmp_path / "store" / NAME).read_bytes()
    store = open_store(url, keys=wrong if given == "another" else None)
    for work in (
        lambda: Connection.load(zoom, "work", store=store),
        lambda: authority.connection(zoom, name="work", store=store),
    ):
        with pytest.raises(errors.StoreError, match=f"is sealed with key {right.fingerprints[0]}") as caught:
            work()
        assert str(tmp_path / "store") in str(caught.value)
    assert (tmp_path / "store" / NAME).read_bytes() == before
    assert Connection.load(zoom, "work", store=open_store(url, keys=right)).kind == "oauth2"


@pytest.mark.parametrize("words", [["run", "getUser", "-i", "userId=me", "--connection", "work"], ["connections", "test", "work"],
                                   ["connections", "show", "work"], ["connections", "list"]])  # fmt: skip
@pytest.mark.parametrize("name", ["cut", "grant is text"])
def test_the_command_line_says_it_and_ends_with_1(authority, folder, name, words, monkeypatch, capsys):
    monkeypatch.setenv("ZOOM_BASE_URL", authority.url)
    change, reason = {**BROKEN, **WHOLE}[name]
    content = damage(folder, change)
    assert run([*words, "--store", f"file:{folder}"]) == 1
    said = capsys.readouterr().err
    assert reason in said
    assert str(folder) in said
    assert "Traceback" not in said
    assert "canary" not in said
    see(folder, content, name)
    assert authority.asked == 0


# F67: no refresh without the lock


def hurried(folder):
    """The store, with a clock on which two minutes pass at once."""
    return FileStore(folder, clock=GivenClock())


def test_a_lock_that_another_process_holds_for_too_long_is_told_with_its_pid(authority, folder):
    holder = Sibling(forked.hold, f"file:{folder}", KEY)
    assert holder.hear() == "held"
    with callers.client_with(hurried(folder), authority.url) as client:
        got = callers.attempt(client)
    holder.kill()
    assert type(got) is errors.StoreError
    assert f"is locked by process {holder.pid} and was not released within 120 s" in str(got)
    assert str(folder) in str(got)
    assert "end it; its lock ends with it" in got.hint
    assert got.retryable
    assert authority.asked == 0
    assert Sibling(callers.call_once, f"file:{folder}", authority.url).end() == 200


def test_where_files_cannot_be_locked_no_refresh_token_is_sent(authority, folder, monkeypatch):
    before = (folder / NAME).read_bytes()

    def refuse(handle, *, blocking=True):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with callers.client_of(f"file:{folder}", authority.url) as client, monkeypatch.context() as patched:
        patched.setattr(filelock, "lock_descriptor", refuse)
        got = callers.attempt(client)
    assert type(got) is errors.StoreError
    assert "this file system cannot lock" in str(got)
    assert "sqlite:///PATH" in got.hint
    assert authority.asked == 0
    assert (folder / NAME).read_bytes() == before
