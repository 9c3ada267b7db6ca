"""Sign in, and store a connection when it is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.cli.connections import connection_test
from connector.runtime.auth.connection import Connection

if TYPE_CHECKING:
    from connector.cli.context.connection_context import ConnectionContext
    from connector.runtime.storage.memory_store import MemoryStore
    from connector.runtime.storage.store import Store


def sign_in_directly(context: ConnectionContext, target: tuple[str, str, dict[str, Any]], store: Store) -> None:
    """Sign in with inputs alone, of a kind that needs no person; `target` is kind, name and inputs.

    Raises ConnectorError.
    """
    kind, name, inputs = target
    connection = Connection(context.connector, kind, inputs, name=name, store=store, http=context.transport)
    if connection.token_source is None:
        connection.save()
    else:
        connection_test.fetch_token(connection)


def keep_connection(context: ConnectionContext, name: str, scratch_store: MemoryStore) -> None:
    """Move a connection that is signed in from a scratch store to the store. Raises StoreError."""
    key = context.build_record_key(name)
    record = scratch_store.read(key)
    assert record is not None
    with context.lock(name):
        context.store.write(key, record.data)


def is_encrypted(context: ConnectionContext) -> bool:
    """Whether secrets are stored encrypted, or are a sandbox's, which are none."""
    from connector.runtime.storage.encryption import find_keyring

    return context.sandbox or find_keyring(context.store) is not None
