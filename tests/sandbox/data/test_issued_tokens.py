"""The tokens of the sandbox: how they rotate and end, who is let in with them, and what is kept of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from support.sandboxes.consents import BACK, CLIENT, FORM, VERIFIER, Asker, basic, brought, refused

from connector import Connector, errors
from connector.sandbox.data.issued_tokens import TokenPolicy
from connector.sandbox.http.request import SandboxRequest
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.servers import GivenClock


def lenient(zoom: Connector, clock: GivenClock) -> Asker:
    return Asker(Sandbox(zoom, clock=clock, token_policy=TokenPolicy(rotation="lenient")))


class TestRotation:
    def test_strict_rotation_takes_a_refresh_token_once(self, asker: Asker) -> None:
        first = asker.signed_in()
        status, second = asker.renew(first["refresh_token"])
        assert status == 200
        assert second["scope"] == first["scope"]
        assert second["refresh_token"] != first["refresh_token"]
        assert second["access_token"] != first["access_token"]
        assert asker.call(first["access_token"]) == asker.call(second["access_token"]) == 200
        assert asker.renew(second["refresh_token"])[0] == 200

    def test_a_refresh_token_that_comes_again_ends_its_family_and_no_other(self, asker: Asker) -> None:
        other, first = asker.signed_in(), asker.signed_in()
        _, second = asker.renew(first["refresh_token"])
        _, third = asker.renew(second["refresh_token"])
        refused(asker.renew(first["refresh_token"]), 400, "invalid_grant")
        refused(asker.renew(third["refresh_token"]), 400, "invalid_grant")
        assert [asker.call(tokens["access_token"]) for tokens in (first, second, third)] == [401, 401, 401]
        assert asker.renew(other["refresh_token"])[0] == 200

    def test_lenient_rotation_waits_until_the_new_access_token_is_used(
        self, zoom: Connector, clock: GivenClock
    ) -> None:
        asker = lenient(zoom, clock)
        first = asker.signed_in()
        asker.renew(first["refresh_token"])  # this reply is lost
        status, second = asker.renew(first["refresh_token"])
        assert status == 200
        assert asker.call(second["access_token"]) == 200
        refused(asker.renew(first["refresh_token"]), 400, "invalid_grant")
        refused(asker.renew(second["refresh_token"]), 400, "invalid_grant")

    def test_lenient_rotation_waits_until_the_new_refresh_token_is_used(
        self, zoom: Connector, clock: GivenClock
    ) -> None:
        asker = lenient(zoom, clock)
        first = asker.signed_in()
        _, second = asker.renew(first["refresh_token"])
        assert asker.call(first["access_token"]) == 200  # an old one in use proves nothing
        status, third = asker.renew(second["refresh_token"])
        assert status == 200
        refused(asker.renew(first["refresh_token"]), 400, "invalid_grant")
        assert asker.call(third["access_token"]) == 401

    def test_what_was_never_given_ends_nothing(self, asker: Asker) -> None:
        tokens = asker.signed_in()
        refused(asker.renew("sandboxed-refresh-of-nobody"), 400, "invalid_grant")
        refused(asker.renew(tokens["access_token"]), 400, "invalid_grant")
        assert asker.renew(tokens["refresh_token"])[0] == 200


class TestOtherGrants:
    def test_an_account_gives_a_token_for_each_request(self, asker: Asker) -> None:
        asked = {"grant_type": "account_credentials", "account_id": "A1"}
        (status, first), (_, second) = asker.token(**asked), asker.token(**asked)
        assert (status, first["token_type"], "refresh_token" in first) == (200, "bearer", False)
        assert asker.revoke(first["access_token"])[0] == 200
        assert (asker.call(first["access_token"]), asker.call(second["access_token"])) == (401, 200)

    @pytest.mark.parametrize("account", ["", "invalid"])
    def test_the_account_is_needed(self, asker: Asker, account: str) -> None:
        refused(asker.token(grant_type="account_credentials", account_id=account), 400, "invalid_request")

    @pytest.mark.parametrize("grant", ["client_credentials", "password", "urn:ietf:params:oauth:grant-type:x"])
    def test_grants_that_no_kind_of_connection_uses_are_not_offered(self, asker: Asker, grant: str) -> None:
        refused(asker.token(grant_type=grant), 400, "unsupported_grant_type")

    def test_an_application_gets_a_token_of_its_own(self, folder: Callable[..., Connector]) -> None:
        asker = Asker(Sandbox(folder(whole=APP_AND_PEOPLE)))
        status, tokens = asker.token(grant_type="client_credentials", scope="lamps:switch")
        assert (status, tokens["scope"], "refresh_token" in tokens) == (200, "lamps:switch", False)
        refused(asker.token(grant_type="account_credentials", account_id="A1"), 400, "unsupported_grant_type")
        refused(
            asker.post("/oauth/token", {"grant_type": "client_credentials", "client_id": "a"}), 401, "invalid_client"
        )

    def test_an_application_without_a_secret_shows_its_verifier(self, folder: Callable[..., Connector]) -> None:
        asker = Asker(Sandbox(folder(whole=APP_AND_PEOPLE)))
        form = {
            "grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": VERIFIER,
            "client_id": CLIENT[0], "code": asker.code(),
        }  # fmt: skip
        status, tokens = asker.post("/oauth/token", form)
        assert (status, tokens["scope"]) == (200, "")
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": CLIENT[0]}
        assert asker.post("/oauth/token", form)[0] == 200


class TestRevoking:
    @pytest.mark.parametrize("which", ["access_token", "refresh_token"])
    def test_a_token_that_is_given_back_takes_its_family_along(self, asker: Asker, which: str) -> None:
        tokens, other = asker.signed_in(), asker.signed_in()
        _, newer = asker.renew(tokens["refresh_token"])
        assert asker.revoke(newer[which]) == (200, {"status": "success"})
        assert [asker.call(one["access_token"]) for one in (tokens, newer, other)] == [401, 401, 200]
        refused(asker.renew(newer["refresh_token"]), 400, "invalid_grant")
        assert asker.revoke(newer[which])[0] == 200

    def test_what_is_not_known_has_ended_already(self, asker: Asker) -> None:
        assert asker.revoke("anything")[0] == 200
        refused(asker.revoke(""), 400, "invalid_request")
        refused(asker.revoke("anything", ("invalid", "x")), 401, "invalid_client")


class TestBearers:
    def test_a_token_is_good_until_it_ends(self, asker: Asker, clock: GivenClock) -> None:
        token = asker.signed_in()["access_token"]
        clock.passed += 3599
        assert asker.call(token) == 200
        clock.passed += 1
        answer = asker.box.service.handle("GET", "/v2/users/me", [("Authorization", f"bearer {token}")], b"")
        assert (answer.status, json.loads(answer.body)["code"]) == (401, 124)

    def test_a_token_that_looks_given_must_have_been(self, asker: Asker) -> None:
        assert asker.call("sandboxed-access-of-nobody") == 401
        assert asker.call(asker.code()) == 401
        assert asker.call("t") == asker.call("sandbox") == asker.call("a.b.c") == 200

    def test_a_reset_ends_every_token(self, asker: Asker) -> None:
        tokens = asker.signed_in()
        asker.box.reset()
        assert asker.call(tokens["access_token"]) == 401
        refused(asker.renew(tokens["refresh_token"]), 400, "invalid_grant")

    @pytest.mark.parametrize(
        ("claims", "secret", "algorithm", "status"),
        [
            ({}, "sandbox-secret", "HS256", 200),
            ({}, "another", "HS256", 401),
            ({"exp": 0}, "sandbox-secret", "HS256", 401),
            ({"iat": 1}, "sandbox-secret", "HS256", 401),
            ({"iss": None}, "sandbox-secret", "HS256", 401),
            ({"iat": None}, "sandbox-secret", "HS256", 401),
            ({"exp": None}, "sandbox-secret", "HS256", 401),
            ({"iss": ""}, "sandbox-secret", "HS256", 401),
            ({"exp": "later"}, "sandbox-secret", "HS256", 401),
            ({"iat": float("nan")}, "sandbox-secret", "HS256", 401),
            ({"exp": True}, "sandbox-secret", "HS256", 401),
            ({}, None, "none", 401),
            ({}, "sandbox-secret", "HS512", 200),
        ],
    )
    def test_an_api_jwt_is_checked(
        self, asker: Asker, clock: GivenClock, claims: dict[str, Any], secret: str | None, algorithm: str, status: int
    ) -> None:
        """`iat` and `exp` are seconds from now; a JWT that is signed otherwise is an access token of somebody else."""
        now = int(clock.time())
        whole = {"iss": "key", "iat": -30, "exp": 60, **claims}
        shifted = {name: now + value if type(value) is int else value for name, value in whole.items()}
        held = {name: value for name, value in shifted.items() if value is not None}
        key = secret.encode().ljust(64, b"\0") if secret else None
        assert asker.call(jwt.encode(held, key, algorithm=algorithm)) == status

    @pytest.mark.parametrize("rest", ["..", ".e30.", ".W10.x", ".e30.AAAA"])
    def test_what_begins_as_an_api_jwt_must_go_on_as_one(self, asker: Asker, rest: str) -> None:
        assert asker.call("eyJhbGciOiJIUzI1NiJ9" + rest) == 401

    def test_a_connector_without_api_jwts_takes_them_as_any_token(self, shop: Connector) -> None:
        assert not Sandbox(shop).service.authorization_server.endpoints.find_role("/oauth/token")
        service = Sandbox(shop).service
        assert service.handle("POST", "/oauth/token", [FORM], b"").status == 404


class TestTerms:
    def test_what_a_reply_says_can_be_chosen(self, zoom: Connector, clock: GivenClock) -> None:
        terms = TokenPolicy(expires_in=60, scope="a b", api_url="https://eu.api.example")
        asker = Asker(Sandbox(zoom, clock=clock, token_policy=terms))
        tokens = asker.signed_in()
        assert (tokens["expires_in"], tokens["scope"], tokens["api_url"]) == (60, "a b", "https://eu.api.example")
        assert brought(asker.consent(scope="c"))["error"] == "invalid_scope"
        clock.passed += 60
        assert asker.call(tokens["access_token"]) == 401

    def test_fewer_scopes_are_given_when_fewer_are_asked_for(self, asker: Asker) -> None:
        _, tokens = asker.redeem(asker.code(scope="user:read:user meeting:write"))
        assert tokens["scope"] == "user:read:user meeting:write"
        assert asker.renew(tokens["refresh_token"])[1]["scope"] == "user:read:user meeting:write"


class TestState:
    def test_another_sandbox_on_the_same_file_goes_on(self, zoom: Connector, clock: GivenClock, tmp_path: Path) -> None:
        first, second, third = (Asker(Sandbox(zoom, tmp_path / "state.json", clock=clock)) for _ in range(3))
        code = first.code()
        _, tokens = second.redeem(code)
        assert third.call(tokens["access_token"]) == 200
        assert first.renew(tokens["refresh_token"])[0] == 200
        refused(third.renew(tokens["refresh_token"]), 400, "invalid_grant")
        assert second.call(tokens["access_token"]) == 401

    def test_no_token_is_on_disk(self, zoom: Connector, clock: GivenClock, tmp_path: Path) -> None:
        asker = Asker(Sandbox(zoom, tmp_path / "state.json", clock=clock))
        code = asker.code()
        tokens = asker.redeem(code)[1]
        held = (tmp_path / "state.json").read_text()
        assert "app-1" in held
        for secret in (code, tokens["access_token"], tokens["refresh_token"], CLIENT[1], VERIFIER):
            assert secret not in held

    def test_the_things_of_the_start_are_there_after_a_consent(self, zoom: Connector, tmp_path: Path) -> None:
        asker = Asker(Sandbox(zoom, tmp_path / "state.json"))
        asker.signed_in()
        assert asker.call("t") == 200
        assert Asker(Sandbox(zoom, tmp_path / "state.json")).call("t") == 200

    def test_what_has_ended_is_dropped(self, asker: Asker, clock: GivenClock) -> None:
        asker.code()
        tokens = asker.signed_in()
        asker.token(grant_type="account_credentials", account_id="A1")
        clock.passed += 3600
        asker.revoke(tokens["refresh_token"])
        with asker.box.state.read() as data:
            assert data.token_registry.model_dump() == {
                "codes": {},
                "families": {},
                "access_tokens": {},
                "refresh_tokens": {},
            }

    def test_a_state_without_grants_is_read(self, zoom: Connector, tmp_path: Path) -> None:
        older = '{"version":1,"stamp":"","count":0,"records":{}}'
        (tmp_path / "state.json").write_text(older)
        assert Asker(Sandbox(zoom, tmp_path / "state.json")).signed_in()


def test_no_token_is_in_a_repr(asker: Asker) -> None:
    answer = asker.consent()
    tokens = asker.signed_in()
    code = brought(answer)["code"]
    body = f"code={code}&client_secret={CLIENT[1]}".encode()
    bearer = ("Authorization", f"Bearer {tokens['access_token']}")
    reply = asker.box.service.handle("POST", "/oauth/token", [FORM, basic(*CLIENT)], body)
    request = SandboxRequest.parse("POST", f"/oauth/token?code={code}", [FORM, bearer], body)
    with asker.box.state.read() as data:
        shown = f"{answer!r} {reply!r} {request!r} {data!r} {asker.box.service.authorization_server!r}"
    for secret in (code, CLIENT[1], basic(*CLIENT)[1], *(tokens[name] for name in ("access_token", "refresh_token"))):
        assert secret not in shown


def test_a_kind_that_is_not_there_is_told(asker: Asker) -> None:
    with pytest.raises(errors.UsageError, match="oauth9") as caught:
        asker.box.build_oauth_inputs("oauth9")
    assert "serverToServer" in caught.value.hint
    with pytest.raises(errors.UsageError, match="does not redirect back"):
        asker.box.consent("http://127.0.0.1:0/oauth/authorize?client_id=a&redirect_uri=ftp://x")


APP_AND_PEOPLE = """\
connector: lamp
label: Lamp
summary: Switch lamps.
base_url: https://api.lamp.example/v2
hosts: [api.lamp.example]
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
