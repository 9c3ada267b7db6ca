"""Where consent is given, and tokens are given and taken back: from the inputs of the connector's OAuth kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from connector.runtime.auth.connection import RENEWED

if TYPE_CHECKING:
    from connector.definition.fields import FormField
    from connector.definition.loader import Connector
    from connector.definition.manifest import ConnectionKind

Role = Literal["authorize", "token", "revoke"]

IN_PROCESS = "http://127.0.0.1:0"  # no socket listens on port 0, so what is sent astray reaches nobody
_ROLES: dict[str, Role] = {"authorizeUrl": "authorize", "tokenUrl": "token", "revokeUrl": "revoke"}


class Endpoints:
    """The paths of a connector's authority, each with its role, and the origins that they have."""

    def __init__(self, connector: Connector) -> None:
        self.origins = {IN_PROCESS}
        self._roles: dict[str, Role] = {}
        for kind in connector.manifest.connections.values():
            if kind.kind not in RENEWED:
                continue
            for name, spec in _declared(kind).items():
                self._roles[_path(name, spec)] = _ROLES[name]
                if spec.default:
                    parts = urlsplit(str(spec.default))
                    self.origins.add(f"{parts.scheme}://{parts.netloc}")

    def role(self, path: str) -> Role | None:
        """Return what a path of the authority is for; None for a path of the API."""
        return self._roles.get(path)


def urls(kind: ConnectionKind, origin: str) -> dict[str, str]:
    """Return the URLs that a kind asks for, at an origin such as http://127.0.0.1:8765."""
    return {name: origin + _path(name, spec) for name, spec in _declared(kind).items()}


def _declared(kind: ConnectionKind) -> dict[str, FormField]:
    return {name: spec for name, spec in kind.inputs.items() if name in _ROLES}


def _path(name: str, spec: FormField) -> str:
    """Return the path of an input's default; a kind that leaves the URL to its user has the usual one."""
    return urlsplit(str(spec.default)).path or "/" if spec.default else f"/oauth/{_ROLES[name]}"
