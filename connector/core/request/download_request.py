"""The request of a download: a URL that the service gave out, judged before anything goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.core import redaction as redact
from connector.core import url_policy as guard
from connector.core.redaction import shown
from connector.core.request.builder import Request
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from connector.definition.loader import Connector

_FORBIDDEN = ' \\"<>'  # what no URL holds, and libraries read each in its own way
_LONGEST_HOST = 100


def request(connector: Connector, url: Any, base: str, secrets: tuple[str, ...] = ()) -> Request:
    """Return the request of a download; `base` is the base URL in force, `secrets` are never shown.

    Credentials go to the manifest's hosts and to where the base URL points, so a URL anywhere else is refused. From
    there it may be sent on to a storage, which gets none. Raises InputError, which names the host.
    """
    safe = redact.of(connector).knowing(secrets)
    if (
        not isinstance(url, str)
        or not url.isascii()
        or not url.isprintable()
        or any(char in url for char in _FORBIDDEN)
    ):
        raise _refused(shown(url, safe=safe), "a URL, already encoded", "take it as the service gave it")
    if "://" not in url:
        expected = "a URL that begins with https://"
        if url in connector.files:
            raise _refused(f"{url}, which is an action", expected, "for the files of an action use download_all")
        raise _refused("a text with no scheme", expected, "take it as the service gave it")
    origin = guard.origin(url)
    if origin is None:
        raise _refused(_where(url), "https without a user or a password in it", "take it as the service gave it")
    if origin != guard.origin(base) and not guard.may_carry(url, connector.manifest.hosts):
        fix = "credentials go nowhere else; look where this URL came from"
        raise _refused(_where(url), f"a URL at {_allowed(connector, base)}", fix)
    path = url[len(origin) :].partition("#")[0]
    return Request(
        "GET",
        path if path.startswith("/") else f"/{path}",
        headers=(("Accept-Encoding", "identity"),),
        reply="none",
        base=origin,
        secrets=secrets,
        redactor=redact.of(connector),
        may_leave=True,
    )


def _allowed(connector: Connector, base: str) -> str:
    """Return where a URL may be: the manifest's hosts, and where the base URL points besides."""
    hosts = connector.manifest.hosts
    listed = [f"one of {', '.join(hosts)} (https on its usual port)"] if hosts else []
    other = [] if guard.may_carry(base, hosts) else [_where(base)]
    return ", or at ".join([*listed, *other])


def _where(url: str) -> str:
    """Return the scheme, the host and the port of a URL: the rest of it may be secret."""
    try:
        parts = urlsplit(url)
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return "no URL"
    host = (parts.hostname or "no host")[:_LONGEST_HOST]
    return f"{parts.scheme or 'no scheme'}://{f'[{host}]' if ':' in host else host}{port}"


def _refused(got: str, expected: str, fix: str) -> InputError:
    return InputError.of("download", [Problem("url", got, expected, fix)])
