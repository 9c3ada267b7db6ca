"""Rules for paths, headers and URLs, checked before a request is sent."""

from __future__ import annotations

import codecs
import ipaddress
import re
from dataclasses import field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from connector.core.http_semantics import DEFAULT_PORTS
from connector.core.invalid_value import InvalidValue
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

for _codec in ("idna", "utf-16-be"):  # of URLs and of redaction; now, as no file may be left to load them from later
    codecs.lookup(_codec)
_HEADER_NAME_PATTERN = prepare_pattern(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")  # RFC 9110, 5.6.2
HEADER_VALUE_PATTERN = prepare_pattern(r"[\t\x20-\x7e]*\Z")
_HOST_NAME_PATTERN = prepare_pattern(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\Z")  # some libraries end a host at a backslash
_NUMBER_PATTERN = prepare_pattern(
    r"(?:[0-9]+|0x[0-9a-f]*)\Z"
)  # what the system's resolver takes for a part of an address
_PRIVATE_SUFFIXES = frozenset({  # last labels that the public name system does not have: private networks, RFC 6761
    "localhost", "localdomain", "local", "internal", "intranet", "private", "lan", "home", "corp", "workgroup",
    "domain", "arpa", "svc", "cluster", "pod", "node", "service", "consul", "docker", "k8s", "kube", "kubernetes",
    "test", "invalid", "onion", "alt",
})  # fmt: skip
_PATH_PATTERN = prepare_pattern(r"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*\Z")  # RFC 3986, 3.3
_RESERVED_HEADERS = {
    "host": "it follows from the base URL", "authorization": "it comes from the connection",
    "content-length": "it follows from the body", "transfer-encoding": "it follows from the body",
    "cookie": "cookies are not kept", "connection": "it belongs to the transport", "te": "it belongs to the transport",
    "upgrade": "it belongs to the transport", "keep-alive": "it belongs to the transport",
    "trailer": "it belongs to the transport", "expect": "it belongs to the transport",
}  # fmt: skip


def encode_path_segment(value: str, *, twice: bool = False) -> str:
    """Encode a value as one path segment; with `twice`, encode a UUID that starts with / or contains // twice."""
    if value.isascii() and value.isalnum():
        return value
    encoded = quote(value, safe="")
    return quote(encoded, safe="") if twice and (value.startswith("/") or "//" in value) else encoded


def check_relative_path(path: str, base_path: str) -> str:
    """Return a caller's path if it stays below the base URL. Raises InvalidValue with a corrected suggestion.

    `base_path` is the path of the base URL, such as /v2.
    """
    expected = "a path below the base URL that begins with one /, already encoded"
    bare_path, *query = re.split("[?#]", path, maxsplit=1)
    query_advice = " and give the query as query parameters (-q NAME=VALUE on the command line)" if query else ""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", path) or path.startswith(("//", "\\")):
        inner_path = _strip_base_path(base_path, re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*:)?[/\\]+[^/\\?#]*", "", bare_path))
        raise InvalidValue(
            expected,
            "the host is fixed" + (f"; write {inner_path!r}{query_advice}" if _PATH_PATTERN.match(inner_path) else ""),
        )
    if query:
        suggestion = _strip_base_path(base_path, _encode_path("/" + bare_path.lstrip("/")))
        raise InvalidValue(expected, f"write {suggestion!r}{query_advice}" if suggestion else "")
    if not path.startswith("/"):
        suggestion = _strip_base_path(base_path, "/" + path)
        raise InvalidValue(expected, f"write {suggestion!r}" if _PATH_PATTERN.match(suggestion) else "begin with /")
    if not _PATH_PATTERN.match(path):
        suggestion = _encode_path(path)
        raise InvalidValue(expected, suggestion and f"write {suggestion!r}")
    if _strip_base_path(base_path, path) != path:
        raise InvalidValue(
            expected, f"{base_path} is in the base URL already; write {_strip_base_path(base_path, path)!r}"
        )
    if "//" in path or _has_dot_segments(path):
        raise InvalidValue(expected, "without empty segments, . and ..")
    return path


def _encode_path(path: str) -> str:
    """Percent-encode the characters that a path cannot hold; return "" for an unprintable path.

    A % that encodes nothing is encoded as text.
    """
    if not path.isprintable():
        return ""
    return quote(re.sub("%(?![0-9A-Fa-f]{2})", "%25", path), safe="/%:@!$&'()*+,;=~")


def _strip_base_path(base_path: str, path: str) -> str:
    """Return a path without the leading path of the base URL."""
    has_base_path = base_path and (path == base_path or path.startswith(base_path + "/"))
    return path[len(base_path) :] or "/" if has_base_path else path


def _has_dot_segments(path: str) -> bool:
    """Whether a segment is . or .. after repeated decoding, as servers may do it."""
    previous = ""
    while path != previous:
        if any(part.split(";")[0] in (".", "..") for part in re.split(r"[/\\]", path)):
            return True
        previous, path = path, unquote(path)
    return False


def has_url_characters(text: str) -> bool:
    """Whether a text holds only characters that a URL may hold; libraries read any other in different ways."""
    return text.isascii() and text.isprintable() and not any(char in text for char in ' \\"<>')


def check_header(name: str, value: str) -> tuple[str, str]:
    """Return a header that a caller may set. Raises InvalidValue."""
    if not _HEADER_NAME_PATTERN.match(name):
        raise InvalidValue("header names of letters, digits and hyphens", f"check {name!r:.60}")
    reason = _RESERVED_HEADERS.get(name.lower()) or (
        "it belongs to the transport" if name.lower().startswith("proxy-") else ""
    )
    if reason:
        raise InvalidValue("headers that a caller may set", f"leave {name} out: {reason}")
    if not HEADER_VALUE_PATTERN.match(value):
        raise InvalidValue("header values of printable ASCII on one line", f"check the value of {name}")
    return name, value


def check_headers(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return headers that a caller may set, each once. Raises InvalidValue with every problem."""
    accepted: dict[str, tuple[str, str]] = {}
    expected_by_fix: dict[str, str] = {}
    for name, value in pairs:
        if name.lower() in accepted:
            expected_by_fix[f"{name} is repeated"] = "each header once"
            continue
        try:
            accepted[name.lower()] = check_header(name, value)
        except InvalidValue as invalid:
            expected_by_fix[invalid.fix] = invalid.expected
    if expected_by_fix:
        raise InvalidValue(", and ".join(dict.fromkeys(expected_by_fix.values())), "; ".join(expected_by_fix))
    return tuple(accepted.values())


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of an http or https URL without user and password.

    `host` is in lower case, as ASCII (IDNA) and without brackets; `text` is the origin as the URL spells it.
    """

    scheme: str
    host: str
    port: int | None
    text: str = field(compare=False)
    is_name: bool  # whether the host is a name or an IPv4 address that every library reads alike

    @classmethod
    def parse(cls, url: str) -> Origin | None:
        """Return the origin of a URL, or None when it has none."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").encode("idna").decode().lower(), parts.port
        except (ValueError, UnicodeError):
            return None
        if parts.scheme not in DEFAULT_PORTS or not host or "@" in parts.netloc:
            return None
        is_name = "[" not in parts.netloc and _is_read_alike(host)
        return cls(parts.scheme, host, port, url[: url.index("//") + 2] + parts.netloc, is_name)

    @property
    def is_standard_https(self) -> bool:
        """Whether it is https on the usual port, at a host with a name."""
        return self.scheme == "https" and self.port in (None, DEFAULT_PORTS["https"]) and self.is_name

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine, where a token may be sent in clear text."""
        return is_loopback_host(self.host)

    @property
    def is_public(self) -> bool:
        """Whether it is https at a name with a dot: no address, and no name of a private network."""
        _, dot, last_label = self.host.rpartition(".")
        is_private = not dot or _NUMBER_PATTERN.match(last_label) is not None or last_label in _PRIVATE_SUFFIXES
        return self.is_standard_https and not is_private


def _is_read_alike(host: str) -> bool:
    """Whether every library reads a host alike: a name, or an IPv4 address of four decimal numbers.

    A name whose last label is a number is an address to the system, in one of its many spellings: 127.1, 10.0x1.
    """
    if not _NUMBER_PATTERN.match(host.rpartition(".")[2]):
        return _HOST_NAME_PATTERN.match(host) is not None
    try:
        return str(ipaddress.IPv4Address(host)) == host
    except ValueError:
        return False


def parse_origin(url: str) -> Origin | None:
    """Return the origin of a URL where a request may go at all: https, or http on loopback; else None."""
    origin = Origin.parse(url)
    is_allowed = origin is not None and (origin.is_loopback or (origin.scheme == "https" and origin.is_name))
    return origin if is_allowed else None


def may_receive_credentials(url: str, allowed_hosts: Iterable[str]) -> bool:
    """Whether credentials may go to a URL: https, port 443, a host of the list; `*.x` is any name under x."""
    origin = Origin.parse(url)
    if origin is None or not origin.is_standard_https:
        return False
    patterns = map(str.lower, allowed_hosts)  # after the star is a dot, and no host begins with one
    return any(origin.host.endswith(name[1:]) if name[:2] == "*." else origin.host == name for name in patterns)


def check_base_url(url: object) -> str:
    """Return a base URL set by the process owner: https, or http on loopback. Raises InvalidValue."""
    expected = "https://HOST/PATH, or http on loopback"
    if not isinstance(url, str) or "://" not in url:
        raise InvalidValue(expected, "begin with https://, or http:// on loopback")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InvalidValue(expected) from None
    if parts.username is not None or parts.query or parts.fragment or not host:
        raise InvalidValue(expected, "without user, query or fragment")
    if parts.scheme != "https" and not is_loopback_url(url):
        raise InvalidValue(expected, "a token must not be sent in clear text")
    return url.rstrip("/")


def move_to_server(override: str, base_url: str, server_url: str) -> str:
    """Return where a server is when another base URL replaces the service's own: there, with its own path.

    `http://localhost:8080/v2` in place of `https://api.example.com/v2` makes `https://uploads.example.com/up` into
    `http://localhost:8080/up`. What precedes the base URL's own path, as a proxy's does, stays.
    """
    if override == base_url:
        return server_url
    path = urlsplit(base_url).path.rstrip("/")
    return override.removesuffix(path) + urlsplit(server_url).path.rstrip("/") if override.endswith(path) else override


def check_host(text: str) -> str:
    """Return the name of a public host in lower case, as ASCII. Raises InvalidValue.

    Addresses, names of this machine and of private networks are refused: who says the host may be anybody.
    """
    host = text.strip()
    origin = Origin.parse(f"https://{host}") if has_url_characters(host) or not host.isascii() else None
    if origin is None or origin.text != f"https://{host}" or origin.port is not None or not origin.is_public:
        fix = "without https://, port and path; not an address, and not a name of a private network"
        raise InvalidValue("the name of a public host, such as git.example.com", fix)
    return origin.host


def is_loopback_url(url: str) -> bool:
    """Whether a URL is http or https on this machine, where a token may be sent in clear text."""
    origin = Origin.parse(url)
    return origin is not None and origin.is_loopback


def is_loopback_host(host: str) -> bool:
    """Whether a host is a loopback address or localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
