"""Complete sign-ins to the sandbox, and token renewals."""

from __future__ import annotations

import asyncio
import json
import time
import traceback
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest
from support.sandboxes.consents import BACK, CLIENT, OAuthTester, basic, record_requests, sign_in
from support.servers import GivenClock

from connector import AsyncClient, Client, Connection, Connector, errors
from connector.core.auth import oauth
from connector.runtime.auth.loopback_server import CallbackServer
from connector.runtime.auth.sign_in import begin_sign_in, finish_sign_in
from connector.runtime.http.transport import load_transport
from connector.runtime.storage.memory_store import MemoryStore
from connector.runtime.storage.open import open_store
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connector.sandbox.http_server import SandboxServer

ME = {"userId": "me"}
TOKEN = "POST /oauth/token"
READ = "GET /v2/users/me"
KINDS = ["oauth2", "serverToServer", "apiJwt", "accessToken"]
LAMP = """\
connector: lamp
label: Lamp
summary: Switch lamps.
base_url: https://api.lamp.example/v1
allowed_hosts: [api.lamp.example, id.lamp.example]
connections:
  people:
    label: People
    kind: oauth2
    client_auth: body
    inputs:
      authorizeUrl:
        {label: Authorize URL, help: Where., type: string, default: "https://id.lamp.example/in/consent?audience=lamps"}
      tokenUrl: {label: Token URL, help: Where., type: string, default: "https://api.lamp.example/v1/token"}
      clientId: {label: Client, help: Who., type: string, required: true}
      clientSecret: {label: Secret, help: Its., type: password, required: true}
      room: {label: Room, help: Which., type: string, required: true, example: hall}
      floor: {label: Floor, help: Which., type: integer}
"""
LAMPS = """\
action: listLamps
label: List Lamps
summary: List the lamps.
request: GET /lamps
returns: {example: {lamps: []}}
"""


@pytest.fixture
def sandbox(zoom: Connector, clock: GivenClock) -> Sandbox:
    return Sandbox(zoom, clock=clock)


class TestInProcess:
    def test_a_whole_sign_in_needs_no_socket(self, zoom: Connector, sandbox: Sandbox, clock: GivenClock) -> None:
        seen = record_requests(sandbox)
        work = sign_in(sandbox, clock)
        with Client(zoom, work, http=sandbox.http, clock=clock) as client:
            assert client.run("getUser", ME).data["first_name"] == "Ada"
            meeting = client.run("createMeeting", {**ME, "topic": "Standup"}).data
            assert client.run("getMeeting", {"meetingId": meeting["id"]}).data["topic"] == "Standup"
        assert seen[:3] == ["GET /oauth/authorize", TOKEN, READ]
        assert seen.count(TOKEN) == 1

    @pytest.mark.parametrize("kind", KINDS)
    def test_every_kind_of_connection_is_let_in(
        self, zoom: Connector, sandbox: Sandbox, clock: GivenClock, kind: str
    ) -> None:
        seen = record_requests(sandbox)
        token = sign_in(sandbox, clock).token_source if kind == "oauth2" else None
        given = {"token": token.read_token_set().to_dict()} if token else {}
        work = Connection(zoom, kind, http=sandbox.http, **given, **sandbox.build_oauth_inputs(kind))
        with Client(zoom, work, http=sandbox.http, clock=clock) as client:
            client.run("getUser", ME)
            assert client.run("getUser", ME).status == 200
        assert seen.count(TOKEN) == (0 if kind in ("apiJwt", "accessToken") else 1)

    def test_tasks_use_it_too(self, zoom: Connector, sandbox: Sandbox, clock: GivenClock) -> None:
        seen = record_requests(sandbox)
        work = Connection(zoom, "serverToServer", http=sandbox.http, **sandbox.build_oauth_inputs("serverToServer"))

        async def story() -> list[int]:
            async with AsyncClient(zoom, work, http=sandbox.http, clock=clock) as client:
                return [one.status for one in await asyncio.gather(*(client.run("getUser", ME) for _ in range(20)))]

        assert asyncio.run(story()) == [200] * 20
        assert seen.count(TOKEN) == 1

    def test_a_manifest_has_its_own_paths(self, folder: Callable[..., Connector], clock: GivenClock) -> None:
        """They may be below the API's base URL; the manifest's own URLs work without a socket too."""
        lamp = folder(whole=LAMP, actions={"list-lamps": LAMPS})
        sandbox, store = Sandbox(lamp, clock=clock), MemoryStore()
        seen = record_requests(sandbox)
        for inputs in (sandbox.build_oauth_inputs("people"), {"clientId": "mine", "clientSecret": "x", "room": "loft"}):
            how = {"name": "work", "redirect_uri": BACK, "inputs": inputs, "kind": "people"}
            begun = begin_sign_in(lamp, store=store, clock=clock, **how)
            work = finish_sign_in(lamp, sandbox.consent(begun.url), store=store, clock=clock, http=sandbox.http)
            with Client(lamp, work, http=sandbox.http, clock=clock) as client:
                assert client.run("listLamps").data == {"lamps": []}
        assert seen == ["GET /in/consent", "POST /v1/token", "GET /v1/lamps"] * 2
        assert sandbox.build_oauth_inputs("people").keys() == {
            "authorizeUrl",
            "tokenUrl",
            "clientId",
            "clientSecret",
            "room",
        }
        assert sandbox.build_oauth_inputs("people")["room"] == "hall"

    def test_a_sign_in_goes_on_in_another_process(self, zoom: Connector, clock: GivenClock, tmp_path: Path) -> None:
        """Two commands share two files: the sandbox's state and the store."""
        path, place = tmp_path / "state.json", f"file:{tmp_path / 'store'}"
        first = Sandbox(zoom, path, clock=clock)
        sign_in(first, clock, store=open_store(place))
        clock.passed += 3700
        second = Sandbox(zoom, path, clock=clock)
        seen = record_requests(second)
        work = Connection(
            zoom, "oauth2", name="work", store=open_store(place), http=second.http, **second.build_oauth_inputs()
        )
        with Client(zoom, work, http=second.http, clock=clock) as client:
            assert client.run("getUser", ME).status == 200
        assert seen == [TOKEN, READ]


class TestOverHttp:
    def test_a_browser_comes_back_with_the_code(
        self, zoom: Connector, sandbox: Sandbox, sandbox_server: SandboxServer, clock: GivenClock
    ) -> None:
        seen, store = record_requests(sandbox), MemoryStore()
        with CallbackServer() as listener:
            begun = begin_sign_in(
                zoom,
                name="work",
                redirect_uri=listener.redirect_uri,
                store=store,
                inputs=sandbox_server.build_oauth_inputs(),
                clock=clock,
            )
            listener.expect_state(begun.state)
            with urllib.request.urlopen(begun.url, timeout=10) as page:
                assert b"close this window" in page.read()
            work = finish_sign_in(zoom, listener.wait(10), store=store, clock=clock)
        with Client(zoom, work, base_url=sandbox_server.url, clock=clock) as client:
            assert client.run("getUser", ME).data["first_name"] == "Ada"
            clock.passed += 3700
            assert client.run("getUser", ME).status == 200
        assert seen == ["GET /oauth/authorize", TOKEN, READ, TOKEN, READ]

    @pytest.mark.parametrize("kind", KINDS[1:])
    def test_every_kind_without_a_person_is_let_in(
        self, zoom: Connector, sandbox_server: SandboxServer, clock: GivenClock, kind: str
    ) -> None:
        work = Connection(zoom, kind, **sandbox_server.build_oauth_inputs(kind))
        with Client(zoom, work, base_url=sandbox_server.url, clock=clock) as client:
            assert client.run("getUser", ME).status == 200

    def test_a_browser_is_shown_why_it_goes_nowhere(self, sandbox_server: SandboxServer) -> None:
        origin = sandbox_server.build_oauth_inputs()["authorizeUrl"]
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{origin}?client_id=a&redirect_uri=http://app.example/", timeout=10)
        with caught.value as page:
            assert page.status == 400
            assert b"redirect_uri" in page.read()

    def test_a_token_is_taken_back(
        self, zoom: Connector, sandbox: Sandbox, sandbox_server: SandboxServer, clock: GivenClock
    ) -> None:
        work = Connection(zoom, "serverToServer", **sandbox_server.build_oauth_inputs("serverToServer"))
        with Client(zoom, work, base_url=sandbox_server.url, clock=clock) as client:
            client.run("getUser", ME)
            token = work.token_source.read_token_set().access_token
            http = load_transport(None, asynchronous=False)
            try:
                got = http.send(
                    *oauth.build_revoke_request(work.oauth_client, token), time.monotonic() + 10, None, None
                )
            finally:
                http.close()
            assert (got.status, json.loads(got.body)) == (200, {"status": "success"})
            assert OAuthTester(sandbox).call_api(token) == 401


class TestRenewal:
    def test_an_expired_token_is_renewed_once_before_the_call(
        self, zoom: Connector, sandbox: Sandbox, clock: GivenClock
    ) -> None:
        work = sign_in(sandbox, clock)
        old = work.token_source.read_token_set()
        clock.passed += 3600
        seen = record_requests(sandbox)
        with Client(zoom, work, http=sandbox.http, clock=clock) as client:
            assert [client.run("getUser", ME).attempts for _ in range(3)] == [1, 1, 1]
        assert seen == [TOKEN, READ, READ, READ]
        assert work.token_source.read_token_set().access_token != old.access_token
        assert work.token_source.read_token_set().refresh_token != old.refresh_token

    def test_a_token_that_only_the_service_holds_for_old_is_renewed_once(
        self, zoom: Connector, clock: GivenClock
    ) -> None:
        """The service's clock is ahead, so the client learns of it by a 401, and makes the meeting once."""
        ahead = GivenClock()
        sandbox = Sandbox(zoom, clock=ahead)
        work = sign_in(sandbox, clock)
        ahead.passed, clock.passed = 3600, 61
        seen = record_requests(sandbox)
        with Client(zoom, work, http=sandbox.http, clock=clock) as client:
            made = client.run("createMeeting", ME)
            assert (made.status, made.attempts) == (201, 1)
            assert len(client.run("listMeetings", ME).data["meetings"]) == 1
        assert seen.count(TOKEN) == 1
        assert seen.count("POST /v2/users/me/meetings") == 2

    def test_a_family_that_has_ended_is_the_owners_turn(
        self, zoom: Connector, sandbox: Sandbox, clock: GivenClock
    ) -> None:
        work = sign_in(sandbox, clock)
        stolen = work.token_source.read_token_set().refresh_token
        clock.passed += 3600
        mine = sandbox.build_oauth_inputs()
        OAuthTester(sandbox).renew(stolen, (mine["clientId"], mine["clientSecret"]))
        with Client(zoom, work, http=sandbox.http, clock=clock) as client:
            with pytest.raises(errors.SignInError, match="used before") as caught:
                client.run("getUser", ME)
            with pytest.raises(errors.SignInError, match="ended"):
                client.run("getUser", ME)
        assert stolen not in f"{caught.value!r} {caught.value} {caught.value.to_dict()}"

    @pytest.mark.parametrize("why", ["wrong verifier", "used code", "other client"])
    def test_a_sign_in_that_fails_keeps_nothing_and_tells_no_secret(
        self, zoom: Connector, sandbox: Sandbox, clock: GivenClock, why: str
    ) -> None:
        store, inputs = MemoryStore(), {**sandbox.build_oauth_inputs(), "clientSecret": CLIENT[1]}
        begun = begin_sign_in(zoom, name="work", redirect_uri=BACK, store=store, inputs=inputs, clock=clock)
        back = sandbox.consent(begun.url)
        (key,) = store.keys("sign-in:")
        kept = store.read(key).data
        code = dict(parse_qsl(urlsplit(back).query))["code"]
        if why == "used code":
            form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
            client = basic(inputs["clientId"], CLIENT[1])
            assert (
                OAuthTester(sandbox).post("/oauth/token", {**form, "code_verifier": kept["verifier"]}, client)[0] == 200
            )
        changed = {"wrong verifier": {"verifier": "x" * 43}, "other client": {"inputs": {**inputs, "clientId": "o"}}}
        store.write(key, {**kept, **changed.get(why, {})})
        with pytest.raises(errors.SignInError, match="invalid_grant") as caught:
            finish_sign_in(zoom, back, store=store, clock=clock, http=sandbox.http)
        assert store.keys() == []
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(begun)
        for secret in (code, CLIENT[1], kept["verifier"], kept["state"]):
            assert secret not in shown
