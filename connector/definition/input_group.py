"""Groups of inputs with rules between them: those of an action, and the members of an object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from connector.definition.fields import index_spellings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.definition.action import RequireOneOf
    from connector.definition.fields import InputField, Member


class InputGroup(Protocol):
    """Inputs with rules between them: those of an action, or the members of an object."""

    @property
    def action(self) -> str:
        """What an error calls the group."""
        ...

    @property
    def method(self) -> str:
        """The HTTP method: an update applies no defaults."""
        ...

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The inputs by key."""
        ...

    @property
    def key_by_spelling(self) -> Mapping[str, str]:
        """Accepted spelling of an input -> its key."""
        ...

    @property
    def any_of(self) -> Sequence[RequireOneOf]:
        """The rules that one of several must be given."""
        ...

    @property
    def pagination(self) -> Any:
        """How its lists are paged, if they are."""
        ...


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
