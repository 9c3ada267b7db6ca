"""What a manifest says of its service: places, URLs by server and cloud, hosts, constants and variables."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pydantic import ValidationError

from connector.definition.manifest import Idempotency, Manifest, RateLimits, Subaccounts

WHOLE = {"connector": "lamp", "label": "Lamp", "summary": "Lamps.", "base_url": "https://api.lamp.example/v2"}
TOKEN = {"label": "Token", "help": "The token.", "type": "password"}
CLOUDS = {
    "world": {"label": "World"},
    "north": {
        "label": "North",
        "base_url": "https://API.north.example:8443/v2",
        "servers": {"files": "https://files.north.example"},
        "allowed_hosts": ["cdn.north.example"],
    },
}
SERVERS = {"files": "https://files.lamp.example", "jobs": "https://{site}.jobs.example?x=1"}


def manifest(**words: Any) -> Manifest:
    return Manifest.model_validate({**WHOLE, **words})


def test_the_key_of_a_write_has_one_place() -> None:
    assert str(Idempotency(to="query.key").location) == "query.key"
    assert str(Idempotency(to="header.X-Key").location) == "header.X-Key"
    for words in ({}, {"to": "path.x"}, {"header": "X"}):
        with pytest.raises(ValidationError, match="to"):
            Idempotency.model_validate(words)


def test_a_key_is_remembered_for_as_long_as_the_service_says() -> None:
    key = Idempotency(to="header.X-Key", lifetime=60)
    assert [key.is_remembered(1000.0, now) for now in (1000.0, 1059.0, 1060.0)] == [True, True, False]


def test_a_subaccount_is_named_by_a_prefix_or_by_a_header() -> None:
    for words in ({}, {"prefix": "/a/{id}", "header": "X"}):
        with pytest.raises(ValidationError, match="give either `prefix` or `header`"):
            Subaccounts.model_validate(words)


def test_a_rate_is_a_tier_of_a_plan_or_a_quota_of_the_whole_account() -> None:
    by = {"all": {"limit": "9/day", "by": "connection.accountId"}, "host": {"limit": "9/day", "by": "path.userId"}}
    rates = RateLimits.model_validate({"plans": {"free": {"light": "4/s"}, "pro": {"heavy": "9/s"}}, "quotas": by})
    assert [name for name in ("light", "heavy", "all", "host", "free", "other") if rates.has_rate(name)] == [
        "light", "heavy", "all",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("server", "cloud", "url"),
    [
        (None, None, "https://api.lamp.example/v2"),
        (None, "world", "https://api.lamp.example/v2"),
        (None, "north", "https://API.north.example:8443/v2"),
        ("files", None, "https://files.lamp.example"),
        ("files", "world", "https://files.lamp.example"),
        ("files", "north", "https://files.north.example"),
        ("jobs", "north", "https://{site}.jobs.example?x=1"),
    ],
)
def test_a_server_has_the_url_of_the_cloud_or_else_that_of_the_manifest(server: Any, cloud: Any, url: str) -> None:
    one = manifest(clouds=CLOUDS, servers=SERVERS)
    assert one.find_url(server, None if cloud is None else one.clouds[cloud]) == url


def test_the_first_cloud_is_the_usual_one() -> None:
    one = manifest(clouds=CLOUDS)
    assert one.find_cloud("north") is one.clouds["north"]
    assert one.find_cloud(None) is one.clouds["world"]
    assert manifest().find_cloud("north") is None


def test_its_own_hosts_are_those_of_every_url_in_any_cloud() -> None:
    assert manifest().own_hosts == ("api.lamp.example",)
    assert manifest(clouds=CLOUDS, servers=SERVERS, allowed_hosts=["CDN.lamp.example"]).own_hosts == (
        "api.lamp.example", "api.north.example", "cdn.lamp.example", "cdn.north.example", "files.lamp.example",
        "{site}.jobs.example",
    )  # fmt: skip


def test_every_connection_of_a_service_with_clouds_chooses_one() -> None:
    words = {
        "key": {"label": "Key", "kind": "bearer", "inputs": {"apiKey": TOKEN}},
        "bare": {"label": "B", "kind": "bearer"},
    }
    given = copy.deepcopy(words)
    one = manifest(clouds=CLOUDS, connections=given)
    assert [list(one.connections[kind].inputs) for kind in ("key", "bare")] == [["apiKey", "cloud"], ["cloud"]]
    field = one.connections["key"].inputs["cloud"]
    assert (field.default, field.hidden, field.choices) == ("world", True, {"world": "World", "north": "North"})
    assert given == words
    assert list(manifest(connections=words).connections["key"].inputs) == ["apiKey"]


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ({"connections": {"key": {"label": "K", "kind": "bearer", "inputs": []}}}, ("connections", "key", "inputs")),
        ({"connections": {"key": None}}, ("connections", "key")),
        ({"connections": ["key"]}, ("connections",)),
        ({"clouds": ["world"], "connections": {}}, ("clouds",)),
        ({"clouds": {"world": 5}, "connections": {"key": {"label": "K", "kind": "bearer"}}}, ("clouds", "world")),
        (
            {"clouds": {"world": {}}, "connections": {"key": {"label": "K", "kind": "bearer"}}},
            ("clouds", "world", "label"),
        ),
    ],
)
def test_connections_and_clouds_that_are_none_are_told_as_such(words: dict[str, Any], place: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as caught:
        manifest(**{"clouds": CLOUDS, **words})
    assert [error["loc"] for error in caught.value.errors()] == [place]


def test_a_constant_with_the_value_of_a_connection_is_told_from_the_others() -> None:
    one = manifest(
        connections={"key": {"label": "Key", "kind": "bearer", "inputs": {"site": {**TOKEN, "type": "string"}}}},
        constants={"header.X-Site": "{site}", "header.X-Other": "{other}", "query.v": 2},
    )
    assert one.filled_constants == {"header.X-Site": "{site}"}
    assert one.plain_constants == {"header.X-Other": "{other}", "query.v": 2}


def test_an_input_whose_variable_would_be_a_setting_has_one_of_its_own() -> None:
    inputs = {"clientId": TOKEN, "plan": TOKEN, "plan_file": TOKEN}
    one = manifest(connections={"key": {"label": "Key", "kind": "bearer", "inputs": inputs}})
    assert one.environment_variables == {
        "LAMP_CLIENT_ID": "clientId",
        "LAMP_CONNECTION_PLAN": "plan",
        "LAMP_CONNECTION_PLAN_FILE": "plan_file",
    }
    assert one.environment_variable("plan") == "LAMP_CONNECTION_PLAN"


def test_a_connection_is_tested_by_its_own_call_or_else_by_that_of_all() -> None:
    own = {"label": "K", "kind": "bearer", "test": {"action": "getLamp"}}
    one = manifest(
        test={"action": "listLamps"},
        connections={"own": own, "none": {**own, "test": None}, "plain": {"label": "K", "kind": "bearer"}},
    )
    tests = [one.find_connection_test(kind) for kind in ("own", "none", "plain")]
    assert [test and test.action for test in tests] == ["getLamp", None, "listLamps"]
