"""Named types: what objects hold, for inputs that refer to it as `@name`; a type may refer to itself and to others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.definition.fields import Variant, VariantHolder, place_members_by_key
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import Key, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.definition.fields import InputField, MemberHolder
    from connector.definition.parsers.strict_yaml import NodePath


_WORDS = ("fields", "variants")  # of a type with variants


class NamedType(VariantHolder):
    """What inputs refer to as `@name`: members, and perhaps variants, of which an object of the type is always one.

    A type without variants is written as its members alone; one with variants has its common members under `fields`.
    """

    variants: dict[Key, Variant] | None = word(
        description="Forms that an object of the type has one of, each with members beside the common ones."
    )

    @property
    def members_path(self) -> NodePath:
        """Where its members stand below its name."""
        return () if self.variants is None else ("fields",)

    @classmethod
    def describe_schema(cls, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of members alone, or of both words."""
        a_member = {"required": ["type"], "properties": {"type": {"type": "string"}}}
        words = [{"required": [word], "properties": {word: {"type": "object", "not": a_member}}} for word in _WORDS]
        members = next(one for one in schema["properties"]["fields"]["anyOf"] if one["type"] == "object")
        return {"if": {"anyOf": words}, "then": schema, "else": members}


NamedTypes = dict[Key, NamedType]


class TypesFile(StrictModel):
    """The file types.yaml: named types that do not stand in the manifest."""

    root: NamedTypes

    @classmethod
    def complete_written(cls, written: Any) -> Any:
        """Return the types as the model has them."""
        return place_types_by_key(written)


def place_types_by_key(written: Any) -> Any:
    """Return written types as the model has them."""
    if not isinstance(written, dict):
        return written
    return {name: _complete_type(one) if isinstance(one, dict) else one for name, one in written.items()}


def _complete_type(written: dict[str, Any]) -> dict[str, Any]:
    values = [written[word] for word in _WORDS if isinstance(written.get(word), dict)]
    if any(not isinstance(value.get("type"), str) for value in values):  # else they are members of these names
        return written
    return {"fields": place_members_by_key(written), "variants": None}


def link_types(types: Mapping[str, NamedType]) -> None:
    """Give what refers to a type within the types what that has, so that a type may name itself."""
    link_fields(types, types.values())


def link_fields(types: Mapping[str, NamedType], fields: Iterable[VariantHolder]) -> None:
    """Give everything in fields that refers to a type what that type has; an unknown one has nothing."""
    for field in fields:
        for holder in iterate_holders(field):
            named = types.get(holder.type_name or "")
            if named is None:
                continue
            vars(holder)["declared"] = named.declared  # as the cached property would keep it
            if named.variants and isinstance(holder, VariantHolder) and not holder.variants:
                vars(holder)["declared_variants"] = named.variants


def iterate_holders(field: VariantHolder) -> Iterator[MemberHolder]:
    """Yield a field, its variants, and those of the members that are written within it."""
    for holder in (field, *(field.variants or {}).values()):
        yield holder
        for member in holder.fields.values() if isinstance(holder.fields, dict) else ():
            yield from iterate_holders(member)


def has_endless_default(field: InputField) -> bool:
    """Whether the default of an object would hold the same object again, by defaults alone."""
    waiting, seen = [field] if field.has_default else [], set[int]()
    while waiting:
        below = [one for one in waiting.pop().members.values() if one.has_default and one.members]
        if any(one is field for one in below):
            return True
        waiting += [one for one in below if id(one) not in seen]
        seen.update(map(id, below))
    return False
