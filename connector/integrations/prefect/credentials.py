"""A block that says which connection the actions of a connector use."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from prefect.blocks.core import Block
from prefect.types import SecretDict
from pydantic import Field, model_validator

from connector.definition.loader import Connector
from connector.integrations.work import keep_client
from connector.runtime.auth.connection import Connection
from connector.runtime.client.client import Client

if TYPE_CHECKING:
    from typing import Self


class ConnectorCredentials(Block):
    """Says which connection the actions of a connector use.

    Give the name of a stored connection, or the kind of one with its inputs. Without either, the environment of the
    worker has the connection.

    Example:
        ```python
        from connector.integrations.prefect import ConnectorCredentials, run_action

        ConnectorCredentials(connection="work").save("work")
        run_action("getUser", {"userId": "me"}, credentials="work")
        ```

    """

    _block_type_name = "Connector Credentials"
    _block_type_slug = "connector-credentials"

    connection: str | None = Field(
        default=None,
        title="Stored connection",
        description="The name of a stored connection. Workers find it in the store that CONNECTOR_STORE names.",
    )
    kind: str | None = Field(
        default=None,
        title="Kind of connection",
        description="A kind that the connector's manifest names, such as serverToServer. Its inputs are below.",
    )
    inputs: SecretDict = Field(
        default_factory=lambda: SecretDict({}),
        title="Inputs of the connection",
        description='The inputs of that kind by their keys, such as {"accountId": ..., "clientSecret": ...}.',
    )
    folder: str | None = Field(
        default=None,
        title="Folder of the connector",
        description="Where workers have the connector's folder. Leave it empty for the bundled connector.",
    )
    base_url: str | None = Field(
        default=None,
        title="Address",
        description="Another address of the same service, such as a proxy: https, or http on this machine.",
    )

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        if self.connection is not None and self.kind is not None:
            raise ValueError("Got a stored connection and a kind; expected one of them. Remove the other.")
        if self.inputs.get_secret_value() and self.kind is None:
            raise ValueError("Got inputs without a kind of connection. Say of which kind they are.")
        return self

    def get_client(self) -> Client:
        """Return the client of this connection, one for each process. Raises ConnectorError."""
        fields = [self.connection, self.kind, self.inputs.get_secret_value(), self.folder, self.base_url]
        digest = hashlib.sha256(json.dumps(fields, sort_keys=True, default=str).encode()).hexdigest()
        return keep_client(f"credentials:{digest}", self._make_client)

    def _make_client(self) -> Client:
        connector = Connector.open(self.folder)
        connection: Connection | str | None = self.connection
        if self.kind is not None:
            connection = Connection(connector, self.kind, self.inputs.get_secret_value())
        elif connection is None and connector.manifest.connections:
            connection = Connection.from_env(connector)
        return Client(connector, connection, base_url=self.base_url)
