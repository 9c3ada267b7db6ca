"""The values that the service knows for an input: what an action lists, or the records that a path names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.cli.calls.call import CallTask
from connector.core import redaction
from connector.core.inputs.choices import Choice
from connector.core.json_path import get_at_path
from connector.core.records.kinds import RecordKinds
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.console.desk import Desk
    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.definition.resource import ResourceDefinition
    from connector.runtime.client.client import Client

_NAMES = ("name", "title", "topic", "label", "display_name", "email")  # of records that say no other
_MAX_LISTED = 200  # records of one list


@dataclass(frozen=True, slots=True)
class _Listing:
    """The action that lists the records of which an input names one, and what it must be told of their parent."""

    action: str
    resource: ResourceDefinition
    parents: Mapping[str, str]  # its inputs -> what stands for a parent where the form does not name one


def list_live_inputs(connector: Connector, action: Action) -> set[str]:
    """Return the inputs whose values the service can be asked for."""
    return {
        key
        for key, field in action.inputs.items()
        if field.choices_from is not None or _find_listing(connector, action, key) is not None
    }


def find_choices(desk: Desk, action: Action, key: str, given: Mapping[str, Any], client: Client) -> list[Choice]:
    """Ask the service for the values of an input. Raises ConnectorError."""
    field = action.inputs[action.key_by_spelling.get(key, key)]
    listing = None if field.choices_from is not None else _find_listing(desk.connector, action, key)
    if listing is None:
        return client.choices(action.action, key, given)
    wanted = desk.connector.action(listing.action).inputs
    inputs = {**listing.parents, **{name: given[name] for name in wanted if name in given and name != key}}
    result = client.run(listing.action, inputs, limit=_MAX_LISTED)
    data = redaction.redactor_for(desk.connector).redact_data(result.data)
    items = CallTask(listing.action, {}).select_items(desk.connector, data) or []
    columns = CallTask(listing.action, {}).find_columns(desk.connector)
    return list(_read_choices(items, listing.resource, columns))


def _find_listing(connector: Connector, action: Action, key: str) -> _Listing | None:
    """Return the listing of the resource whose item is named by an input in the path, or None."""
    field = action.inputs.get(key)
    if field is None or action.is_raw or str(field.location) != f"path.{'.'.join(field.location.path)}":
        return None
    kinds = connector.derive(RecordKinds)
    begin, found, _ = action.path.partition("{" + ".".join(field.location.path) + "}")
    for name, resource in kinds.resources.items() if found else ():
        listing = kinds.find_listing(name) if resource.item == begin + found else None
        if listing is not None and listing != action.action:
            return _Listing(listing, resource, _name_parents(connector, listing, resource))
    return None


def _name_parents(connector: Connector, listing: str, resource: ResourceDefinition) -> dict[str, str]:
    """Return a name for the parent in the path of a listing, such as `me`, where its resource has one."""
    parent = connector.manifest.resources.get(resource.parent or "")
    alias = next(iter(parent.aliases), None) if parent is not None else None
    if alias is None:
        return {}
    inputs = connector.action(listing).inputs
    return {key: alias for key, field in inputs.items() if field.location.part == "path"}


def _read_choices(items: list[Any], resource: ResourceDefinition, columns: Any) -> Iterator[Choice]:
    """Yield id and name of each record: the name is what a person wants first, else what may stand for the id."""
    first = (column for column in columns if column not in (resource.id, resource.list_id))
    names = [*first, *_NAMES, *resource.lookup_fields]
    for item in items:
        value = get_at_path(item, resource.list_id or resource.id)
        if value in (None, "") or isinstance(value, dict | list):
            continue
        label = next((get_at_path(item, name) for name in names if get_at_path(item, name)), value)
        yield Choice(value, str(label))
