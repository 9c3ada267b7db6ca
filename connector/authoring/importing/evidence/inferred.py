"""What was inferred of one thing: words of the format, the evidence for them, and whether they are a guess."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from connector.first_use import dataclass


@dataclass(frozen=True, slots=True)
class Inferred:
    """Words of the format with what speaks for them.

    A guess has a question that only a person who knows the service can answer.
    """

    words: dict[str, Any]
    evidence: tuple[str, ...] = ()
    question: str | None = field(default=None)

    @property
    def is_guess(self) -> bool:
        """Whether the evidence is not enough, so that somebody has to look at it."""
        return self.question is not None
