"""OAuth 1.0: published signatures, and those of another implementation over what really was sent."""

from __future__ import annotations

import json
import logging
import re
from urllib.parse import unquote

import pytest
from oauthlib.oauth1 import Client as OtherClient
from support.servers import reply

from connector import Client, Connection, errors
from connector.core.auth.oauth1 import OAuth1Signing
from connector.core.request.body import Body
from connector.core.request.builder import Request
from connector.core.request.credential import Credential

SECRETS = {
    "consumerSecret": "canary/consumer&secret",
    "accessToken": "canary-token",
    "accessTokenSecret": "canary+token=secret",
}
HEAD = "connector: lamp\nlabel: Lamp\nsummary: Lamps.\nbase_url: https://api.lamp.example/v2\nallowed_hosts: [api.lamp.example]\n"
LIST = """action: list
label: L
summary: L.
request: GET /lamps/{id}
inputs:
  id: {label: I, help: I., type: string, required: true, to: path.id, example: x}
  q: {label: Q, help: Q., type: string, to: query.q, example: x}
"""
ADD = """action: add
label: A
summary: A.
request: POST /lamps
body: BODY
idempotent: It has a name of its own.
inputs: {name: {label: N, help: N., type: string, required: true, to: PART.name, example: x}}
"""


def field(**words):
    return {"label": "L", "help": "H.", "type": "string", "required": True, **words}


def build(folder, body="form", **words):
    inputs = {"consumerKey": field(), **{key: field(type="password") for key in SECRETS}}
    connection_type = {"label": "P", "kind": "oauth1", "inputs": inputs, **words}
    whole = f"{HEAD}connections:\n  it: {json.dumps(connection_type)}\n"
    add = ADD.replace("BODY", body).replace("PART", "form" if body == "form" else "body")
    if body != "form":
        add = add.replace("body: json\n", "")
    return folder(whole=whole, actions={"list": LIST, "add": add})


def connect(connector):
    return Connection(connector, "it", consumerKey="app-1", **SECRETS)


def read_header(request):
    value = request.header("authorization")
    assert value.startswith("OAuth ")
    return {name: unquote(text) for name, text in re.findall(r'(\w+)="([^"]*)"', value)}


def sign_elsewhere(request, said, base, method="HMAC-SHA1"):
    """The signature of the other implementation over a received request."""
    other = OtherClient(
        "app-1", SECRETS["consumerSecret"], SECRETS["accessToken"], SECRETS["accessTokenSecret"],
        signature_method=method, nonce=said["oauth_nonce"], timestamp=said["oauth_timestamp"],
    )  # fmt: skip
    content_type = request.header("content-type") or ""
    is_form = content_type.startswith("application/x-www-form-urlencoded")
    headers = {"Content-Type": content_type} if is_form else {}
    url = base + request.target.decode()
    signed = other.sign(url, request.method, request.body.decode() if is_form else None, headers)[1]
    return dict(re.findall(r'(\w+)="([^"]*)"', signed["Authorization"]))["oauth_signature"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/1/statuses/update.json", "tnnArxj06cWHq44gCs1OSKk/jLY="),
        ("/1.1/statuses/update.json", "hCtSmYh+iHYCEqBWrE7C7hYmtUk="),
    ],
)
def test_a_published_example_is_signed_as_it_says(path, expected):
    signing = OAuth1Signing(
        "xvz1evFS4wEEPTGEFPHBog", "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
        "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
        "HMAC-SHA1", None, lambda: "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
    )  # fmt: skip
    form = [("status", "Hello Ladies + Gentlemen, a signed OAuth request!")]
    request = Request(
        "POST", path, query=(("include_entities", "true"),), body=Body("form", form, None),
        base_url="https://api.twitter.com",
    )  # fmt: skip
    header = dict(signing(request, Credential(""), 1318622958.9).headers)["Authorization"]
    assert unquote(dict(re.findall(r'(\w+)="([^"]*)"', header))["oauth_signature"]) == expected


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
def test_another_implementation_agrees_on_what_was_sent(folder, server, rerouted, clock, method):
    connector = build(folder, signature_method=method, realm="acme_1")
    with Client(connector, connect(connector), http=rerouted, clock=clock) as client:
        client.run("list", {"id": "a b/ä", "q": "x=y&z +~*ü%"})
        client.run("add", {"name": "ä & b=c +"})
    for request in server.requests:
        said = read_header(request)
        assert (said["realm"], said["oauth_timestamp"]) == ("acme_1", str(int(clock.time())))
        assert said["oauth_signature"] == unquote(sign_elsewhere(request, said, "https://api.lamp.example", method))


def test_a_body_of_json_is_not_signed(folder, server, rerouted, clock):
    connector = build(folder, body="json")
    with Client(connector, connect(connector), http=rerouted, clock=clock) as client:
        client.run("add", {"name": "a"})
    said = read_header(server.last)
    assert said["oauth_signature"] == unquote(sign_elsewhere(server.last, said, "https://api.lamp.example"))


def test_each_attempt_has_a_nonce_and_a_time_of_its_own(folder, server, rerouted, clock):
    server.then(reply(429, headers=[("Retry-After", "7")]), reply(json_={}))
    connector = build(folder)
    with Client(connector, connect(connector), http=rerouted, clock=clock) as client:
        client.run("add", {"name": "a"})
    first, second = map(read_header, server.requests)
    assert first["oauth_nonce"] != second["oauth_nonce"]
    assert int(second["oauth_timestamp"]) - int(first["oauth_timestamp"]) >= 7


def test_no_secret_is_sent_or_shown(folder, server, rerouted, caplog):
    caplog.set_level(logging.DEBUG)
    server.always(reply(401, {"message": "bad " + " ".join(SECRETS.values())}))
    connector = build(folder)
    connection = connect(connector)
    with (
        Client(connector, connection, http=rerouted) as client,
        pytest.raises(errors.SignInError) as caught,
    ):
        client.run("list", {"id": "1"})
    shown = f"{caught.value}{caught.value!r}{connection!r}{caplog.text}"
    assert not [secret for secret in SECRETS.values() if secret in shown]
    for name in ("consumerSecret", "accessTokenSecret"):
        assert SECRETS[name].encode() not in server.last.head
