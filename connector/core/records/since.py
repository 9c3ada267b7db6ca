"""What a list is asked for, so that it tells what is new alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connector.core.durations import parse_duration

if TYPE_CHECKING:
    from connector.definition.action import Action
    from connector.definition.resource import ResourceDefinition

SINCE_TYPES = ("datetime", "date", "integer")


def find_since_name(resource: ResourceDefinition, action: Action) -> str | None:
    """Return the name in the query by which the list is asked for what is new, or None."""
    since = resource.changed_since
    field = action.inputs.get(since.input) if since is not None else None
    return field.location.path[0] if field is not None and field.location.part == "query" else None


def build_since(resource: ResourceDefinition, action: Action, read_at: float | None) -> dict[str, Any]:
    """Return the input that asks a list for what is new since it was read, minus the lag; nothing to ask for all."""
    since = resource.changed_since
    field = action.inputs.get(since.input) if since is not None else None
    if since is None or field is None or read_at is None:
        return {}
    at = max(0.0, read_at - (parse_duration(since.lag) or 0.0))
    if field.type == "integer":
        return {since.input: int(at)}
    moment = datetime.fromtimestamp(int(at), UTC)
    return {since.input: f"{moment:%Y-%m-%d}" if field.type == "date" else f"{moment:%Y-%m-%dT%H:%M:%SZ}"}


def read_since(resource: ResourceDefinition, action: Action, value: str) -> float | None:
    """Return the epoch seconds that a request asks for, as they are sent; None where the text is none."""
    since = resource.changed_since
    field = action.inputs.get(since.input) if since is not None else None
    if field is None:
        return None
    try:
        if field.type == "integer" or field.wire == "seconds":
            return float(value)
        if field.wire == "milliseconds":
            return float(value) / 1000
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
