"""The sandbox over HTTP: real bytes on loopback, for this machine only, closed quickly."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest
from support.pace import WIDE
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
        head = "POST /v2/users/me/meetings HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer t\r\nExpect: 100-continue\r\n"
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
    ended.join(WIDE)
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
        raw.sendall(b"GET /v2/users/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer t\r\n\r\n")
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


FOREIGN = ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "[::2]", "",
           "localhost@evil.example", "evil.example#localhost", "localhost evil.example", "0x7f000001"]  # fmt: skip
OWN = ["127.0.0.1", "127.0.0.1:5", "localhost", "LOCALHOST:8080", "[::1]", "[::1]:9", "127.0.0.5", "sandbox.test:1"]


@pytest.fixture
def guarded_port(zoom: Connector) -> Iterator[int]:
    with serve(Sandbox(zoom).service, allowed_hosts=["Sandbox.test"], redirect_uris=[f"{APP}/back"]) as one:
        yield one.port


APP = "https://app.example"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def ask_raw(port: int, target: str, *lines: str, method: str = "GET") -> tuple[int, str]:
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        head = "\r\n".join((f"{method} {target} HTTP/1.1", "Authorization: Bearer t", *lines, "Connection: close"))
        line.sendall(f"{head}\r\n\r\n".encode())
        said = b""
        while more := line.recv(65_536):
            said += more
    return int(said.split()[1]), said.decode()


@pytest.mark.parametrize("host", FOREIGN)
def test_a_name_that_is_pointed_at_this_machine_is_not_answered(guarded_port: int, host: str) -> None:
    status, said = ask_raw(guarded_port, "/v2/users/me", f"Host: {host}")
    assert status == 421
    assert "does not answer to this host name. Use 127.0.0.1 or localhost" in said
    assert host.strip("[]") not in said or not host
    assert ask_raw(guarded_port, f"http://{host}/v2/users/me", "Host: localhost")[0] in (400, 421)


@pytest.mark.parametrize("host", OWN)
def test_the_names_of_the_server_are_answered(guarded_port: int, host: str) -> None:
    assert ask_raw(guarded_port, "/v2/users/me", f"Host: {host}")[0] == 200
    assert ask_raw(guarded_port, f"http://{host}/v2/users/me", f"Host: {host}")[0] == 200


@pytest.mark.parametrize(
    "lines", [[], ["Host: localhost", "Host: localhost"], ["Host: localhost", "Host: evil.example"]]
)
def test_a_request_has_one_host(guarded_port: int, lines: list[str]) -> None:
    assert ask_raw(guarded_port, "/v2/users/me", *lines)[0] == 400


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://localhost:3000", 204), ("http://[::1]", 204), ("https://sandbox.test", 204), ("https://evil.example", 403), ("null", 403)],
)  # fmt: skip
def test_a_page_of_another_host_changes_nothing(guarded_port: int, origin: str, status: int) -> None:
    lines = ("Host: localhost", f"Origin: {origin}")
    assert ask_raw(guarded_port, "/v2/users/me", *lines)[0] == 200
    assert ask_raw(guarded_port, "/v2/meetings/85746065432", *lines, method="DELETE")[0] in (
        status,
        404 if status == 204 else 403,
    )


@pytest.mark.parametrize(
    ("back", "status"),
    [(f"{APP}/back", 302), ("http://127.0.0.1:5/back", 302), ("http://localhost/back", 302), ("https://localhost/b", 302),
     (f"{APP}/other", 400), (f"{APP}/back?more=1", 400), ("https://evil.example/", 400), ("https://127.0.0.1.evil.example/", 400)],
)  # fmt: skip
def test_a_sign_in_is_sent_back_to_this_machine_or_where_it_was_told(guarded_port: int, back: str, status: int) -> None:
    query = {"client_id": "a", "redirect_uri": back, "response_type": "code", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}  # fmt: skip
    said, page = ask_raw(guarded_port, f"/oauth/authorize?{urlencode(query)}", "Host: localhost")
    assert said == status
    assert ("location: " in page.lower()) is (status == 302)
    assert status == 302 or "--redirect-uri" in page
