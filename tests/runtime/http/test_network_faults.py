"""Network faults with the default library; conformance/ tests what holds for every library."""

from __future__ import annotations

import socket
import time

import pytest
from support import servers
from support.pace import WIDE
from support.transports import CREATE, READ
from support.transports import catch_error as failed

from connector import errors
from connector.runtime.http.request_state import RequestState


def test_no_operation_begins_after_the_deadline_however_fast_it_would_be():
    with pytest.raises(TimeoutError):
        RequestState(time.monotonic() - 0.001).require_time_left()
    assert 0 < RequestState(time.monotonic() + 3).require_time_left() <= 3
    assert RequestState(time.monotonic() + 3, stall_timeout=1.0).require_time_left() == 1.0


@pytest.mark.parametrize(
    ("code", "final", "attempts"),
    [
        (socket.EAI_AGAIN, False, 3),
        (socket.EAI_NONAME, False, 2),
        (socket.EAI_FAIL, True, 1),
        (socket.EAI_FAMILY, True, 1),
    ],
)
def test_a_name_that_cannot_be_looked_up_is_told_with_the_host(runner, clock, monkeypatch, code, final, attempts):
    asked = []

    def refuse(host, *_args, **_options):
        asked.append(host)
        raise socket.gaierror(code, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    error = failed(runner("https://no-such-host.example/v2", clock=clock).run, *CREATE)
    assert (error.kind, error.outcome, error.retryable) == ("dns", "not_sent", not final)
    assert "no-such-host.example" in str(error)
    assert len(asked) == error.attempts == attempts


def test_a_look_up_that_hangs_ends_with_the_call(runner, monkeypatch):
    import threading

    gate = threading.Event()

    def hang(*_args, **_options):
        gate.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "late")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    one = runner("https://slow-name.example/v2")
    try:
        began = time.monotonic()
        error = failed(one.run, *READ, timeout=0.3)
        assert time.monotonic() - began < WIDE
        assert (type(error), error.outcome) == (errors.DeadlineError, "not_sent")
    finally:
        gate.set()


def test_retry_after_is_waited_for_over_the_wire(runner, server, clock):
    server.then(servers.reply(429, {"code": 429, "message": "slow"}, headers=[("Retry-After", "7")]))
    assert runner(server.url, clock=clock).run(*CREATE).attempts == 2
    assert 7.0 <= clock.waits[0] < 8.0
