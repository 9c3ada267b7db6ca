"""Proxy and certificate settings from the environment, the same for every HTTP library.

HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, lower case first; loopback never goes through a proxy.
"""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from connector.core.http_semantics import DEFAULT_PORTS
from connector.core.url_policy import is_loopback_host
from connector.first_use import dataclass

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_DEFAULT_PORTS = {**DEFAULT_PORTS, "socks5": 1080, "socks5h": 1080}


class NetworkSettingError(Exception):
    """A setting of the process forbids a request; `kind` is proxy, tls or guard. The message holds no credential."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True, repr=False)
class Proxy:
    """A proxy: scheme (http, https, socks5, socks5h), host, port, and (user, password)."""

    scheme: str
    host: str
    port: int
    credentials: tuple[str, str] | None = None

    @property
    def url(self) -> str:
        """The URL, without credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS 5; it then resolves host names."""
        return self.scheme.startswith("socks")

    def __repr__(self) -> str:
        return f"<Proxy {self.url}>"


def find_proxy(scheme: str, host: str, port: int) -> Proxy | None:
    """Return the proxy for a host, or None. Raises NetworkSettingError."""
    proxy_urls = _read_settings()
    url = proxy_urls.get(scheme) or proxy_urls.get("all")
    if not url or is_loopback_host(host) or _bypasses_proxy(host.lower(), port, proxy_urls.get("no", "")):
        return None
    return _parse_proxy(url, f"{scheme.upper()}_PROXY" if proxy_urls.get(scheme) else "ALL_PROXY")


def _read_settings() -> dict[str, str]:
    """Return the URLs of proxies by scheme, "all" or "no"."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return {}
    from urllib.request import getproxies_environment  # with which come email and http, which nothing else here needs

    return getproxies_environment()


def read_certificate_paths() -> tuple[str, str]:
    """Return the file and folder of trusted certificates that replace the library's own; "" for none."""
    return os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", "")


def _parse_proxy(url: str, variable: str) -> Proxy:
    try:
        parts: SplitResult = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise NetworkSettingError("proxy", f"{variable} is not a URL") from None
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise NetworkSettingError("proxy", f"{variable} must be an http, https, socks5 or socks5h URL")
    credentials = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return Proxy(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], credentials)


def _bypasses_proxy(host: str, port: int, exceptions: str) -> bool:
    """Whether NO_PROXY has the host, a parent domain, its network or `*`, perhaps with a port."""
    return any(_matches_no_proxy(host, port, rule.strip().lower()) for rule in exceptions.split(",") if rule.strip())


def _matches_no_proxy(host: str, port: int, rule: str) -> bool:
    if rule == "*":
        return True
    name, _, rule_port = rule.rpartition(":") if rule.count(":") == 1 or rule.startswith("[") else (rule, "", "")
    if rule_port.isdigit():
        if int(rule_port) != port:
            return False
        rule = name
    rule = rule.strip("[]")
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(rule, strict=False)
    except ValueError:
        rule = rule.removeprefix("*").lstrip(".")
        return host == rule or host.endswith(f".{rule}")
