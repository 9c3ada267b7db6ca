"""The host of a tenant and the cloud of an account: said with the credential, kept apart, refused before a connect."""

from __future__ import annotations

import json

import pytest
from support.oauth_server import CLIENT_ID, CLIENT_SECRET
from support.servers import redirect, reply

from connector import Client, Connection, begin_sign_in, errors, finish_sign_in
from connector.core.url_policy import check_host
from connector.runtime.auth.revocation import revoke
from connector.runtime.storage.memory_store import MemoryStore

GITLAB = """\
connector: lab
label: Lab
summary: Labs.
base_url: https://{domain}/api/v4
allowed_hosts: ["{domain}"]
connections:
  key:
    label: K
    kind: bearer
    inputs:
      domain: {label: D, help: H., type: string, format: host, required: true}
      token: {label: T, help: H., type: password, required: true}
  person:
    label: P
    kind: oauth2
    authorize_url: https://{domain}/oauth/authorize
    token_url: https://{domain}/oauth/token
    revoke_url: https://{domain}/oauth/revoke
    inputs:
      domain: {label: D, help: H., type: string, format: host, required: true}
      clientId: {label: C, help: H., type: string, required: true}
      clientSecret: {label: S, help: H., type: password, required: true}
"""
PRIVATE = [
    "127.0.0.1", "127.1", "localhost", "x.localhost", "[::1]", "10.0.0.8", "169.254.169.254", "2130706433", "gitlab",
    "gitlab.internal", "git.corp", "https://git.example.com", "git.example.com/x", "git.example.com:8443", "a@git.example.com",
    "git.example.com?x", "git.example.com#x", "git example.com", "git.example.com\\x", "*.example.com", "-", "", "{domain}",
    "git..example.com", ".example.com", "git.example.com.",
]  # fmt: skip
APP = {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET}
TOKEN = {"access_token": "canary-access", "refresh_token": "canary-refresh", "expires_in": 3600}


@pytest.fixture
def lab(folder):
    return folder(whole=GITLAB, actions={"list": "action: list\nlabel: L\nsummary: L.\nrequest: GET /lamps\n"})


@pytest.fixture
def zoom_token(server):
    """The server issues Zoom's tokens, and answers every call; what a token reply says more is a mapping."""
    more = {}
    server.always(lambda request: reply(json_={**TOKEN, **more} if request.method == "POST" else {"users": []}))
    return more


class TestATenantsHost:
    def test_is_where_the_call_goes(self, lab, server, rerouted):
        for domain in ("git.example.com", "GIT.Other.example", "bücher.example"):
            with Client(lab, Connection(lab, "key", {"domain": domain, "token": "canary-t"}), http=rerouted) as client:
                client.run("list")
        assert rerouted.urls == [
            f"https://{host}/api/v4/lamps" for host in ("git.example.com", "git.other.example", "xn--bcher-kva.example")
        ]

    @pytest.mark.parametrize("domain", PRIVATE)
    @pytest.mark.parametrize("kind", ["key", "person"])
    def test_is_a_public_name_and_nothing_that_leads_elsewhere(self, lab, server, kind, domain):
        more = {"token": "canary-t"} if kind == "key" else APP
        with pytest.raises(errors.InputError) as caught:
            Connection(lab, kind, {"domain": domain, **more})
        assert {problem.field for problem in caught.value.problems} == {"domain"}
        assert server.requests == []

    def test_is_no_input_of_a_call(self, lab, rerouted):
        connection = Connection(lab, "key", {"domain": "git.example.com", "token": "canary-t"})
        with Client(lab, connection, http=rerouted) as client, pytest.raises(errors.InputError, match="domain"):
            client.run("list", {"domain": "evil.example.com"})
        assert rerouted.urls == []

    def test_has_the_sign_in_the_tokens_and_their_end(self, lab, server, rerouted, zoom_token):
        store = MemoryStore()
        given = {"domain": "git.example.com", **APP}
        began = begin_sign_in(
            lab, name="a", redirect_uri="http://127.0.0.1:1/c", store=store, inputs=given, kind="person"
        )
        assert began.url.startswith("https://git.example.com/oauth/authorize?")
        connection = finish_sign_in(lab, f"?code=canary-code&state={began.state}", store=store, http=rerouted)
        revoke(connection, http=rerouted)
        assert {url.partition("/oauth/")[0] for url in rerouted.urls} == {"https://git.example.com"}
        assert len(rerouted.urls) == 3

    def test_is_the_only_one_for_redirects_and_downloads(self, lab, server, rerouted, tmp_path):
        server.always(lambda request: redirect("https://other.example.com/api/v4/x"))
        connection = Connection(lab, "key", {"domain": "git.example.com", "token": "canary-t"})
        with Client(lab, connection, http=rerouted) as client:
            with pytest.raises(errors.ApiError, match=r"other\.example\.com"):
                client.run("list")
            assert rerouted.urls == ["https://git.example.com/api/v4/lamps"]
            with pytest.raises(errors.InputError, match=r"git\.example\.com"):
                client.download("https://other.example.com/file", tmp_path / "file")
            server.always(reply(body=b"data"))
            client.download("https://git.example.com/file", tmp_path / "file")
        assert rerouted.urls[1:] == ["https://git.example.com/file"]

    def test_gives_way_to_the_base_url_of_the_process_owner(self, lab, server):
        connection = Connection(lab, "key", {"domain": "git.example.com", "token": "canary-t"})
        with Client(lab, connection, base_url=server.url) as client:
            client.run("list")
        assert server.requests[0].header("authorization") == "Bearer canary-t"

    def test_within_fixed_hosts_stays_within_them(self, folder):
        whole = GITLAB.replace('["{domain}"]', '["*.example.com"]')
        connector = folder(whole=whole)
        assert (
            Connection(connector, "key", {"domain": "a.example.com", "token": "t"}).base_url
            == "https://a.example.com/api/v4"
        )
        with pytest.raises(errors.InputError, match=r"evil\.example.*\*\.example\.com"):
            Connection(connector, "key", {"domain": "evil.example", "token": "t"})

    def test_of_a_stored_connection_that_was_signed_in_elsewhere_since_is_not_mixed_up(
        self, lab, server, rerouted, zoom_token, clock
    ):
        store = MemoryStore()
        token = {"access_token": "canary-1", "refresh_token": "canary-r1", "expires_at": 1}
        Connection(lab, "person", {"domain": "a.example.com", **APP}, name="w", store=store, token=token)
        running = Connection.load(lab, "w", store=store, http=rerouted)
        other = Connection(lab, "person", {"domain": "b.example.com", **APP}, name="w", store=store)
        other.save()
        token = {**token, "access_token": "canary-2", "expires_at": 4_000_000_000}
        Connection(lab, "person", {"domain": "b.example.com", **APP}, name="w", store=store, token=token)
        with (
            Client(lab, running, http=rerouted, clock=clock) as client,
            pytest.raises(errors.SignInError, match="other inputs"),
        ):
            client.run("list")
        assert rerouted.urls == []
        with Client(lab, Connection.load(lab, "w", store=store, http=rerouted), http=rerouted, clock=clock) as client:
            client.run("list")
        assert rerouted.urls == ["https://b.example.com/api/v4/lamps"]


CLOUDS = {
    None: ("zoom.us", "https://api.zoom.us/v2"),
    "commercial": ("zoom.us", "https://api.zoom.us/v2"),
    "government": ("zoomgov.com", "https://api.zoomgov.com/v2"),
}
FOREIGN = {"commercial": "zoomgov.com", "government": "zoom.us"}


def chosen(cloud, **given):
    return {**given, **({} if cloud is None else {"cloud": cloud})}


@pytest.mark.parametrize("cloud", CLOUDS)
class TestACloud:
    def test_has_the_sign_in_the_tokens_the_calls_and_the_end(self, zoom, server, rerouted, zoom_token, cloud):
        host, base = CLOUDS[cloud]
        store = MemoryStore()
        began = begin_sign_in(
            zoom, name="a", redirect_uri="http://127.0.0.1:1/c", store=store, inputs=chosen(cloud, **APP)
        )
        assert began.url.startswith(f"https://{host}/oauth/authorize?")
        finish_sign_in(zoom, f"?code=canary-code&state={began.state}", store=store, http=rerouted)
        connection = Connection.load(zoom, "a", store=store, http=rerouted)
        with Client(zoom, connection, http=rerouted) as client:
            client.run("listUsers")
            client.request("GET", "/users/me")
        revoke(connection, http=rerouted)
        assert rerouted.urls == [
            f"https://{host}/oauth/token", f"{base}/users", f"{base}/users/me", f"https://{host}/oauth/revoke",
            f"https://{host}/oauth/revoke",
        ]  # fmt: skip

    @pytest.mark.parametrize("kind", ["serverToServer", "accessToken", "apiJwt"])
    def test_has_the_calls_of_every_kind(self, zoom, server, rerouted, zoom_token, cloud, kind):
        given = {
            "serverToServer": {"accountId": "a", **APP}, "accessToken": {"accessToken": "canary-t"},
            "apiJwt": {"apiKey": "k", "apiSecret": "canary-s"},
        }  # fmt: skip
        host, base = CLOUDS[cloud]
        connection = Connection(zoom, kind, chosen(cloud, **given[kind]), http=rerouted)
        with Client(zoom, connection, http=rerouted) as client:
            client.request("GET", "/users/me")
        tokens = [f"https://{host}/oauth/token"] if kind == "serverToServer" else []
        assert rerouted.urls == [*tokens, f"{base}/users/me"]

    def test_has_its_downloads_and_redirects_and_no_others(self, zoom, server, rerouted, cloud, tmp_path):
        host, base = CLOUDS[cloud]
        foreign = FOREIGN[cloud or "commercial"]
        connection = Connection(zoom, "accessToken", chosen(cloud, accessToken="canary-t"))
        with Client(zoom, connection, http=rerouted) as client:
            for url in (f"https://{foreign}/rec/1", f"https://api.{foreign}/rec/1", f"https://us06.{foreign}/rec/1"):
                with pytest.raises(errors.InputError, match="credentials are sent nowhere else"):
                    client.download(url, tmp_path / "file")
                with pytest.raises(errors.InputError, match="credentials are sent nowhere else"):
                    client.download(url, tmp_path / "file", token="canary-download")
            assert rerouted.urls == []
            server.always(lambda request: redirect(f"https://api.{foreign}/v2/users"))
            with pytest.raises(errors.ApiError, match="not a host that may receive credentials"):
                client.run("listUsers")
            assert rerouted.urls == [f"{base}/users"]
            server.always(reply(body=b"data"))
            client.download(f"https://us06.{host}/rec/1", tmp_path / "file")
            client.download(f"https://us06.{host}/rec/2", tmp_path / "other", token="canary-download")
        assert rerouted.urls[1:] == [f"https://us06.{host}/rec/1", f"https://us06.{host}/rec/2"]

    @pytest.mark.parametrize("crossing", ["tokenUrl", "authorizeUrl", "revokeUrl"])
    def test_refuses_an_address_of_another(self, zoom, server, rerouted, cloud, crossing):
        foreign = FOREIGN[cloud or "commercial"]
        given = chosen(cloud, **APP, **{crossing: f"https://api.{foreign}/oauth/x"})
        token = {"access_token": "canary-a", "refresh_token": "canary-r", "expires_at": 1}
        connection = Connection(zoom, "oauth2", given, token=token, http=rerouted)
        client = Client(zoom, connection, http=rerouted)
        attempts = {
            "tokenUrl": lambda: client.request("GET", "/users/me"),
            "revokeUrl": lambda: revoke(connection, http=rerouted),
            "authorizeUrl": lambda: begin_sign_in(
                zoom, name="a", redirect_uri="http://127.0.0.1:1/c", store=MemoryStore(), inputs=given
            ),
        }
        with client, pytest.raises((errors.UsageError, errors.SignInError), match="not https at"):
            attempts[crossing]()
        assert rerouted.urls == []

    def test_keeps_a_token_that_names_another_at_home(self, zoom, server, rerouted, zoom_token, cloud):
        zoom_token["api_url"] = f"https://api.{FOREIGN[cloud or 'commercial']}"
        connection = Connection(zoom, "serverToServer", chosen(cloud, accountId="a", **APP), http=rerouted)
        with Client(zoom, connection, http=rerouted) as client:
            client.request("GET", "/users/me")
        assert rerouted.urls[-1] == f"{CLOUDS[cloud][1]}/users/me"

    def test_follows_a_choice_that_replaces_the_one_of_a_stored_connection(self, zoom, cloud):
        first = Connection(zoom, "oauth2", chosen("government", **APP)).inputs()
        again = Connection(zoom, "oauth2", {**first, "cloud": cloud or "commercial"})
        assert again.oauth_client.token_url == f"https://{CLOUDS[cloud][0]}/oauth/token"
        assert again.inputs()["tokenUrl"] == again.oauth_client.token_url


def test_a_cloud_that_there_is_not_is_told_with_those_that_there_are(zoom):
    with pytest.raises(errors.InputError, match=r"commercial.*government"):
        Connection(zoom, "accessToken", accessToken="canary-t", cloud="china")


def test_the_environment_chooses_a_cloud(zoom):
    made = Connection.from_env(zoom, environ={"ZOOM_ACCESS_TOKEN": "canary-t", "ZOOM_CLOUD": "government"})
    assert made.base_url == "https://api.zoomgov.com/v2"
    assert "canary" not in json.dumps(repr(made))


@pytest.mark.parametrize("host", PRIVATE)
def test_a_host_is_checked_by_one_policy(host):
    from connector.core.invalid_value import InvalidValue

    with pytest.raises(InvalidValue, match="public host"):
        check_host(host)
