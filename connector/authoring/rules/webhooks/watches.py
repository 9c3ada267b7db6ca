"""Rules of triggers that are polled: their resources have lists, and what is for webhooks does not stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.draft import Violation
from connector.authoring.rules.no_effect.violation import build_violation
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath

_WEBHOOK_WORDS = ("inputs", "body", "challenge", "event", "dedupe", "max_age")


def check_watches(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that what a trigger polls are resources that have a list, each once."""
    resources = file.model.resources
    for name, trigger in file.model.triggers.items():
        if trigger.watch is None:
            continue
        path: NodePath = ("triggers", name)
        for word in _WEBHOOK_WORDS:
            if word in trigger.model_fields_set:
                yield build_violation((*path, word), "nothing is sent to a trigger that is polled; remove it.")
        for index, watched in enumerate(trigger.watch.resources):
            place: NodePath = (*path, "watch", "resources", index)
            if watched not in resources:
                message = f"there is no resource {watched!r}.{did_you_mean(watched, resources)}"
                yield Violation(place, "trigger", message)
            elif resources[watched].listing is None:
                yield Violation(place, "trigger", f"{watched} has no `list` that could be read.")
            if watched in trigger.watch.resources[:index]:
                yield Violation(place, "trigger", f"{watched} is listed twice.")
