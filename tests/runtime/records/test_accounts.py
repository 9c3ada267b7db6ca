"""Calls of a connection without a name are kept where its inputs say whose it is, and never fail."""

from __future__ import annotations

import pytest
from support import private_postgres

from connector import Client, Connection, Connector, errors
from connector.core.records.record import Sight
from connector.runtime.records.accounts import find_connection_account, name_account, name_owner
from connector.runtime.records.records import Records
from connector.sandbox.sandbox import Sandbox
from connector.testing.clock import ManualClock

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


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    return f"sqlite:///{tmp_path / 'records.sqlite'}" if request.param == "sqlite" else private_postgres.fresh()


def name_work(shop, kind="password", **inputs):
    return name_owner(shop, Connection(shop, kind, name="work", **inputs), None)


def test_another_account_under_a_name_is_refused_until_the_former_is_forgotten(shop, url):
    with Records(url) as records:
        records.claim(shop, name_work(shop, username="ada", password="a"))
        records.keep("shop", "work", [Sight(resource="orders", id="1", source="list", data={"id": 1})], 1.0).result()
    with Records(url) as records:
        records.claim(shop, name_work(shop, username="ada", password="rotated"))
        records.claim(shop, name_work(shop, kind="token", tenant="acme", accessToken="a"))  # it may be the same account
        grace = name_work(shop, username="grace", password="a")
        with pytest.raises(errors.StoreError, match="another account under the name 'work': its username is") as raised:
            records.claim(shop, grace)
        assert "records forget work" in raised.value.hint
        assert "grace" not in str(raised.value)
        assert records.forget("shop", "work") == 1
        records.claim(shop, grace)
        assert (records.count("shop"), records.read_changes("shop")) == ({}, [])


def test_who_was_forgotten_meanwhile_neither_writes_nor_reads_under_the_name_of_the_next(shop, url):
    ada, grace = (name_work(shop, username=name, password="a") for name in ("ada", "grace"))

    def keep(records, number, owner):
        records.keep("shop", "work", [Sight(resource="orders", id=number, source="list", data={})], 1.0, owner).result()

    clock = ManualClock()
    with Records(url, clock=clock) as former, Records(url) as other:  # of two processes
        former.claim(shop, ada)
        keep(former, "1", ada)
        assert other.forget("shop", "work") == 1
        other.claim(shop, grace)
        keep(other, "2", grace)
        clock.advance(10)
        with pytest.raises(errors.StoreError, match="another account under the name 'work'"):
            former.claim(shop, ada)
        keep(former, "3", ada)
        assert [other.get("shop", "work", "orders", one) is not None for one in "123"] == [False, True, False]


def test_another_connector_of_the_name_is_refused_and_one_that_moves_is_not(shop, tmp_path, url):
    texts = {"moved": MANIFEST.replace("allowed_hosts: []", "allowed_hosts: [api.shop.test]"),
             "new": MANIFEST.replace("api.shop.example", "api.shop.test"),
             "other": MANIFEST.replace("shop.example", "other.example")}  # fmt: skip
    for name, text in texts.items():
        (tmp_path / name / "actions").mkdir(parents=True)
        (tmp_path / name / "manifest.yaml").write_text(text)
    moved, new, other = (Connector.open(tmp_path / name) for name in texts)
    with Records(url) as records:
        for one in (shop, moved, new):
            records.claim(one, name_work(one, username="ada", password="a"))
        with pytest.raises(errors.StoreError, match=r"another connector named shop, for api\.shop\.test"):
            records.claim(other, name_owner(other, None, "else"))


def test_calls_of_another_account_are_made_and_neither_kept_nor_answered_from_the_copy(tmp_path, caplog):
    zoom = Connector.open()
    sandbox = Sandbox(zoom)

    def open_client(records, client_id):
        inputs = {"accountId": "a", "clientId": client_id, "clientSecret": "s"}
        return Client(zoom, Connection(zoom, "oauth2", token={"access_token": "t"}, name="work", **{
            key: inputs[key] for key in ("clientId", "clientSecret")}), http=sandbox.http, records=records)  # fmt: skip

    with Records(f"sqlite:///{tmp_path / 'records.sqlite'}") as records:
        open_client(records, "ours").run("getUser", {"userId": "me"})
        before = records.read_changes("zoom")
        for _ in range(2):
            result = open_client(records, "theirs").run("getUser", {"userId": "me"}, max_age="1h")
            assert not result.from_records
        assert records.read_changes("zoom") == before
    assert len(before) == 1
    assert caplog.text.count("Records are not written") == 1
