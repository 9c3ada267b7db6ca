"""Faults of the network and of the service, over real sockets: what is retried, what is told, what is never done."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import time
import tracemalloc
from pathlib import Path

import httpcore
import pytest
import servers
from servers import Counting, free_port

from connector import errors
from connector.edge.http_httpx_network import Call

CREATE = ("createMeeting", {"userId": "me", "topic": "Standup"})
READ = ("getUser", {"userId": "me"})
WIDE = 10.0  # a deadline of half a second ends within this on the slowest machine


def failed(run, *args, **options):
    with pytest.raises(errors.ConnectorError) as caught:
        run(*args, **options)
    return caught.value


def test_a_refused_connection_is_retried_for_every_method_and_named(runner, clock):
    port = free_port()
    one = runner(f"http://127.0.0.1:{port}/v2", clock=clock)
    for action in (READ, CREATE):
        error = failed(one.run, *action)
        assert type(error) is errors.TransportError
        assert (error.kind, error.outcome, error.attempts, error.retryable) == ("refused", "not_sent", 3, True)
        assert f"127.0.0.1:{port}" in str(error)


def test_a_server_that_comes_up_sees_exactly_one_request(runner, clock):
    port = free_port()
    up = []
    clock.on_wait = lambda _: up or up.append(Counting(servers.reply(201, {"id": 1}), port=port))
    result = runner(f"http://127.0.0.1:{port}/v2", clock=clock).run(*CREATE)
    with up[0] as server:
        assert (result.data, result.attempts, server.count) == ({"id": 1}, 2, 1)


@pytest.mark.parametrize(
    "fault",
    [
        servers.reset(),
        servers.hang_up(),
        servers.cut_length(b'{"id": 84512370966, "topic": "Standup"}', keep=20),
        servers.cut_close(b'{"id": 84512370966, "topic": "Standup"}', keep=20),
        servers.cut_close(b'{"id": 84512370966}', keep=0),
        servers.cut_chunks(b'{"id": 84512370966, "topic": "Standup"}', keep=20),
    ],
    ids=["reset", "hang-up", "cut-length", "cut-close", "cut-close-at-once", "cut-chunks"],
)
class TestALostReply:
    """A reply that is lost or cut is never taken for a result: a read is repeated, a write is told as uncertain."""

    def test_a_read_is_repeated(self, runner, server, clock, fault):
        server.then(fault).always(servers.reply(json_={"id": "u1"}))
        result = runner(server.url, clock=clock).run(*READ)
        assert (result.data, result.attempts, server.count) == ({"id": "u1"}, 2, 2)

    def test_a_read_that_is_never_answered_is_an_error(self, runner, server, clock, fault):
        server.always(fault)
        error = failed(runner(server.url, clock=clock).run, *READ)
        assert isinstance(error, errors.TransportError | errors.ServiceDown)
        assert (error.outcome, error.retryable, error.attempts, server.count) == ("rejected", True, 3, 3)

    def test_a_write_is_sent_once_and_left_open(self, runner, server, clock, fault):
        server.always(fault)
        error = failed(runner(server.url, clock=clock).run, *CREATE)
        assert (error.outcome, error.retryable, server.count) == ("uncertain", False, 1)
        assert "may have been done" in str(error)
        assert "look before you repeat" in str(error)


@pytest.mark.parametrize(
    "fault",
    [servers.trickle_headers(), servers.trickle_body(), servers.trickle_body(0.002, size=20_000), servers.silence()],
    ids=["header", "body", "fast-body-without-end", "silence"],
)
def test_a_call_ends_by_its_deadline(runner, fault):
    with Counting(fault) as server:
        began = time.monotonic()
        error = failed(runner(server.url).run, *READ, timeout=0.5)
        elapsed = time.monotonic() - began
        assert type(error) is errors.DeadlineError
        assert 0.4 < elapsed < WIDE
        assert (error.limit, error.outcome, error.kind) == (0.5, "rejected", "deadline")
        assert 0.4 < error.elapsed < WIDE
        assert "0.5 s" in str(error)
        assert f"{error.elapsed:.1f}" in str(error)
        error = failed(runner(server.url).run, *CREATE, timeout=0.3)
        assert (type(error), error.outcome, error.retryable) == (errors.DeadlineError, "uncertain", False)


@pytest.mark.parametrize("over", [httpcore.ReadTimeout, httpcore.WriteTimeout, httpcore.ConnectTimeout])
def test_no_operation_begins_after_the_deadline_however_fast_it_would_be(over):
    call = Call(time.monotonic() - 0.001)
    with pytest.raises(over):
        call.left(5.0, over)
    assert 0 < Call(time.monotonic() + 3).left(None, over) <= 3
    assert Call(time.monotonic() + 3).left(1.0, over) == 1.0


def test_a_deadline_holds_while_a_body_is_sent_to_who_does_not_read(runner, server):
    def never_reads(line, _):
        line.pause(60)
        return False

    server.always(never_reads)
    held = socket.create_server(("127.0.0.1", 0))
    try:
        began = time.monotonic()
        error = failed(
            runner(f"http://127.0.0.1:{held.getsockname()[1]}/v2").raw, "PUT", "/x", data=b"x" * (32 << 20), timeout=0.5
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
        error = failed(runner(server.url, clock=clock).run, "rawRequest", {**given, "maxRetries": 0})
        assert (error.kind, server.count) == ("read_timeout", 3)


@pytest.mark.parametrize("action", [READ, CREATE])
def test_a_web_page_is_never_taken_for_data(runner, server, clock, action):
    server.always(servers.html(text="<html><title>Sign in to wifi</title></html>"))
    error = failed(runner(server.url, clock=clock).run, *action)
    assert type(error) is errors.ServiceDown
    assert "text/html" in str(error)
    assert "Sign in to wifi" in str(error)
    assert server.count == 1


def test_a_204_with_a_body_does_not_disturb_the_next_request(runner, server, clock):
    one = runner(server.url, clock=clock)
    for _ in range(5):
        server.then(servers.no_content_with_body(b'HTTP/1.1 500 Evil\r\nContent-Length: 2\r\n\r\n{"'))
        assert one.run("updateMeeting", {"meetingId": 1, "topic": "x"}).data == {}
        server.then(servers.reply(json_={"id": "right"}))
        result = one.run(*READ)
        assert (result.data, result.attempts) == ({"id": "right"}, 1)
    assert server.count == 10


def test_an_empty_reply_is_data_only_where_it_may_be(runner, server):
    one = runner(server.url)
    server.then(servers.reply(204), servers.reply(201), servers.reply(200))
    assert one.run("updateMeeting", {"meetingId": 1, "topic": "x"}).data == {}
    assert one.run(*CREATE).data == {}
    assert type(failed(one.run, *READ)) is errors.ServiceDown


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": NaN}',
        b'"\xff\xfe"',
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
        b"{'a': 1}",
        b'{"a": "\xed\xa0\x80"}',
    ],
    ids=["nan", "utf8", "deep", "digits", "quotes", "surrogate"],
)
def test_a_body_that_is_no_json_is_one_typed_error(runner, server, raw):
    server.always(servers.reply(body=raw, headers=[("Content-Type", "application/json")]))
    error = failed(runner(server.url).run, *READ)
    assert type(error) is errors.ServiceDown
    assert "not JSON" in str(error)
    assert server.count == 1


def test_a_mark_of_byte_order_is_skipped(runner, server):
    server.always(servers.reply(body=b"\xef\xbb\xbf" + b'{"id": 92674392836123456789}'))
    assert runner(server.url).run(*READ).data == {"id": 92674392836123456789}


def test_a_compressed_reply_is_read(runner, server):
    for coding in ("gzip", "GZIP"):
        server.then(servers.compressed(b'{"id": "u1"}', coding))
        assert runner(server.url).run(*READ).data == {"id": "u1"}
    assert server.last.header("accept-encoding") == "gzip, deflate"


@pytest.mark.parametrize("bomb", [servers.bomb(120), servers.bomb(120, times=2)], ids=["once", "twice"])
def test_a_bomb_is_stopped_at_the_cap(runner, server, bomb):
    server.always(bomb)
    for action, outcome in ((READ, "rejected"), (CREATE, "uncertain")):
        tracemalloc.start()
        try:
            error = failed(runner(server.url).run, *action)
            peak = tracemalloc.get_traced_memory()[1] >> 20
        finally:
            tracemalloc.stop()
        assert error.kind in ("too_large", "decoding")
        assert error.outcome == outcome
        assert peak < 50 + 32, f"{peak} MB"
    assert "52,428,800" in str(error) or error.kind == "decoding"


def test_an_action_may_declare_a_smaller_cap(runner, server, folder):
    action = "action: getLamp\nlabel: L\nsummary: S.\nrequest: GET /lamp\nreturns: {cap: 1000}\n"
    lamp = folder("", {"get-lamp": action})
    from connector import Connection

    one = runner(server.url, Connection(lamp, "key", apiKey="canary-key"), connector=lamp)
    server.always(lambda _: servers.reply(json_={"a": "x" * 900}))
    assert one.run("getLamp").data["a"]
    server.always(lambda _: servers.reply(json_={"a": "x" * 2000}))
    assert failed(one.run, "getLamp").kind == "too_large"


def test_a_long_error_is_read_in_part(runner, server):
    body = json.dumps({"code": 300, "message": "no"}).encode() + b" " * (10 << 20)
    server.always(servers.reply(400, body=body, headers=[("Content-Type", "application/json")]))
    error = failed(runner(server.url).run, *READ)
    assert (type(error), error.code) == (errors.Rejected, 300)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (servers.wrong_coding(), "decoding"),
        (servers.garbage(), "protocol"),
        (servers.two_lengths(), "protocol"),
        (servers.huge_header(), "protocol"),
        (servers.raw(b""), "protocol"),
        (servers.raw(b"HTTP/1.1 abc\r\n\r\n"), "protocol"),
        (servers.raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), "protocol"),
        (servers.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "protocol"),
        (servers.raw(b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n"), "protocol"),
        (servers.raw(gzip.compress(b"{}")), "protocol"),
    ],
)
def test_what_is_no_proper_http_is_a_typed_error_and_the_connection_is_dropped(runner, server, clock, fault, kind):
    server.always(fault)
    one = runner(server.url, clock=clock)
    error = failed(one.run, *CREATE)
    assert type(error) is errors.TransportError
    assert (error.kind, error.outcome, server.count) == (kind, "uncertain", 1)
    server.always(servers.reply(json_={"id": "right"}))
    assert one.run(*READ).data == {"id": "right"}
    assert server.connections == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed_with_what_is_secret(runner, server, status):
    with Counting() as evil:
        for to in (evil.url, f"//127.0.0.1:{evil.port}/v2", "file:///etc/passwd", server.url + "/x"):
            server.always(servers.redirect(to, status))
            for action in (READ, CREATE):
                error = failed(runner(server.url).run, *action)
                assert (error.status, error.outcome) == (status, "rejected")
        assert evil.connections == 0
        assert server.count == 9  # a read that is sent on to the same host goes there, once
        assert {request.method for request in server.requests} == {"GET", "POST"}


CERTIFICATE = Path(__file__).with_name("loopback.pem")


def test_a_certificate_that_is_not_trusted_ends_the_call_before_a_byte_is_said(runner, clock):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with Counting(tls=context) as server:
        error = failed(runner(server.url, clock=clock).run, *CREATE)
        assert type(error) is errors.TransportError
        assert (error.kind, error.outcome, error.attempts, error.retryable) == ("tls", "not_sent", 1, False)
        assert "certificate" in str(error)
        assert (server.count, server.connections) == (0, 1)


def test_a_server_that_speaks_no_tls_is_a_tls_error(runner, clock):
    with Counting(greeting=b"HTTP/1.1 400 Speak plainly\r\n\r\n") as server:
        error = failed(runner(server.url.replace("http:", "https:"), clock=clock).run, *READ)
        assert (error.kind, error.outcome) == ("tls", "not_sent")
        assert server.count == 0


@pytest.mark.parametrize(
    ("code", "final"),
    [(socket.EAI_AGAIN, False), (socket.EAI_NONAME, False), (socket.EAI_FAIL, True), (socket.EAI_FAMILY, True)],
)
def test_a_name_that_cannot_be_looked_up_is_told_with_the_host(runner, clock, monkeypatch, code, final):
    asked = []

    def refuse(host, *_args, **_options):
        asked.append(host)
        raise socket.gaierror(code, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    error = failed(runner("https://no-such-host.example/v2", clock=clock).run, *CREATE)
    assert (error.kind, error.outcome, error.retryable) == ("dns", "not_sent", not final)
    assert "no-such-host.example" in str(error)
    assert len(asked) == (1 if final else 3)


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


def test_a_lost_write_is_counted_once_however_many_retries_are_allowed(runner, server, clock):
    server.always(servers.hang_up())
    for _ in range(20):
        error = failed(runner(server.url, clock=clock).run, *CREATE, retry={"maxRetries": 10, "retryAllErrors": True})
        assert error.outcome == "uncertain"
    assert server.count == 20


def test_a_raw_write_with_every_retry_allowed_is_repeated_and_warns(runner, server, clock):
    server.then(servers.hang_up(), servers.reply(400, {"code": 300, "message": "no"}))
    given = {"method": "POST", "url": "/x", "data": "{}", "maxRetries": 3, "retryAllErrors": True}
    result = runner(server.url, clock=clock).run("rawRequest", given)
    assert (server.count, result.attempts) == (3, 3)
    assert "more than once" in result.warnings[0]
    server.always(servers.hang_up())
    failed(runner(server.url, clock=clock).run, "rawRequest", given)
    assert server.count == 3 + 4
