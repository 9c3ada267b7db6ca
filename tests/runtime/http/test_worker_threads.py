"""Worker threads: results, errors and cancelling reach the caller, and no thread is left behind."""

from __future__ import annotations

import gc
import os
import threading
import time
from concurrent.futures import CancelledError

import pytest
from support.pace import wait_until
from support.transports import NO_CREDENTIAL, build_request

from connector.runtime.http.pyreqwest.transport import PyreqwestTransport
from connector.runtime.http.pyreqwest.worker_threads import InterruptibleThreads


def names() -> list[str]:
    """Return the names of the live worker threads."""
    return [one.name for one in threading.enumerate() if one.name == "connector-http"]


@pytest.fixture(autouse=True)
def _without_earlier_threads():
    wait_until(lambda: not names())


@pytest.fixture
def workers():
    one = InterruptibleThreads()
    yield one
    one.cancel_all()
    del one
    gc.collect()


def test_what_the_work_comes_to_is_returned_or_raised_and_one_thread_serves_all(workers):
    assert [workers.run(lambda _, number=number: number) for number in range(20)] == list(range(20))
    with pytest.raises(KeyError, match="gone"):
        workers.run(lambda _: {}["gone"])
    with pytest.raises(KeyboardInterrupt):
        workers.run(lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    assert workers.run(lambda _: threading.current_thread().name) == "connector-http"
    assert len(names()) == 1


def test_callers_at_once_have_a_thread_each(workers):
    meet = threading.Barrier(8)
    callers = [threading.Thread(target=workers.run, args=(lambda _: meet.wait(10),)) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not meet.broken
    assert len(names()) == 8


def test_the_end_wakes_who_waits_and_the_work_hears_of_it(workers):
    began, heard = threading.Event(), threading.Event()

    def work(task):
        began.set()
        wait_until(task.done)
        heard.set()
        return "late"

    got = []

    def call():
        with pytest.raises(CancelledError):
            workers.run(work)
        got.append("cancelled")

    caller = threading.Thread(target=call)
    caller.start()
    assert began.wait(10)
    workers.cancel_all()
    caller.join()
    assert got == ["cancelled"]
    assert heard.wait(10)
    wait_until(lambda: not names())
    assert workers.run(lambda _: "again") == "again"


def test_work_that_hangs_is_left_after_its_time(workers):
    released = threading.Event()
    with pytest.raises(TimeoutError):
        workers.run(lambda _: released.wait(20), 0.01)
    released.set()
    wait_until(lambda: not names())
    assert workers.run(lambda _: 1, 20) == 1


def test_a_library_that_hangs_ends_with_the_call():
    released = threading.Event()
    transport = PyreqwestTransport()
    transport._send = lambda *_: released.wait(20)
    got = transport.send(build_request("https://lamp.example"), NO_CREDENTIAL, time.monotonic(), None, None)
    released.set()
    assert (got.kind, got.sent) == ("read_timeout", "maybe")


def test_no_thread_outlives_what_it_works_for():
    one = InterruptibleThreads()
    one.run(lambda _: None)
    assert len(names()) == 1
    del one
    gc.collect()
    wait_until(lambda: not names())


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_of_a_fork_has_threads_of_its_own(workers):
    workers.run(lambda _: None)
    pid = os.fork()
    if not pid:
        good = False
        try:
            good = workers.run(lambda _: os.getpid()) == os.getpid()
        finally:
            os._exit(0 if good else 1)
    assert os.waitpid(pid, 0)[1] == 0
