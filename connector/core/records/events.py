"""What events tell of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.records.record import Sight
from connector.core.records.sights import read_id
from connector.core.redaction import redactor_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.core.webhook.event import Event
    from connector.definition.loader import Connector
    from connector.definition.resource import ResourceDefinition

_WHOLE_SECOND = 0.999  # an event of this second may be of its end


def read_event(connector: Connector, event: Event) -> Iterator[Sight]:
    """Yield the sights of an event: one for each resource whose `events` name it."""
    for name, resource in connector.manifest.resources.items():
        if resource.events is None:
            continue
        for change, names in resource.events.event_names_by_change.items():
            sight = _read_change(connector, name, resource, event) if event.name in names else None
            if sight is not None:
                yield sight if change != "deleted" else Sight(resource=name, id=sight.id, source="event", is_gone=True)


def find_time(event: Event, now: float) -> float:
    """Return when an event happened, no later than now; without a time of its own, it is now."""
    if event.at is None:
        return now
    at = event.at.timestamp()
    return min(now, at + _WHOLE_SECOND if at.is_integer() else at)


def _read_change(connector: Connector, name: str, resource: ResourceDefinition, event: Event) -> Sight | None:
    whole = event.object if isinstance(event.object, dict) else {}
    within = resource.events.within if resource.events is not None else None
    told: Any = whole.get(within) if within else whole
    if not isinstance(told, dict):
        return None
    record_id = read_id(told, resource.id) or read_id(told, resource.list_id)
    parent_resource = connector.manifest.resources.get(resource.parent or "")
    if within and parent_resource is not None:
        parent = read_id(whole, parent_resource.id)
    else:
        parent = read_id(told, resource.parent_id)
    if not record_id:
        return None
    data = redactor_for(connector).redact_data(told)
    return Sight(resource=name, id=record_id, source="event", data=data, parent=parent)
