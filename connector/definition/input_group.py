"""Groups of inputs with rules between them: those of an action, and the members of an object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from connector.definition.fields import index_spellings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.action import Action, RequireOneOf
    from connector.definition.fields import InputField, Member


@dataclass(frozen=True, slots=True)
class MemberGroup:
    """The members of an object as a group of inputs with rules of their own, as those of an action are."""

    action: str  # what an error calls the group
    method: str
    inputs: Mapping[str, Member]
    key_by_spelling: Mapping[str, str]
    any_of: tuple[RequireOneOf, ...] = ()
    pagination: None = None

    @classmethod
    def build(cls, field: InputField, method: str) -> MemberGroup:
        """Return the members of an input of an action with this method."""
        return cls(field.label, method, field.members, index_spellings(field.members))


InputGroup: TypeAlias = "Action | MemberGroup"
