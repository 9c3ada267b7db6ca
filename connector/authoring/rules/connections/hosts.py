"""Rules of hosts: what may receive credentials, the base URLs and OAuth addresses that must be there, and clouds."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connector.authoring.draft import Violation
from connector.core.url_policy import may_receive_credentials
from connector.definition.connection_type import CLOUD_INPUT, PLACEHOLDER, URL_INPUTS
from connector.definition.suggest import did_you_mean
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.connection_type import Cloud, ConnectionType
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath

_HOST_PATTERN = prepare_pattern(r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?\Z")
_HOST_RULE, _URL_RULE, _INPUT_RULE, _CLOUD_RULE = "allowed-hosts", "base-url", "connection-inputs", "clouds"


@dataclass(frozen=True)
class _Place:
    """The hosts of the manifest, or of one of its clouds."""

    path: NodePath
    allowed_hosts: Sequence[str]
    cloud: Cloud | None = None


def check_allowed_hosts(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that `allowed_hosts` are host names, perhaps with inputs of every connection type in them."""
    if not file.model.allowed_hosts:
        yield Violation(("allowed_hosts",), _HOST_RULE, "list the hosts that may receive credentials.", key=True)
    for place in _iter_places(file.model):
        for index, host in enumerate(place.allowed_hosts):
            path = (*place.path, "allowed_hosts", index)
            names = PLACEHOLDER.findall(host)
            if not _is_host_name(host):
                message = f"{host!r} is not a host name such as api.example.com, or *.example.com for its subdomains."
                yield Violation(path, _HOST_RULE, message)
            yield from _check_placeholders(file.model, path, _HOST_RULE, names)
            if host.endswith("}") and names:
                yield from _check_whole_host(file.model, path, names[-1])


def check_base_urls(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that base URLs are well-formed and at their hosts, and that every connection has the inputs in braces."""
    for place in _iter_places(file.model):
        for word, url in _iter_urls(place.cloud or file.model):
            yield from _check_base_url(file.model, place, (*place.path, *word), url)


def _iter_urls(owner: Manifest | Cloud) -> Iterator[tuple[NodePath, str]]:
    """Yield the base URL and those of the servers that a manifest or a cloud says itself."""
    if owner.base_url is not None:
        yield ("base_url",), owner.base_url
    for name, url in owner.servers.items():
        yield ("servers", name), url


def _check_base_url(manifest: Manifest, place: _Place, path: NodePath, url: str) -> Iterator[Violation]:
    if re.search(r"[?#\s@]", url) or url.endswith("/"):
        message = "expected https://host/path, without a query, a user, or a slash at the end."
        yield Violation(path, _URL_RULE, message)
    yield from _check_placeholders(manifest, path, _URL_RULE, PLACEHOLDER.findall(url))
    are_valid = place.allowed_hosts and all(map(_is_host_name, place.allowed_hosts))
    types: list[ConnectionType | None] = [*manifest.connections.values()] or [None]
    if are_valid and not all(_is_allowed(url, place, connection_type) for connection_type in types):
        host = urlsplit(url).netloc
        message = f"{host} is not among `allowed_hosts`; it would receive no credentials."
        yield Violation(path, _HOST_RULE, message)


def check_oauth_urls(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that OAuth addresses are https at allowed hosts, in every cloud: elsewhere a sign-in is refused."""
    reported: set[NodePath] = set()
    for place in _iter_places(file.model):
        for name, connection_type in file.model.connections.items():
            for word in (*URL_INPUTS, "issuer") if connection_type.is_oauth else ():
                for violation in _check_oauth_url(place, ("connections", name), connection_type, word):
                    if violation.path not in reported:
                        yield violation
                    reported.add(violation.path)


def _check_oauth_url(place: _Place, path: NodePath, connection_type: ConnectionType, word: str) -> Iterator[Violation]:
    url, inside = getattr(place.cloud, word, None), (*place.path, word)
    is_own = url is not None
    if not is_own:
        field = connection_type.inputs.get(URL_INPUTS.get(word, ""))
        url, inside = getattr(connection_type, word), (*path, word)
        if field is not None and isinstance(field.default, str):
            url, inside = field.default, (*path, "inputs", URL_INPUTS[word], "default")
    if url is None:
        return
    if not url.startswith("https://"):
        yield Violation(inside, _INPUT_RULE, "secrets would be sent unencrypted; expected https://")
    elif place.allowed_hosts and not _is_allowed(url, place, connection_type):
        host = urlsplit(url).netloc
        message = f"{host} is not among `allowed_hosts`; a sign-in there is refused."
        if place.cloud is not None and not is_own:
            inside, message = place.path, f"{host} is not among its `allowed_hosts`; give it a `{word}` of its own."
        yield Violation(inside, _HOST_RULE, message, key=inside == place.path)


def check_clouds(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that clouds are apart: each has its base URL and its hosts, and no host belongs to two."""
    clouds = file.model.clouds
    if len(clouds) == 1:
        yield Violation(
            ("clouds",), _CLOUD_RULE, "one cloud is no choice; list the usual one and the others.", key=True
        )
    for name in file.model.connections if clouds else ():
        own_inputs = file.document.data.get("connections", {}).get(name, {}).get("inputs") or {}
        if CLOUD_INPUT in own_inputs:
            message = f"`clouds` adds an input {CLOUD_INPUT!r} to every connection; remove this one."
            yield Violation(("connections", name, "inputs", CLOUD_INPUT), _CLOUD_RULE, message, key=True)
    for index, (key, cloud) in enumerate(clouds.items()):
        if index == 0:
            for word in sorted(cloud.model_fields_set - {"label"}):
                message = f"the first cloud is the manifest's own, which says its `{word}`; remove it here."
                yield Violation(("clouds", key, word), _CLOUD_RULE, message, key=True)
            continue
        missing = [f"`{word}`" for word in ("base_url", "allowed_hosts") if not getattr(cloud, word)]
        if missing:
            yield Violation(("clouds", key), _CLOUD_RULE, f"add its {' and its '.join(missing)}.", key=True)
        yield from _check_servers_of_cloud(file.model, key, cloud)
    hosts = {key: file.model.allowed_hosts if not index else cloud.allowed_hosts
             for index, (key, cloud) in enumerate(clouds.items())}  # fmt: skip
    for first, second in combinations(hosts, 2):
        shared = next((host for host in hosts[second] if _overlaps(host, hosts[first])), None)
        if shared is not None:
            message = f"{shared!r} belongs to {first} too; a token of one cloud could go to the other."
            yield Violation(("clouds", second, "allowed_hosts"), _CLOUD_RULE, message)


def _check_servers_of_cloud(manifest: Manifest, key: str, cloud: Cloud) -> Iterator[Violation]:
    """Check that a cloud has a URL of its own for every server, and no other server."""
    for name in manifest.servers.keys() - cloud.servers.keys():
        message = f"add its `servers: {{{name}: ...}}`; its connections may not use the one of another cloud."
        yield Violation(("clouds", key), _CLOUD_RULE, message, key=True)
    for name in cloud.servers.keys() - manifest.servers.keys():
        message = f"the manifest has no server {name!r}.{did_you_mean(name, manifest.servers)}"
        yield Violation(("clouds", key, "servers", name), _CLOUD_RULE, message, key=True)


def _overlaps(host: str, others: Sequence[str]) -> bool:
    """Whether a pattern and one of others have a host in common; `*.x` is any name below x."""
    own = _sample(host)
    for other in map(_sample, others):
        shorter, longer = sorted((own.removeprefix("*"), other.removeprefix("*")), key=len)
        if own == other or (longer.endswith(shorter) and shorter.startswith(".")):
            return True
    return False


def _iter_places(manifest: Manifest) -> Iterator[_Place]:
    yield _Place((), manifest.allowed_hosts)
    for key, cloud in list(manifest.clouds.items())[1:]:
        yield _Place(("clouds", key), cloud.allowed_hosts, cloud)


def _check_placeholders(manifest: Manifest, path: NodePath, rule: str, names: Sequence[str]) -> Iterator[Violation]:
    """Check that every connection type has the inputs that a URL names, and needs them."""
    for name in dict.fromkeys(names):
        for type_name, connection_type in manifest.connections.items():
            key = connection_type.find_input(name)
            field = connection_type.inputs[key] if key is not None else None
            if field is None:
                hint = did_you_mean(name, connection_type.inputs)
                yield Violation(path, rule, f"the connection {type_name} has no input {name!r}.{hint}")
            elif not field.required and not field.has_default:
                message = f"the input {key!r} of {type_name} may be missing; write `required: true` there."
                yield Violation(path, rule, message)


def _check_whole_host(manifest: Manifest, path: NodePath, name: str) -> Iterator[Violation]:
    for type_name, connection_type in manifest.connections.items():
        key = connection_type.find_input(name)
        field = connection_type.inputs[key] if key is not None else None
        if field is not None and field.format != "host" and (not field.choices or field.allow_other):
            message = f"the input {key!r} of {type_name} is to be a whole host: write `format: host` there."
            yield Violation(path, _HOST_RULE, message)


def _is_host_name(host: str) -> bool:
    """Whether a text is a pattern of hosts; a placeholder is a label, and at the end of it the name of a host."""
    sample = re.sub(r"\{\w+\}\Z", "x.example", host)
    return _HOST_PATTERN.match(PLACEHOLDER.sub("x", sample)) is not None


def _is_allowed(url: str, place: _Place, connection_type: ConnectionType | None) -> bool:
    hosts = [_sample(host, connection_type) for host in place.allowed_hosts]
    return may_receive_credentials(_sample(url, connection_type), hosts)


def _sample(text: str, connection_type: ConnectionType | None = None) -> str:
    """Return a host or URL with a value for each placeholder: a label, or a whole host of that format."""

    def fill(match: re.Match[str]) -> str:
        label = match[1].lower().replace("_", "-")
        key = connection_type.find_input(match[1]) if connection_type else None
        is_host = connection_type.inputs[key].format == "host" if connection_type and key else text == match[0]
        return f"{label}.example" if is_host else label

    return PLACEHOLDER.sub(fill, text)
