"""Make the fields of a form from the JSON Schema of its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.console.forms.field import Field, Option, write_value
from connector.definition.forms.sentences import collect_choices
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.console.forms.field import Control
    from connector.definition.fields import ValueField
    from connector.definition.loader import Connector

_MAX_CHECKS = 12  # boxes; more options are a list
_MAX_DEPTH = 2  # objects within objects; deeper ones are written as JSON
_RUN_INPUTS = ("connection", "debugRequest")  # the page has controls of its own for these
_TEXT_FORMATS = {"password": "password", "binary": "file"}
_BOOLEANS = (Option(value="true", label="Yes"), Option(value="false", label="No"))


def build_fields(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """Return the fields of a form: those that must be filled in first, then the others in their order."""
    fields = [
        field for field in _Builder(schema.get("$defs", {})).build(schema, (), "") if field.name not in _RUN_INPUTS
    ]
    return tuple(sorted(fields, key=lambda field: not field.required))


def build_value_fields(connector: Connector, inputs: Mapping[str, ValueField]) -> tuple[Field, ...]:
    """Return the fields of a form of single values, such as those of a connection."""
    properties = {key: _describe_value(connector, field) for key, field in inputs.items()}
    return build_fields(
        {"properties": properties, "required": [key for key, field in inputs.items() if field.required]}
    )


def _describe_value(connector: Connector, field: ValueField) -> dict[str, Any]:
    choices = [{"const": value, "title": label} for value, label in collect_choices(connector, field).items()]
    schema: dict[str, Any] = {
        "title": field.label,
        "description": field.help,
        "type": field.type if field.type in ("integer", "number", "boolean") else "string",
        "x-multiline": field.type == "text",
        "x-group": field.group,
        "x-hidden": field.hidden,
    }
    if choices:
        schema["anyOf" if field.allow_other else "oneOf"] = [*choices, *([{}] if field.allow_other else [])]
    if field.secret:
        schema["format"] = "password"
    elif field.example is not None:
        schema["examples"] = [field.example]
    if field.has_default:
        schema["default"] = field.default
    return schema


@dataclass(frozen=True)
class _Builder:
    """Builds fields; `definitions` are the named schemas."""

    definitions: Mapping[str, Any]

    def build(self, group: Mapping[str, Any], names: tuple[str, ...], heading: str) -> Iterator[Field]:
        """Yield the fields of an object."""
        required = group.get("required", ())
        for key, written in group.get("properties", {}).items():
            schema = self._resolve(written)
            yield self._build_field(schema, (*names, key), heading, required=key in required)

    def _build_field(self, schema: dict[str, Any], names: tuple[str, ...], heading: str, *, required: bool) -> Field:
        control, options = _choose_control(schema)
        members: tuple[Field, ...] = ()
        if schema.get("type") == "object" and schema.get("properties") and len(names) <= _MAX_DEPTH:
            control, members = "group", tuple(self.build(schema, names, ""))
        return Field(
            names=names,
            label=schema.get("title") or names[-1],
            help=schema.get("description", ""),
            control=control,
            heading=schema.get("x-group") or heading,
            required=required and "default" not in schema,
            hidden=bool(schema.get("x-hidden")),
            empty=_describe_empty(schema, options),
            options=options,
            is_deprecated=bool(schema.get("deprecated")),
            type=_name_type(schema),
            members=members,
            has_secret=control == "json" and self._has_secret(schema, ()),
        )

    def _has_secret(self, schema: Any, seen: tuple[str, ...]) -> bool:
        """Whether a secret may stand somewhere in a value; `seen` are the named schemas on the way."""
        if isinstance(schema, list):
            return any(self._has_secret(one, seen) for one in schema)
        if not isinstance(schema, dict):
            return False
        name = str(schema.get("$ref", ""))
        if name and name not in seen and self._has_secret(self._resolve({"$ref": name}) | {"$ref": ""}, (*seen, name)):
            return True
        return schema.get("format") == "password" or any(self._has_secret(one, seen) for one in schema.values())

    def _resolve(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        reference = str(schema.get("$ref", ""))
        if not reference.startswith("#/$defs/"):
            return dict(schema)
        return {**self.definitions.get(reference.removeprefix("#/$defs/"), {}), **schema}


def _choose_control(schema: Mapping[str, Any]) -> tuple[Control, tuple[Option, ...]]:
    kind = _name_type(schema)
    items = schema.get("items", {}) if kind == "array" else schema
    variants = items.get("oneOf") or items.get("anyOf") or ()
    options = tuple(
        Option(value=write_value(one["const"]), label=str(one.get("title", one["const"])))
        for one in variants
        if "const" in one
    )
    if options and len(options) == len(variants):
        several: Control = "checks" if len(options) <= _MAX_CHECKS else "many"
        return (several if kind == "array" else "select"), options
    if kind == "boolean":
        return "select", _BOOLEANS
    named = {"array": "lines", "object": "json", "integer": "number", "number": "number"}.get(kind)
    if kind == "array" and items.get("type") not in ("string", "integer", "number", "boolean"):
        named = "json"
    if kind == "any":
        named = "json"
    if schema.get("format") in _TEXT_FORMATS:
        named = _TEXT_FORMATS[schema["format"]]
    if named is None:
        named = "area" if schema.get("x-multiline") else "text"
    control: Any = named
    return control, options


def _name_type(schema: Mapping[str, Any]) -> str:
    """Return the type that a form treats a value as; of several, the one that says most."""
    kind = schema.get("type")
    if isinstance(kind, list):
        return next((one for one in ("array", "object", "string") if one in kind), str(kind[0]))
    if kind is None:
        return "any"
    return str(kind)


def _describe_empty(schema: Mapping[str, Any], options: tuple[Option, ...]) -> str:
    """Return what an empty field means, or an example of what to enter."""
    labels = {option.value: option.label for option in (options or _BOOLEANS)}

    def show(value: Any) -> str:
        text = write_value(value)
        return labels.get(text, text) if not isinstance(value, dict | list) else text

    if schema.get("default") is not None:
        return f"Default: {show(schema['default'])}"
    if "x-suggest" in schema:
        return f"Not sent (suggested: {show(schema['x-suggest'])})"
    if schema.get("examples") and not (options or schema.get("type") == "boolean"):
        return f"Such as {show(schema['examples'][0])}"
    return ""
