"""JWTs of keys: signed as their algorithm says, with claims from constants and inputs, sent or exchanged."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from support.servers import reply

from connector import Client, Connection, errors

HEAD = "connector: lamp\nlabel: Lamp\nsummary: Lamps.\nbase_url: https://api.lamp.example/v2\nallowed_hosts: [api.lamp.example]\n"
LIST = "action: list\nlabel: L\nsummary: L.\nrequest: GET /lamps\n"
TOKEN_URL = "https://api.lamp.example/token"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def to_pem(key):
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def field(**words):
    return {"label": "L", "help": "H.", "type": "string", "required": True, **words}


INPUTS = {"email": field(), "sub": field(required=False), "privateKey": field(type="password")}
CLAIMS = {"iss": "{email}", "sub": "{sub}", "aud": TOKEN_URL, "n": 1, "scope": "read write"}


def build(folder, **words):
    connection_type = {"label": "P", "kind": "jwt", "claims": CLAIMS, "inputs": INPUTS, **words}
    whole = f"{HEAD}connections:\n  it: {json.dumps(connection_type)}\n"
    return folder(whole=whole, actions={"list": LIST})


def decode(token, key, algorithm):
    options = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
    return jwt.decode(token, key.public_key(), algorithms=[algorithm], options=options)


@pytest.mark.parametrize(("algorithm", "key"), [("RS256", RSA_KEY), ("ES256", EC_KEY)])
def test_a_jwt_of_a_key_has_its_claims_and_is_sent_as_it_is(folder, server, rerouted, clock, algorithm, key):
    connector = build(folder, algorithm=algorithm, key_id="{email}", lifetime=600)
    connection = Connection(connector, "it", email="a@lamp.example", privateKey=to_pem(key))
    with Client(connector, connection, http=rerouted, clock=clock) as client:
        client.run("list")
    token = server.last.header("authorization").removeprefix("Bearer ")
    now = int(clock.time())
    claims = {
        "iss": "a@lamp.example",
        "aud": TOKEN_URL,
        "n": 1,
        "scope": "read write",
        "iat": now - 30,
        "exp": now + 570,
    }
    assert decode(token, key, algorithm) == claims  # without `sub`, which was not given
    assert jwt.get_unverified_header(token) == {"alg": algorithm, "typ": "JWT", "kid": "a@lamp.example"}


def test_google_exchanges_it_for_a_token_that_is_renewed_alike(folder, server, rerouted, clock):
    issued = iter(range(1, 9))

    def answer(request):
        if request.method == "POST":
            return reply(json_={"access_token": f"canary-{next(issued)}", "expires_in": 3600})
        return reply(json_={})

    server.always(answer)
    connector = build(folder, algorithm="RS256", token_url=TOKEN_URL)
    connection = Connection(connector, "it", email="a@lamp.example", privateKey=to_pem(RSA_KEY), http=rerouted)
    with Client(connector, connection, http=rerouted, clock=clock) as client:
        client.run("list")
        clock.passed += 3590
        client.run("list")
    asked = [dict(parse_qsl(request.body.decode())) for request in server.requests if request.method == "POST"]
    assert [form["grant_type"] for form in asked] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"] * 2
    assert set(asked[0]) == {"grant_type", "assertion"}
    first, second = (decode(form["assertion"], RSA_KEY, "RS256") for form in asked)
    assert (first["iss"], second["iat"] - first["iat"]) == ("a@lamp.example", 3590)
    calls = [request.header("authorization") for request in server.requests if request.method == "GET"]
    assert calls == ["Bearer canary-1", "Bearer canary-2"]


def test_a_refused_key_ends_the_connection_and_is_not_shown(folder, server, rerouted):
    server.always(reply(400, {"error": "invalid_grant", "error_description": "Invalid JWT signature."}))
    connector = build(folder, algorithm="RS256", token_url=TOKEN_URL)
    pem = to_pem(RSA_KEY)
    connection = Connection(connector, "it", email="a@lamp.example", privateKey=pem, http=rerouted)
    with Client(connector, connection, http=rerouted) as client:
        for _ in range(2):
            with pytest.raises(errors.SignInError, match="Invalid JWT signature") as caught:
                client.run("list")
            assert pem.splitlines()[1] not in f"{caught.value!r}{caught.value}{connection!r}"
    assert server.count == 1


def test_a_key_from_a_variable_may_have_its_line_ends_written_out(folder, clock):
    connector = build(folder, algorithm="ES256")
    values = {"LAMP_EMAIL": "a@lamp.example", "LAMP_PRIVATE_KEY": to_pem(EC_KEY).replace("\n", "\\n")}
    connection = Connection.from_env(connector, "it", environ=values)
    assert decode(connection.credential(None, clock.time()).secret, EC_KEY, "ES256")["iss"] == "a@lamp.example"


@pytest.mark.parametrize(
    ("algorithm", "pem", "expected"),
    [
        ("RS256", to_pem(EC_KEY), "an RSA key, which RS256 needs"),
        ("ES256", to_pem(RSA_KEY), "a key of the curve P-256, which ES256 needs"),
        ("ES256", to_pem(ec.generate_private_key(ec.SECP384R1())), "a key of the curve P-256"),
        ("RS256", "canary-no-key", "a private key in PEM form"),
        ("RS256", "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----", "a private key that can be read"),
    ],
)
def test_a_key_that_does_not_fit_is_told_when_it_is_given(folder, algorithm, pem, expected):
    connector = build(folder, algorithm=algorithm)
    with pytest.raises(errors.InputError, match=expected) as caught:
        Connection(connector, "it", email="a@lamp.example", privateKey=pem)
    assert "privateKey: got ***" in str(caught.value)
    assert "canary" not in str(caught.value)
