"""The words that an import may write, in the order of the reference."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from connector.authoring.importing.grades import Guess, Note
from connector.authoring.rules.files import ACTION_KEYS, INPUT_KEYS
from connector.first_use import dataclass

Words = dict[str, Any]


@dataclass
class Remarks:
    """What a person should know of an operation: what it could not say in full, and what was guessed."""

    notes: list[Note] = field(default_factory=list)
    guesses: list[Guess] = field(default_factory=list)

    def fold(self, place: str, reason: str) -> None:
        """Note that a part is given as JSON, or as it is, that nothing checks."""
        self.notes.append(Note("opaque", place, reason))

    def lose(self, place: str, reason: str) -> None:
        """Note that something optional cannot be said."""
        self.notes.append(Note("lost", place, reason))

    def add(self, other: Remarks) -> None:
        """Add the remarks of a part."""
        self.notes += other.notes
        self.guesses += other.guesses

    def ask(self, place: str, question: str, evidence: str = "") -> None:
        """Note what somebody should look at."""
        self.guesses.append(Guess(place, {}, (evidence,) if evidence else (), question))


def sort_input_words(words: Words) -> Words:
    """Return the words of an input in the order of the reference."""
    return {word: words[word] for word in sorted(words, key=INPUT_KEYS.index)}


def sort_action_words(words: Words) -> Words:
    """Return the words of an action in the order of the reference."""
    order = [key.rstrip("_") for key in ACTION_KEYS]
    return {word: words[word] for word in sorted(words, key=order.index)}
