"""Refuse requests that a web page makes a browser send to the sandbox under another name.

Any name may be pointed at this machine, and a page at that name could then read and change the sandbox's records. So a
server answers only to its own names, and changes nothing for a page that it did not serve.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from connector.core.url_policy import is_loopback_host
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_AUTHORITY = prepare_pattern(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:/?#@\s]+))(?::[0-9]{0,5})?")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class HostProblem(NamedTuple):
    """Why a request is refused, and with which status."""

    status: int
    message: str


class HostCheck:
    """Checks that requests are for loopback, or for one of these names."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = {name.lower() for name in names}

    def find_problem(self, method: str, target: str, headers: Sequence[tuple[str, str]]) -> HostProblem | None:
        """Return why a request is refused, or None. An absolute target counts as the host (RFC 9112, 3.2.2)."""
        hosts = [value.strip() for name, value in headers if name.lower() == "host"]
        if len(hosts) != 1:
            return HostProblem(HTTPStatus.BAD_REQUEST, "The request must have one Host header.")
        scheme, separator, rest = target.partition("://")
        if separator and scheme.lower() in ("http", "https"):
            hosts.append(re.split(r"[/?#]", rest, maxsplit=1)[0])
        if not all(map(self._is_own, hosts)):
            message = (
                "The sandbox does not answer to this host name. "
                "Use 127.0.0.1 or localhost, or start it with --allow-host NAME."
            )
            return HostProblem(HTTPStatus.MISDIRECTED_REQUEST, message)
        origins = [value.strip() for name, value in headers if name.lower() == "origin"]
        if method not in _SAFE_METHODS and not all(self._is_own(origin.partition("://")[2]) for origin in origins):
            return HostProblem(HTTPStatus.FORBIDDEN, "The sandbox changes nothing for a web page of another host.")
        return None

    def _is_own(self, authority: str) -> bool:
        match = _AUTHORITY.fullmatch(authority)
        host = (match[1] or match[2]).lower() if match else ""
        return is_loopback_host(host) or host in self._names
