"""An API JWT is signed locally, names its issuer and lifetime, and is not renewed after a rejection."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import jwt
import pytest
from support.servers import reply

from connector import Client, Connection, errors

KEY, SECRET = "canary-key", "canary-api-secret"


@pytest.fixture
def connection(zoom):
    return Connection(zoom, "apiJwt", apiKey=KEY, apiSecret=SECRET)


@pytest.fixture
def raw(zoom, connection, server, clock):
    """Send a raw request; the token that it brought."""

    def sent():
        with Client(zoom, connection, base_url=server.url, clock=clock) as client:
            client.request("GET", "/x")
        return server.last.header("authorization").removeprefix("Bearer ")

    return sent


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


def test_it_says_who_when_and_until_when_and_is_signed(raw, clock):
    header, claims, signature = raw().split(".")
    decoded = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, claims)]
    now = int(clock.time())
    assert decoded == [{"alg": "HS256", "typ": "JWT"}, {"iss": KEY, "iat": now - 30, "exp": now + 3570}]
    assert decoded[1]["exp"] - decoded[1]["iat"] <= 3600
    digest = hmac.new(SECRET.encode(), f"{header}.{claims}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "=") == digest


@pytest.mark.parametrize("secret", [SECRET, "x", "x" * 32, "x" * 64, "x" * 100])
def test_pyjwt_verifies_it(zoom, clock, secret):
    signed = Connection(zoom, "apiJwt", apiKey=KEY, apiSecret=secret).credential(None, clock.time())
    options = {"verify_exp": False, "verify_iat": False}
    key = secret.encode().ljust(32, b"\0")  # as HMAC itself fills up a short key
    assert jwt.decode(signed.secret, key, algorithms=["HS256"], options=options)["iss"] == KEY
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(signed.secret, b"another".ljust(32, b"\0"), algorithms=["HS256"], options=options)


def test_it_is_made_anew_before_it_ends_and_not_sooner(raw, clock):
    first = raw()
    clock.passed = 3570 - 120
    assert raw() == first
    clock.passed += 1
    second = raw()
    assert second != first
    assert claims_of(second)["exp"] == int(clock.time()) + 3570


@pytest.mark.parametrize("jump", [-3600, -40, 7200])
def test_it_is_never_from_a_time_that_the_clock_no_longer_tells(raw, clock, jump):
    raw()
    clock.start += jump
    claims = claims_of(raw())
    assert claims["iat"] <= clock.time() <= claims["exp"] - 120


@pytest.mark.parametrize("status", [400, 401])
def test_a_refused_one_is_not_made_again(zoom, connection, server, clock, status):
    server.always(reply(status, {"code": 124, "message": "Invalid access token."}))
    with Client(zoom, connection, base_url=server.url, clock=clock) as client:
        for _ in range(3):
            with pytest.raises(errors.SignInError, match="does not accept the token"):
                client.request("GET", "/x")
    assert server.count == 3
    assert connection.token_source is None


def test_it_takes_no_token(zoom):
    with pytest.raises(errors.UsageError, match="of kind apiJwt takes none"):
        Connection(zoom, "apiJwt", apiKey=KEY, apiSecret=SECRET, token={"access_token": "x"})


def test_neither_key_material_nor_token_shows(zoom, connection, clock):
    signed = connection.credential(None, clock.time())
    for seen in (repr(connection), repr(signed), repr(Client(zoom, connection))):
        assert SECRET not in seen
        assert signed.secret not in seen
