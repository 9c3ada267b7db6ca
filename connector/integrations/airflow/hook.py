"""The hook: a client for the Airflow connection of a task, one attempt of an action, and the test of a connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.sdk.log import amask_secret, mask_secret

from connector.core import redaction
from connector.core.json_path import get_at_path
from connector.errors import ConnectorError, SignInError
from connector.integrations.airflow.connection import find_default, read_connection
from connector.integrations.airflow_info import GENERIC_NAME, GENERIC_TYPE, read_bundled_manifest
from connector.integrations.work import run_once
from connector.runtime.client.async_client import AsyncClient
from connector.runtime.client.client import Client

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.response.result import Result


class ConnectorHook(BaseHook):
    """Calls a service with an Airflow connection, or with that of the environment if it names none.

    `connection` is the id of an Airflow connection, `folder` that of a connector (default: the one that the connection
    names, else the bundled one).
    """

    conn_name_attr = "connection"
    default_conn_name = "connector_default"
    conn_type = GENERIC_TYPE
    hook_name = GENERIC_NAME

    def __init__(self, connection: str | None = None, folder: str | None = None, **more: Any) -> None:
        super().__init__(**more)
        self.connection, self.folder = connection, folder

    def get_conn(self) -> Client:
        """Return a client, to be closed. Raises ConnectorError: see `read_connection`; SignInError for no such id."""
        if self.connection is None:
            found = find_default(self.folder)
            return Client(found.connector, found.connection)
        try:
            described = self.get_connection(self.connection)
        except AirflowNotFoundException:
            raise _build_missing_error(self.connection) from None
        found = read_connection(described, self.folder)
        for secret in found.list_secrets():  # Airflow masks what it knows the name of
            mask_secret(secret)
        return Client(found.connector, found.connection)

    async def aget_conn(self) -> AsyncClient:
        """As `get_conn`, for a triggerer, whose loop nothing may block."""
        if self.connection is None:
            found = await asyncio.to_thread(find_default, self.folder)
            return AsyncClient(found.connector, found.connection)
        try:
            described = await self.aget_connection(self.connection)
        except AirflowNotFoundException:
            raise _build_missing_error(self.connection) from None
        found = await asyncio.to_thread(read_connection, described, self.folder)
        for secret in found.list_secrets():
            await amask_secret(secret)
        return AsyncClient(found.connector, found.connection)

    def run_once(
        self,
        action: str,
        given: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        timeout: float | str | None = None,
    ) -> Result:
        """Run an action in one attempt, for tasks of your own. Raises ConnectorError.

        Give the task a `ConnectorRetryPolicy`, so that Airflow repeats what may be repeated, when the service says.
        """
        with self.get_conn() as client:
            return run_once(action, given, client=client, key=key, timeout=timeout)

    def test_connection(self) -> tuple[bool, str]:
        """Make the call that tests a connection; return whether it works, and who is connected or why it does not."""
        try:
            with self.get_conn() as client:
                return True, _test(client)
        except ConnectorError as error:
            return False, str(error)


class BundledHook(ConnectorHook):
    """The same for the connection type of the bundled connector, which has a form of its own."""

    conn_type = read_bundled_manifest().connector
    default_conn_name = f"{conn_type}_default"
    hook_name = read_bundled_manifest().label


def _build_missing_error(connection: str) -> SignInError:
    hint = f"Create it under Admin, Connections, or set AIRFLOW_CONN_{connection.upper()}."
    return SignInError(f"Airflow has no connection {connection!r}.", hint=hint)


def _test(client: Client) -> str:
    """Return who is connected. Raises ConnectorError."""
    connector = client.connector
    test = None if client.connection is None else connector.manifest.find_connection_test(client.connection.kind)
    if test is None:
        return "The connection is complete. It was not tried: its connector names no call that tests it."
    is_listing = connector.action(test.action).pagination is not None
    result = client.run(test.action, test.inputs, limit=1 if is_listing else None)
    data = redaction.redactor_for(connector).redact_data(result.data)
    shown = [str(value) for field in test.identity_fields if (value := get_at_path(data, field)) is not None]
    return f"Connected as {', '.join(shown)}." if shown else f"Connected: {test.action} was answered."
