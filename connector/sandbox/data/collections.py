"""Find, create, update and remove records."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from connector.definition.suggest import did_you_mean
from connector.errors import UsageError
from connector.sandbox.data import ids
from connector.sandbox.data.collection import RecordCollection, deep_merge
from connector.sandbox.data.state import SandboxData, SandboxRecord, get_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock
    from connector.sandbox.api.router import Router

RecordId = str | int


class RecordNotFound(Exception):
    """A path names a record that does not exist: its name. Internal; mapped to an HTTP error in service.py."""


class RecordCollections:
    """The collections of a connector, and the operations on their records."""

    def __init__(self, connector: Connector, routes: Router, clock: Clock) -> None:
        self._clock = clock
        self.by_name = {
            name: RecordCollection(
                name,
                definition,
                routes.get_or_add_route(definition.listing) if definition.listing else None,
                routes.get_or_add_route(definition.item) if definition.item else None,
            )
            for name, definition in connector.manifest.resources.items()
        }

    def build_initial_data(self) -> SandboxData:
        """Build the seed records of all collections."""
        data = SandboxData()
        for collection in self.by_name.values():
            for seed in collection.definition.seed:
                self._insert(data, collection, _build_seed_record(collection, seed))
        return data

    def seed(self, data: SandboxData, name: str, records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Insert records of a resource; return them as the service shows them. Raises UsageError for a wrong one."""
        collection = self.by_name.get(name)
        if collection is None:
            hint = f"Use one of: {', '.join(self.by_name) or 'none, the manifest has no resources'}."
            raise UsageError(f"The connector has no resource {name!r}.{did_you_mean(name, self.by_name)}", hint=hint)
        seeds = [_build_seed_record(collection, dict(record)) for record in records]
        parent_collection = self.by_name.get(collection.definition.parent or "")
        taken_ids = set(data.records.get(name, {}))
        for record in seeds:
            if str(record.id) in taken_ids:
                raise UsageError(f"{name}: there is a record {record.id!r} already.", hint="Leave the id out.")
            taken_ids |= {str(record.id)} - {""}
            if parent_collection is not None:
                record.parent = self._find_parent_id(data, collection, parent_collection, record.parent)
        return [collection.render(self._insert(data, collection, record)) for record in seeds]

    def _find_parent_id(
        self, data: SandboxData, collection: RecordCollection, parent_collection: RecordCollection, parent: Any
    ) -> RecordId:
        """Return the id of a parent that is named by its id, alias or lookup value. Raises UsageError."""
        try:
            return self.find_record(data, parent_collection, "" if parent is None else str(parent)).id
        except RecordNotFound:
            ids_there = ", ".join(data.records.get(parent_collection.name, {})) or "none"
            hint = f"Give the record a `parent`, the id of one of {parent_collection.name}: {ids_there}."
            message = f"{collection.name}: no record of {parent_collection.name} has the id {parent!r}."
            raise UsageError(message, hint=hint) from None

    def _insert(self, data: SandboxData, collection: RecordCollection, record: SandboxRecord) -> SandboxRecord:
        """Insert a record, with a new id when it has none."""
        data.count += 1
        record.position = data.count
        record.created_at = record.updated_at = self._clock.time()
        self._copy_fields_of_parent(data, collection, record)
        records = data.records.setdefault(collection.name, {})
        draw_count = data.count
        while record.id == "" or str(record.id) in records:
            new_id = ids.generate_id(collection.definition.new_id, collection.name, draw_count)
            record.id = f"{collection.definition.id_prefix}{new_id}" if collection.definition.id_prefix else new_id
            draw_count += 1_000_003  # taken by an id that was chosen by hand: draw far away
        records[str(record.id)] = record
        return record

    def _copy_fields_of_parent(self, data: SandboxData, collection: RecordCollection, record: SandboxRecord) -> None:
        """Let what a record says of its parent agree with it: host_email is the host's email, as host_id is its id."""
        parent_collection = self.by_name.get(collection.definition.parent or "")
        if parent_collection is None or record.parent is None or collection.definition.parent_id is None:
            return
        prefix = collection.definition.parent_id.removesuffix(parent_collection.definition.id)
        parent = get_record(data, parent_collection.name, str(record.parent))
        if not prefix or parent is None:
            return
        fields = parent_collection.render(parent)
        for name in collection.get_template(record.created_by).own_fields:
            if name.startswith(prefix) and name.removeprefix(prefix) in fields:
                record.fields.setdefault(name, fields[name.removeprefix(prefix)])

    def find_record(self, data: SandboxData, collection: RecordCollection, identifier: str) -> SandboxRecord:
        """Return the record for an id, alias or lookup value. Raises RecordNotFound."""
        definition = collection.definition
        match = get_record(data, collection.name, definition.aliases.get(identifier, identifier))
        if match is None and definition.lookup_fields:
            records = data.records.get(collection.name, {}).values()
            match = next(
                (record for record in records if identifier in self._iter_lookup_values(collection, record)), None
            )
        if match is None:
            raise RecordNotFound(identifier)
        return match

    def _iter_lookup_values(self, collection: RecordCollection, record: SandboxRecord) -> Iterator[str]:
        fields = collection.get_template(record.created_by).own_fields
        for name in collection.definition.lookup_fields:
            value = record.fields.get(name, fields.get(name))
            if value is not None:
                yield str(value)

    def get_item(self, data: SandboxData, collection: RecordCollection, values: tuple[str, ...]) -> SandboxRecord:
        """Return the record that the values of an item's path name, parent included. Raises RecordNotFound."""
        record = self.find_record(data, collection, values[-1]) if values else None
        if record is None:
            raise RecordNotFound(collection.name)
        parent_values, list_route = values[:-1], collection.list_route
        if (
            parent_values
            and list_route
            and "{" in list_route.template
            and not _is_in_scope(record, self._resolve_scope(data, collection, parent_values))
        ):
            raise RecordNotFound(values[-1])
        return record

    def _resolve_scope(
        self, data: SandboxData, collection: RecordCollection, values: tuple[str, ...]
    ) -> RecordId | None:
        """Return the parent id that the values of a list's path name. Raises RecordNotFound."""
        parent = self.by_name.get(collection.definition.parent or "")
        if not values:
            return None
        return self.find_record(data, parent, values[-1]).id if parent else "/".join(values)

    def list_in_scope(
        self, data: SandboxData, collection: RecordCollection, values: tuple[str, ...]
    ) -> list[SandboxRecord]:
        """Return the records of a list's path, in creation order. Raises RecordNotFound."""
        scope = self._resolve_scope(data, collection, values)
        records = data.records.get(collection.name, {}).values()
        return [record for record in records if scope is None or _is_in_scope(record, scope)]

    def create(
        self, data: SandboxData, collection: RecordCollection, values: tuple[str, ...], action: Action | None, body: Any
    ) -> SandboxRecord:
        """Create a record from a request body. Raises RecordNotFound for an unknown parent."""
        scope = self._resolve_scope(data, collection, values)
        created_by = action.action if action else None
        fields = collection.select_stored_fields(action, created_by, body)
        for name in collection.definition.lookup_fields:  # lookup values are unique, never the example's
            if name not in fields and isinstance(collection.get_template(created_by).own_fields.get(name), str):
                fields[name] = ids.generate_id("text", f"{collection.name} {name}", data.count + 1)
        return self._insert(
            data, collection, SandboxRecord(id="", position=0, parent=scope, created_by=created_by, fields=fields)
        )

    def update(
        self, collection: RecordCollection, record: SandboxRecord, action: Action | None, body: dict[str, Any]
    ) -> None:
        """Merge a request body into a record."""
        record.updated_at = self._clock.time()
        record.fields = deep_merge(record.fields, collection.select_stored_fields(action, record.created_by, body))

    def remove(self, data: SandboxData, collection: RecordCollection, record: SandboxRecord) -> None:
        """Remove a record and its children."""
        del data.records[collection.name][str(record.id)]
        for child in self.by_name.values():
            if child.definition.parent == collection.name:
                for child_record in list(data.records.get(child.name, {}).values()):
                    if _is_in_scope(child_record, record.id):
                        self.remove(data, child, child_record)


def _build_seed_record(collection: RecordCollection, seed: Mapping[str, Any]) -> SandboxRecord:
    """Build the record of given fields, among them its id and, where the resource has a parent, the parent's."""
    fields = deepcopy(dict(seed))
    record_id = _to_id(fields.pop(collection.definition.id, None))
    has_parent = collection.definition.parent or "{" in (collection.definition.listing or "")
    parent = _to_id(fields.pop("parent", None)) if has_parent else None
    for name, value in fields.items():
        if not _is_json(value):
            hint = "Pass what JSON has: texts, numbers, true, lists."
            raise UsageError(f"{collection.name}: {name} is no JSON value.", hint=hint)
    return SandboxRecord(id="" if record_id is None else record_id, position=0, parent=parent, fields=fields)


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_json(item) for name, item in value.items())
    return all(map(_is_json, value)) if isinstance(value, list) else isinstance(value, str | int | float | None)


def _is_in_scope(record: SandboxRecord, scope: RecordId | None) -> bool:
    return str(record.parent) == str(scope)


def _to_id(value: Any) -> Any:
    return value if isinstance(value, str | int) or value is None else str(value)
