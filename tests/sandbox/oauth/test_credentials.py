"""Which credentials the sandbox accepts, and that its own connection needs none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.sandboxes.shop import VERSION

from connector import Client, Connector
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def box(shop: Connector) -> Sandbox:
    return Sandbox(shop)


class TestCredentials:
    def test_a_service_that_asks_for_none_gets_none(self, folder: Callable[..., Connector]) -> None:
        whole = "connector: open_house\nlabel: Open\nsummary: Open to all.\nbase_url: https://open.example\n"
        action = "action: look\nlabel: Look\nsummary: Look.\nrequest: GET /look\nreturns: {example: {seen: 1}}\n"
        connector = folder(whole=whole, actions={"look": action})
        box = Sandbox(connector)
        with Client(connector, box.connection, http=box.http) as client:
            assert client.run("look").data == {"seen": 1}
        assert box.service.handle("GET", "/look", [], b"").status == 200

    @pytest.mark.parametrize("kind", ["key", "pair", "keyInQuery"])
    def test_every_kind_has_its_stand_in(self, shop: Connector, kind: str) -> None:
        box = Sandbox(shop, kind=kind)
        with Client(shop, box.connection, http=box.http) as client:
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
    def test_what_a_credential_is(self, box: Sandbox, headers: list[Any], query: str, status: int) -> None:
        answer = box.service.handle("GET", f"/api/v1/ping{query}", [VERSION, *headers], b"")
        assert answer.status == status
        if status == 401:
            assert json.loads(answer.body)["error"]["code"] == "bad_key"
