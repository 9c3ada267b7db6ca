"""The plain fields of a reply, as its schema lists them: what is shown where a definition names no columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from connector.definition.json_path import join_path, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.action import Action

_MAX_REFERENCES = 20  # from one schema to the next; more are a circle
_HOLDERS = ("object", "array")  # types of what holds other values


class SchemaSource(Protocol):
    """What is needed of a connector: its schemas of replies."""

    def object_schema(self, name: str) -> dict[str, Any]:
        """Return a schema."""
        ...


def list_plain_fields(connector: SchemaSource, action: Action) -> list[str]:
    """Return the paths of the fields of a reply that hold no others; of a listing, those of an item.

    Raises DefinitionError for a schema that is missing or invalid.
    """
    if action.returns.schema_ is None:
        return []
    reader = _SchemaReader(connector, action.returns.schema_)
    schema = reader.resolve({"$ref": f"{action.returns.schema_}.json"})
    if action.pagination is not None:
        segments = parse_path(action.pagination.items or ".")
        schema = reader.resolve(reader.walk(schema, segments).get("items", {}))
        schema = reader.walk(schema, parse_path(action.pagination.item or "."))
    return [join_path(name) for name, field in reader.list_properties(schema) if _is_plain(reader.resolve(field))]


class _SchemaReader:
    """Reads a schema and those that it refers to."""

    def __init__(self, connector: SchemaSource, stem: str) -> None:
        self._connector = connector
        self._stem = stem  # of the file that is read: `#/...` is within it

    def resolve(self, schema: Any) -> dict[str, Any]:
        """Return a schema, or the one that it refers to; an empty one where that is nowhere."""
        for _ in range(_MAX_REFERENCES):
            reference = schema.get("$ref") if isinstance(schema, dict) else None
            if not isinstance(reference, str):
                break
            file, _, pointer = reference.partition("#")
            self._stem = file.removesuffix(".json") or self._stem
            schema = self._connector.object_schema(self._stem)
            for segment in filter(None, pointer.split("/")):
                schema = schema.get(segment, {}) if isinstance(schema, dict) else {}
        return schema if isinstance(schema, dict) else {}

    def walk(self, schema: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
        """Return the schema of what stands at the names of a path."""
        for name in names:
            schema = self.resolve(dict(self.list_properties(schema)).get(name, {}))
        return schema

    def list_properties(self, schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield the properties of a schema, and of those that it is all of."""
        properties = schema.get("properties")
        yield from properties.items() if isinstance(properties, dict) else ()
        parts = schema.get("allOf")
        for part in parts if isinstance(parts, list) else ():
            yield from self.list_properties(self.resolve(part))


def _is_plain(schema: dict[str, Any]) -> bool:
    """Whether a schema is of a text, a number or a truth value."""
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    return bool(types) and not set(types) & set(_HOLDERS)
