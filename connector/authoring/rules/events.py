"""Rules of schemas/events/: events are valid, stand in one file, and their secrets are redacted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.draft import Violation
from connector.core.redaction import redactor_for as redactor
from connector.definition import events
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath
    from connector.errors import Finding


def check_event_files(folder: ConnectorFolder) -> Iterator[Finding]:
    """Check that event files are valid, have no event in common, and that secrets are redacted."""
    file_by_event: dict[str, str] = {}
    is_redacted = redactor(folder.connector).is_secret_field
    for stem, document in folder.events.items():
        findings = events.validate_event_file(document)
        yield from findings
        for name, entry in document.data.items() if isinstance(document.data, dict) else ():
            if name in file_by_event:
                yield document.build_finding(
                    (name,), "event", f"{name!r} is in {file_by_event[name]}.json too.", key=True
                )
            file_by_event.setdefault(name, stem)
            body = entry.get("body") if isinstance(entry, dict) and not findings else None
            for path, value_type in events.iter_leaf_fields(body or {}):
                if value_type == "secret" and folder.manifest is not None and not is_redacted(path[-1]):
                    message = f"{path[-1]!r} is a secret; add it to the manifest's redact.fields."
                    yield document.build_finding((name, "body", *path), "redact", message, key=True)


def check_emitted_events(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the events of resources exist, and that a trigger says how they are signed."""
    has_unread_files = any(stem not in folder.events for stem in folder.event_stems)
    event_names = {
        name for document in folder.events.values() if isinstance(document.data, dict) for name in document.data
    }
    for name, resource in file.model.resources.items():
        if resource.events is None:
            continue
        path: NodePath = ("resources", name, "events")
        if not file.model.triggers:
            yield Violation(
                path,
                "resource",
                "events need a trigger, which says how they are signed; there is no trigger.",
                key=True,
            )
        for trigger_name, trigger in list(file.model.webhooks.items())[:1]:  # which sends them
            if trigger.event.object is None:
                message = (
                    f"add `object` to the `event` of {trigger_name}: the place of a record, `.` for the whole body."
                )
                yield Violation(path, "resource", message, key=True)
        if resource.events.within is not None and resource.parent is None:
            message = f"{name} has no parent, whose event it could be in; remove `within`."
            yield Violation((*path, "within"), "resource", message, key=True)
        for change, names in resource.events.event_names_by_change.items():
            for event in names:
                if event not in event_names and not has_unread_files:
                    fix = f"write one there, or correct the name.{did_you_mean(event, event_names)}"
                    message = f"no file in schemas/events/ has {event!r}; {fix}"
                    yield Violation((*path, change), "resource", message)
