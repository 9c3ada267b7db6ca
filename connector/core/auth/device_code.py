"""The device authorization grant (RFC 8628): a code that a person enters elsewhere, and the polls that wait for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from connector.core.auth.oauth import TokenFailure, build_token_request
from connector.core.auth.token_reply import parse_lifetime, read_failure, read_reply_fields
from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.core.auth.oauth import TokenRequest
    from connector.core.auth.oauth_client import OAuthClient
    from connector.core.request.builder import Request
    from connector.core.response.reply import Reply

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
DEFAULT_INTERVAL = 5.0  # seconds between polls (RFC 8628, 3.2), and what a slow_down adds (3.5)
MAX_INTERVAL = 60.0
DEFAULT_LIFETIME = 900.0  # seconds, for a reply that does not say it, although it has to
MAX_LIFETIME = 3600.0


@dataclass(frozen=True, slots=True, repr=False)
class DeviceCode:
    """What a service answers: the code that polls, the code for the person, and where it is entered."""

    device_code: str
    user_code: str
    url: str
    complete_url: str | None
    lifetime: float
    interval: float


def build_device_request(client: OAuthClient) -> TokenRequest:
    """Return the request for a code (RFC 8628, 3.1)."""
    parameters = {**dict(client.authorize_params), **({"scope": client.scopes} if client.scopes else {})}
    asking = replace(client, token_url=client.device_authorization_url, token_params=())
    if client.client_secret and client.client_auth == "basic":  # else the form has the id anyway
        parameters = {"client_id": client.client_id, **parameters}
    return build_token_request(asking, urlencode(parameters))


def parse_device_reply(request: Request, reply: Reply, now: float) -> DeviceCode | TokenFailure:
    """Return the code of a reply, or why there is none; no message has the raw body."""
    fields = read_reply_fields(reply.body)
    if fields is None or not reply.is_success or fields.get("error"):
        return read_failure(request, reply, fields, now)
    url = _read_text(fields, "verification_uri") or _read_text(fields, "verification_url")
    device_code, user_code = _read_text(fields, "device_code"), _read_text(fields, "user_code")
    is_shown_safely = user_code.isprintable() and url.isprintable()  # a line end could begin another instruction
    if not device_code or not user_code or not url.startswith(("https://", "http://")) or not is_shown_safely:
        return TokenFailure("unreadable", "the reply has no code and no address to enter it at", status=reply.status)
    complete_url = _read_text(fields, "verification_uri_complete")
    lifetime, interval = parse_lifetime(fields.get("expires_in")), parse_lifetime(fields.get("interval"))
    return DeviceCode(
        device_code,
        user_code,
        url,
        complete_url if complete_url.startswith("https://") and complete_url.isprintable() else None,
        min(lifetime or DEFAULT_LIFETIME, MAX_LIFETIME),
        min(DEFAULT_INTERVAL if interval is None else max(interval, 1.0), MAX_INTERVAL),
    )


def build_poll_request(client: OAuthClient, device_code: str) -> TokenRequest:
    """Return the request that asks whether the person has consented (RFC 8628, 3.4)."""
    return build_token_request(client, urlencode({"grant_type": GRANT_TYPE, "device_code": device_code}))


def find_next_interval(failure: TokenFailure, interval: float) -> float | None:
    """Return the seconds until the next poll after an answer without a token; None when the answer is final."""
    if failure.code == "authorization_pending":
        return interval
    if failure.code == "slow_down":
        return min(interval + DEFAULT_INTERVAL, MAX_INTERVAL)
    return min(interval * 2, MAX_INTERVAL) if failure.category == "later" else None


def _read_text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""
