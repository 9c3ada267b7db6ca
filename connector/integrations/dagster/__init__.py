"""Dagster: an action as an op, as an asset of a few words of YAML, or as a call of a resource.

It needs the extra `dagster`.
"""

from connector.integrations.dagster.component import CallComponent as CallComponent
from connector.integrations.dagster.events import build_event_sensor as build_event_sensor
from connector.integrations.dagster.events import report_event as report_event
from connector.integrations.dagster.op import CallConfig as CallConfig
from connector.integrations.dagster.op import connector_run as connector_run
from connector.integrations.dagster.resource import ConnectorResource as ConnectorResource
from connector.integrations.dagster.resource import retry_or_fail as retry_or_fail
