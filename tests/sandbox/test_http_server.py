"""The sandbox over HTTP: real bytes on loopback, for this machine only, closed quickly."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from support.servers import GivenClock

from connector import Client, Connection, Connector, errors
from connector.sandbox import http_server
from connector.sandbox.http_server import MAX_BODY_BYTES, SandboxServer, serve
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = {"Authorization": "Bearer t"}


@pytest.fixture
def http_connection(sandbox_server: SandboxServer) -> Iterator[http.client.HTTPConnection]:
    """A plain HTTP connection to the sandbox."""
    one = http.client.HTTPConnection("127.0.0.1", sandbox_server.port, timeout=10)
    yield one
    one.close()


def send(
    http_connection: http.client.HTTPConnection, method: str, path: str, **more: Any
) -> tuple[int, dict[str, str], Any]:
    http_connection.request(method, path, headers={**TOKEN, **more.pop("headers", {})}, **more)
    reply = http_connection.getresponse()
    body = reply.read()
    return reply.status, {name.lower(): value for name, value in reply.getheaders()}, json.loads(body) if body else None


def test_the_url_is_a_base_url(zoom: Connector, sandbox_server: SandboxServer) -> None:
    assert sandbox_server.url == f"http://127.0.0.1:{sandbox_server.port}/v2"
    with Client(zoom, Connection(zoom, "accessToken", accessToken="t"), base_url=sandbox_server.url) as client:
        assert client.run("getUser", {"userId": "me"}).data["first_name"] == "Ada"


def test_one_connection_serves_many_requests(http_connection: http.client.HTTPConnection) -> None:
    http_connection.connect()
    port = http_connection.sock.getsockname()[1]
    body = json.dumps({"topic": "T"})
    for _ in range(3):
        status, headers, made = send(
            http_connection, "POST", "/v2/users/me/meetings", body=body, headers={"Content-Type": "application/json"}
        )
        assert (status, headers["content-type"]) == (201, "application/json")
        assert send(http_connection, "DELETE", f"/v2/meetings/{made['id']}")[0] == 204
        assert send(http_connection, "GET", f"/v2/meetings/{made['id']}")[0] == 404
    assert http_connection.sock.getsockname()[1] == port


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": "Bearer expired"}, 401),
        ({"Authorization": "Bearer invalid"}, 401),
        ({"Authorization": "bearer anything"}, 200),
    ],
)
def test_anybody_with_a_token_is_let_in(
    http_connection: http.client.HTTPConnection, headers: dict[str, str], status: int
) -> None:
    http_connection.request("GET", "/v2/users/me", headers=headers)
    reply = http_connection.getresponse()
    said = json.loads(reply.read())
    assert reply.status == status
    if status == 401:
        assert said == {"code": 124, "message": "Invalid access token."}


def test_head_has_no_body_and_options_no_place(http_connection: http.client.HTTPConnection) -> None:
    length = send(http_connection, "GET", "/v2/users/me")[1]["content-length"]
    status, headers, said = send(http_connection, "HEAD", "/v2/users/me")
    assert (status, headers["content-length"], said) == (200, length, None)
    status, headers, said = send(http_connection, "OPTIONS", "/v2/users/me")
    assert (status, said["code"]) == (405, 405)
    assert headers["allow"] == "DELETE, GET, HEAD, PATCH, PUT"


def test_a_large_body_is_refused_before_it_is_read(http_connection: http.client.HTTPConnection) -> None:
    http_connection.putrequest("POST", "/v2/users")
    http_connection.putheader("Authorization", "Bearer t")
    http_connection.putheader("Content-Length", str(MAX_BODY_BYTES + 1))
    http_connection.endheaders()
    assert http_connection.getresponse().status == 413


@pytest.mark.parametrize(
    ("name", "value", "status"), [("Transfer-Encoding", "chunked", 411), ("Content-Length", "x", 400)]
)
def test_a_body_of_unknown_length_is_refused(
    http_connection: http.client.HTTPConnection, name: str, value: str, status: int
) -> None:
    http_connection.putrequest("POST", "/v2/users")
    http_connection.putheader(name, value)
    http_connection.endheaders()
    reply = http_connection.getresponse()
    assert (reply.status, json.loads(reply.read())["code"]) == (status, status)


def test_a_client_that_asks_first_is_reported_to_go_on(sandbox_server: SandboxServer) -> None:
    with socket.create_connection(("127.0.0.1", sandbox_server.port), timeout=10) as raw:
        head = "POST /v2/users/me/meetings HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nExpect: 100-continue\r\n"
        raw.sendall((head + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n").encode())
        assert raw.recv(4096).startswith(b"HTTP/1.1 100 ")
        raw.sendall(b"{}")
        assert raw.recv(65_536).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", "", "::"])
def test_other_machines_are_kept_out(sandbox: Sandbox, host: str) -> None:
    with pytest.raises(errors.UsageError, match="does not listen"):
        serve(sandbox.service, host, 0)


def test_a_port_that_is_taken_is_reported(sandbox: Sandbox, sandbox_server: SandboxServer) -> None:
    with pytest.raises(errors.UsageError, match=str(sandbox_server.port)):
        serve(sandbox.service, "127.0.0.1", sandbox_server.port)
    with pytest.raises(errors.UsageError, match="Invalid port"):
        serve(sandbox.service, "127.0.0.1", 65_536)


def test_the_end_waits_for_nobody_and_comes_once(sandbox: Sandbox) -> None:
    server = serve(sandbox.service, "127.0.0.1", 0)
    idle = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    send(idle, "GET", "/v2/users/me")
    ended = threading.Thread(target=server.shutdown)
    ended.start()
    ended.join(5)
    assert not ended.is_alive()
    server.wait(0)
    server.shutdown()
    with pytest.raises((OSError, http.client.HTTPException)):
        send(idle, "GET", "/v2/users/me")
    idle.close()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


class Waiting(GivenClock):
    """A clock that reports a wait, and blocks it until it is stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.stopped = threading.Event(), threading.Event()

    def wait_or_stop(self, seconds: float, stop_event: threading.Event) -> None:
        self.entered.set()
        if stop_event.wait(10):
            self.stopped.set()


def test_a_slow_answer_does_not_hold_up_the_end(zoom: Connector) -> None:
    clock = Waiting()
    server = serve(Sandbox(zoom, faults=["slow:600"], clock=clock).service, "127.0.0.1", 0)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
        raw.sendall(b"GET /v2/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n\r\n")
        assert clock.entered.wait(10)
        server.shutdown()
        with suppress(ConnectionResetError):
            while raw.recv(65_536):
                pass
        assert clock.stopped.wait(10)


def test_a_state_that_cannot_be_kept_is_the_services_trouble(zoom: Connector, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"scribble")
    sandbox = Sandbox(zoom, path)
    connection = Connection(zoom, "accessToken", accessToken="t")
    with serve(sandbox.service) as server, Client(zoom, connection, base_url=server.url) as client:
        with pytest.raises(errors.ServiceDown, match="corrupt-1") as caught:
            client.run("createMeeting", {"userId": "me"}, retry={"maxRetries": 0})
        assert caught.value.status == 500


def test_nothing_is_printed(http_connection: http.client.HTTPConnection, capfd: pytest.CaptureFixture[str]) -> None:
    send(http_connection, "GET", "/v2/users/me")
    send(http_connection, "GET", "/v2/nowhere")
    assert capfd.readouterr() == ("", "")


def test_the_module_names_its_host(sandbox: Sandbox) -> None:
    with http_server.serve(sandbox.service, "localhost") as server:
        assert urlsplit(server.url).hostname == "localhost"
