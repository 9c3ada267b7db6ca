"""The OAuth client of a connection: what it sends to the OAuth server, and where the replies have a token."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.core.auth.site import NO_SITE, Site, fill_text
from connector.core.request.body import to_wire_text
from connector.definition.connection_type import PERSON_KINDS
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.core.auth.jwt import JwtIssuer
    from connector.core.request.builder import Pairs, Request
    from connector.core.request.credential import ClientCertificate, Credential
    from connector.core.response.parser import ResponseParser
    from connector.definition.connection_type import ConnectionType


@dataclass(frozen=True, slots=True, repr=False)
class SessionLogin:
    """How a session begins: the request of its action, and where the reply has the token, which lasts `lifetime`.

    `base_url` is the connection's own, which the action's server may not be.
    """

    token_request: tuple[Request, Credential]
    parser: ResponseParser
    token: str
    lifetime: float | None
    base_url: str


@dataclass(frozen=True, slots=True)
class TokenFields:
    """Where a token reply has the token and the account's base URL, and what stands between its scopes.

    With a `login` it is the reply of the action that signs in.
    """

    token: str = "access_token"  # noqa: S105  the path of a field
    base_url: str | None = None
    scope_separator: str = " "
    login: SessionLogin | None = None

    def split_scopes(self, text: str) -> tuple[str, ...]:
        """Return the scopes in a text, parted by the separator, by spaces or by commas."""
        separators = rf"(?:{re.escape(self.scope_separator.strip() or ' ')}|[\s,])+"
        return tuple(filter(None, re.split(separators, text)))


DEFAULT_FIELDS = TokenFields()


@dataclass(frozen=True, slots=True, repr=False)
class OAuthClient:
    """The OAuth client of a connection: endpoints, client id and secret, scopes, and how requests are written."""

    kind: str
    token_url: str = ""
    client_id: str = ""
    client_secret: str = ""
    client_auth: str = "basic"
    authorize_url: str = ""
    revoke_url: str = ""
    scopes: str = ""
    account_id: str = ""
    authorize_params: Pairs = ()
    token_params: Pairs = ()
    pkce: bool = True
    body_format: str = "form"
    token_fields: TokenFields = DEFAULT_FIELDS
    secrets: tuple[str, ...] = ()
    site: Site = NO_SITE
    device_authorization_url: str = ""
    issuer: str = ""
    issuer_of_jwts: JwtIssuer | None = None
    certificate: ClientCertificate | None = None

    @classmethod
    def from_inputs(cls, connection_type: ConnectionType, site: Site, values: Mapping[str, Any]) -> OAuthClient:
        """Read the inputs of an OAuth connection, each optional: clientId, clientSecret and so on."""
        texts = {key: to_wire_text(value) for key, value in values.items() if value is not None}
        return cls(
            kind=connection_type.kind,
            client_auth=connection_type.client_auth,
            token_url=site.token_url,
            client_id=texts.get("clientId", ""),
            client_secret=texts.get("clientSecret", ""),
            authorize_url=site.authorize_url,
            revoke_url=site.revoke_url,
            device_authorization_url=site.device_authorization_url,
            issuer=site.issuer,
            scopes=_join_scopes(texts.get("scopes", ""), connection_type.scope_separator),
            account_id=texts.get("accountId", ""),
            authorize_params=tuple(_iter_parameters(connection_type, "authorize", values)),
            token_params=tuple(_iter_parameters(connection_type, "token", values)),
            pkce=connection_type.pkce,
            body_format=connection_type.token_body,
            token_fields=TokenFields(
                connection_type.token_field, connection_type.base_url_from, connection_type.scope_separator
            ),
            secrets=tuple(texts[key] for key, field in connection_type.inputs.items() if field.secret and key in texts),
            site=site,
        )

    @property
    def needs_person(self) -> bool:
        """Whether a person signs in, so that its refresh token is worth a sign-in."""
        return self.kind in PERSON_KINDS

    @property
    def other_credentials(self) -> tuple[str, ...]:
        """What else tells its credential from another: the secrets of a sign-in, or of its JWTs."""
        return self.secrets if self.token_fields.login or self.issuer_of_jwts else ()

    def with_login(self, login: SessionLogin) -> OAuthClient:
        """Return the client that signs in with an action."""
        request = login.token_request[0]
        url = request.base_url + request.path
        return replace(self, token_url=url, token_fields=replace(self.token_fields, login=login))


def _join_scopes(scopes: str, separator: str) -> str:
    """Return scopes as the service wants them, however they were parted by whoever wrote them."""
    if not separator.strip():
        return scopes
    return separator.join(TokenFields(scope_separator=separator).split_scopes(scopes))


def _iter_parameters(
    connection_type: ConnectionType, part: str, values: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield the parameters that the manifest declares for a part: its constants, then the inputs that go there."""
    constants: Mapping[str, str] = getattr(connection_type, f"{part}_params")
    for name, text in constants.items():
        value = fill_text(text, connection_type, values)
        if value is not None:
            yield name, value
    for key, field in connection_type.inputs.items():
        place, _, name = (field.to or "").partition(".")
        if place == part and values.get(key) is not None:
            yield name, to_wire_text(values[key])
