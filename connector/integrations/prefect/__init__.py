"""Prefect: an action as a task that Prefect runs again when the service accepts it again.

It needs the extra `prefect`.
"""

from connector.integrations.prefect.actions import LONGEST_WAIT, RETRIES, may_repeat, run_action
from connector.integrations.prefect.credentials import ConnectorCredentials
from connector.integrations.prefect.events import start_for_event, start_for_event_async

__all__ = [
    "LONGEST_WAIT",
    "RETRIES",
    "ConnectorCredentials",
    "may_repeat",
    "run_action",
    "start_for_event",
    "start_for_event_async",
]
