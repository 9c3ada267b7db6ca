"""OAuth endpoint paths, from the inputs of the connector's OAuth connection types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from connector.core.auth.site import fill_known
from connector.definition.connection_type import URL_INPUTS
from connector.runtime.auth.discovery import DOCUMENT_PATH
from connector.sandbox.oauth.credentials import build_placeholder

if TYPE_CHECKING:
    from connector.definition.connection_type import ConnectionType
    from connector.definition.fields import FormField
    from connector.definition.loader import Connector

Role = Literal["authorize", "token", "revoke", "device", "discovery"]

IN_PROCESS_ORIGIN = "http://127.0.0.1:0"  # no socket listens on port 0, so a stray request fails
_ROLE_BY_INPUT: dict[str, Role] = {
    "authorizeUrl": "authorize",
    "tokenUrl": "token",
    "revokeUrl": "revoke",
    "deviceAuthorizationUrl": "device",
}


class OAuthEndpoints:
    """The endpoint paths of a connector's OAuth server, their roles and their origins."""

    def __init__(self, connector: Connector) -> None:
        self.origins = {IN_PROCESS_ORIGIN}
        self._role_by_path: dict[str, Role] = {}
        for connection_type in connector.manifest.connections.values():
            if not connection_type.is_oauth:
                continue
            if connection_type.issuer is not None:
                self._add_issuer(connection_type, connection_type.issuer)
            for name, field in _find_url_fields(connection_type).items():
                self._role_by_path[_endpoint_path(name, field)] = _ROLE_BY_INPUT[name]
                self._add_origin(connection_type, field.default)
            for word, name in URL_INPUTS.items():
                for url in (getattr(item, word) for item in (connection_type, *connector.manifest.clouds.values())):
                    if url is not None:
                        self._role_by_path[urlsplit(url).path or "/"] = _ROLE_BY_INPUT[name]
                        self._add_origin(connection_type, url)

    def _add_issuer(self, connection_type: ConnectionType, issuer: str) -> None:
        path = urlsplit(issuer.rstrip("/")).path
        self._role_by_path[path + DOCUMENT_PATH] = "discovery"
        self._role_by_path |= {f"{path}/oauth/{role}": role for role in _ROLE_BY_INPUT.values()}
        self._add_origin(connection_type, issuer)

    def _add_origin(self, connection_type: ConnectionType, url: object) -> None:
        """Note where requests for tokens go, with what a connection to the sandbox fills in."""
        if url:
            fields = connection_type.inputs
            values = {key: build_placeholder(key, field) for key, field in fields.items() if not field.has_default}
            parts = urlsplit(fill_known(str(url), connection_type, values))
            self.origins.add(f"{parts.scheme}://{parts.netloc}")

    def find_role(self, path: str) -> Role | None:
        """Return the role of an OAuth path; None for a path of the API."""
        return self._role_by_path.get(path)


def build_discovery_document(host: str, path: str) -> dict[str, str]:
    """Return the document of the issuer to which a request for it was sent."""
    issuer = f"https://{host}{path.removesuffix(DOCUMENT_PATH)}"
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "device_authorization_endpoint": f"{issuer}/oauth/device",
    }


def build_urls(connection_type: ConnectionType, origin: str) -> dict[str, str]:
    """Return the URL inputs of a connection type, at an origin such as http://127.0.0.1:8765."""
    return {name: origin + _endpoint_path(name, field) for name, field in _find_url_fields(connection_type).items()}


def _find_url_fields(connection_type: ConnectionType) -> dict[str, FormField]:
    return {name: field for name, field in connection_type.inputs.items() if name in _ROLE_BY_INPUT}


def _endpoint_path(name: str, field: FormField) -> str:
    """Return the path of an input's default URL, or a conventional one."""
    return urlsplit(str(field.default)).path or "/" if field.default else f"/oauth/{_ROLE_BY_INPUT[name]}"
