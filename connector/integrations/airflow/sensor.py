"""The sensor: a task that waits until what an action reads is as expected."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseSensorOperator, PokeReturnValue
from airflow.sdk.configuration import conf

from connector.errors import ConnectorError, from_dict
from connector.integrations.airflow.hook import ConnectorHook
from connector.integrations.airflow.retry_policy import ConnectorRetryPolicy
from connector.integrations.airflow.trigger import ERROR, FOUND, ConnectorTrigger, require_read, search_data
from connector.integrations.work import run_once, seconds_until_retry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context, RetryPolicy


class ConnectorSensor(BaseSensorOperator):
    """Runs an action that reads, every `poke_interval` seconds, until the JMESPath `until` is true of its data.

    It returns what `until` finds. A refusal that will pass counts as "not yet"; any other error fails the task. With
    `deferrable` the triggerer waits, and no worker is held. The other options are those of `ConnectorOperator` and of
    Airflow's sensors, whose `timeout` is the time of the whole wait in seconds. Raises ConnectorError.
    """

    template_fields: Sequence[str] = ("action", "given", "until", "connection", "folder")
    template_fields_renderers: ClassVar[dict[str, str]] = {"given": "json"}
    ui_color = "#e8f1fb"

    def __init__(
        self,
        *,
        action: str,
        until: str,
        given: Mapping[str, Any] | None = None,
        connection: str | None = None,
        folder: str | None = None,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        retry_policy: RetryPolicy | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(retry_policy=retry_policy or ConnectorRetryPolicy(), **kwargs)
        self.action, self.given, self.until = action, given, until
        self.connection, self.folder = connection, folder
        self.deferrable = deferrable

    def execute(self, context: Context) -> Any:
        """Wait here, or let the triggerer wait if it is not so yet. Raises ConnectorError, AirflowSensorTimeout."""
        if not self.deferrable:
            return super().execute(context)
        looked = self.poke(context)
        if looked:
            return looked.xcom_value
        trigger = ConnectorTrigger(
            hook={"connection": self.connection, "folder": self.folder},
            action=self.action,
            given=self.given,
            until=self.until,
            poke_interval=self.poke_interval,
        )
        return self.defer(trigger=trigger, method_name="finish", timeout=timedelta(seconds=self.timeout))

    def poke(self, _context: Context) -> PokeReturnValue:
        """Read once; return whether it is so now, and what was found. Raises ConnectorError."""
        with ConnectorHook(self.connection, self.folder).get_conn() as client:
            require_read(client.connector, self.action)
            try:
                result = run_once(self.action, self.given, client=client)
            except ConnectorError as error:
                if seconds_until_retry(error) is None:
                    raise
                self.log.info("Not yet: %s", error)
                return PokeReturnValue(is_done=False)
        found = search_data(self.until, result.data)
        return PokeReturnValue(is_done=bool(found), xcom_value=found)

    def finish(self, _context: Context, event: dict[str, Any]) -> Any:
        """Return what the triggerer found. Raises its ConnectorError."""
        if ERROR in event:
            raise from_dict(event[ERROR])
        return event[FOUND]
