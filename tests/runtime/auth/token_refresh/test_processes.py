"""All processes that share a store share one refresh, and the connection stays valid."""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time

import pytest
from support import private_postgres
from support.oauth_server import Authority, when
from support.pace import WIDE, wait_until
from support.processes import callers
from support.processes.forked import Sibling
from support.servers import GivenClock

from connector import errors
from connector.runtime.storage.file_store import FileStore
from connector.runtime.storage.open import open_store

START = GivenClock().start


def place(kind, folder):
    if kind == "postgres":
        return private_postgres.fresh()
    return {"file": f"file:{folder}/store", "sqlite": f"sqlite:///{folder}/place/store.db"}[kind]


@pytest.fixture
def kept(zoom, authority, tmp_path):
    """The URL of a store that has a connection whose token has ended."""
    return keeping(zoom, authority, place("file", tmp_path))


def keeping(zoom, authority, url):
    authority.connection(zoom, name="work", store=open_store(url))
    return url


def storm(authority, url, processes, rounds, threads=1):
    """Let processes call together, round by round; in turn the token has ended by the clock, or the API refuses it."""
    began = time.monotonic()
    crowd = [Sibling(callers.call_in_rounds, url, authority.url, threads) for _ in range(processes)]
    for one in crowd:
        assert one.hear(120) == "ready"
    ready = time.monotonic()
    now = START
    for round_ in range(1, rounds + 1):
        if round_ % 2:
            now += 4000
        else:
            now += 100
            authority.expire()
        for one in crowd:
            one.say(now)
        got = [one.hear(120) for one in crowd]
        assert got == [[200] * threads] * processes
        assert authority.asked == round_, "one refresh a round"
    passed = time.monotonic() - ready
    for one in crowd:
        one.say(None)
        assert one.end() == "done"
    assert authority.refused == {}
    assert authority.alive()
    return f"{processes} processes x {threads}, {rounds} rounds: {authority.asked} refreshes, 0 failures, {passed:.1f} s and {ready - began:.1f} s to begin"


@pytest.mark.parametrize(("processes", "rounds", "threads"), [(2, 6, 1), (2, 2, 10), (20, 2, 1)])
def test_processes_with_one_store_refresh_once(authority, kept, processes, rounds, threads):
    storm(authority, kept, processes, rounds, threads)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_processes_with_one_database_refresh_once(zoom, authority, tmp_path, kind):
    storm(authority, keeping(zoom, authority, place(kind, tmp_path)), processes=20, rounds=2)


@pytest.mark.long
@pytest.mark.parametrize(("processes", "rounds", "threads"), [(2, 50, 1), (20, 50, 1), (100, 3, 1), (20, 10, 10)])
@pytest.mark.parametrize("kind", ["file", "sqlite", "postgres"])
def test_many_processes_with_one_store_refresh_once(
    zoom, authority, tmp_path, kind, processes, rounds, threads, capsys
):
    figures = storm(authority, keeping(zoom, authority, place(kind, tmp_path)), processes, rounds, threads)
    with capsys.disabled():
        sys.stdout.write(f"\n{kind}: {figures}\n")


@pytest.mark.parametrize("processes", [20, pytest.param(100, marks=pytest.mark.long)])
def test_processes_that_begin_with_an_empty_store_get_one_token_together(authority, tmp_path, processes):
    inputs = authority.inputs("serverToServer")
    url = place("file", tmp_path)
    crowd = [Sibling(callers.begin_and_call, url, authority.url, inputs) for _ in range(processes)]
    assert {one.hear(120) for one in crowd} == {"ready"}
    for one in crowd:
        one.say("call")
    assert [one.end() for one in crowd] == [200] * processes
    assert authority.asked == 1
    assert authority.forms[0]["grant_type"] == "account_credentials"


def test_a_process_that_begins_during_a_refresh_waits_for_it(authority, kept):
    gate = threading.Event()
    authority.then(when(gate))
    first = Sibling(callers.call_once, kept, authority.url)
    wait_until(lambda: authority.asked == 1)
    second = Sibling(callers.call_once, kept, authority.url)
    gate.set()
    assert (first.end(), second.end()) == (200, 200)
    assert authority.asked == 1
    assert authority.refused == {}


@pytest.mark.parametrize("kind", ["file", "sqlite", "postgres"])
def test_a_waiter_goes_on_soon_after_a_refreshers_kill_9(zoom, tmp_path, kind):
    gate = threading.Event()
    with Authority(lenient=True) as authority:
        url = keeping(zoom, authority, place(kind, tmp_path))
        authority.then(when(gate))
        first = Sibling(callers.call_once, url, authority.url)
        wait_until(lambda: authority.asked == 1)
        second = Sibling(callers.tell_and_call, url, authority.url)
        assert second.hear() == "calling"
        assert not second.says_more(0.2), "it waits for the first"
        first.kill()
        began = time.monotonic()
        assert second.end() == 200
        assert time.monotonic() - began < WIDE, "it waited for the lock to become old"
        assert authority.asked == 2
        gate.set()


def test_a_refresh_that_takes_longer_than_others_wait_is_not_robbed(zoom, authority, kept):
    gate = threading.Event()
    authority.then(when(gate))
    holder = Sibling(callers.call_once, kept, authority.url)
    wait_until(lambda: authority.asked == 1)
    hurried = FileStore(open_store(kept).store.folder, clock=GivenClock())  # its two minutes pass at once
    with callers.client_with(hurried, authority.url) as client:
        got = callers.attempt(client)
    assert type(got) is errors.StoreError
    assert f"locked by process {holder.pid}" in str(got)
    assert got.retryable
    assert authority.asked == 1
    gate.set()
    assert holder.end() == 200
    assert authority.refused == {}
    assert authority.alive()


def test_a_child_that_is_forked_during_a_refresh_takes_what_its_parent_gets(authority, kept):
    gate = threading.Event()
    authority.then(when(gate))
    parent = Sibling(callers.fork_and_call, kept, authority.url)
    assert parent.hear() == "calling"
    wait_until(lambda: authority.asked == 1)
    parent.say("fork now")
    assert parent.hear() == "forked"
    gate.set()
    assert parent.end() == [200, "200"]
    assert authority.asked == 1
    assert authority.refused == {}
    assert authority.alive()


def test_spawned_processes_refresh_once(authority, kept):
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(2) as pool:
        assert pool.starmap(callers.call_once, [(None, kept, authority.url)] * 2, chunksize=1) == [200, 200]
    assert authority.asked == 1
    assert authority.refused == {}
