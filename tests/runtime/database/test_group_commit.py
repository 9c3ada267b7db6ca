"""What is put during a commit shares the next one, at once; what comes first waits a little for others."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from connector.runtime.database import group_commit
from connector.runtime.database.group_commit import BATCH_DELAY, GroupCommitWriter

WAIT = 30.0  # seconds; only a failure takes them


class CommitLog:
    """A database that notes the items of each commit; a commit waits while `gate` is closed."""

    display_url = "sqlite:///of-the-tests"

    def __init__(self):
        self.batches, self.gate, self.began = [], threading.Event(), threading.Semaphore(0)
        self.gate.set()

    def session(self):
        return contextlib.nullcontext()

    def run_in_transaction(self, work):
        self.began.release()
        assert self.gate.wait(WAIT)
        work(None)

    def write(self, items, _connection):
        self.batches.append(list(items))


@pytest.fixture
def clock(monkeypatch):
    """Give the writer a time that passes only where it is told to, and note how long it slept."""
    given = SimpleNamespace(now=1000.0, slept=[])
    monkeypatch.setattr(group_commit, "time", SimpleNamespace(monotonic=lambda: given.now, sleep=given.slept.append))
    return given


@pytest.fixture
def database():
    return CommitLog()


@pytest.fixture
def writer(database):
    writer = GroupCommitWriter(database, database.write, 3, name="log")
    yield writer
    database.gate.set()
    writer.close()


def test_what_waited_during_a_commit_is_written_next_and_does_not_wait_again(clock, database, writer):
    database.gate.clear()
    first = writer.put("a", 1)
    assert database.began.acquire(timeout=WAIT)
    rest = [writer.put(item, 1) for item in "bc"]
    clock.now += 2 * BATCH_DELAY
    database.gate.set()
    for future in (first, *rest):
        future.result(WAIT)
    assert database.batches == [["a"], ["b", "c"]]
    assert clock.slept == [pytest.approx(BATCH_DELAY), 0.0]


def test_what_came_at_the_end_of_a_commit_waits_for_others_for_the_rest_of_the_delay(clock, database, writer):
    database.gate.clear()
    first = writer.put("a", 1)
    assert database.began.acquire(timeout=WAIT)
    clock.now += 5.0
    second = writer.put("b", 1)
    clock.now += BATCH_DELAY / 4
    database.gate.set()
    for future in (first, second):
        future.result(WAIT)
    assert clock.slept == [pytest.approx(BATCH_DELAY), pytest.approx(BATCH_DELAY * 3 / 4)]


def test_more_than_a_commit_may_have_is_several_in_the_order_of_their_coming(clock, database, writer):
    database.gate.clear()
    futures = [writer.put("first", 1)]
    assert database.began.acquire(timeout=WAIT)
    futures += [writer.put(number, 1) for number in range(7)]
    database.gate.set()
    for future in futures:
        future.result(WAIT)
    assert database.batches == [["first"], [0, 1, 2], [3, 4, 5], [6]]


def test_nothing_that_threads_put_at_once_is_forgotten(clock, database, writer):
    def put_each(number):
        for step in range(100):  # each waits for the one before, so the writer is idle again and again
            writer.put((number, step), 1).result(WAIT)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put_each, range(8)))
    written = [item for batch in database.batches for item in batch]
    assert sorted(written) == [(number, step) for number in range(8) for step in range(100)]
