"""OAuth: build token requests and parse token replies. Random values and the time are arguments.

Bodies, PKCE and the authorize URL come from oauthlib, which is imported when first used: a program with a plain token
does not need it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from math import isnan
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, quote_plus, urlsplit

from pydantic_core import from_json

from connector.core.auth.token_set import TokenSet, is_header_safe
from connector.core.redaction import default_redactor, describe_type
from connector.core.request.body import Body
from connector.core.request.builder import Request
from connector.core.request.credential import Credential
from connector.core.response import retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.redaction import Redactor
    from connector.core.response.reply import Reply
    from connector.definition.connection_type import ConnectionType

DEFAULT_LIFETIME = 3600.0  # seconds, when the reply has no expires_in, which RFC 6749, 4.2.2 recommends
MAX_LIFETIME = 10 * 365 * 86_400.0  # seconds
_RETRYABLE_STATUSES = (408, 409, 423, 425, 429)
_PUBLIC_FIELDS = ("grant_type", "redirect_uri", "account_id", "client_id", "scope")  # they hold no secret
_MAX_TEXT_LENGTH = 200

TokenFailureCategory = Literal["grant", "client", "refused", "later", "unreadable"]
TokenRequest = tuple[Request, Credential]


@dataclass(frozen=True, slots=True, repr=False)
class OAuthClient:
    """The OAuth client of a connection: endpoints, client id and secret, scopes."""

    kind: str
    token_url: str = ""
    client_id: str = ""
    client_secret: str = ""
    client_auth: str = "basic"
    authorize_url: str = ""
    revoke_url: str = ""
    scopes: str = ""
    account_id: str = ""

    @classmethod
    def from_inputs(cls, connection_type: ConnectionType, values: Mapping[str, Any]) -> OAuthClient:
        """Read the inputs of an OAuth connection, each optional: tokenUrl, clientId, clientSecret and so on."""
        texts = {key: str(value) for key, value in values.items() if value is not None}
        return cls(
            kind=connection_type.kind,
            client_auth=connection_type.client_auth,
            token_url=texts.get("tokenUrl", ""),
            client_id=texts.get("clientId", ""),
            client_secret=texts.get("clientSecret", ""),
            authorize_url=texts.get("authorizeUrl", ""),
            revoke_url=texts.get("revokeUrl", ""),
            scopes=texts.get("scopes", ""),
            account_id=texts.get("accountId", ""),
        )


@dataclass(frozen=True, slots=True)
class TokenFailure:
    """The reason that a token request failed; `message` holds no secret and nothing of the raw body.

    `category` says what failed: the grant, the client, this request ("refused"), the service for now ("later"), or an
    unreadable reply. `status` is HTTP's, `failure_kind` that of a transport failure, and `may_be_issued` says whether a
    token may have been issued that was never received.
    """

    category: TokenFailureCategory
    message: str
    code: str = ""
    retry_at: float | None = None
    status: int = 0
    failure_kind: str = ""
    may_be_issued: bool = False


def build_authorize_url(client: OAuthClient, redirect_uri: str, state: str, verifier: str) -> str:
    """Return the consent URL with PKCE S256 and state (RFC 7636; RFC 6749, 10.12)."""
    from oauthlib.common import add_params_to_uri

    parameters = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "scope": client.scopes,
        "state": state,
        "code_challenge": _load_oauthlib_client(client).create_code_challenge(verifier, "S256"),
        "code_challenge_method": "S256",
    }
    url: str = add_params_to_uri(client.authorize_url, [(name, value) for name, value in parameters.items() if value])
    return url  # oauthlib's own method rejects http, also on loopback; the caller has checked the URL


def parse_callback(url: str) -> dict[str, str] | TokenFailure:
    """Return the parameters of a callback URL, or of its query alone; a repeated one is a failure."""
    query = (url.partition("?")[2] if "?" in url else url).partition("#")[0]
    pairs = parse_qsl(query, keep_blank_values=True)
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        return TokenFailure("refused", "the callback repeats a parameter")
    return parameters


def read_callback_code(client: OAuthClient, parameters: Mapping[str, str], state: str) -> str | TokenFailure:
    """Return the code of a callback, or the reason to reject it; the state is compared in constant time."""
    if not hmac.compare_digest(parameters.get("state", "").encode("utf-8", "replace"), state.encode()):
        return TokenFailure("refused", "the callback's state does not match the one that was sent")
    if "iss" in parameters and _split_origin(parameters["iss"]) != _split_origin(client.authorize_url):  # RFC 9207, 2.4
        return TokenFailure("refused", "the callback comes from another service")
    if parameters.get("error"):
        redactor = default_redactor().with_secrets((parameters.get("code", ""), state, client.client_secret))
        error_code = _shorten(redactor, parameters["error"])
        details = _shorten(redactor, parameters.get("error_description") or "no reason given").rstrip(".")
        message = "consent was not given" if error_code == "access_denied" else f"the service said {error_code}"
        return TokenFailure("refused", f"{message}: {details}", error_code)
    return parameters.get("code") or TokenFailure("refused", "the callback has no code")


def _split_origin(url: str) -> tuple[str, str]:
    """Return scheme and host of a URL, or empty text for an invalid URL."""
    try:
        return urlsplit(url)[:2]
    except ValueError:
        return "", ""


def build_code_request(client: OAuthClient, code: str, redirect_uri: str, verifier: str) -> TokenRequest:
    """Return the request that exchanges a code for tokens."""
    body = _load_oauthlib_client(client).prepare_request_body(
        code=code, redirect_uri=redirect_uri, include_client_id=False, code_verifier=verifier
    )
    return _build_token_request(client, body)


def build_refresh_request(client: OAuthClient, token_set: TokenSet | None) -> TokenRequest | None:
    """Return the request for the next token, or None when the user must sign in again."""
    if client.kind == "oauth2":
        if token_set is None or not token_set.refresh_token:
            return None
        body = _load_oauthlib_client(client).prepare_refresh_body(refresh_token=token_set.refresh_token)
        return _build_token_request(client, body, token_set.access_token)
    if client.kind == "oauth2_account_credentials":
        body = f"grant_type=account_credentials&account_id={quote_plus(client.account_id)}"
        return _build_token_request(client, body)
    from oauthlib.oauth2 import BackendApplicationClient

    body = BackendApplicationClient(client.client_id).prepare_request_body(scope=client.scopes or None)
    return _build_token_request(client, body)


def build_revoke_request(client: OAuthClient, token: str) -> TokenRequest | None:
    """Return the request that revokes a token (RFC 7009), or None when the client has no revoke URL."""
    if not client.revoke_url:
        return None
    return _build_token_request(replace(client, token_url=client.revoke_url), f"token={quote_plus(token)}")


def _load_oauthlib_client(client: OAuthClient) -> Any:
    from oauthlib.oauth2 import WebApplicationClient

    return WebApplicationClient(client.client_id)


def _build_token_request(client: OAuthClient, body: str, *secrets: str) -> TokenRequest:
    parts = urlsplit(client.token_url)
    pairs = parse_qsl(body, keep_blank_values=True)
    credential = Credential(client.client_secret or client.client_id)
    if client.client_auth == "basic" and client.client_secret:
        basic_pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"  # RFC 6749, 2.3.1
        encoded_pair = base64.b64encode(basic_pair.encode()).decode()
        credential = Credential(encoded_pair, headers=(("Authorization", f"Basic {encoded_pair}"),))
        secrets = (*secrets, encoded_pair)
    else:
        pairs.append(("client_id", client.client_id))
        if client.client_secret:
            pairs.append(("client_secret", client.client_secret))
    secret_values = [value for name, value in pairs if name not in _PUBLIC_FIELDS]
    request = Request(
        "POST",
        parts.path or "/",
        base_url=f"{parts.scheme}://{parts.netloc}",
        query=tuple(parse_qsl(parts.query)),
        body=Body("form", pairs, "application/x-www-form-urlencoded"),
        secrets=tuple(filter(None, (*secret_values, client.client_secret, *secrets))),
    )
    return request, credential


def fingerprint_credential(client: OAuthClient, token_set: TokenSet | None) -> str:
    """Return a hash that identifies a credential without revealing it."""
    refresh_token = (token_set.refresh_token if token_set else None) or ""
    parts = (client.client_id, client.client_secret, client.account_id, refresh_token)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def parse_token_reply(
    request: Request, reply: Reply, now: float, previous: TokenSet | None = None
) -> TokenSet | TokenFailure:
    """Return the token set of a reply, or its failure. No message contains the raw body."""
    status = reply.status
    is_server_error = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if status in _RETRYABLE_STATUSES or is_server_error:
        message, retry_at = f"HTTP {status} from the token endpoint", retry_after.parse_retry_at(reply, now)
        return TokenFailure("later", message, retry_at=retry_at, status=status, may_be_issued=is_server_error)
    try:
        data = from_json(reply.body)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        content_type = (reply.header("content-type") or "no content type").split(";")[0]
        content_type = _shorten(request.full_redactor, content_type)
        message = f"HTTP {status} with {content_type} where a JSON token was expected"
        return TokenFailure("unreadable", message, status=status, may_be_issued=reply.is_success)
    if data.get("error") or not reply.is_success:
        return _build_failure(request.full_redactor, status, data)
    token_set = _parse_token_set(data, now, previous)
    if isinstance(token_set, TokenSet):
        return token_set
    message = _shorten(request.full_redactor, token_set)
    return TokenFailure("unreadable", message, status=status, may_be_issued=True)


def _build_failure(redactor: Redactor, status: int, data: Mapping[str, Any]) -> TokenFailure:
    code = _shorten(redactor, _to_text(data.get("error") or data.get("code") or status))
    description = _to_text(data.get("error_description") or data.get("reason") or data.get("message") or "")
    description = _shorten(redactor, description).rstrip(".") or "no reason given"
    category: TokenFailureCategory = "refused"
    if code == "invalid_grant":
        category = "grant"
    elif code == "invalid_client":
        category = "client"
    elif code in ("temporarily_unavailable", "server_error", "slow_down"):
        category = "later"
    return TokenFailure(category, f"the token endpoint said {code}: {description}", code, status=status)


def _parse_token_set(data: Mapping[str, Any], now: float, previous: TokenSet | None) -> TokenSet | str:
    """Return the token set in a reply's data, or the problem with them."""
    token, token_type = data.get("access_token"), data.get("token_type", "bearer")
    if not isinstance(token, str) or not is_header_safe(token):
        return "the token reply has no access token that can be sent"
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        return f"only bearer tokens are supported, and the token reply has one of type {_to_text(token_type)}"
    lifetime = _parse_lifetime(data.get("expires_in"))
    if lifetime is None:
        return "the token reply's expires_in is not a number of seconds"
    refresh_token, scope, api_url = data.get("refresh_token"), data.get("scope"), data.get("api_url")
    return TokenSet(
        access_token=token,
        expires_at=now + lifetime,
        obtained_at=now,
        refresh_token=refresh_token
        if isinstance(refresh_token, str) and refresh_token
        else (previous.refresh_token if previous else None),
        scopes=tuple(scope.split()) if isinstance(scope, str) else (previous.scopes if previous else None),
        api_url=api_url if isinstance(api_url, str) else (previous.api_url if previous else None),
    )


def _parse_lifetime(value: Any) -> float | None:
    """Return a lifetime in seconds: DEFAULT_LIFETIME when missing, at least 0; None when it is not a number."""
    if value is None:
        return DEFAULT_LIFETIME
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,12}\s*", value, re.ASCII):
        value = int(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or (isinstance(value, float) and isnan(value)):
        return None
    return float(max(0, min(value, MAX_LIFETIME)))


def _to_text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) else describe_type(value)


def _shorten(redactor: Redactor, text: str) -> str:
    return redactor.redact_text(text.strip(), _MAX_TEXT_LENGTH)
