"""Secrets go only to https at the connector's hosts; redirects are not followed."""

from __future__ import annotations

import pytest
from support.oauth_server import CLIENT_SECRET, Authority, moved
from support.servers import Counting

from connector import Client, errors
from connector.runtime.auth.sign_in import begin_sign_in

ME = {"userId": "me"}


ELSEWHERE = (
    "http://zoom.us/oauth/token", "https://evil.example/oauth/token", "https://zoom.us.evil.example/oauth/token",
    "https://evil.example\\.zoom.us/oauth/token", "https://me@zoom.us/oauth/token", "https://zoom.us:8443/token",
    "https://evilzoom.us/oauth/token", "ftp://zoom.us/oauth/token", "zoom.us/oauth/token", "https://[zoom.us/token",
)  # fmt: skip


class Nowhere:
    """A host that nothing may contact."""

    sent = 0

    def send(self, *_):
        self.sent += 1


@pytest.mark.parametrize("url", ELSEWHERE)
@pytest.mark.parametrize("kind", ["oauth2", "serverToServer"])
def test_a_token_url_of_another_place_is_never_asked(zoom, authority, get, kind, url):
    way = Nowhere()
    with pytest.raises(errors.SignInError, match="not https at one of the connector's hosts; the secret was not"):
        get(authority.connection(zoom, kind, tokenUrl=url, http=way))
    assert way.sent == 0
    assert authority.requests == []


@pytest.mark.parametrize("url", ELSEWHERE)
@pytest.mark.parametrize("which", ["tokenUrl", "authorizeUrl"])
def test_a_sign_in_with_a_url_of_another_place_never_begins(zoom, store, authority, which, url):
    inputs = {**authority.inputs(), which: url}
    with pytest.raises(errors.UsageError, match="not https at a host of zoom"):
        begin_sign_in(zoom, name="x", redirect_uri="http://127.0.0.1:1/callback", store=store, inputs=inputs)
    assert store.keys() == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_token_endpoint_sends_nobody_elsewhere(authority, connection, get, status):
    with Counting() as other:
        authority.then(moved(f"{other.url}/oauth/token", status))
        with pytest.raises(errors.ServiceDown, match=f"HTTP {status}"):
            get(connection)
        assert other.requests == []
    assert CLIENT_SECRET not in "".join(str(one.head) for one in authority.requests)
    assert get(connection) == 200


@pytest.mark.parametrize(
    ("named", "base"),
    [
        ("https://api-eu.zoom.us", "https://api-eu.zoom.us/v2"),
        ("https://api-eu.zoom.us:443/", "https://api-eu.zoom.us/v2"),
        ("http://api-eu.zoom.us", "https://api.zoom.us/v2"),
        ("https://api.zoom.us.evil.example", "https://api.zoom.us/v2"),
        ("https://evil.example\\.zoom.us", "https://api.zoom.us/v2"),
        ("https://me:you@api.zoom.us", "https://api.zoom.us/v2"),
        ("https://[zoom.us", "https://api.zoom.us/v2"),
        ("//api-eu.zoom.us", "https://api.zoom.us/v2"),
        (["https://api-eu.zoom.us"], "https://api.zoom.us/v2"),
        ("", "https://api.zoom.us/v2"),
    ],
)
def test_a_token_names_the_base_url_only_within_the_hosts(zoom, named, base, clock):
    asked = []

    class Api:
        def send(self, request, credential, *_):
            from connector.core.response.reply import Reply

            asked.append(request.base_url + request.path)
            return Reply(200, (("content-type", "application/json"),), b"{}")

    with Authority(api_url=named) as authority:
        connection = authority.connection(zoom)
        with Client(zoom, connection, http=Api(), clock=clock) as client:
            client.run("getUser", ME)
        with Client(zoom, connection, http=Api(), clock=clock, base_url="https://owner.example/v2") as client:
            client.run("getUser", ME)
    assert asked == [f"{base}/users/me", "https://owner.example/v2/users/me"]
