"""Two connectors of one name never use a connection of each other: what one stored never goes to the other's hosts."""

from __future__ import annotations

import json

import pytest
from support.servers import reply

from connector import Client, Connection, Connector, errors
from connector.runtime.auth.connection_record import store_key
from connector.runtime.auth.sign_in import begin_sign_in, finish_sign_in
from connector.runtime.storage.memory_store import MemoryStore

SECRET = "canary-of-a-key"
ACTION = "action: list\nlabel: L\nsummary: L.\nrequest: GET /lamps\nreturns: {help: Lamps., example: {}}\n"
KEY = {
    "label": "Key", "kind": "api_key", "to": "header.X-Key",
    "inputs": {"apiKey": {"label": "K", "help": "K.", "type": "password", "required": True}},
}  # fmt: skip
CONSENT = {
    "label": "Consent", "kind": "oauth2",
    "inputs": {
        "clientId": {"label": "I", "help": "I.", "type": "string", "required": True},
        "clientSecret": {"label": "S", "help": "S.", "type": "password", "required": True},
    },
}  # fmt: skip
CLIENT = {"clientId": "app", "clientSecret": SECRET}
RETURN = "http://127.0.0.1:8976/callback"


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def make(tmp_path):
    """Make a connector named crm with these hosts, in a folder of its own."""

    def make(*hosts):
        place = tmp_path / hosts[0].replace("*", "any")
        (place / "actions").mkdir(parents=True, exist_ok=True)
        consent = CONSENT | {"authorize_url": f"https://{hosts[0]}/a", "token_url": f"https://{hosts[0]}/t"}
        head = {
            "connector": "crm", "label": "C", "summary": "C.", "base_url": f"https://{hosts[0]}/v1",
            "allowed_hosts": list(hosts), "connections": {"key": KEY, "consent": consent},
        }  # fmt: skip
        (place / "manifest.yaml").write_text(json.dumps(head))
        (place / "actions" / "list.yaml").write_text(ACTION)
        return Connector.open(place)

    return make


def keep(connector, store, **more):
    Connection(connector, "key", {"apiKey": SECRET}, name="work", store=store, **more).save()


def test_another_connector_of_the_name_is_told_whose_connection_it_is_and_sends_nothing(make, store, server, rerouted):
    ours, theirs = make("api.ours.example"), make("api.theirs.example")
    keep(ours, store)
    with pytest.raises(errors.SignInError) as caught:
        Client(theirs, "work", store=store, http=rerouted).run("list")
    said = str(caught.value)
    assert "'work' was stored by another connector of the same name, for api.ours.example" in said
    assert "api.theirs.example" in said
    assert "another name" in caught.value.hint
    assert "--store" in caught.value.hint
    assert SECRET not in said
    assert not server.requests


def test_it_does_not_replace_the_connection_either(make, store):
    ours, theirs = make("api.ours.example"), make("api.theirs.example")
    keep(ours, store)
    with pytest.raises(errors.SignInError, match=r"another connector of the same name, for api\.ours\.example"):
        keep(theirs, store)
    assert Connection.load(ours, "work", store=store).inputs() == {"apiKey": SECRET}


def test_a_connector_that_moves_to_another_host_keeps_its_connections(make, store):
    keep(make("api.ours.example"), store)
    both = make("v2.ours.example", "api.ours.example")
    connection = Connection.load(both, "work", store=store)
    connection.save()
    assert Connection.load(make("v2.ours.example"), "work", store=store).inputs() == {"apiKey": SECRET}


def test_a_connection_of_an_earlier_version_loads_as_before(make, store):
    connector = make("api.ours.example")
    keep(connector, store)
    key = store_key(connector, "work")
    data = store.read(key).data
    assert data.pop("hosts") == ["api.ours.example"]
    store.write(key, data)
    assert Connection.load(connector, "work", store=store).inputs() == {"apiKey": SECRET}


def test_a_consent_is_finished_only_by_the_connector_that_asked_for_it(make, store, server, rerouted):
    ours, theirs = make("api.ours.example"), make("api.theirs.example")
    more = {"store": store, "http": rerouted}
    begun = begin_sign_in(ours, name="work", redirect_uri=RETURN, inputs=CLIENT, kind="consent", **more)
    with pytest.raises(errors.UsageError, match=r"started for another crm, at api\.ours\.example"):
        finish_sign_in(theirs, f"{RETURN}?code=c&state={begun.state}", **more)
    assert not server.requests


def test_a_token_is_not_renewed_over_another_connectors_connection(make, store, server, rerouted):
    ours, theirs = make("api.ours.example"), make("api.theirs.example")
    token = {"access_token": "old", "refresh_token": "r", "expires_at": 0}
    mine = Connection(ours, "consent", CLIENT, name="work", store=store, token=token, http=rerouted)
    store.remove(store_key(ours, "work"))
    Connection(theirs, "consent", CLIENT, name="work", store=store, token=token, http=rerouted)
    server.always(lambda _: reply(json_={"access_token": "new", "expires_in": 60}))
    with pytest.raises(errors.SignInError, match=r"for api\.theirs\.example"):
        Client(ours, mine, http=rerouted).run("list")
    assert not server.requests
