"""Redirects: validate each target before following it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from connector.core import url_policy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.core.request.builder import Request
    from connector.core.response.reply import Reply

MAX_REDIRECTS = 10  # browsers follow 20; a service's storage is one or two away
REDIRECT_STATUSES = (301, 302, 303, 307, 308)
_FOLLOWED_METHODS = ("GET", "HEAD")  # what OPTIONS asks about is not elsewhere
_MIN_SECRET_LENGTH = 6  # characters; a shorter value grants no access
_MIN_PATH_SECRET_LENGTH = 16
_ANONYMOUS_HEADERS = ("accept", "accept-encoding", "range", "if-range", "user-agent")  # they do not identify the caller


def follow_redirect(request: Request, reply: Reply, allowed_hosts: Iterable[str]) -> Request | str | None:
    """Return the request of the next hop, the reason to stop, or None when the reply is no redirect.

    Only reads are followed, over https, to hosts that may receive credentials: `allowed_hosts`, or the request's own
    origin. A request that `may_leave_hosts`, a download, may go to any public host, without its credential.
    """
    location = reply.header("location") if reply.status in REDIRECT_STATUSES else None
    if location is None:
        return None
    if request.method not in _FOLLOWED_METHODS:
        return f"{request.method} requests are not redirected"
    target = resolve_location(request.url, location.strip(" \t"))
    if target is None:
        return "the address is not a URL"
    if target in (request.url, *request.redirect_urls):
        return "the redirects form a loop"
    if len(request.redirect_urls) >= MAX_REDIRECTS:
        return f"more than {MAX_REDIRECTS} redirects"
    return _build_redirect_request(request, target, request.allowed_hosts or allowed_hosts)


def resolve_location(url: str, location: str) -> str | None:
    """Resolve a Location against a URL; return None when libraries would interpret it differently."""
    if not url_policy.has_url_characters(location):
        return None
    try:
        return urljoin(url, location).partition("#")[0]
    except ValueError:  # such as brackets that hold no address
        return None


def _build_redirect_request(request: Request, target: str, allowed_hosts: Iterable[str]) -> Request | str:
    origin = url_policy.parse_origin(target)
    if origin is None:
        return "the target is not https at a plain host name"
    is_trusted = origin == url_policy.parse_origin(request.base_url) or url_policy.may_receive_credentials(
        target, allowed_hosts
    )
    if not is_trusted and not (request.may_leave_hosts and _may_follow_to(request, origin)):
        return f"{urlsplit(target).hostname or 'the address'} is not a host that may receive credentials"
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
    """Return the parameter values of a signed URL, which grant access by themselves and are masked."""
    query = url.partition("?")[2].partition("#")[0]
    values = (pair.partition("=")[2] or pair for pair in query.split("&"))
    secrets = [value for value in values if len(value) >= _MIN_SECRET_LENGTH]
    return tuple(spelling for value in secrets for spelling in dict.fromkeys((value, unquote(value))))


def extract_access(url: str) -> tuple[str, ...]:
    """Return the parts of a URL that may grant access by themselves: long names of its path, and its values."""
    path = url.partition("://")[2].partition("?")[0]
    names = [name for name in path.split("/")[1:] if len(name) >= _MIN_PATH_SECRET_LENGTH]
    return (*names, *extract_signed_values(url))


def _may_follow_to(request: Request, origin: url_policy.Origin) -> bool:
    """Whether a download may be redirected to an origin: a public host, never a private address.

    From a loopback base URL, which only the process owner can set, it may lead to loopback.
    """
    return origin.is_public or (origin.is_loopback and url_policy.is_loopback_url(request.base_url))
