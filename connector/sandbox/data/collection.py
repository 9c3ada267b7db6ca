"""One collection: render its records from the examples of its actions.

A record is the item's example, merged with the example of the action that created it and the fields that were sent.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pydantic_core import from_json, to_json

from connector.core.json_path import get_at_path, set_at
from connector.definition.lazy import cached_property
from connector.first_use import dataclass
from connector.sandbox.data.body_mapping import BodyMapping
from connector.sandbox.data.template import FieldPath, RecordTime, SentPaths, drop_sent_fields, find_times, sort_as

if TYPE_CHECKING:
    from connector.definition.action import Action
    from connector.definition.resource import ResourceDefinition
    from connector.sandbox.api.router import Route
    from connector.sandbox.data.state import SandboxRecord

_READS = ("GET", "HEAD")
_ID_MARK, _PARENT_MARK = "\ue000", "\ue001"  # private characters that mark ids in a template


@dataclass(frozen=True, slots=True)
class ItemTemplate:
    """The fields of a record's example, those of the service's own, and what these are alone and in a list."""

    fields: dict[str, Any]
    own_fields: dict[str, Any]
    item_json: bytes
    list_names: tuple[str, ...]
    list_item_json: bytes
    times: tuple[RecordTime, ...]


@dataclass
class RecordCollection:
    """A collection with the routes of its list and of one item; renders its records."""

    name: str
    definition: ResourceDefinition
    list_route: Route | None
    item_route: Route | None
    _templates: dict[str | None, ItemTemplate] = field(default_factory=dict)
    _body_mappings: dict[str, BodyMapping] = field(default_factory=dict)

    @cached_property
    def read_action(self) -> Action | None:
        """The action that reads one record."""
        return self.item_route.find_action("GET") if self.item_route else None

    @cached_property
    def list_action(self) -> Action | None:
        """The action that lists the records."""
        return self.list_route.find_action("GET") if self.list_route else None

    @cached_property
    def _create_actions(self) -> dict[str, Action]:
        actions = self.list_route.actions.get("POST", []) if self.list_route else []
        return {action.action: action for action in actions}

    @cached_property
    def _list_item_example(self) -> dict[str, Any]:
        """The example of a listed item, its id under the collection's id field."""
        if self.list_action is None or self.list_action.pagination is None:
            return {}
        pagination = self.list_action.pagination
        items = get_at_path(self.list_action.returns.example, pagination.items)
        first = get_at_path(items[0], pagination.item or ".") if isinstance(items, list) and items else None
        if not isinstance(first, dict):
            return {}
        list_id, id_name = self.definition.list_id or self.definition.id, self.definition.id
        return {id_name if name == list_id else name: value for name, value in first.items()}

    @cached_property
    def opaque_paths(self) -> frozenset[FieldPath]:
        """Paths of values that replace the example instead of merging, such as metadata."""
        routes = [route for route in (self.list_route, self.item_route) if route]
        actions = [action for route in routes for group in route.actions.values() for action in group]
        return frozenset().union(*(self._get_body_mapping(action).opaque_paths for action in actions))

    def get_template(self, created_by: str | None) -> ItemTemplate:
        """Return the template of records that an action created; None for seed records."""
        if created_by not in self._templates:
            self._templates[created_by] = self._build_template(
                self._create_actions.get(created_by) if created_by else None
            )
        return self._templates[created_by]

    def _build_template(self, create_action: Action | None) -> ItemTemplate:
        list_example = self._mark_ids(self._list_item_example)
        item = (
            self._mark_ids(unwrap(self.read_action.returns.example, self.definition.id))
            if self.read_action
            else list_example
        )
        if create_action is not None:
            item = deep_merge(item, self._mark_ids(unwrap(create_action.returns.example, self.definition.id)))
        sent = self._find_sent_paths(item)
        own_fields, list_fields = drop_sent_fields(item, sent), drop_sent_fields(list_example, sent)
        times = tuple(find_times(own_fields))
        return ItemTemplate(item, own_fields, to_json(own_fields), tuple(list_example), to_json(list_fields), times)

    def _find_sent_paths(self, fields: dict[str, Any]) -> SentPaths:
        """Return where the actions that write a record put what is sent."""
        routes = [route for route in (self.list_route, self.item_route) if route]
        groups = [group for route in routes for method, group in route.actions.items() if method not in _READS]
        mappings = [BodyMapping.build(action, fields).sent for group in groups for action in group]
        return SentPaths(
            frozenset().union(*(one.fields for one in mappings)), frozenset().union(*(one.spreads for one in mappings))
        )

    def _mark_ids(self, example: dict[str, Any]) -> dict[str, Any]:
        """Replace the example's own id and its parent's id in URLs by marks."""
        marks: dict[str, str] = {}
        for name, mark in ((self.definition.id, _ID_MARK), (self.definition.parent_id, _PARENT_MARK)):
            if name and isinstance(example.get(name), str | int) and str(example[name]):
                marks.setdefault(str(example[name]), mark)
        if not marks:
            return example
        ids = "|".join(re.escape(text) for text in sorted(marks, key=len, reverse=True))
        pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{ids})(?![A-Za-z0-9])")
        marked: dict[str, Any] = _replace_in_urls(example, pattern, marks)
        return marked

    def render(self, record: SandboxRecord) -> dict[str, Any]:
        """Return a record with all fields: the service's own, and those that were sent."""
        template = self.get_template(record.created_by)
        own_fields = _fill_template(template.item_json, record)
        for time in template.times if record.created_at else ():
            own_fields = set_at(own_fields, time.path, time.write(record))
        rendered = deep_merge(own_fields, record.fields, self.opaque_paths)
        return sort_as(self._set_ids(rendered, record), template.fields)

    def render_in_list(self, record: SandboxRecord) -> Any:
        """Return a record as its list shows it: only the fields of the list's example."""
        template, rendered = self.get_template(record.created_by), self.render(record)
        if not template.list_names:
            return rendered
        fields = {**_fill_template(template.list_item_json, record), **rendered}
        id_name, list_id = self.definition.id, self.definition.list_id or self.definition.id
        item = {list_id if name == id_name else name: fields[name] for name in template.list_names if name in fields}
        return {**item, list_id: record.id} if list_id in item else item

    def _set_ids(self, rendered: dict[str, Any], record: SandboxRecord) -> dict[str, Any]:
        rendered[self.definition.id] = record.id
        if self.definition.parent_id and record.parent is not None:
            rendered[self.definition.parent_id] = record.parent
        return rendered

    def render_as(self, record: SandboxRecord, example: Any) -> Any:
        """Return a record with only the fields of a reply's example, nested ones included."""
        if not isinstance(example, dict) or not example:
            return self.render(record)
        wrapper = find_wrapper_field(example, self.definition.id)
        record_example = example[wrapper] if wrapper else example
        projected = _project(self.render(record), record_example, self.opaque_paths)
        return {**example, wrapper: projected} if wrapper else projected

    def render_in_example(self, record: SandboxRecord, example: Any) -> Any:
        """Return a reply's example with the whole record in place of its own."""
        wrapper = find_wrapper_field(example, self.definition.id)
        return {**example, wrapper: self.render(record)} if wrapper else self.render(record)

    def render_deleted(self, record: SandboxRecord, example: Any) -> Any:
        """Return the example of a deletion with the record's id."""
        if not isinstance(example, dict):
            return example
        wrapper = find_wrapper_field(example, self.definition.id)
        record_example = example[wrapper] if wrapper else example
        deleted = (
            {**record_example, self.definition.id: record.id}
            if self.definition.id in record_example
            else record_example
        )
        return {**example, wrapper: deleted} if wrapper else deleted

    def select_stored_fields(
        self, action: Action | None, created_by: str | None, body: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the fields to store: unwrapped, without the id and unshown secrets."""
        fields = self._get_body_mapping(action).select_fields(body, self.get_template(created_by).fields)
        return {name: value for name, value in fields.items() if name != self.definition.id}

    def _get_body_mapping(self, action: Action | None) -> BodyMapping:
        if action is None:
            return BodyMapping()
        if action.action not in self._body_mappings:
            created_by = action.action if action.action in self._create_actions else None
            self._body_mappings[action.action] = BodyMapping.build(action, self.get_template(created_by).fields)
        return self._body_mappings[action.action]


def deep_merge(
    base: dict[str, Any],
    changes: dict[str, Any],
    opaque_paths: frozenset[FieldPath] = frozenset(),
    path: FieldPath = (),
) -> Any:
    """Merge changes into an object: nested objects are merged unless opaque, other values are replaced."""
    result = dict(base)
    for name, value in changes.items():
        current, inner_path = result.get(name), (*path, name)
        if isinstance(value, dict) and isinstance(current, dict) and inner_path not in opaque_paths:
            result[name] = deep_merge(current, value, opaque_paths, inner_path)
        else:
            result[name] = value
    return result


def find_wrapper_field(example: Any, name: str) -> str:
    """Return the field that holds the record; empty when the reply is the record."""
    if not isinstance(example, dict) or name in example:
        return ""
    return next((key for key, value in example.items() if isinstance(value, dict) and name in value), "")


def unwrap(example: Any, name: str) -> dict[str, Any]:
    """Return the record in a reply's example."""
    wrapper = find_wrapper_field(example, name)
    record_example = example[wrapper] if wrapper else example
    return record_example if isinstance(record_example, dict) else {}


def _fill_template(template: bytes, record: SandboxRecord) -> Any:
    own_id, parent = (quote(str(value), safe="").encode() for value in (record.id, record.parent or ""))
    return from_json(template.replace(_ID_MARK.encode(), own_id).replace(_PARENT_MARK.encode(), parent))


def _replace_in_urls(data: Any, pattern: re.Pattern[str], marks: dict[str, str]) -> Any:
    if isinstance(data, dict):
        return {name: _replace_in_urls(item, pattern, marks) for name, item in data.items()}
    if isinstance(data, list):
        return [_replace_in_urls(item, pattern, marks) for item in data]
    if isinstance(data, str) and ("://" in data or data.startswith("/")):
        return pattern.sub(lambda match: marks[match[0]], data)
    return data


def _project(
    rendered: dict[str, Any], template: dict[str, Any], opaque_paths: frozenset[FieldPath], path: FieldPath = ()
) -> dict[str, Any]:
    """Return the fields of a record that a reply's example has; what was not sent is not invented."""
    projected = {}
    for name, example in template.items():
        if name not in rendered:
            continue
        value, inner_path = rendered[name], (*path, name)
        is_nested = isinstance(value, dict) and isinstance(example, dict) and inner_path not in opaque_paths
        projected[name] = _project(value, example, opaque_paths, inner_path) if is_nested else value
    return projected
