"""The scopes that the application of a sandbox has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.core.auth.oauth_client import TokenFields
from connector.definition.forms.action_heads import read_scopes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.loader import Connector


def list_needed_scopes(connector: Connector) -> list[str]:
    """Return the scopes that actions need, which a sign-in gets that asks for none."""
    needed = (scope for scopes in read_scopes(connector) for scope in (*scopes.granular, *scopes.all))
    return list(dict.fromkeys(needed))


def list_other_scopes(connector: Connector) -> Iterator[str]:
    """Yield what else may be asked for: classic scopes, and those that sign-ins ask for where nobody says others."""
    for scopes in read_scopes(connector):
        yield from scopes.classic
    for connection_type in connector.manifest.connections.values():
        field = connection_type.inputs.get("scopes")
        if connection_type.is_oauth and field is not None and field.has_default:
            yield from TokenFields(scope_separator=connection_type.scope_separator).split_scopes(str(field.default))
