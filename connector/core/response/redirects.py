"""Where a reply sends a reader on: each hop is judged before anything goes there, and sent as a request of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from connector.core import url_policy
from connector.core.http_semantics import SAFE_METHODS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.core.request.builder import Request
    from connector.core.response.parser import Reply

MAX_REDIRECTS = 10  # browsers follow twenty; a service's storage is one or two away
REDIRECT_STATUSES = (301, 302, 303, 307, 308)
_MIN_SECRET_LENGTH = 6  # characters; what is shorter opens nothing
_ANONYMOUS_HEADERS = ("accept", "accept-encoding", "range", "if-range", "user-agent")  # they do not identify the caller


def follow_redirect(request: Request, reply: Reply, allowed_hosts: Iterable[str]) -> Request | str | None:
    """Return the request of the next hop, why it is not followed, or None when the reply sends nobody on.

    Only reads are followed, over https, to where credentials may go (`hosts`, or the origin the request is at). A
    request that `may_leave`, a download, may go on to any other host by name, and takes no credential there.
    """
    location = reply.header("location") if reply.status in REDIRECT_STATUSES else None
    if location is None:
        return None
    if request.method not in SAFE_METHODS:
        return f"a {request.method} is never sent on"
    target = _resolve_location(request.url, location.strip(" \t"))
    if target is None:
        return "the address is not a URL"
    if target in (request.url, *request.redirect_urls):
        return "the redirects run in a circle"
    if len(request.redirect_urls) >= MAX_REDIRECTS:
        return f"more than {MAX_REDIRECTS} redirects"
    return _build_redirect_request(request, target, allowed_hosts)


def _resolve_location(url: str, location: str) -> str | None:
    """Return where a Location leads from a URL; None for what libraries would read in different ways."""
    if not url_policy.has_url_characters(location):
        return None
    try:
        return urljoin(url, location).partition("#")[0]
    except ValueError:  # such as brackets that hold no address
        return None


def _build_redirect_request(request: Request, target: str, allowed_hosts: Iterable[str]) -> Request | str:
    origin = url_policy.parse_origin(target)
    if origin is None:
        return "it leads away from https"
    is_trusted = origin == url_policy.parse_origin(request.base_url) or url_policy.may_receive_credentials(
        target, allowed_hosts
    )
    if not is_trusted and not (request.may_leave_hosts and _may_follow_to(request, origin)):
        return f"{urlsplit(target).hostname or 'the address'} is none of the hosts where credentials may go"
    sends_credential = is_trusted and request.sends_credential
    headers, secrets = request.headers, request.secrets
    if not sends_credential:
        headers = tuple(pair for pair in headers if pair[0].lower() in _ANONYMOUS_HEADERS)
        secrets = (*secrets, *extract_signed_values(target))
    path = target[len(origin.text) :]
    path = path if path.startswith("/") else f"/{path}"
    redirects = (*request.redirect_urls, request.url)
    return replace(
        request,
        base_url=origin.text,
        path=path,
        query=(),
        headers=headers,
        secrets=secrets,
        sends_credential=sends_credential,
        redirect_urls=redirects,
    )


def extract_signed_values(url: str) -> tuple[str, ...]:
    """Return what of a URL may open the door of a storage by itself, and is never shown: its parameters' values."""
    query = url.partition("?")[2].partition("#")[0]
    values = (pair.partition("=")[2] or pair for pair in query.split("&"))
    secrets = [value for value in values if len(value) >= _MIN_SECRET_LENGTH]
    return tuple(spelling for value in secrets for spelling in dict.fromkeys((value, unquote(value))))


def _may_follow_to(request: Request, origin: url_policy.Origin) -> bool:
    """Whether a download may go on there: a host with a name, never an address inside somebody's network.

    From a base URL on loopback, which only the owner of the process sets, it may go on to loopback.
    """
    return origin.is_public or (origin.is_loopback and url_policy.is_loopback_url(request.base_url))
