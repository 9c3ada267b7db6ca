"""What counts as one word of a file, and the digests of words.

A mapping is made of words, a list or a scalar is one. Some mappings are one word all the same, because their parts only
make sense together: an example, or how a listing is paged. The keys below `inputs`, `choices` or `properties` are names
of things: a thing is there as a whole, or not at all.
"""

from __future__ import annotations

import hashlib
import json
from enum import Enum
from typing import Any, TypeAlias

Digests: TypeAlias = "dict[str, Digests] | str"  # shaped like the file, with a digest in place of each word
Path = tuple[str, ...]

_DIGEST_LENGTH = 10


class Level(Enum):
    """What the keys of a mapping are."""

    WORDS = "words"
    INPUTS = "names of inputs"
    THINGS = "names of things"
    SETS = "names of sets of inputs"
    WHOLE = "parts of one word"
    WHOLES = "names of words that are whole"


_LEVEL_BELOW = {
    "inputs": Level.INPUTS,
    "fields": Level.INPUTS,
    "types": Level.SETS,
    **dict.fromkeys(("variants", "choices", "resources", "connections", "servers", "clouds", "triggers"), Level.THINGS),
    **dict.fromkeys(("properties", "$defs"), Level.THINGS),
    **dict.fromkeys(("examples", "constants", "adds"), Level.WHOLES),
    **dict.fromkeys(("example", "default", "suggest", "pagination", "requires", "conflicts_with"), Level.WHOLE),
    **dict.fromkeys(("poll", "seed", "replies", "any_of", "when", "expect"), Level.WHOLE),
}
_LEVEL_OF_NAMES = {
    Level.INPUTS: Level.WORDS,
    Level.THINGS: Level.WORDS,
    Level.SETS: Level.INPUTS,
    Level.WHOLES: Level.WHOLE,
    Level.WHOLE: Level.WHOLE,
}
_FILES_OF_NAMES = {"types.yaml": Level.SETS, "resources.yaml": Level.THINGS}  # files that begin with names


def find_root_level(path: str) -> Level:
    """Return what the first keys of a file are, by its path in the folder."""
    return _FILES_OF_NAMES.get(path, Level.WORDS)


def find_level_below(level: Level, key: str) -> Level:
    """Return what the keys are in the mapping at a key."""
    return _LEVEL_BELOW.get(key, Level.WORDS) if level is Level.WORDS else _LEVEL_OF_NAMES[level]


def has_names(level: Level) -> bool:
    """Whether the keys of a mapping name things that go one by one."""
    return level in (Level.INPUTS, Level.THINGS, Level.SETS, Level.WHOLES)


def digest_word(value: Any) -> str:
    """Return the digest of one word; 1, 1.0 and true differ."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]


def digest_text(text: str) -> str:
    """Return the digest of a file's text, whichever ends its lines have."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]


def digest_words(value: Any, level: Level) -> Digests:
    """Return the digests of all words of a value."""
    if not is_mapping_of_words(value, level):
        return digest_word(value)
    return {key: digest_words(item, find_level_below(level, key)) for key, item in value.items()}


def is_mapping_of_words(value: Any, level: Level) -> bool:
    """Whether a value is made of words, rather than being one."""
    return isinstance(value, dict) and bool(value) and level is not Level.WHOLE
