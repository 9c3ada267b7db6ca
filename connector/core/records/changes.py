"""A change of a record, and the event that tells of it as a webhook would."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.definition.loader import Connector
    from connector.definition.resource import ResourceDefinition

_WORDS = {"added": "created", "changed": "updated", "gone": "deleted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """A change of a record: `seq` grows with each, `change` is added, changed or gone, `data` the record as JSON."""

    seq: int
    account: str
    resource: str
    id: str
    change: str
    at: float
    data: str
    parent: str = ""


def name_event(resource: str, definition: ResourceDefinition | None, change: str) -> str:
    """Return the name of a change's event: the service's own where it has one, else such as orders.updated."""
    word = _WORDS[change]
    names = definition.events.event_names_by_change[word] if definition is not None and definition.events else []
    return names[0] if names else f"{resource}.{word}"


def build_event_body(connector: Connector, change: RecordChange) -> bytes:
    """Return the body of a change's event, as a trigger with `watch` reads it: the same for the same change."""
    resources = connector.manifest.resources
    definition = resources.get(change.resource)
    record: dict[str, Any] = json.loads(change.data)
    within = definition.events.within if definition is not None and definition.events is not None else None
    parent = resources.get(definition.parent or "") if definition is not None else None
    body = {
        "event": name_event(change.resource, definition, change.change),
        "at": change.at,
        "account": change.account,
        "resource": change.resource,
        "subject": f"{change.resource} {change.id}",
        "sequence": change.seq,
        "object": {**({parent.id: change.parent} if parent else {}), within: record} if within else record,
    }
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
