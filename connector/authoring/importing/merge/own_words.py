"""What an author's own files say already, so that an import need not: events, and resources of the manifest."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from connector.authoring.importing.merge.files import read_text
from connector.definition.parsers import strict_yaml
from connector.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from pathlib import Path

    from connector.authoring.importing.merge.folder_merge import NewFile

_EVENTS = "schemas/events"


def leave_out_own_events(
    folder: Path, new_files: Mapping[str, NewFile], imported: Container[str]
) -> dict[str, NewFile]:
    """Return the files of an import without the events of files that no import wrote, and without empty files.

    `imported` are the paths of files that an import wrote. Raises OSError.
    """
    own = {f"{_EVENTS}/{path.name}" for path in folder.glob(f"{_EVENTS}/*.json")}
    known = {name: path for path in sorted(own) if path not in imported for name in _list_events(folder / path)}
    kept: dict[str, NewFile] = {}
    for path, one in new_files.items():
        if path.startswith(f"{_EVENTS}/"):
            words = {name: event for name, event in one.words.items() if known.get(name, path) == path}
            if words:
                kept[path] = replace(one, words=words)
        else:
            kept[path] = one
    return kept


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
