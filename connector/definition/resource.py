"""The models of a resource: a kind of record that the service keeps; and groups of actions by it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from connector.definition.replies.job import DurationText
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import JsonValue, Key, Text, word

if TYPE_CHECKING:
    from collections.abc import Sequence

RAW_GROUP = "any request"


class EmittedEvents(StrictModel):
    """Names of the events that changes of a resource cause: one or several for each change."""

    created: Text | list[Text] = word(default=[], description="Sent after a record was created.")
    updated: Text | list[Text] = word(default=[], description="Sent after a record was updated.")
    deleted: Text | list[Text] = word(default=[], description="Sent after a record was deleted.")
    within: Text | None = word(
        default=None, description="The field that holds the record, where the event's object is the record's parent."
    )

    @property
    def event_names_by_change(self) -> dict[str, list[str]]:
        """Change (created, updated or deleted) -> names of events."""
        declared = {"created": self.created, "updated": self.updated, "deleted": self.deleted}
        return {change: [names] if isinstance(names, str) else names for change, names in declared.items()}


class ChangedSince(StrictModel):
    """How a list is asked for what was added or changed since a time."""

    input: Key = word(
        description="The input of the action that lists them: a datetime, a date, or an integer of seconds since 1970."
    )
    lag: DurationText = word(
        default="5m", description="How long a change may take to be listed: so much earlier is asked for again."
    )


class ResourceDefinition(StrictModel):
    """A kind of record that the service keeps: its paths, its id, its parent and its events."""

    listing: Text | None = word(default=None, alias="list")
    item: Text | None = None
    id: Text
    new_id: Literal["text", "integer", "uuid"] = "text"
    id_prefix: str = word(default="", description="The beginning of a new id: cus_.")
    schema_: Text | None = word(
        default=None, alias="schema", description="The file in schemas/objects/ that describes a record."
    )
    parent: Key | None = word(default=None, description="The resource that it belongs to.")
    parent_id: Text | None = word(default=None, description="The field with its parent's id.")
    list_id: Text | None = word(
        default=None, description="The field with the id in a list, where it is another than `id`."
    )
    changed_since: ChangedSince | None = word(
        default=None, description="How its list is asked for what is new, so that a sync need not read all of it."
    )
    lookup_fields: list[Text] = word(default=[], description="Other fields that may stand for the id in a path.")
    aliases: dict[str, str] = word(default={}, description="Names that stand for an id in a path: me -> the id.")
    events: EmittedEvents | None = word(default=None, description="Events that its changes cause.")
    seed: list[dict[str, JsonValue]] = word(default=[], description="Records that the sandbox starts with.")


class ResourcesFile(StrictModel):
    """The file resources.yaml: the resources of a manifest that does not list them itself."""

    root: dict[Key, ResourceDefinition]


def group_by_resource(actions: Sequence[Any]) -> dict[str, list[Any]]:
    """Group actions, each with its key as `action`, its `path` and its `group`, by what `group` says.

    Where it says nothing, that is the last noun of the path, or the first if no other action shares the last.
    """
    nouns = {
        member.action: [member.group] if member.group else list_path_nouns(member.path) or [RAW_GROUP]
        for member in actions
    }
    counts = Counter(path_nouns[-1] for path_nouns in nouns.values())
    groups: dict[str, list[Any]] = {}
    for member in sorted(actions, key=lambda action: action.action):
        path_nouns = nouns[member.action]
        groups.setdefault(path_nouns[-1] if counts[path_nouns[-1]] > 1 else path_nouns[0], []).append(member)
    return dict(sorted(groups.items(), key=lambda item: (item[0] == RAW_GROUP, item[0])))


def list_path_nouns(path: str) -> list[str]:
    """Return the fixed segments of a path, in order."""
    return re.findall(r"/([^/{}]+)", path)
