"""The models of a trigger: a webhook, its signature, and where events have their fields."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connector.definition.fields import FormField, Key, StrictModel, Text


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
    read: Text
    reply: dict[str, str]


class EventFields(StrictModel):
    """Where an event has its name, time, account and object."""

    name: Text
    at: Text | None = None
    unit: Literal["s", "ms"] = "s"
    account: Text | None = None
    object: Text | None = None


class Trigger(StrictModel):
    """A webhook: its inputs, how deliveries are verified, and where events have their fields."""

    label: Text
    summary: Text
    inputs: dict[Key, FormField] = {}
    signature: Signature
    challenge: ChallengeFormat | None = None
    event: EventFields
    dedupe: list[Text] = []
    max_age: int | None = Field(default=None, gt=0, description="Maximum age of a delivery in seconds.")
