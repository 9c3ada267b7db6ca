"""Issued tokens: rotation, revocation, validity, and what is stored of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest
from support.sandboxes.consents import BACK, CLIENT, FORM, VERIFIER, OAuthTester, assert_refused, basic, redirect_params

from connector import Connector, errors
from connector.sandbox.data.issued_tokens import TokenPolicy
from connector.sandbox.http.request import SandboxRequest
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.servers import GivenClock


def lenient(zoom: Connector, clock: GivenClock) -> OAuthTester:
    return OAuthTester(Sandbox(zoom, clock=clock, token_policy=TokenPolicy(rotation="lenient")))


class TestRotation:
    def test_strict_rotation_takes_a_refresh_token_once(self, tester: OAuthTester) -> None:
        first = tester.sign_in()
        status, second = tester.renew(first["refresh_token"])
        assert status == 200
        assert second["scope"] == first["scope"]
        assert second["refresh_token"] != first["refresh_token"]
        assert second["access_token"] != first["access_token"]
        assert tester.call_api(first["access_token"]) == tester.call_api(second["access_token"]) == 200
        assert tester.renew(second["refresh_token"])[0] == 200

    def test_a_refresh_token_that_comes_again_ends_its_family_and_no_other(self, tester: OAuthTester) -> None:
        other, first = tester.sign_in(), tester.sign_in()
        _, second = tester.renew(first["refresh_token"])
        _, third = tester.renew(second["refresh_token"])
        assert_refused(tester.renew(first["refresh_token"]), 400, "invalid_grant")
        assert_refused(tester.renew(third["refresh_token"]), 400, "invalid_grant")
        assert [tester.call_api(tokens["access_token"]) for tokens in (first, second, third)] == [401, 401, 401]
        assert tester.renew(other["refresh_token"])[0] == 200

    def test_lenient_rotation_waits_until_the_new_access_token_is_used(
        self, zoom: Connector, clock: GivenClock
    ) -> None:
        tester = lenient(zoom, clock)
        first = tester.sign_in()
        tester.renew(first["refresh_token"])  # this reply is lost
        status, second = tester.renew(first["refresh_token"])
        assert status == 200
        assert tester.call_api(second["access_token"]) == 200
        assert_refused(tester.renew(first["refresh_token"]), 400, "invalid_grant")
        assert_refused(tester.renew(second["refresh_token"]), 400, "invalid_grant")

    def test_lenient_rotation_waits_until_the_new_refresh_token_is_used(
        self, zoom: Connector, clock: GivenClock
    ) -> None:
        tester = lenient(zoom, clock)
        first = tester.sign_in()
        _, second = tester.renew(first["refresh_token"])
        assert tester.call_api(first["access_token"]) == 200  # an old one in use proves nothing
        status, third = tester.renew(second["refresh_token"])
        assert status == 200
        assert_refused(tester.renew(first["refresh_token"]), 400, "invalid_grant")
        assert tester.call_api(third["access_token"]) == 401

    def test_what_was_never_given_ends_nothing(self, tester: OAuthTester) -> None:
        tokens = tester.sign_in()
        assert_refused(tester.renew("sandboxed-refresh-of-nobody"), 400, "invalid_grant")
        assert_refused(tester.renew(tokens["access_token"]), 400, "invalid_grant")
        assert tester.renew(tokens["refresh_token"])[0] == 200


class TestOtherGrants:
    def test_an_account_gives_a_token_for_each_request(self, tester: OAuthTester) -> None:
        asked = {"grant_type": "account_credentials", "account_id": "A1"}
        (status, first), (_, second) = tester.request_token(**asked), tester.request_token(**asked)
        assert (status, first["token_type"], "refresh_token" in first) == (200, "bearer", False)
        assert tester.revoke(first["access_token"])[0] == 200
        assert (tester.call_api(first["access_token"]), tester.call_api(second["access_token"])) == (401, 200)

    @pytest.mark.parametrize("account", ["", "invalid"])
    def test_the_account_is_needed(self, tester: OAuthTester, account: str) -> None:
        assert_refused(
            tester.request_token(grant_type="account_credentials", account_id=account), 400, "invalid_request"
        )

    @pytest.mark.parametrize("grant", ["client_credentials", "password", "urn:ietf:params:oauth:grant-type:x"])
    def test_grants_that_no_kind_of_connection_uses_are_not_offered(self, tester: OAuthTester, grant: str) -> None:
        assert_refused(tester.request_token(grant_type=grant), 400, "unsupported_grant_type")

    def test_an_application_gets_a_token_of_its_own(self, folder: Callable[..., Connector]) -> None:
        tester = OAuthTester(Sandbox(folder(whole=APP_AND_PEOPLE)))
        status, tokens = tester.request_token(grant_type="client_credentials", scope="lamps:switch")
        assert (status, tokens["scope"], "refresh_token" in tokens) == (200, "lamps:switch", False)
        assert_refused(
            tester.request_token(grant_type="account_credentials", account_id="A1"), 400, "unsupported_grant_type"
        )
        assert_refused(
            tester.post("/oauth/token", {"grant_type": "client_credentials", "client_id": "a"}), 401, "invalid_client"
        )

    def test_an_application_without_a_secret_shows_its_verifier(self, folder: Callable[..., Connector]) -> None:
        tester = OAuthTester(Sandbox(folder(whole=APP_AND_PEOPLE)))
        form = {
            "grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": VERIFIER,
            "client_id": CLIENT[0], "code": tester.get_code(),
        }  # fmt: skip
        status, tokens = tester.post("/oauth/token", form)
        assert (status, tokens["scope"]) == (200, "")
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": CLIENT[0]}
        assert tester.post("/oauth/token", form)[0] == 200


class TestRevoking:
    @pytest.mark.parametrize("which", ["access_token", "refresh_token"])
    def test_a_token_that_is_given_back_takes_its_family_along(self, tester: OAuthTester, which: str) -> None:
        tokens, other = tester.sign_in(), tester.sign_in()
        _, newer = tester.renew(tokens["refresh_token"])
        assert tester.revoke(newer[which]) == (200, {"status": "success"})
        assert [tester.call_api(one["access_token"]) for one in (tokens, newer, other)] == [401, 401, 200]
        assert_refused(tester.renew(newer["refresh_token"]), 400, "invalid_grant")
        assert tester.revoke(newer[which])[0] == 200

    def test_what_is_not_known_has_ended_already(self, tester: OAuthTester) -> None:
        assert tester.revoke("anything")[0] == 200
        assert_refused(tester.revoke(""), 400, "invalid_request")
        assert_refused(tester.revoke("anything", ("invalid", "x")), 401, "invalid_client")


class TestBearers:
    def test_a_token_is_good_until_it_ends(self, tester: OAuthTester, clock: GivenClock) -> None:
        token = tester.sign_in()["access_token"]
        clock.passed += 3599
        assert tester.call_api(token) == 200
        clock.passed += 1
        answer = tester.sandbox.service.handle("GET", "/v2/users/me", [("Authorization", f"bearer {token}")], b"")
        assert (answer.status, json.loads(answer.body)["code"]) == (401, 124)

    def test_a_token_that_looks_given_must_have_been(self, tester: OAuthTester) -> None:
        assert tester.call_api("sandboxed-access-of-nobody") == 401
        assert tester.call_api(tester.get_code()) == 401
        assert tester.call_api("t") == tester.call_api("sandbox") == tester.call_api("a.b.c") == 200

    def test_a_reset_ends_every_token(self, tester: OAuthTester) -> None:
        tokens = tester.sign_in()
        tester.sandbox.reset()
        assert tester.call_api(tokens["access_token"]) == 401
        assert_refused(tester.renew(tokens["refresh_token"]), 400, "invalid_grant")

    def test_a_connector_without_api_jwts_takes_them_as_any_token(self, shop: Connector) -> None:
        assert not Sandbox(shop).service.authorization_server.endpoints.find_role("/oauth/token")
        service = Sandbox(shop).service
        assert service.handle("POST", "/oauth/token", [FORM], b"").status == 404


class TestTerms:
    def test_what_a_reply_says_can_be_chosen(self, zoom: Connector, clock: GivenClock) -> None:
        terms = TokenPolicy(expires_in=60, scope="a b", api_url="https://eu.api.example")
        tester = OAuthTester(Sandbox(zoom, clock=clock, token_policy=terms))
        tokens = tester.sign_in()
        assert (tokens["expires_in"], tokens["scope"], tokens["api_url"]) == (60, "a b", "https://eu.api.example")
        assert redirect_params(tester.authorize(scope="c"))["error"] == "invalid_scope"
        clock.passed += 60
        assert tester.call_api(tokens["access_token"]) == 401

    def test_fewer_scopes_are_given_when_fewer_are_asked_for(self, tester: OAuthTester) -> None:
        _, tokens = tester.redeem(tester.get_code(scope="user:read:user meeting:write"))
        assert tokens["scope"] == "user:read:user meeting:write"
        assert tester.renew(tokens["refresh_token"])[1]["scope"] == "user:read:user meeting:write"


class TestState:
    def test_another_sandbox_on_the_same_file_goes_on(self, zoom: Connector, clock: GivenClock, tmp_path: Path) -> None:
        first, second, third = (OAuthTester(Sandbox(zoom, tmp_path / "state.json", clock=clock)) for _ in range(3))
        code = first.get_code()
        _, tokens = second.redeem(code)
        assert third.call_api(tokens["access_token"]) == 200
        assert first.renew(tokens["refresh_token"])[0] == 200
        assert_refused(third.renew(tokens["refresh_token"]), 400, "invalid_grant")
        assert second.call_api(tokens["access_token"]) == 401

    def test_no_token_is_on_disk(self, zoom: Connector, clock: GivenClock, tmp_path: Path) -> None:
        tester = OAuthTester(Sandbox(zoom, tmp_path / "state.json", clock=clock))
        code = tester.get_code()
        tokens = tester.redeem(code)[1]
        held = (tmp_path / "state.json").read_text()
        assert "app-1" in held
        for secret in (code, tokens["access_token"], tokens["refresh_token"], CLIENT[1], VERIFIER):
            assert secret not in held

    def test_the_things_of_the_start_are_there_after_a_consent(self, zoom: Connector, tmp_path: Path) -> None:
        tester = OAuthTester(Sandbox(zoom, tmp_path / "state.json"))
        tester.sign_in()
        assert tester.call_api("t") == 200
        assert OAuthTester(Sandbox(zoom, tmp_path / "state.json")).call_api("t") == 200

    def test_what_has_ended_is_dropped(self, tester: OAuthTester, clock: GivenClock) -> None:
        tester.get_code()
        tokens = tester.sign_in()
        tester.request_token(grant_type="account_credentials", account_id="A1")
        clock.passed += 3600
        tester.revoke(tokens["refresh_token"])
        with tester.sandbox.state.read() as data:
            assert asdict(data.token_registry) == {
                "codes": {},
                "families": {},
                "access_tokens": {},
                "refresh_tokens": {},
            }

    def test_a_state_without_grants_is_read(self, zoom: Connector, tmp_path: Path) -> None:
        older = '{"version":1,"stamp":"","count":0,"records":{}}'
        (tmp_path / "state.json").write_text(older)
        assert OAuthTester(Sandbox(zoom, tmp_path / "state.json")).sign_in()


def test_no_token_is_in_a_repr(tester: OAuthTester) -> None:
    answer = tester.authorize()
    tokens = tester.sign_in()
    code = redirect_params(answer)["code"]
    body = f"code={code}&client_secret={CLIENT[1]}".encode()
    bearer = ("Authorization", f"Bearer {tokens['access_token']}")
    reply = tester.sandbox.service.handle("POST", "/oauth/token", [FORM, basic(*CLIENT)], body)
    request = SandboxRequest.parse("POST", f"/oauth/token?code={code}", [FORM, bearer], body)
    with tester.sandbox.state.read() as data:
        shown = f"{answer!r} {reply!r} {request!r} {data!r} {tester.sandbox.service.authorization_server!r}"
    for secret in (code, CLIENT[1], basic(*CLIENT)[1], *(tokens[name] for name in ("access_token", "refresh_token"))):
        assert secret not in shown


def test_a_kind_that_is_not_there_is_reported(tester: OAuthTester) -> None:
    with pytest.raises(errors.UsageError, match="oauth9") as caught:
        tester.sandbox.build_oauth_inputs("oauth9")
    assert "serverToServer" in caught.value.hint
    with pytest.raises(errors.UsageError, match="does not redirect back"):
        tester.sandbox.consent("http://127.0.0.1:0/oauth/authorize?client_id=a&redirect_uri=ftp://x")


APP_AND_PEOPLE = """\
connector: lamp
label: Lamp
summary: Switch lamps.
base_url: https://api.lamp.example/v2
allowed_hosts: [api.lamp.example]
connections:
  people:
    label: People
    kind: oauth2
    client_auth: body
    inputs:
      authorizeUrl: {label: Authorize URL, help: Where., type: string, required: true}
      tokenUrl: {label: Token URL, help: Where., type: string, required: true}
      clientId: {label: Client, help: Who., type: string, required: true}
  app:
    label: App
    kind: oauth2_client_credentials
    inputs:
      tokenUrl: {label: Token URL, help: Where., type: string, required: true}
      scopes: {label: Scopes, help: What for., type: string}
      clientId: {label: Client, help: Who., type: string, required: true}
      clientSecret: {label: Secret, help: Its., type: password, required: true}
"""
