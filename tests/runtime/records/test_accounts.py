"""Calls of a connection without a name are kept where its inputs say whose it is, and never fail."""

from __future__ import annotations

import pytest

from connector import Client, Connection, Connector, errors
from connector.runtime.records.accounts import find_connection_account, name_account
from connector.runtime.records.records import Records
from connector.sandbox.sandbox import Sandbox

MANIFEST = """format: 1
version: 1.0.0
connector: shop
label: Shop
summary: Sell things.
docs: https://shop.example/docs
base_url: https://api.shop.example
allowed_hosts: []
resources:
  orders: {list: /orders, id: id}
connections:
  client:
    label: Client
    kind: oauth2_client_credentials
    token_url: https://api.shop.example/token
    inputs:
      clientId: {label: Id, help: The id., type: string, required: true}
      clientSecret: {label: Secret, help: The secret., type: password, required: true}
      region: {label: Region, help: The region., type: string, default: eu}
  token:
    label: Token
    kind: bearer
    inputs:
      tenant: {label: Tenant, help: The tenant., type: string, required: true, to: header.X-Tenant}
      accessToken: {label: Token, help: The token., type: password, required: true}
  password:
    label: Password
    kind: basic
    inputs:
      username: {label: Name, help: The name., type: string, required: true, to: basic.username}
      password: {label: Password, help: The password., type: password, required: true, to: basic.password}
"""


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "actions").mkdir()
    (tmp_path / "manifest.yaml").write_text(MANIFEST)
    return Connector.open(tmp_path)


def find(shop, kind, **inputs):
    return find_connection_account(shop, Connection(shop, kind, **inputs), None)


def test_an_account_is_known_by_its_inputs_and_not_by_its_secret(shop):
    first = find(shop, "client", clientId="one", clientSecret="a")
    assert first == find(shop, "client", clientId="one", clientSecret="rotated", region="eu")
    others = [
        find(shop, "client", clientId="two", clientSecret="a"),
        find(shop, "client", clientId="one", clientSecret="a", region="us"),
        find(shop, "password", username="one", password="a"),
    ]
    assert len({first, *others}) == 4


def test_inputs_of_a_tenant_or_an_app_do_not_say_whose_account_it_is(shop):
    unnamed = Connection(shop, "token", tenant="acme", accessToken="t")
    assert find_connection_account(shop, unnamed, None) is None
    with pytest.raises(errors.UsageError, match="no name"):
        name_account(shop, unnamed, None)
    assert name_account(shop, Connection(shop, "token", tenant="acme", accessToken="t", name="work"), None) == "work"


def test_of_an_unknown_account_nothing_is_kept_which_is_told_once(tmp_path, caplog):
    zoom = Connector.open()
    sandbox = Sandbox(zoom)
    unnamed = Connection(zoom, "oauth2", token={"access_token": "t"}, clientId="a", clientSecret="b")
    with Records(f"sqlite:///{tmp_path / 'records.sqlite'}") as records:
        client = Client(zoom, unnamed, http=sandbox.http, records=records)
        for _ in range(2):
            assert client.run("listUsers", max_age="5m").data["users"]
        assert records.count("zoom") == {}
    assert caplog.text.count("are not kept") == 1
