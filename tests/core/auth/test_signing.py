"""What a connection sends, worked out without a socket: its secret and its other values, each in its place."""

from __future__ import annotations

import base64

import pytest

from connector.core.auth.signing import Signer, find_main_input, find_main_place
from connector.definition.connection_type import ConnectionType

TEXT = {"label": "L", "help": "H.", "type": "string", "required": True}
SECRET = {**TEXT, "type": "password"}


def kind(name, **words):
    return ConnectionType.model_validate({"label": "K", "kind": name, **words})


@pytest.mark.parametrize(
    ("connection_type", "place"),
    [
        (kind("bearer"), ("header.Authorization", "Bearer")),
        (kind("bearer", scheme="Bot"), ("header.Authorization", "Bot")),
        (kind("oauth2", to="header.X-Token"), ("header.X-Token", None)),
        (kind("api_key", to="header.authorization"), ("header.authorization", None)),
        (kind("api_key", to="query.key"), ("query.key", None)),
    ],
)
def test_a_token_is_a_bearers_in_authorization_and_a_key_stands_alone(connection_type, place):
    assert find_main_place(connection_type) == place


def test_the_main_input_is_the_first_secret_without_a_place():
    inputs = {"app": {**SECRET, "to": "header.X-App"}, "apiKey": SECRET}
    assert find_main_input(kind("api_key", to="header.X-Key", inputs=inputs)) == "apiKey"
    assert find_main_input(kind("bearer", inputs=inputs)) == "apiKey"
    assert find_main_input(kind("api_key", inputs=inputs)) is None
    assert find_main_input(kind("basic", inputs=inputs)) is None


def test_every_value_goes_to_its_place_and_what_was_not_given_nowhere():
    inputs = {
        "apiKey": SECRET,
        "app": {**SECRET, "to": "header.X-App", "scheme": "App"},
        "raw": {**TEXT, "to": "header.X-Raw", "scheme": "Token token="},
        "shop": {**TEXT, "to": "query.shop"},
        "tenant": {**TEXT, "to": "body.meta.tenant"},
        "path": {**TEXT, "to": "path.x"},
        "absent": {**TEXT, "to": "header.X-Absent", "required": False},
    }
    connection_type = kind(
        "bearer", inputs=inputs, constants={"header.X-Both": "{shop}/{tenant}", "query.no": "{absent}"}
    )
    values = {"app": "a", "raw": "r", "shop": "s", "tenant": "t", "path": "p"}
    signer = Signer.of(connection_type, {"header.X-Plain": "plain {other}"}, values)
    credential = signer.sign("secret", renewable=True)
    assert dict(credential.headers) == {
        "Authorization": "Bearer secret",
        "X-App": "App a",
        "X-Raw": "Token token=r",
        "X-Plain": "plain {other}",
        "X-Both": "s/t",
    }
    assert dict(credential.query) == {"shop": "s"}
    assert credential.body == ((("meta", "tenant"), "t"),)
    assert (credential.secret, credential.renewable) == ("secret", True)
    assert "Authorization" not in dict(signer.sign_without_secret().headers)


def test_a_user_and_a_password_may_each_be_absent():
    inputs = {"user": {**TEXT, "to": "basic.username", "required": False}, "pass": {**SECRET, "to": "basic.password"}}
    for values, plain in (({"user": "u", "pass": "p"}, b"u:p"), ({"pass": "p"}, b":p"), ({}, b":")):
        credential = Signer.of(kind("basic", inputs=inputs), {}, values).sign_basic()
        assert dict(credential.headers) == {"Authorization": f"Basic {base64.b64encode(plain).decode()}"}


@pytest.mark.parametrize(
    ("connection_type", "headers"),
    [
        (kind("bearer"), {"Authorization": "Bearer $TOKEN"}),
        (kind("basic"), {"Authorization": "Basic $TOKEN"}),
        (kind("api_key", to="header.X-Key", inputs={"apiKey": SECRET}), {"X-Key": "$TOKEN"}),
        (
            kind(
                "api_key", inputs={"apiKey": {**SECRET, "to": "header.X-Key"}, "shop": {**TEXT, "to": "header.X-Shop"}}
            ),
            {"X-Key": "***", "X-Shop": "{shop}"},
        ),
    ],
)
def test_what_is_shown_instead_of_sent_has_no_secret(connection_type, headers):
    assert dict(Signer.sign_unsent(connection_type, {}).headers) == headers
