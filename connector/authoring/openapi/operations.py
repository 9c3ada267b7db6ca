"""Actions as operations: parameters, request body, replies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.authoring.openapi import security
from connector.authoring.openapi.shapes import WireSchemas, place_values
from connector.definition.inputs.request_location import RequestLocation
from connector.definition.resource import group_by_resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.action import Action
    from connector.definition.fields import Input
    from connector.definition.loader import Connector

_MEDIA_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data",
    "text": "text/plain",
    "binary": "application/octet-stream",
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "xml": "application/xml",
}
_STATUS_BY_METHOD = {"POST": "201"}
_LIST_STYLES = {"comma": {"style": "form", "explode": False}, "repeat": {"style": "form", "explode": True}}


def find_groups(actions: list[Action]) -> dict[str, str]:
    """Return the group of each action by its key: the tag of its operation."""
    return {member.action: group for group, members in group_by_resource(actions).items() for member in members}


def build_operation(connector: Connector, schemas: WireSchemas, action: Action, group: str) -> dict[str, Any]:
    """Return the operation of an action."""
    operation: dict[str, Any] = {"operationId": action.action, "summary": action.label, "description": action.summary}
    if action.deprecated:
        operation |= {"deprecated": True, "description": f"{action.summary} {action.deprecated.describe()}"}
    operation["tags"] = [group]
    if action.docs:
        operation["externalDocs"] = {"url": action.docs}
    parameters = [*_list_parameters(connector, schemas, action)]
    if parameters:
        operation["parameters"] = parameters
    body = _build_body(connector, schemas, action)
    if body:
        operation["requestBody"] = body
    operation["responses"] = _build_responses(connector, action)
    operation["security"] = security.list_security(connector, action)
    return operation


def _list_parameters(connector: Connector, schemas: WireSchemas, action: Action) -> Iterator[dict[str, Any]]:
    names = set()
    for field in action.inputs.values():
        part, path = field.location.part, field.location.path
        if part in ("path", "query", "header") and path and not field.location.spread:
            parameter = _build_parameter(schemas, action, field)
            names.add((part, parameter["name"]))
            yield parameter
    constants = {**connector.manifest.plain_constants, **action.constants}
    added = {place: value for field in action.inputs.values() for place, value in field.adds.items()}
    for place, value in {**added, **constants}.items():
        location = RequestLocation.parse(place)
        name, text = ".".join(location.path), value if isinstance(value, str) else json.dumps(value)
        if location.part in ("query", "header") and (location.part, name) not in names:
            names.add((location.part, name))
            schema, required = {"type": "string", "const": text}, place in constants
            yield {"name": name, "in": location.part, "required": required, "schema": schema, "example": text}
    yield from _list_page_parameters(connector, action, names)


def _build_parameter(schemas: WireSchemas, action: Action, field: Input) -> dict[str, Any]:
    location, schema = field.location, schemas.build(field)
    is_list = schema.get("type") == "array"
    brackets = is_list and action.lists == "brackets"
    nested = "".join(f"[{name}]" for name in location.path[1:])
    name = f"{location.path[0]}{nested}" if action.form_nesting == "brackets" else ".".join(location.path)
    parameter: dict[str, Any] = {
        "name": f"{name}[]" if brackets else name,
        "in": location.part,
        "description": schema.pop("description", field.help),
        "required": location.part == "path" or field.required,
    }
    if schema.pop("deprecated", False):
        parameter["deprecated"] = True
    if is_list and location.part == "query":
        parameter |= _LIST_STYLES.get(action.lists, _LIST_STYLES["repeat"])
    return {**parameter, "schema": schema}


def _list_page_parameters(
    connector: Connector, action: Action, names: set[tuple[str, str]]
) -> Iterator[dict[str, Any]]:
    """Yield the parameters with which a list is paged."""
    if action.pagination is None:
        return
    shared, own = connector.manifest.pagination, action.pagination
    style = own.style or shared.style
    words = (("cursor_param", "The page to read."), ("size_param", "The number of items on a page."))
    for word, help_text in words if style != "none" else ():
        place = getattr(own, word) or getattr(shared, word)
        part, _, name = (place or "").partition(".")
        if part in ("query", "header") and (part, name) not in names:
            is_number = word == "size_param" or style in ("page_number", "offset")
            schema: dict[str, Any] = {"type": "integer" if is_number else "string"}
            if word == "size_param":
                schema |= {"minimum": 1, "maximum": own.max_size or shared.max_size or 1}
            yield {"name": name, "in": part, "description": help_text, "required": False, "schema": schema}


def _build_body(connector: Connector, schemas: WireSchemas, action: Action) -> dict[str, Any] | None:
    fields = [field for field in action.inputs.values() if field.location.part in ("body", "form", "file")]
    constants = {**connector.manifest.plain_constants, **action.constants}
    placed = {place: value for place, value in constants.items() if place.startswith(("body.", "form."))}
    if not fields and not placed:
        return None
    whole = next((field for field in fields if not field.location.path and not field.location.spread), None)
    if whole is not None:
        schema, is_required = schemas.build(whole), whole.required
    else:
        schema = place_values(_iterate_values(schemas, fields, placed))
        if any(field.location.spread for field in fields):
            schema["additionalProperties"] = True
        is_required = "required" in schema
    media_type = action.content_type or _MEDIA_TYPES[action.body]
    return {"required": is_required, "content": {media_type: {"schema": schema}}}


def _iterate_values(
    schemas: WireSchemas, fields: list[Input], constants: dict[str, Any]
) -> Iterator[tuple[tuple[str, ...], dict[str, Any], bool]]:
    for field in fields:
        if not field.location.spread:
            yield field.location.path, schemas.build(field), field.required
        for place, value in field.adds.items():
            yield RequestLocation.parse(place).path, {"const": value}, False
    for place, value in constants.items():
        yield RequestLocation.parse(place).path, {"const": value}, True


def _build_responses(connector: Connector, action: Action) -> dict[str, Any]:
    returns = action.returns
    description = returns.help or "Done."
    if returns.type == "none":
        return {"204": {"description": description}, "default": _DEFAULT_REPLY}
    schema: dict[str, Any] = {}
    if returns.schema_ and (connector.folder / "schemas" / "objects" / f"{returns.schema_}.json").is_file():
        schema = {"$ref": f"#/components/schemas/{returns.schema_}"}
    media: dict[str, Any] = {"schema": schema}
    if returns.example is not None:
        media["example"] = returns.example
    status = _STATUS_BY_METHOD.get(action.method, "200")
    reply = {"description": description, "content": {_MEDIA_TYPES[returns.type]: media}}
    return {status: reply, "default": _DEFAULT_REPLY}


_DEFAULT_REPLY = {"description": "Any other reply, errors among them."}
