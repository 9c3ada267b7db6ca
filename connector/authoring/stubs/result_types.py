"""The types of results, as TypedDicts made from the schemas of replies.

Every field is typed as if it were there, since a type checker would otherwise complain about each; a program that may
meet a record without it reads it with `.get`.
"""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING, Any

from connector.definition.json_path import parse_path

if TYPE_CHECKING:
    from connector.definition.action import Action
    from connector.definition.loader import Connector

_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_REPLY_TYPES = {"text": "str", "binary": "bytes", "none": "dict[str, Any]"}
_ROW_TYPES = {"csv": "dict[str, str | None]", "ndjson": "Any"}  # of an item, where no schema says more


class ResultTypes:
    """The TypedDicts of a connector's replies: each object of a schema is one, named after its file and its place."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._classes: dict[str, str | None] = {}  # name -> source; None while it is being written

    @property
    def sources(self) -> list[str]:
        """The classes, each after those that it names first."""
        return [source for source in self._classes.values() if source]

    @property
    def names(self) -> list[str]:
        """The names of the classes."""
        return list(self._classes)

    def type_of(self, action: Action) -> str:
        """Return the type of an action's data."""
        returns = self._connector.result_action(action.action).returns
        if returns.type in _REPLY_TYPES:
            return _REPLY_TYPES[returns.type]
        if returns.schema_ is None:
            return f"list[{_ROW_TYPES[returns.type]}]" if returns.type in _ROW_TYPES else "Any"
        return self._type_of_file(returns.schema_)

    def type_of_item(self, action: Action) -> str:
        """Return the type of one item of a listing."""
        action = self._connector.result_action(action.action)
        name = action.returns.schema_
        if name is None or action.pagination is None:
            return _ROW_TYPES.get(action.returns.type, "Any")
        schema, stem = self._connector.object_schema(name), name
        for field in parse_path(action.pagination.items):
            schema, stem = self._resolve(schema, stem)
            schema = schema.get("properties", {}).get(field, {})
        items = schema.get("items")
        return self._type_of_schema(items, stem, f"{_to_class_name(stem)}Item") if isinstance(items, dict) else "Any"

    def _type_of_file(self, stem: str) -> str:
        return self._type_of_schema(self._connector.object_schema(stem), stem, _to_class_name(stem))

    def _resolve(self, schema: dict[str, Any], stem: str) -> tuple[dict[str, Any], str]:
        """Follow a reference to another file, or to a definition of this one."""
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema, stem
        file, _, pointer = reference.partition("#")
        stem = file.removesuffix(".json") or stem
        found: Any = self._connector.object_schema(stem)
        for part in pointer.strip("/").split("/") if pointer.strip("/") else ():
            found = found[part.replace("~1", "/").replace("~0", "~")]
        return found, stem

    def _type_of_schema(self, schema: dict[str, Any], stem: str, name: str) -> str:
        """Return the type of a schema, and write the classes that it needs; `name` is what an object is called."""
        if isinstance(schema.get("$ref"), str):
            file, _, pointer = str(schema["$ref"]).partition("#")
            schema, stem = self._resolve(schema, stem)
            name = _to_class_name(pointer.rpartition("/")[2] or file.removesuffix(".json") or stem)
        if "const" in schema or "enum" in schema:
            values = [schema["const"]] if "const" in schema else schema["enum"]
            return f"Literal[{', '.join(map(repr, values))}]" if all(map(_is_literal, values)) else "Any"
        kinds = schema.get("type", "object" if "properties" in schema else None)
        if isinstance(kinds, list):
            return " | ".join(dict.fromkeys(self._type_of_kind({**schema, "type": kind}, stem, name) for kind in kinds))
        return self._type_of_kind({**schema, "type": kinds}, stem, name)

    def _type_of_kind(self, schema: dict[str, Any], stem: str, name: str) -> str:
        kind = schema["type"]
        if kind == "array":
            items = schema.get("items")
            inner = self._type_of_schema(items, stem, _to_singular(name)) if isinstance(items, dict) else "Any"
            return f"list[{inner}]"
        if kind == "object":
            if schema.get("properties"):
                return self._write_class(schema, stem, name)
            values = schema.get("additionalProperties")
            inner = self._type_of_schema(values, stem, f"{name}Value") if isinstance(values, dict) else "Any"
            return f"dict[str, {inner}]"
        return _SCALARS.get(str(kind), "Any")

    def _write_class(self, schema: dict[str, Any], stem: str, name: str) -> str:
        if name in self._classes:
            return name
        self._classes[name] = None
        fields = {
            field: self._type_of_schema(inner, stem, name + _to_class_name(field)) if isinstance(inner, dict) else "Any"
            for field, inner in schema["properties"].items()
        }
        del self._classes[name]  # it follows the classes that it names
        summary = " ".join(str(schema.get("description") or schema.get("title") or f"{name}.").split())
        self._classes[name] = format_typed_dict(name, fields, summary)
        return name


def format_typed_dict(name: str, fields: dict[str, str], summary: str) -> str:
    """Return the source of a TypedDict with fields of these types."""
    if all(field.isidentifier() and not keyword.iskeyword(field) for field in fields):
        lines = [f"    {field}: {type_name}" for field, type_name in fields.items()]
        return "\n".join([f"class {name}(TypedDict):", f"    {as_docstring(summary)}", "", *lines])
    entries = "".join(f"    {field!r}: {type_name!r},\n" for field, type_name in fields.items())
    return f"# {summary}\n{name} = TypedDict({name!r}, {{\n{entries}}})"


def as_docstring(text: str) -> str:
    """Return a text as a docstring."""
    return '"""' + text.replace("\\", "\\\\").replace('"', "'") + '"""'


def _to_class_name(text: str) -> str:
    parts = [part for part in "".join(sign if sign.isalnum() else " " for sign in text).split() if part]
    name = "".join(part[0].upper() + part[1:] for part in parts)
    return name if name[:1].isalpha() else f"Field{name}"


def _to_singular(name: str) -> str:
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else f"{name}Item"


def _is_literal(value: Any) -> bool:
    return value is None or isinstance(value, str | int | bool)
