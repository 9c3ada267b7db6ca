"""The words that an import may write, in the order of the reference, and what it notes about an operation."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

from connector.authoring.rules.files import ACTION_KEYS, INPUT_KEYS
from connector.definition.action import Action
from connector.definition.fields import InputField, InputType
from connector.definition.manifest import Manifest

Words = dict[str, Any]
Grade = Literal["opaque", "lost", "guess"]

# Words of the format that an import writes where the format has them.
HAS_SCALAR = "scalar" in get_args(InputType)
HAS_TYPED_MAPS = "map of integer" in get_args(InputType)
HAS_TYPES = "types" in Manifest.model_fields
HAS_VARIANTS = "variants" in InputField.model_fields
HAS_SERVERS = "servers" in Manifest.model_fields
HAS_GROUP = "group" in Action.model_fields


class Note(NamedTuple):
    """What a person should know of an operation: what is opaque or lost in it, or guessed, and why."""

    grade: Grade
    place: str
    reason: str


def sort_input_words(words: Words) -> Words:
    """Return the words of an input in the order of the reference."""
    return {word: words[word] for word in sorted(words, key=INPUT_KEYS.index)}


def sort_action_words(words: Words) -> Words:
    """Return the words of an action in the order of the reference."""
    order = [key.rstrip("_") for key in ACTION_KEYS]
    return {word: words[word] for word in sorted(words, key=order.index)}
