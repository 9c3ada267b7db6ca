"""Events of a service: reported to Dagster's instance, where a sensor starts one run for each."""

from __future__ import annotations

import json
import time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import dagster as dg

from connector.first_use import dataclass
from connector.integrations.work import describe_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.webhook.event import Event

    BuildConfig = Callable[[dict[str, Any]], dg.RunConfig | Mapping[str, Any]]

EVENTS_KEY = "connector_events"
LOOK_BACK = 3_600.0  # seconds
MAX_EVENTS = 100  # of one evaluation; the next one has the others
_OVERLAP = 60.0  # seconds in which an event may be reported and not be seen yet: a transaction of another process
_EVENT = "event"


@dataclass(slots=True)
class _Position:
    """How far a sensor has read: when the newest event was reported, and which of the time before it were read, by id.

    An id alone does not tell: of two processes that report, the one with the lower id may commit last.
    """

    newest: float
    read: dict[str, float]

    @classmethod
    def parse(cls, cursor: str | None) -> _Position | None:
        """Return the position that a cursor holds, or None for the first evaluation."""
        return cls(**json.loads(cursor)) if cursor else None

    def to_text(self) -> str:
        """Return the cursor."""
        return json.dumps({"newest": self.newest, "read": self.read})

    def read_new(self, instance: dg.DagsterInstance, asset_key: dg.AssetKey) -> list[Any]:
        """Return the next events as dicts, the oldest first, and move on."""
        records = self._find_new(instance, asset_key)
        self.read |= {str(record.storage_id): record.timestamp for record in records}
        self.newest = max([self.newest, *(record.timestamp for record in records)])
        self.read = {name: at for name, at in self.read.items() if at > self.newest - _OVERLAP}
        observations = [record.asset_observation for record in records]
        return [one.metadata[_EVENT].value for one in observations if one is not None and _EVENT in one.metadata]

    def _find_new(self, instance: dg.DagsterInstance, asset_key: dg.AssetKey) -> list[dg.EventLogRecord]:
        wanted = dg.AssetRecordsFilter(asset_key, after_timestamp=self.newest - _OVERLAP)
        records: list[dg.EventLogRecord] = []
        page, has_more = None, True
        while has_more and len(records) < MAX_EVENTS:
            result = instance.fetch_observations(wanted, limit=MAX_EVENTS, cursor=page, ascending=True)
            records += [record for record in result.records if str(record.storage_id) not in self.read]
            page, has_more = result.cursor, result.has_more
        return records[:MAX_EVENTS]


def report_event(event: Event, instance: dg.DagsterInstance, asset_key: str = EVENTS_KEY) -> None:
    """Keep an event in the event log of an instance, as an observation of an external asset; a sensor reads it there.

    `instance` is that of the daemon: `dagster.DagsterInstance.get()` where DAGSTER_HOME is the same.
    """
    data = dg.MetadataValue.json(describe_event(event))
    metadata = {"name": dg.MetadataValue.text(event.name), "key": dg.MetadataValue.text(event.key), _EVENT: data}
    instance.report_runless_asset_event(dg.AssetObservation(dg.AssetKey.from_user_string(asset_key), metadata=metadata))


def build_event_sensor(
    name: str,
    job: Any,
    build_config: BuildConfig,
    *,
    pattern: str = "*",
    asset_key: str = EVENTS_KEY,
    look_back: float = LOOK_BACK,
    interval: int = 30,
) -> dg.SensorDefinition:
    """Return a sensor that starts one run of a job for each event; the same event again starts none.

    `build_config` makes the run's configuration from the event, a dict; `pattern` chooses events by their name, such as
    `meeting.*`. The sensor is on when it is loaded: its first evaluation begins with the events of the last `look_back`
    seconds. `interval` are the seconds between evaluations.
    """

    @dg.sensor(name=name, job=job, minimum_interval_seconds=interval, default_status=dg.DefaultSensorStatus.RUNNING)
    def start_runs(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        position = _Position.parse(context.cursor) or _Position(time.time() - look_back, {})
        found = position.read_new(context.instance, dg.AssetKey.from_user_string(asset_key))
        events = {event["key"]: event for event in found if fnmatchcase(event["event"], pattern)}
        requests = [
            dg.RunRequest(run_key=key, run_config=build_config(event), tags={"connector/event": event["event"]})
            for key, event in events.items()
        ]
        return dg.SensorResult(run_requests=requests, cursor=position.to_text())

    return start_runs
