"""The counting server counts correctly and leaves nothing behind."""

from __future__ import annotations

import socket
import threading

from support import servers
from support.servers import Counting


def _say(port, data):
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        got = b""
        while part := line.recv(65536):
            got += part
    return got


def test_every_byte_of_a_request_is_kept_and_replies_follow_the_script():
    with Counting(lambda request: servers.reply(json_={"was": request.path})) as server:
        server.then(servers.reply(418, {"tea": True}))
        two = b"POST /v2/a%2Fb?x=1&x= HTTP/1.1\r\nHost: h\r\nX-A:  b \r\nContent-Length: 3\r\n\r\n\x00\xffz"
        got = _say(server.port, two + b"GET /v2/c HTTP/1.1\r\nHost: h\r\n\r\n")
        assert got.count(b"HTTP/1.1 ") == 2
        assert b"418" in got
        assert b'{"was": "/v2/c"}' in got
        first, second = server.requests
        assert (first.method, first.target, first.body) == ("POST", b"/v2/a%2Fb?x=1&x=", b"\x00\xffz")
        assert first.query == [("x", "1"), ("x", "")]
        assert first.header("x-a") == "b"
        assert (second.method, second.path) == ("GET", "/v2/c")


def test_closing_ends_a_server_that_trickles_or_waits_and_leaves_no_thread():
    before = threading.active_count()
    with Counting(servers.trickle_body(0.01)) as server, Counting(servers.silence()) as silent:
        lines = [socket.create_connection(("127.0.0.1", one.port)) for one in (server, silent)]
        for line in lines:
            line.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert lines[0].recv(10)
    for line in lines:
        line.close()
    assert threading.active_count() <= before  # an idle one of an earlier test may have ended
    assert server.count == 1
