"""The comparison of two versions of a connector's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.changes.actions import compare_actions
from connector.authoring.changes.change import Change, WordChange, locate
from connector.authoring.changes.fields import Versions, compare_objects
from connector.authoring.changes.manifests import compare_manifests
from connector.authoring.changes.shapes import compare_event_bodies, compare_schemas
from connector.authoring.folder_reader import ConnectorFolder
from connector.definition.case import to_kebab_case
from connector.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from connector.authoring.draft import ParsedFile
    from connector.definition.action import Action
    from connector.definition.inputs.named_types import NamedType
    from connector.definition.parsers.strict_yaml import Document, NodePath


def compare_folders(old_folder: Path, new_folder: Path) -> list[Change]:
    """Return every change from one version of a connector to another, those that break its users first.

    Raises DefinitionError with every mistake of files that cannot be read as a connector.
    """
    old, new = _read(old_folder), _read(new_folder)
    versions = Versions(old.connector, new.connector)
    changes = {*_compare_manifests(old, new, versions), *_compare_actions(old, new, versions)}
    changes.update(_compare_types(old, new, versions), _compare_schemas(old, new), _compare_events(old, new))
    return sorted(changes, key=lambda change: (not change.is_breaking, change))


def advise_version(old: str | None, new: str | None, changes: list[Change]) -> str | None:
    """Return what the version should be by semver.org, or None where it is that, or where there is nothing to say."""
    if not changes or old is None or new is None:
        return None
    before, after = _read_numbers(old), _read_numbers(new)
    is_breaking = any(change.is_breaking for change in changes)
    if not is_breaking:
        wanted = (before[0], before[1], before[2] + 1)
    else:  # below 1.0.0 the second number tells it
        wanted = (before[0] + 1, 0, 0) if before[0] else (0, before[1] + 1, 0)
    return None if after >= wanted else ".".join(map(str, wanted))


def _read_numbers(version: str) -> tuple[int, int, int]:
    major, minor, patch = map(int, version.split("."))
    return major, minor, patch


def _read(path: Path) -> ConnectorFolder:
    folder = ConnectorFolder.read(path)
    if folder.findings:
        raise DefinitionError.from_findings(sorted(folder.findings))
    return folder


def _compare_manifests(old: ConnectorFolder, new: ConnectorFolder, versions: Versions) -> Iterator[Change]:
    if old.manifest is not None and new.manifest is not None:
        differences = compare_manifests(old.manifest.model, new.manifest.model, versions)
        yield from locate(old.manifest.document, new.manifest.document, "manifest", differences)


def _compare_types(old: ConnectorFolder, new: ConnectorFolder, versions: Versions) -> Iterator[Change]:
    """Yield the changes of named types of both versions; of one that is gone, what named it tells."""
    before, after = _place_types(old), _place_types(new)
    for name in before.keys() & after.keys():
        (old_document, old_path, old_type), (new_document, new_path, new_type) = before[name], after[name]
        for difference in compare_objects((), old_type, new_type, versions):
            path, one = (old_path, old_type) if difference.in_old else (new_path, new_type)
            word, *below = difference.path
            inner = (*one.members_path, *below) if word == "fields" else difference.path
            placed = difference._replace(path=(*path, *inner))
            yield from locate(old_document, new_document, f"type {name}", [placed])


def _place_types(folder: ConnectorFolder) -> dict[str, tuple[Document, NodePath, NamedType]]:
    """Return each named type with the document and the path that it stands at."""
    file, start = (folder.types, ()) if folder.types is not None else (folder.manifest, ("types",))
    types = folder.manifest_or_blank.types if file is not None else {}
    return {name: (file.document, (*start, name), one) for name, one in types.items() if file is not None}


def _compare_actions(old: ConnectorFolder, new: ConnectorFolder, versions: Versions) -> Iterator[Change]:
    today = {to_kebab_case(file.model.action): file for file in new.actions}
    earlier = {to_kebab_case(key): file for file in new.actions for key in file.model.was}
    followed = set()
    for file in old.actions:
        stem = to_kebab_case(file.model.action)
        successor = today.get(stem) or earlier.get(stem)
        if successor is None:
            yield Change(str(file.path), 1, is_breaking=True, subject=file.model.action, message="the action is gone.")
            continue
        followed.add(successor.path)
        for difference in compare_actions(file.model, successor.model, versions):
            sides = (file, old), (successor, new)
            documents, path = _find_shared(sides, difference) or ((file.document, successor.document), difference.path)
            yield from locate(*documents, successor.model.action, [difference._replace(path=path)])
    for file in new.actions:
        if file.path not in followed:
            yield Change(str(file.path), 1, is_breaking=False, subject=file.model.action, message="the action is new.")


def _find_shared(
    sides: tuple[tuple[ParsedFile[Action], ConnectorFolder], ...], difference: WordChange
) -> tuple[tuple[Document, Document], NodePath] | None:
    """Return the manifests and the path where a word stands that an action has from a shared input, or None."""
    file, folder = sides[0 if difference.in_old else 1]
    if len(difference.path) < len(("inputs", "key", "word")) or difference.path[:3] in file.document.value_positions:
        return None
    field = file.model.inputs.get(str(difference.path[1]))
    manifests = [one.manifest.document for _, one in sides if one.manifest is not None]
    if difference.path[0] != "inputs" or field is None or field.use is None or len(manifests) < len(sides):
        return None
    shared = ("inputs", field.use, *difference.path[2:])
    is_there = shared[:3] in folder.manifest.document.value_positions if folder.manifest is not None else False
    return ((manifests[0], manifests[1]), shared) if is_there else None


def _compare_schemas(old: ConnectorFolder, new: ConnectorFolder) -> Iterator[Change]:
    """Yield the changes of schemas of the same name, and of those of an action that names another one now."""
    actions = {to_kebab_case(file.model.action): file for file in old.actions}
    pairs = {(name, name) for name in old.objects.keys() & new.objects.keys()}
    for file in new.actions:
        earlier = _find_earlier(file, actions)
        names = (earlier.model.returns.schema_, file.model.returns.schema_) if earlier else (None, None)
        if names[0] in old.objects and names[1] in new.objects:
            pairs.add((str(names[0]), str(names[1])))
    for before, after in sorted(pairs):
        documents = old.objects[before], new.objects[after]
        differences = compare_schemas((), documents[0].data, documents[1].data)
        yield from locate(*documents, f"schema {after}", differences)


def _find_earlier(file: ParsedFile[Action], actions: dict[str, ParsedFile[Action]]) -> ParsedFile[Action] | None:
    stems = map(to_kebab_case, (file.model.action, *file.model.was))
    return next((actions[stem] for stem in stems if stem in actions), None)


def _compare_events(old: ConnectorFolder, new: ConnectorFolder) -> Iterator[Change]:
    before, after = _index_events(old), _index_events(new)
    for name, (document, entry) in before.items():
        if name in after:
            new_document, new_entry = after[name]
            differences = compare_event_bodies((name, "body"), entry.get("body"), new_entry.get("body"))
            yield from locate(document, new_document, f"event {name}", differences)
        else:
            difference = WordChange((name,), is_breaking=True, message="the event is gone.", in_old=True)
            yield from locate(document, document, f"event {name}", [difference])
    for name, (document, _) in after.items():
        if name not in before:
            difference = WordChange((name,), is_breaking=False, message="the event is new.")
            yield from locate(document, document, f"event {name}", [difference])


def _index_events(folder: ConnectorFolder) -> dict[str, tuple[Document, dict[str, Any]]]:
    return {
        name: (document, entry)
        for document in folder.events.values()
        if isinstance(document.data, dict)
        for name, entry in document.data.items()
        if isinstance(entry, dict)
    }
