"""A child of a fork works, or ends by its deadline, whatever the threads of its parent held."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from connector import Client, errors
from connector.core.response.reply import Reply
from connector.runtime.calls.retry_quota import RetryQuota
from connector.runtime.clock import SystemClock
from connector.runtime.process.fork_safety import ForkSafeEvent, ForkSafeLock

CHILD_SECONDS = 20  # then the system ends a child that hangs
READ = ("getUser", {"userId": "me"})


def run_in_child(work):
    """Run work in a forked child; return its exit status, or minus the signal that ended it."""
    pid = os.fork()
    if not pid:
        signal.alarm(CHILD_SECONDS)
        code = 1
        try:
            code = work() or 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.fixture
def held():
    """Hold locks in another thread until the test ends."""
    released, threads = threading.Event(), []

    def hold(lock):
        taken = threading.Event()

        def keep():
            with lock:
                taken.set()
                released.wait()

        threads.append(threading.Thread(target=keep))
        threads[-1].start()
        taken.wait()

    yield hold
    released.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("is_reentrant", [False, True])
def test_a_lock_that_another_thread_holds_is_open_in_a_child(held, is_reentrant):
    lock = ForkSafeLock(reentrant=is_reentrant)
    held(lock)

    def work():
        with lock:
            return 0

    assert run_in_child(work) == 0


def test_who_forks_within_a_lock_leaves_it_in_both_processes():
    lock = ForkSafeLock()
    with lock:
        pid = os.fork()
    if not pid:
        with lock:
            os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    with lock:
        pass


@pytest.mark.parametrize("is_set", [False, True])
def test_an_event_keeps_its_state_in_a_child(is_set):
    event = ForkSafeEvent()
    if is_set:
        event.set()
    assert run_in_child(lambda: 0 if event.wait(0) is is_set else 3) == 0


def test_an_event_that_another_thread_is_looking_at_can_be_waited_for_in_a_child(held):
    event = ForkSafeEvent()
    held(event._cond)  # its inner lock
    assert run_in_child(lambda: 3 if event.wait(0) else 0) == 0


def test_a_quota_that_is_being_taken_from_serves_a_child(held):
    quota = RetryQuota()
    held(quota._lock)
    assert run_in_child(lambda: 0 if quota.acquire() == 0.0 else 3) == 0


class Hasty(SystemClock):
    """A clock that waits for no retry, so that the threads are at the locks all the time."""

    def wait_or_stop(self, seconds, stop_event):
        """Look at the event as a wait does."""
        stop_event.wait(0)


class Down:
    """A service that answers every request with 503."""

    def send(self, request, credential, deadline, sink, cancel):
        """Return the reply."""
        return Reply(503, (("content-type", "application/json"),), b"{}")


@pytest.mark.parametrize("rate_limit", [False, None])
@pytest.mark.parametrize(("forks", "threads"), [(10, 3), pytest.param(100, 8, marks=pytest.mark.long)])
def test_forks_under_threads_of_retried_calls_all_end(zoom, token_connection, rate_limit, forks, threads):
    client = Client(zoom, token_connection, http=Down(), clock=Hasty(), rate_limit=rate_limit)
    stopped = threading.Event()

    def call():
        with pytest.raises((errors.ServiceDown, errors.RateLimited)):
            client.run(*READ, timeout=5)
        return 0

    def call_on():
        while not stopped.is_set():
            call()

    callers = [threading.Thread(target=call_on) for _ in range(threads)]
    for caller in callers:
        caller.start()
    try:
        assert [run_in_child(call) for _ in range(forks)] == [0] * forks
    finally:
        stopped.set()
        for caller in callers:
            caller.join()
