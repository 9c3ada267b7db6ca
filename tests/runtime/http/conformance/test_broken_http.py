"""Invalid HTTP, untrusted hosts, and redirects that a library must not follow by itself."""

from __future__ import annotations

import gzip

import pytest
from support import servers
from support.certificates import Issuer
from support.servers import Counting
from support.transports import CREATE, READ, build_request, catch_error

from connector import errors


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (servers.wrong_coding(), "decoding"),
        (servers.reply(body=b"\x0b\x02\x80{}\x03", headers=[("Content-Encoding", "br")]), "decoding"),
        (servers.reply(body=b"\x28\xb5\x2f\xfd", headers=[("Content-Encoding", "zstd")]), "decoding"),
        (servers.reply(body=gzip.compress(b"{}")[:-9], headers=[("Content-Encoding", "gzip")]), "decoding"),
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
    error = catch_error(one.run, *CREATE)
    assert type(error) is errors.TransportError
    assert (error.kind, error.outcome, server.count) == (kind, "uncertain", 1)
    server.always(servers.reply(json_={"id": "right"}))
    assert one.run(*READ).data == {"id": "right"}
    assert server.connections == 2 or kind == "decoding"  # whose connection may be sound


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed_with_what_is_secret(runner, server, status):
    with Counting() as evil:
        for to in (evil.url, f"//127.0.0.1:{evil.port}/v2", "file:///etc/passwd", server.url + "/x"):
            server.always(servers.redirect(to, status))
            for action in (READ, CREATE):
                error = catch_error(runner(server.url).run, *action)
                assert (error.status, error.outcome) == (status, "rejected" if action == READ else "uncertain")
        assert evil.connections == 0
        assert server.count == 9  # a read that is sent on to the same host goes there, once
        assert {request.method for request in server.requests} == {"GET", "POST"}


def test_a_certificate_that_is_not_trusted_ends_the_call_before_a_byte_is_said(runner, clock, tmp_path):
    with Counting(tls=Issuer(tmp_path).server("127.0.0.1")) as server:
        error = catch_error(runner(server.url, clock=clock).run, *CREATE)
        assert type(error) is errors.TransportError
        assert (error.kind, error.outcome, error.attempts, error.retryable) == ("tls", "not_sent", 1, False)
        assert "certificate" in str(error)
        assert (server.count, server.connections) == (0, 1)


def test_a_server_that_speaks_no_tls_is_a_tls_error(runner, clock):
    with Counting(greeting=b"HTTP/1.1 400 Speak plainly\r\n\r\n") as server:
        error = catch_error(runner(server.url.replace("http:", "https:"), clock=clock).run, *READ)
        assert (error.kind, error.outcome) == ("tls", "not_sent")
        assert server.count == 0


def test_a_name_that_is_not_found_is_told_and_may_be_asked_for_once_more(transport):
    """A name over the length limit is never sent to a DNS server."""
    got = transport.send(build_request("http://" + ".".join(["abcdefghij"] * 40), "POST"))
    assert (got.kind, got.sent, got.final, got.retry_once) == ("dns", "nothing", False, True)
