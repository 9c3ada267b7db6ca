"""One refresh for all the processes that share a store, whatever the crowd, and the connection lives on."""

from __future__ import annotations

import time

import callers
import pytest
from authority import Authority, wait_for, when
from servers import GivenClock
from siblings import Sibling

from connector.edge.store_file import FileStore

START = GivenClock().start


@pytest.fixture
def authority():
    with Authority() as one:
        yield one


@pytest.fixture
def kept(zoom, authority, tmp_path):
    """The folder of a store that has a connection whose token has ended."""
    folder = tmp_path / "store"
    authority.connection(zoom, name="work", store=FileStore(folder))
    return str(folder)


def storm(authority, folder, processes, rounds, threads=1):
    """Let processes call together, round by round; in turn the token has ended by the clock, or the API refuses it."""
    began = time.monotonic()
    crowd = [Sibling(callers.call_in_rounds, folder, authority.url, threads) for _ in range(processes)]
    for one in crowd:
        assert one.hear(120) == "ready"
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
    for one in crowd:
        one.say(None)
        assert one.end() == "done"
    assert authority.refused == {}
    assert authority.alive()
    return f"{processes} processes x {threads}, {rounds} rounds: {authority.asked} refreshes, {time.monotonic() - began:.1f} s"


@pytest.mark.parametrize(("processes", "rounds", "threads"), [(2, 6, 1), (2, 2, 10), (20, 2, 1)])
def test_processes_with_one_store_refresh_once(authority, kept, processes, rounds, threads):
    storm(authority, kept, processes, rounds, threads)


@pytest.mark.long
@pytest.mark.parametrize(("processes", "rounds", "threads"), [(2, 50, 1), (20, 50, 1), (100, 3, 1), (20, 10, 10)])
def test_many_processes_with_one_store_refresh_once(authority, kept, processes, rounds, threads, capsys):
    figures = storm(authority, kept, processes, rounds, threads)
    with capsys.disabled():
        print(f"\n{figures}")


def test_a_process_that_begins_during_a_refresh_waits_for_it(authority, kept):
    import threading

    gate = threading.Event()
    authority.then(when(gate))
    first = Sibling(callers.call_once, kept, authority.url)
    wait_for(lambda: authority.asked == 1)
    second = Sibling(callers.call_once, kept, authority.url)
    gate.set()
    assert (first.end(), second.end()) == (200, 200)
    assert authority.asked == 1
    assert authority.refused == {}


def test_a_child_that_is_forked_during_a_refresh_takes_what_its_parent_gets(authority, kept):
    import threading

    gate = threading.Event()
    authority.then(when(gate))
    parent = Sibling(callers.fork_and_call, kept, authority.url)
    assert parent.hear() == "calling"
    wait_for(lambda: authority.asked == 1)
    parent.say("fork now")
    assert parent.hear() == "forked"
    gate.set()
    assert parent.end() == [200, "200"]
    assert authority.asked == 1
    assert authority.refused == {}
    assert authority.alive()
