"""Over real sockets: whatever a path, a header or a redirect tries, a foreign host sees no token and no body."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import servers
from support.servers import Counting

from connector import Client, errors

SECRET = servers.TOKEN.encode()
BODY = {"topic": "canary-of-a-body"}
PATHS = [
    "{evil}/users", "{evil}", "//{host}/users", "///{host}/users", "\\\\{host}\\users", "/\\{host}/users", "@{host}/users",
    "/@{host}/users", "/..//{host}/users", "/%2f%2f{host}/users", "/users/..%2f..%2f{host}", "http:{host}", "http:/{host}/x",
    "/users?next={evil}", "/users#{evil}", "/;@{host}/", "/users/%00{evil}", "/users/{evil}", "/users/\r\nHost: {host}",
    "/users HTTP/1.1\r\nHost: {host}\r\n\r\nGET /x", "/./{host}", "/users/%2e%2e/%2e%2e/oauth", "/users/../../oauth/token",
]  # fmt: skip
HEADERS = [
    {"Host": "{host}"}, {"host": "{host}"}, {"X-Forwarded-Host": "{host}"}, {"X-One": "1\r\nHost: {host}"}, {"X-One\r\nHost": "{host}"},
    {"X-Original-URL": "{evil}/x"}, {"Forwarded": "host={host}"}, {"Transfer-Encoding": "chunked"}, {"Content-Length": "0"},
    {"Proxy-Authorization": "Basic x"}, {"Connection": "keep-alive, X-Auth"}, {"Authorization": "Bearer other"}, {"Cookie": "a=b"},
    {"X-One": "a\0b"}, {"X One": "1"}, {"": "1"}, {"X-One": "é"}, {"Upgrade": "h2c"}, {"Expect": "100-continue"}, {"TE": "trailers"},
]  # fmt: skip
LOCATIONS = [
    "{evil}", "{evil}/x", "//{host}/x", "HTTP://{host}/x", "http://{host}:80@{host}/", "http://api.zoom.us@{host}/x", "{evil}#@api.zoom.us",
    "{evil}?api.zoom.us", "http://localhost:{port}/x", "http://LOCALHOST:{port}/x", "http://127.1:{port}/x", "http://2130706433:{port}/x",
    "http://0x7f000001:{port}/x", "http://[::ffff:127.0.0.1]:{port}/x", "http://[::1]:{port}/x", "http:\\\\{host}\\x", "/\\{host}/x",
    "\\\\{host}/x", " {evil}/x ", "\t{evil}/x", "https://{host}/x", "https://user:pw@{host}/x", "file:///etc/passwd", "ftp://{host}/x",
    "gopher://{host}/x", "data:text/html,x", "javascript:alert(1)", "ws://{host}/x", "http:///{host}/x", "http:{host}/x", "%2f%2f{host}/x",
    "http://{host}%2f@api.zoom.us/", "http://169.254.169.254/latest/meta-data", "http://{host}/\\..\\", "{evil}/%0d%0aX: 1",
]  # fmt: skip
STATUSES = [301, 302, 303, 307, 308]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


@pytest.fixture
def evil():
    """Run a foreign server; fail the test if it received the token or a body."""
    with Counting() as server:
        yield server
        for request in server.requests:
            assert SECRET not in request.head
            assert not request.body


def spelled(text, evil):
    return text.format(evil=f"http://127.0.0.1:{evil.port}", host=f"127.0.0.1:{evil.port}", port=evil.port)


def ended(runner, *args, **options):
    """Run a raw request; return its result or its typed error."""
    try:
        return runner.request(*args, **options)
    except errors.ConnectorError as error:
        return error


def test_the_corpus_is_large():
    assert len(PATHS) * len(METHODS) + len(HEADERS) * 2 + len(LOCATIONS) * len(STATUSES) > 200


def test_no_path_leads_elsewhere(runner, server, evil):
    one = runner(server.url)
    for path in PATHS:
        for method in METHODS:
            ended(one, method, spelled(path, evil), data=BODY if method in ("POST", "PUT", "PATCH") else None)
    assert evil.connections == 0
    assert all(request.target.startswith(b"/v2/") for request in server.requests)
    assert all(request.all("host") == [f"127.0.0.1:{server.port}"] for request in server.requests)


def test_no_header_leads_elsewhere_or_makes_two_requests_of_one(runner, server, evil):
    one = runner(server.url)
    sent = 0
    for headers in HEADERS:
        for method in ("GET", "POST"):
            spell = {spelled(name, evil): spelled(value, evil) for name, value in headers.items()}
            got = ended(one, method, "/users/me", headers=spell, data=BODY if method == "POST" else None)
            sent += not isinstance(got, errors.InputError)
    assert evil.connections == 0
    assert server.count == sent
    assert all(request.all("host") == [f"127.0.0.1:{server.port}"] for request in server.requests)
    assert all(request.all("authorization") == [f"Bearer {servers.TOKEN}"] for request in server.requests)


@pytest.mark.parametrize("status", STATUSES)
def test_no_redirect_takes_a_secret_along(runner, server, evil, status):
    one = runner(server.url)
    for location in LOCATIONS:
        for method in METHODS:
            server.always(servers.reply(status, body=b"", headers=[("Location", spelled(location, evil).strip())]))
            ended(
                one,
                method,
                "/users/me",
                data=BODY if method in ("POST", "PUT", "PATCH") else None,
                retry={"maxRetries": 0},
            )
    assert evil.connections == 0
    assert {request.method for request in server.requests} == set(METHODS)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    before=st.text("/\\@:;?#%.htp s\t", max_size=8),
    after=st.text("/\\@:;?#%.eE2fF ", max_size=8),
    status=st.sampled_from(STATUSES),
    method=st.sampled_from(METHODS),
)
def test_whatever_is_put_around_a_foreign_host_it_sees_nothing(zoom, token_connection, before, after, status, method):
    with Counting() as evil, Counting() as server, Client(zoom, token_connection, base_url=server.url) as client:
        location = f"{before}//127.0.0.1:{evil.port}{after}"
        sendable = location.strip().isprintable() and location.strip()
        if sendable:
            server.always(servers.reply(status, body=b"", headers=[("Location", location.strip())]))
        for path in ("/users/me", location):
            try:
                client.request(method, path, data=BODY if method == "POST" else None, retry={"maxRetries": 0})
            except errors.ConnectorError as error:
                assert servers.TOKEN not in str(error)  # noqa: PT017
        assert evil.connections == 0
