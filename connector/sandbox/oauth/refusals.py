"""How the sandbox's OAuth server refuses: errors in JSON, and a page for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.core.url_policy import Origin
from connector.sandbox.http.responses import SandboxResponse, build_json_response
from connector.sandbox.oauth.jwts import REJECTED_VALUES

if TYPE_CHECKING:
    from connector.core.request.builder import Pairs
    from connector.sandbox.data.issued_tokens import OAuthError

NO_STORE_HEADERS = (("cache-control", "no-store"), ("pragma", "no-cache"), ("referrer-policy", "no-referrer"))


def build_oauth_error(status: int, error: str, reason: str, headers: Pairs = ()) -> SandboxResponse:
    """Build an OAuth error response."""
    return build_json_response(status, {"reason": reason, "error": error}, (*NO_STORE_HEADERS, *headers))


def build_refusal(error: OAuthError, *, used_basic: bool = False) -> SandboxResponse:
    """Build the refusal of an OAuth request."""
    if error.error != "invalid_client":
        return build_oauth_error(400, error.error, error.reason)
    challenge = (("www-authenticate", 'Basic realm="sandbox"'),) if used_basic else ()
    return build_oauth_error(401, error.error, error.reason, challenge)


def build_error_page(problem: str) -> SandboxResponse:
    """Build the page that a person sees where a sign-in cannot go on."""
    text = f"<!DOCTYPE html><html><head><title>No sign-in</title></head><body><p>{problem}</p></body></html>"
    return SandboxResponse(400, (("content-type", "text/html; charset=utf-8"), *NO_STORE_HEADERS), text.encode())


def find_redirect_problem(client: str, redirect_uri: str, declared: frozenset[str] | None) -> str:
    """Return why a redirect is unsafe, or an empty text; it never quotes the request."""
    if not client or client == REJECTED_VALUES[-1] or not client.isprintable():
        return "The client_id is missing or not valid."
    origin = Origin.parse(redirect_uri)
    is_allowed = origin is not None and (origin.scheme == "https" or origin.is_loopback)
    is_plain_text = (
        redirect_uri.isascii() and redirect_uri.isprintable() and not any(char in redirect_uri for char in ' #\\"<>')
    )
    if not is_allowed or not is_plain_text:
        return "The redirect_uri must be https, or http on this machine."
    if declared is not None and origin is not None and not origin.is_loopback and redirect_uri not in declared:
        return "The redirect_uri must be on this machine, or given to the sandbox: --redirect-uri URL."
    return ""
