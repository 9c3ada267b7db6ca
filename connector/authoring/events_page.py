"""The page of a connector's events, made from the files of schemas/events/."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.authoring.markdown import code, table
from connector.core.json_path import dig

if TYPE_CHECKING:
    from connector.definition.events import EventKind
    from connector.definition.loader import Connector

PATH = Path("docs/events.md")


def render(connector: Connector) -> str:
    """Return the page. Raises DefinitionError."""
    kinds = sorted(connector.events.values(), key=lambda kind: (kind.group, kind.name))
    place = next((one.event.object for one in connector.manifest.triggers.values()), None)
    lines = [f"# {connector.manifest.label}: events", ""]
    lines += [f"{len(kinds)} kinds of events. This page is made from `schemas/events/` by `connector docs`."]
    fields = f"The fields are those of {code(place)}. " if place else ""
    lines += [f"{fields}An event that is not here is received as well.", ""]
    for group, members in groupby(kinds, key=lambda kind: kind.group):
        rows = [_row(kind, place) for kind in members]
        lines += [f"## {group}", "", *table(("Event", "Scopes, any of", "Fields"), rows), ""]
    return "\n".join(lines).rstrip() + "\n"


def _row(kind: EventKind, place: str | None) -> tuple[str, str, str]:
    scopes = kind.scopes.granular or kind.scopes.classic
    return code(kind.name), ", ".join(map(code, scopes)), ", ".join(_fields(kind, place))


def _fields(kind: EventKind, place: str | None) -> list[str]:
    """Return the names of the object's fields; those of the body's deepest part where there is no object."""
    found: Any = dig(kind.body, place)
    if found is None:
        above = (place or ".").rpartition(".")[0] or "."
        found = dig(kind.body, above) or kind.body
    return [code(name) for name in found] if isinstance(found, dict) else []
