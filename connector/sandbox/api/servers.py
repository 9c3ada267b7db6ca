"""The servers of an API: which of them a request is for, by its host and the beginning of its path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from connector.definition.connection_type import PLACEHOLDER

if TYPE_CHECKING:
    from connector.definition.manifest import Manifest


class _KnownServer(NamedTuple):
    """A server by its name, None for the base URL: its hosts and URLs in all clouds, and the path of its URL."""

    name: str | None
    path: str
    paths: re.Pattern[str]  # with any value of a connection in it
    hosts: re.Pattern[str]
    urls: re.Pattern[str]


class ApiPath(NamedTuple):
    """A path below the URL of the servers that it can be of; None is the base URL."""

    path: str
    servers: frozenset[str | None]


class Servers:
    """The base URL and the servers of a manifest. One address serves all of them, told apart by their paths."""

    def __init__(self, manifest: Manifest) -> None:
        self._servers = [_build_server(manifest, name) for name in (None, *manifest.servers)]
        self._servers.sort(key=lambda server: -len(server.path))
        self.base_path = next(server.path for server in self._servers if server.name is None)

    def split_path(self, path: str, host: str = "") -> ApiPath | None:
        """Return what a path is below the longest path of a server at its host that it begins with; None for none.

        Where servers of the host are known, it is one of theirs; a host of this machine may be that of any.
        """
        matching = [item for item in self._servers if item.paths.match(path)]
        named = [item for item in matching if item.hosts.fullmatch(host)] or matching
        found = named[0].paths.match(path) if named else None
        if found is None:
            return None
        servers = [item for item in named if item.paths.match(found[0])]
        return ApiPath(path[found.end(1) :], frozenset(item.name for item in servers))

    def find_path(self, url: str) -> str:
        """Return the path of the server that a request's base URL is of; that of the manifest's for any other."""
        path = urlsplit(url).path
        is_known = any(item.urls.fullmatch(url) or item.paths.fullmatch(f"{path}/") for item in self._servers)
        return path if is_known else self.base_path


def _build_server(manifest: Manifest, name: str | None) -> _KnownServer:
    urls = {manifest.find_url(name, cloud) for cloud in (None, *manifest.clouds.values())}
    path = urlsplit(manifest.find_url(name)).path.rstrip("/")
    hosts = {urlsplit(url).netloc for url in urls}
    return _KnownServer(name, path, re.compile(f"({_to_pattern(path)})/"), _compile(hosts), _compile(urls))


def _compile(templates: set[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(_to_pattern, sorted(templates))), re.IGNORECASE)


def _to_pattern(template: str) -> str:
    return "[^/]+".join(map(re.escape, PLACEHOLDER.split(template)[::2]))
