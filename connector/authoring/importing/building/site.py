"""Where an API is: base URL, hosts and other servers, made of the servers that operations name."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.authoring.importing.building.texts import join_key, split_words, to_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.authoring.importing.building.words import Words
    from connector.authoring.importing.description import Operation
    from connector.authoring.importing.document import ApiDocument

DOMAIN_INPUT = "domain"
_STAND_IN = re.compile(r"(?:your|my|example)[-_a-z]*\.(?=[a-z0-9-]+\.[a-z])|<[^<>]+>\.", re.IGNORECASE)
_VARIABLE = re.compile(r"\{([^{}]+)\}")


class NotRunnableError(ValueError):
    """An operation that the format cannot send; the message says why."""


@dataclass(frozen=True)
class ApiSite:
    """The base URL with what requests add to it, by server; `inputs` are those of connections that URLs need."""

    base_url: str
    allowed_hosts: tuple[str, ...]
    inputs: dict[str, Words] = field(default_factory=dict)
    servers: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    places: dict[str, tuple[str | None, str]] = field(default_factory=dict)

    def locate(self, operation: Operation) -> tuple[str | None, str]:
        """Return the server of an operation, None for the base URL, and the beginning of its path there.

        Raises NotRunnableError where it is at a host that is no server of the connector.
        """
        url = read_server(operation)
        if url not in self.places:
            raise NotRunnableError(f"it is at another host: {url}")
        return self.places[url]


def read_server(operation: Operation) -> str:
    """Return the URL of an operation's first server, in https and with the defaults of variables in its path."""
    url = next((url for url in operation.servers if url.startswith("https://")), next(iter(operation.servers), ""))
    return _normalise(url, operation.document)


def _normalise(url: str, document: ApiDocument) -> str:
    variables = _find_variables(document, url)
    scheme, _, rest = url.rpartition("://")
    host, slash, path = rest.partition("/") if scheme else ("", "/", url.lstrip("/"))
    path = _VARIABLE.sub(lambda match: str(variables.get(match[1], {}).get("default", match[1])), path)
    host = re.sub(r":\{[^{}]+\}$", "", host)
    host = _VARIABLE.sub(
        lambda match: match[0] if _is_open(variables.get(match[1])) else str(variables[match[1]]["default"]), host
    )
    host = _STAND_IN.sub("{site}.", host, count=1)
    host = _VARIABLE.sub(lambda match: "{" + (join_key(split_words(match[1])) or "site") + "}", host)
    return f"{'https://' + host if host else ''}{slash}{path}".rstrip("/")


def _is_open(variable: Any) -> bool:
    """Whether a variable of a host is for the caller to say: it has choices, or no default that is a host's part."""
    default = str(variable.get("default") or "") if isinstance(variable, dict) else ""
    has_choices = isinstance(variable, dict) and isinstance(variable.get("enum"), list) and len(variable["enum"]) > 1
    return (
        has_choices
        or not re.fullmatch(r"[A-Za-z0-9.-]+", default)
        or bool(re.match(r"(?i)your|my|example|sub|domain|tenant", default))
    )


def _find_variables(document: ApiDocument, url: str) -> dict[str, Any]:
    servers = document.data.get("servers")
    for server in servers if isinstance(servers, list) else ():
        if isinstance(server, dict) and server.get("url") == url and isinstance(server.get("variables"), dict):
            return {str(name): item for name, item in server["variables"].items() if isinstance(item, dict)}
    return {}


def find_site(operations: Sequence[Operation], base_url: str | None = None) -> ApiSite:
    """Return the site of a description: the host of most operations, below the path that all of these share.

    A base URL that is given at this host has the operations below it; the others there are at another server.
    """
    counts = Counter(map(read_server, operations))
    hosts: Counter[str] = Counter()
    for url, count in counts.items():
        hosts[_split_url(url)[0]] += count
    main = hosts.most_common(1)[0][0] if hosts else ""
    paths = [_split_url(url)[1] for url in counts if _split_url(url)[0] == main]
    given_host, given_path = _split_url(base_url.rstrip("/")) if base_url else ("", "")
    shared = given_path if main and given_host == main else _find_shared_path(paths)
    places: dict[str, tuple[str | None, str]] = {}
    for url, (host, path) in ((url, _split_url(url)) for url in counts):
        if host == "" or (host == main and f"{path}/".startswith(f"{shared}/")):
            places[url] = (None, path.removeprefix(shared))
    servers: dict[str, str] = {}
    for url in sorted(counts):
        if url not in places and _may_be_server(url):
            key = _choose_server_key(url, servers)
            servers[key] = url
            places[url] = (key, "")
    base = base_url.rstrip("/") if base_url else f"{main or 'https://{' + DOMAIN_INPUT + '}'}{shared}"
    host = urlsplit(base).netloc
    inputs = {} if base_url else _build_inputs(host, [operation.document for operation in operations])
    allowed = (host, *sorted({urlsplit(url).netloc for url in servers.values()} - {host}))
    others = sorted({url for operation in operations for url in operation.servers[1:]} - set(counts))
    notes = tuple(f"also at {url}" for url in others[:10])
    return ApiSite(base, allowed, inputs, servers, notes, places)


def _split_url(url: str) -> tuple[str, str]:
    """Return scheme and host, and the path."""
    match = re.match(r"(https://[^/]*)?(.*)\Z", url)
    assert match is not None
    return match[1] or "", match[2]


def _may_be_server(url: str) -> bool:
    return bool(re.fullmatch(r"https://[A-Za-z0-9.-]+\.[A-Za-z]{2,}(/[^\s?#{}]*)?", url))


def _choose_server_key(url: str, taken: dict[str, str]) -> str:
    host, path = urlsplit(url).netloc, urlsplit(url).path
    stem = join_key(split_words(host.split(".")[0])) or "other"
    options = (
        stem,
        join_key([*split_words(stem), *split_words(path)]),
        *(f"{stem}{number}" for number in range(2, 99)),
    )
    return next(key for key in options if key not in taken)


def _find_shared_path(paths: list[str]) -> str:
    if not paths:
        return ""
    shared = paths[0].split("/")
    for path in paths[1:]:
        parts = path.split("/")
        length = next((n for n, pair in enumerate(zip(shared, parts, strict=False)) if pair[0] != pair[1]), None)
        shared = shared[: min(len(shared), len(parts)) if length is None else length]
    return "/".join(shared)


def _build_inputs(host: str, documents: Sequence[ApiDocument]) -> dict[str, Words]:
    """Return the inputs of every connection that a host has in braces."""
    inputs: dict[str, Words] = {}
    for name in _VARIABLE.findall(host):
        is_host = host == f"{{{name}}}"
        variable = next(filter(None, (_find_by_key(document, name) for document in documents)), {})
        words: Words = {"label": to_title(name), "help": _explain_host(host, name, is_host=is_host), "type": "string"}
        choices = [str(value) for value in variable.get("enum") or [] if re.fullmatch(r"[A-Za-z0-9-]+", str(value))]
        if choices and variable.get("default") in choices:
            words |= {"default": variable["default"], "choices": {choice: choice for choice in choices}}
        else:
            words["required"] = True
        if is_host:
            words["format"] = "host"
        inputs[name] = words
    return inputs


def _find_by_key(document: ApiDocument, key: str) -> dict[str, Any]:
    servers = document.data.get("servers")
    for server in servers if isinstance(servers, list) else ():
        variables = server.get("variables") if isinstance(server, dict) else None
        for name, item in variables.items() if isinstance(variables, dict) else ():
            if join_key(split_words(str(name))) == key and isinstance(item, dict):
                return item
    return {}


def _explain_host(host: str, name: str, *, is_host: bool) -> str:
    if is_host:
        return "The host of the service, without https://."
    return f"The part of the address in the place of <{name}>: {host.replace('{', '<').replace('}', '>')}."
