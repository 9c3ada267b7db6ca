"""Where a connection's requests and credentials may go: its base URL, hosts and OAuth addresses, filled in and checked.

A value of a connection stands in a host as one label, or as a whole name where its input has `format: host`; in a path
or a query it is encoded. Hosts that a manifest or a cloud does not allow are refused here, before anything is sent.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.core import url_policy
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import preview
from connector.core.request.body import to_wire_text
from connector.definition.connection_type import CLOUD_INPUT, PLACEHOLDER, URL_INPUTS, find_placeholders
from connector.errors import InputError, Problem
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connector.definition.connection_type import Cloud, ConnectionType
    from connector.definition.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Site:
    """The base URL, the servers and the hosts of one connection, and the addresses of its OAuth server."""

    base_url: str = ""
    allowed_hosts: tuple[str, ...] = ()
    authorize_url: str = ""
    token_url: str = ""
    revoke_url: str = ""
    device_authorization_url: str = ""
    issuer: str = ""
    servers: Mapping[str, str] = field(default_factory=dict, hash=False)

    def find_url(self, server: str | None) -> str:
        """Return the URL that the requests to a server begin with; the base URL for none."""
        return self.base_url if server is None else self.servers[server]


NO_SITE = Site()


def resolve_site(manifest: Manifest, connection_type: ConnectionType, values: Mapping[str, Any]) -> Site:
    """Return the site of a connection. Raises InputError with every value that cannot stand in a URL."""
    filler = _Filler(connection_type, values)
    cloud = manifest.find_cloud(values.get(CLOUD_INPUT))
    base_url = manifest.find_url(None, cloud)
    templates = {name: manifest.find_url(name, cloud) for name in manifest.servers}
    hosts = manifest.allowed_hosts if cloud is None or not cloud.allowed_hosts else cloud.allowed_hosts
    urls = {word: filler.fill_url(_find_url(manifest, (connection_type, values), cloud, word)) for word in URL_INPUTS}
    issuer = filler.fill_url(connection_type.issuer or "")
    servers = {name: filler.fill_url(url) for name, url in templates.items()}
    site = Site(filler.fill_url(base_url), tuple(map(filler.fill_host, hosts)), issuer=issuer, servers=servers, **urls)
    problems = filler.problems
    if not problems and (base_url != manifest.base_url or site.base_url != base_url):
        problems = list(_check_base_url(site, site.base_url, filler, base_url))
    for name, template in () if problems else templates.items():
        if cloud is not None or site.servers[name] != template:
            problems += _check_base_url(site, site.servers[name], filler, template)
    if problems:
        raise InputError.from_problems("connection", problems)
    return site


def fill_known(text: str, connection_type: ConnectionType, values: Mapping[str, Any]) -> str:
    """Return a URL with the values that are known and valid; the other placeholders stay."""
    return _Filler(connection_type, values).fill_url(text)


def fill_text(text: str, connection_type: ConnectionType, values: Mapping[str, Any]) -> str | None:
    """Return a text with the values of inputs in it, or None when one of them was not given."""
    keys = {name: connection_type.find_input(name) for name in find_placeholders(text)}
    if not keys:
        return text
    if any(key is not None and values.get(key) is None for key in keys.values()):
        return None

    def replace_known(match: Any) -> str:
        key = keys[match[1]]
        return str(match[0]) if key is None else to_wire_text(values[key])

    return PLACEHOLDER.sub(replace_known, text)


def _find_url(
    manifest: Manifest, type_and_values: tuple[ConnectionType, Mapping[str, Any]], cloud: Cloud | None, word: str
) -> str:
    """Return an OAuth address: what was given, unless that is a cloud's own; else the cloud's, else the manifest's."""
    connection_type, values = type_and_values
    field = connection_type.inputs.get(URL_INPUTS[word])
    declared = (field.default if field else None) or getattr(connection_type, word)
    given = values.get(URL_INPUTS[word]) if field else None
    own_urls = [declared, *(getattr(other, word) for other in manifest.clouds.values())]
    cloud_url = getattr(cloud, word) if cloud is not None and connection_type.is_oauth else None
    if given is not None and given not in own_urls:
        return str(given)
    return str(cloud_url or declared or "")


def _check_base_url(site: Site, url: str, filler: _Filler, template: str) -> Iterator[Problem]:
    """Yield the problem of a base URL that is not at one of the site's hosts."""
    if not site.allowed_hosts or url_policy.may_receive_credentials(url, site.allowed_hosts):
        return
    key = next(filter(None, map(filler.find_key, PLACEHOLDER.findall(template))), CLOUD_INPUT)
    host = urlsplit(url).hostname or url
    yield Problem(key, preview(host), f"a host among {', '.join(site.allowed_hosts) or 'allowed_hosts'}")


class _Filler:
    """Puts the values of one connection into URLs, and collects the problems."""

    def __init__(self, connection_type: ConnectionType, values: Mapping[str, Any]) -> None:
        self._type, self._values = connection_type, values
        self._problems: dict[str, Problem] = {}

    @property
    def problems(self) -> list[Problem]:
        return list(self._problems.values())

    def find_key(self, name: str) -> str | None:
        return self._type.find_input(name)

    def fill_url(self, url: str) -> str:
        scheme, separator, rest = url.partition("://")
        if not separator or not PLACEHOLDER.search(url):
            return url
        host_end = min((rest.find(sign) for sign in "/?#" if sign in rest), default=len(rest))
        host, path = rest[:host_end], rest[host_end:]
        return f"{scheme}://{self.fill_host(host)}{self._fill(path, lambda _, value: _check_segment(value))}"

    def fill_host(self, host: str) -> str:
        return self._fill(host, self._check_host_value)

    def _fill(self, text: str, check: Callable[[str, Any], str]) -> str:
        def replace_value(match: Any) -> str:
            key, unfilled = self.find_key(match[1]), str(match[0])
            if key is None:
                return unfilled
            field, value = self._type.inputs[key], self._values.get(key)
            if value is None:
                self._problems[key] = Problem(key, "nothing", f"a value, which is part of a URL: {field.help}")
                return unfilled
            try:
                return check(key, value)
            except InvalidValue as invalid:
                shown = preview(value, is_secret=field.secret)
                self._problems[key] = Problem(key, shown, invalid.expected, invalid.fix)
                return unfilled

        return PLACEHOLDER.sub(replace_value, text)

    def _check_host_value(self, key: str, value: Any) -> str:
        if self._type.inputs[key].format == "host":
            return url_policy.check_host(str(value))
        text = str(value)
        if not text.isascii() or not text.replace("-", "").isalnum() or text.startswith("-") or text.endswith("-"):
            raise InvalidValue("one part of a host name: letters, digits and hyphens")
        return text


def _check_segment(value: Any) -> str:
    text = to_wire_text(value)
    if text in (".", "..") or not text:
        raise InvalidValue("a name", "a path cannot hold . or ..")
    return url_policy.encode_path_segment(text)
