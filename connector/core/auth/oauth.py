"""OAuth and API JWT as data: what to ask, and what a reply means. Random text and the time are arguments.

Bodies, PKCE and the authorize URL come from oauthlib, JWTs from PyJWT; here is what connections need of them. Both
are loaded when something is asked for: a program with a plain token needs neither.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, quote_plus, urlsplit

from pydantic_core import from_json

from connector.core.auth.token_set import Grant, sendable
from connector.core.exchange.exchange import Signed
from connector.core.redaction import kind_of, plain
from connector.core.request.builder import Body, Request
from connector.core.response import retry_after as waits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.redaction import Redactor
    from connector.core.response.parser import Reply
    from connector.definition.manifest import ConnectionKind

LIFETIME = 3600.0  # seconds a token lives when the service does not say (RFC 6749, 4.2.2 recommends saying)
LONGEST_LIFE = 10 * 365 * 86_400.0
JWT_LIFETIME = 3600.0
JWT_BACKDATED = 30.0  # for a service whose clock is behind ours
_LATER = (408, 409, 423, 425, 429)
_SPOKEN = ("grant_type", "redirect_uri", "account_id", "client_id", "scope")  # no secrets
_LONGEST_SAID = 200

Fault = Literal["grant", "client", "refused", "later", "unreadable"]
Asked = tuple[Request, Signed]


@dataclass(frozen=True, slots=True, repr=False)
class App:
    """Where and as whom tokens are asked for: the inputs of a connection, by what they mean."""

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
    def of(cls, declared: ConnectionKind, values: Mapping[str, Any]) -> App:
        """Read the inputs that OAuth kinds have, each optional: tokenUrl, clientId, clientSecret and so on."""
        texts = {key: str(value) for key, value in values.items() if value is not None}
        return cls(
            kind=declared.kind,
            client_auth=declared.client_auth,
            token_url=texts.get("tokenUrl", ""),
            client_id=texts.get("clientId", ""),
            client_secret=texts.get("clientSecret", ""),
            authorize_url=texts.get("authorizeUrl", ""),
            revoke_url=texts.get("revokeUrl", ""),
            scopes=texts.get("scopes", ""),
            account_id=texts.get("accountId", ""),
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """What came instead of a token; `message` holds no secret and nothing of the raw body.

    `fault` says whose: the grant's, the client's, of this request, the service's for now ("later"), or a reply that
    cannot be used. `status` is HTTP's, `kind` how nobody answered, and `lost` whether a token may have been issued
    that was never received.
    """

    fault: Fault
    message: str
    code: str = ""
    retry_at: float | None = None
    status: int = 0
    kind: str = ""
    lost: bool = False


def authorize_url(app: App, redirect_uri: str, state: str, verifier: str) -> str:
    """Return where a person gives consent, with PKCE S256 and state (RFC 7636, RFC 6749 10.12)."""
    from oauthlib.common import add_params_to_uri  # noqa: PLC0415

    asked = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": redirect_uri,
        "scope": app.scopes,
        "state": state,
        "code_challenge": _client(app).create_code_challenge(verifier, "S256"),
        "code_challenge_method": "S256",
    }
    made: str = add_params_to_uri(app.authorize_url, [(name, value) for name, value in asked.items() if value])
    return made  # the client's own method would refuse http, which is fit for this machine; the caller judges the URL


def callback(url: str) -> dict[str, str] | Refusal:
    """Return the parameters of a callback's URL, or of its query alone; none of them may come twice."""
    query = (url.partition("?")[2] if "?" in url else url).partition("#")[0]
    pairs = parse_qsl(query, keep_blank_values=True)
    given = dict(pairs)
    if len(given) < len(pairs):
        return Refusal("refused", "the callback brings a parameter twice")
    return given


def callback_code(app: App, given: Mapping[str, str], state: str) -> str | Refusal:
    """Return the code that a callback brings, or why it is refused; the state is compared in constant time."""
    if not hmac.compare_digest(given.get("state", "").encode("utf-8", "replace"), state.encode()):
        return Refusal("refused", "the state of the callback is not the one that was sent")
    if "iss" in given and _service(given["iss"]) != _service(app.authorize_url):  # RFC 9207, 2.4
        return Refusal("refused", "the callback comes from another service than the one that was asked")
    if given.get("error"):
        safe = plain().knowing((given.get("code", ""), state, app.client_secret))
        code = _short(safe.text(given["error"]))
        said = _short(safe.text(given.get("error_description") or "no reason given")).rstrip(".")
        what = "consent was not given" if code == "access_denied" else f"the service said {code}"
        return Refusal("refused", f"{what}: {said}", code)
    return given.get("code") or Refusal("refused", "the callback brings no code")


def _service(url: str) -> tuple[str, str]:
    """Return whose URL it is: scheme and host, or nothing for what is no URL."""
    try:
        return urlsplit(url)[:2]
    except ValueError:
        return "", ""


def code_request(app: App, code: str, redirect_uri: str, verifier: str) -> Asked:
    """Return the request that turns a code into tokens."""
    body = _client(app).prepare_request_body(
        code=code, redirect_uri=redirect_uri, include_client_id=False, code_verifier=verifier
    )
    return _token_request(app, body)


def renewal_request(app: App, grant: Grant | None) -> Asked | None:
    """Return the request for the next token, or None when only a person can help."""
    if app.kind == "oauth2":
        if grant is None or not grant.refresh_token:
            return None
        body = _client(app).prepare_refresh_body(refresh_token=grant.refresh_token)
        return _token_request(app, body, grant.access_token)
    if app.kind == "oauth2_account_credentials":
        return _token_request(app, f"grant_type=account_credentials&account_id={quote_plus(app.account_id)}")
    from oauthlib.oauth2 import BackendApplicationClient  # noqa: PLC0415

    body = BackendApplicationClient(app.client_id).prepare_request_body(scope=app.scopes or None)
    return _token_request(app, body)


def revoke_request(app: App, token: str) -> Asked | None:
    """Return the request that ends a token at the service (RFC 7009), or None where it has no such place."""
    if not app.revoke_url:
        return None
    return _token_request(replace(app, token_url=app.revoke_url), f"token={quote_plus(token)}")


def _client(app: App) -> Any:
    from oauthlib.oauth2 import WebApplicationClient  # noqa: PLC0415

    return WebApplicationClient(app.client_id)


def _token_request(app: App, body: str, *secrets: str) -> Asked:
    parts = urlsplit(app.token_url)
    pairs = parse_qsl(body, keep_blank_values=True)
    signed = Signed(app.client_secret or app.client_id)
    if app.client_auth == "basic" and app.client_secret:
        pair = f"{quote_plus(app.client_id)}:{quote_plus(app.client_secret)}"  # RFC 6749, 2.3.1
        coded = base64.b64encode(pair.encode()).decode()
        signed = Signed(coded, headers=(("Authorization", f"Basic {coded}"),))
        secrets = (*secrets, coded)
    else:
        pairs += [("client_id", app.client_id), *([("client_secret", app.client_secret)] if app.client_secret else [])]
    hidden = [value for name, value in pairs if name not in _SPOKEN]
    request = Request(
        "POST",
        parts.path or "/",
        base=f"{parts.scheme}://{parts.netloc}",
        query=tuple(parse_qsl(parts.query)),
        body=Body("form", pairs, "application/x-www-form-urlencoded"),
        secrets=tuple(filter(None, (*hidden, app.client_secret, *secrets))),
    )
    return request, signed


def mark(app: App, grant: Grant | None) -> str:
    """Return what tells one credential from another, without being one."""
    of = (app.client_id, app.client_secret, app.account_id, (grant.refresh_token if grant else None) or "")
    return hashlib.sha256("\0".join(of).encode("utf-8", "surrogatepass")).hexdigest()


def read_token(request: Request, reply: Reply, now: float, old: Grant | None = None) -> Grant | Refusal:
    """Return the grant of a token reply, or what it says instead. Nothing of the raw body is ever in a message."""
    status = reply.status
    if status in _LATER or status >= 500:  # noqa: PLR2004  the server's own trouble
        message, at = f"HTTP {status} from the token endpoint", waits.at(reply, now)
        return Refusal("later", message, retry_at=at, status=status, lost=status >= 500)  # noqa: PLR2004
    success = 200 <= status < 300  # noqa: PLR2004
    try:
        data = from_json(reply.body)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        kind = (reply.header("content-type") or "no content type").split(";")[0]
        message = f"HTTP {status} with {_short(request.safe.text(kind))} where a JSON token was expected"
        return Refusal("unreadable", message, status=status, lost=success)
    if data.get("error") or not success:
        return _refusal(request.safe, status, data)
    read = _grant(data, now, old)
    if isinstance(read, Grant):
        return read
    return Refusal("unreadable", _short(request.safe.text(read)), status=status, lost=True)


def _refusal(safe: Redactor, status: int, data: Mapping[str, Any]) -> Refusal:
    code = _short(safe.text(_word(data.get("error") or data.get("code") or status)))
    said = _word(data.get("error_description") or data.get("reason") or data.get("message") or "")
    said = _short(safe.text(said)).rstrip(".") or "no reason given"
    fault: Fault = "refused"
    if code == "invalid_grant":
        fault = "grant"
    elif code == "invalid_client":
        fault = "client"
    elif code in ("temporarily_unavailable", "server_error", "slow_down"):
        fault = "later"
    return Refusal(fault, f"the token endpoint said {code}: {said}", code, status=status)


def _grant(data: Mapping[str, Any], now: float, old: Grant | None) -> Grant | str:
    """Return the grant that a reply's data hold, or what is wrong with them."""
    token, kind = data.get("access_token"), data.get("token_type", "bearer")
    if not isinstance(token, str) or not sendable(token):
        return "the token reply holds no access token that can be sent"
    if not isinstance(kind, str) or kind.lower() != "bearer":
        return f"only bearer tokens can be sent, and the token reply brings one of type {_word(kind)}"
    life = _life(data.get("expires_in"))
    if life is None:
        return "the token reply's expires_in is no number of seconds"
    refresh, scope, api_url = data.get("refresh_token"), data.get("scope"), data.get("api_url")
    return Grant(
        access_token=token,
        expires_at=now + life,
        obtained_at=now,
        refresh_token=refresh if isinstance(refresh, str) and refresh else (old.refresh_token if old else None),
        scopes=tuple(scope.split()) if isinstance(scope, str) else (old.scopes if old else None),
        api_url=api_url if isinstance(api_url, str) else (old.api_url if old else None),
    )


def _life(value: Any) -> float | None:
    """Return a lifetime in seconds: LIFETIME when it is not said, at least 0; None for what is no number."""
    if value is None:
        return LIFETIME
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,12}\s*", value, re.ASCII):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124  NaN
        return None
    return float(max(0, min(value, LONGEST_LIFE)))


def _word(value: Any) -> str:
    return str(value) if isinstance(value, str | int) else kind_of(value)


def _short(text: str) -> str:
    return text.strip()[:_LONGEST_SAID]


def api_jwt(key: str, secret: str, now: float, lifetime: float = JWT_LIFETIME) -> Grant:
    """Return an API JWT (HS256) with iss, iat and exp, as a grant."""
    import jwt as pyjwt  # noqa: PLC0415  loaded for this kind only

    issued = int(now - JWT_BACKDATED)
    claims: dict[str, Any] = {"iss": key, "iat": issued, "exp": int(now + lifetime - JWT_BACKDATED)}
    signing = secret.encode().ljust(32, b"\0")  # HMAC fills a short key up like this itself; the library would warn
    return Grant(pyjwt.encode(claims, signing, algorithm="HS256"), expires_at=claims["exp"], obtained_at=now)
