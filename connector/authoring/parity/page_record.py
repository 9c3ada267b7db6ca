"""parity.yaml: the record of the page that a connector mirrors, and where the connector differs on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationError

from connector.definition import schema_validation as shape
from connector.definition.fields import Key, Model, Text

if TYPE_CHECKING:
    from connector.definition.strict_yaml import Document
    from connector.errors import Finding

What = Literal[
    "added", "missing", "label", "type", "required", "default", "suggested", "example", "hidden", "alias",
]  # fmt: skip
Keys = Key | list[Key]


class Line(Model):
    """One input as the page prints it; defaults and examples are the page's texts."""

    label: Text
    type: Text
    required: bool = False
    hidden: bool = False
    default: str | None = None
    example: str | None = None


class Form(Model):
    """An action, connection or trigger of the page: its label and its inputs in the page's order."""

    label: Text
    inputs: dict[Key, Line] = {}


class Component(Model):
    """The page's own name."""

    key: Key
    label: Text


class Page(Model):
    """What the page holds; `every_action` are the rows that it repeats for each action."""

    component: Component
    connections: dict[Key, Form] = {}
    triggers: dict[Key, Form] = {}
    every_action: dict[Key, Line] = {}
    actions: dict[Key, Form] = {}


class Deviation(Model):
    """One thing that is otherwise than on the page, at one or several places, and why."""

    action: Keys | None = None
    connection: Keys | None = None
    trigger: Keys | None = None
    input: Keys | None = None
    what: What
    reason: Text

    @property
    def places(self) -> list[tuple[str, str, str | None]]:
        """Every place it is about: kind, the owner's key, the input's key."""
        inputs: list[str | None] = [*listed(self.input)] or [None]
        owners = (("action", self.action), ("connection", self.connection), ("trigger", self.trigger))
        return [(kind, owner, key) for kind, keys in owners for owner in listed(keys) for key in inputs]


class Differs(Model):
    """One key that means different things in these actions, and why."""

    input: Key
    what: Literal["label", "type", "choices"]
    actions: list[Key]
    reason: Text


class Better(Model):
    """Where the connector behaves better than what it mirrors, and what that spares."""

    what: Text
    why: Text


class Record(Model):
    """The whole of parity.yaml."""

    types: dict[str, list[Text]] = Field(default={}, description="A type of the page -> the types that are the same.")
    page: Page
    deviations: list[Deviation] = []
    differs: list[Differs] = []
    better: list[Better] = []


def read(document: Document) -> tuple[Record | None, list[Finding]]:
    """Return the record of a file, or what is wrong with its shape."""
    try:
        return Record.model_validate(document.data), []
    except ValidationError:
        return None, shape.findings(document, Record)


def listed(keys: Keys | None) -> list[str]:
    """Return keys as a list, be they none, one or several."""
    if keys is None:
        return []
    return [keys] if isinstance(keys, str) else keys
