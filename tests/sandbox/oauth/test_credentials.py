"""Which credentials the sandbox accepts, and that its own connection needs none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from support.sandboxes.shop import VERSION

from connector import Client, Connector
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.sandboxes.consents import OAuthTester
    from support.servers import GivenClock


@pytest.fixture
def sandbox(shop: Connector) -> Sandbox:
    return Sandbox(shop)


class TestCredentials:
    def test_a_service_that_asks_for_none_gets_none(self, folder: Callable[..., Connector]) -> None:
        whole = "connector: open_house\nlabel: Open\nsummary: Open to all.\nbase_url: https://open.example\n"
        action = "action: look\nlabel: Look\nsummary: Look.\nrequest: GET /look\nreturns: {example: {seen: 1}}\n"
        connector = folder(whole=whole, actions={"look": action})
        sandbox = Sandbox(connector)
        with Client(connector, sandbox.connection, http=sandbox.http) as client:
            assert client.run("look").data == {"seen": 1}
        assert sandbox.service.handle("GET", "/look", [], b"").status == 200

    @pytest.mark.parametrize("kind", ["key", "pair", "keyInQuery"])
    def test_every_kind_has_its_placeholder(self, shop: Connector, kind: str) -> None:
        sandbox = Sandbox(shop, kind=kind)
        with Client(shop, sandbox.connection, http=sandbox.http) as client:
            assert client.run("ping").data == {"pong": 1}

    @pytest.mark.parametrize(
        ("headers", "query", "status"),
        [
            ([], "", 401),
            ([("X-Shop-Key", "")], "", 401),
            ([("X-Shop-Key", "expired")], "", 401),
            ([("X-Shop-Key", "invalid")], "", 401),
            ([("X-Shop-Key", "anything")], "", 200),
            ([], "?key=anything", 200),
            ([], "?key=invalid", 401),
            ([("Authorization", "Basic YTpi")], "", 200),
            ([("Authorization", "Basic YTo=")], "", 200),
            ([("Authorization", "Basic Og==")], "", 401),
            ([("Authorization", "Basic YTpleHBpcmVk")], "", 401),
            ([("Authorization", "Basic %%%")], "", 401),
            ([("Authorization", "Bearer t")], "", 401),
        ],
    )
    def test_what_a_credential_is(self, sandbox: Sandbox, headers: list[Any], query: str, status: int) -> None:
        answer = sandbox.service.handle("GET", f"/api/v1/ping{query}", [VERSION, *headers], b"")
        assert answer.status == status
        if status == 401:
            assert json.loads(answer.body)["error"]["code"] == "bad_key"


class TestApiJwts:
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
        self,
        tester: OAuthTester,
        clock: GivenClock,
        claims: dict[str, Any],
        secret: str | None,
        algorithm: str,
        status: int,
    ) -> None:
        """`iat` and `exp` are seconds from now; a JWT with another algorithm is an access token of another issuer."""
        now = int(clock.time())
        whole = {"iss": "key", "iat": -30, "exp": 60, **claims}
        shifted = {name: now + value if type(value) is int else value for name, value in whole.items()}
        held = {name: value for name, value in shifted.items() if value is not None}
        key = secret.encode().ljust(64, b"\0") if secret else None
        assert tester.call_api(jwt.encode(held, key, algorithm=algorithm)) == status

    @pytest.mark.parametrize("rest", ["..", ".e30.", ".W10.x", ".e30.AAAA"])
    def test_what_begins_as_an_api_jwt_must_go_on_as_one(self, tester: OAuthTester, rest: str) -> None:
        assert tester.call_api("eyJhbGciOiJIUzI1NiJ9" + rest) == 401
