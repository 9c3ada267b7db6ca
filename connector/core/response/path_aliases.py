"""Words of a path that stand for nobody with a kind of connection, such as "me" where no person signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import Denied, NotFound, Rejected

if TYPE_CHECKING:
    from connector.definition.manifest import Manifest
    from connector.errors import ConnectorError


def told(error: ConnectorError, manifest: Manifest, kind: str, path: str) -> None:
    """Say it on the service's refusal of such a path, which is the service's to refuse: it may know better."""
    words = [word for word in manifest.connections[kind].nobody if word in path.split("/")]
    if not words or not isinstance(error, Denied | NotFound | Rejected):
        return
    signed_in = [name for name, one in manifest.connections.items() if one.kind == "oauth2"]
    other = f", or use a connection of kind {' or '.join(signed_in)}" if signed_in else ""
    nobody = f'"{words[0]}" is nobody with a connection of kind {kind}: name who is meant{other}.'
    error.hint = f"{nobody} {error.hint}".strip()
