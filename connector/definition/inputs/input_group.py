"""Groups of inputs with rules between them: those of an action, and the members of an object."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, TypeAlias

from connector.definition.inputs.spellings import index_spellings
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.action import Action, RequireOneOf
    from connector.definition.fields import InputField, Member, Variant

_MAX_NAMED_MEMBERS = 4  # of a variant


@dataclass(frozen=True, slots=True)
class MemberGroup:
    """The members of an object as a group of inputs with rules of their own, as those of an action are."""

    action: str  # what an error calls the group
    method: str
    inputs: Mapping[str, Member]
    key_by_spelling: Mapping[str, str]
    owner_by_spelling: Mapping[str, str] = field(default_factory=dict)  # of members of other variants: their label
    any_of: tuple[RequireOneOf, ...] = ()
    pagination: None = None

    @classmethod
    def build(cls, field: InputField, method: str, variant: Variant | None = None) -> MemberGroup:
        """Return the members of an input of an action with this method: all of them, or those of a variant."""
        if variant is None:
            return cls(field.label, method, field.members, index_spellings(field.members))
        members = {**field.declared, **variant.declared}
        owners = {
            spelling: other.label
            for other in field.declared_variants.values()
            for spelling in index_spellings(other.declared)
        }
        return cls(variant.label, method, members, index_spellings(members), owners)

    @classmethod
    def build_common(cls, field: InputField, method: str) -> MemberGroup:
        """Return the members that an object has in each of its variants."""
        return cls(field.label, method, field.declared, index_spellings(field.declared))


def describe_variants(field: InputField) -> str:
    """Return the labels of an object's variants, each with what tells it apart."""
    return ", ".join(f"{one.label} ({_describe_sign(one)})" for one in field.declared_variants.values())


def _describe_sign(variant: Variant) -> str:
    if variant.when:
        return " and ".join(f"{key} is {' or '.join(map(str, values))}" for key, values in variant.when.items())
    names = list(variant.declared)
    return ", ".join(names[:_MAX_NAMED_MEMBERS]) + (" and more" if len(names) > _MAX_NAMED_MEMBERS else "")


InputGroup: TypeAlias = "Action | MemberGroup"
