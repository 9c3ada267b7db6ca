"""Named types: sets of members that inputs refer to as `@name`, and that may refer to themselves and each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import RootModel, field_validator

from connector.definition.fields import Member, place_members_by_key
from connector.definition.validation.strict_model import Key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.definition.fields import InputField, MemberHolder

NamedTypes = dict[Key, dict[Key, Member]]


class TypesFile(RootModel[NamedTypes]):
    """The file types.yaml: named types that do not stand in the manifest."""

    root: NamedTypes

    @field_validator("root", mode="before")
    @classmethod
    def _place_members_by_key(cls, written: Any) -> Any:
        return place_types_by_key(written)


def place_types_by_key(written: Any) -> Any:
    """Return written types, each member with its key as its place where it names none."""
    if not isinstance(written, dict):
        return written
    return {name: place_members_by_key(members) for name, members in written.items()}


def link_types(types: Mapping[str, dict[str, Member]]) -> None:
    """Give what refers to a type within the types its members, so that a type may name itself."""
    link_fields(types, (member for members in types.values() for member in members.values()))


def link_fields(types: Mapping[str, dict[str, Member]], fields: Iterable[InputField]) -> None:
    """Give everything in fields that refers to a type the members of that type; an unknown one has none."""
    for field in fields:
        for holder in iterate_holders(field):
            if holder.type_name is not None and holder.type_name in types:
                vars(holder)["declared"] = types[holder.type_name]  # as the cached property would keep it


def iterate_holders(field: InputField) -> Iterator[MemberHolder]:
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
