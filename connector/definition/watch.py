"""The model of polling in place of a webhook: lists that are read again and again."""

from __future__ import annotations

from connector.definition.replies.job import DurationText
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import Key, word


class Watch(StrictModel):
    """What is read again and again where a service sends no events: each change since then is an event."""

    resources: list[Key] = word(
        min_length=1, description="The resources whose lists are read; of one that belongs to another, that one's too."
    )
    every: DurationText = word(default="5m", description="How long after a reading the next one begins.")
