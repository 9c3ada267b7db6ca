"""A JWT has the claims of its connection, each with the type of its input, and is used while it is valid."""

from __future__ import annotations

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from connector.core.auth.jwt import JwtIssuer
from connector.core.auth.token_set import TokenSet
from connector.definition.connection_type import ConnectionType

NOW = 1_800_000_000.5
TEXT = {"label": "L", "help": "H.", "type": "string"}
INPUTS = {
    "key": TEXT, "shop": {**TEXT, "to": "path.site"}, "limit": {**TEXT, "type": "integer"},
    "live": {**TEXT, "type": "boolean"}, "absent": TEXT,
}  # fmt: skip
VALUES = {"key": "k-1", "shop": "harbour", "limit": 5, "live": False, "absent": None}
SECRET = "canary-secret"


def issuer(claims=None, key=SECRET, values=VALUES, **words):
    type_words = {"label": "J", "kind": "jwt", "claims": claims or {}, "inputs": INPUTS, **words}
    issuer = JwtIssuer.of(ConnectionType.model_validate(type_words), key, values)
    assert issuer is not None
    return issuer


def read(token, key, algorithm="HS256"):
    options = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
    return pyjwt.decode(token, key, algorithms=[algorithm], options=options)


def claims_of(claims, **words):
    """Return the claims of a JWT but its times."""
    token = issuer(claims, **words).issue(NOW).access_token
    return {name: claim for name, claim in read(token, SECRET.ljust(32, "\0")).items() if name not in ("iat", "exp")}


@pytest.mark.parametrize(
    ("claim", "written"),
    [
        ("{key}", "k-1"),
        ("{site}", "harbour"),
        ("{limit}", 5),
        ("{live}", False),
        ("limit-{limit}", "limit-5"),
        ("{key}@{site}", "k-1@harbour"),
        ("live={live}", "live=false"),
        ("plain", "plain"),
        ("{unknown}", "{unknown}"),
        ("{unknown} of {key}", "{unknown} of k-1"),
        ("query { me }", "query { me }"),
        (7, 7),
        (True, True),
        (None, None),
    ],
)
def test_an_input_that_is_all_of_a_claim_keeps_its_type_and_within_a_text_it_is_text(claim, written):
    sent = claims_of({"c": claim})
    assert sent == {"c": written}
    assert type(sent["c"]) is type(written)


def test_claims_are_filled_at_any_depth():
    claims = {"roles": ["admin", "{key}", ["{limit}"]], "context": {"shop": {"name": "{site}", "open": "{live}"}}}
    assert claims_of(claims) == {
        "roles": ["admin", "k-1", [5]],
        "context": {"shop": {"name": "harbour", "open": False}},
    }


def test_what_an_input_that_was_not_given_stands_in_is_left_out_and_nothing_else():
    claims = {
        "gone": "{absent}", "gone_too": "of {absent}", "nothing": None, "kept": "k",
        "list": ["{absent}", None, "a", "{absent}!"], "inner": {"gone": "{absent}", "nothing": None},
    }  # fmt: skip
    assert claims_of(claims) == {"nothing": None, "kept": "k", "list": [None, "a"], "inner": {"nothing": None}}
    assert claims_of({"gone": "{key}", "kept": "k"}, values={}) == {"kept": "k"}


@pytest.mark.parametrize(
    ("key_id", "header"),
    [(None, {}), ("k2", {"kid": "k2"}), ("{key}.{site}", {"kid": "k-1.harbour"}), ("{absent}", {})],
)
def test_the_header_names_the_key_where_there_is_one(key_id, header):
    token = issuer(key_id=key_id).issue(NOW).access_token
    assert pyjwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT", **header}


@pytest.mark.parametrize(("lifetime", "seconds"), [(None, 3600), (60, 60), (900, 900)])
def test_its_times_are_whole_seconds_and_begin_a_little_before_now(lifetime, seconds):
    token_set = issuer({"iat": 1, "exp": 2}, lifetime=lifetime).issue(NOW)
    claims = read(token_set.access_token, SECRET.ljust(32, "\0"))
    assert claims == {"iat": 1_799_999_970, "exp": 1_799_999_970 + seconds}
    assert (token_set.expires_at, token_set.obtained_at) == (claims["exp"], NOW)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_private_key_signs_what_its_public_key_verifies(algorithm):
    made = rsa.generate_private_key(65537, 2048) if algorithm == "RS256" else ec.generate_private_key(ec.SECP256R1())
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    token = issuer({"iss": "{key}"}, pem, algorithm=algorithm).issue(NOW).access_token
    assert read(token, made.public_key(), algorithm)["iss"] == "k-1"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("secret", ["x", "x" * 31, "x" * 32, "x" * 65, "ä" * 20])
def test_a_secret_of_any_length_signs_without_a_warning(secret):
    token = issuer(key=secret).issue(NOW).access_token
    assert read(token, secret.encode().ljust(32, b"\0"))["exp"] == 1_800_003_570


@pytest.mark.parametrize(
    ("lifetime", "left", "usable"),
    [
        (3600, 120, True), (3600, 119, False), (3600, 3600, True), (3600, 3601, False), (3600, -1, False),
        (60, 15, True), (60, 14, False), (60, 60, True), (60, 61, False),
    ],
)  # fmt: skip
def test_it_is_used_while_it_is_valid_for_long_enough_and_not_after_the_clock_was_set_back(lifetime, left, usable):
    assert issuer(lifetime=lifetime).is_usable(TokenSet("t", expires_at=NOW + left), NOW) is usable


@pytest.mark.parametrize("lifetime", [60, 3600])
def test_one_that_was_just_issued_is_used(lifetime):
    made = issuer(lifetime=lifetime)
    assert made.is_usable(made.issue(NOW), NOW)
