"""JSON Schemas of what goes over the wire: a value of an input, and the body of an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.definition.fields import InputField
from connector.definition.forms import describe
from connector.definition.json_path import parse_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.definition.fields import Member, MemberHolder
    from connector.definition.loader import Connector

_TIME_SCHEMAS: dict[str | None, dict[str, Any]] = {
    None: {"type": "string", "format": "date-time"},
    "seconds": {"type": "integer"},
    "milliseconds": {"type": "integer"},
    "date": {"type": "string", "format": "date"},
}
_EVENT_TYPES: dict[str, dict[str, Any]] = {
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "integer id": {"type": "integer"},
    "milliseconds": {"type": "integer"},
    "uuid": {"type": "string", "format": "uuid"},
    "email": {"type": "string", "format": "email"},
    "url": {"type": "string", "format": "uri"},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "base64": {"type": "string", "contentEncoding": "base64"},
    "secret": {"type": "string", "format": "password"},
}
_FORM_WORDS = ("title", "examples", "default", "deprecated", "description")


class WireSchemas:
    """The schemas of what inputs are sent as; `definitions` are those of named types, which may name themselves."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._names: dict[int, str] = {}  # of definitions, by the members that they are made from
        self.definitions: dict[str, Any] = {}

    def build(self, field: InputField) -> dict[str, Any]:
        """Return the schema of an input's value as it is sent, with its help, default and example."""
        form = describe.build_form_words(self._connector, field)
        kept = {word: form[word] for word in _FORM_WORDS if word in form}
        if field.type in ("datetime", "date"):
            wire = _TIME_SCHEMAS["date"] if field.type == "date" and field.wire is None else _TIME_SCHEMAS[field.wire]
            if field.wire is not None:  # what a person writes is not what is sent
                kept = {word: text for word, text in kept.items() if word not in ("examples", "default")}
            return {**kept, **wire}
        if field.join:
            kept.pop("default", None)
            return {**kept, "type": "string", "description": f"{field.help} Several are joined by {field.join!r}."}
        if field.members:
            return {**kept, **self._build_objects(field)}
        if field.type == "pairs":
            return {**kept, "type": "object"}
        if field.type == "file":
            return {**kept, "type": "string", "format": "binary"}
        return {word: value for word, value in form.items() if not word.startswith("x-")}

    def _build_objects(self, field: InputField) -> dict[str, Any]:
        one = self._build_holder(field)
        if field.variants:
            one = self._add_variants(one, field)
        if field.type == "list of object":
            return {"type": "array", "items": one}
        return {"type": "object", "additionalProperties": one} if field.type == "map of object" else one

    def _build_holder(self, holder: MemberHolder) -> dict[str, Any]:
        """Return the schema of declared members; of a named type, a reference to it."""
        if holder.type_name is None:
            return self._build_members(holder.declared)
        name = self._names.get(id(holder.declared))
        if name is None:
            name = f"input.{holder.type_name}"
            self._names[id(holder.declared)] = name
            members = self._build_members(holder.declared)
            if isinstance(holder, InputField) and holder.declared_variants and not holder.variants:
                members = self._add_variants(members, holder)
            self.definitions[name] = members
        return {"$ref": f"#/components/schemas/{name}"}

    def _add_variants(self, common: dict[str, Any], field: InputField) -> dict[str, Any]:
        forms = [{"title": item.label, **self._build_holder(item)} for item in field.declared_variants.values()]
        return {"allOf": [common, {"anyOf": forms}]} if field.declared else {"anyOf": forms}

    def _build_members(self, members: Mapping[str, Member]) -> dict[str, Any]:
        one = place_values((member.location.path, self.build(member), member.required) for member in members.values())
        for member in members.values():
            for place, value in member.adds.items():
                _set_at(one, parse_path(place), {"const": value}, is_required=False)
        return one


def place_values(values: Iterable[tuple[tuple[str, ...], dict[str, Any], bool]]) -> dict[str, Any]:
    """Return the schema of an object that has each value at its path: path, schema, and whether it is required."""
    root: dict[str, Any] = {"type": "object"}
    for path, schema, is_required in values:
        if not path:  # the value stands in the object's place
            return schema
        _set_at(root, path, schema, is_required=is_required)
    return root


def _set_at(node: dict[str, Any], path: tuple[str, ...], schema: dict[str, Any], *, is_required: bool) -> None:
    for depth, name in enumerate(path):
        if name.isdigit() and node.get("type") in ("array", "object") and "properties" not in node:
            node["type"] = "array"
            child = node.setdefault("items", {})
        else:
            if is_required and name not in node.setdefault("required", []):
                node["required"].append(name)
            child = node.setdefault("properties", {}).setdefault(name, {})
        is_last = depth == len(path) - 1
        if is_last:
            child.update(schema)
        else:
            child.setdefault("type", "object")
        node = child


def build_event_schema(body: Any) -> dict[str, Any]:
    """Return the schema of an event's body, which has a type in place of each value."""
    if isinstance(body, dict):
        return {"type": "object", "properties": {name: build_event_schema(item) for name, item in body.items()}}
    if isinstance(body, list):
        return {"type": "array", "items": build_event_schema(body[0])} if body else {"type": "array"}
    return {**_EVENT_TYPES.get(str(body), {"type": "string"})}
