"""Locks between processes: exclusive, released when the holder dies, independent per key."""

from __future__ import annotations

import os
import signal

import pytest
from support import private_postgres
from support.processes import forked
from support.processes.forked import Sibling

from connector import errors
from connector.runtime.storage.open import open_store

KEY = "connection:work"


@pytest.fixture(scope="module", params=["file", "sqlite", "postgres"])
def url(request, tmp_path_factory):
    if request.param == "postgres":
        return private_postgres.fresh()
    folder = tmp_path_factory.mktemp(request.param)
    return {"file": f"file:{folder}/store", "sqlite": f"sqlite:///{folder}/store.db"}[request.param]


@pytest.fixture
def holder(url, request):
    sibling = Sibling(forked.hold, url, KEY)
    assert sibling.hear() == "held"
    yield sibling
    sibling.kill()


def test_a_lock_that_another_process_holds_names_its_pid(url, holder):
    store = open_store(url)
    with pytest.raises(errors.StoreError, match=f"locked by process {holder.pid}") as caught, store.lock(KEY, 0.2):
        pass
    assert caught.value.retryable
    assert "Nothing was changed" in str(caught.value)
    with pytest.raises(errors.StoreError, match=f"process {holder.pid}"), store.lock(KEY, 0.0):
        pass


def test_two_keys_do_not_wait_for_each_other(url, holder):
    store = open_store(url)
    with store.lock("connection:home", 0.5):
        store.write("connection:home", {})
        store.write(KEY, {})


def test_a_waiter_goes_on_when_the_holder_frees_the_lock(url, holder):
    waiter = Sibling(forked.take, url, KEY, 20.0)
    assert waiter.hear() == "waiting"
    holder.say("free it")
    assert holder.hear() == "freed"
    assert waiter.end() == "taken"


def test_a_waiter_goes_on_within_a_second_of_the_holders_kill_9(url, holder):
    waiter = Sibling(forked.take, url, KEY, 20.0)
    assert waiter.hear() == "waiting"
    holder.kill()
    assert waiter.hear(1.0) == "taken"


def test_a_killed_holder_leaves_no_stale_lock(url):
    for _ in range(3):
        holder = Sibling(forked.hold, url, KEY)
        assert holder.hear(1.0 if _ else 30.0) == "held"
        holder.kill()


def test_a_child_of_a_dead_holder_does_not_keep_its_lock(url):
    holder = Sibling(forked.hold_and_fork, url, KEY)
    child = holder.hear()
    assert holder.hear() == "held"
    try:
        os.kill(holder.pid, signal.SIGKILL)
        holder.process.join(30)
        os.kill(child, 0)
        with open_store(url).lock(KEY, 1.0):
            pass
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_child_that_leaves_the_block_does_not_free_its_parents_lock(url):
    holder = Sibling(forked.hold_and_fork, url, KEY)
    holder.hear()
    assert holder.hear() == "held"
    try:
        holder.say("leave the block, child")
        assert holder.hear() == "the child has left the block"
        with pytest.raises(errors.StoreError, match=f"process {holder.pid}"), open_store(url).lock(KEY, 0.2):
            pass
    finally:
        holder.kill()


@pytest.mark.parametrize("processes", [2, 20])
def test_of_many_processes_one_renews(url, processes):
    key = f"connection:renewed by one of {processes}"
    assert renewals(url, key, processes) == 1


@pytest.mark.long
@pytest.mark.parametrize(("processes", "rounds"), [(2, 50), (20, 50), (100, 3)])
def test_of_many_processes_one_renews_each_time(url, processes, rounds):
    assert [renewals(url, f"connection:{processes}", processes) for _ in range(rounds)] == [1] * rounds


def renewals(url, key, processes):
    """Let processes renew one token at the same time, and return how many did."""
    store = open_store(url)
    store.write(key, {"token": "stale"})
    callers = [Sibling(forked.renew, url, key, "stale") for _ in range(processes)]
    assert {caller.hear() for caller in callers} == {"ready"}
    for caller in callers:
        caller.say("go")
    done = [caller.end() for caller in callers]
    assert {type(one) for one in done} == {bool}, done
    assert store.read(key).data == {"token": "fresh"}
    return sum(done)


def test_processes_that_compare_and_swap_lose_no_update(url):
    times = 5 if "postgres" in url else 15
    writers = [Sibling(forked.count_up, url, "count", times) for _ in range(4)]
    ends = [writer.end() for writer in writers]
    assert all(isinstance(end, int) for end in ends), ends
    kept = open_store(url).read("count")
    assert (kept.data["number"], kept.version) == (4 * times, 4 * times)
