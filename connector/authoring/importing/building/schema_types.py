"""Types of schemas, and one schema for a choice of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.authoring.importing.building.words import Words
    from connector.authoring.importing.document import ApiDocument

SCALARS = ("string", "integer", "number", "boolean")
UNDESCRIBED: Words = {}  # the schema of a member that is required and stands nowhere else


def find_type(schema: Words) -> str:
    """Return the type of a resolved schema, as it says or implies it: `scalar` for several, empty for any."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kinds = set(map(str, kind))
        return "number" if kinds == {"integer", "number"} else "scalar" if kinds <= set(SCALARS) and kinds else ""
    if kind in (*SCALARS, "array", "object"):
        return str(kind)
    if "properties" in schema or isinstance(schema.get("additionalProperties"), dict):
        return "object"
    if "items" in schema:
        return "array"
    values = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    if isinstance(values, list) and values:
        return (
            "integer" if all(isinstance(value, int) and not isinstance(value, bool) for value in values) else "string"
        )
    return ""


def describe_required(schema: Words) -> Words:
    """Return a resolved object with a member for each required name that it does not describe, and does not require it.

    Such a name is often a mistake of the description: it can be sent, and nobody has to.
    """
    members, required = schema.get("properties"), list_items(schema.get("required"))
    if not isinstance(members, dict) or schema.get("additionalProperties") is False:
        return schema
    unknown = [name for name in required if isinstance(name, str) and name not in members]
    if not unknown:
        return schema
    known = [name for name in required if name not in unknown]
    return {**schema, "properties": {**members, **dict.fromkeys(unknown, UNDESCRIBED)}, "required": known}


def merge_choices(parts: list[Words], document: ApiDocument) -> Words | None:
    """Return one schema that takes what any of several takes, or None where no single type does."""
    kinds = {find_type(part) for part in parts}
    if kinds == {"object"}:
        return _merge_objects(parts, document)
    if kinds == {"string"}:
        values = [value for part in parts for value in list_items(part.get("enum"))]
        if all(part.get("enum") for part in parts):
            return {"type": "string", "enum": list(dict.fromkeys(map(as_text, values)))}
        return {"type": "string"}
    if kinds and kinds <= {*SCALARS, "scalar"}:
        return (
            {"type": "number"}
            if kinds <= {"integer", "number"} and len(kinds) > 1
            else ({**parts[0], "type": next(iter(kinds))} if len(kinds) == 1 else {"type": sorted(kinds - {"scalar"})})
        )
    lists = [part for part in parts if find_type(part) == "array"]
    others = [find_type(part) for part in parts if find_type(part) != "array"]
    if len(lists) == 1 and others and set(others) == {find_type(document.resolve(lists[0].get("items")))}:
        return lists[0]  # one value, or a list of such: a list of one is the same
    return _find_range(parts, document)


def _find_range(parts: list[Words], document: ApiDocument) -> Words | None:
    """Return the range of a choice between a value and a range of such: from a value to itself is that value."""
    objects = [part for part in parts if find_type(part) == "object"]
    values = {find_type(part) for part in parts if find_type(part) in SCALARS}
    members = objects[0].get("properties") or {} if len(objects) == 1 else {}
    is_range = {"gte", "lte"} <= members.keys() <= {"gt", "gte", "lt", "lte"}
    kinds = {find_type(document.resolve(member)) for member in members.values()}
    return objects[0] if is_range and values == kinds and len(parts) == len(objects) + 1 else None


def _merge_objects(parts: list[Words], document: ApiDocument) -> Words | None:
    properties: Words = {}
    for part in parts:
        for name, member in (part.get("properties") or {}).items():
            known = properties.get(name)
            if known is None:
                properties[name] = member
            elif known != member:
                properties[name] = _merge_members(document.resolve(known), document.resolve(member))
    if any(member is None for member in properties.values()):
        return None
    required = set.intersection(*(set(map(str, list_items(part.get("required")))) for part in parts))
    return {"type": "object", "properties": properties, "required": sorted(required)}


def _merge_members(known: Words, other: Words) -> Words | None:
    """Return one schema for a member that two objects describe, or None where their types differ."""
    if find_type(known) != find_type(other):
        return None
    values = [
        list_items(member.get("enum") or ([member["const"]] if "const" in member else [])) for member in (known, other)
    ]
    if all(values) and find_type(known) in ("string", "integer"):
        return {**known, "type": find_type(known), "enum": list(dict.fromkeys([*values[0], *values[1]]))}
    return known if find_type(known) in SCALARS else known if known == other else None


def find_items(schema: Words) -> Any:
    """Return the schema of what a list holds: as it is said, else as its example has it."""
    written, example = schema.get("items"), list_items(schema.get("example"))
    if not written and example and all(isinstance(value, str) for value in example):
        return {"type": "string"}
    return written


def find_ref(schema: Any) -> str | None:
    """Return the reference that a schema is, directly or as its only part beside null; None for any other."""
    if not isinstance(schema, dict) or "properties" in schema:
        return None
    if isinstance(schema.get("$ref"), str):
        return str(schema["$ref"])
    parts = [part for word in ("allOf", "oneOf", "anyOf") for part in list_items(schema.get(word))]
    others = [part for part in parts if isinstance(part, dict) and part.get("type") != "null"]
    return find_ref(others[0]) if len(others) == 1 else None


def list_items(value: Any) -> list[Any]:
    """Return a list as it is; anything else is none."""
    return value if isinstance(value, list) else []


def as_text(value: Any) -> str:
    """Return a scalar as a text; true and false as JSON has them."""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
