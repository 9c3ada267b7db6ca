"""Words of a path that stand for nobody with a kind of connection, such as "me" where no person signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import Denied, NotFound, Rejected

if TYPE_CHECKING:
    from connector.definition.manifest import Manifest
    from connector.errors import ConnectorError


def add_path_alias_hint(error: ConnectorError, manifest: Manifest, connection_type: str, path: str) -> None:
    """Say it on the service's refusal of such a path, which is the service's to refuse: it may know better."""
    aliases = [alias for alias in manifest.connections[connection_type].nobody if alias in path.split("/")]
    if not aliases or not isinstance(error, Denied | NotFound | Rejected):
        return
    oauth_types = [name for name, settings in manifest.connections.items() if settings.kind == "oauth2"]
    alternative = f", or use a connection of kind {' or '.join(oauth_types)}" if oauth_types else ""
    alias_hint = (
        f'"{aliases[0]}" is nobody with a connection of kind {connection_type}: name who is meant{alternative}.'
    )
    error.hint = f"{alias_hint} {error.hint}".strip()
