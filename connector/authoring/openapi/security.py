"""Connection types as security schemes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.definition.connection_type import URL_INPUTS

if TYPE_CHECKING:
    from connector.definition.action import Action
    from connector.definition.connection_type import ConnectionType
    from connector.definition.loader import Connector

_FLOWS = {"oauth2": "authorizationCode"}
_URL_NAMES = {"authorize_url": "authorizationUrl", "token_url": "tokenUrl"}


def build_security_schemes(connector: Connector) -> dict[str, Any]:
    """Return a security scheme for each connection type, by its key."""
    scopes = sorted({scope for action in connector.actions() for scope in list_scopes(action)})
    return {key: _build_scheme(one, scopes) for key, one in connector.manifest.connections.items()}


def _build_scheme(connection_type: ConnectionType, scopes: list[str]) -> dict[str, Any]:
    label = {"description": connection_type.label}
    if connection_type.is_oauth:
        flow = {_URL_NAMES[word]: url for word, url in _find_urls(connection_type).items() if word in _URL_NAMES}
        name = _FLOWS.get(connection_type.kind, "clientCredentials")
        if name == "clientCredentials":
            flow.pop("authorizationUrl", None)
        return {"type": "oauth2", **label, "flows": {name: {**flow, "scopes": dict.fromkeys(scopes, "")}}}
    if connection_type.kind == "basic":
        return {"type": "http", "scheme": "basic", **label}
    part, _, name = (connection_type.to or "").partition(".")
    if part in ("header", "query"):
        return {"type": "apiKey", "in": part, "name": name, **label}
    if connection_type.kind == "api_key" or connection_type.scheme not in (None, "Bearer"):
        return {"type": "apiKey", "in": "header", "name": "Authorization", **label}
    return {"type": "http", "scheme": "bearer", **label}


def _find_urls(connection_type: ConnectionType) -> dict[str, str]:
    """Return the URLs of a connection type, from its words, else from its inputs' defaults."""
    urls = {}
    for word, key in URL_INPUTS.items():
        field = connection_type.inputs.get(key)
        url = getattr(connection_type, word) or (field and (field.default or field.example))
        urls[word] = str(url) if url else "https://example.invalid/"
    return urls


def list_security(connector: Connector, action: Action) -> list[dict[str, list[str]]]:
    """Return the connections that may run an action, each alone, with its scopes where it has any."""
    allowed = action.connections or list(connector.manifest.connections)
    requirements = []
    for key in allowed:
        connection_type = connector.manifest.connections.get(key)
        if connection_type and action.action in (connection_type.allowed_actions or [action.action]):
            requirements.append({key: list_scopes(action) if connection_type.is_oauth else []})
    return requirements


def list_scopes(action: Action) -> list[str]:
    """Return the scopes of an action; any one of them is enough, which OpenAPI cannot say."""
    return [*action.scopes.granular, *action.scopes.classic]
