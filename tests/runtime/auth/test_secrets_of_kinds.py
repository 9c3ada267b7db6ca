"""Whatever kind of connection has them: secrets, and tokens made of them, show nowhere, though the service echoes them."""

from __future__ import annotations

import base64
import json
import logging
from urllib.parse import quote

import pytest
from support import canaries
from support.servers import reply

from connector import Client, Connection

ACTION = "action: list\nlabel: L\nsummary: L.\nrequest: GET /lamps\nreturns: {help: Lamps., example: {}}\n"
LOGIN = """action: logIn
label: Log In
summary: Sign in.
request: POST /login
inputs: {password: {label: P, help: P., type: password, required: true, to: body.password}}
returns: {help: The session., example: {token: t}}
"""
HEAD = {
    "connector": "lamp", "label": "Lamp", "summary": "Lamps.", "base_url": "https://api.lamp.example/v2",
    "allowed_hosts": ["api.lamp.example"], "errors": {"message": "message", "code": "code"},
}  # fmt: skip
CANARY, SECOND, THIRD = "canary/of+a-secret", "canary-of/another+one", "canary-of=the+third"
ISSUED = "canary-issued-by/the+service"


def secret(**words):
    return {"label": "L", "help": "H.", "type": "password", "required": True, **words}


KINDS = {
    "signed": (
        {
            "signature": {"payload": "{timestamp}{method}{target}{body}", "format": "{hex}", "to": "query.signature",
                          "timestamp": {"to": "query.timestamp", "unit": "ms"}},
            "inputs": {"apiSecret": secret(), "apiKey": secret(to="header.X-Key")},
        },
        {"apiSecret": CANARY, "apiKey": SECOND},
    ),
    "oauth1": (
        {
            "inputs": {
                "consumerKey": {**secret(), "type": "string"}, "consumerSecret": secret(), "accessToken": secret(),
                "accessTokenSecret": secret(),
            }
        },
        {"consumerKey": "app", "consumerSecret": CANARY, "accessToken": SECOND, "accessTokenSecret": THIRD},
    ),
    "session": (
        {"to": "header.X-Session", "login": {"action": "logIn", "token": "token"}, "inputs": {"password": secret()}},
        {"password": CANARY},
    ),
    "jwt": (
        {"algorithm": "HS256", "claims": {"iss": "{apiKey}"}, "inputs": {"apiKey": {**secret(), "type": "string"}, "apiSecret": secret()}},
        {"apiKey": "app", "apiSecret": CANARY},
    ),
}  # fmt: skip


def spell(text):
    encoded = base64.b64encode(text.encode()).decode().rstrip("=")[:-1]
    return {text, quote(text, safe=""), json.dumps(text)[1:-1], encoded}


@pytest.fixture(params=KINDS)
def connection(request, folder, rerouted):
    words, values = KINDS[request.param]
    connection_type = {"label": "P", "kind": request.param, **words}
    whole = json.dumps(HEAD | {"connections": {"it": connection_type}})
    connector = folder(whole=whole, actions={"list": ACTION, "log-in": LOGIN})
    return Connection(connector, "it", values, http=rerouted)


@pytest.mark.parametrize("status", [200, 400, 401, 429, 503])
def test_what_a_service_echoes_is_shown_without_secrets(
    connection, server, rerouted, caplog, clock, monkeypatch, status
):
    caplog.set_level(logging.DEBUG)
    sent, issued = [], [ISSUED] if connection.token_source else []

    def answer(request):
        if request.method == "POST":
            return reply(json_={"token": ISSUED})
        sent.append(request.header("authorization") or "")
        known = [*connection.inputs().values(), *issued, sent[-1]]
        message = " ".join(f"{one} {quote(str(one), safe='')} {json.dumps(one)}" for one in known)
        return reply(status, {"message": message, "data": known} if status != 200 else {})

    server.always(answer)
    with Client(connection.connector, connection, http=rerouted, clock=clock) as client:
        got = canaries.attempt(client.run, "list", debug=True, retry=False)
        runner = type("Runner", (), {"client": client, "__repr__": lambda _: repr(client)})()
        monkeypatch.setattr(canaries, "SPELLED", {
            spelled
            for one in (*connection.secrets(), *issued, *(text.rpartition(" ")[2] for text in sent if "Bearer" in text))
            for spelled in spell(str(one))
        })  # fmt: skip
        assert sent
        canaries.assert_clean(got, runner, caplog)
