"""The model of polling in place of a webhook: lists that are read again and again."""

from __future__ import annotations

from pydantic import Field

from connector.definition.replies.job import DurationText
from connector.definition.validation.strict_model import Key, StrictModel


class Watch(StrictModel):
    """What is read again and again where a service sends no events: each change since then is an event."""

    resources: list[Key] = Field(
        min_length=1, description="The resources whose lists are read; of one that belongs to another, that one's too."
    )
    every: DurationText = Field(default="5m", description="How long after a reading the next one begins.")
