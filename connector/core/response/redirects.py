"""Where a reply sends a reader on: each hop is judged before anything goes there, and sent as a request of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from connector.core import url_policy as guard

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.core.request.builder import Request
    from connector.core.response.parser import Reply

MOST = 10  # browsers follow twenty; a service's storage is one or two away
_STATUSES = (301, 302, 303, 307, 308)
_SHORTEST_KEY = 6  # characters; what is shorter opens nothing
_READS = ("GET", "HEAD")
_ANYWHERE = ("accept", "accept-encoding", "range", "if-range", "user-agent")  # headers that say nothing of who asks


def following(request: Request, reply: Reply, hosts: Iterable[str]) -> Request | str | None:
    """Return the request of the next hop, why it is not followed, or None when the reply sends nobody on.

    Only reads are followed, over https, to where credentials may go (`hosts`, or the origin the request is at). A
    request that `may_leave`, a download, may go on to any other host by name, and takes no credential there.
    """
    location = reply.header("location") if reply.status in _STATUSES else None
    if location is None:
        return None
    if request.method not in _READS:
        return f"a {request.method} is never sent on"
    target = _joined(request.url, location.strip(" \t"))
    if target is None:
        return "the address is not a URL"
    if target in (request.url, *request.hops):
        return "the redirects run in a circle"
    if len(request.hops) >= MOST:
        return f"more than {MOST} redirects"
    return _hop(request, target, hosts)


def _joined(url: str, location: str) -> str | None:
    """Return where a Location leads from a URL; None for what libraries would read in different ways."""
    if not location.isascii() or not location.isprintable() or any(char in location for char in ' \\"<>'):
        return None
    try:
        return urljoin(url, location).partition("#")[0]
    except ValueError:  # such as brackets that hold no address
        return None


def _hop(request: Request, target: str, hosts: Iterable[str]) -> Request | str:
    origin = guard.origin(target)
    if origin is None:
        return "it leads away from https"
    stays = origin == guard.origin(request.base) or guard.may_carry(target, hosts)
    if not stays and not (request.may_leave and _public(request, target)):
        return f"{urlsplit(target).hostname or 'the address'} is none of the hosts where credentials may go"
    carries = stays and request.carries
    headers, secrets = request.headers, request.secrets
    if not carries:
        headers = tuple(pair for pair in headers if pair[0].lower() in _ANYWHERE)
        secrets = (*secrets, *signed_part(target))
    path = target[len(origin) :]
    path = path if path.startswith("/") else f"/{path}"
    hops = (*request.hops, request.url)
    return replace(
        request, base=origin, path=path, query=(), headers=headers, secrets=secrets, carries=carries, hops=hops
    )


def signed_part(url: str) -> tuple[str, ...]:
    """Return what of a URL may open the door of a storage by itself, and is never shown: its parameters' values."""
    query = url.partition("?")[2].partition("#")[0]
    values = (pair.partition("=")[2] or pair for pair in query.split("&"))
    return tuple(
        spelled for value in values if len(value) >= _SHORTEST_KEY for spelled in dict.fromkeys((value, unquote(value)))
    )


def _public(request: Request, target: str) -> bool:
    """Whether a download may go on there: a host with a name, never an address inside somebody's network.

    From a base URL on loopback, which only the owner of the process sets, it may go on to loopback.
    """
    return guard.named_host(target) or (guard.is_loopback_url(target) and guard.is_loopback_url(request.base))
