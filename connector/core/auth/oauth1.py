"""OAuth 1.0 (RFC 5849): each request is signed with the secrets of a consumer and of a token.

oauthlib builds the base string. Its client is not used, because it logs what it signs.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from connector.core.auth.site import fill_text
from connector.core.request.body import to_wire_text
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.request.builder import Request
    from connector.core.request.credential import Credential
    from connector.definition.connection_type import ConnectionType

OAUTH1_INPUTS = ("consumerKey", "consumerSecret", "accessToken", "accessTokenSecret")
_HASHES = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}


@dataclass(frozen=True, slots=True, repr=False)
class OAuth1Signing:
    """Signs the requests of one connection; `generate_nonce` returns a text that no other request has."""

    consumer_key: str
    consumer_secret: str
    token: str
    token_secret: str
    method: str
    realm: str | None
    generate_nonce: Callable[[], str] = field(compare=False)

    @classmethod
    def of(
        cls, connection_type: ConnectionType, values: Mapping[str, Any], generate_nonce: Callable[[], str]
    ) -> OAuth1Signing:
        """Return the signing of a connection, by the names of its inputs."""
        key, secret, token, token_secret = (
            "" if values.get(name) is None else to_wire_text(values[name]) for name in OAUTH1_INPUTS
        )
        realm = connection_type.realm and fill_text(connection_type.realm, connection_type, values)
        return cls(key, secret, token, token_secret, connection_type.signature_method, realm, generate_nonce)

    def __call__(self, request: Request, credential: Credential, now: float) -> Credential:
        """Return the credential with the signature of a request, whose query and form are signed (3.4.1.3)."""
        from oauthlib.oauth1.rfc5849 import signature as base_strings
        from oauthlib.oauth1.rfc5849.utils import escape

        signature: Any = base_strings  # its stubs take a mapping alone, which repeats no name

        own = [
            ("oauth_consumer_key", self.consumer_key),
            ("oauth_nonce", self.generate_nonce()),
            ("oauth_signature_method", self.method),
            ("oauth_timestamp", str(int(now))),
            ("oauth_version", "1.0"),
        ]
        if self.token:
            own.append(("oauth_token", self.token))
        form = request.body.value if request.body is not None and request.body.kind == "form" else ()
        in_path = parse_qsl(request.path.partition("?")[2], keep_blank_values=True)  # of a redirect or a download
        parameters = [*in_path, *request.query, *credential.query, *form, *own]
        base_string = signature.signature_base_string(
            request.method,
            signature.base_string_uri(request.base_url + request.path),
            signature.normalize_parameters(parameters),
        )
        key = f"{escape(self.consumer_secret)}&{escape(self.token_secret)}"
        digest = hmac.digest(key.encode(), base_string.encode(), _HASHES[self.method])
        own.append(("oauth_signature", base64.b64encode(digest).decode()))
        shown = [] if self.realm is None else [f'realm="{self.realm}"']
        shown += [f'{name}="{escape(value)}"' for name, value in own]
        return replace(credential, headers=(*credential.headers, ("Authorization", f"OAuth {', '.join(shown)}")))
