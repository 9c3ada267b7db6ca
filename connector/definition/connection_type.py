"""The models of a connection type: one way to sign in, where its values go, and the clouds of a service."""

from __future__ import annotations

from typing import Annotated, Literal

from connector.definition.fields import ValueField
from connector.definition.json_path import DataOrHeaderPath, JsonPath
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import JsonValue, Key, Text, TextForm, word
from connector.first_use import prepare_pattern

ConnectionTypeName = Literal[
    "oauth2",
    "oauth2_device_code",
    "oauth2_account_credentials",
    "oauth2_client_credentials",
    "jwt",
    "oauth1",
    "session",
    "signed",
    "bearer",
    "api_key",
    "basic",
]
OAUTH_KINDS = ("oauth2", "oauth2_device_code", "oauth2_account_credentials", "oauth2_client_credentials")
PERSON_KINDS = ("oauth2", "oauth2_device_code")  # in which a person signs in
URL_INPUTS = {
    "authorize_url": "authorizeUrl",
    "token_url": "tokenUrl",
    "revoke_url": "revokeUrl",
    "device_authorization_url": "deviceAuthorizationUrl",
}
CLOUD_INPUT = "cloud"  # the input that a manifest with clouds gives to every connection type
BASIC_PLACES = ("basic.username", "basic.password")
PLACEHOLDER = prepare_pattern(r"\{([A-Za-z][A-Za-z0-9_]*)\}")

TLS_PLACES = ("tls.certificate", "tls.key", "tls.key_password")
REQUEST_FIELDS = ("timestamp", "method", "path", "query", "target", "url", "host", "body")  # of a signed payload

_BRACES = prepare_pattern(r"[{}]")
_PLACE_PATTERN = (
    r"^((header|query|body|path|token|authorize)\.\S+|basic\.(username|password)|tls\.(certificate|key|key_password))$"
)
HttpsUrl = Annotated[str, TextForm(r"^https://")]
_Scheme = Annotated[str, TextForm(r"^[ -~]+$")]
_Parameters = dict[str, Text]


def find_placeholders(text: object) -> list[str]:
    """Return the names in braces of a text that is filled in; none where it has other braces, such as GraphQL."""
    if not isinstance(text, str) or _BRACES.search(PLACEHOLDER.sub("", text)):
        return []
    return PLACEHOLDER.findall(text)


class ConnectionTest(StrictModel):
    """The call that tests a connection, and the fields of its reply that identify the account."""

    action: Key = word(description="The action to run; a list is asked for one item.")
    inputs: dict[str, JsonValue] = word(default={}, description="The inputs of the action.")
    identity_fields: list[JsonPath] = word(default=[], description="Fields of the reply that identify the account.")


class Login(StrictModel):
    """The action that signs in, and where its reply has the token of the session."""

    action: Key = word(description="The action to run; it gets the inputs that it has in common with the connection.")
    token: DataOrHeaderPath = word(description="The field of its reply with the token, or `header.X`.")
    lifetime: int | None = word(
        default=None, ge=60, description="Seconds that the token is used; without it, until the service rejects it."
    )


class SignedTimestamp(StrictModel):
    """The time of a signed request, and where it is sent."""

    to: Annotated[str, TextForm(r"^(header|query)\.\S+$")]
    unit: Literal["s", "ms", "iso"] = word(
        default="s", description="How it is written: seconds or milliseconds since 1970, or ISO 8601 in UTC."
    )


class RequestSignature(StrictModel):
    """How every request is signed with the connection's secret."""

    payload: Text = word(
        description="What is signed: {timestamp}, {method}, {path}, {query}, {target} (path and query), {url}, {host} "
        "and {body} of the request, and {input}."
    )
    hash: Literal["sha1", "sha256", "sha512"] = word(default="sha256", description="The hash of the HMAC.")
    format: Text = word(default="{hex}", description="How the digest is written: {hex} or {base64}, perhaps in a text.")
    secret: Literal["text", "base64"] = word(default="text", description="How the secret is written.")
    timestamp: SignedTimestamp | None = word(default=None, description="Where the time of the request goes.")
    to: Annotated[str, TextForm(r"^(header|query)\.\S+$")] = word(
        description="Where the signature goes: header.X or query.x, in which it comes last."
    )

    @property
    def has_encoded_secret(self) -> bool:
        """Whether the secret is written in Base64."""
        return self.secret.startswith("base")


class ConnectionInput(ValueField):
    """One input of a connection type; it goes to one place, into URLs, or to what its kind sends."""

    to: Annotated[str, TextForm(_PLACE_PATTERN)] | None = word(
        default=None,
        description="Where the value goes: header.X, query.x or body.x of every request, path.x (`{x}` in URLs), "
        "token.x of token requests, authorize.x of the sign-in, basic.username or basic.password; tls.certificate, "
        "tls.key or tls.key_password of the certificate that is shown to the service. None is needed "
        "for what the kind itself takes.",
    )
    scheme: _Scheme | None = word(
        default=None, description="The text before the value in a header: `Token token=`, or a word such as `Bot`."
    )

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names of the value in URLs and constants: its place, or its key."""
        part, _, name = (self.to or "").partition(".")
        return (name,) if part == "path" else ()


class ConnectionType(StrictModel):
    """One way to sign in, its inputs, and what it sends. `{input}` in its URLs and texts is the value of an input."""

    label: Text
    kind: ConnectionTypeName
    issuer: HttpsUrl | None = word(
        default=None,
        description="The OpenID issuer, whose document names the addresses that are not said here.",
    )
    authorize_url: HttpsUrl | None = word(default=None, description="Where people consent, if it is no input.")
    token_url: HttpsUrl | None = word(default=None, description="Where tokens come from, if it is no input.")
    revoke_url: HttpsUrl | None = word(default=None, description="Where tokens are revoked, if it is no input.")
    device_authorization_url: HttpsUrl | None = word(
        default=None, description="Where a device gets the code that a person enters (RFC 8628), if it is no input."
    )
    client_auth: Literal["basic", "body"] = word(
        default="basic", description="Where token requests have the client's id and secret."
    )
    authorize_params: _Parameters = word(default={}, description="More parameters of the authorize URL.")
    token_params: _Parameters = word(default={}, description="More parameters of token requests.")
    pkce: bool = word(default=True, description="Whether the sign-in uses PKCE (S256).")
    token_body: Literal["form", "json"] = word(default="form", description="How token requests are written.")
    scope_separator: Text = word(default=" ", description="What stands between scopes: a space, or `,`.")
    token_field: JsonPath = word(default="access_token", description="The field of a token reply with the token.")
    base_url_from: JsonPath | None = word(
        default=None, description="The field of a token reply with the base URL of the account."
    )
    login: Login | None = word(default=None, description="How a session begins.")
    signature: RequestSignature | None = word(default=None, description="How each request is signed.")
    signature_method: Literal["HMAC-SHA1", "HMAC-SHA256"] = word(
        default="HMAC-SHA1", description="How OAuth 1.0 signs each request."
    )
    realm: Text | None = word(default=None, description="The realm of OAuth 1.0, such as `{account}`.")
    algorithm: Literal["HS256", "RS256", "ES256"] = word(default="HS256", description="How a JWT is signed.")
    claims: dict[str, JsonValue] = word(
        default={}, description="The claims of a JWT: constants and `{input}`. iat and exp are added."
    )
    key_id: Text | None = word(default=None, description="The `kid` in the header of a JWT.")
    lifetime: int | None = word(
        default=None, ge=60, description="Seconds between the iat and the exp of a JWT: 3600 where it is not said."
    )
    allowed_actions: list[Key] | None = word(default=None, description="The actions it may run; all when absent.")
    to: Annotated[str, TextForm(r"^(header|query|body)\.\S+$")] | None = word(
        default=None,
        description="Where its token or secret goes, if not in Authorization: header.X, query.x or body.x.",
    )
    scheme: _Scheme | None = word(
        default=None,
        description="The text before the token or secret in a header. Where it is not said: Bearer before a token in "
        "Authorization, nothing before the key of an api_key.",
    )
    constants: dict[str, Text] = word(
        default={}, description="Constant values of its requests, by place: header.X, query.x, body.x, basic.password."
    )
    unsupported_aliases: list[Text] = word(
        default=[], description="Path aliases, such as `me`, that this connection type does not support."
    )
    hint: Text | None = word(
        default=None, description="What to know when the service refuses an action with this connection type."
    )
    test: ConnectionTest | None = word(
        default=None, description="The call that tests a connection of this type; null where no action can."
    )
    inputs: dict[Key, ConnectionInput] = {}

    @property
    def is_oauth(self) -> bool:
        """Whether its tokens come from a token endpoint."""
        return self.kind in OAUTH_KINDS or (self.kind == "jwt" and self.is_exchanged)

    @property
    def is_exchanged(self) -> bool:
        """Whether it names a token endpoint, where a JWT is exchanged for a token (RFC 7523)."""
        return self.token_url is not None or self.issuer is not None or URL_INPUTS["token_url"] in self.inputs

    @property
    def needs_person(self) -> bool:
        """Whether a person signs in."""
        return self.kind in PERSON_KINDS

    @property
    def gets_tokens(self) -> bool:
        """Whether it asks the service for tokens, which are kept and renewed."""
        return self.is_oauth or self.kind == "session"

    @property
    def secret_places(self) -> list[str]:
        """The places of requests that have its secrets."""
        inputs = [field.to for field in self.inputs.values() if field.secret and field.to]
        return [place for place in (self.to, *inputs, *self.constants) if place]

    def has_request_place(self, base_url: str) -> bool:
        """Whether a value of its own goes into requests: into their base URL, a header, the query or the body."""
        places = [*(field.to or "" for field in self.inputs.values()), *self.constants]
        keys = map(self.find_input, PLACEHOLDER.findall(base_url))
        has_secret_in_url = any(key is not None and self.inputs[key].secret for key in keys)
        return has_secret_in_url or any(place.startswith(("header.", "query.", "body.", "tls.")) for place in places)

    def find_input(self, placeholder: str) -> str | None:
        """Return the key of the input that a placeholder names, or None."""
        if placeholder in self.inputs:
            return placeholder
        return next((key for key, field in self.inputs.items() if placeholder in field.placeholders), None)


class Cloud(StrictModel):
    """One of the clouds that a service runs; what it does not say is as in the manifest."""

    label: Text
    base_url: HttpsUrl | None = None
    servers: dict[Key, HttpsUrl] = word(default={}, description="Its URL of each server that the manifest names.")
    allowed_hosts: list[Text] = word(default=[], description="The hosts that may receive its credentials, alone.")
    authorize_url: HttpsUrl | None = None
    token_url: HttpsUrl | None = None
    revoke_url: HttpsUrl | None = None
    device_authorization_url: HttpsUrl | None = None
