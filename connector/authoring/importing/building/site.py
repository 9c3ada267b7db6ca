"""Where an API is: base URL, hosts and other servers, made of the servers that operations name."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.authoring.importing.building.texts import join_key, split_words, to_title
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.authoring.importing.building.words import Words
    from connector.authoring.importing.description import Operation
    from connector.authoring.importing.document import ApiDocument

DOMAIN_INPUT = "domain"
_UNKNOWN = f"https://{{{DOMAIN_INPUT}}}"  # the host of a description that names none
_STAND_IN = prepare_pattern(r"(?:your|my|example)[-_a-z]*\.(?=[a-z0-9-]+\.[a-z])|<[^<>]+>\.", re.IGNORECASE)
_VARIABLE = prepare_pattern(r"\{([^{}]+)\}")
_HOST = prepare_pattern(r"[A-Za-z0-9.{}-]+(?:\.[A-Za-z]{2,}|\})(?::\d+)?")


class NotRunnableError(ValueError):
    """An operation that the format cannot send; the message says why."""


@dataclass(frozen=True)
class WrittenManifest:
    """What the manifest of a folder says: the actions there are below its URLs, and so are those that come.

    `redacted` are the fields that it redacts.
    """

    base_url: str
    servers: Mapping[str, str] = field(default_factory=dict)
    redacted: tuple[str, ...] = ()


@dataclass(frozen=True)
class ApiSite:
    """The base URL, and other servers by name; `inputs` are those of connections that URLs need.

    An operation of `own_host`, the one that descriptions name, is at the base URL if its path begins with `own_path`.
    """

    base_url: str
    allowed_hosts: tuple[str, ...] = ()
    inputs: dict[str, Words] = field(default_factory=dict)
    servers: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    own_host: str = ""
    own_path: str = ""

    def locate(self, operation: Operation) -> tuple[str | None, str]:
        """Return the server of an operation, None for the base URL, and its path there.

        Raises NotRunnableError where it is at a host that is no server of the connector.
        """
        url = read_server(operation)
        host, path = _split_url(url)
        path += operation.path
        if host == "" or (host == self.own_host and _is_below(path, self.own_path)):
            return None, path.removeprefix(self.own_path)
        keys = [key for key, server in self.servers.items() if _is_below(url + operation.path, server)]
        if not keys:
            raise NotRunnableError(f"it is at another host: {url}")
        key = max(keys, key=lambda one: len(self.servers[one]))
        return key, (url + operation.path).removeprefix(self.servers[key])


def _is_below(url: str, start: str) -> bool:
    """Whether a URL, or a path, begins with another one and goes on."""
    return url.startswith(f"{start}/")


def read_server(operation: Operation) -> str:
    """Return the URL of an operation's first server, in https and with the defaults of variables in its path."""
    url = next((url for url in operation.servers if url.startswith("https://")), next(iter(operation.servers), ""))
    return _normalise(url, operation.document)


def _normalise(url: str, document: ApiDocument) -> str:
    variables = _find_variables(document, url)
    if match := re.match(r"\{([^{}]+)\}(?=/|\Z)", url):  # all of an address, or its beginning
        url = str(variables.get(match[1], {}).get("default") or "") + url[match.end() :]
    scheme, _, rest = re.split(r"[?#]", url)[0].rpartition("//")
    if scheme or url.startswith("//"):
        host, slash, path = rest.rpartition("@")[2].partition("/")
    else:
        host, slash, path = "", "/", re.sub(r"\A(?:\.{0,2}/)+|\A\.{1,2}\Z", "", rest)
    path = _VARIABLE.sub(lambda match: str(variables.get(match[1], {}).get("default", match[1])), path)
    host = re.sub(r":\{[^{}]+\}$", "", host)
    host = _VARIABLE.sub(
        lambda match: match[0] if _is_open(variables.get(match[1])) else str(variables[match[1]]["default"]), host
    )
    host = _STAND_IN.sub("{site}.", host, count=1)
    host = _VARIABLE.sub(lambda match: "{" + (join_key(split_words(match[1])) or "site") + "}", host)
    if host and not _HOST.fullmatch(host):  # a machine of its author's, as localhost:8080 is
        host = ""
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
    for server in _iter_servers(document) if "{" in url else ():
        if str(server.get("url")).strip() == url and isinstance(server.get("variables"), dict):
            return {str(name): item for name, item in server["variables"].items() if isinstance(item, dict)}
    return {}


def _iter_servers(document: ApiDocument) -> Iterator[dict[str, Any]]:
    """Yield the servers of a document, then those that its paths and their operations have of their own."""
    paths = document.data.get("paths")
    items = [item for item in paths.values() if isinstance(item, dict)] if isinstance(paths, dict) else []
    operations = [operation for item in items for operation in item.values() if isinstance(operation, dict)]
    for owner in (document.data, *items, *operations):
        servers = owner.get("servers")
        yield from (one for one in servers if isinstance(one, dict)) if isinstance(servers, list) else ()


def find_site(
    operations: Sequence[Operation], base_url: str | None = None, written: WrittenManifest | None = None
) -> ApiSite:
    """Return the site of a description: the host of most operations, below the path that all of these share.

    A base URL that a manifest has, or that is given, is where the operations below it are; the others at its host are
    at another server. So what is selected does not move the actions that a folder has.
    """
    counts = Counter(map(read_server, operations))
    hosts: Counter[str] = Counter()
    for url, count in counts.items():
        hosts[_split_url(url)[0]] += count
    host, path = _split_url((written.base_url if written else base_url or "").rstrip("/"))
    host = "" if host == _UNKNOWN else host
    main = host if host in hosts else next(iter(hosts.most_common(1)), ("",))[0]
    own = [operation for operation in operations if _split_url(read_server(operation))[0] == main]
    is_pinned = bool((written or base_url) and (path or not main or host == main)) and any(
        _is_below(_split_url(read_server(one) + one.path)[1], path) for one in own
    )
    own_path = path if is_pinned else _find_shared_path([_split_url(url)[1] for url in map(read_server, own)])
    base = base_url.rstrip("/") if base_url else f"{main or _UNKNOWN}{own_path}"
    site = ApiSite(base, own_host=main, own_path=own_path, servers=dict(written.servers) if written else {})
    servers = _find_servers(operations, site)
    host = urlsplit(base).netloc
    others = sorted({url for operation in operations for url in operation.servers[1:]} - set(counts))
    return replace(
        site,
        allowed_hosts=(host, *sorted({urlsplit(url).netloc for url in servers.values()} - {host})),
        inputs=_build_inputs(host, [operation.document for operation in operations]),
        servers=servers,
        notes=tuple(f"also at {url}" for url in others[:10]),
    )


def _find_servers(operations: Sequence[Operation], site: ApiSite) -> dict[str, str]:
    """Return the servers of operations that are not at the base URL: those that are known, and new ones."""
    servers, used = dict(site.servers), set()
    for operation in sorted(operations, key=read_server):
        url = read_server(operation)
        try:
            used.add(replace(site, servers=servers).locate(operation)[0])
        except NotRunnableError:
            if _may_be_server(url):
                key = _choose_server_key(url, servers)
                servers[key] = url
                used.add(key)
    return {key: url for key, url in servers.items() if key in used}


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
        variable = next(filter(None, (_find_by_key(document, name) for document in documents)), {})
        words: Words = {"label": to_title(name), "help": _explain_host(host, name), "type": "string"}
        choices = [str(value) for value in variable.get("enum") or [] if re.fullmatch(r"[A-Za-z0-9.-]+", str(value))]
        if choices and variable.get("default") in choices:
            words |= {"default": variable["default"], "choices": {choice: choice for choice in choices}}
        else:
            words["required"] = True
            if host.endswith(f"{{{name}}}"):  # the domain itself, which decides whose host it is
                words["format"] = "host"
        inputs[name] = words
    return inputs


def _find_by_key(document: ApiDocument, key: str) -> dict[str, Any]:
    for server in _iter_servers(document):
        variables = server.get("variables")
        for name, item in variables.items() if isinstance(variables, dict) else ():
            if join_key(split_words(str(name))) == key and isinstance(item, dict):
                return item
    return {}


def _explain_host(host: str, name: str) -> str:
    if host == f"{{{name}}}":
        return "The host of the service, without https://."
    return f"The part of the address in the place of <{name}>: {host.replace('{', '<').replace('}', '>')}."
