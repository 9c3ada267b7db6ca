"""The model of parity.yaml: the page that a connector mirrors, and intended differences from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from connector.definition.validation import schema_validation
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import Key, Text, word

if TYPE_CHECKING:
    from connector.definition.parsers.strict_yaml import Document
    from connector.errors import Finding

Aspect = Literal["added", "missing", "label", "type", "required", "default", "suggested", "example", "hidden", "alias"]
KeyOrKeys = Key | list[Key]


class PageInput(StrictModel):
    """One input as printed on the page; defaults and examples are texts."""

    label: Text
    type: Text
    required: bool = False
    hidden: bool = False
    default: str | None = None
    example: str | None = None


class PageForm(StrictModel):
    """An action, connection or trigger of the page: its label and its inputs, in order."""

    label: Text
    inputs: dict[Key, PageInput] = {}


class PageComponent(StrictModel):
    """Key and label of the component that the page describes."""

    key: Key
    label: Text


class MirroredPage(StrictModel):
    """The page; `every_action` has the inputs that it repeats for each action."""

    component: PageComponent
    connections: dict[Key, PageForm] = {}
    triggers: dict[Key, PageForm] = {}
    every_action: dict[Key, PageInput] = {}
    actions: dict[Key, PageForm] = {}


class Deviation(StrictModel):
    """An intended difference from the page, in one or several places, with its reason."""

    action: KeyOrKeys | None = None
    connection: KeyOrKeys | None = None
    trigger: KeyOrKeys | None = None
    input: KeyOrKeys | None = None
    what: Aspect
    reason: Text

    @property
    def subjects(self) -> list[tuple[str, str, str | None]]:
        """The places that it covers: kind, the owner's key, the input's key."""
        inputs: list[str | None] = [*to_list(self.input)] or [None]
        owners = (("action", self.action), ("connection", self.connection), ("trigger", self.trigger))
        return [(kind, owner, key) for kind, keys in owners for owner in to_list(keys) for key in inputs]


class SharedKeyException(StrictModel):
    """A key that has another label, type or choices in these actions, with the reason."""

    input: Key
    what: Literal["label", "type", "choices"]
    actions: list[Key]
    reason: Text


class Improvement(StrictModel):
    """Where the connector behaves better than the mirrored component, and the benefit."""

    what: Text
    why: Text


class ParityRecord(StrictModel):
    """The content of parity.yaml."""

    types: dict[str, list[Text]] = word(default={}, description="A type of the page -> equivalent types of inputs.")
    page: MirroredPage
    deviations: list[Deviation] = []
    differs: list[SharedKeyException] = []
    better: list[Improvement] = []


def parse_record(document: Document) -> tuple[ParityRecord | None, list[Finding]]:
    """Return the record of a file, or None and its findings."""
    try:
        return ParityRecord.model_validate(document.data), []
    except ValidationError:
        return None, schema_validation.validate_document(document, ParityRecord)


def to_list(keys: KeyOrKeys | None) -> list[str]:
    """Return no, one or several keys as a list."""
    if keys is None:
        return []
    return [keys] if isinstance(keys, str) else keys
