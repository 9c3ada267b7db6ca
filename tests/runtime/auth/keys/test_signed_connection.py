"""Signed requests: the bytes that are sent are those that were signed, at the time of each attempt."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from support.servers import reply

from connector import Client, Connection, errors
from connector.core.auth.request_signing import RequestSigning
from connector.core.request.body import Body
from connector.core.request.builder import Request
from connector.core.request.credential import Credential
from connector.definition.connection_type import ConnectionType

SECRET = "canary-signing-secret"
HEAD = "connector: lamp\nlabel: Lamp\nsummary: Lamps.\nbase_url: https://api.lamp.example/v2\nallowed_hosts: [api.lamp.example]\n"
LIST = """action: list
label: L
summary: L.
request: GET /lamps
inputs: {q: {label: Q, help: Q., type: string, to: query.q, example: x}}
"""
ADD = """action: add
label: A
summary: A.
request: POST /lamps
idempotent: It has a name of its own.
inputs: {name: {label: N, help: N., type: string, required: true, to: body.name, example: x}}
"""


def field(**words):
    return {"label": "L", "help": "H.", "type": "string", "required": True, **words}


INPUTS = {"key": field(to="header.X-Key"), "secret": field(type="password")}


def build(folder, signature, **words):
    connection_type = {"label": "P", "kind": "signed", "signature": signature, "inputs": INPUTS, **words}
    whole = f"{HEAD}connections:\n  it: {json.dumps(connection_type)}\n"
    return folder(whole=whole, actions={"list": LIST, "add": ADD})


def open_client(connector, http, clock, secret=SECRET):
    connection = Connection(connector, "it", key="key-1", secret=secret)
    return Client(connector, connection, http=http, clock=clock)


def test_binance_signs_as_its_documentation_has_it():
    """The example of "SIGNED endpoint security": query and body, joined without anything between."""
    secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
    words = {"payload": "{query}{body}", "to": "query.signature"}
    connection_type = ConnectionType.model_validate({"label": "B", "kind": "signed", "signature": words, "inputs": {}})
    pairs = (
        ("symbol", "LTCBTC"), ("side", "BUY"), ("type", "LIMIT"), ("timeInForce", "GTC"), ("quantity", "1"),
        ("price", "0.1"), ("recvWindow", "5000"), ("timestamp", "1499827319559"),
    )  # fmt: skip
    signing = RequestSigning.of(connection_type, secret, {})
    in_query = Request("POST", "/api/v3/order", query=pairs, base_url="https://api.binance.com")
    credential = signing(in_query, Credential(secret), 0.0)
    expected = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    assert credential.query == (("signature", expected),)
    in_form = Request("POST", "/api/v3/order", body=Body("form", list(pairs), None), base_url="https://api.binance.com")
    assert signing(in_form, Credential(secret), 0.0).query == (("signature", expected),)
    mixed = Request("POST", "/o", query=pairs[:4], body=Body("form", list(pairs[4:]), None), base_url="https://a.b")
    assert signing(mixed, Credential(secret), 0.0).query == (
        ("signature", "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"),
    )


def test_the_time_and_the_signature_come_last_over_the_query_that_is_sent(folder, server, rerouted, clock):
    signature = {
        "payload": "{query}{body}",
        "timestamp": {"to": "query.timestamp", "unit": "ms"},
        "to": "query.signature",
    }
    with open_client(build(folder, signature), rerouted, clock) as client:
        client.run("list", {"q": "ä b&c=/"})
    signed, _, digest = server.last.target.decode().partition("?")[2].rpartition("&signature=")
    assert signed.endswith(f"&timestamp={int(clock.time() * 1000)}")
    assert digest == hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest()
    assert server.last.header("x-key") == "key-1"


def test_the_whole_request_may_be_signed_with_base64_within_a_text(folder, server, rerouted, clock):
    secret = base64.b64encode(b"canary-raw-secret").decode()
    signature = {
        "payload": "{timestamp}{method}{target}{body}.{key}", "hash": "sha512", "format": "v1={base64}",
        "secret": "base64", "timestamp": {"to": "header.X-Time", "unit": "iso"}, "to": "header.X-Sign",
    }  # fmt: skip
    with open_client(build(folder, signature), rerouted, clock, secret) as client:
        client.run("add", {"name": "ä"})
    sent = server.last
    payload = sent.header("x-time").encode() + b"POST" + sent.target + sent.body + b".key-1"
    digest = hmac.new(b"canary-raw-secret", payload, hashlib.sha512).digest()
    assert sent.header("x-sign") == f"v1={base64.b64encode(digest).decode()}"
    assert sent.header("x-time").endswith("Z")


def test_each_attempt_is_signed_anew(folder, server, rerouted, clock):
    signature = {
        "payload": "{timestamp}{body}",
        "timestamp": {"to": "header.X-Time", "unit": "ms"},
        "to": "header.X-Sign",
    }
    server.then(reply(503), reply(429, headers=[("Retry-After", "7")]), reply(json_={}))
    with open_client(build(folder, signature), rerouted, clock) as client:
        client.run("add", {"name": "a"})
    times = [request.header("x-time") for request in server.requests]
    assert len(set(times)) == 3
    for request in server.requests:
        payload = request.header("x-time").encode() + request.body
        assert request.header("x-sign") == hmac.new(SECRET.encode(), payload, hashlib.sha256).hexdigest()


def test_the_secret_is_neither_sent_nor_shown(folder, server, rerouted, clock, caplog):
    caplog.set_level(0)
    signature = {"payload": "{target}", "to": "header.X-Sign"}
    connector = build(folder, signature)
    with open_client(connector, rerouted, clock) as client:
        server.always(reply(401, {"message": f"bad {SECRET}"}))
        with pytest.raises(errors.SignInError) as caught:
            client.run("list")
        shown = (
            f"{caught.value}{caught.value!r}{client.connection!r}{caplog.text}{client.connection.credential(None, 0)!r}"
        )
    assert SECRET not in shown
    assert all(SECRET.encode() not in request.head + request.body for request in server.requests)


def test_a_secret_that_is_no_base64_is_told_when_it_is_given(folder):
    connector = build(folder, {"payload": "{target}", "secret": "base64", "to": "header.X-Sign"})
    with pytest.raises(errors.InputError, match=r"secret: got \*\*\*; expected a secret in Base64"):
        Connection(connector, "it", key="k", secret="canary-not/base64!")
