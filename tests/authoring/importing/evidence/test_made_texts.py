"""Texts and numbers are made to fit where a description has no example."""

from __future__ import annotations

import re
from typing import Any

import pytest

from connector.authoring.importing.evidence.made_texts import make_number, make_text, write_match


@pytest.mark.parametrize(
    "pattern", [r"^\d{3}-[a-f0-9]{2,4}$", r"^(mon|tue)day$", r"[^a-z]\w+?", r"^https://\S+\.example$", r"^[A-Z]*$|^x$"]
)
def test_a_text_is_written_that_a_pattern_matches(pattern: str) -> None:
    text = write_match(pattern)
    assert text is not None
    assert re.search(pattern, text)


def test_a_pattern_beyond_this_is_given_up() -> None:
    assert write_match(r"(?=a)b") is None
    assert write_match(r"(unclosed") is None


@pytest.mark.parametrize(
    ("name", "words", "text"),
    [
        ("contactEmail", {}, "ada@example.com"),
        ("start_time", {}, "2026-03-02T09:00:00Z"),
        ("anything", {"format": "uuid"}, "123e4567-e89b-42d3-a456-426614174000"),
        ("code", {"minLength": 10}, "exampleexa"),
        ("code", {"pattern": "^[0-9]{4}$"}, "0000"),
        ("code", {"pattern": "^a$", "minLength": 2}, None),
    ],
)
def test_a_text_fits_its_name_format_pattern_and_length(name: str, words: dict[str, Any], text: str | None) -> None:
    assert make_text(name, {"maxLength": 10, **words} if name == "code" else words) == text


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ({}, 1),
        ({"minimum": 5}, 5),
        ({"maximum": -2}, -2),
        ({"minimum": 3, "exclusiveMinimum": True}, 4),
        ({"multipleOf": 5}, 5),
    ],
)
def test_a_number_is_the_smallest_plain_one_within_its_limits(words: dict[str, Any], number: int) -> None:
    assert make_number(words, is_integer=True) == number
