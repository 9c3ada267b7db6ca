"""parity.yaml: the record of the page that a connector mirrors, and where the connector differs on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationError

from connector.definition import schema_validation
from connector.definition.fields import Key, StrictModel, Text

if TYPE_CHECKING:
    from connector.definition.strict_yaml import Document
    from connector.errors import Finding

Aspect = Literal["added", "missing", "label", "type", "required", "default", "suggested", "example", "hidden", "alias"]
KeyOrKeys = Key | list[Key]


class PageInput(StrictModel):
    """One input as the page prints it; defaults and examples are the page's texts."""

    label: Text
    type: Text
    required: bool = False
    hidden: bool = False
    default: str | None = None
    example: str | None = None


class PageForm(StrictModel):
    """An action, connection or trigger of the page: its label and its inputs in the page's order."""

    label: Text
    inputs: dict[Key, PageInput] = {}


class PageComponent(StrictModel):
    """The page's own name."""

    key: Key
    label: Text


class MirroredPage(StrictModel):
    """What the page holds; `every_action` are the rows that it repeats for each action."""

    component: PageComponent
    connections: dict[Key, PageForm] = {}
    triggers: dict[Key, PageForm] = {}
    every_action: dict[Key, PageInput] = {}
    actions: dict[Key, PageForm] = {}


class Deviation(StrictModel):
    """One thing that is otherwise than on the page, at one or several places, and why."""

    action: KeyOrKeys | None = None
    connection: KeyOrKeys | None = None
    trigger: KeyOrKeys | None = None
    input: KeyOrKeys | None = None
    what: Aspect
    reason: Text

    @property
    def subjects(self) -> list[tuple[str, str, str | None]]:
        """Every place it is about: kind, the owner's key, the input's key."""
        inputs: list[str | None] = [*to_list(self.input)] or [None]
        owners = (("action", self.action), ("connection", self.connection), ("trigger", self.trigger))
        return [(kind, owner, key) for kind, keys in owners for owner in to_list(keys) for key in inputs]


class SharedKeyException(StrictModel):
    """One key that means different things in these actions, and why."""

    input: Key
    what: Literal["label", "type", "choices"]
    actions: list[Key]
    reason: Text


class Improvement(StrictModel):
    """Where the connector behaves better than what it mirrors, and what that spares."""

    what: Text
    why: Text


class ParityRecord(StrictModel):
    """The whole of parity.yaml."""

    types: dict[str, list[Text]] = Field(default={}, description="A type of the page -> the types that are the same.")
    page: MirroredPage
    deviations: list[Deviation] = []
    differs: list[SharedKeyException] = []
    better: list[Improvement] = []


def parse_record(document: Document) -> tuple[ParityRecord | None, list[Finding]]:
    """Return the record of a file, or what is wrong with its shape."""
    try:
        return ParityRecord.model_validate(document.data), []
    except ValidationError:
        return None, schema_validation.validate_document(document, ParityRecord)


def to_list(keys: KeyOrKeys | None) -> list[str]:
    """Return keys as a list, be they none, one or several."""
    if keys is None:
        return []
    return [keys] if isinstance(keys, str) else keys
