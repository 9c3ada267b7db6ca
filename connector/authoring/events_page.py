"""The page of a connector's events, made from the files of schemas/events/."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.authoring.markdown import format_code, render_table
from connector.core.json_path import get_at_path

if TYPE_CHECKING:
    from connector.definition.events import EventType
    from connector.definition.loader import Connector

EVENTS_PAGE = Path("docs/events.md")


def render_events_page(connector: Connector) -> str:
    """Return the page. Raises DefinitionError."""
    event_types = sorted(connector.events.values(), key=lambda event_type: (event_type.group, event_type.name))
    object_path = next((trigger.event.object for trigger in connector.manifest.triggers.values()), None)
    lines = [f"# {connector.manifest.label}: events", ""]
    lines += [f"{len(event_types)} kinds of events. This page is made from `schemas/events/` by `connector docs`."]
    fields = f"The fields are those of {format_code(object_path)}. " if object_path else ""
    lines += [f"{fields}An event that is not here is received as well.", ""]
    for group, members in groupby(event_types, key=lambda event_type: event_type.group):
        rows = [_build_event_row(event_type, object_path) for event_type in members]
        lines += [f"## {group}", "", *render_table(("Event", "Scopes, any of", "Fields"), rows), ""]
    return "\n".join(lines).rstrip() + "\n"


def _build_event_row(event_type: EventType, object_path: str | None) -> tuple[str, str, str]:
    scopes = event_type.scopes.granular or event_type.scopes.classic
    return (
        format_code(event_type.name),
        ", ".join(map(format_code, scopes)),
        ", ".join(_list_event_fields(event_type, object_path)),
    )


def _list_event_fields(event_type: EventType, object_path: str | None) -> list[str]:
    """Return the names of the object's fields; those of the body's deepest part where there is no object."""
    node: Any = get_at_path(event_type.body, object_path)
    if node is None:
        parent_path = (object_path or ".").rpartition(".")[0] or "."
        node = get_at_path(event_type.body, parent_path) or event_type.body
    return [format_code(name) for name in node] if isinstance(node, dict) else []
