"""Rules of replies: the schemas in schemas/objects/, and examples that must fit them."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import jsonschema
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from connector.authoring.draft import Violation
from connector.core.json_path import get_at_path, has_path
from connector.core.redaction import preview
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.parsers.strict_yaml import NodePath
    from connector.errors import Finding

RULE = "example-payload-fits-schema"
SchemaLocation = tuple[str, tuple[str, ...]]  # a schema's file, and the path in it

_SAME_VALUE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else")  # subschemas of the same value
_NAME_MAPPINGS = (("properties",), ("$defs",))  # their keys are names, not keywords
_NO_SCHEMAS = ("enum", "const", "examples", "default")


def check_payload_fits_schema(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the example of a reply fits the action's schema."""
    returns, name = file.model.returns, file.model.returns.schema_
    if name is None:
        return
    if name not in folder.objects:
        path = folder.get_objects_path(name)
        if not folder.has_finding(path):
            message = f"there is no {path}.{did_you_mean(name, folder.objects)}"
            yield Violation(("returns", "schema"), RULE, message)
        return
    with suppress(Unresolvable):  # the other schema has a mistake of its own
        for error in _build_validator(name, folder).iter_errors(returns.example):
            yield Violation(("returns", "example", *error.absolute_path), RULE, _build_message(error))


def check_columns(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that an item of the example, or the example, has each column, and that none is named twice."""
    returns, pagination = file.model.returns, file.model.pagination
    if file.has_invalid_key("pagination"):
        return  # where the items are is not known
    shown = returns.example if pagination is None else get_at_path(returns.example, pagination.items)
    rows = shown if isinstance(shown, list) else [shown]
    if pagination is not None and pagination.item is not None:
        rows = [get_at_path(row, pagination.item) for row in rows]
    for index, column in enumerate(returns.columns):
        place = ("returns", "columns", index)
        if column in returns.columns[:index]:
            yield Violation(place, "columns", f"{column!r} is listed twice.")
        elif returns.example is not None and not any(has_path(row, column) for row in rows):
            owner = "of an item of the example" if pagination is not None else "of the example"
            yield Violation(place, "columns", f"nothing {owner} is at {column!r}; correct the path, or add it there.")


def _build_validator(name: str, folder: ConnectorFolder) -> Any:
    """Return the validator of a schema; references are resolved in the folder alone."""
    return folder.derive(_build_common_validator).evolve(schema={"$ref": f"{name}.json"})


def _build_common_validator(folder: ConnectorFolder) -> Any:
    """Return a validator that knows all schemas without mistakes; they are indexed once, for all actions."""
    broken = {finding.file for finding in folder.findings}
    resources = {
        f"{stem}.json": DRAFT202012.create_resource(document.data)
        for stem, document in folder.objects.items()
        if str(folder.get_objects_path(stem)) not in broken
    }
    registry: Registry[Any] = Registry().with_resources(resources.items())
    return jsonschema.Draft202012Validator({}, registry=registry.crawl())


def _build_message(error: jsonschema.ValidationError) -> str:
    rule, received = str(error.validator), preview(error.instance)
    expected: Any = error.validator_value
    if rule == "required":
        instance: Any = error.instance
        missing = [name for name in expected if name not in instance]
        return f"{' and '.join(map(repr, missing))} {'is' if len(missing) == 1 else 'are'} missing."
    if rule == "type":
        return f"got {received}; expected {expected if isinstance(expected, str) else ' or '.join(expected)}."
    if rule in ("enum", "const"):
        allowed = ", ".join(map(preview, expected)) if rule == "enum" else preview(expected)
        return f"got {received}; expected {allowed}."
    return f"got {received}; expected {rule}: {preview(expected)}."


def check_object_schemas(folder: ConnectorFolder) -> Iterator[Finding]:
    """Every file of schemas/objects/ is a JSON Schema whose references lead to files beside it."""
    meta = jsonschema.Draft202012Validator(jsonschema.Draft202012Validator.META_SCHEMA)
    circular: set[SchemaLocation] = set()
    for stem, document in folder.objects.items():
        if not isinstance(document.data, dict):
            yield document.build_finding((), "schema", "expected a JSON Schema: a mapping.")
            continue
        for error in () if _is_plain_schema(document.data) else meta.iter_errors(document.data):
            yield document.build_finding(
                tuple(error.absolute_path), "schema", f"not a JSON Schema: {_build_message(error)}"
            )
        yield from (
            document.build_finding(path, "schema", message) for path, message in _find_bad_keywords(document.data, ())
        )
        for path, target in _find_references(document.data, ()):
            problem = _find_reference_problem(stem, target, folder)
            location = (stem, tuple(map(str, path[:-1])))
            if problem:
                yield document.build_finding(path, "schema", problem)
            elif location not in circular and _has_cycle(location, folder, circular):
                message = f"{target!r} refers to itself for the same value, so checking would never end."
                yield document.build_finding(path, "schema", message)


def _is_plain_schema(schema: Any) -> bool:
    """Whether a schema has only the usual keywords, with values that they can have: no need to ask the meta-schema.

    That is true of most schemas, and the meta-schema takes a thousand times longer.
    """
    return isinstance(schema, dict) and all(
        keyword in _PLAIN_KEYWORDS and _PLAIN_KEYWORDS[keyword](value) for keyword, value in schema.items()
    )


def _is_type(value: Any) -> bool:
    names = value if isinstance(value, list) and value else [value]
    return all(isinstance(name, str) and name in _TYPES for name in names) and len(set(names)) == len(names)


_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_PLAIN_KEYWORDS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(
        ("$schema", "title", "description", "format", "$ref", "$comment"), lambda value: isinstance(value, str)
    ),
    **dict.fromkeys(("deprecated", "readOnly", "writeOnly"), lambda value: isinstance(value, bool)),
    "type": _is_type,
    "items": _is_plain_schema,
    "additionalProperties": lambda value: isinstance(value, bool) or _is_plain_schema(value),
    **dict.fromkeys(
        ("allOf", "anyOf", "oneOf"),
        lambda value: isinstance(value, list) and bool(value) and all(map(_is_plain_schema, value)),
    ),
    "properties": lambda value: isinstance(value, dict) and all(map(_is_plain_schema, value.values())),
    **dict.fromkeys(("default", "example", "const"), lambda _value: True),
    **dict.fromkeys(("examples", "enum"), lambda value: isinstance(value, list)),
}


def _find_bad_keywords(data: Any, path: NodePath) -> Iterator[tuple[NodePath, str]]:
    """Yield keywords that are not allowed here: `$id`, and patterns that do not compile."""
    if isinstance(data, dict) and "$id" in data and path[-1:] not in _NAME_MAPPINGS:
        yield (*path, "$id"), "a schema is referenced by the name of its file; remove `$id`."
    if isinstance(data, dict) and isinstance(data.get("pattern"), str) and path[-1:] not in _NAME_MAPPINGS:
        try:
            re.compile(data["pattern"])
        except re.error as error:
            yield (*path, "pattern"), f"not a regular expression: {error}."
    for name, item in _iter_members(data, path):
        yield from _find_bad_keywords(item, (*path, name))


def _find_references(data: Any, path: NodePath) -> Iterator[tuple[NodePath, str]]:
    for name, item in _iter_members(data, path):
        if name == "$ref" and isinstance(item, str):
            yield (*path, name), item
        else:
            yield from _find_references(item, (*path, name))


def _iter_members(data: Any, path: NodePath) -> Iterator[tuple[str | int, Any]]:
    """Yield members that may contain schemas; below `properties`, every name is a property."""
    if isinstance(data, list):
        yield from enumerate(data)
    elif isinstance(data, dict):
        names = () if path[-1:] in _NAME_MAPPINGS else _NO_SCHEMAS
        yield from ((name, item) for name, item in data.items() if name not in names)


def _find_reference_problem(stem: str, target: str, folder: ConnectorFolder) -> str:
    """Return what is wrong with a reference, or an empty text."""
    file = target.partition("#")[0]
    if "/" in file or ":" in file or "\\" in file:
        return f"{target!r} leads out of this folder; refer to a file beside this one."
    location = _resolve_reference(stem, target)
    if location[0] not in folder.objects:
        is_reported = folder.has_finding(folder.get_objects_path(location[0]))
        return "" if is_reported else f"there is no {file}.{did_you_mean(location[0], folder.objects)}"
    return "" if isinstance(_get_schema(folder, location), dict | bool) else f"{target!r} refers to no schema."


def _resolve_reference(stem: str, target: str) -> SchemaLocation:
    file, _, pointer = target.partition("#")
    names = pointer.removeprefix("/").split("/") if pointer else []
    return file.removesuffix(".json") or stem, tuple(_unescape(name) for name in names)


def _unescape(name: str) -> str:
    return name.replace("~1", "/").replace("~0", "~")  # RFC 6901, 4


def _get_schema(folder: ConnectorFolder, location: SchemaLocation) -> Any:
    stem, names = location
    data = folder.objects[stem].data if stem in folder.objects else None
    for name in names:
        if isinstance(data, list) and name.isdigit() and int(name) < len(data):
            data = data[int(name)]
        else:
            data = data.get(name) if isinstance(data, dict) else None
    return data


def _has_cycle(start: SchemaLocation, folder: ConnectorFolder, circular: set[SchemaLocation]) -> bool:
    """Whether checking a value by the schema at `start` leads back to it with the same value."""
    seen: set[SchemaLocation] = set()
    pending = list(_list_same_value_schemas(start, folder))
    while pending:
        location = pending.pop()
        if location == start:
            circular |= seen
            return True
        if location not in seen:
            seen.add(location)
            pending += _list_same_value_schemas(location, folder)
    return False


def _list_same_value_schemas(location: SchemaLocation, folder: ConnectorFolder) -> Iterator[SchemaLocation]:
    """Yield the schemas that check the same value as the one at a location."""
    schema, (stem, names) = _get_schema(folder, location), location
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("$ref"), str):
        yield _resolve_reference(stem, schema["$ref"])
    for keyword in _SAME_VALUE:
        members = schema.get(keyword)
        if isinstance(members, list):
            yield from ((stem, (*names, keyword, str(number))) for number in range(len(members)))
        elif isinstance(members, dict):
            yield stem, (*names, keyword)
