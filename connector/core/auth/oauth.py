"""OAuth: build token requests and parse callbacks. Random values are arguments.

Bodies, PKCE and the authorize URL come from oauthlib, which is imported when first used: a program with a plain token
does not need it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

from connector.core.redaction import default_redactor
from connector.core.request.body import FORM_CONTENT_TYPE, Body
from connector.core.request.builder import Request
from connector.core.request.credential import Credential
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.auth.jwt import JwtIssuer
    from connector.core.auth.oauth_client import OAuthClient
    from connector.core.auth.token_set import TokenSet
    from connector.core.redaction import Redactor

_PUBLIC_FIELDS = ("grant_type", "redirect_uri", "account_id", "client_id", "scope")  # they hold no secret
_MAX_TEXT_LENGTH = 200
JWT_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"

TokenRequest = tuple[Request, Credential]
TokenFailureCategory = Literal["grant", "client", "refused", "later", "unreadable"]


@dataclass(frozen=True, slots=True)
class TokenFailure:
    """The reason that a token request failed; `message` holds no secret and nothing of the raw body.

    `category` says what failed: the grant, the client, this request ("refused"), the service for now ("later"), or an
    unreadable reply. `status` is HTTP's, `failure_kind` that of a transport failure, and `may_be_issued` says whether a
    token may have been issued. `issued` has the refresh token that came all the same: it is stored before anything is
    said, for the one that was sent is spent.
    """

    category: TokenFailureCategory
    message: str
    code: str = ""
    retry_at: float | None = None
    status: int = 0
    failure_kind: str = ""
    may_be_issued: bool = False
    issued: TokenSet | None = None


def build_authorize_url(client: OAuthClient, redirect_uri: str, state: str, verifier: str) -> str:
    """Return the consent URL with the state, and PKCE S256 where it is used (RFC 7636; RFC 6749, 10.12)."""
    from oauthlib.common import add_params_to_uri

    parameters = {
        **dict(client.authorize_params),
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "state": state,
    }
    if client.scopes:
        parameters["scope"] = client.scopes
    if client.pkce:
        parameters["code_challenge"] = _load_oauthlib_client(client).create_code_challenge(verifier, "S256")
        parameters["code_challenge_method"] = "S256"
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
        error_code = shorten(redactor, parameters["error"])
        details = shorten(redactor, parameters.get("error_description") or "no reason given").rstrip(".")
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
        code=code,
        redirect_uri=redirect_uri,
        include_client_id=False,
        code_verifier=verifier if client.pkce else None,
    )
    return build_token_request(client, body)


def build_assertion_request(client: OAuthClient, issuer: JwtIssuer, now: float) -> TokenRequest:
    """Return the request that exchanges a new JWT for a token (RFC 7523, 2.1)."""
    body = urlencode({"grant_type": JWT_GRANT_TYPE, "assertion": issuer.issue(now).access_token})
    return build_token_request(client, body)


def build_refresh_request(client: OAuthClient, token_set: TokenSet | None) -> TokenRequest | None:
    """Return the request for the next token, or None when the user must sign in again."""
    if client.needs_person:
        if token_set is None or not token_set.refresh_token:
            return None
        body = _load_oauthlib_client(client).prepare_refresh_body(refresh_token=token_set.refresh_token)
        return build_token_request(client, body, token_set.access_token)
    if client.kind == "oauth2_account_credentials":
        body = f"grant_type=account_credentials&account_id={quote_plus(client.account_id)}"
        return build_token_request(client, body)
    from oauthlib.oauth2 import BackendApplicationClient

    body = BackendApplicationClient(client.client_id).prepare_request_body(scope=client.scopes or None)
    return build_token_request(client, body)


def build_revoke_request(client: OAuthClient, token: str) -> TokenRequest | None:
    """Return the request that revokes a token (RFC 7009), or None when the client has no revoke URL."""
    if not client.revoke_url:
        return None
    revoking = replace(client, token_url=client.revoke_url, token_params=(), body_format="form")
    return build_token_request(revoking, f"token={quote_plus(token)}")


def _load_oauthlib_client(client: OAuthClient) -> Any:
    from oauthlib.oauth2 import WebApplicationClient

    return WebApplicationClient(client.client_id)


def build_token_request(client: OAuthClient, body: str, *secrets: str) -> TokenRequest:
    """Return a request to the token endpoint with a form's body, written as the service reads it."""
    parts = urlsplit(client.token_url)
    pairs = list({**dict(parse_qsl(body, keep_blank_values=True)), **dict(client.token_params)}.items())
    credential = Credential(client.client_secret or client.client_id)
    if client.client_auth == "basic" and client.client_secret:
        basic_pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"  # RFC 6749, 2.3.1
        encoded_pair = base64.b64encode(basic_pair.encode()).decode()
        credential = Credential(encoded_pair, headers=(("Authorization", f"Basic {encoded_pair}"),))
        secrets = (*secrets, encoded_pair)
    elif client.issuer_of_jwts is None:
        pairs.append(("client_id", client.client_id))
        if client.client_secret:
            pairs.append(("client_secret", client.client_secret))
    public_names = {*_PUBLIC_FIELDS, *dict(client.token_params)}  # the secrets among those are in `client.secrets`
    secret_values = [value for name, value in pairs if name not in public_names]
    request = Request(
        "POST",
        parts.path or "/",
        base_url=f"{parts.scheme}://{parts.netloc}",
        query=tuple(parse_qsl(parts.query)),
        body=Body("json", dict(pairs), "application/json")
        if client.body_format == "json"
        else Body("form", pairs, FORM_CONTENT_TYPE),
        secrets=tuple(filter(None, (*secret_values, client.client_secret, *client.secrets, *secrets))),
    )
    return request, replace(credential, certificate=client.certificate)


def fingerprint_credential(client: OAuthClient, token_set: TokenSet | None) -> str:
    """Return a hash that identifies a credential without revealing it."""
    refresh_token = (token_set.refresh_token if token_set else None) or ""
    parts = (client.client_id, client.client_secret, client.account_id, refresh_token, *client.other_credentials)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def shorten(redactor: Redactor, text: str) -> str:
    """Return a text of a service without secrets, cut for a message."""
    return redactor.redact_text(text.strip(), _MAX_TEXT_LENGTH)
