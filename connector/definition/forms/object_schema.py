"""JSON Schemas of objects with declared members: of their variants, and of named types, which may name themselves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from connector.definition.action import UPDATE_METHODS
from connector.definition.forms.field_schema import build_conditional_schemas
from connector.definition.inputs.input_group import MemberGroup

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.definition.fields import InputField, Variant
    from connector.definition.inputs.input_group import InputGroup

    PropertyBuilder = Callable[["ObjectSchemas", InputGroup], dict[str, Any]]  # the properties of a group


class ObjectSchemas:
    """The schemas of the objects of one action.

    `definitions` are those of its named types, for `$defs`: each is written once, so that a type may name itself.
    `has_conditions` is whether rules between members become conditions of the schema.
    """

    def __init__(self, build_properties: PropertyBuilder, *, has_conditions: bool) -> None:
        self._build_properties, self._has_conditions = build_properties, has_conditions
        self._names: dict[int, str] = {}  # of definitions, by the members or the field that they are made from
        self.definitions: dict[str, Any] = {}

    def build(self, key: str, field: InputField, method: str) -> dict[str, Any] | None:
        """Return the schema of one object of an input; None where no members are declared."""
        if not field.members:
            return None
        if not field.declared_variants:
            build = partial(self.build_group, MemberGroup.build(field, method))
            return build() if field.type_name is None else self._define(id(field.declared), field.type_name, build)
        build = partial(self._build_variants, field, method)
        if not field.variants:  # those of a named type
            return self._define(id(field.declared), field.type_name or key, build)
        has_types = any(holder.type_name for holder in (field, *field.declared_variants.values()))
        return self._define(id(field), key, build) if has_types else build()

    def build_group(self, group: InputGroup) -> dict[str, Any]:
        """Return the schema of a group of inputs."""
        properties = self._build_properties(self, group)
        required = [key for key, field in group.inputs.items() if field.required and key in properties]
        conditions = list(build_conditional_schemas(group)) if self._has_conditions else []
        schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
        return {**schema, **({"allOf": conditions} if conditions else {})}

    def close(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of an action with the definitions that it refers to."""
        return {**schema, "$defs": dict(sorted(self.definitions.items()))} if self.definitions else schema

    def _define(self, identity: int, wanted: str, build: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        name = self._names.get(identity)
        if name is None:
            name = wanted
            while name in self.definitions:
                name += "_"
            self._names[identity], self.definitions[name] = name, {}  # so that what it holds can refer to it
            self.definitions[name] = build()
        return {"$ref": f"#/$defs/{name}"}

    def _build_variants(self, field: InputField, method: str) -> dict[str, Any]:
        variants = field.declared_variants.values()
        return {"type": "object", "oneOf": [self._build_variant(field, variant, method) for variant in variants]}

    def _build_variant(self, field: InputField, variant: Variant, method: str) -> dict[str, Any]:
        """Return the schema of an object in one of its forms: with the values, or the members, that say which."""
        schema = {"title": variant.label, **self.build_group(MemberGroup.build(field, method, variant))}
        for key, values in (variant.when or {}).items():
            tag, properties = field.declared.get(key), schema["properties"]
            if tag is None:
                continue  # a hidden tag is there all the same: without it no object could be of this form
            shown = properties.get(key, {"title": tag.label, "description": tag.help})
            words = {word: text for word, text in shown.items() if word in ("title", "description")}
            schema["properties"] = {**properties, key: {**words, "enum": values}}
            is_given = tag.has_default and tag.default in values and method not in UPDATE_METHODS
            if key not in schema["required"] and not is_given:
                schema["required"] = [*schema["required"], key]
        if not variant.when and self._has_conditions and not any(one.required for one in variant.declared.values()):
            schema["anyOf"] = [{"required": [key]} for key in variant.declared]
        return schema
