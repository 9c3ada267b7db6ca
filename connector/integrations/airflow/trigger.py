"""The trigger: reads again and again in a triggerer until what a sensor waits for is there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import jmespath
from airflow.triggers.base import BaseTrigger, TriggerEvent

from connector.errors import ConnectorError, UsageError
from connector.integrations.airflow.hook import ConnectorHook
from connector.integrations.work import seconds_until_retry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from connector.definition.loader import Connector

FOUND, ERROR = "found", "error"  # of the events that a sensor is resumed with


class ConnectorTrigger(BaseTrigger):
    """Reads every `poke_interval` seconds until `until` is true of the data. Its arguments hold no secret."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__()
        self.arguments = arguments

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class and its arguments, which the database of Airflow keeps."""
        return f"{type(self).__module__}.{type(self).__name__}", self.arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event: `{"found": ...}`, or `{"error": ...}` for an error that nothing will mend."""
        try:
            yield TriggerEvent({FOUND: await self._wait(**self.arguments)})
        except ConnectorError as error:
            yield TriggerEvent({ERROR: error.to_dict()})

    async def _wait(
        self, hook: dict[str, Any], action: str, given: dict[str, Any] | None, until: str, poke_interval: float
    ) -> Any:
        async with await ConnectorHook(**hook).aget_conn() as client:
            while True:
                pause = poke_interval
                try:
                    result = await client.run(action, given, retry="engine")
                except ConnectorError as error:
                    seconds = seconds_until_retry(error)
                    if seconds is None:
                        raise
                    pause = max(seconds, poke_interval)
                else:
                    if found := search_data(until, result.data):
                        return found
                await asyncio.sleep(pause)


def search_data(until: str, data: Any) -> Any:
    """Return what a JMESPath finds in data. Raises UsageError for one that cannot be read."""
    try:
        return jmespath.search(until, data)
    except jmespath.exceptions.JMESPathError as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"until is {until!r}, which is no JMESPath: {reason}", hint="See jmespath.org.") from None


def require_read(connector: Connector, action: str) -> None:
    """Raise UsageError for an action that changes something: a sensor runs it again and again."""
    if not connector.action(action).is_read:
        hint = "Let a ConnectorOperator run it, and wait with an action that reads."
        raise UsageError(f"{action} may change something, so a sensor cannot wait with it.", hint=hint)
