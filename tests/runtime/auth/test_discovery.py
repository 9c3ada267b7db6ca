"""An issuer names its own addresses: read once, held against the allowed hosts, and never instead of what is said."""

from __future__ import annotations

import contextlib
import json

import pytest
from support.servers import hang_up, reply
from support.transports import Rerouting

from connector import Client, Connection, begin_device_sign_in, begin_sign_in, errors, finish_sign_in
from connector.runtime.auth import discovery
from connector.runtime.storage.memory_store import MemoryStore

HEAD = "connector: lamp\nlabel: Lamp\nsummary: Lamps.\nbase_url: https://api.lamp.example/v2\nallowed_hosts: ['*.lamp.example']\n"
LIST = "action: list\nlabel: L\nsummary: L.\nrequest: GET /lamps\n"
ISSUER = "https://{tenant}.lamp.example/id"
NAMED = {
    "issuer": "https://acme.lamp.example/id",
    "authorization_endpoint": "https://login.lamp.example/authorize",
    "token_endpoint": "https://login.lamp.example/token",
    "device_authorization_endpoint": "https://login.lamp.example/device",
}
TOKEN = {"access_token": "canary-access", "refresh_token": "canary-refresh", "expires_in": 3600}


@pytest.fixture(autouse=True)
def forget():
    discovery._documents.clear()


def field(**words):
    return {"label": "L", "help": "H.", "type": "string", "required": True, **words}


def build(folder, **words):
    connection_type = {
        "label": "P", "kind": "oauth2", "issuer": ISSUER, "inputs": {"tenant": field(), "clientId": field()}, **words,
    }  # fmt: skip
    whole = f"{HEAD}connections:\n  it: {json.dumps(connection_type)}\n"
    return folder(whole=whole, actions={"list": LIST})


class Service:
    """Serves the document and issues tokens."""

    def __init__(self, server, document):
        self.document, self.reads = document, 0
        server.always(self.answer)

    def answer(self, request):
        if request.path == "/id/.well-known/openid-configuration":
            self.reads += 1
            return self.document if callable(self.document) else reply(json_=self.document)
        return reply(json_=TOKEN if request.method == "POST" else {})


def sign_in(connector, http, store):
    inputs = {"tenant": "acme", "clientId": "app-1"}
    redirect = "http://127.0.0.1:1/callback"
    began = begin_sign_in(connector, name="a", redirect_uri=redirect, store=store, inputs=inputs, kind="it", http=http)
    return began, finish_sign_in(connector, f"?code=canary-code&state={began.state}", store=store, http=http)


def test_what_one_transport_was_told_is_not_held_of_another(folder, server, rerouted):
    connector = build(folder)
    Service(server, {**NAMED, "authorization_endpoint": "https://sandbox.lamp.example/authorize"})
    assert sign_in(connector, rerouted, MemoryStore())[0].url.startswith("https://sandbox.lamp.example/")
    Service(server, NAMED)
    with contextlib.closing(Rerouting(server)) as other:
        assert sign_in(connector, other, MemoryStore())[0].url.startswith("https://login.lamp.example/")


def test_a_sign_in_goes_where_the_issuer_says_and_its_document_is_read_once(folder, server, rerouted, clock):
    service, connector, store = Service(server, NAMED), build(folder), MemoryStore()
    began, connection = sign_in(connector, rerouted, store)
    assert began.url.startswith("https://login.lamp.example/authorize?")
    assert rerouted.urls[-1] == "https://login.lamp.example/token"
    loaded = Connection.load(connector, "a", store=store, http=rerouted)
    clock.start += 10_000_000_000
    with Client(connector, loaded, http=rerouted, clock=clock) as client:
        client.run("list")
    assert rerouted.urls[-2:] == ["https://login.lamp.example/token", "https://api.lamp.example/v2/lamps"]
    assert service.reads == 1
    assert connection.oauth_client.token_url == ""  # what a store keeps is not what a document said


def test_a_device_asks_where_the_issuer_says(folder, server, rerouted, clock):
    Service(server, NAMED)
    connector = build(folder, kind="oauth2_device_code")
    with pytest.raises(errors.SignInError, match="no code"):
        begin_device_sign_in(
            connector, name="a", store=MemoryStore(), kind="it", inputs={"tenant": "acme", "clientId": "x"},
            clock=clock, http=rerouted,
        )  # fmt: skip
    assert rerouted.urls[-1] == "https://login.lamp.example/device"


def test_an_address_that_is_said_is_not_replaced(folder, server, rerouted):
    Service(server, NAMED)
    connector = build(folder, token_url="https://auth.lamp.example/own")
    sign_in(connector, rerouted, MemoryStore())
    assert rerouted.urls[-1] == "https://auth.lamp.example/own"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({**NAMED, "token_endpoint": "https://evil.example/token"}, "token_endpoint .* not https at an allowed host"),
        ({**NAMED, "authorization_endpoint": "http://login.lamp.example/a"}, "authorization_endpoint .* not https"),
        ({**NAMED, "issuer": "https://other.lamp.example/id"}, "another issuer"),
        ({}, "another issuer"),
        (reply(404, {}), "could not be read: HTTP 404"),
        (reply(json_=["x"]), "could not be read"),
        (hang_up(), "could not be read"),
    ],
)
def test_a_document_that_cannot_be_trusted_sends_nothing(folder, server, rerouted, document, message):
    Service(server, document)
    with pytest.raises((errors.SignInError, errors.TransportError), match=message):
        sign_in(build(folder), rerouted, MemoryStore())
    assert not [request for request in server.requests if request.method == "POST"]


def test_an_issuer_at_another_host_is_not_asked(folder, server, rerouted):
    connector = build(folder, issuer="https://login.elsewhere.example")
    with pytest.raises(errors.SignInError, match="not https at an allowed host"):
        sign_in(connector, rerouted, MemoryStore())
    assert server.count == 0
