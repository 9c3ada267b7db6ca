"""OAuth and API JWT as data: what to ask, and what a reply means. Random text and the time are arguments.

Bodies, PKCE and the authorize URL come from oauthlib, JWTs from PyJWT; here is what connections need of them.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, quote_plus, urlsplit

from oauthlib.oauth2 import BackendApplicationClient, WebApplicationClient
from pydantic_core import from_json

from connector.core import waits
from connector.core.exchange import Signed
from connector.core.request import Body, Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.response import Reply
    from connector.definition.manifest import ConnectionKind

LIFETIME = 3600.0  # seconds a token lives when the service does not say (RFC 6749, 4.2.2 recommends saying)
LONGEST_LEEWAY = 120.0  # a token is renewed this long before it ends, at most a tenth of its life
COOLDOWN = 60.0  # a younger token is never renewed, whatever its expiry says
JWT_LIFETIME = 3600.0
JWT_BACKDATED = 30.0  # for a service whose clock is behind ours
_LATER = (408, 409, 423, 425, 429)

Fault = Literal["grant", "client", "refused", "later", "unreadable"]


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


@dataclass(frozen=True, slots=True, repr=False)
class Grant:
    """A token as it is kept: the access token and when it ends (epoch seconds), and how to get the next one."""

    access_token: str
    expires_at: float
    obtained_at: float = 0.0
    refresh_token: str | None = None
    scopes: tuple[str, ...] | None = None
    api_url: str | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Grant:
        """Read a kept or a given token; `scope` may be one text, `expires_at` may be missing."""
        scopes = data.get("scopes", data.get("scope"))
        if isinstance(scopes, str):
            scopes = scopes.split()
        return cls(
            access_token=str(data.get("access_token") or ""),
            expires_at=float(data.get("expires_at") or 0.0),
            obtained_at=float(data.get("obtained_at") or 0.0),
            refresh_token=data.get("refresh_token"),
            scopes=tuple(scopes) if scopes is not None else None,
            api_url=data.get("api_url"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-safe data, secrets included: for a store, never for a log."""
        return asdict(self)

    def fresh(self, now: float) -> bool:
        """Whether it may be used without renewing: not near its end, or too young to renew."""
        life = max(self.expires_at - self.obtained_at, 0.0)
        leeway = min(LONGEST_LEEWAY, life / 10)
        return now < self.expires_at - leeway or now - self.obtained_at < COOLDOWN

    def __repr__(self) -> str:
        until = waits.moment(self.expires_at).isoformat() if self.expires_at else "unknown"
        return f"<Grant until {until}>"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the token endpoint said instead of a token; `message` holds no secret and nothing of the raw body."""

    fault: Fault
    message: str
    code: str = ""
    retry_at: float | None = None


def authorize_url(app: App, redirect_uri: str, state: str, verifier: str) -> str:
    """Return where a person gives consent, with PKCE S256 and state (RFC 7636, RFC 6749 10.12)."""
    client = WebApplicationClient(app.client_id)
    challenge = client.create_code_challenge(verifier, "S256")
    made: str = client.prepare_request_uri(
        app.authorize_url,
        redirect_uri=redirect_uri,
        scope=app.scopes or None,
        state=state,
        code_challenge=challenge,
        code_challenge_method="S256",
    )
    return made


def callback_code(url: str, state: str) -> str | Refusal:
    """Return the code that a callback brings, or why it is refused; the state is compared in constant time."""
    given = dict(parse_qsl(urlsplit(url).query))
    if not hmac.compare_digest(given.get("state", "").encode(), state.encode()):
        return Refusal("refused", "the state of the callback is not the one that was sent; begin again")
    if given.get("error"):
        said = given.get("error_description") or given["error"]
        return Refusal("refused", f"consent was not given: {_plain(said)}", _plain(given["error"]))
    code = given.get("code")
    return code or Refusal("refused", "the callback brings no code")


def code_request(app: App, code: str, redirect_uri: str, verifier: str) -> tuple[Request, Signed]:
    """Return the request that turns a code into tokens."""
    client = WebApplicationClient(app.client_id)
    body = client.prepare_request_body(
        code=code, redirect_uri=redirect_uri, include_client_id=False, code_verifier=verifier
    )
    return _token_request(app, body)


def renewal_request(app: App, grant: Grant | None) -> tuple[Request, Signed] | None:
    """Return the request for the next token, or None when only a person can help."""
    if app.kind == "oauth2":
        if grant is None or not grant.refresh_token:
            return None
        body = WebApplicationClient(app.client_id).prepare_refresh_body(refresh_token=grant.refresh_token)
        return _token_request(app, body)
    if app.kind == "oauth2_account_credentials":
        return _token_request(app, f"grant_type=account_credentials&account_id={quote_plus(app.account_id)}")
    body = BackendApplicationClient(app.client_id).prepare_request_body(scope=app.scopes or None)
    return _token_request(app, body)


def revoke_request(app: App, token: str) -> tuple[Request, Signed] | None:
    """Return the request that ends a token at the service (RFC 7009), or None where it has no such place."""
    if not app.revoke_url:
        return None
    return _token_request(replace(app, token_url=app.revoke_url), f"token={quote_plus(token)}")


def _token_request(app: App, body: str) -> tuple[Request, Signed]:
    parts = urlsplit(app.token_url)
    pairs = parse_qsl(body, keep_blank_values=True)
    signed = Signed(app.client_secret or app.client_id)
    if app.client_auth == "basic" and app.client_secret:
        pair = f"{quote_plus(app.client_id)}:{quote_plus(app.client_secret)}"  # RFC 6749, 2.3.1
        coded = base64.b64encode(pair.encode()).decode()
        signed = Signed(coded, headers=(("Authorization", f"Basic {coded}"),))
    else:
        pairs += [("client_id", app.client_id), *([("client_secret", app.client_secret)] if app.client_secret else [])]
    request = Request(
        "POST",
        parts.path or "/",
        base=f"{parts.scheme}://{parts.netloc}",
        query=tuple(parse_qsl(parts.query)),
        body=Body("form", pairs, "application/x-www-form-urlencoded"),
        secrets=tuple(value for name, value in pairs if name not in ("grant_type", "redirect_uri", "account_id")),
    )
    return request, signed


def read_token(app: App, reply: Reply, now: float, old: Grant | None = None) -> Grant | Refusal:
    """Return the grant of a token reply, or what it says instead. Nothing of the raw body is ever in a message."""
    try:
        data = from_json(reply.body)
    except ValueError:
        data = None
    if reply.status in _LATER or reply.status >= 500:  # noqa: PLR2004  the server's own trouble
        return Refusal("later", f"HTTP {reply.status} from the token endpoint", retry_at=waits.at(reply, now))
    if not isinstance(data, dict):
        kind = (reply.header("content-type") or "no content type").split(";")[0]
        return Refusal("unreadable", f"HTTP {reply.status} with {_plain(kind)} where a JSON token was expected")
    if data.get("error") or not 200 <= reply.status < 300:  # noqa: PLR2004  success
        return _refusal(app, reply.status, data)
    return _grant(data, now, old)


def _refusal(app: App, status: int, data: Mapping[str, Any]) -> Refusal:
    code = _plain(data.get("error") or data.get("code") or status)
    said = _plain(data.get("error_description") or data.get("reason") or data.get("message") or code)
    for secret in (app.client_secret, app.client_id):
        said = said.replace(secret, "***") if secret else said
    fault: Fault = "refused"
    if code == "invalid_grant":
        fault = "grant"
    elif code in ("invalid_client", "unauthorized_client") or status == 401:  # noqa: PLR2004
        fault = "client"
    elif code in ("temporarily_unavailable", "server_error", "slow_down"):
        fault = "later"
    return Refusal(fault, f"the token endpoint said {code}: {said}", code)


def _grant(data: Mapping[str, Any], now: float, old: Grant | None) -> Grant | Refusal:
    token, kind = data.get("access_token"), data.get("token_type", "bearer")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token.strip():
        return Refusal("unreadable", "the token reply holds no access token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        return Refusal("unreadable", f"tokens of type {_plain(kind)} are not supported; bearer is")
    life = _life(data.get("expires_in"))
    if life is None:
        return Refusal("unreadable", "the token reply's expires_in is no number of seconds")
    refresh, scope = data.get("refresh_token"), data.get("scope")
    return Grant(
        access_token=token,
        expires_at=now + life,
        obtained_at=now,
        refresh_token=refresh if isinstance(refresh, str) and refresh else (old.refresh_token if old else None),
        scopes=tuple(scope.split()) if isinstance(scope, str) else (old.scopes if old else None),
        api_url=data["api_url"] if isinstance(data.get("api_url"), str) else (old.api_url if old else None),
    )


def _life(value: Any) -> float | None:
    if value is None:
        return LIFETIME
    if isinstance(value, str) and value.strip().isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return max(0.0, min(float(value), 10 * 365 * 86_400.0))


def _plain(value: Any) -> str:
    text = str(value)
    return "".join(char if char.isprintable() else " " for char in text)[:200]


def shrunk(grant: Grant, old: Grant | None) -> tuple[str, ...]:
    """Return the scopes that the older grant had and this one has not."""
    if old is None or old.scopes is None or grant.scopes is None:
        return ()
    return tuple(scope for scope in old.scopes if scope not in grant.scopes)


def lacks(grant_scopes: tuple[str, ...] | None, wanted: tuple[tuple[str, ...], ...]) -> bool:
    """Whether a token that says its scopes has none of any wanted list (one of a list is enough)."""
    lists = [one for one in wanted if one]
    if grant_scopes is None or not grant_scopes or not lists:
        return False
    return not any(scope in grant_scopes for one in lists for scope in one)


def api_jwt(key: str, secret: str, now: float, lifetime: float = JWT_LIFETIME) -> Grant:
    """Return an API JWT (HS256) with iss, iat and exp, as a grant."""
    import jwt as pyjwt  # noqa: PLC0415  loaded for this kind only

    issued = int(now - JWT_BACKDATED)
    claims: dict[str, Any] = {"iss": key, "iat": issued, "exp": int(now + lifetime - JWT_BACKDATED)}
    return Grant(pyjwt.encode(claims, secret, algorithm="HS256"), expires_at=claims["exp"], obtained_at=now)
