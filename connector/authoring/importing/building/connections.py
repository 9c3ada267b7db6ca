"""Connection types made of security schemes, by their shape."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from connector.authoring.importing.building.texts import first_sentence, join_key, split_words, to_title
from connector.authoring.importing.building.words import Words, sort_input_words
from connector.authoring.importing.evidence.scope_lists import read_scope_lists
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connector.authoring.importing.building.site import ApiSite
    from connector.authoring.importing.description import Operation
    from connector.authoring.importing.document import ApiDocument

_MOST_NEEDED = 8  # a longer list names all scopes that there are
Option = tuple[str, ...]  # names of schemes that a request needs together
_KEYS = {
    "bearer": "accessToken",
    "basic": "basicAuth",
    "oauth2": "oauth",
    "oauth2_client_credentials": "clientCredentials",
}


@dataclass
class Connections:
    """The connection types of a description, and which of them each way to sign in has become."""

    types: dict[str, Words] = field(default_factory=dict)
    hosts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    keys_by_option: dict[Option, tuple[str, ...]] = field(default_factory=dict)
    lists_alternatives: bool = False  # any one scope of a list is enough, whatever OpenAPI says of lists
    has_kinds: bool = False  # of scopes: descriptions of operations say which are granular

    def list_keys(self, operation: Operation) -> list[str] | None:
        """Return the connection types that may run an operation, or None for all of them."""
        options = [tuple(sorted(option)) for option in operation.security or ()]
        if not options or () in options:
            return None
        keys = [key for option in options for key in self.keys_by_option.get(option, ())]
        return None if set(keys) == set(self.types) or not keys else list(dict.fromkeys(keys))

    def list_places(self) -> set[str]:
        """Return the places of requests that connections send their values to, in lower case."""
        places = [words.get("to") for words in self.types.values()]
        places += [field.get("to") for words in self.types.values() for field in words["inputs"].values()]
        return {place.lower() for place in places if place}

    def build_scopes(self, operation: Operation) -> list[str] | Words:
        """Return the words of `scopes`: those of one option are all needed, those of several any one.

        Where the service has scopes of two kinds, they are told apart as the operation's description lists them.
        """
        if self.has_kinds and (kinds := _tell_kinds(operation)):
            return kinds
        schemes = read_schemes(operation.document)
        options = [
            list(dict.fromkeys(scope for name in option if _has_scopes(schemes.get(name)) for scope in option[name]))
            for option in operation.security or ()
        ]
        options = [scopes for scopes in options if scopes]
        if options and all(scopes == options[0] for scopes in options):
            scopes = options[0]
            is_long = len(scopes) > _MOST_NEEDED
            is_any = self.lists_alternatives or is_long or not _list_deprecated(schemes).isdisjoint(scopes)
            return scopes if len(scopes) == 1 or is_any else {"all": scopes}
        return list(dict.fromkeys(scope for scopes in options for scope in scopes))


def _tell_kinds(operation: Operation) -> Words:
    """Return the scopes that the description of an operation lists by kind, if they are those that it asks for."""
    kinds = {kind: scopes for kind, scopes in read_scope_lists(operation.description).items() if scopes}
    asked = {scope for option in operation.security or () for scopes in option.values() for scope in scopes}
    return kinds if {scope for scopes in kinds.values() for scope in scopes} == asked else {}


def _has_scopes(scheme: dict[str, Any] | None) -> bool:
    return scheme is not None and scheme.get("type") in ("oauth2", "openIdConnect")


def read_schemes(document: ApiDocument) -> dict[str, dict[str, Any]]:
    """Return the security schemes of a document, by name."""
    components = document.data.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, dict) else None
    followed = {str(name): document.follow(item) for name, item in schemes.items()} if isinstance(schemes, dict) else {}
    return {name: item for name, item in followed.items() if isinstance(item, dict)}


def build_connections(operations: Sequence[Operation], site: ApiSite) -> Connections:
    """Return the connection types that the operations can be run with."""
    connections = Connections(
        lists_alternatives=any(map(_lists_levels, operations)),
        has_kinds=any(read_scope_lists(operation.description)["granular"] for operation in operations),
    )
    for operation in operations:
        options = operation.security
        if options is None:
            schemes = read_schemes(operation.document)
            options = ({next(iter(schemes)): ()},) if len(schemes) == 1 else ()
        for option in options:
            names = tuple(sorted(option))
            if names and names not in connections.keys_by_option:
                schemes = read_schemes(operation.document)
                found = [(name, schemes[name]) for name in names if name in schemes]
                connections.keys_by_option[names] = tuple(_add_option(connections, found, site))
    if site.inputs and not connections.types:  # nobody else says where the service is
        connections.types["accessToken"] = _build_bearer({}, required=False)
        connections.notes.append("how to sign in is not described; a connection says where the API is, and has a token")
    for words in connections.types.values():
        words["inputs"] = {**words.get("inputs", {}), **site.inputs}
    return connections


def _list_deprecated(schemes: dict[str, dict[str, Any]]) -> set[str]:
    """Return the scopes that a description calls deprecated: there is another for each."""
    flows = [flow for scheme in schemes.values() for flow in _list_mappings(scheme.get("flows"))]
    texts = {scope: text for flow in flows for scope, text in (flow.get("scopes") or {}).items()}
    return {scope for scope, text in texts.items() if str(text).lower().startswith("deprecated")}


def _list_mappings(words: Any) -> list[dict[str, Any]]:
    return [item for item in words.values() if isinstance(item, dict)] if isinstance(words, dict) else []


def _lists_levels(operation: Operation) -> bool:
    """Whether an operation lists a scope beside a wider one, x:read and x:read:admin: nobody needs both."""
    lists = [scopes for option in operation.security or () for scopes in option.values()]
    return any(one.startswith(f"{other}:") for scopes in lists for one in scopes for other in scopes)


def _add_option(connections: Connections, schemes: list[tuple[str, dict[str, Any]]], site: ApiSite) -> Iterable[str]:
    places = {_find_place(scheme): (name, scheme) for name, scheme in schemes}
    if len(places) > 1 and all(scheme.get("type") == "apiKey" and place for place, (_, scheme) in places.items()):
        inputs = {
            join_key(split_words(name)) or "key": _build_secret(to_title(name), scheme, to=place)
            for place, (name, scheme) in places.items()
        }
        yield _add_type(connections, "apiKeys", {"label": "API Keys", "kind": "api_key", "inputs": inputs})
        return
    if len(places) > 1:
        connections.notes.append(
            f"{' and '.join(name for name, _ in schemes)} are needed together; the first is written"
        )
    for name, scheme in list(places.values())[:1]:
        for kind, words in _build_types(name, scheme, site, connections):
            key = _KEYS.get(kind) or join_key(split_words(name)) or "apiKey"
            yield _add_type(connections, key, words, name)


def _add_type(connections: Connections, key: str, words: Words, name: str = "") -> str:
    for other, known in connections.types.items():
        if {**known, "label": ""} == {**words, "label": ""}:
            return other
    options = (key, join_key(split_words(name)), *(f"{key}{number}" for number in range(2, 99)))
    free = next(option for option in options if option and option not in connections.types)
    connections.types[free] = words
    return free


def _find_place(scheme: dict[str, Any]) -> str:
    """Return where requests have what a scheme sends."""
    if scheme.get("type") != "apiKey":
        return "header.authorization"
    name = str(scheme.get("name") or "")
    if not re.fullmatch(r"[^\s\"]+", name):
        return ""
    if scheme.get("in") == "header":
        return "header.authorization" if name.lower() == "authorization" else f"header.{name}"
    return f"query.{name}" if scheme.get("in") == "query" else ""


def _build_types(
    name: str, scheme: dict[str, Any], site: ApiSite, connections: Connections
) -> Iterable[tuple[str, Words]]:
    kind = scheme.get("type")
    if kind == "http" and str(scheme.get("scheme")).lower() == "basic":
        yield "basic", {"label": "User and Password", "kind": "basic", "inputs": _BASIC_INPUTS}
    elif kind == "oauth2":
        flows = scheme.get("flows")
        named = flows.items() if isinstance(flows, dict) else ()
        built = [item for flow, words in named if (item := _build_oauth(str(flow), words, site, connections))]
        yield from built or [("bearer", _build_bearer(scheme))]
    elif kind == "apiKey":
        place = _find_place(scheme)
        if place == "header.authorization":
            connections.notes.append(f"what stands before the key of {name} in Authorization is not in the description")
            place = "header.Authorization"
        if place:
            label = to_title(name) if "key" in name.lower() or "token" in name.lower() else "API Key"
            words = {"label": label, "kind": "api_key", "to": place, "inputs": {"apiKey": _build_secret(label, scheme)}}
            yield "api_key", words
        else:
            connections.notes.append(f"{name} goes to {scheme.get('in')}, where no credential can be sent")
    elif kind in ("http", "openIdConnect"):
        if kind == "http" and str(scheme.get("scheme")).lower() != "bearer":
            connections.notes.append(
                f"{name} is the HTTP scheme {scheme.get('scheme')}; it is written as a bearer token"
            )
        yield "bearer", _build_bearer(scheme)
    else:
        connections.notes.append(f"{name} is of type {kind}, which no connection has")


def _build_bearer(scheme: dict[str, Any], *, required: bool = True) -> Words:
    secret = _build_secret("Access Token", scheme)
    secret = secret if required else {word: value for word, value in secret.items() if word != "required"}
    return {"label": "Access Token", "kind": "bearer", "inputs": {"accessToken": secret}}


def _build_secret(label: str, scheme: dict[str, Any], to: str | None = None) -> Words:
    text = first_sentence(str(scheme.get("description") or ""), f"The {_lower_words(label)} of your account.")
    words: Words = {"label": label, "help": text, "type": "password", "required": True, **({"to": to} if to else {})}
    return sort_input_words(words)


def _lower_words(label: str) -> str:
    return " ".join(word if word.isupper() else word.lower() for word in label.split())


def _build_oauth(flow: str, words: Any, site: ApiSite, connections: Connections) -> tuple[str, Words] | None:
    urls = words if isinstance(words, dict) else {}
    token_url = _find_url(urls.get("tokenUrl"), site)
    authorize_url = _find_url(urls.get("authorizationUrl"), site)
    if flow == "authorizationCode" and token_url and authorize_url:
        found = {"authorize_url": authorize_url, "token_url": token_url}
        built = ("oauth2", {"label": "OAuth", "kind": "oauth2", **found, "inputs": _OAUTH_INPUTS})
    elif flow == "clientCredentials" and token_url:
        found = {"token_url": token_url}
        label = "OAuth, as the Application"
        built = (
            "oauth2_client_credentials",
            {"label": label, "kind": "oauth2_client_credentials", **found, "inputs": _CLIENT_INPUTS},
        )
    else:
        return None
    connections.hosts += [urlsplit(url).netloc for url in found.values()]
    return built


def _find_url(url: Any, site: ApiSite) -> str | None:
    """Return the https address of OAuth, or None where the description has none."""
    if not isinstance(url, str) or not url.strip():
        return None
    full = urljoin(f"{site.base_url}/", url.strip())
    return full if re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d+)?(/[^\s{}]*)?", full) else None


_CLIENT_ID: Words = {"label": "Client Id", "help": "The client id of your app.", "type": "string", "required": True}
_CLIENT_SECRET: Words = {"label": "Client Secret", "help": "The client secret of your app.", "type": "password"}
_OAUTH_INPUTS: Words = {
    "clientId": _CLIENT_ID,
    "clientSecret": _CLIENT_SECRET,
    "scopes": {"label": "Scopes", "help": "The scopes to ask for, all on one line.", "type": "string"},
}
_CLIENT_INPUTS: Words = {"clientId": _CLIENT_ID, "clientSecret": {**_CLIENT_SECRET, "required": True}}
_BASIC_INPUTS: Words = {
    "username": {
        "label": "User Name",
        "help": "The user name, or the id of a key.",
        "type": "string",
        "required": True,
        "to": "basic.username",
    },
    "password": {
        "label": "Password",
        "help": "The password, or the secret of a key.",
        "type": "password",
        "to": "basic.password",
    },
}
