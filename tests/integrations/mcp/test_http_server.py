"""Over HTTP, only who has the token is answered, and only under the server's own names."""

from __future__ import annotations

import pytest

pytest.importorskip("mcp", reason="the extra mcp is not installed")

import httpx2

from connector.errors import UsageError
from connector.integrations.mcp.http_server import BearerCheck, ListenAddress

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


def post(url, token, **headers):
    own = {"Accept": "application/json, text/event-stream", "Authorization": f"Bearer {token}"}
    return httpx2.post(url, json=LIST, headers={**own, **headers}, timeout=20)


def test_a_request_needs_the_token_and_a_name_of_the_server(serve):
    url, token = serve("--sandbox")
    assert len(token) > 40
    for wrong in ("Bearer x", f"Basic {token}", token, "", f"Bearer {token}x", "Bearer", "Bearer \xff"):
        answer = post(url, token, Authorization=wrong.encode("latin-1"))
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert token not in answer.text
    assert post(url, token, Host="evil.example").status_code == 421
    assert post(url, token, Origin="http://evil.example").status_code == 403
    assert post(url, token, Origin=url.removesuffix("/mcp")).status_code not in (401, 403, 421)
    assert post(url.replace("127.0.0.1", "localhost"), token).status_code not in (401, 403, 421)
    assert httpx2.get(url.replace("/mcp", "/other"), timeout=20).status_code == 401


def test_a_token_of_the_owner_is_taken_and_not_printed(serve, tmp_path):
    given = "a-token-of-the-owner-0123456789abcdef"
    url, _ = serve("--sandbox", CONNECTOR_MCP_TOKEN=given)
    assert post(url, given).status_code != 401
    assert given not in (tmp_path / "server.log").read_text()


def test_another_name_is_answered_when_the_owner_allows_it(serve):
    url, token = serve("--sandbox", "--allow-host", "agents.example")
    for host in ("agents.example", "agents.example:443"):
        assert post(url, token, Host=host, Origin="https://agents.example").status_code not in (401, 403, 421)
    assert post(url, token, Host="agents.example.evil.example").status_code == 421


def test_of_the_token_only_the_hash_is_kept():
    check = BearerCheck(None, "the-token")
    assert "the-token" not in repr(vars(check))
    assert b"the-token" not in repr(vars(check)).encode()


@pytest.mark.parametrize(
    ("text", "host", "port", "is_loopback"),
    [
        ("127.0.0.1:8090", "127.0.0.1", 8090, True),
        ("localhost:0", "localhost", 0, True),
        ("[::1]:8090", "::1", 8090, True),
        ("192.0.2.7:80", "192.0.2.7", 80, False),
    ],
)
def test_an_address_is_host_and_port(text, host, port, is_loopback):
    address = ListenAddress.parse(text)
    assert (address.host, address.port, address.is_loopback) == (host, port, is_loopback)


@pytest.mark.parametrize(
    "text", ["", "8090", "127.0.0.1", ":8090", "a:b", "a:99999", "http://a:1", "u@a:1", "a:1/x", "a b:1x", "[::1:8"]
)
def test_another_text_is_no_address(text):
    with pytest.raises(UsageError):
        ListenAddress.parse(text)


@pytest.mark.parametrize("text", ["0.0.0.0:8090", "[::]:8090"])
def test_an_open_address_needs_a_name(text):
    with pytest.raises(UsageError, match="--allow-host"):
        ListenAddress.parse(text)
    allowed = ListenAddress.parse(text, ["agents.example"]).build_security().allowed_hosts
    assert allowed == ["agents.example", "agents.example:*"]
