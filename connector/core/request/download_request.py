"""Download requests: validate a URL from the service and build its request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.core import redaction, url_policy
from connector.core.redaction import preview
from connector.core.request.builder import Request
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.definition.loader import Connector

_AS_GIVEN = "use it exactly as the service returned it"
_MAX_HOST_LENGTH = 100


def build_download_request(
    connector: Connector,
    url: Any,
    base_url: str,
    secrets: tuple[str, ...] = (),
    *,
    allowed_hosts: tuple[str, ...] | None = None,
) -> Request:
    """Return the request of a download; `base_url` is the one in force, `secrets` are masked.

    Credentials go only to allowed_hosts - the connection's, else the manifest's - and to the base URL's origin, so any
    other URL is rejected. A redirect may lead to a storage host, which gets no credential. Raises InputError, which
    names the host.
    """
    redactor = redaction.redactor_for(connector).with_secrets(secrets)
    if not isinstance(url, str) or not url_policy.has_url_characters(url):
        raise _build_url_error(preview(url, redactor=redactor), "a URL, already encoded", _AS_GIVEN)
    if "://" not in url:
        expected = "a URL that begins with https://"
        if url in connector.action_files:
            fix = "for the files of an action use download_all"
            raise _build_url_error(f"{url}, which is an action", expected, fix)
        raise _build_url_error("text with no scheme", expected, _AS_GIVEN)
    origin = url_policy.parse_origin(url)
    if origin is None:
        raise _build_url_error(_describe_origin(url), "https without a user or a password", _AS_GIVEN)
    hosts = connector.manifest.allowed_hosts if allowed_hosts is None else allowed_hosts
    if origin != url_policy.parse_origin(base_url) and not url_policy.may_receive_credentials(url, hosts):
        fix = "credentials are sent nowhere else; check where this URL came from"
        raise _build_url_error(_describe_origin(url), f"a URL at {_describe_allowed_origins(hosts, base_url)}", fix)
    path = url[len(origin.text) :].partition("#")[0]
    return Request(
        "GET",
        path if path.startswith("/") else f"/{path}",
        headers=(("Accept-Encoding", "identity"),),
        reply_type="none",
        base_url=origin.text,
        secrets=secrets,
        redactor=redaction.redactor_for(connector),
        may_leave_hosts=True,
        allowed_hosts=allowed_hosts,
        keeps_url=True,
    )


def _describe_allowed_origins(hosts: Sequence[str], base_url: str) -> str:
    """Describe where a URL may point: the allowed hosts, and the base URL's origin if it is another."""
    host_texts = [f"one of {', '.join(hosts)} (https on its usual port)"] if hosts else []
    base_texts = [] if url_policy.may_receive_credentials(base_url, hosts) else [_describe_origin(base_url)]
    return ", or at ".join([*host_texts, *base_texts])


def _describe_origin(url: str) -> str:
    """Return scheme, host and port of a URL; the rest may be secret."""
    try:
        parts = urlsplit(url)
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return "no URL"
    host = (parts.hostname or "no host")[:_MAX_HOST_LENGTH]
    return f"{parts.scheme or 'no scheme'}://{f'[{host}]' if ':' in host else host}{port}"


def _build_url_error(given: str, expected: str, fix: str) -> InputError:
    return InputError.from_problems("download", [Problem("url", given, expected, fix)])
