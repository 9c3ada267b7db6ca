"""The loopback server of a sign-in: local only, one valid callback, a timeout, no secret on its page."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from support.servers import free_port

from connector.errors import SignInError
from connector.runtime.auth import loopback_server
from connector.runtime.auth.loopback_server import CallbackServer

STATE = "canary-state"
QUERY = f"code=canary-code&state={STATE}"


@pytest.fixture
def listener():
    with CallbackServer() as one:
        one.expect_state(STATE)
        yield one


def address(listener):
    parts = urlsplit(listener.redirect_uri)
    return parts.hostname, parts.port


def ask(listener, target=f"/callback?{QUERY}", *, host=None, method="GET", raw=None):
    """Send a request as it stands; the status and all the bytes that came back."""
    name = host if host is not None else urlsplit(listener.redirect_uri).netloc
    said = b""
    with socket.create_connection(address(listener), timeout=20) as line, suppress(OSError):
        line.sendall(raw if raw is not None else f"{method} {target} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        line.shutdown(socket.SHUT_WR)
        while part := line.recv(65536):
            said += part
    return (int(said.split(b" ", 2)[1]) if said.startswith(b"HTTP/") else None), said.decode()


def nothing_came(listener):
    with pytest.raises(SignInError, match=r"Sign-in timed out after 0.01 s.*--no-browser"):
        listener.wait(0.01)
    return True


def test_the_callback_is_taken_and_its_page_holds_nothing_of_it(listener):
    status, said = ask(listener)
    assert status == 200
    assert "canary" not in said
    assert "You can close this window" in said
    lowered = said.lower()
    for header in ("cache-control: no-store", "referrer-policy: no-referrer", "connection: close"):
        assert header in lowered
    assert listener.wait(20) == f"{listener.redirect_uri}?{QUERY}"


def test_it_listens_on_this_machine_alone_at_a_port_that_is_free(listener):
    assert address(listener)[0] == "127.0.0.1"
    assert listener._server.socket.getsockname()[0] == "127.0.0.1"
    with CallbackServer() as other:
        assert address(other) != address(listener)
    for elsewhere in (("127.0.0.2", address(listener)[1]), ("::1", address(listener)[1])):
        with pytest.raises(OSError), socket.create_connection(elsewhere, timeout=5):
            pass


def test_a_port_that_is_taken_is_told():
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(SignInError, match=r"Cannot listen on port \d+ of 127.0.0.1: Address already in use.*--port"),
    ):
        CallbackServer(taken.getsockname()[1])


def test_a_port_that_is_asked_for_is_used():
    port = free_port()
    with CallbackServer(port) as one:
        assert one.redirect_uri == f"http://127.0.0.1:{port}/callback"


@pytest.mark.parametrize(
    "target",
    ["/favicon.ico", "/", "/callback", "/callback/", f"/other?{QUERY}", "/callback?code=canary-code", f"//x/callback?{QUERY}",
     "/callback?code=canary-code&state=", "/callback?code=canary-code&state=other", f"/callback#{QUERY}", f"/callback;?{QUERY}",
     f"http://[/callback?{QUERY}", f"/callback?state=other&{QUERY}"],
)  # fmt: skip
def test_what_is_not_the_callback_is_answered_and_ignored(listener, target):
    status, said = ask(listener, target)
    assert status in (404, None)
    assert "canary" not in said
    assert nothing_came(listener)
    assert ask(listener)[0] == 200, "the right one is still taken"
    assert listener.wait(20)


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost", "127.0.0.1", "127.0.0.1:1", "", "LAN-host:PORT", "[::1]:PORT"]
)
def test_another_host_is_not_answered_with_the_page(listener, host):
    port = str(address(listener)[1])
    status, said = ask(listener, host=host.replace("PORT", port))
    assert (status, "canary" in said) == (404, False)
    assert nothing_came(listener)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "OPTIONS", "CONNECT", "X"])
def test_other_methods_bring_nothing(listener, method):
    status, said = ask(listener, method=method)
    assert status == 501
    assert "canary" not in said
    assert nothing_came(listener)


@pytest.mark.parametrize(
    "raw",
    [b"", b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", f"GET /callback?{QUERY}\r\n\r\n".encode(),
     f"GET /callback?{QUERY} x HTTP/1.1\r\n\r\n".encode(), f"GET /callback?{QUERY} HTTP/9.9\r\n\r\n".encode(),
     b"GET /callback?" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
     f"GET /callback?{QUERY} HTTP/1.1\r\n{'X: y' * 20_000}\r\n\r\n".encode()],
    ids=["nothing", "empty lines", "TLS", "an old request", "a bad request", "a new version", "too long", "a long header"],
)  # fmt: skip
def test_what_is_no_request_brings_nothing_and_tells_nothing(listener, raw):
    _, said = ask(listener, raw=raw)
    assert "canary" not in said
    assert nothing_came(listener)
    assert ask(listener)[0] == 200


def test_of_callbacks_at_once_one_is_taken(listener):
    with ThreadPoolExecutor(20) as pool:
        got = list(pool.map(lambda _: ask(listener)[0], range(20)))
    assert sorted(got) == [200, *[404] * 19]
    assert listener.wait(20) == f"{listener.redirect_uri}?{QUERY}"
    assert nothing_came(listener)


def test_a_line_that_says_nothing_holds_up_nobody_and_ends_with_the_listener():
    with CallbackServer() as one:
        one.expect_state(STATE)
        silent = [socket.create_connection(address(one), timeout=20) for _ in range(5)]
        silent[0].sendall(b"GET /callb")
        assert ask(one)[0] == 200
        assert one.wait(60)
    with pytest.raises(ConnectionRefusedError), socket.create_connection(address(one), timeout=5):
        pass
    for line in silent:
        line.close()


def test_before_a_state_is_expected_nothing_is_taken():
    with CallbackServer() as one:
        for state in ("", STATE):
            assert ask(one, f"/callback?code=x&state={state}")[0] == 404
        assert nothing_came(one)


def test_nobody_is_waited_for_longer_than_five_minutes():
    assert loopback_server.CALLBACK_TIMEOUT == 300.0
    assert CallbackServer.wait.__defaults__ == (300.0,)


def test_nothing_is_printed_and_no_thread_stays(listener, capsys):
    ask(listener)
    ask(listener, "/favicon.ico")
    ask(listener, raw=b"\x00\r\n\r\n")
    with socket.create_connection(address(listener), timeout=20) as line:
        line.sendall(f"GET /callback?{QUERY} HTTP/1.1\r\n\r\n".encode())
    assert capsys.readouterr() == ("", "")
    with CallbackServer():
        pass
    assert not [one for one in threading.enumerate() if one.name.startswith("serve_forever")]
