"""The models of a trigger: a webhook, its signature, where events have their fields, and what tells them apart."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connector.definition.fields import FormField, Key, StrictModel, Text
from connector.definition.json_path import DataOrHeaderPath, JsonPath


class Signature(StrictModel):
    """How the service signs deliveries."""

    header: Text
    timestamp: Text | None = None
    id: Text | None = None
    payload: Text
    format: Text
    separator: Text | None = None
    digest: Literal["hex", "base64"] = "hex"
    secret: Literal["text", "base64"] = Field(default="text", description="How the secret is written.")
    secret_prefix: Text | None = None


class ChallengeFormat(StrictModel):
    """How the service asks the receiver to prove that it knows the secret."""

    event: Text
    read: JsonPath
    reply: dict[str, str]


class EventFields(StrictModel):
    """Where an event has its name, time, account and object: paths into the body, or `header.X`."""

    name: DataOrHeaderPath
    at: DataOrHeaderPath | None = None
    unit: Literal["s", "ms", "iso"] = Field(
        default="s", description="How its time is written: seconds or milliseconds since 1970, or ISO 8601."
    )
    account: DataOrHeaderPath | None = None
    object: DataOrHeaderPath | None = None
    subject: list[DataOrHeaderPath] = Field(
        default=[],
        description="What its object is recognized by: the first of these that is there. Events of one subject can be "
        "delivered in order.",
    )


class ChangingParts(StrictModel):
    """What may differ between two deliveries of one event."""

    paths: list[DataOrHeaderPath] = Field(default=[], description="Values at these paths, or in these headers.")
    fields: list[Text] = Field(default=[], description="Fields of these names, at any depth.")
    query: list[Text] = Field(default=[], description="Parameters of these names in the URLs of the body.")


class EventIdentity(StrictModel):
    """What two deliveries of one event have in common, and two events have not."""

    id: list[DataOrHeaderPath] = Field(
        default=[], description="These together are the id of an event. Where one is missing, the whole body counts."
    )
    ignore: ChangingParts = Field(default=ChangingParts(), description="What the whole body is compared without.")


class Trigger(StrictModel):
    """A webhook: its inputs, how deliveries are verified, and where events have their fields."""

    label: Text
    summary: Text
    inputs: dict[Key, FormField] = {}
    signature: Signature
    challenge: ChallengeFormat | None = None
    event: EventFields
    dedupe: list[DataOrHeaderPath] | EventIdentity = Field(
        default=[], description="How copies of an event are recognized; a list is short for its `id`."
    )
    max_age: int | None = Field(default=None, gt=0, description="Maximum age of a delivery in seconds.")

    @property
    def identity(self) -> EventIdentity:
        """What tells events apart, however `dedupe` is written."""
        return EventIdentity(id=self.dedupe) if isinstance(self.dedupe, list) else self.dedupe

    @property
    def subject_paths(self) -> list[str]:
        """The paths of an event's subject: `event.subject`, else the part of the id that is in the event's object."""
        below_object = f"{self.event.object}."
        return self.event.subject or [path for path in self.identity.id if path.startswith(below_object)]
