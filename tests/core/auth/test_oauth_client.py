"""The OAuth client of a connection: each input in its place, and parameters and scopes as the service wants them."""

from __future__ import annotations

import pytest

from connector.core.auth.jwt import JwtIssuer
from connector.core.auth.oauth_client import OAuthClient
from connector.core.auth.site import NO_SITE, Site
from connector.definition.connection_type import ConnectionType

TEXT = {"label": "L", "help": "H.", "type": "string", "required": False}
SECRET = {**TEXT, "type": "password"}
APP = {"clientId": TEXT, "clientSecret": SECRET, "scopes": TEXT, "accountId": TEXT}


def kind(name="oauth2", **words):
    return ConnectionType.model_validate({"label": "K", "kind": name, **words})


def client(connection_type, site=NO_SITE, **values):
    return OAuthClient.from_inputs(connection_type, site, values)


def test_every_input_of_an_app_is_optional_and_has_its_place():
    site = Site(
        token_url="https://lamp.example/token", revoke_url="https://lamp.example/revoke", issuer="https://i.example"
    )
    one = client(kind(inputs=APP), site, clientId="app-1", clientSecret="canary", scopes="a b", accountId=17)
    assert (one.client_id, one.client_secret, one.scopes, one.account_id) == ("app-1", "canary", "a b", "17")
    assert (one.token_url, one.revoke_url, one.issuer) == (site.token_url, site.revoke_url, site.issuer)
    assert one.secrets == ("canary",)
    bare = client(kind(inputs=APP), clientSecret=None)
    assert (bare.client_id, bare.client_secret, bare.scopes, bare.account_id, bare.secrets) == ("", "", "", "", ())


@pytest.mark.parametrize(
    ("separator", "given", "sent"),
    [
        (",", "read write", "read,write"),
        (",", " read, write ,  admin", "read,write,admin"),
        ("+", "read+write admin", "read+write+admin"),
        (",", "", ""),
        (" ", "read  write", "read  write"),
        (" ", "read,write", "read,write"),
    ],
)
def test_scopes_are_joined_by_the_separator_and_left_alone_where_that_is_a_space(separator, given, sent):
    assert client(kind(inputs=APP, scope_separator=separator), scopes=given).scopes == sent


def test_parameters_are_the_constants_that_can_be_filled_then_the_inputs_that_go_there():
    connection_type = kind(
        authorize_params={"prompt": "consent", "tenant": "t-{team}", "hint": "{user}"},
        token_params={"audience": "lamps", "owner": "{user}"},
        inputs={
            **APP,
            "team": TEXT,
            "user": TEXT,
            "offline": {**TEXT, "type": "boolean", "to": "authorize.offline"},
            "resource": {**TEXT, "to": "token.resource"},
            "absent": {**TEXT, "to": "token.absent"},
            "shop": {**TEXT, "to": "query.shop"},
        },
    )
    one = client(connection_type, team="red", offline=True, resource="r", shop="s")
    assert one.authorize_params == (("prompt", "consent"), ("tenant", "t-red"), ("offline", "true"))
    assert one.token_params == (("audience", "lamps"), ("resource", "r"))


@pytest.mark.parametrize(
    ("name", "needs_person"),
    [("oauth2", True), ("oauth2_device_code", True), ("oauth2_client_credentials", False), ("jwt", False)],
)
def test_a_person_is_needed_where_one_consents(name, needs_person):
    assert client(kind(name, inputs=APP)).needs_person is needs_person


def test_other_secrets_tell_a_credential_apart_only_where_they_sign_in_by_themselves():
    connection_type = kind("jwt", inputs={"key": SECRET})
    one = client(connection_type, key="canary-key")
    assert (one.secrets, one.other_credentials) == (("canary-key",), ())
    exchanged = OAuthClient("jwt", secrets=one.secrets, issuer_of_jwts=JwtIssuer("HS256", "canary-key"))
    assert exchanged.other_credentials == ("canary-key",)
