"""The OAuth server: redirects with a code, code redemption, client authentication."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.sandboxes.consents import BACK, CHALLENGE, CLIENT, FORM, VERIFIER, assert_refused, basic, redirect_params

from connector.sandbox.data.issued_tokens import compute_challenge

if TYPE_CHECKING:
    from support.sandboxes.consents import OAuthTester
    from support.servers import GivenClock

    from connector import Connector


class TestConsent:
    def test_a_code_and_the_state_are_brought_back(self, tester: OAuthTester) -> None:
        answer = tester.authorize()
        assert dict(answer.headers)["location"].startswith(f"{BACK}?code=")
        assert dict(answer.headers)["cache-control"] == "no-store"
        assert redirect_params(answer).keys() == {"code", "state"}
        assert redirect_params(answer)["state"] == "st&te=1"
        assert redirect_params(tester.authorize())["code"] != redirect_params(answer)["code"]
        assert redirect_params(tester.authorize(state=None)).keys() == {"code"}

    @pytest.mark.parametrize(
        "back",
        [
            None, "", "/callback", "http://app.example/callback", "ftp://127.0.0.1/x", "javascript:alert(1)",
            "https://", "https:///callback", "https://user@app.example/", "https://app.example/#part", "http://[::1/",
            "https://app.example/\r\nX-Evil: 1", "https://app.example/ x", "https://äpp.example/", "myapp://callback",
        ],
    )  # fmt: skip
    def test_nobody_is_sent_to_where_it_is_not_safe(self, tester: OAuthTester, back: str | None) -> None:
        answer = tester.authorize(redirect_uri=back)
        assert answer.status == 400
        assert "location" not in dict(answer.headers)
        assert b"redirect_uri" in answer.body
        assert not back or back.encode() not in answer.body

    @pytest.mark.parametrize("name", [None, "", "invalid", "a\nb"])
    def test_nobody_is_sent_on_for_an_application_that_is_not_known(
        self, tester: OAuthTester, name: str | None
    ) -> None:
        answer = tester.authorize(client_id=name)
        assert (answer.status, "location" in dict(answer.headers)) == (400, False)

    @pytest.mark.parametrize("more", [("client_id", "app-2"), ("redirect_uri", "https://evil.example/")])
    def test_nobody_is_sent_on_when_it_is_not_sure_where_to(self, tester: OAuthTester, more: tuple[str, str]) -> None:
        assert tester.authorize(more).status == 400

    @pytest.mark.parametrize("back", ["https://app.example/done", "http://localhost/done", "http://[::1]:7000/done"])
    def test_an_application_is_reached_by_https_or_on_this_machine(self, tester: OAuthTester, back: str) -> None:
        assert dict(tester.authorize(redirect_uri=back).headers)["location"].startswith(f"{back}?code=")
        own = dict(tester.authorize(redirect_uri=f"{back}?tenant=7").headers)["location"]
        assert own.startswith(f"{back}?tenant=7&code=")

    @pytest.mark.parametrize(
        ("changed", "error"),
        [
            ({"response_type": None}, "invalid_request"),
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"code_challenge": None}, "invalid_request"),
            ({"code_challenge": "short"}, "invalid_request"),
            ({"code_challenge_method": None}, "invalid_request"),
            ({"code_challenge_method": "plain", "code_challenge": VERIFIER}, "invalid_request"),
            ({"scope": "meeting:write:meeting no:such:scope"}, "invalid_scope"),
        ],
    )
    def test_what_is_wrong_is_said_to_the_application(
        self, tester: OAuthTester, changed: dict[str, str | None], error: str
    ) -> None:
        said = redirect_params(tester.authorize(**changed))
        assert (said["error"], said["state"], "code" in said) == (error, "st&te=1", False)
        assert said["error_description"]

    def test_a_parameter_that_stands_twice_is_wrong(self, tester: OAuthTester) -> None:
        assert redirect_params(tester.authorize(("scope", "a"), ("scope", "b")))["error"] == "invalid_request"

    def test_only_get_asks_for_consent_and_only_post_for_tokens(self, tester: OAuthTester) -> None:
        for method, path, allowed in (
            ("POST", "authorize", "GET"),
            ("GET", "token", "POST"),
            ("PUT", "revoke", "POST"),
        ):
            answer = tester.sandbox.service.handle(method, f"/oauth/{path}", [], b"")
            assert (answer.status, dict(answer.headers)["allow"]) == (405, allowed)


class TestCodes:
    def test_a_code_brings_tokens_as_services_do(self, tester: OAuthTester, zoom: Connector) -> None:
        answer = tester.sandbox.service.handle(
            "POST",
            "/oauth/token",
            [FORM, basic(*CLIENT)],
            f"grant_type=authorization_code&code={tester.get_code()}&redirect_uri={BACK}&code_verifier={VERIFIER}".encode(),
        )
        assert (answer.status, dict(answer.headers)["cache-control"]) == (200, "no-store")
        tokens = json.loads(answer.body)
        assert tokens.keys() == {"access_token", "token_type", "refresh_token", "expires_in", "scope"}
        assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 3600)
        needed = {scope for action in zoom.actions() for scope in action.scopes.granular}
        assert set(tokens["scope"].split()) == needed
        assert len(tokens["scope"].split()) == len(needed)
        assert tester.call_api(tokens["access_token"]) == 200
        assert tester.call_api(tokens["refresh_token"]) == 401

    def test_a_code_that_comes_twice_ends_what_came_of_it(self, tester: OAuthTester) -> None:
        code = tester.get_code()
        _, tokens = tester.redeem(code)
        other = tester.sign_in()
        assert_refused(tester.redeem(code), 400, "invalid_grant")
        assert tester.call_api(tokens["access_token"]) == 401
        assert_refused(tester.renew(tokens["refresh_token"]), 400, "invalid_grant")
        assert tester.call_api(other["access_token"]) == 200
        assert_refused(tester.redeem(code), 400, "invalid_grant")

    @pytest.mark.parametrize(("seconds", "status"), [(299, 200), (300, 400)])
    def test_a_code_is_good_for_five_minutes(
        self, tester: OAuthTester, clock: GivenClock, seconds: float, status: int
    ) -> None:
        code = tester.get_code()
        clock.passed += seconds
        assert tester.redeem(code)[0] == status

    @pytest.mark.parametrize(
        "changed",
        [
            {"code": "sandboxed-code-of-nobody"},
            {"redirect_uri": f"{BACK}/"},
            {"code_verifier": VERIFIER[:-1] + "j"},
            {"code_verifier": CHALLENGE},
            {"code_verifier": "prüfer"},
            {"client": ("app-2", "x")},
        ],
    )
    def test_a_code_is_good_for_who_asked_and_nobody_else(self, tester: OAuthTester, changed: dict[str, Any]) -> None:
        code = tester.get_code()
        assert_refused(tester.redeem(code, **changed), 400, "invalid_grant")
        assert tester.redeem(code)[0] == 200

    @pytest.mark.parametrize("missing", ["grant_type", "code", "redirect_uri", "code_verifier"])
    def test_what_is_missing_is_named(self, tester: OAuthTester, missing: str) -> None:
        asked = tester.redeem(tester.get_code(), **{missing: ""})
        assert_refused(asked, 400, "invalid_request")
        assert missing in asked[1]["reason"]

    def test_a_form_is_asked_for_and_each_parameter_once(self, tester: OAuthTester) -> None:
        pairs = [("grant_type", "refresh_token"), ("refresh_token", "a"), ("refresh_token", "b")]
        assert_refused(tester.post("/oauth/token", pairs, basic(*CLIENT)), 400, "invalid_request")
        for headers, body in (
            ([("Content-Type", "application/json")], b"{}"),
            ([], b"grant_type=refresh_token"),
            ([FORM], b"grant_type=%ff"),
            ([FORM], b"\xff"),
        ):
            answer = tester.sandbox.service.handle("POST", "/oauth/token", [basic(*CLIENT), *headers], body)
            assert (answer.status, json.loads(answer.body)["error"]) == (400, "invalid_request")

    def test_the_challenge_is_the_one_of_the_standard(self) -> None:
        assert compute_challenge(VERIFIER) == CHALLENGE


class TestClients:
    @pytest.mark.parametrize(
        ("headers", "form", "status", "error"),
        [
            ([basic("app-1", "x")], {}, 200, None),
            ([], {"client_id": "app-1", "client_secret": "x"}, 200, None),
            ([basic("app-1", "x")], {"client_id": "app-1"}, 200, None),
            ([basic("app%2D1", "x%3Ay")], {}, 200, None),
            ([], {}, 401, "invalid_client"),
            ([], {"client_id": "app-1"}, 401, "invalid_client"),
            ([], {"client_id": "invalid", "client_secret": "x"}, 401, "invalid_client"),
            ([], {"client_id": "app-1", "client_secret": "invalid"}, 401, "invalid_client"),
            ([basic("app-1", "")], {}, 401, "invalid_client"),
            ([basic("", "x")], {}, 401, "invalid_client"),
            ([basic("invalid", "x")], {}, 401, "invalid_client"),
            ([("Authorization", "Basic ???")], {}, 401, "invalid_client"),
            ([("Authorization", "Basic YXBwLTE=")], {}, 401, "invalid_client"),
            ([("Authorization", "Bearer app-1:x")], {}, 401, "invalid_client"),
            ([basic("app-1", "x")], {"client_id": "app-2"}, 401, "invalid_client"),
            ([basic("app-1", "x")], {"client_id": "app-1", "client_secret": "x"}, 400, "invalid_request"),
        ],
    )
    def test_a_client_shows_its_id_and_secret_in_one_way(
        self, tester: OAuthTester, headers: list[tuple[str, str]], form: dict[str, str], status: int, error: str | None
    ) -> None:
        usual = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": VERIFIER}
        got, said = tester.post("/oauth/token", {**usual, "code": tester.get_code(), **form}, *headers)
        assert (got, said.get("error")) == (status, error)

    def test_basic_is_asked_for_where_basic_was_wrong(self, tester: OAuthTester) -> None:
        for headers, expected in (([basic("invalid", "x")], True), ([], False)):
            answer = tester.sandbox.service.handle(
                "POST", "/oauth/token", [FORM, *headers], b"grant_type=refresh_token"
            )
            assert (answer.status, "www-authenticate" in dict(answer.headers)) == (401, expected)

    def test_who_began_is_who_goes_on(self, tester: OAuthTester) -> None:
        tokens = tester.sign_in()
        assert_refused(tester.renew(tokens["refresh_token"], ("app-2", "x")), 400, "invalid_grant")
        assert_refused(tester.revoke(tokens["access_token"], ("app-2", "x")), 400, "invalid_grant")
        assert tester.renew(tokens["refresh_token"], ("app-1", "a-newer-secret"))[0] == 200
