"""A call ends by its deadline, whatever the service does, and names the phase that timed out."""

from __future__ import annotations

import socket
import time

import pytest
from support import servers
from support.pace import WIDE
from support.servers import Counting
from support.transports import CANNOT_TELL_CONNECTING, CANNOT_TELL_WRITING, CREATE, READ, build_request, catch_error

from connector import errors
from connector.core.request.body import Body
from connector.runtime.http.connection_pool import MAX_CONNECTIONS_PER_ORIGIN


@pytest.mark.parametrize(
    "fault",
    [servers.trickle_headers(), servers.trickle_body(), servers.trickle_body(0.002, size=20_000), servers.silence()],
    ids=["header", "body", "fast-body-without-end", "silence"],
)
def test_a_call_ends_by_its_deadline(runner, fault):
    with Counting(fault) as server:
        began = time.monotonic()
        error = catch_error(runner(server.url).run, *READ, timeout=0.3)
        elapsed = time.monotonic() - began
        assert type(error) is errors.DeadlineError
        assert 0.25 < elapsed < WIDE
        assert (error.limit, error.outcome, error.kind) == (0.3, "rejected", "deadline")
        assert 0.25 < error.elapsed < WIDE
        assert "0.3 s" in str(error)
        assert f"{error.elapsed:.1f}" in str(error)
        seen = server.count
        error = catch_error(runner(server.url).run, *CREATE, timeout=0.5)
        sent = server.count > seen or error.outcome != "not_sent"  # a machine that stalls may not come to sending
        assert (type(error), error.outcome, error.retryable) == (
            errors.DeadlineError,
            "uncertain" if sent else "not_sent",
            not sent,
        )


def test_a_deadline_holds_while_a_body_is_sent_to_who_does_not_read(runner, server):
    def never_reads(line, _):
        line.pause(60)
        return False

    server.always(never_reads)
    held = socket.create_server(("127.0.0.1", 0))
    try:
        began = time.monotonic()
        error = catch_error(
            runner(f"http://127.0.0.1:{held.getsockname()[1]}/v2").request,
            "PUT",
            "/x",
            data=b"x" * (16 << 20),
            timeout=0.5,
        )
        assert type(error) is errors.DeadlineError
        assert time.monotonic() - began < WIDE
    finally:
        held.close()


def test_an_attempt_has_a_time_limit_of_its_own(runner, clock):
    with Counting(servers.reply(json_={"id": "u1"})) as server:
        server.then(servers.silence())
        given = {"method": "GET", "url": "/users/me", "timeout": "300", "maxRetries": 1}
        assert runner(server.url, clock=clock).run("rawRequest", given).attempts == 2
        server.then(servers.silence())
        error = catch_error(runner(server.url, clock=clock).run, "rawRequest", {**given, "maxRetries": 0})
        assert (error.kind, server.count) == ("read_timeout", 3)


class TestWhichTimeRanOut:
    """Each phase has its own timeout kind, and whether anything was sent is known."""

    def test_reading(self, transport, server):
        server.always(servers.silence())
        got = transport.send(build_request(server.url, "POST"), seconds=0.5)
        assert (got.kind, got.sent) == ("read_timeout", "maybe")

    def test_writing(self, transport):
        with socket.create_server(("127.0.0.1", 0)) as held:  # takes the connection, and never reads from it
            url = f"http://127.0.0.1:{held.getsockname()[1]}"
            body = Body("binary", b"x" * (32 << 20), "application/octet-stream")
            got = transport.send(build_request(url, "PUT", body=body), seconds=0.6)
        assert got.kind == ("read_timeout" if transport.library in CANNOT_TELL_WRITING else "write_timeout")
        assert got.sent == "maybe"

    def test_connecting(self, transport, server, monkeypatch):
        """The server accepts the connection, and never starts TLS."""
        if transport.library in CANNOT_TELL_CONNECTING:
            monkeypatch.setattr("connector.runtime.http.pyreqwest.clients.CONNECT_SECONDS", 0.3)
        seconds = WIDE if transport.library in CANNOT_TELL_CONNECTING else 0.3
        began = time.monotonic()
        got = transport.send(build_request(server.url.replace("http:", "https:"), "POST"), seconds=seconds)
        assert (got.kind, got.sent, got.final) == ("connect_timeout", "nothing", False)
        assert time.monotonic() - began < WIDE

    def test_connecting_when_the_call_has_less_time_than_that_takes(self, transport, server):
        got = transport.send(build_request(server.url.replace("http:", "https:"), "POST"), seconds=0.2)
        known = ("connect_timeout", "nothing")
        assert (got.kind, got.sent) == (
            ("read_timeout", "maybe") if transport.library in CANNOT_TELL_CONNECTING else known
        )

    def test_waiting_for_a_free_connection(self, transport, server):
        server.always(servers.silence())
        requests = [build_request(server.url, "POST") for _ in range(MAX_CONNECTIONS_PER_ORIGIN)]
        got = transport.send_while(
            requests, lambda: server.count == MAX_CONNECTIONS_PER_ORIGIN, build_request(server.url, "POST"), seconds=0.2
        )
        assert (got.kind, got.sent, server.count) == ("pool_timeout", "nothing", MAX_CONNECTIONS_PER_ORIGIN)

    def test_before_anything(self, transport, server):
        got = transport.send(build_request(server.url, "POST"), seconds=-0.001)
        assert (got.kind, got.sent, server.connections) == ("connect_timeout", "nothing", 0)
