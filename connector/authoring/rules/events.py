"""Rules of schemas/events/: every event has a sound shape and one place, and its secrets are never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.draft import Mistake
from connector.core.redaction import of as redactor
from connector.definition import events
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import Draft
    from connector.authoring.folder_reader import Sources
    from connector.definition.manifest import Manifest
    from connector.definition.strict_yaml import Path
    from connector.errors import Finding


def event_files(sources: Sources) -> Iterator[Finding]:
    """Every file of events is sound, and no event stands in two."""
    first: dict[str, str] = {}
    hidden = redactor(sources.connector).fields
    for stem, document in sources.events.items():
        wrong = events.findings(document)
        yield from wrong
        for name, entry in document.data.items() if isinstance(document.data, dict) else ():
            if name in first:
                yield document.finding((name,), "event", f"{name!r} stands in {first[name]}.json too.", key=True)
            first.setdefault(name, stem)
            body = entry.get("body") if isinstance(entry, dict) and not wrong else None
            for path, kind in events.leaves(body or {}):
                if kind == "secret" and sources.manifest is not None and path[-1].lower() not in hidden:
                    message = f"{path[-1]!r} is a secret; name it in the manifest's redact.fields."
                    yield document.finding((name, "body", *path), "redact", message, key=True)


def emitted(draft: Draft[Manifest], sources: Sources) -> Iterator[Mistake]:
    """What the sandbox emits: changes of its collections, events that the catalogue has."""
    sandbox = draft.model.sandbox
    unread = any(stem not in sources.events for stem in sources.event_stems)
    known = {name for one in sources.events.values() if isinstance(one.data, dict) for name in one.data}
    if sandbox.emits and not draft.model.triggers:
        yield Mistake(("sandbox", "emits"), "sandbox", "events are signed as a trigger says; there is none.", key=True)
    for name, emits in sandbox.emits.items():
        where: Path = ("sandbox", "emits", name)
        declared = sandbox.collections.get(name)
        if declared is None:
            message = f"there is no collection {name!r}.{did_you_mean(name, sandbox.collections)}"
            yield Mistake(where, "sandbox", message, key=True)
        elif emits.within is not None and declared.parent is None:
            message = f"{name} stand under nothing: an event of theirs is about them alone."
            yield Mistake((*where, "within"), "sandbox", message, key=True)
        for change, events_ in emits.changes.items():
            for event in events_:
                if event not in known and not unread:
                    message = f"no file of schemas/events/ has {event!r}.{did_you_mean(event, known)}"
                    yield Mistake((*where, change), "sandbox", message)
