"""Links to the next page: the Link header (RFC 8288), and URLs resolved below the base URL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from connector.core import url_policy
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import MASK
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator
    from urllib.parse import SplitResult

    from connector.core.request.builder import Pairs, Request

# every pattern is matched where the last one ended and can give up only once, so that parsing is linear
_SEPARATORS = prepare_pattern(r"[\s,]*")
_TARGET = prepare_pattern(r"<([^<>]*)>")
_PARAMETER = prepare_pattern(
    r"""\s*;[\s;]*([^\s=;,"<>]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|'([^'"<>;,]*)'|([^\s;,"]*)))?""", re.DOTALL
)
_DEFAULT_PORTS = {"https": 443, "http": 80}


class Link(NamedTuple):
    """The part of a URL below the base URL: its path and query."""

    path: str
    query: Pairs

    @property
    def text(self) -> str:
        """Path and query as one text, which tells links apart."""
        return f"{self.path}?{urlencode(self.query)}"


def find_next_target(header: str) -> str | None:
    """Return the target of the first link of a Link header whose relation is `next`, or None."""
    for target, parameters in _parse_links(header):
        is_about_another = "anchor" in parameters
        if "next" in parameters.get("rel", "").lower().split() and not is_about_another:
            return target
    return None


def has_unreadable_links(header: str) -> bool:
    """Whether a Link header has something, but no link as the standard writes them."""
    return bool(header.strip(" ,")) and next(_parse_links(header), None) is None


def _parse_links(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the targets of a Link header with their parameters; what is not a link is left out."""
    position = _skip_separators(header, 0)
    while position < len(header):
        target = _TARGET.match(header, position)
        if target is not None:
            parameters, position = _parse_parameters(header, target.end())
            yield target[1].strip(), parameters
        comma = header.find(",", position)
        position = len(header) if comma < 0 else _skip_separators(header, comma)


def _skip_separators(header: str, position: int) -> int:
    match = _SEPARATORS.match(header, position)
    return match.end() if match else position


def _parse_parameters(header: str, position: int) -> tuple[dict[str, str], int]:
    """Return the parameters of a link, of several with one name the first, and where they end."""
    parameters: dict[str, str] = {}
    while match := _PARAMETER.match(header, position):
        name, quoted, in_apostrophes, token = match.groups()
        value = (
            re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL) if quoted is not None else in_apostrophes or token or ""
        )
        parameters.setdefault(name.lower(), value)
        position = match.end()
    return parameters, position


def resolve_link(request: Request, target: str, credential_names: frozenset[str]) -> Link | None:
    """Return what a URL of a reply names below the request's base URL; None for any other place.

    A relative URL is read from the request's own. Parameters that sign a request are left out: the next one is signed
    again. A secret that was masked in the reply's headers is the request's own.
    """
    target = target.strip()
    if not target:
        return None
    try:
        base = urlsplit(request.base_url)
        url = urlsplit(urljoin(request.base_url + request.path, target))
        if _find_origin(url) != _find_origin(base) or not url.path.startswith(base.path + "/"):
            return None
        path = url_policy.check_relative_path(url.path[len(base.path) :], "")
    except (ValueError, InvalidValue):  # a port or an IP address that is none, or a path out of bounds
        return None
    own_values = dict(request.query)
    pairs = [pair for pair in parse_qsl(url.query, keep_blank_values=True) if pair[0] not in credential_names]
    return Link(path, tuple((name, own_values.get(name, value) if value == MASK else value) for name, value in pairs))


def _find_origin(url: SplitResult) -> tuple[str, str | None, int | None, bool]:
    """Return the origin of a URL, and whether it has user and password. Raises ValueError."""
    return url.scheme, url.hostname, url.port or _DEFAULT_PORTS.get(url.scheme), "@" in url.netloc
