"""What an author's own files say already, so that an import need not: events, and resources of the manifest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from connector.authoring.importing.merge.files import read_text
from connector.definition.parsers import strict_yaml
from connector.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

_EVENTS = "schemas/events"


def list_own_events(folder: Path, imported: Container[str]) -> dict[str, str]:
    """Return the path of each event of a file that no import wrote; `imported` are the others. Raises OSError."""
    own = sorted(f"{_EVENTS}/{path.name}" for path in folder.glob(f"{_EVENTS}/*.json"))
    return {name: path for path in own if path not in imported for name in _list_events(folder / path)}


def has_own_resources(manifest: Path) -> bool:
    """Whether a manifest has the resources, so that no other file may. Raises OSError."""
    text = read_text(manifest)
    try:
        data = strict_yaml.read(text.encode(), str(manifest)).data if text is not None else None
    except DefinitionError:
        return False
    return isinstance(data, dict) and "resources" in data


def _list_events(path: Path) -> list[str]:
    try:
        data = json.loads(read_text(path) or "")
    except ValueError:
        return []
    return list(data) if isinstance(data, dict) else []
